"""What our instruments need beside prometheus_client: label sets that exist from the start, and any text as a label."""

from __future__ import annotations

from typing import TYPE_CHECKING, TypeVar

if TYPE_CHECKING:
    from collections.abc import Iterable

    from prometheus_client.metrics import MetricWrapperBase

    M = TypeVar("M", bound=MetricWrapperBase)


def labelled(metric: M, *values: str) -> M:
    r"""One label set of a metric.

    Bytes of a path or name that are no UTF-8 are shown as `\udcff`: one odd name must not cost all metrics.
    """
    return metric.labels(*(value.encode(errors="backslashreplace").decode() for value in values))


def from_zero(metric: M, known: Iterable[Iterable[str]]) -> M:
    """The metric with the label sets that are known, each at zero."""
    for values in known:
        labelled(metric, *values)
    return metric
