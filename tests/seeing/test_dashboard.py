"""The Grafana dashboard: every query is right, asks what exists, and returns data of a program at work."""

from __future__ import annotations

import math
import re
from typing import TYPE_CHECKING

import pytest

from metrics.instruments import Metrics
from tests.seeing import dashboard
from tests.seeing.busy_program import BusyProgram, busy_program, watched
from tests.support.process import ROOT
from tests.support.waiting import wait_for

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.support.monitoring import Prometheus

PANELS = dashboard.panels()
QUERIES = [(panel.title, number, query) for panel in PANELS for number, query in enumerate(panel.queries)]


@pytest.fixture(scope="module")
def at_work(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[BusyProgram, Prometheus]]:
    """A program that had things to do, and was scraped before and after."""
    folder = tmp_path_factory.mktemp("show")
    with busy_program(folder) as program, watched(program.process, folder) as server:
        for _ in range(4):
            program.run_round()
        delivered = 'pygen_notifications_total{result="success",container="proxy"}'
        wait_for(
            lambda: any(float(each["value"][1]) > 0 for each in server.query(delivered)), what="a delivery scraped"
        )
        yield program, server


@pytest.mark.parametrize(("title", "number", "query"), QUERIES, ids=[f"{title} {n}" for title, n, _ in QUERIES])
def test_every_query_returns_data(
    title: str, number: int, query: dashboard.Query, at_work: tuple[BusyProgram, Prometheus]
) -> None:
    """From the real Prometheus that scrapes the real program: at least one number."""
    program, server = at_work
    expression = query.filled(rate_interval="2m")
    assert "$" not in expression

    def numbers() -> list[float]:
        return [value for each in server.query(expression) if math.isfinite(value := float(each["value"][1]))]

    # A rate needs a second scrape after the change; changes go on until there is one.
    def data() -> bool:
        if numbers():
            return True
        program.run_round()
        return False

    wait_for(data, what=lambda: f"data for {expression}\n{server.query(expression)}", every_s=1.0)


def test_every_metric_has_its_place() -> None:
    """What is counted can be seen."""
    text = dashboard.DASHBOARD.read_text()
    families = [each.name for each in Metrics(version="1", targets=[], notifications=[]).registry.collect()]
    # Some are there only with configuration files.
    sources = "".join(path.read_text() for path in (ROOT / "metrics").glob("*.py"))
    names = {*(each for each in families if each.startswith("pygen_")), *re.findall(r'"(pygen_\w+)"', sources)}
    assert {"pygen_config_valid", "pygen_containers"} <= names
    assert sorted(name for name in names if name not in text) == []


def test_every_query_is_of_the_chosen_program() -> None:
    """Each metric of each query is asked for the chosen job and instances."""
    for title, _, query in QUERIES:
        for metric in re.findall(r"\b(?:pygen|process)_\w+(\S{0,40})", query.expression):
            assert metric.startswith('{job="$job",'), (title, query.expression)


def test_panels_neither_overlap_nor_leave_the_grid() -> None:
    """24 columns; every cell belongs to one panel at most."""
    cells = [
        (x, y)
        for panel in PANELS
        for x in range(panel.x, panel.x + panel.width)
        for y in range(panel.y, panel.y + panel.height)
    ]
    assert len(cells) == len(set(cells))
    assert max(x for x, _ in cells) == 23


def test_it_can_be_imported_anywhere() -> None:
    """No data source, no id of the Grafana that it was made in: they are chosen when it is imported."""
    document = dashboard.load()
    assert document["uid"] == "pygen"
    assert "id" not in document
    assert len({panel["id"] for panel in document["panels"]}) == len(document["panels"])
    sources = [panel["datasource"] for panel in document["panels"]]
    sources += [target["datasource"] for panel in document["panels"] for target in panel["targets"]]
    assert all(source == {"type": "prometheus", "uid": "${datasource}"} for source in sources)
    assert [each["name"] for each in document["templating"]["list"]] == ["datasource", "job", "instance"]
