"""From our own series to a prometheus_client registry. Import this file late: prometheus_client is slow to import."""

from __future__ import annotations

from typing import TYPE_CHECKING

from prometheus_client import GCCollector, PlatformCollector, ProcessCollector
from prometheus_client.metrics_core import CounterMetricFamily, GaugeMetricFamily, HistogramMetricFamily, Metric
from prometheus_client.registry import Collector

from metrics.series import Counter, Histogram, Series

if TYPE_CHECKING:
    from collections.abc import Iterable

    from prometheus_client import CollectorRegistry

    from metrics.instruments import Metrics


class SeriesCollector(Collector):
    """Shows series as they are at the moment of a scrape."""

    def __init__(self, metrics: Metrics) -> None:
        self._metrics = metrics

    def collect(self) -> Iterable[Metric]:
        """All families with all samples."""
        return [family(series) for series in self._metrics.series()]


def register(metrics: Metrics, registry: CollectorRegistry) -> CollectorRegistry:
    """Show all metrics, and those of the process and of Python, in a registry that is handed in."""
    registry.register(SeriesCollector(metrics))
    ProcessCollector(registry=registry)
    PlatformCollector(registry=registry)
    GCCollector(registry=registry)
    return registry


def family(series: Series) -> Metric:
    """One series as prometheus_client's value."""
    if isinstance(series, Histogram):
        return _histogram(series)
    kind = CounterMetricFamily if isinstance(series, Counter) else GaugeMetricFamily
    shown = kind(series.name, series.description, labels=series.labels)
    for label_values, value in series.samples():
        shown.add_metric([_encodable(each) for each in label_values], value)
    return shown


def _histogram(series: Histogram) -> HistogramMetricFamily:
    seen = series.snapshot()
    bounds = [*map(str, seen.bounds), "+Inf"]
    buckets = [(bound, float(count)) for bound, count in zip(bounds, seen.counts, strict=True)]
    return HistogramMetricFamily(series.name, series.description, buckets=buckets, sum_value=seen.sum)


def _encodable(label_value: str) -> str:
    r"""Bytes of a path or name that are no UTF-8 are shown as `\udcff`: one odd name must not cost all metrics."""
    return label_value.encode(errors="backslashreplace").decode()
