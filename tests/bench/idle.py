"""Nothing happens: what the program uses then, and whether it grows."""

from __future__ import annotations

import time
from dataclasses import dataclass
from typing import TYPE_CHECKING

from tests.bench.changes import settle
from tests.bench.contender import Pygen
from tests.bench.usage import Usage, share_of_a_core

if TYPE_CHECKING:
    from pathlib import Path

    from tests.bench.bench_engine import BenchEngine


@dataclass(frozen=True, slots=True)
class Idle:
    """A program with nothing to do.

    Attributes:
        duration_s: how long.
        share: of one core.
        before: at the begin, after the first resync.
        after: at the end.
    """

    duration_s: float
    share: float
    before: Usage
    after: Usage


def measure_idle(bench_engine: BenchEngine, folder: Path, duration_s: float) -> Idle:
    """Let the program be for a while, resyncs included."""
    pygen = Pygen(bench_engine.socket_path, folder)
    try:
        pygen.process.wait_ready()
        pygen.resync()
        settle(pygen)
        before = pygen.usage()
        time.sleep(duration_s)
        after = pygen.usage()
    finally:
        pygen.close()
    return Idle(duration_s, share_of_a_core(before, after), before, after)
