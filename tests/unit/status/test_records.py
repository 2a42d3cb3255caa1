"""The records stand in for the metrics' observers: whatever they remember is counted all the same."""

from __future__ import annotations

from metrics.instruments import Metrics
from models.notification import DeliveryResult, NotificationStanding, NotifyReport
from notify.actions.signal import Signal
from reconciler.status.records import EngineRecord, JobRecord, LoopRecord, NotifyRecord

HUP = Signal("nginx", "SIGHUP")


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
    """Renders, differences, writes and passes."""
    metrics = _metrics()
    record = JobRecord(metrics.loop, _wall_clock)
    record.rendered("t", ok=False, duration_s=0.1)
    record.rendered("t", ok=True, duration_s=0.1, undefined_names=3, notes=7)
    record.differed("t", "drift", added=4, removed=5)
    record.wrote("t", "in_place", ok=True)
    record.reconciled("t", ok=True, duration_s=0.2, at_epoch_s=99.0)
    assert _value(metrics, "pygen_renders_total", "t", "error") == 1
    assert _value(metrics, "pygen_template_undefined_names", "t") == 3
    assert _value(metrics, "pygen_template_notes", "t") == 7
    assert _value(metrics, "pygen_diffs_total", "t", "drift") == 1
    assert _value(metrics, "pygen_diff_lines_total", "t", "removed") == 5
    assert _value(metrics, "pygen_target_writes_total", "t", "in_place", "success") == 1
    assert _value(metrics, "pygen_last_successful_reconcile_timestamp_seconds", "t") == 99


def test_what_becomes_of_notifications_is_counted() -> None:
    """Attempts, debts, matches and risks."""
    metrics = _metrics()
    record = NotifyRecord(metrics.notify, _wall_clock)
    standing = NotificationStanding(HUP, matches=3, pending=2, oldest_epoch_s=77.0, policy_at_risk=True)
    record.publish(NotifyReport("t", (DeliveryResult(HUP, ok=True, duration_s=0.1),), (standing,)))
    assert _value(metrics, "pygen_notifications_total", "signal", "nginx", "success") == 1
    assert _value(metrics, "pygen_notifications_pending", "signal", "nginx") == 2
    assert _value(metrics, "pygen_notification_oldest_pending_timestamp_seconds", "signal", "nginx") == 77
    assert _value(metrics, "pygen_notification_matches", "signal", "nginx") == 3
    assert _value(metrics, "pygen_restart_policy_at_risk", "nginx") == 1


def test_what_is_heard_of_an_engine_is_counted() -> None:
    """The stream, and its ends."""
    metrics = _metrics()
    record = EngineRecord(metrics.engine, _wall_clock)
    record.stream_up(up=True)
    record.stream_restarted("timeout")
    assert _value(metrics, "pygen_event_stream_up") == 1
    assert _value(metrics, "pygen_event_stream_restarts_total", "timeout") == 1


def test_what_the_loop_does_is_counted() -> None:
    """The containers by state, and passes that failed for a reason that nobody foresaw."""
    metrics = _metrics()
    record = LoopRecord(metrics.loop)
    record.containers({"running": 4})
    record.pass_failed("t")
    record.passed()
    assert _value(metrics, "pygen_containers", "running") == 4
    assert _value(metrics, "pygen_reconcile_total", "t", "error") == 1
