"""What the loop counts: passes, renders, differences, writes, containers."""

from __future__ import annotations

from itertools import product
from typing import TYPE_CHECKING

from metrics.known import CAUSES, CONTAINER_STATES, LINE_CHANGES, RESULTS, WRITE_MODES, among
from metrics.series import Counter, Gauge, Histogram, Series

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

PASS_BOUNDS_S = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0)


class LoopMetrics:
    """Instruments of the loop.

    Args:
        targets: every job's target as configured (`-` for standard output), the label `target`.
    """

    def __init__(self, targets: Sequence[str]) -> None:
        each = list(product(targets))
        results = list(product(targets, RESULTS))
        self._reconciles = Counter("pygen_reconcile_total", "Passes over a target", ("target", "result"), results)
        self._reconcile_s = Histogram(
            "pygen_reconcile_duration_seconds", "How long a pass over a target took", PASS_BOUNDS_S
        )
        self._renders = Counter("pygen_renders_total", "Renders of a template", ("target", "result"), results)
        self._render_s = Histogram("pygen_render_duration_seconds", "How long a render took", PASS_BOUNDS_S)
        self._process_restarts = Counter(
            "pygen_render_process_restarts_total",
            "Render processes that took the place of one that was killed or ended",
            ("target",),
            each,
        )
        self._undefined = Gauge(
            "pygen_template_undefined_names", "Unknown names that the last render met", ("target",), each
        )
        self._notes = Gauge("pygen_template_notes", "Notes that the last good render made", ("target",), each)
        self._failing = Gauge(
            "pygen_template_failing",
            "1 from a load or render of the template that failed until one that did not",
            ("target",),
            each,
        )
        self._diffs = Counter(
            "pygen_diffs_total", "Differences found, by cause", ("target", "cause"), product(targets, CAUSES)
        )
        self._lines = Counter(
            "pygen_diff_lines_total", "Lines that differed", ("target", "change"), product(targets, LINE_CHANGES)
        )
        self._writes = Counter(
            "pygen_target_writes_total",
            "Tries to write a target",
            ("target", "mode", "result"),
            product(targets, WRITE_MODES, RESULTS),
        )
        self._containers = Gauge(
            "pygen_containers", "Containers in the snapshot", ("state",), product(CONTAINER_STATES)
        )
        self._succeeded_at = Gauge(
            "pygen_last_successful_reconcile_timestamp_seconds",
            "When a pass over a target last succeeded, 0 before the first time",
            ("target",),
            each,
        )

    def reconciled(self, target: str, *, ok: bool, duration_s: float, at_epoch_s: float) -> None:
        """A pass ended at `at_epoch_s` (seconds since the epoch) after `duration_s`."""
        self._reconciles.add(target, _result(ok=ok))
        self._reconcile_s.observe(duration_s)
        if ok:
            self._succeeded_at.set(target, value=at_epoch_s)

    def rendered(self, target: str, *, ok: bool, duration_s: float, undefined_names: int = 0, notes: int = 0) -> None:
        """A render ended; after a failed one the counts of undefined names and of notes stay as they were."""
        self._renders.add(target, _result(ok=ok))
        self._render_s.observe(duration_s)
        self._failing.set(target, value=float(not ok))
        if ok:
            self._undefined.set(target, value=undefined_names)
            self._notes.set(target, value=notes)

    def render_process_restarted(self, target: str) -> None:
        """A render process took the place of another."""
        self._process_restarts.add(target)

    def differed(self, target: str, cause: str, *, added: int, removed: int) -> None:
        """The target was found to differ; lines as `count_lines` counts them.

        Raises:
            ValueError: an unknown cause.
        """
        if cause not in CAUSES:
            raise ValueError(f"{cause!r} is no cause of a difference")
        self._diffs.add(target, cause)
        self._lines.add(target, "added", amount=added)
        self._lines.add(target, "removed", amount=removed)

    def wrote(self, target: str, mode: str, *, ok: bool) -> None:
        """A write was tried.

        Raises:
            ValueError: an unknown mode.
        """
        if mode not in WRITE_MODES:
            raise ValueError(f"{mode!r} is no way to write")
        self._writes.add(target, mode, _result(ok=ok))

    def containers(self, counts: Mapping[str, int]) -> None:
        """How many containers of each `State.Status` the snapshot holds; states that are not named have none."""
        known = dict.fromkeys(CONTAINER_STATES, 0)
        for state, count in counts.items():
            known[among(state, CONTAINER_STATES)] += count
        for state, count in known.items():
            self._containers.set(state, value=count)

    def series(self) -> Iterator[Series]:
        """All of them, for an exposition."""
        yield from (self._reconciles, self._reconcile_s, self._renders, self._render_s, self._undefined, self._notes)
        yield from (
            self._process_restarts,
            self._failing,
            self._diffs,
            self._lines,
            self._writes,
            self._containers,
            self._succeeded_at,
        )


def _result(*, ok: bool) -> str:
    return "success" if ok else "error"
