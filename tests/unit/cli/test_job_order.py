"""Circles among jobs, compared with the standard library's own search."""

from __future__ import annotations

from graphlib import CycleError, TopologicalSorter
from pathlib import Path
from typing import TYPE_CHECKING

from hypothesis import given
from hypothesis import strategies as st

from notify.interval import Interval
from reconciler.cli.job_order import JobOrder
from reconciler.cli.settings import JobSettings
from reconciler.loop.order import WriteOrder

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from reconciler.loop.order import Waiting

NAMES = ("a", "b", "c", "d", "e")
GRAPHS = st.dictionaries(st.sampled_from(NAMES), st.lists(st.sampled_from(NAMES), unique=True, max_size=3))


class Ordered:
    """As much of a job as an order asks for."""

    waiting: Waiting | None = None

    def __init__(self, name: str, after: Sequence[str]) -> None:
        self.name = name
        self.after = after

    def holds_up(self, revision: int) -> str | None:
        return None

    def wait(self, waiting: Waiting) -> None:
        self.waiting = waiting


def job(name: str, after: Sequence[str]) -> JobSettings:
    """One with a target that is called like it."""
    return JobSettings(
        name=name,
        template="#",
        target=f"/out/{name}",
        after=tuple(after),
        interval=Interval(),
        signal_via="auto",
        render_time_limit_s=1.0,
        render_size_limit_bytes=1,
    )


@given(GRAPHS)
def test_a_circle_is_told_where_there_is_one(graph: Mapping[str, Sequence[str]]) -> None:
    """And nowhere else; what is left has an order, in which each job comes after those that it names."""
    jobs = [job(name, graph.get(name, ())) for name in NAMES]
    order = JobOrder([(Path("/"), each) for each in jobs], frozenset())
    try:
        tuple(TopologicalSorter(graph).static_order())
    except CycleError:
        assert order.problems
        return
    assert order.problems == []
    assert {each.target: each.after for each in order.jobs} == {
        f"/out/{name}": tuple(f"/out/{other}" for other in graph.get(name, ())) for name in NAMES
    }
    stages = list(WriteOrder({name: Ordered(name, graph.get(name, ())) for name in NAMES}).stages())
    places = {name: place for place, stage in enumerate(stages) for name in stage}
    assert places.keys() == set(NAMES)
    assert all(places[other] < places[name] for name in graph for other in graph[name])
