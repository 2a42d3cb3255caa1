"""Counters, gauges and histograms as plain values with a lock, and what they are called.

They are the program's own, and not prometheus_client's, so that counting costs no import at the start (that library
brings HTTP servers and TLS along): `metrics.exposition.collector` shows them to a registry when somebody asks.

Every label set that is handed in as `known` exists at zero from the start. All methods are safe for several threads.
"""

from __future__ import annotations

import threading
from bisect import bisect_left
from dataclasses import dataclass
from itertools import accumulate
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

LabelValues = tuple[str, ...]


@dataclass(frozen=True, slots=True)
class HistogramValue:
    """What a histogram has seen.

    Attributes:
        bounds: upper bounds of the buckets in rising order, without the infinite one.
        counts: for each bound and at last for infinity, how many observations were not above it (cumulative).
        sum: of all observations, in their unit.
    """

    bounds: tuple[float, ...]
    counts: tuple[int, ...]
    sum: float


class _Labelled:
    """A name, a description, and a number for each label set."""

    def __init__(
        self, name: str, description: str, labels: Sequence[str] = (), known: Iterable[LabelValues] | None = None
    ) -> None:
        self.name = name
        self.description = description
        self.labels = tuple(labels)
        self._lock = threading.Lock()
        self._values: dict[LabelValues, float] = {}
        for label_values in known if known is not None else () if labels else ((),):
            self._values[self._checked(label_values)] = 0.0

    def samples(self) -> list[tuple[LabelValues, float]]:
        """Label values, in the order of `labels`, and the number for each label set, sorted."""
        with self._lock:
            return sorted(self._values.items())

    def value(self, *label_values: str) -> float:
        """The number for one label set; 0 for one that does not exist."""
        with self._lock:
            return self._values.get(label_values, 0.0)

    def _checked(self, label_values: LabelValues) -> LabelValues:
        if len(label_values) != len(self.labels):
            raise ValueError(f"{self.name} has the labels {self.labels}, not {len(label_values)} of them")
        return label_values


class Counter(_Labelled):
    """A number that only rises."""

    def add(self, *label_values: str, amount: float = 1.0) -> None:
        """Count.

        Raises:
            ValueError: a negative amount, or not one value for each label.
        """
        if amount < 0:
            raise ValueError(f"{self.name} cannot fall by {amount}")
        key = self._checked(label_values)
        with self._lock:
            self._values[key] = self._values.get(key, 0.0) + amount


class Gauge(_Labelled):
    """A number as it is now."""

    def set(self, *label_values: str, value: float) -> None:
        """Say what it is now.

        Raises:
            ValueError: not one value for each label.
        """
        key = self._checked(label_values)
        with self._lock:
            self._values[key] = float(value)


class Histogram:
    """How often something was how large; no labels."""

    def __init__(self, name: str, description: str, bounds: Sequence[float]) -> None:
        self.name = name
        self.description = description
        self.bounds = tuple(sorted(bounds))
        self._lock = threading.Lock()
        self._counts = [0] * (len(self.bounds) + 1)
        self._sum = 0.0

    def observe(self, value: float) -> None:
        """Take one observation, in the unit of the name."""
        at = bisect_left(self.bounds, value)
        with self._lock:
            self._counts[at] += 1
            self._sum += value

    def snapshot(self) -> HistogramValue:
        """What was seen until now, of one moment."""
        with self._lock:
            return HistogramValue(self.bounds, tuple(accumulate(self._counts)), self._sum)


Series = Counter | Gauge | Histogram
