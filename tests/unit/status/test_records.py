"""The records stand in for the metrics' observers: whatever they remember is counted all the same."""

from __future__ import annotations

from metrics.instruments import Metrics
from models.notification import DeliveryResult, NotificationStanding, NotifyReport
from models.pass_report import Difference, PassReport, ReconcileReport, RenderReport, TargetWrite
from notify.actions.signal import Signal
from reconciler.status.records import EngineRecord, JobRecord, NotifyRecord

HUP = Signal("nginx", "SIGHUP")
WRITTEN = ReconcileReport(
    "t",
    ok=True,
    at_epoch_s=99.0,
    duration_s=0.2,
    write=TargetWrite("in_place", ok=True),
    difference=Difference("drift", added=4, removed=5),
)


def _metrics() -> Metrics:
    return Metrics(version="1", targets=["t"], notifications=[HUP])


def _value(metrics: Metrics, name: str, *values: str) -> float:
    (found,) = (
        sample.value
        for family in metrics.registry.collect()
        for sample in family.samples
        if (sample.name, tuple(sample.labels.values())) == (name, values)
    )
    return found


def _wall_clock() -> float:
    return 1234.5


def test_what_a_job_does_is_counted() -> None:
    """Renders, here and in the metrics; the differences and passes of its reports."""
    metrics = _metrics()
    record = JobRecord(_wall_clock)
    for render in (RenderReport("t", ok=False, duration_s=0.1), RenderReport("t", True, 0.1, 3, 7)):
        record.rendered(render)
        metrics.loop.rendered(render)
    assert record.last_render == (1234.5, True, 0.1, 3)
    record.publish(ReconcileReport("t", ok=False, at_epoch_s=98.0, duration_s=0.2))
    record.publish(WRITTEN)
    record.publish(ReconcileReport("t", ok=False, at_epoch_s=100.0, duration_s=None))
    assert (record.renders, record.changes, record.last_pass_epoch_s) == (2, 1, 99.0)
    assert _value(metrics, "pygen_renders_total", "t", "error") == 1
    assert _value(metrics, "pygen_template_undefined_names", "t") == 3
    assert _value(metrics, "pygen_template_notes", "t") == 7


def test_what_becomes_of_notifications_is_counted() -> None:
    """Attempts, debts, matches and risks."""
    metrics = _metrics()
    record = NotifyRecord(_wall_clock)
    standing = NotificationStanding(HUP, matches=3, pending=2, oldest_epoch_s=77.0, policy_at_risk=True)
    report = NotifyReport("t", (DeliveryResult(HUP, ok=True, duration_s=0.1),), (standing,))
    metrics.notify.publish(report)
    record.publish(report)
    tally = record.tally(HUP)
    assert (tally.matches, tally.delivered, tally.last_delivered_epoch_s) == (3, 1, 1234.5)
    assert _value(metrics, "pygen_notifications_total", "signal", "nginx", "success") == 1
    assert _value(metrics, "pygen_notifications_pending", "signal", "nginx") == 2
    assert _value(metrics, "pygen_notification_oldest_pending_timestamp_seconds", "signal", "nginx") == 77
    assert _value(metrics, "pygen_notification_matches", "signal", "nginx") == 3
    assert _value(metrics, "pygen_restart_policy_at_risk", "nginx") == 1


def test_what_is_heard_of_an_engine_is_counted() -> None:
    """The stream, and its ends."""
    metrics = _metrics()
    record = EngineRecord("unix:///made/up.sock", metrics.engine, _wall_clock)
    record.stream_up(up=True)
    record.stream_restarted("timeout")
    assert _value(metrics, "pygen_event_stream_up") == 1
    assert _value(metrics, "pygen_event_stream_restarts_total", "timeout") == 1


def test_what_the_loop_does_is_counted() -> None:
    """Of each pass the containers by state, what was written, and what failed unexpectedly."""
    metrics = _metrics()
    unforeseen = ReconcileReport("t", ok=False, at_epoch_s=100.0, duration_s=None)
    metrics.loop.publish(PassReport((WRITTEN, unforeseen), {"running": 4}))
    metrics.loop.publish(PassReport())
    assert _value(metrics, "pygen_diffs_total", "t", "drift") == 1
    assert _value(metrics, "pygen_diff_lines_total", "t", "removed") == 5
    assert _value(metrics, "pygen_target_writes_total", "t", "in_place", "success") == 1
    assert _value(metrics, "pygen_last_successful_reconcile_timestamp_seconds", "t") == 99
    assert _value(metrics, "pygen_reconcile_total", "t", "success") == 1
    assert _value(metrics, "pygen_reconcile_duration_seconds_count") == 1
    assert _value(metrics, "pygen_containers", "running") == 4
    assert _value(metrics, "pygen_reconcile_total", "t", "error") == 1
