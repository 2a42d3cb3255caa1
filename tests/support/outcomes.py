"""A pytest plugin that keeps each test's outcome in a file, line by line, and can run what did not pass again.

`--outcomes FILE` appends one JSON line for each report as it comes, so that the file is right even where pytest itself
was killed. `--unless-passed FILE` runs only the tests that such a file of an earlier run does not show as passed.
Used by `checks`; see there why.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence


@dataclass(frozen=True, slots=True)
class Outcomes:
    """What one run of pytest has shown so far.

    Attributes:
        collected: ids of all tests that it was to run.
        passed: ids of those of which every phase passed, its fixtures' ends included.
        failed: ids of those of which a phase failed; a module that cannot be imported is one, too.
        finished: whether it came to its end in good order.
    """

    collected: frozenset[str]
    passed: frozenset[str]
    failed: frozenset[str]
    finished: bool

    @property
    def open(self) -> frozenset[str]:
        """Ids of the tests that did not pass: failed, or never finished."""
        return (self.collected - self.passed) | self.failed

    @staticmethod
    def read(path: Path) -> Outcomes:
        """Read what `--outcomes` wrote; a last line that was cut off is left out."""
        text = path.read_text() if path.exists() else ""
        return Outcomes.of([json.loads(line) for line in text.splitlines(keepends=True) if line.endswith("\n")])

    @staticmethod
    def of(lines: Sequence[dict[str, Any]]) -> Outcomes:
        """Make it of the file's lines, decoded."""
        failed = frozenset(line["failed"] for line in lines if "failed" in line)
        return Outcomes(
            collected=frozenset(test for line in lines for test in line.get("collected", ())),
            passed=frozenset(line["passed"] for line in lines if "passed" in line) - failed,
            failed=failed,
            finished=any("finished" in line for line in lines),
        )


class Recorder:
    """Appends what happens to a file."""

    def __init__(self, path: Path) -> None:
        self._path = path

    def pytest_xdist_node_collection_finished(self, node: Any, ids: Iterable[str]) -> None:
        """A worker has collected: each collects the same tests."""
        self._append({"collected": list(ids)})

    def pytest_collection_finish(self, session: pytest.Session) -> None:
        """Collected without workers (with them, the list is empty here)."""
        self._append({"collected": [item.nodeid for item in session.items]})

    def pytest_collectreport(self, report: pytest.CollectReport) -> None:
        """A file that cannot be collected is a failure."""
        if report.failed:
            self._append({"failed": report.nodeid})

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        """A test passed when its last phase, the end of its fixtures, passed and none before failed."""
        if report.failed:
            self._append({"failed": report.nodeid})
        elif report.when == "teardown":
            self._append({"passed": report.nodeid})

    def pytest_sessionfinish(self, exitstatus: int) -> None:
        """Came to its end; failed tests are an end in good order, an internal error is none."""
        if exitstatus in {pytest.ExitCode.OK, pytest.ExitCode.TESTS_FAILED}:
            self._append({"finished": True})

    def _append(self, line: dict[str, Any]) -> None:
        with self._path.open("a") as file:
            file.write(json.dumps(line) + "\n")


class Selector:
    """Leaves out what has passed before."""

    def __init__(self, passed: frozenset[str]) -> None:
        self._passed = passed

    @pytest.hookimpl(trylast=True)
    def pytest_collection_modifyitems(self, config: pytest.Config, items: list[pytest.Item]) -> None:
        """Deselect the passed ones."""
        done = [item for item in items if item.nodeid in self._passed]
        items[:] = [item for item in items if item.nodeid not in self._passed]
        config.hook.pytest_deselected(items=done)


class NothingIsSkipped:
    """A test that skips itself has not passed: what it needs is missing, and that is a failure with this reason."""

    @pytest.hookimpl(wrapper=True)
    def pytest_runtest_makereport(self, item: pytest.Item, call: pytest.CallInfo[None]) -> Any:
        """Turn a skip into a failure; an expected failure stays one."""
        report: pytest.TestReport = yield
        if report.skipped and not hasattr(report, "wasxfail"):
            reason = report.longrepr[2] if isinstance(report.longrepr, tuple) else report.longrepr
            report.outcome, report.longrepr = "failed", f"{item.nodeid} did not run: {reason}"
        return report


def pytest_addoption(parser: pytest.Parser) -> None:
    """Declare the options."""
    group = parser.getgroup("outcomes")
    group.addoption("--outcomes", type=Path, help="append each test's outcome to this file")
    group.addoption("--unless-passed", type=Path, help="run only what this file of outcomes does not show as passed")
    group.addoption("--no-skips", action="store_true", help="a test that skips itself fails")


def pytest_configure(config: pytest.Config) -> None:
    """Register what is asked for; with xdist's workers the recording and choosing is the controller's alone."""
    if config.getoption("--no-skips"):
        config.pluginmanager.register(NothingIsSkipped())
    if (path := config.getoption("--outcomes")) and not hasattr(config, "workerinput"):
        config.pluginmanager.register(Recorder(path))
    if path := config.getoption("--unless-passed"):
        config.pluginmanager.register(Selector(Outcomes.read(path).passed))
