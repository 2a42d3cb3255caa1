"""Every metric of the program: names, labels, zeros, and values after what is counted."""

from __future__ import annotations

import itertools
import os
from pathlib import Path

import pytest
from prometheus_client.parser import text_string_to_metric_families

from metrics.labels import CONTAINER_STATES, EVENT_ACTIONS, OPERATIONS, STREAM_END_REASONS
from metrics.routes import metrics_page
from models.notification import DeliveryResult, NotificationStanding, NotifyReport
from models.pass_report import PassReport, ReconcileReport, RenderReport
from notify.actions.restart import Restart
from notify.rules import Rules
from tests.unit.metrics.scraping import HUP, RESTART, USR2, metrics_of, scraped, value

ROOT = Path(__file__).parents[3]

LABELS = {
    "pygen_build_info": {"version"},
    "pygen_reconcile_total": {"target", "result"},
    "pygen_reconcile_duration_seconds": set(),
    "pygen_unexpected_errors_total": {"part"},
    "pygen_quarantined_containers": {"engine"},
    "pygen_renders_total": {"target", "result"},
    "pygen_render_duration_seconds": set(),
    "pygen_template_undefined_names": {"target"},
    "pygen_template_notes": {"target"},
    "pygen_render_process_restarts_total": {"target"},
    "pygen_template_failing": {"target"},
    "pygen_diffs_total": {"target", "cause"},
    "pygen_diff_lines_total": {"target", "change"},
    "pygen_target_writes_total": {"target", "mode", "result"},
    "pygen_notifications_total": {"action", "container", "result"},
    "pygen_notification_duration_seconds": set(),
    "pygen_notifications_pending": {"action", "container"},
    "pygen_notification_oldest_pending_timestamp_seconds": {"action", "container"},
    "pygen_notification_matches": {"action", "container"},
    "pygen_restart_policy_at_risk": {"container"},
    "pygen_docker_requests_total": {"operation", "result"},
    "pygen_docker_request_duration_seconds": set(),
    "pygen_docker_retries_total": {"operation"},
    "pygen_events_total": {"type", "action"},
    "pygen_event_stream_up": set(),
    "pygen_event_stream_restarts_total": {"reason"},
    "pygen_missed_changes_total": set(),
    "pygen_containers": {"state"},
    "pygen_last_successful_reconcile_timestamp_seconds": {"target"},
}
"""All metrics with all their labels: what dashboards and alerts rest on."""


def _base(name: str) -> str:
    for ending in ("_bucket", "_count", "_sum"):
        if name.removesuffix(ending) in LABELS:
            return name.removesuffix(ending)
    return name


def test_names_and_labels_are_exactly_these() -> None:
    """Every metric exists at the start, with exactly these labels, and no other metric of ours does."""
    seen: dict[str, set[str]] = {}
    for name, labels in scraped(metrics_of()):
        if name.startswith("pygen_"):
            seen.setdefault(_base(name), set()).update(label for label, _ in labels if label != "le")
    assert seen == LABELS


def test_everything_is_zero_at_the_start() -> None:
    """Every sample of ours but the build's is 0 before anything happened."""
    samples = scraped(metrics_of())
    assert {key for key, number in samples.items() if key[0].startswith("pygen_") and number} == {
        ("pygen_build_info", frozenset({("version", "1.2.3")}))
    }


RESULTS = ("success", "error")
KNOWN = {
    "pygen_reconcile_total": {"target": ("/a", "-"), "result": RESULTS},
    "pygen_renders_total": {"target": ("/a", "-"), "result": RESULTS},
    "pygen_diffs_total": {"target": ("/a", "-"), "cause": ("state", "template", "drift", "missing")},
    "pygen_diff_lines_total": {"target": ("/a", "-"), "change": ("added", "removed")},
    "pygen_target_writes_total": {
        "target": ("/a", "-"),
        "mode": ("replace", "in_place", "stream"),
        "result": RESULTS,
    },
    "pygen_last_successful_reconcile_timestamp_seconds": {"target": ("/a", "-")},
    "pygen_template_undefined_names": {"target": ("/a", "-")},
    "pygen_template_notes": {"target": ("/a", "-")},
    "pygen_render_process_restarts_total": {"target": ("/a", "-")},
    "pygen_template_failing": {"target": ("/a", "-")},
    "pygen_notifications_total": {"action": ("signal",), "container": ("nginx",), "result": RESULTS},
    "pygen_notifications_pending": {"action": ("restart",), "container": ("web",)},
    "pygen_notification_oldest_pending_timestamp_seconds": {"action": ("signal",), "container": ("nginx",)},
    "pygen_notification_matches": {"action": ("restart",), "container": ("web",)},
    "pygen_restart_policy_at_risk": {"container": ("nginx",)},
    "pygen_docker_requests_total": {"operation": OPERATIONS, "result": RESULTS},
    "pygen_docker_retries_total": {"operation": OPERATIONS},
    "pygen_events_total": {"type": ("container", "network", "other"), "action": ("other",)},
    "pygen_event_stream_restarts_total": {"reason": STREAM_END_REASONS},
    "pygen_containers": {"state": CONTAINER_STATES},
}
"""Label values that are known at the start, for a program with two targets and two notifications."""


@pytest.mark.parametrize(("name", "labels"), KNOWN.items())
def test_known_label_sets_exist_at_the_start(name: str, labels: dict[str, tuple[str, ...]]) -> None:
    """Targets, notifications, operations, event types with `other`, reasons and results are there at zero."""
    samples = scraped(metrics_of(["/a", "-"], [HUP, RESTART]))
    for values in itertools.product(*labels.values()):
        assert samples[name, frozenset(zip(labels, values, strict=True))] == 0


@pytest.mark.parametrize(("kind", "actions"), EVENT_ACTIONS.items())
def test_known_events_exist_at_the_start(kind: str, actions: tuple[str, ...]) -> None:
    """Every action that the engine documents for a type is there at zero."""
    samples = scraped(metrics_of())
    for action in actions:
        assert samples["pygen_events_total", frozenset({("type", kind), ("action", action)})] == 0


def test_no_notifications_is_no_label_set_but_a_metric() -> None:
    """Without notifications their metrics are named and have no samples."""
    _, body = metrics_page(metrics_of(notifications=()).registry)("")
    families = {family.name: family for family in text_string_to_metric_families(body.decode())}
    assert families["pygen_notifications_pending"].samples == []


def test_pass_that_succeeds_and_one_that_fails() -> None:
    """A pass counts by its result and its time; only a success moves the date."""
    metrics = metrics_of()
    metrics.loop.reconciled("/etc/out", ok=True, duration_s=0.002, at_epoch_s=1700000000.5)
    metrics.loop.reconciled("/etc/out", ok=False, duration_s=3.0, at_epoch_s=1700000009.5)
    assert value(metrics, "pygen_reconcile_total", target="/etc/out", result="success") == 1
    assert value(metrics, "pygen_reconcile_total", target="/etc/out", result="error") == 1
    assert value(metrics, "pygen_reconcile_duration_seconds_count") == 2
    assert value(metrics, "pygen_reconcile_duration_seconds_sum") == pytest.approx(3.002)
    assert value(metrics, "pygen_reconcile_duration_seconds_bucket", le="0.0025") == 1
    assert value(metrics, "pygen_reconcile_duration_seconds_bucket", le="+Inf") == 2
    assert value(metrics, "pygen_last_successful_reconcile_timestamp_seconds", target="/etc/out") == 1700000000.5


def test_a_template_is_failing_until_it_renders() -> None:
    """From the first failure on, and no longer than that."""
    metrics = metrics_of()
    for ok in (True, False, False, True):
        metrics.loop.rendered(RenderReport("/etc/out", ok=ok, duration_s=0.01))
        assert value(metrics, "pygen_template_failing", target="/etc/out") == float(not ok)


def test_renders() -> None:
    """The undefined names and the notes are those of the last render that gave a text."""
    metrics = metrics_of()
    metrics.loop.rendered(RenderReport("/etc/out", ok=True, duration_s=0.01, undefined_names=3, notes=2))
    metrics.loop.rendered(RenderReport("/etc/out", ok=False, duration_s=0.01))
    assert value(metrics, "pygen_renders_total", target="/etc/out", result="success") == 1
    assert value(metrics, "pygen_renders_total", target="/etc/out", result="error") == 1
    assert value(metrics, "pygen_template_undefined_names", target="/etc/out") == 3
    assert value(metrics, "pygen_template_notes", target="/etc/out") == 2
    metrics.loop.rendered(RenderReport("/etc/out", ok=True, duration_s=0.01))
    assert value(metrics, "pygen_template_undefined_names", target="/etc/out") == 0
    assert value(metrics, "pygen_template_notes", target="/etc/out") == 0


def test_render_processes() -> None:
    """Each that took the place of another counts."""
    metrics = metrics_of()
    metrics.loop.render_process_restarted("/etc/out")
    assert value(metrics, "pygen_render_process_restarts_total", target="/etc/out") == 1


def test_differences_and_writes() -> None:
    """A difference counts by its cause and its lines, a write by its way and result."""
    metrics = metrics_of()
    metrics.loop.differed("/etc/out", "drift", added=5, removed=2)
    metrics.loop.differed("/etc/out", "state", added=1, removed=0)
    metrics.loop.wrote("/etc/out", "replace", ok=False)
    metrics.loop.wrote("/etc/out", "in_place", ok=True)
    assert value(metrics, "pygen_diffs_total", target="/etc/out", cause="drift") == 1
    assert value(metrics, "pygen_diff_lines_total", target="/etc/out", change="added") == 6
    assert value(metrics, "pygen_diff_lines_total", target="/etc/out", change="removed") == 2
    assert value(metrics, "pygen_target_writes_total", target="/etc/out", mode="replace", result="error") == 1
    assert value(metrics, "pygen_target_writes_total", target="/etc/out", mode="in_place", result="success") == 1


def test_words_that_are_no_cause_or_mode_are_errors() -> None:
    """A new word must be declared before it can be counted."""
    metrics = metrics_of()
    with pytest.raises(ValueError, match="not a cause"):
        metrics.loop.differed("/etc/out", "whim", added=0, removed=0)
    with pytest.raises(ValueError, match="not a way to write"):
        metrics.loop.wrote("/etc/out", "by hand", ok=True)


def test_containers_by_state() -> None:
    """States that the snapshot has no more go back to zero; one that the engine makes up is `other`."""
    metrics = metrics_of()
    metrics.loop.containers({"running": 3, "exited": 1})
    metrics.loop.containers({"running": 2, "dreaming": 1, "floating": 1})
    assert value(metrics, "pygen_containers", state="running") == 2
    assert value(metrics, "pygen_containers", state="exited") == 0
    assert value(metrics, "pygen_containers", state="other") == 2


def _told(job: str, *standings: NotificationStanding) -> NotifyReport:
    return NotifyReport(job, (), standings)


def test_attempts() -> None:
    """An attempt counts by action, configured container and result, and by its time."""
    metrics = metrics_of()
    results = [(HUP, False, 1.0), (HUP, True, 0.5), (RESTART, True, 10.0)]
    metrics.notify.publish(NotifyReport("/a", tuple(DeliveryResult(each, ok, s) for each, ok, s in results), ()))
    count = "pygen_notifications_total"
    assert value(metrics, count, action="signal", container="nginx", result="error") == 1
    assert value(metrics, count, action="signal", container="nginx", result="success") == 1
    assert value(metrics, count, action="restart", container="web", result="success") == 1
    assert value(metrics, "pygen_notification_duration_seconds_sum") == 11.5


def test_two_signals_for_one_container_share_their_labels() -> None:
    """What is owed is added up, the older date is shown, and neither hides the other by ending."""
    metrics = metrics_of(notifications=[HUP, USR2])
    labels = {"action": "signal", "container": "nginx"}
    owed = NotificationStanding(HUP, pending=2, oldest_epoch_s=200.0)
    metrics.notify.publish(_told("/a", owed, NotificationStanding(USR2, pending=1, oldest_epoch_s=100.0)))
    assert value(metrics, "pygen_notifications_pending", **labels) == 3
    assert value(metrics, "pygen_notification_oldest_pending_timestamp_seconds", **labels) == 100
    metrics.notify.publish(_told("/a", owed, NotificationStanding(USR2)))
    assert value(metrics, "pygen_notifications_pending", **labels) == 2
    assert value(metrics, "pygen_notification_oldest_pending_timestamp_seconds", **labels) == 200
    metrics.notify.publish(_told("/a", NotificationStanding(HUP), NotificationStanding(USR2)))
    assert value(metrics, "pygen_notification_oldest_pending_timestamp_seconds", **labels) == 0


def test_two_jobs_with_the_same_notification_add_up() -> None:
    """One job that owes nothing does not hide what the other one owes, whichever is heard of last."""
    metrics = metrics_of(["/a", "/b"], notifications=[HUP])
    labels = {"action": "signal", "container": "nginx"}
    a = NotificationStanding(HUP, matches=2, pending=3, oldest_epoch_s=100.0, policy_at_risk=True)
    for b in (NotificationStanding(HUP, matches=1), NotificationStanding(HUP, matches=1, pending=1, oldest_epoch_s=50)):
        metrics.notify.publish(_told("/a", a))
        metrics.notify.publish(_told("/b", b))
        assert value(metrics, "pygen_notifications_pending", **labels) == 3 + b.pending
        oldest = "pygen_notification_oldest_pending_timestamp_seconds"
        assert value(metrics, oldest, **labels) == (b.oldest_epoch_s or 100)
        assert value(metrics, "pygen_notification_matches", **labels) == 3
        assert value(metrics, "pygen_restart_policy_at_risk", container="nginx") == 1
    metrics.notify.publish(_told("/a", NotificationStanding(HUP, matches=2)))
    assert value(metrics, "pygen_notifications_pending", **labels) == 1
    assert value(metrics, "pygen_restart_policy_at_risk", container="nginx") == 0


def test_matches_and_risk() -> None:
    """The matches are not counted twice for two signals, and one of them at risk is a risk."""
    metrics = metrics_of(notifications=[HUP, USR2])
    usr2 = NotificationStanding(USR2, matches=4)
    metrics.notify.publish(_told("/a", NotificationStanding(HUP, matches=4, policy_at_risk=True), usr2))
    assert value(metrics, "pygen_notification_matches", action="signal", container="nginx") == 4
    assert value(metrics, "pygen_restart_policy_at_risk", container="nginx") == 1
    metrics.notify.publish(_told("/a", NotificationStanding(HUP, matches=4), usr2))
    assert value(metrics, "pygen_restart_policy_at_risk", container="nginx") == 0


def test_requests() -> None:
    """A request counts by operation and result; an unknown operation is `other`, a reason of failure an error."""
    metrics = metrics_of()
    metrics.engine.request("inspect", "success", 0.001)
    metrics.engine.request("inspect", "timeout", 10.0)
    metrics.engine.request("meddle", "success", 0.001)
    metrics.engine.retry("list")
    count = "pygen_docker_requests_total"
    assert value(metrics, count, operation="inspect", result="success") == 1
    assert value(metrics, count, operation="inspect", result="error") == 1
    assert value(metrics, count, operation="other", result="success") == 1
    assert value(metrics, "pygen_docker_request_duration_seconds_count") == 3
    assert value(metrics, "pygen_docker_retries_total", operation="list") == 1


@pytest.mark.parametrize(
    ("kind", "action", "shown"),
    [
        ("container", "start", ("container", "start")),
        ("container", "health_status: healthy", ("container", "health_status")),
        ("container", "exec_start: sh -c secret", ("container", "other")),
        ("container", "made up", ("container", "other")),
        ("network", "connect", ("network", "connect")),
        ("network", "start", ("network", "other")),
        ("volume", "mount", ("other", "other")),
        ("", "", ("other", "other")),
    ],
)
def test_events(kind: str, action: str, shown: tuple[str, str]) -> None:
    """An event counts by type and action up to its colon; what is unknown is `other`, and no label is made up."""
    metrics = metrics_of()
    before = set(scraped(metrics))
    metrics.engine.event(kind, action)
    assert value(metrics, "pygen_events_total", type=shown[0], action=shown[1]) == 1
    assert set(scraped(metrics)) == before


def test_stream() -> None:
    """All streams are up or not, end for a known reason or another, and missed changes count."""
    metrics = metrics_of()
    metrics.engine.stream_up("unix:///run/docker.sock", up=True)
    metrics.engine.stream_restarted("silent")
    metrics.engine.stream_restarted("boredom")
    metrics.engine.missed_change()
    assert value(metrics, "pygen_event_stream_up") == 1
    metrics.engine.stream_up("tcp://another:2375", up=False)
    assert value(metrics, "pygen_event_stream_up") == 0
    metrics.engine.stream_up("tcp://another:2375", up=True)
    assert value(metrics, "pygen_event_stream_up") == 1
    metrics.engine.stream_up("unix:///run/docker.sock", up=False)
    assert value(metrics, "pygen_event_stream_up") == 0
    assert value(metrics, "pygen_event_stream_restarts_total", reason="silent") == 1
    assert value(metrics, "pygen_event_stream_restarts_total", reason="other") == 1
    assert value(metrics, "pygen_missed_changes_total") == 1


def test_registries_are_apart() -> None:
    """Two programs' metrics in one process share nothing, and each registry shows only its own."""
    one, two = metrics_of(), metrics_of()
    one.engine.missed_change()
    assert two.registry.get_sample_value("pygen_missed_changes_total") == 0
    assert value(one, "pygen_missed_changes_total") == 1


def test_process_and_python_are_shown() -> None:
    """The process's own metrics are in the same registry."""
    samples = scraped(metrics_of())
    assert samples["process_resident_memory_bytes", frozenset()] > 0
    assert any(name == "python_info" for name, _ in samples)


def test_odd_label_values_are_shown() -> None:
    """A target or container with quotes, backslashes and line feeds in its name can be scraped."""
    odd = 'a"b\\c\nd'
    metrics = metrics_of(targets=[odd])
    metrics.loop.reconciled(odd, ok=True, duration_s=0.1, at_epoch_s=1)
    assert value(metrics, "pygen_reconcile_total", target=odd, result="success") == 1


@pytest.mark.parametrize("accept", ["", "application/openmetrics-text"])
def test_a_name_that_is_no_utf_8_can_be_scraped(accept: str) -> None:
    """File names are bytes: what of them is no text is shown escaped, in each format."""
    odd = os.fsdecode(b"conf-\xff")
    metrics = metrics_of(targets=[odd], notifications=[Restart(odd)])
    _, body = metrics_page(metrics.registry)(accept)
    assert rb'pygen_target_writes_total{mode="in_place",result="error",target="conf-\\udcff"} 0.0' in body
    assert rb'pygen_notification_matches{action="restart",container="conf-\\udcff"} 0.0' in body


@pytest.mark.parametrize(
    ("accept", "expected"),
    [
        ("", "text/plain; version=0.0.4"),
        ("*/*", "text/plain; version=0.0.4"),
        ("application/openmetrics-text;version=1.0.0,text/plain;version=0.0.4;q=0.5", "application/openmetrics-text"),
        ("text/html,garbage;;;", "text/plain; version=0.0.4"),
    ],
)
def test_format_is_the_clients(accept: str, expected: str) -> None:
    """A scraper gets the format that it asks for, and the plain one where it asks for none of ours."""
    content_type, body = metrics_page(metrics_of().registry)(accept)
    assert content_type.startswith(expected)
    assert body.endswith(b"# EOF\n") == ("openmetrics" in expected)
    assert b"pygen_build_info" in body


def test_a_rollout_s_gauge_comes_and_goes_with_its_rules() -> None:
    """A configuration that is loaded again may roll what it did not before, and the other way round."""
    rolling, at_once = Restart("web", rules=Rules(max_parallel=1)), Restart("web")
    labels = {"action": "restart", "container": "web"}
    metrics = metrics_of(notifications=[at_once])
    assert "pygen_rollout_stopped" not in {name for name, _ in scraped(metrics)}
    metrics.notify.configure([rolling])
    assert value(metrics, "pygen_rollout_stopped", **labels) == 0
    standing = NotificationStanding(rolling, matches=2, pending=1, is_stopped=True)
    metrics.notify.publish(NotifyReport("t", (), (standing,)))
    assert value(metrics, "pygen_rollout_stopped", **labels) == 1
    metrics.notify.configure([at_once], ["t"])
    assert "pygen_rollout_stopped" not in {name for name, _ in scraped(metrics)}


def test_jobs_that_wait_and_sets_of_files_have_series_of_their_own() -> None:
    """Only where there are such jobs, and only as long as there are."""
    metrics = metrics_of(["/a", "/b"])
    names = {"pygen_job_waiting", "pygen_target_files"}
    metrics.loop.publish(PassReport())
    assert not names & {name for name, _ in scraped(metrics)}
    report = ReconcileReport("/b", ok=True, at_epoch_s=1.0, duration_s=0.1, files=3)
    metrics.loop.publish(PassReport((report,), waiting={"/a": True, "/b": False}))
    assert value(metrics, "pygen_job_waiting", target="/a") == 1
    assert value(metrics, "pygen_job_waiting", target="/b") == 0
    assert value(metrics, "pygen_target_files", target="/b") == 3
    metrics.loop.publish(PassReport(waiting={"/a": False}))
    metrics.loop.remove("/b")
    metrics.loop.remove("/a")
    assert [labels for name, labels in scraped(metrics) if name in names] == [frozenset({("target", "/a")})]
    metrics.loop.publish(PassReport())
    assert not names & {name for name, _ in scraped(metrics)}
