"""What the loop counts: passes, renders, differences, writes, containers."""

from __future__ import annotations

from itertools import product
from typing import TYPE_CHECKING

from metrics.client import Counter, Gauge, Histogram
from metrics.labels import CONTAINER_STATES, LINE_CHANGES, PARTS, RESULTS, among, from_zero, labelled, without
from models.write import CAUSES, WRITE_MODES

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from metrics.client import CollectorRegistry
    from models.pass_report import PassReport, ReconcileReport, RenderReport

PASS_BOUNDS_S = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0)


class LoopMetrics:
    """Instruments of the loop.

    Args:
        targets: every job's target as configured (`-` for standard output), the label `target`.
        registry: where they are shown.
    """

    def __init__(self, targets: Sequence[str], registry: CollectorRegistry) -> None:
        def counter(name: str, words: str, *labels: str) -> Counter:
            return Counter(name, words, labels, registry=registry)

        def gauge(name: str, words: str, *labels: str) -> Gauge:
            return Gauge(name, words, labels, registry=registry)

        self._reconciles = counter("pygen_reconcile_total", "Passes over a target", "target", "result")
        self._reconcile_s = Histogram(
            "pygen_reconcile_duration_seconds",
            "How long a pass over a target took",
            buckets=PASS_BOUNDS_S,
            registry=registry,
        )
        self._unexpected = from_zero(
            counter(
                "pygen_unexpected_errors_total",
                "Unexpected errors, by the part of the program that survived them",
                "part",
            ),
            product(PARTS),
        )
        self._process_restarts = counter(
            "pygen_render_process_restarts_total",
            "Render processes started in place of one that was killed or ended",
            "target",
        )
        self._renders = counter("pygen_renders_total", "Renders of a template", "target", "result")
        self._render_s = Histogram(
            "pygen_render_duration_seconds", "How long a render took", buckets=PASS_BOUNDS_S, registry=registry
        )
        self._undefined = gauge("pygen_template_undefined_names", "Undefined names in the last render", "target")
        self._notes = gauge("pygen_template_notes", "Notes of the last successful render", "target")
        self._failing = gauge(
            "pygen_template_failing", "1 while the last load or render of the template failed", "target"
        )
        self._diffs = counter("pygen_diffs_total", "Differences found, by cause", "target", "cause")
        self._lines = counter("pygen_diff_lines_total", "Lines that differed", "target", "change")
        self._writes = counter("pygen_target_writes_total", "Attempts to write a target", "target", "mode", "result")
        self._containers = from_zero(
            gauge("pygen_containers", "Containers in the snapshot", "state"), product(CONTAINER_STATES)
        )
        self._shown: dict[str, int] = {}
        self._succeeded_at = gauge(
            "pygen_last_successful_reconcile_timestamp_seconds",
            "When a pass over a target last succeeded, 0 before the first time",
            "target",
        )
        self._of_targets: tuple[tuple[Counter | Gauge, tuple[tuple[str, ...], ...]], ...] = (
            (self._reconciles, (RESULTS,)),
            (self._process_restarts, ()),
            (self._renders, (RESULTS,)),
            (self._undefined, ()),
            (self._notes, ()),
            (self._failing, ()),
            (self._diffs, (CAUSES,)),
            (self._lines, (LINE_CHANGES,)),
            (self._writes, (WRITE_MODES, RESULTS)),
            (self._succeeded_at, ()),
        )
        self._configuration_is_valid: Gauge | None = None
        self._configuration_loaded_at: Gauge | None = None
        self._locked_out: Gauge | None = None
        self._waiting: Gauge | None = None
        self._ordered: frozenset[str] = frozenset()
        self._files: Gauge | None = None
        self._sets: set[str] = set()
        self._of_files: frozenset[tuple[str, str]] = frozenset()
        self._registry = registry
        for target in targets:
            self.add(target)

    def add(self, target: str) -> None:
        """A job begins: its series are there, at zero."""
        for metric, others in self._of_targets:
            from_zero(metric, product((target,), *others))

    def remove(self, target: str) -> None:
        """A job is gone, and its series with it."""
        for metric, others in self._of_targets:
            without(metric, product((target,), *others))
        if self._files is not None and target in self._sets:
            self._sets.discard(target)
            without(self._files, [(target,)])

    def configuration(self, *, is_valid: bool, loaded_epoch_s: float) -> None:
        """The configuration files were read; the series are there as soon as there are such files."""
        if self._configuration_is_valid is None or self._configuration_loaded_at is None:
            self._configuration_is_valid = Gauge(
                "pygen_config_valid",
                "1 while the configuration files can be used, 0 while the configuration before them is kept",
                registry=self._registry,
            )
            self._configuration_loaded_at = Gauge(
                "pygen_config_last_load_timestamp_seconds",
                "When configuration files that can be used were last read",
                registry=self._registry,
            )
        self._configuration_is_valid.set(float(is_valid))
        self._configuration_loaded_at.set(loaded_epoch_s)

    def locked_out(self, jobs: Mapping[tuple[str, str], bool]) -> None:
        """Show the jobs of configuration files; there is no series without such files.

        Args:
            jobs: by target and name, whether another program keeps it from beginning.
        """
        if self._locked_out is None:
            if not jobs:
                return
            self._locked_out = Gauge(
                "pygen_job_locked_out",
                "1 while a job can't begin because another program has its target",
                ("target", "name"),
                registry=self._registry,
            )
        without(self._locked_out, self._of_files - jobs.keys())
        for labels, is_locked_out in jobs.items():
            labelled(self._locked_out, *labels).set(float(is_locked_out))
        self._of_files = frozenset(jobs)

    def waiting(self, jobs: Mapping[str, bool]) -> None:
        """Show the jobs that come after others; there is no series without such jobs.

        Args:
            jobs: by target, whether it waits for those before it.
        """
        if self._waiting is None:
            self._waiting = Gauge(
                "pygen_job_waiting",
                "1 while a file is not written because the jobs before it are not in sync, or their readers not told",
                ("target",),
                registry=self._registry,
            )
        without(self._waiting, [(target,) for target in self._ordered - jobs.keys()])
        for target, is_waiting in jobs.items():
            labelled(self._waiting, target).set(float(is_waiting))
        self._ordered = frozenset(jobs)

    def publish(self, report: PassReport) -> None:
        """A pass is over.

        Raises:
            ValueError: an unknown cause, or an unknown way to write.
        """
        if report.containers is not None:
            self.containers(report.containers)
        for job in report.jobs:
            self._reconciled(job)
        if report.waiting is not None or self._ordered:
            self.waiting(report.waiting or {})

    def _reconciled(self, report: ReconcileReport) -> None:
        target, write, difference = report.job, report.write, report.difference
        if report.files is not None:
            self.keeps(target, report.files)
        if write is not None:
            self.wrote(target, write.mode, ok=write.ok)
        if difference is not None:
            self.differed(target, difference.cause, added=difference.added, removed=difference.removed)
        if report.duration_s is None:
            self.pass_failed(target)
        else:
            self.reconciled(target, ok=report.ok, duration_s=report.duration_s, at_epoch_s=report.at_epoch_s)

    def keeps(self, target: str, files: int) -> None:
        """A job with a file for each element keeps so many; there is no series without such a job."""
        if self._files is None:
            self._files = Gauge(
                "pygen_target_files",
                "Files that a job with a file for each element keeps",
                ("target",),
                registry=self._registry,
            )
        self._sets.add(target)
        labelled(self._files, target).set(files)

    def reconciled(self, target: str, *, ok: bool, duration_s: float, at_epoch_s: float) -> None:
        """A pass ended at `at_epoch_s` (seconds since the epoch) after `duration_s`."""
        labelled(self._reconciles, target, _result(ok=ok)).inc()
        self._reconcile_s.observe(duration_s)
        if ok:
            labelled(self._succeeded_at, target).set(at_epoch_s)

    def pass_failed(self, target: str) -> None:
        """A pass failed unexpectedly."""
        labelled(self._reconciles, target, _result(ok=False)).inc()

    def unexpected(self, part: str) -> None:
        """Something failed unexpectedly, in a part of the program; from any thread."""
        labelled(self._unexpected, among(part, PARTS)).inc()

    def rendered(self, report: RenderReport) -> None:
        """A render ended; after a failed one the counts of undefined names and of notes stay as they were."""
        target = report.job
        labelled(self._renders, target, _result(ok=report.ok)).inc()
        self._render_s.observe(report.duration_s)
        labelled(self._failing, target).set(float(not report.ok))
        if report.ok:
            labelled(self._undefined, target).set(report.undefined_names)
            labelled(self._notes, target).set(report.notes)

    def render_process_restarted(self, target: str) -> None:
        """A render process took the place of another."""
        labelled(self._process_restarts, target).inc()

    def differed(self, target: str, cause: str, *, added: int, removed: int) -> None:
        """The target was found to differ; lines as `count_lines` counts them.

        Raises:
            ValueError: an unknown cause.
        """
        if cause not in CAUSES:
            raise ValueError(f"{cause!r} is not a cause of a difference")
        labelled(self._diffs, target, cause).inc()
        labelled(self._lines, target, "added").inc(added)
        labelled(self._lines, target, "removed").inc(removed)

    def wrote(self, target: str, mode: str, *, ok: bool) -> None:
        """A write was tried.

        Raises:
            ValueError: an unknown mode.
        """
        if mode not in WRITE_MODES:
            raise ValueError(f"{mode!r} is not a way to write")
        labelled(self._writes, target, mode, _result(ok=ok)).inc()

    def containers(self, counts: Mapping[str, int]) -> None:
        """How many containers of each `State.Status` the snapshot holds; states that are not named have none."""
        known = dict.fromkeys(CONTAINER_STATES, 0)
        for state, count in counts.items():
            known[among(state, CONTAINER_STATES)] += count
        for state, count in known.items():
            if count != self._shown.get(state):
                labelled(self._containers, state).set(count)
        self._shown = known


def _result(*, ok: bool) -> str:
    return "success" if ok else "error"
