"""The program as its users start it: a process of its own, its output in files, its metrics scraped over HTTP."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import urllib.error
import urllib.request
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar

from prometheus_client.parser import text_string_to_metric_families

from tests.support.ports import reserve_port
from tests.support.waiting import DEADLINE_S, wait_for

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

ROOT = Path(__file__).resolve().parents[2]
_OPENER = urllib.request.build_opener(urllib.request.ProxyHandler({}))

T = TypeVar("T")


class PygenProcess:
    """`python -m reconciler ARGUMENTS`, started when made.

    Attributes:
        stdout: the file with what it printed.
        stderr: the file with what it logged.
        metrics_port: the port given by `--metrics`, one of its own unless `arguments` or `metrics` say otherwise.
        process: the child itself.
    """

    def __init__(
        self,
        arguments: Sequence[str | Path],
        *,
        folder: Path,
        env: Mapping[str, str] | None = None,
        cwd: Path | None = None,
        metrics: bool = True,
        prefix: Sequence[str] = (),
        command: Sequence[str | Path] = (sys.executable, "-m", "reconciler"),
    ) -> None:
        """Start it.

        Args:
            arguments: the program's own.
            folder: where its output goes, and where it is started unless `cwd` says otherwise.
            env: further variables; nothing else but PATH, HOME, LANG and PYTHONPATH is handed on.
            cwd: where it is started.
            metrics: add `--metrics 127.0.0.1:PORT` with a port of its own; not with `--one-shot`, and not where it is
                given already.
            prefix: put before the command, such as `engine.enter`.
            command: how the program is started.
        """
        told = [str(argument) for argument in arguments]
        if metrics and not {"--metrics", "--one-shot", "record", "healthcheck", "permissions"} & set(told):
            at = told.index("--") if "--" in told else len(told)  # what follows is its child's
            told[at:at] = ["--metrics", f"127.0.0.1:{reserve_port()}"]
        self.metrics_port = _port_of(told)
        number = len(list(folder.glob("pygen-*.out")))
        self.stdout, self.stderr = folder / f"pygen-{number}.out", folder / f"pygen-{number}.err"
        with self.stdout.open("xb") as out, self.stderr.open("xb") as err:
            self.process = subprocess.Popen(
                [*prefix, *map(str, command), *told],
                stdin=subprocess.DEVNULL,
                stdout=out,
                stderr=err,
                cwd=cwd or folder,
                env=_environment(env or {}),
            )

    @property
    def pid(self) -> int:
        """The child's process id."""
        return self.process.pid

    @property
    def running(self) -> bool:
        """Whether it has not ended yet."""
        return self.process.poll() is None

    def printed(self) -> str:
        """What it printed so far."""
        return self.stdout.read_text(errors="replace")

    def log(self) -> str:
        """What it logged so far."""
        return self.stderr.read_text(errors="replace")

    def wait_for(self, probe: Callable[[], T], *, timeout_s: float = DEADLINE_S, what: str = "") -> T:
        """Poll until `probe` answers something true; fails at once, with the log, when the program ends meanwhile."""

        def ask() -> T:
            ended = not self.running
            answer = probe()
            if ended and not answer:
                raise AssertionError(
                    f"ended with {self.process.returncode} before {what or 'the awaited state'}\n{self.log()}"
                )
            return answer

        return wait_for(ask, timeout_s=timeout_s, what=lambda: f"{what}\n{self.log()[-8000:]}")

    def wait_for_log(self, text: str, *, timeout_s: float = DEADLINE_S) -> None:
        """Wait until `text` is in the log."""
        self.wait_for(lambda: text in self.log(), timeout_s=timeout_s, what=f"{text!r} in the log")

    def wait_ready(self, *, timeout_s: float = DEADLINE_S) -> None:
        """Wait until `/readyz` answers 200: a complete first snapshot is there."""
        self.wait_for(lambda: self.get("/readyz")[0] == 200, timeout_s=timeout_s, what="/readyz to answer 200")

    def wait_for_end(self, *, timeout_s: float = DEADLINE_S) -> int:
        """Wait until it ends by itself, and return its exit status (negative: the signal that ended it)."""
        wait_for(
            lambda: not self.running, timeout_s=timeout_s, what=lambda: f"the program to end\n{self.log()[-8000:]}"
        )
        return self.process.wait()

    def send(self, number: signal.Signals) -> None:
        """Send it a signal."""
        self.process.send_signal(number)

    def stop(self, *, timeout_s: float = DEADLINE_S) -> int:
        """SIGTERM; returns its exit status."""
        self.send(signal.SIGTERM)
        return self.wait_for_end(timeout_s=timeout_s)

    def kill(self) -> int:
        """SIGKILL, and wait until it is gone."""
        self.process.kill()
        return self.process.wait()

    def get(self, path: str) -> tuple[int, str]:
        """GET a path of its metrics port: (status, body); (0, '') where nothing answers."""
        address = f"http://127.0.0.1:{self.metrics_port}{path}"
        try:
            with _OPENER.open(address, timeout=30) as answer:
                return answer.status, answer.read().decode()
        except urllib.error.HTTPError as error:
            with error:
                return error.code, error.read().decode()
        except OSError:
            return 0, ""

    def metrics(self) -> dict[str, float]:
        """All its metrics now: 'name{a="1",b="2"}' (labels sorted; no braces without labels) -> value."""
        status, text = self.get("/metrics")
        if status != 200:
            raise AssertionError(f"/metrics answered {status}\n{self.log()[-8000:]}")
        return parse_metrics(text)

    def metric(self, metric_name: str, **labels: str) -> float:
        """One metric's value now; KeyError, with what there is of that name, where this label set is missing."""
        found = self.metrics()
        key = metric_key(metric_name, labels)
        if key not in found:
            raise KeyError(f"{key} is not among {sorted(name for name in found if name.startswith(metric_name))}")
        return found[key]


def parse_metrics(text: str) -> dict[str, float]:
    """The text exposition format as a mapping: see `PygenProcess.metrics`."""
    return {
        metric_key(sample.name, sample.labels): sample.value
        for family in text_string_to_metric_families(text)
        for sample in family.samples
    }


def metric_key(name: str, labels: Mapping[str, str]) -> str:
    """'name{a="1",b="2"}' with the labels sorted; the name alone without labels."""
    inside = ",".join(f'{label}="{value}"' for label, value in sorted(labels.items()))
    return f"{name}{{{inside}}}" if inside else name


def _port_of(arguments: Sequence[str]) -> int:
    if "--metrics" not in arguments:
        return 0
    return int(arguments[arguments.index("--metrics") + 1].rpartition(":")[2])


def _environment(further: Mapping[str, str]) -> dict[str, str]:
    kept = {name: os.environ[name] for name in ("PATH", "HOME", "LANG") if name in os.environ}
    return {"LANG": "C.UTF-8", **kept, "PYTHONPATH": str(ROOT), **further}
