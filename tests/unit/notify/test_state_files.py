"""An update of the program: state files that 1.0.0 wrote, in every state, are read and carried on."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.unit.notify.state_files import Case, carry_on, facets, start_on

CASES: list[Case] = [
    json.loads(line) for line in Path(__file__).with_name("written_by_1_0_0.jsonl").read_text("ascii").splitlines()
]
CORRUPT = [case for case in CASES if facets(case) == {("not JSON",)}]


def by_container(asked: list[list[str]]) -> dict[str, list[str]]:
    """What was asked for each container, in order; between containers there is none: they are told side by side."""
    return {each: [operation for operation, container in asked if container == each] for _, each in asked}


@pytest.mark.parametrize("looks", [False, True], ids=["first pass first", "looks at the file first"])
@pytest.mark.parametrize("case", CASES, ids=[f"case-{number}" for number in range(len(CASES))])
def test_carried_on_with_nothing_told_twice_and_nothing_lost(case: Case, looks: bool) -> None:  # noqa: FBT001
    """The engine is asked for exactly what 1.0.0 asked for, every run has loaded the last content, then it is quiet."""
    harness, loaded = start_on(case, looks=looks)
    assert by_container(carry_on(harness, case["rendered"])) == by_container(case["then"][looks])
    assert harness.pending() == 0
    running = [container.run for container in harness.engine.containers.values() if container.running]
    assert {run: loaded[run] for run in running} == dict.fromkeys(running, harness.disk)
    assert len(harness.lines.matching("cannot be read")) == (case in CORRUPT)
    harness.engine.calls.clear()
    harness.start()
    assert carry_on(harness, case["rendered"]) == []


@pytest.mark.parametrize("standing", ["new", "settled", "lost"])
@pytest.mark.parametrize("action", ["restart", "signal"])
def test_the_files_have_every_standing_before_during_and_after_a_replacement(action: str, standing: str) -> None:
    """Also those that only a kill in the middle leaves: announced and not made, made and not recorded."""
    shown = {facet for case in CASES for facet in facets(case)}
    notifications = {(facet[3], facet[4]) for facet in shown if facet[:3] == ("notification", action, standing)}
    announced = {announcement != "nothing" for announcement, _ in notifications}
    assert announced == ({True} if standing == "lost" else {True, False})
    targets = {"announced", "rogue", "missing"} | ({"ours"} if standing == "settled" else set())
    assert targets <= {target for _, target in notifications}


@pytest.mark.parametrize("action", ["restart", "signal"])
def test_the_files_have_every_kind_of_run(action: str) -> None:
    """Told or owed, a restart begun, a policy lost; and the run goes on, is paused, is over, or was replaced."""
    runs = {facet for case in CASES for facet in facets(case) if facet[0] == action}
    assert {told for _, _, told, *_ in runs} == {"", True, False}
    assert {since for _, _, _, since, *_ in runs} == {False, True}
    assert {begun for _, _, _, _, begun, *_ in runs} == ({False, True} if action == "restart" else {False})
    assert {lost for _, _, _, _, _, lost, *_ in runs} == ({False, True} if action == "signal" else {False})
    realities = {"running", "paused", "stopped", "another run", "gone"}
    stopped_by_us = {"stopped by a restart"} if action == "restart" else set()
    assert realities | stopped_by_us <= {reality for *_, reality, _ in runs}


def test_every_file_asks_something_or_nothing_for_a_reason() -> None:
    """The cases are not all of one kind: most are owed something, some are quiet."""
    asked = [bool(case["then"][0]) for case in CASES]
    assert min(asked.count(True), asked.count(False)) >= 5
