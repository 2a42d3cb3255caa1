"""The project's alerts and their scrape example as values, and how to make them quick enough for a test."""

from __future__ import annotations

import copy
import re
from typing import TYPE_CHECKING, Any

from ruamel.yaml import YAML

from tests.support.process import ROOT

if TYPE_CHECKING:
    from pathlib import Path

FOLDER = ROOT / "deploy/prometheus"
ALERTS, ALERTS_TEST, EXAMPLE = FOLDER / "alerts.yaml", FOLDER / "alerts_test.yaml", FOLDER / "prometheus.yaml"


def load(path: Path) -> Any:
    """A YAML file as plain values."""
    return YAML(typ="safe", pure=True).load(path)


def rules(document: Any) -> list[dict[str, Any]]:
    """Every rule of a rules file."""
    return [rule for group in document["groups"] for rule in group["rules"]]


def hurried(document: Any) -> Any:
    """The same rules with all their patience taken away: seconds in place of minutes."""
    quick = copy.deepcopy(document)
    for rule in rules(quick):
        rule["for"] = "1s"
        rule["expr"] = re.sub(r"\[\d+m\]", "[10s]", re.sub(r"> 120\b", "> 2", rule["expr"].strip()))
    return quick
