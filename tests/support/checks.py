"""Lint and tests as `./dev` runs them: `python -m tests.support.checks lint|unit|test [PYTEST ARGUMENTS]`.

A busy machine can make a sound test fail, and a real engine or browser can have a bad moment. So what did not pass in
the first run, side by side, is run a second time, alone and one after the other; what passes then is named as
unsteady, and what does not has failed. The second run can only turn a failure into a pass by running that very test:
a run that collects nothing, breaks, or is killed passes nothing. A run that shows no outcome for long is ended, and
what it left open is run by the second.

The last line printed is 'N passed, N failed'; a lint tool that complains is one failure.
"""

from __future__ import annotations

import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import TYPE_CHECKING

from tests.support.outcomes import Outcomes

if TYPE_CHECKING:
    from collections.abc import Sequence

ROOT = Path(__file__).resolve().parents[2]
_BIN = Path(sys.executable).parent

_LINT = (
    (_BIN / "ruff", "format", "--check", "."),
    (_BIN / "ruff", "check", "."),
    (_BIN / "mypy",),
    (_BIN / "lint-imports",),
)
#: More than a single test may take (pytest-timeout).
_SILENCE_S = 660.0
_KILL_S = 60.0
#: More than this many, and more than one in four, is no unsteadiness.
_SECOND_TRIES = 60

_PYTEST = ("-m", "pytest", "-p", "tests.support.outcomes")
#: Not `loadgroup`, which never ends when a worker crashes.
_SIDE_BY_SIDE = ("-n", "4", "--dist", "worksteal")
_ALONE = ("-n", "0")


def main(arguments: Sequence[str]) -> int:
    """Run what the first argument names; the others are pytest's. Returns the exit status."""
    what, *further = arguments
    lint_failures = lint() if what in {"lint", "test"} else 0
    if what == "lint":
        return int(lint_failures > 0)
    strict = ["--no-skips"] if what == "test" else []
    return run_tests([*strict, *further], lint_failures)


def lint() -> int:
    """Run every tool, and return how many complained."""
    return sum(_complains([str(part) for part in command]) for command in _LINT)


def run_tests(arguments: Sequence[str], lint_failures: int) -> int:
    """Run the tests, and once more what did not pass; print the count, and return the exit status."""
    with tempfile.TemporaryDirectory(prefix="pygen-outcomes-") as folder:
        first_file, second_file = Path(folder, "first"), Path(folder, "second")
        _run([*_PYTEST, *_SIDE_BY_SIDE, f"--outcomes={first_file}", *arguments], first_file)
        first = second = Outcomes.read(first_file)
        if _worth_a_second_try(first):
            _say(f"running {len(first.open)} again, alone: {_listed(first.open)}")
            # One word each: pytest would take a path that stands alone for tests, and look there for its settings.
            second_try = [f"--unless-passed={first_file}", f"--outcomes={second_file}"]
            _run([*_PYTEST, *second_try, *arguments, *_ALONE], second_file)
            second = Outcomes.read(second_file)
    return _conclude(first, second, lint_failures)


def _conclude(first: Outcomes, second: Outcomes, lint_failures: int) -> int:
    failed = ((first.collected | second.collected) - first.passed - second.passed) | second.failed
    passed = (first.passed | second.passed) - failed
    for heading, tests in (("unsteady: the second try passed", first.open & passed), ("failed", failed)):
        if tests:
            _say(f"{heading}: {_listed(tests)}")
    if not second.finished:
        _say("pytest did not come to its end in good order")
    if lint_failures:
        _say(f"lint: {lint_failures} of {len(_LINT)} tools complained, see above")
    failures = (len(failed) or int(not passed)) + lint_failures
    _say(f"{len(passed)} passed, {failures} failed")
    return int(failures > 0)


def _worth_a_second_try(first: Outcomes) -> bool:
    """Something is open, and not so much that the machine cannot be the reason."""
    return 0 < len(first.open) <= max(_SECOND_TRIES, len(first.collected) // 4) and bool(first.collected)


def _complains(command: Sequence[str]) -> bool:
    _say(f"$ {' '.join([Path(command[0]).name, *command[1:]])}")
    return subprocess.run(command, cwd=ROOT, stdin=subprocess.DEVNULL, check=False).returncode != 0


def _run(arguments: Sequence[str], outcomes: Path) -> None:
    """Run Python with these arguments; end it when no outcome was added for long."""
    with subprocess.Popen([sys.executable, *arguments], cwd=ROOT, stdin=subprocess.DEVNULL) as process:
        try:
            _watch(process, outcomes)
        finally:
            _end(process)


def _watch(process: subprocess.Popen[bytes], outcomes: Path) -> None:
    size, grown_at_s = 0, time.monotonic()
    while time.monotonic() - grown_at_s < _SILENCE_S:
        try:
            process.wait(5)
        except subprocess.TimeoutExpired:
            now = outcomes.stat().st_size if outcomes.exists() else 0
            if now != size:
                size, grown_at_s = now, time.monotonic()
        else:
            return
    _say(f"no test has ended for {_SILENCE_S:g} s: pytest is ended")


def _end(process: subprocess.Popen[bytes]) -> None:
    if process.poll() is None:
        process.terminate()
        try:
            process.wait(_KILL_S)
        except subprocess.TimeoutExpired:
            process.kill()


def _listed(tests: frozenset[str]) -> str:
    return ", ".join(sorted(tests))


def _say(text: str) -> None:
    print(text, flush=True)  # noqa: T201  # its output is what it is for


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
