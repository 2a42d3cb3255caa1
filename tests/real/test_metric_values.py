"""Every metric, scraped from a running process after real changes, has the value that the changes imply."""

from __future__ import annotations

import re
import time
from typing import TYPE_CHECKING

from reconciler.version import VERSION
from tests.support.process import metric_key
from tests.support.real_engine import FILE_HEALTHCHECK
from tests.support.running_program import NO_RESYNC, ProgramStarter, ReaderContainer, RunningProgram

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.support.fake_engine import FakeEngine
    from tests.support.real_engine import RealEngine

NAMES = "{% for c in containers %}{{ c.name }}\n{% endfor %}"

#: Every metric that is promised, with the labels that a sample of it has (beside a histogram's own).
PROMISED = {
    "pygen_build_info": {"version"},
    "pygen_reconcile_total": {"target", "result"},
    "pygen_reconcile_duration_seconds_count": set(),
    "pygen_renders_total": {"target", "result"},
    "pygen_render_duration_seconds_count": set(),
    "pygen_template_undefined_names": {"target"},
    "pygen_template_notes": {"target"},
    "pygen_render_process_restarts_total": {"target"},
    "pygen_diffs_total": {"target", "cause"},
    "pygen_diff_lines_total": {"target", "change"},
    "pygen_target_writes_total": {"target", "mode", "result"},
    "pygen_notifications_total": {"action", "container", "result"},
    "pygen_notification_duration_seconds_count": set(),
    "pygen_notifications_pending": {"action", "container"},
    "pygen_notification_oldest_pending_timestamp_seconds": {"action", "container"},
    "pygen_notification_matches": {"action", "container"},
    "pygen_restart_policy_at_risk": {"container"},
    "pygen_docker_requests_total": {"operation", "result"},
    "pygen_docker_request_duration_seconds_count": set(),
    "pygen_docker_retries_total": {"operation"},
    "pygen_events_total": {"type", "action"},
    "pygen_event_stream_up": set(),
    "pygen_event_stream_restarts_total": {"reason"},
    "pygen_missed_changes_total": set(),
    "pygen_quarantined_containers": {"engine"},
    "pygen_unexpected_errors_total": {"part"},
    "pygen_containers": {"state"},
    "pygen_last_successful_reconcile_timestamp_seconds": {"target"},
}


class Values:
    """The metrics of one program, asked for by name and labels."""

    def __init__(self, running: RunningProgram) -> None:
        self._kept = running

    def __call__(self, metric_name: str, **labels: str) -> float:
        """One value now."""
        return self._kept.program.metric(metric_name, **labels)

    def of_target(self, metric_name: str, **labels: str) -> float:
        """One value of the target's."""
        return self(metric_name, target=str(self._kept.target), **labels)

    def await_value(self, value: float, metric_name: str, **labels: str) -> None:
        """Wait until it is this."""
        key = metric_key(metric_name, labels)
        self._kept.program.wait_for(lambda: self._kept.program.metrics().get(key) == value, what=f"{key} {value}")

    def all(self, metric_name: str) -> dict[str, float]:
        """Every value of a name that is not zero: the text between the braces -> value."""
        found = self._kept.program.metrics().items()
        return {k.partition("{")[2].rstrip("}"): v for k, v in found if k.startswith(metric_name + "{") and v}


def labels_of(key: str) -> set[str]:
    """The label names of `name{a="1",b="2"}`."""
    return set(re.findall(r'(?:[{,])([a-z_]+)="', key))


def test_everything_that_is_known_at_the_start_is_there_at_zero(
    fake: FakeEngine, make_faked_starter: Callable[[str], ProgramStarter]
) -> None:
    """Before anything has happened, and also while the engine does not answer: no rate misses its first increase."""
    fake.fault("version", times=None, how="hang")
    fake.fault("ping", times=None, how="hang")
    running = make_faked_starter(NAMES).start("--signal", "nginx", "HUP", "--restart", "haproxy")
    running.program.wait_for(lambda: running.program.get("/metrics")[0] == 200, what="the metrics")
    found = running.program.metrics()
    by_name = {name: [key for key in found if key.partition("{")[0] == name] for name in PROMISED}
    assert {name: labels_of(keys[0]) for name, keys in by_name.items() if keys} == PROMISED
    counters = [key for key in found if key.startswith("pygen_") and key.partition("{")[0].endswith("_total")]
    assert {found[key] for key in counters} == {0}
    assert found[metric_key("pygen_build_info", {"version": VERSION})] == 1
    for action, container in (("signal", "nginx"), ("restart", "haproxy")):
        labels = {"action": action, "container": container}
        for result in ("success", "error"):
            assert found[metric_key("pygen_notifications_total", {**labels, "result": result})] == 0
        assert found[metric_key("pygen_notifications_pending", labels)] == 0


def test_counts_of_a_quiet_life_and_its_changes(
    engine: RealEngine, make_starter: Callable[[str], ProgramStarter]
) -> None:
    """Passes, renders, differences, lines, writes, containers, events, requests: each change counts once."""
    engine.run("web", healthcheck=FILE_HEALTHCHECK)
    # Its first check fails: the event of that must be over before the program counts.
    engine.set_health("web", healthy=False)
    engine.create("created")
    running = make_starter(NAMES).start(*NO_RESYNC)
    begun_s = time.time()
    running.await_content("web")
    running.program.wait_ready()
    value = Values(running)
    value.await_value(1, "pygen_event_stream_up")
    assert value.of_target("pygen_diffs_total", cause="missing") == 1
    assert value.of_target("pygen_diff_lines_total", change="added") == 1
    assert value.all("pygen_containers") == {'state="created"': 1, 'state="running"': 1}
    engine.run("db")
    running.await_content("db", "web")
    engine.pause_container("db")
    value.await_value(1, "pygen_containers", state="paused")
    engine.unpause_container("db")
    engine.set_health("web", healthy=True)
    value.await_value(1, "pygen_events_total", type="container", action="health_status")
    engine.die("db")
    running.await_content("web")
    engine.rename("web", "www")
    running.await_content("www")
    value.await_value(3, "pygen_diffs_total", target=str(running.target), cause="state")
    assert value.all("pygen_diff_lines_total") == {
        f'change="added",target="{running.target}"': 3,
        f'change="removed",target="{running.target}"': 2,
    }
    assert value.all("pygen_target_writes_total") == {f'mode="replace",result="success",target="{running.target}"': 4}
    assert value.of_target("pygen_reconcile_total", result="error") == 0
    passes = metric_key("pygen_reconcile_total", {"target": str(running.target), "result": "success"})
    running.program.wait_for(
        lambda: (found := running.program.metrics())[passes] == found["pygen_reconcile_duration_seconds_count"],
        what="every pass timed",
    )
    # The inspect that settles an end is another render, a moment later.
    renders = metric_key("pygen_renders_total", {"target": str(running.target), "result": "success"})
    running.program.wait_for(
        lambda: (found := running.program.metrics())[renders] == found["pygen_render_duration_seconds_count"] >= 4,
        what="every render timed",
    )
    assert value.of_target("pygen_last_successful_reconcile_timestamp_seconds") >= begun_s
    assert value.all("pygen_containers") == {'state="created"': 1, 'state="exited"': 1, 'state="running"': 1}
    _check_events_and_requests(value, connects=int(engine.starts_connect))


def _check_events_and_requests(value: Values, *, connects: int) -> None:
    """What the engine told of, and what it was asked."""
    events = value.all("pygen_events_total")
    expected = {"create": 1, "start": 1, "pause": 1, "unpause": 1, "health_status": 1, "die": 1, "rename": 1}
    assert {action: events.get(f'action="{action}",type="container"') for action in expected} == expected
    assert events.get('action="connect",type="network"', 0) == connects
    assert value.all("pygen_event_stream_restarts_total") == {}
    assert value.all("pygen_docker_retries_total") == {}
    assert value("pygen_missed_changes_total") == 0
    requests = value.all("pygen_docker_requests_total")
    # One list when the stream was opened, and at most one before it was.
    assert requests['operation="list",result="success"'] in {1, 2}
    assert requests['operation="inspect",result="success"'] >= 6
    assert not [key for key in requests if 'result="error"' in key]
    assert value("pygen_docker_request_duration_seconds_count") >= sum(requests.values())


def test_counts_of_what_people_do_to_target_and_template(
    engine: RealEngine, make_starter: Callable[[str], ProgramStarter]
) -> None:
    """Drift, a deleted file, an edited, a broken and a careless template, a folder that is in the way."""
    engine.run("web")
    starter = make_starter(NAMES)
    running = starter.start("--resync", "1")
    running.await_content("web")
    value = Values(running)
    starter.target.write_text("by hand\nand more\n")
    value.await_value(1, "pygen_diffs_total", target=str(starter.target), cause="drift")
    starter.target.unlink()
    value.await_value(2, "pygen_diffs_total", target=str(starter.target), cause="missing")
    starter.template.write_text(
        "{{ containers.first.nmae }}{{ nothing_such }}{{ containers.first.labels.no }}edited{{ note('left out') }}\n"
    )
    running.await_content("edited")
    value.await_value(1, "pygen_diffs_total", target=str(starter.target), cause="template")
    value.await_value(2, "pygen_template_undefined_names", target=str(starter.target))
    value.await_value(1, "pygen_template_notes", target=str(starter.target))
    assert value.all("pygen_diff_lines_total") == {
        f'change="added",target="{starter.target}"': 4,
        f'change="removed",target="{starter.target}"': 3,
    }
    starter.template.write_text("{% for %}")
    running.program.wait_for(
        lambda: value.of_target("pygen_renders_total", result="error") == 1, what="a failed render"
    )
    assert running.program.get("/readyz")[0] == 503
    starter.template.write_text("mended\n")
    running.await_content("mended")
    value.await_value(0, "pygen_template_undefined_names", target=str(starter.target))
    value.await_value(0, "pygen_template_notes", target=str(starter.target))
    starter.target.unlink()
    starter.target.mkdir()
    running.program.wait_for(
        lambda: value.of_target("pygen_target_writes_total", mode="replace", result="error") >= 1, what="a failed write"
    )
    running.program.wait_for(
        lambda: value.of_target("pygen_reconcile_total", result="error") >= 1, what="a failed pass"
    )
    starter.target.rmdir()
    running.await_content("mended")


def test_counts_of_notifications(engine: RealEngine, make_starter: Callable[[str], ProgramStarter]) -> None:
    """Attempts by result, what is owed and since when, matches, and the policy at risk."""
    starter = make_starter("one")
    told = ReaderContainer(engine, starter.shared, "told")
    ReaderContainer(engine, starter.shared, "paused")
    for name, stop_signal in (("risky", "SIGHUP"), ("safe", "SIGUSR2")):
        fleet = {"pygen.target": "fleet"}
        ReaderContainer(engine, starter.shared, name, restart_policy="always", labels=fleet, stop_signal=stop_signal)
    signals = ["--signal", "paused", "HUP", "--signal", "fleet", "HUP", "--signal", "nobody", "HUP"]
    running = starter.start(*NO_RESYNC, "--restart", "told", *signals, "--signal-via", "kill", "--interval", "0")
    told.await_starts(2)
    running.await_settled()
    value = Values(running)
    assert _counts(value, "restart", "told") == (1, 0, 0, 0, 1)
    assert _counts(value, "signal", "paused") == (1, 0, 0, 0, 1)
    assert _counts(value, "signal", "fleet") == (2, 0, 0, 0, 2)
    assert _counts(value, "signal", "nobody") == (0, 0, 0, 0, 0)
    assert value.all("pygen_restart_policy_at_risk") == {'container="fleet"': 1}
    assert value("pygen_notification_duration_seconds_count") == 4
    engine.pause_container("paused")
    value.await_value(1, "pygen_containers", state="paused")
    begun_s = time.time()
    starter.template.write_text("two")
    running.await_text("two")
    value.await_value(4, "pygen_notifications_total", action="signal", container="fleet", result="success")
    value.await_value(1, "pygen_notifications_pending", action="signal", container="paused")
    # Else the restart that is under way might be the one that loads the third content, too.
    value.await_value(2, "pygen_notifications_total", action="restart", container="told", result="success")
    changed_s = time.time()
    since_s = value("pygen_notification_oldest_pending_timestamp_seconds", action="signal", container="paused")
    assert begun_s <= since_s <= changed_s
    starter.template.write_text("three")
    running.await_text("three")
    value.await_value(6, "pygen_notifications_total", action="signal", container="fleet", result="success")
    # The first change that is not told yet, not moved by the newer one.
    assert value("pygen_notification_oldest_pending_timestamp_seconds", action="signal", container="paused") == since_s
    value.await_value(3, "pygen_notifications_total", action="restart", container="told", result="success")
    engine.unpause_container("paused")
    value.await_value(2, "pygen_notifications_total", action="signal", container="paused", result="success")
    running.await_settled()
    assert _counts(value, "signal", "paused") == (2, 0, 0, 0, 1)
    requests = value.all("pygen_docker_requests_total")
    assert requests['operation="kill",result="success"'] == 8
    assert requests['operation="restart",result="success"'] == 3


def _counts(value: Values, action: str, container: str) -> tuple[float, ...]:
    """Successes, errors, pending, oldest, matches."""
    labels = {"action": action, "container": container}
    return (
        value("pygen_notifications_total", **labels, result="success"),
        value("pygen_notifications_total", **labels, result="error"),
        value("pygen_notifications_pending", **labels),
        value("pygen_notification_oldest_pending_timestamp_seconds", **labels),
        value("pygen_notification_matches", **labels),
    )


def test_counts_of_what_goes_wrong_with_an_engine(
    fake: FakeEngine, make_faked_starter: Callable[[str], ProgramStarter]
) -> None:
    """Failed requests and their retries, streams that end, changes that no event told, notifications that fail."""
    fake.add_container("web")
    running = make_faked_starter(NAMES).start("--resync", "1", "--signal", "web", "HUP", "--interval", "0")
    running.await_content("web")
    running.await_settled()
    value = Values(running)
    value.await_value(1, "pygen_event_stream_up")
    fake.fault("inspect", status=500)
    fake.add_container("db")
    running.await_content("db", "web")
    running.program.wait_for(lambda: value("pygen_docker_retries_total", operation="inspect") >= 1, what="a retry")
    assert value("pygen_docker_requests_total", operation="inspect", result="error") >= 1
    with fake.without_events():
        fake.rename("db", "quiet")
    running.await_content("quiet", "web")
    value.await_value(1, "pygen_missed_changes_total")
    # A stream that is open and says nothing is not believed any more.
    value.await_value(1, "pygen_event_stream_restarts_total", reason="silent")
    value.await_value(1, "pygen_event_stream_up")
    fake.fault("events", times=None, status=403)
    fake.break_connections()
    running.program.wait_for(
        lambda: value("pygen_event_stream_restarts_total", reason="refused") >= 1, what="a refusal"
    )
    assert value("pygen_event_stream_restarts_total", reason="ended") == 1
    assert value("pygen_event_stream_up") == 0
    fake.heal("events")
    value.await_value(1, "pygen_event_stream_up")
    fake.fault("kill", times=2, status=500)
    before = value("pygen_notifications_total", action="signal", container="web", result="success")
    fake.add_container("more")
    value.await_value(2, "pygen_notifications_total", action="signal", container="web", result="error")
    value.await_value(before + 1, "pygen_notifications_total", action="signal", container="web", result="success")
    value.await_value(0, "pygen_notifications_pending", action="signal", container="web")
    assert value("pygen_docker_requests_total", operation="kill", result="error") == 2


def test_nothing_that_an_engine_names_is_a_label(
    fake: FakeEngine, make_faked_starter: Callable[[str], ProgramStarter]
) -> None:
    """Events, states and containers that are made up add no label set."""
    fake.add_container("web")
    running = make_faked_starter(NAMES).start(*NO_RESYNC)
    running.await_content("web")
    running.program.wait_ready()
    value = Values(running)
    value.await_value(1, "pygen_event_stream_up")
    before = set(running.program.metrics())
    fake.emit("container", "health_status: made up", "0" * 64, {"name": "evil"})
    fake.emit("container", "start", "0" * 64, {"name": "evil"})
    fake.add_container("another-name", labels={"evil": "label"})
    running.await_content("another-name", "web")
    value.await_value(1, "pygen_events_total", type="container", action="health_status")
    value.await_value(2, "pygen_events_total", type="container", action="start")
    assert set(running.program.metrics()) == before
