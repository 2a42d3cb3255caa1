"""A storm: every container restarted as fast as the engine can, and a consumer to be told meanwhile."""

from __future__ import annotations

import json
import re
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import TYPE_CHECKING

from tests.bench.changes import settle
from tests.bench.contender import Pygen
from tests.bench.lean_http import LeanConnection
from tests.bench.template import line_of
from tests.bench.usage import share_of_a_core

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

    from tests.bench.bench_engine import BenchEngine

CONSUMER = "consumer"
INTERVAL_S = (0.5, 2.0)
#: Between the end of a batch and the begin of its delivery: a thread's start on a busy machine.
_HANDOVER_S = 0.25
_AT_ONCE = 8
_NS_PER_S = 1_000_000_000
_KILLS = "/events?filters=%7B%22type%22%3A%5B%22container%22%5D%2C%22event%22%3A%5B%22kill%22%5D%7D"


@dataclass(frozen=True, slots=True)
class Storm:
    """What a storm did.

    Attributes:
        restarts: of containers.
        duration_s: from the first restart's begin to the last one's end.
        share: of one core, over the storm.
        renders: in all.
        render_share: time spent in renders over the storm's duration; one at a time can't take more than 1.
        calls_per_restart: API calls, those of notifications apart.
        right_after_ms: from the last event to the file that is right for good.
        writes: of the file.
        signals: that reached the consumer.
        early: signals sooner than MIN after the one before, or after the first write.
        late: batches of which the consumer was told later than MAX and the slowest delivery after the first write.
    """

    restarts: int
    duration_s: float
    share: float
    renders: int
    render_share: float
    calls_per_restart: float
    right_after_ms: float
    writes: int
    signals: int
    early: int
    late: int


def measure_storm(bench_engine: BenchEngine, folder: Path, restarts: int) -> Storm:
    """Restart `restarts` of the containers, the consumer apart."""
    bench_engine.add(CONSUMER)
    bench_engine.start(CONSUMER)
    pygen = Pygen(
        bench_engine.socket_path, folder, "--signal", CONSUMER, "CONT", "--signal-via", "kill", "--interval",
        *map(str, INTERVAL_S),
    )  # fmt: skip
    try:
        pygen.process.wait_ready()
        return _measure(bench_engine, pygen, (bench_engine.names() * restarts)[:restarts])
    finally:
        pygen.close()
        bench_engine.remove(CONSUMER)


def _measure(bench_engine: BenchEngine, pygen: Pygen, names: Sequence[str]) -> Storm:
    time.sleep(sum(INTERVAL_S))  # what the first file owes is told by then
    settle(pygen)
    signals, writes = _Signals(bench_engine.socket_path), _Writes(pygen)
    before, calls, renders = pygen.usage(), pygen.calls(), pygen.renders()
    rendering_s = pygen.count("pygen_render_duration_seconds_sum")
    with ThreadPoolExecutor(_AT_ONCE) as pool:
        list(pool.map(bench_engine.restart, names))
    after = pygen.usage()
    wanted = [line_of(name) for name in names]
    time.sleep(2 * sum(INTERVAL_S))
    settle(pygen)
    signalled_ns, written = signals.close(), writes.close()
    content = pygen.target.read_bytes()
    if not all(line in content for line in wanted):
        raise RuntimeError("the file is not right after the storm")
    last_ns = bench_engine.events.latest_ns
    written_ns = [at_ns for at_ns, _ in written]
    right_ns = max((at_ns for at_ns, _ in written), default=last_ns)
    early, late = out_of_bounds(written_ns, signalled_ns, delivery_s=_slowest_delivery_s(pygen.process.metrics()))
    return Storm(
        restarts=len(names),
        duration_s=after.at_s - before.at_s,
        share=share_of_a_core(before, after),
        renders=pygen.renders() - renders,
        render_share=(pygen.count("pygen_render_duration_seconds_sum") - rendering_s) / (after.at_s - before.at_s),
        calls_per_restart=(pygen.calls() - calls) / len(names),
        right_after_ms=max(0.0, (right_ns - last_ns) / 1_000_000),
        writes=len(written),
        signals=len(signalled_ns),
        early=early,
        late=late,
    )


def _slowest_delivery_s(metrics: Mapping[str, float]) -> float:
    """What the slowest delivery took at most, an inspect and a kill by an engine that is busy: a histogram's bound."""
    prefix, found = "pygen_notification_duration_seconds_bucket{", re.compile(r'le="([^"]+)"')
    counts: dict[float, float] = {}
    for key, count in metrics.items():
        bound = found.search(key) if key.startswith(prefix) else None
        if bound is not None:
            counts[float(bound[1])] = counts.get(float(bound[1]), 0) + count
    return min((bound for bound, count in counts.items() if count == max(counts.values())), default=0.0)


def out_of_bounds(
    written_ns: Sequence[int], signalled_ns: Sequence[int], *, delivery_s: float = 0.0
) -> tuple[int, int]:
    """Count notifications outside `--interval`.

    Args:
        written_ns: when the file was written, in order.
        signalled_ns: when the consumer was told, in order.
        delivery_s: what a delivery itself may take.

    Returns:
        How many came sooner than MIN after the batch's first write, and how many batches waited longer than MAX.
    """
    minimum_ns, maximum_ns = (int(bound * _NS_PER_S) for bound in INTERVAL_S)
    early = late = 0
    told_ns = 0
    for signal_ns in signalled_ns:
        # What was written while the last delivery was under way may belong to it, or to this one.
        batch = [at_ns for at_ns in written_ns if told_ns - delivery_s * _NS_PER_S < at_ns <= signal_ns]
        early += bool(batch) and signal_ns - batch[0] < minimum_ns
        waited_ns = max((signal_ns - at_ns for at_ns in batch if at_ns > told_ns), default=0)
        late += waited_ns > maximum_ns + (delivery_s + _HANDOVER_S) * _NS_PER_S
        told_ns = signal_ns
    late += any(at_ns > told_ns for at_ns in written_ns)
    return early, late


class _Signals:
    """When the consumer was signalled, by the engine's events."""

    def __init__(self, socket_path: str) -> None:
        self._connection = LeanConnection(socket_path)
        self._lines = self._connection.lines(_KILLS)
        self._times_ns: list[int] = []
        self._thread = threading.Thread(target=self._listen, daemon=True)
        self._thread.start()

    def _listen(self) -> None:
        try:
            for line in self._lines:
                event = json.loads(line)
                if event["Actor"]["Attributes"]["name"] == CONSUMER:
                    self._times_ns.append(event["timeNano"])
        except (OSError, ValueError):
            return  # cut by close

    def close(self) -> list[int]:
        self._connection.cut()
        self._thread.join()
        self._connection.close()
        return self._times_ns


class _Writes:
    """When the file was written, and its size."""

    def __init__(self, pygen: Pygen) -> None:
        self._watch, self._target = pygen.watch, pygen.target
        self._watch.drain()
        self._found: list[tuple[int, int]] = []
        self._ended = threading.Event()
        self._thread = threading.Thread(target=self._listen, daemon=True)
        self._thread.start()

    def _listen(self) -> None:
        while not self._ended.is_set():
            at_ns = self._watch.next_write(time.monotonic() + 0.2)
            if at_ns is not None:
                self._found.append((at_ns, self._target.stat().st_size))

    def close(self) -> list[tuple[int, int]]:
        self._ended.set()
        self._thread.join()
        return self._found
