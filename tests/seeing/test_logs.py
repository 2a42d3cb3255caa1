"""The log of a running program: a line for each change, with the same facts as text and as JSON, and silence else."""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from tests.support.fake_engine import FakeEngine
    from tests.support.process import PygenProcess

    Start = Callable[..., PygenProcess]

CHANGED = "target changed"
_TEXT = re.compile(
    r"(?P<time>\S+) (?P<level>[A-Z]+) target changed target=(?P<target>\S+) cause=(?P<cause>\"[^\"]*\"|\S+)"
    r" lines_added=(?P<lines_added>\d+) lines_removed=(?P<lines_removed>\d+) duration_ms=(?P<duration_ms>[\d.]+)"
)


def _facts(process: PygenProcess) -> list[dict[str, Any]]:
    """The lines about changes, from either format, as the same values."""
    return [
        {
            "target": found["target"],
            "cause": found["cause"].strip('"'),
            "lines_added": int(found["lines_added"]),
            "lines_removed": int(found["lines_removed"]),
            "duration_ms": float(found["duration_ms"]),
        }
        for found in _lines(process)
    ]


def _lines(process: PygenProcess) -> list[dict[str, str]]:
    lines = [line for line in process.log().splitlines() if CHANGED in line]
    if lines and lines[0].startswith("{"):
        return [{name: str(value) for name, value in json.loads(line).items()} for line in lines]
    matches = [_TEXT.fullmatch(line) for line in lines]
    return [match.groupdict() for match in matches if match is not None]


@pytest.fixture(params=["text", "json"])
def start(request: pytest.FixtureRequest, pygen: Start, fake_engine: FakeEngine, tmp_path: Path) -> Start:
    """Starts the program over the fake engine in either format, its target written for the first time."""
    (tmp_path / "names.j2").write_text("{% for c in containers %}{{ c.name }}\n{% endfor %}")

    def started(*arguments: str) -> PygenProcess:
        process = pygen(
            *("--template", tmp_path / "names.j2", "--target", tmp_path / "names.conf"),
            *("--docker-address", fake_engine.address, "--log-format", request.param, "--resync", "0.3", *arguments),
        )
        process.wait_for(lambda: _lines(process), what="the first change")
        return process

    return started


def _wait_for_cause(process: PygenProcess, cause: str) -> dict[str, Any]:
    def latest() -> dict[str, Any] | None:
        return next((facts for facts in reversed(_facts(process)) if cause in facts["cause"]), None)

    found = process.wait_for(latest, what=f"a change because of {cause!r}")
    assert found is not None
    return found


def test_each_change_has_one_line_with_its_cause(start: Start, fake_engine: FakeEngine, tmp_path: Path) -> None:
    """A start, a stop, an edit of the template, drift, a file that is gone: who, how much, how long."""
    fake_engine.add_container("web-1")
    process = start()
    target = tmp_path / "names.conf"
    fake_engine.add_container("web-2")
    started = _wait_for_cause(process, "web-2 started")
    assert (started["target"], started["lines_added"], started["lines_removed"]) == (str(target), 1, 0)
    fake_engine.crash("web-1")
    stopped = _wait_for_cause(process, "web-1 stopped")
    assert (stopped["lines_added"], stopped["lines_removed"]) == (0, 1)
    (tmp_path / "names.j2").write_text("# names\n{% for c in containers %}{{ c.name }}\n{% endfor %}")
    assert _wait_for_cause(process, "template edited")["lines_added"] == 1
    target.write_text("rogue 1\nrogue 2\n")
    drift = _wait_for_cause(process, "drift")
    assert (drift["lines_added"], drift["lines_removed"]) == (2, 2)
    target.unlink()
    _wait_for_cause(process, "the file was missing")
    facts = _facts(process)
    assert [each["cause"] for each in facts[1:]] == [
        "web-2 started",
        "web-1 stopped",
        "template edited",
        "drift",
        "the file was missing",
    ]
    assert all(each["duration_ms"] > 0 for each in facts)


def test_nothing_is_said_while_nothing_changes(start: Start, fake_engine: FakeEngine) -> None:
    """Resyncs, scrapes, looks at the status page, and events that change nothing of the target."""
    fake_engine.add_container("web-1")
    process = start()
    process.wait_ready()
    lists = process.metric("pygen_docker_requests_total", operation="list", result="success")
    said = process.log()
    fake_engine.set_health("web-1", "healthy")
    fake_engine.change("web-1", "top")

    def listed() -> bool:
        process.get("/status.json")
        now = process.metric("pygen_docker_requests_total", operation="list", result="success")
        return now >= lists + 5

    process.wait_for(listed, what="five resyncs")
    assert process.log() == said


def test_the_first_line_tells_the_effective_settings(start: Start, fake_engine: FakeEngine, tmp_path: Path) -> None:
    """One line, with what was given and with what was not, before anything else."""
    process = start("--signal", "web", "HUP", "--interval", "0.2", "3")
    first = process.log().splitlines()[0]
    message = json.loads(first)["message"] if first.startswith("{") else first
    for told in (
        f"template: {tmp_path}/names.j2",
        f"target: {tmp_path}/names.conf",
        "notify: signal HUP to web",
        "interval: 0.2 3",
        "resync: 0.3",
        f"engine: {fake_engine.address}",
        f"metrics: 127.0.0.1:{process.metrics_port}",
        "signal-via: auto",
    ):
        assert told in message, told
    assert process.log().count("pygen starts: ") == 1


def test_every_line_is_whole_in_its_format(start: Start, fake_engine: FakeEngine) -> None:
    """Warnings and errors, too: JSON is one object a line, text begins with a time and a level; no traceback."""
    fake_engine.add_container("web-1")
    fake_engine.fault("kill", times=2, status=500)
    process = start("--signal", "web-1", "HUP", "--signal", "nobody", "HUP", "--interval", "0.1")
    process.wait_for_log("delivered to web-1")
    fake_engine.stop()
    process.wait_for_log("the last known state is kept")
    fake_engine.start()
    process.wait_for_log("answers again")
    assert process.stop() == 0
    lines = process.log().splitlines()
    if lines[0].startswith("{"):
        levels = {entry["level"] for entry in map(json.loads, lines) if {"time", "message"} <= entry.keys()}
        assert levels == {"info", "warning"}
        assert len(lines) == sum(line.startswith('{"time"') for line in lines)
    else:
        assert all(re.match(r"\d{4}-\d\d-\d\dT[\d:.]+Z (INFO|WARNING|ERROR) \S", line) for line in lines), lines
    assert "Traceback" not in process.log()


def test_the_log_is_on_standard_error_alone(start: Start) -> None:
    """Standard output belongs to the target."""
    process = start()
    assert process.stop() == 0
    assert process.printed() == ""
