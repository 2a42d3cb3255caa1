"""A pytest plugin: few second tries, each named, and nothing that is skipped counts as passed.

A busy machine can make a sound test fail, and a real engine or browser can have a bad moment: pytest-rerunfailures
runs such a test once more. It has no bound for the whole run, and a suite that forgives everything hides a broken
program: where more than `SECOND_TRIES_MAX` tests needed it, the run fails.
"""

from __future__ import annotations

import socket
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from collections.abc import Iterator

SECOND_TRIES_MAX = 3


class RerunLimit:
    """Counts and names the tests that were run again. Of the controller alone, which sees every worker's reports."""

    def __init__(self) -> None:
        self._tests: dict[str, None] = {}

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        """Note a test that is about to be run again."""
        if str(report.outcome) == "rerun":
            self._tests[report.nodeid] = None

    @pytest.hookimpl(trylast=True)
    def pytest_sessionfinish(self, session: pytest.Session) -> None:
        """Fail the run where too many were."""
        if len(self._tests) > SECOND_TRIES_MAX and session.exitstatus == pytest.ExitCode.OK:
            session.exitstatus = pytest.ExitCode.TESTS_FAILED

    def pytest_terminal_summary(self, terminalreporter: pytest.TerminalReporter) -> None:
        """Name them."""
        for line in self._lines():
            terminalreporter.write_line(line)

    def _lines(self) -> Iterator[str]:
        for test in self._tests:
            yield f"needed a second try: {test}"
        if len(self._tests) > SECOND_TRIES_MAX:
            yield f"{len(self._tests)} tests needed a second try, and {SECOND_TRIES_MAX} may: the run has failed"


class NoSkips:
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
    """Declare the option."""
    parser.getgroup("strictness").addoption("--no-skips", action="store_true", help="a test that skips itself fails")


@pytest.hookimpl(trylast=True)
def pytest_configure(config: pytest.Config) -> None:
    """Register what is asked for."""
    # Each worker asks pytest-rerunfailures' server twice before a test, and would wait 40 ms for the kernel to send.
    if (counts := getattr(config, "failures_db", None)) is not None and (asking := getattr(counts, "sock", None)):
        asking.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    if config.getoption("--no-skips"):
        config.pluginmanager.register(NoSkips())
    if not hasattr(config, "workerinput"):
        config.pluginmanager.register(RerunLimit())
