"""Signals and restarts on a real engine: they arrive, and do no harm to the container's restart policy."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

import pytest

from tests.support.running_program import NO_RESYNC, ProgramStarter, ReaderContainer
from tests.support.waiting import wait_for

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.support.fake_engine import FakeEngine
    from tests.support.real_engine import RealEngine

#: Whose policy every engine would forget after a `docker kill -s HUP`.
AT_RISK = {"restart_policy": "always", "stop_signal": "SIGHUP"}
LISTENING_CHILD = "trap 'echo signal HUP' HUP; sleep 1000000 & echo listening; while :; do wait $!; done"
#: Needs longer to stop than the engine gives where nobody says how long.
SLOW_TO_STOP = "trap 'sleep 12; echo bye; exit 0' TERM; echo listening; while :; do sleep 0.1; done"


def how_told(make_starter: ProgramStarter, kept_log: str, name: str) -> str:
    """How the log says that a container was signalled: `docker kill`, `exec as its own user`."""
    found = [line for line in kept_log.splitlines() if f"delivered to {name} (" in line]
    assert len(found) == 1, kept_log
    return found[0].partition(" target=")[0].rpartition("(")[2].rstrip(")")


def test_auto_spares_restart_policies(engine: RealEngine, make_starter: Callable[[str], ProgramStarter]) -> None:
    """Exec where `docker kill` would cancel the policy; all with one come back after their next crash."""
    starter = make_starter("told")
    policies = {
        "plain": ("no", None),
        "always": ("always", None),
        "always-same": ("always", "SIGHUP"),
        "always-other": ("always", "SIGUSR2"),
        "unless": ("unless-stopped", "SIGUSR2"),
        "on-failure": ("on-failure:5", None),
    }
    readers = {
        name: ReaderContainer(engine, starter.shared, name, restart_policy=policy, stop_signal=stop_signal)
        for name, (policy, stop_signal) in policies.items()
    }
    status, running = starter.one_shot(*(word for name in policies for word in ("--signal", name, "HUP")))
    assert status == 0, running.program.log()
    by_exec = "exec as its own user"
    unless_a_stop_signal_is_set = by_exec if engine.kill_cancels_policies else "docker kill"
    assert {name: how_told(starter, running.program.log(), name) for name in policies} == {
        "plain": "docker kill",
        "always": unless_a_stop_signal_is_set,
        "always-same": by_exec,
        "always-other": "docker kill",
        "unless": by_exec,
        "on-failure": unless_a_stop_signal_is_set,
    }, running.program.log()
    assert running.warnings() == []
    for reader in readers.values():
        reader.await_told("told")
    for name in policies:
        engine.die(name)
    for name in policies.keys() - {"plain"}:
        readers[name].await_starts(2)
    assert not engine.is_running("plain")


@pytest.mark.parametrize("via", ["exec", "kill"])
def test_the_way_that_is_asked_for_is_taken(
    engine: RealEngine, make_starter: Callable[[str], ProgramStarter], via: str
) -> None:
    """`exec` also where there is no policy to spare; `kill` also where it costs the policy, which is told."""
    starter = make_starter("told")
    readers = [ReaderContainer(engine, starter.shared, name, restart_policy=name) for name in ("always", "no")]
    running = starter.start("--signal", "always", "HUP", "--signal", "no", "1", "--signal-via", via, "--interval", "0")
    for reader in readers:
        reader.await_told("told")
    running.await_settled()
    expected = {"exec": "exec as its own user", "kill": "docker kill"}[via]
    assert [how_told(starter, running.program.log(), name) for name in ("always", "no")] == [expected, expected]
    at_risk = {
        name: running.program.metric("pygen_restart_policy_at_risk", container=name) for name in ("always", "no")
    }
    is_harmful = via == "kill" and engine.kill_cancels_policies
    assert at_risk == {"always": float(is_harmful), "no": 0}
    assert sum("stop_signal" in line for line in running.warnings()) == is_harmful
    engine.die("always")
    if not is_harmful:
        readers[0].await_starts(2)
    else:
        # The harm is real: should engines mend it, this is where we hear of it.
        engine.await_running("always", running=False)
        assert engine.inspect("always")["State"]["Status"] == "exited"


def test_where_nothing_can_be_run_inside_docker_kill_is_used_and_told(
    engine: RealEngine, make_starter: Callable[[str], ProgramStarter]
) -> None:
    """Neither `kill` nor `sh` in the image, or a process that nobody inside may signal."""
    starter = make_starter("told")
    command = ["/bin/busybox", "sh", "-c", 'rm /bin/kill /bin/sh; exec /bin/busybox ash -c "$0"', LISTENING_CHILD]
    engine.run("bare", command=command, **AT_RISK)
    another_user = ["su", "-s", "/bin/sh", "-c", LISTENING_CHILD, "app"]
    engine.run("guarded", command=another_user, host_config={"CapDrop": ["KILL"]}, **AT_RISK)
    for name in ("bare", "guarded"):
        engine.await_listening(name)
    running = starter.start("--signal", "bare", "HUP", "--signal", "guarded", "HUP", "--interval", "0")
    for name in ("bare", "guarded"):
        wait_for(partial(_was_signalled, engine, name), what=f"the signal to {name}")
    running.await_settled()
    for name in ("bare", "guarded"):
        assert how_told(starter, running.program.log(), name) == "docker kill"
        [warning] = [line for line in running.warnings() if f" {name} " in line]
        assert "stop_signal" in warning
        assert running.program.metric("pygen_restart_policy_at_risk", container=name) == 1
    # The next content is told without another warning.
    starter.template.write_text("told again")
    running.await_text("told again")
    running.await_settled()
    assert len(running.warnings()) == 2


def test_a_process_of_another_user_is_signalled_as_root(
    engine: RealEngine, make_starter: Callable[[str], ProgramStarter]
) -> None:
    """The container's own user may not do it, so that user 0 is asked."""
    starter = make_starter("told")
    engine.run("maker", command=["sh", "-c", "sed -i 's/^root:x:/root::/' /etc/passwd; chmod u+s /bin/busybox"])
    engine.await_running("maker", running=False)
    engine.client.commit("maker", repository="raising", tag="local")
    try:
        command = ["su", "-s", "/bin/sh", "-c", LISTENING_CHILD, "root"]
        engine.run("raised", image="raising:local", user="1000", command=command, **AT_RISK)
        engine.await_listening("raised")
        status, running = starter.one_shot("--signal", "raised", "HUP")
        assert status == 0, running.program.log()
        wait_for(partial(_was_signalled, engine, "raised"))
        assert how_told(starter, running.program.log(), "raised") == "exec as user 0"
        assert running.warnings() == []
    finally:
        engine.remove("raised")
        engine.client.remove_image("raising:local", force=True)


def _was_signalled(engine: RealEngine, name: str) -> bool:
    return engine.signals_seen(name) == ["SIGHUP"]


def test_what_exec_cannot_send_is_sent_by_docker_kill(
    engine: RealEngine, make_starter: Callable[[str], ProgramStarter]
) -> None:
    """KILL and STOP have no effect from inside, and with PidMode `host` process 1 is somebody else's."""
    engine.run("killed", restart_policy="always")
    engine.run("stopped", restart_policy="always")
    engine.run_listener("on-host", restart_policy="always", pid_mode="host")
    starter = make_starter("told")
    signals = ["--signal", "killed", "KILL", "--signal", "stopped", "SIGSTOP", "--signal", "on-host", "CONT"]
    status, running = starter.one_shot(*signals)
    assert status == 0, running.program.log()
    names = ("killed", "stopped", "on-host")
    assert {how_told(starter, running.program.log(), name) for name in names} == {"docker kill"}
    engine.await_running("killed", running=False)
    wait_for(lambda: engine.signals_seen("on-host") == ["SIGCONT"])
    wait_for(lambda: _process_state(engine, "stopped") == "T", what="the process to be stopped")


def _process_state(engine: RealEngine, name: str) -> str:
    with open(f"/proc/{engine.inspect(name)['State']['Pid']}/stat") as file:
        return file.read().rpartition(")")[2].split()[0]


def test_exec_alone_never_signals_the_host_s_process_1(
    engine: RealEngine, make_starter: Callable[[str], ProgramStarter]
) -> None:
    """The notification stays owed, and the log says why."""
    engine.run_listener("on-host", pid_mode="host")
    running = make_starter("told").start("--signal", "on-host", "CONT", "--signal-via", "exec", "--interval", "0")
    running.program.wait_for_log("could not be sent by exec")
    labels = {"action": "signal", "container": "on-host"}
    running.program.wait_for(
        lambda: running.program.metric("pygen_notifications_total", **labels, result="error") >= 2, what="a second try"
    )
    assert running.program.metric("pygen_notifications_total", **labels, result="success") == 0
    assert running.program.metric("pygen_notifications_pending", **labels) == 1
    assert running.program.metric("pygen_docker_requests_total", operation="exec", result="success") == 0
    assert engine.signals_seen("on-host") == []


def test_a_paused_container_stays_owed_until_it_goes_on(
    engine: RealEngine, make_starter: Callable[[str], ProgramStarter]
) -> None:
    """Nothing is sent to it meanwhile, and others are told without waiting for it."""
    starter = make_starter("one")
    paused, other = ReaderContainer(engine, starter.shared, "paused"), ReaderContainer(engine, starter.shared, "other")
    running = starter.start(*NO_RESYNC, "--signal", "paused", "HUP", "--signal", "other", "HUP", "--interval", "0")
    for reader in (paused, other):
        reader.await_told("one")
    running.await_settled()
    engine.pause_container("paused")
    starter.template.write_text("two")
    other.await_told("two")
    running.program.wait_for_log("waits for paused")
    wait_for(lambda: running.owed() == 1, what=lambda: f"only the paused one is owed: {running.owed()}")
    engine.unpause_container("paused")
    paused.await_told("two")
    running.await_settled()
    assert paused.reads() == ["one", "two"]


def test_a_restart_gives_the_container_its_own_time_to_stop(
    engine: RealEngine, make_starter: Callable[[str], ProgramStarter]
) -> None:
    """It is not killed after the engine's ten seconds; and each restart is a new run with nothing owed."""
    engine.run("slow", command=["sh", "-c", SLOW_TO_STOP], stop_timeout_s=120)
    engine.await_listening("slow")
    before = engine.started_at("slow")
    running = make_starter("told").start("--restart", "slow", "--interval", "0")
    wait_for(lambda: engine.started_at("slow") != before, what=lambda: f"the restart\n{running.program.log()}")
    engine.await_listening("slow", starts=2)
    running.await_settled()
    assert engine.logs("slow").splitlines() == ["listening", "bye", "listening"]
    labels = {"action": "restart", "container": "slow", "result": "success"}
    assert running.program.metric("pygen_notifications_total", **labels) == 1


def test_a_restarted_container_is_told_once_for_each_content(
    engine: RealEngine, make_starter: Callable[[str], ProgramStarter]
) -> None:
    """Its new run has loaded the content, and is owed nothing; nor is one that the engine started by itself."""
    starter = make_starter("one")
    reader = ReaderContainer(engine, starter.shared, "web", restart_policy="always")
    running = starter.start(*NO_RESYNC, "--restart", "web", "--interval", "0")
    reader.await_starts(2)
    running.await_settled()
    engine.die("web")
    reader.await_starts(3)
    starter.template.write_text("two")
    reader.await_starts(4)
    reader.await_told("two")
    running.await_settled()
    assert running.program.stop() == 0
    assert reader.starts() == ["", "one", "one", "two"]


def test_restarts_that_cause_each_other_are_spaced_out(
    engine: RealEngine, make_starter: Callable[[str], ProgramStarter]
) -> None:
    """A template that shows the very container whose restart it causes: the log says what to change."""
    engine.run("web")
    template = "{{ containers.first.raw.attrs.State.StartedAt }}"
    running = make_starter(template).start("--restart", "web", "--interval", "0")
    running.program.wait_for_log("these restarts are spaced out now")
    assert sum("spaced out" in line for line in running.warnings()) == 1


def test_a_container_that_was_stopped_by_hand_is_not_started(
    engine: RealEngine, make_starter: Callable[[str], ProgramStarter]
) -> None:
    """A restart is for containers that run; a signal finds nobody."""
    engine.run("web")
    engine.run("db")
    engine.stop_container("web")
    starter = make_starter("told")
    status, running = starter.one_shot("--restart", "web", "--signal", "web", "HUP", "--restart", "db")
    assert status == 0, running.program.log()
    assert not engine.is_running("web")
    assert "delivered to web" not in running.program.log()
    assert running.program.log().count("delivered to db") == 1


def test_a_container_that_our_own_restart_stopped_is_started(
    fake: FakeEngine, make_faked_starter: Callable[[str], ProgramStarter]
) -> None:
    """The engine failed half way; the retry starts it, and that is the delivery."""
    fake.add_container("web")
    before = fake.container("web").started_at
    fake.fault("restart", status=500, effect="stop")
    running = make_faked_starter("told").start(*NO_RESYNC, "--restart", "web", "--interval", "0")
    running.program.wait_for(lambda: fake.calls["start"] == 1 and fake.container("web").running, what="the start")
    running.await_settled()
    assert fake.container("web").started_at != before
    assert (fake.calls["restart"], fake.restarts) == (1, [])
    labels = {"action": "restart", "container": "web"}
    counts = [running.program.metric("pygen_notifications_total", **labels, result=r) for r in ("success", "error")]
    assert counts == [1, 1]


def test_a_restart_that_was_done_without_an_answer_is_a_delivery(
    fake: FakeEngine, make_faked_starter: Callable[[str], ProgramStarter]
) -> None:
    """The answer never comes, and the container is looked at: a new StartedAt is what was wanted."""
    fake.add_container("web", stop_timeout_s=0)
    fake.fault("restart", how="hang", effect="full")
    running = make_faked_starter("told").start(*NO_RESYNC, "--restart", "web", "--interval", "0")
    running.program.wait_for_log("restart of web delivered to web")
    running.await_settled()
    assert (fake.calls["restart"], fake.calls["start"], len(fake.restarts)) == (1, 0, 1)


def test_a_target_that_hangs_holds_up_nobody_else(
    fake: FakeEngine, make_faked_starter: Callable[[str], ProgramStarter]
) -> None:
    """Each is served by itself: the other is told of content after content meanwhile."""
    fake.add_container("hangs")
    fake.add_container("works")
    fake.fault("kill", times=None, how="hang", container="hangs")
    starter = make_faked_starter("one")
    signals = ("--signal", "hangs", "HUP", "--signal", "works", "HUP")
    running = starter.start(*NO_RESYNC, *signals, "--interval", "0")
    for count, content in enumerate(("two", "three", "four"), start=1):
        running.program.wait_for(lambda count=count: len(fake.signals) == count, what=f"signal {count}")  # type: ignore[misc]  # a default pins the value
        starter.template.write_text(content)
    assert {told.container_id for told in fake.signals} == {fake.container("works").id}
    assert running.program.metric("pygen_notifications_pending", action="signal", container="hangs") == 1
