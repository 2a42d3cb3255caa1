"""The Grafana dashboard as values: its panels, and their queries as Grafana would send them."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any

from tests.support.process import ROOT

DASHBOARD = ROOT / "deploy/grafana/dashboard.json"


@dataclass(frozen=True)
class Query:
    """One query of a panel.

    Attributes:
        expression: PromQL, with the dashboard's variables in it.
        legend: what a series is called, with `{{label}}` in it.
    """

    expression: str
    legend: str

    def filled(self, *, rate_interval: str) -> str:
        """As it is sent for the job `pygen` and all instances."""
        given = {"$job": "pygen", "$instance": ".*", "$__rate_interval": rate_interval}
        expression = self.expression
        for name, value in given.items():
            expression = expression.replace(name, value)
        return expression


@dataclass(frozen=True)
class Panel:
    """One panel.

    Attributes:
        kind: `stat` or `timeseries`.
        title: above it.
        unit: in Grafana's words.
        queries: in their order.
        x, y, width, height: on Grafana's grid of 24 columns.
        stacked: whether series are drawn on top of each other.
        steps: colours by value, for a stat.
        texts: words for values, for a stat.
    """

    kind: str
    title: str
    unit: str
    queries: tuple[Query, ...]
    x: int
    y: int
    width: int
    height: int
    stacked: bool
    steps: tuple[tuple[float, str], ...]
    texts: dict[str, str]


def load() -> Any:
    """The dashboard as Grafana reads it."""
    return json.loads(DASHBOARD.read_text())


def panels() -> list[Panel]:
    """Its panels, in their order."""
    return [_panel(panel) for panel in load()["panels"]]


def _panel(panel: Any) -> Panel:
    place, defaults = panel["gridPos"], panel["fieldConfig"]["defaults"]
    steps = defaults.get("thresholds", {}).get("steps", [])
    texts = {
        value: option["text"] for each in defaults.get("mappings", []) for value, option in each["options"].items()
    }
    return Panel(
        kind=panel["type"],
        title=panel["title"],
        unit=defaults["unit"],
        queries=tuple(Query(target["expr"], target["legendFormat"]) for target in panel["targets"]),
        x=place["x"],
        y=place["y"],
        width=place["w"],
        height=place["h"],
        stacked=defaults.get("custom", {}).get("stacking", {}).get("mode") == "normal",
        steps=tuple((float("-inf") if step["value"] is None else step["value"], step["color"]) for step in steps),
        texts=texts,
    )
