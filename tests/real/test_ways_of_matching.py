"""Every way to name a container, on a real engine: whom it means is told, and nobody else."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from tests.support.waiting import wait_for

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from tests.support.real_engine import RealEngine
    from tests.support.running_program import ProgramStarter

COMPOSE_A = {"com.docker.compose.project": "a", "com.docker.compose.service": "shop"}
COMPOSE_B = {"com.docker.compose.project": "b", "com.docker.compose.service": "shop"}
SWARM = {"com.docker.swarm.service.name": "stack_cache", "com.docker.stack.namespace": "stack"}
#: Each container has what one of the ways goes by, and the name of none.
CONTAINERS: Mapping[str, Mapping[str, Mapping[str, str]]] = {
    "named": {},
    "a_shop_1": {"labels": COMPOSE_A},
    "b_shop_1": {"labels": COMPOSE_B},
    "stack_cache.1.xyz": {"labels": SWARM},
    "labelled": {"labels": {"pygen.target": "by-label"}},
    "marked": {"env": {"PYGEN_TARGET": "by-variable"}},
    "named-differently": {"labels": {"other.label": "named"}, "env": {"OTHER": "by-variable"}},
}


def listeners(engine: RealEngine) -> dict[str, str]:
    """All of the containers, listening: name -> id."""
    return {name: engine.run_listener(name, **options) for name, options in CONTAINERS.items()}


def told(engine: RealEngine) -> dict[str, list[str]]:
    """What each container got, sorted, those that are under way included: a mark is sent after them and waited for.

    The mark is the signal with the highest number, because a shell runs waiting traps in this order.
    """
    for name in CONTAINERS:
        engine.exec(name, "kill", "-WINCH", "1")
    for name in CONTAINERS:
        wait_for(partial(has_mark, engine, name), what=f"the mark in {name}")
    return {name: sorted(signals) for name in CONTAINERS if (signals := engine.signals_seen(name)[:-1])}


def has_mark(engine: RealEngine, name: str) -> bool:
    """Whether the mark has arrived."""
    return "SIGWINCH" in engine.signals_seen(name)


def signal_options(targets: Sequence[str]) -> list[str]:
    """A different signal for each."""
    pairs = zip(targets, ("HUP", "INT", "QUIT", "USR1", "USR2", "ALRM"), strict=True)
    return [word for target, signal in pairs for word in ("--signal", target, signal)]


def test_an_id_its_beginning_and_a_name_mean_one_container(
    engine: RealEngine, make_starter: Callable[[str], ProgramStarter]
) -> None:
    """Ten digits are enough, nine are not, nor is a part of the name; what matches nothing is no error."""
    own_id = listeners(engine)["named"]
    targets = [own_id, own_id[:12], own_id[:10], own_id[:9], "named", "name"]
    status, running = make_starter("#").one_shot(*signal_options(targets))
    assert status == 0, running.program.log()
    assert told(engine) == {"named": ["SIGHUP", "SIGINT", "SIGQUIT", "SIGUSR2"]}


def test_services_labels_and_variables_mean_all_who_carry_them(
    engine: RealEngine, make_starter: Callable[[str], ProgramStarter]
) -> None:
    """A Compose service with and without its project, a Swarm service with and without its stack, both marks."""
    listeners(engine)
    targets = ["shop", "b/shop", "stack_cache", "cache", "by-label", "by-variable"]
    status, running = make_starter("#").one_shot(*signal_options(targets))
    assert status == 0, running.program.log()
    assert told(engine) == {
        "a_shop_1": ["SIGHUP"],
        "b_shop_1": ["SIGHUP", "SIGINT"],
        "stack_cache.1.xyz": ["SIGQUIT", "SIGUSR1"],
        "labelled": ["SIGUSR2"],
        "marked": ["SIGALRM"],
    }


def test_every_match_is_restarted(engine: RealEngine, make_starter: Callable[[str], ProgramStarter]) -> None:
    """The same names mean the same for `--restart`, and an exact duplicate counts once."""
    ids = {name: engine.run(name, **options) for name, options in CONTAINERS.items()}
    before = {name: engine.started_at(name) for name in ids}
    status, running = make_starter("#").one_shot(
        "--restart", "shop", "--restart", "shop", "--restart", ids["marked"][:10]
    )
    assert status == 0, running.program.log()
    restarted = {name for name in ids if engine.started_at(name) != before[name]}
    assert restarted == {"a_shop_1", "b_shop_1", "marked"}
    assert running.program.log().count("restart of shop delivered") == 2


def test_a_service_in_several_projects_is_a_warning_that_names_them(
    engine: RealEngine, make_starter: Callable[[str], ProgramStarter]
) -> None:
    """Once, however often it is seen; the one with its project is no reason to warn."""
    for name in ("a_shop_1", "b_shop_1"):
        engine.run_listener(name, **CONTAINERS[name])
    running = make_starter("{{ containers | length }}").start("--signal", "shop", "HUP", "--signal", "a/shop", "USR2")
    running.await_settled()
    engine.run("more")
    running.await_text("3")
    running.await_settled()
    [warning] = [line for line in running.warnings() if "project" in line]
    assert "(a, b)" in warning
    assert "SERVICE" in warning
    matches = {container: running.program.metric(**_matches(container)) for container in ("shop", "a/shop")}
    assert matches == {"shop": 2, "a/shop": 1}


def test_no_match_is_a_warning_and_a_metric(engine: RealEngine, make_starter: Callable[[str], ProgramStarter]) -> None:
    """Until a container comes that matches: it is counted, and owes nothing if it started after the last content."""
    running = make_starter("# nothing").start("--signal", "nginx", "HUP", "--interval", "0")
    running.await_settled()
    [warning] = [line for line in running.warnings() if "nginx" in line]
    assert "no container matches" in warning
    assert running.program.metric(**_matches("nginx")) == 0
    engine.run_listener("nginx")
    running.program.wait_for(lambda: running.program.metric(**_matches("nginx")) == 1, what="the match to be counted")
    engine.remove("nginx")
    running.program.wait_for(lambda: running.program.metric(**_matches("nginx")) == 0, what="the match to be gone")
    assert (
        running.program.metric("pygen_notifications_total", action="signal", container="nginx", result="success") == 0
    )


def _matches(container: str) -> dict[str, str]:
    return {"metric_name": "pygen_notification_matches", "action": "signal", "container": container}
