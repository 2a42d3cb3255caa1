"""What is compared: one program with many jobs, one with the command line's job alone, and docker-gen's way."""

from __future__ import annotations

import json
import subprocess
import sys
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

from tests.bench.call_count import CallCount
from tests.bench.contender import ROOT
from tests.bench.file_watch import FileWatch
from tests.bench.template import TEMPLATE, TIER
from tests.bench.usage import family, usage_of
from tests.support.process import PygenProcess
from tests.support.waiting import wait_for

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from tests.bench.jobs.told import Told

_FIRST_FILES_S = 900.0
_PROCESSES = 2
"""The program, and the process that renders."""


@dataclass(frozen=True, slots=True)
class Counts:
    """What was done, by the contender's own count; notifications by those who were told.

    Attributes:
        inspects: of containers.
        renders: of all jobs.
        writes: of all jobs' files.
        told: notifications that arrived.
    """

    inspects: int
    renders: int
    writes: int
    told: int

    def since(self, before: Counts) -> Counts:
        """What came after an earlier count."""
        return Counts(
            self.inspects - before.inspects,
            self.renders - before.renders,
            self.writes - before.writes,
            self.told - before.told,
        )


class JobsContender(Protocol):
    """A process that keeps a file true for each job.

    Attributes:
        jobs: how many.
        targets: their files.
        begun_ns: when it was started, since the epoch.
    """

    jobs: int
    targets: list[Path]
    begun_ns: int

    @property
    def pid(self) -> int:
        """The process id."""

    def counts(self) -> Counts:
        """What it did so far."""

    def close(self) -> None:
        """End it."""


def expression(job: int) -> str:
    """The filter of a job, which sees the containers of one tier."""
    return f"container.labels['{TIER}'] == 'tier-{job}'"


class PygenJobs:
    """This program.

    Args:
        socket_path: of the engine.
        folder: a new one for its files.
        jobs: how many, in one configuration file; None has the command line describe one.
        told: is notified by each job.
    """

    def __init__(self, socket_path: str, folder: Path, jobs: int | None, told: Told) -> None:
        folder.mkdir(parents=True)
        (folder / "out").mkdir()
        self.jobs = jobs or 1
        self.targets = [folder / "out" / f"file-{job}" for job in range(self.jobs)]
        self._told = told
        for job in range(self.jobs):
            (folder / f"template-{job}.j2").write_text(TEMPLATE)
        configured = self._on_the_command_line(folder) if jobs is None else self._in_a_file(folder)
        self.begun_ns = time.time_ns()
        self.process = PygenProcess([*configured, "--docker-address", f"unix://{socket_path}"], folder=folder)
        try:
            _await_files(self.targets)
            self.process.wait_ready()
        except BaseException:
            self.process.kill()
            raise

    @property
    def pid(self) -> int:
        """The process id."""
        return self.process.pid

    def counts(self) -> Counts:
        """By its metrics."""
        metrics = self.process.metrics()

        def total(name: str, label: str = "") -> int:
            return int(sum(n for key, n in metrics.items() if key.partition("{")[0] == name and label in key))

        inspects = total("pygen_docker_requests_total", 'operation="inspect"')
        return Counts(inspects, total("pygen_renders_total"), total("pygen_target_writes_total"), self._told.count)

    def close(self) -> None:
        """End it, and expect a good end."""
        status = self.process.stop()
        if status:
            raise RuntimeError(f"the program ended with {status}:\n{self.process.log()[-4000:]}")

    def _on_the_command_line(self, folder: Path) -> list[str | Path]:
        return [
            "--template", folder / "template-0.j2", "--target", self.targets[0], "--include", expression(0),
            "--interval", "0", "0", "--http", f"{self._told.address}/0",
        ]  # fmt: skip

    def _in_a_file(self, folder: Path) -> list[str | Path]:
        config = folder / "pygen.toml"
        config.write_text("".join(self._table(job) for job in range(self.jobs)))
        return ["--config", config]

    def _table(self, job: int) -> str:
        # A text of JSON is a text of TOML.
        return (
            f'[[job]]\nname = "job-{job}"\ntemplate = "template-{job}.j2"\ntarget = "out/file-{job}"\n'
            f"include = [{json.dumps(expression(job))}]\ninterval = [0, 0]\n"
            f'notify = [{{ http = "{self._told.address}/{job}" }}]\n'
        )


class NaiveJobs:
    """docker-gen's way, as a process: see `tests.bench.jobs.naive`."""

    def __init__(self, socket_path: str, folder: Path, jobs: int) -> None:
        folder.mkdir(parents=True)
        self.jobs = jobs
        self.targets = [folder / f"file-{job}" for job in range(jobs)]
        self._counts = [CallCount(folder / name) for name in ("calls", "renders", "writes")]
        self._log = (folder / "log").open("wb")
        self.begun_ns = time.time_ns()
        self._process = subprocess.Popen(
            [sys.executable, "-m", "tests.bench.jobs.naive", socket_path, str(folder), str(jobs)],
            cwd=ROOT,
            stdin=subprocess.DEVNULL,
            stderr=self._log,
        )
        try:
            _await_files(self.targets)
        except BaseException:
            self.close()
            raise

    @property
    def pid(self) -> int:
        """The process id."""
        return self._process.pid

    def counts(self) -> Counts:
        """By its own count; nearly all of its requests are inspects, and nobody is told."""
        calls, renders, writes = (each.value for each in self._counts)
        return Counts(calls, renders, writes, 0)

    def close(self) -> None:
        """Kill it; it must have lived until now."""
        ended = self._process.poll()
        self._process.kill()
        self._process.wait()
        for each in self._counts:
            each.close()
        self._log.close()
        if ended is not None:
            raise RuntimeError(f"docker-gen's way ended with {ended}, see {self._log.name}")


def first_files_ms(contender: JobsContender) -> float:
    """From the process's start to the last of its first files, by their times."""
    return (max(target.stat().st_mtime_ns for target in contender.targets) - contender.begun_ns) / 1_000_000


def resident_mib(contender: JobsContender) -> float:
    """What its processes have in memory now, together."""
    return usage_of(contender.pid).resident_mib


def await_rest(contender: JobsContender) -> None:
    """Wait until a second process for renders has ended, which a start that keeps the first busy may have needed."""
    wait_for(lambda: len(family(contender.pid)) <= _PROCESSES, every_s=1.0, what="the second render process to end")


def watch(contender: JobsContender, job: int) -> FileWatch:
    """Watch a job's file; the caller closes it."""
    return FileWatch(contender.targets[job])


def _await_files(targets: Sequence[Path]) -> None:
    wait_for(
        lambda: all(target.exists() and target.stat().st_size for target in targets),
        timeout_s=_FIRST_FILES_S,
        what="the first files",
    )
