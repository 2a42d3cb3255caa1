"""From the process's start to its first file, beside its imports and beside a bare loop of inspects."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
import time
from dataclasses import dataclass
from pathlib import Path
from statistics import median
from typing import TYPE_CHECKING

from tests.bench.contender import Pygen
from tests.bench.lean_http import LeanConnection
from tests.bench.template import TEMPLATE

if TYPE_CHECKING:
    from collections.abc import Mapping

    from tests.bench.bench_engine import BenchEngine

ROOT = Path(__file__).resolve().parents[2]
_IMPORT = re.compile(r"import time:\s+(\d+) \|\s+\d+ \| (\s*)(\S+)")


@dataclass(frozen=True, slots=True)
class Startup:
    """Medians of several starts.

    Attributes:
        containers: how many were there.
        first_file_ms: from the process's start to its first file.
        bare_loop_ms: a list and an inspect of each over one kept connection, the answers thrown away.
        resident_mib: of the program, with the first file written.
    """

    containers: int
    first_file_ms: float
    bare_loop_ms: float
    resident_mib: float


def measure_startup(
    bench_engine: BenchEngine, folder: Path, containers: int, tries: int, *, against: Mapping[str, Path]
) -> dict[str, Startup]:
    """Start the program several times, in turn with the bare loop and with other checkouts.

    Returns:
        By version: `pygen`, and those of `against`.
    """
    bench_engine.grow(containers)
    roots = {"pygen": ROOT, **against}
    bare: list[float] = []
    starts: dict[str, list[tuple[float, float]]] = {name: [] for name in roots}
    for number in range(tries):
        bare.append(bare_loop_ms(bench_engine.socket_path))
        for name, root in roots.items():
            starts[name].append(_first_file(bench_engine, folder / f"{name}-{number}", root))
    return {
        name: Startup(containers, median(ms for ms, _ in found), median(bare), median(mib for _, mib in found))
        for name, found in starts.items()
    }


def _first_file(bench_engine: BenchEngine, folder: Path, root: Path) -> tuple[float, float]:
    begun_ns = time.time_ns()
    pygen = Pygen(bench_engine.socket_path, folder, root=root)
    try:
        written_ns = pygen.watch.wait(bool, timeout_s=bench_engine.patience_s + 60)
        if written_ns is None:
            raise RuntimeError(f"no first file:\n{pygen.process.log()[-4000:]}")
        pygen.process.wait_ready()
        return (written_ns - begun_ns) / 1_000_000, pygen.usage().resident_mib
    finally:
        pygen.close()


def bare_loop_ms(socket_path: str) -> float:
    """List, and inspect one container after the other."""
    connection = LeanConnection(socket_path)
    begun_s = time.perf_counter()
    for entry in json.loads(connection.get("/containers/json?all=1")):
        connection.get(f"/containers/{entry['Id']}/json")
    taken_ms = (time.perf_counter() - begun_s) * 1000
    connection.close()
    return taken_ms


def imports_ms(bench_engine: BenchEngine, folder: Path, tries: int) -> float:
    """All imports of a run to its first file, by `python -X importtime`: the median; Python's own `site` apart."""
    folder.mkdir(parents=True)
    template = folder / "template.j2"
    template.write_text(TEMPLATE)
    command = [sys.executable, "-X", "importtime", "-m", "reconciler", "--one-shot", "--template", str(template)]
    command += ["--target", str(folder / "file"), "--docker-address", f"unix://{bench_engine.socket_path}"]
    return median(_imports_of(command) for _ in range(tries))


def _imports_of(command: list[str]) -> float:
    environment = {"PATH": os.environ["PATH"], "LANG": "C.UTF-8"}
    done = subprocess.run(
        command, cwd=ROOT, env=environment, stdin=subprocess.DEVNULL, capture_output=True, text=True, check=True
    )
    found = _IMPORT.findall(done.stderr)
    site = next(index for index, (_, _, name) in enumerate(found) if name == "site")
    return sum(int(self_us) for self_us, _, _ in found[site + 1 :]) / 1000
