"""A target that others spoil, that cannot be written, or that is read without pause."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from contextlib import contextmanager
from functools import partial
from typing import TYPE_CHECKING

import pytest

from tests.faults.extent import EXTENT
from tests.faults.watched_engine import NAMES, PATIENCE_S, WatchedEngine, await_content, await_metric, lines
from tests.support.running_program import NO_RESYNC
from tests.support.waiting import wait_for
from tests.unit.target.mounts_and_users import bound, fill, hidden, read_only, small_disk

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from tests.support.running_program import ProgramStarter, RunningProgram

OPTIONS = ("--resync", "1", "--signal", "reader", "HUP", "--interval", "0")
#: More than a page, so that half of it could be seen.
WHOLE = "{% for i in range(2000) %}{{ containers.first.name }}\n{% endfor %}"


def start_settled(fake: WatchedEngine, running: RunningProgram, *names: str) -> None:
    """The file is true, and the reader told."""
    await_content(running, *names)
    fake.await_seen("reader", lines(*names))
    running.await_settled()


def spoil(target: Path, how: str) -> None:
    """What somebody else may do to it."""
    if how == "edited":
        target.write_text("something else\n")
    elif how == "truncated":
        os.truncate(target, 0)
    else:
        target.unlink()


@pytest.mark.parametrize(("how", "cause"), [("edited", "drift"), ("truncated", "drift"), ("deleted", "missing")])
def test_spoilt_by_somebody(
    fake: WatchedEngine, make_starter: Callable[[str], ProgramStarter], how: str, cause: str
) -> None:
    """Put right at the next comparison, counted with its cause, and told to who may have read it."""
    fake.add_container("reader")
    fake.run("one")
    running = make_starter(NAMES).start(*OPTIONS)
    start_settled(fake, running, "one")
    counted = running.program.metric("pygen_diffs_total", target=str(running.target), cause=cause)
    spoil(running.target, how)
    await_metric(running, "pygen_diffs_total", counted + 1, target=str(running.target), cause=cause)
    start_settled(fake, running, "one")
    assert fake.seen["reader"] == [lines("one")] * 2


def test_replaced_by_a_directory(fake: WatchedEngine, make_starter: Callable[[str], ProgramStarter]) -> None:
    """The directory is left alone and told of; the file is there again once its place is free."""
    fake.add_container("reader")
    fake.run("one")
    running = make_starter(NAMES).start(*OPTIONS)
    start_settled(fake, running, "one")
    running.target.unlink()
    running.target.mkdir()
    (running.target / "somebody's").touch()
    running.program.wait_for_log("is a directory")
    assert (running.target / "somebody's").exists()
    shutil.rmtree(running.target)
    running.program.wait_for(running.target.is_file, timeout_s=PATIENCE_S, what="the file")
    start_settled(fake, running, "one")
    running.program.wait_for_log("is in sync again")


@contextmanager
def full_disk(folder: Path) -> Iterator[None]:
    """No space is left in a folder with a disk of its own."""
    filler = fill(folder)
    yield
    filler.unlink()


@contextmanager
def no_right(folder: Path) -> Iterator[None]:
    """Nobody can write to a folder."""
    with read_only(folder):
        yield


@pytest.mark.parametrize(
    ("trouble", "reason"), [(full_disk, "the disk is full"), (no_right, "read-only")], ids=["full", "read-only"]
)
def test_it_cannot_be_written_for_a_while(
    fake: WatchedEngine, make_starter: Callable[[str], ProgramStarter], trouble: Callable[[Path], object], reason: str
) -> None:
    """The old file stays whole, the reason is told once and counted, and it is written once it can be."""
    starter = make_starter("{% for c in containers if c.labels.shown %}{{ c.name * 5000 }}\n{% endfor %}")
    with small_disk(starter.shared):
        fake.add_container("reader")
        fake.run("a")
        running = starter.start(*OPTIONS)
        start_settled(fake, running, "a" * 5000)
        with trouble(starter.shared):  # type: ignore[attr-defined]  # both are context managers
            fake.run("b")
            failed = {"target": str(running.target), "mode": "replace", "result": "error"}
            await_metric(running, "pygen_target_writes_total", 2, **failed)
            assert running.read() == lines("a" * 5000)
            running.program.wait_for_log(reason)
        start_settled(fake, running, "a" * 5000, "b" * 5000)
        assert fake.seen["reader"] == [lines("a" * 5000), lines("a" * 5000, "b" * 5000)]
        assert sum("can't be written" in line for line in running.warnings()) == 1
        assert hidden(starter.shared, "tmp") == []
        assert running.program.stop() == 0


def test_a_single_mounted_file(
    fake: WatchedEngine, make_starter: Callable[[str], ProgramStarter], tmp_path: Path
) -> None:
    """It cannot be replaced, so it is written in place: told once, counted as such, repaired like any other."""
    source = tmp_path / "source"
    source.write_text("of yesterday\n")
    starter = make_starter(NAMES)
    starter.target.touch()
    with bound(source, starter.target):
        fake.add_container("reader")
        fake.run("one")
        running = starter.start(*OPTIONS)
        start_settled(fake, running, "one")
        fake.run("two")
        start_settled(fake, running, "one", "two")
        source.write_text("something else\n")
        await_metric(running, "pygen_diffs_total", 1, target=str(running.target), cause="drift")
        start_settled(fake, running, "one", "two")
        assert source.read_text() == lines("one", "two")
        written = {"target": str(running.target), "mode": "in_place", "result": "success"}
        assert running.program.metric("pygen_target_writes_total", **written) == 3
        assert sum("in place" in line for line in running.warnings()) == 1
        assert running.program.stop() == 0


#: Reads a file without pause until its standard input ends; prints how often, and every content that is not whole.
READ_ON = """
import select, sys
path, reads, spoilt = sys.argv[1], 0, set()
while not select.select([sys.stdin], [], [], 0)[0]:
    with open(path) as file:
        text = file.read()
    found = text.splitlines()
    reads += 1
    if len(found) != 2000 or len(set(found)) != 1 or not text.endswith("\\n"):
        spoilt.add(text[:100])
print(reads, sorted(spoilt))
"""


@pytest.mark.parametrize("part", range(EXTENT.replacement_parts))
def test_a_reader_without_pause_never_sees_it_half(
    fake: WatchedEngine, make_starter: Callable[[str], ProgramStarter], part: int
) -> None:
    """However often it is replaced, every read gives one whole content."""
    name = f"v{part}-0"
    fake.run(name)
    running = make_starter(WHOLE).start(*NO_RESYNC)
    await_content(running, *[name] * 2000)
    fake.await_subscribers()
    command = [sys.executable, "-c", READ_ON, str(running.target)]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as reader:
        try:
            for number in range(1, EXTENT.replacements + 1):
                name, before = f"v{part}-{number}", name
                fake.rename(before, name)
                wait_for(partial(begins_with, running.target, name), every_s=0.001, what=running.program.log)
        finally:
            printed, _ = reader.communicate()
    reads, _, spoilt = printed.strip().partition(" ")
    assert int(reads) > 0
    assert spoilt == "[]"
    target = str(running.target)
    written = running.program.metric("pygen_target_writes_total", target=target, mode="replace", result="success")
    assert written == EXTENT.replacements + 1


def begins_with(path: Path, line: str) -> bool:
    """Whether this is the first line of a file."""
    with path.open() as file:
        return file.readline() == f"{line}\n"
