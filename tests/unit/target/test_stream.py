"""Streams as the target: standard output, FIFOs, devices."""

from __future__ import annotations

import os
import select
import subprocess
import sys
import threading
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from reconciler.target.file import FileTarget
from reconciler.target.outcome import Locked, Missing, Present, WriteFailed, Written
from reconciler.target.stream import StreamTarget, wait_writable
from reconciler.target.target import open_target

if TYPE_CHECKING:
    from collections.abc import Iterator

ROOT = Path(__file__).parents[3]
PRINTER = """
import sys
from reconciler.target.target import open_target
target = open_target(sys.argv[1], warn=sys.exit, limit_bytes=1 << 24)
outcomes = [target.write(text.encode()) for text in sys.argv[2:]]
sys.stderr.write(repr(outcomes))
"""


@pytest.fixture
def fifo(tmp_path: Path) -> Path:
    """A FIFO."""
    path = tmp_path / "fifo"
    os.mkfifo(path)
    return path


@pytest.fixture
def reader(fifo: Path) -> Iterator[int]:
    """A descriptor that reads the FIFO, without waiting."""
    handle = os.open(fifo, os.O_RDONLY | os.O_NONBLOCK)
    yield handle
    os.close(handle)


@pytest.mark.parametrize("path", ["-", "/dev/stdout", "/dev/fd/1", "/proc/self/fd/1"])
@pytest.mark.processes
def test_standard_output_is_printed(path: str) -> None:
    """All names of standard output print there, every content whole."""
    run = subprocess.run(
        [sys.executable, "-c", PRINTER, path, "one\n", "two\n"], cwd=ROOT, capture_output=True, check=False
    )
    assert run.stdout == b"one\ntwo\n"
    assert run.stderr.count(b"Written(mode='stream')") == 2


@pytest.mark.processes
def test_standard_output_that_is_a_file_is_appended_to(tmp_path: Path) -> None:
    """Redirected to a file by the shell, /dev/stdout is printed to, and the file is not replaced."""
    path = tmp_path / "redirected"
    with path.open("wb") as file:
        inode = path.stat().st_ino
        subprocess.run(
            [sys.executable, "-c", PRINTER, "/dev/stdout", "one\n", "two\n"],
            cwd=ROOT,
            stdout=file,
            stderr=subprocess.DEVNULL,
            check=True,
        )
    assert path.read_bytes() == b"one\ntwo\n"
    assert path.stat().st_ino == inode


@pytest.mark.processes
def test_standard_error_is_printed() -> None:
    """/dev/stderr is a stream too."""
    run = subprocess.run(
        [sys.executable, "-c", PRINTER, "/dev/stderr", "text|"], cwd=ROOT, capture_output=True, check=False
    )
    assert run.stderr.startswith(b"text|")
    assert run.stdout == b""


@pytest.mark.processes
def test_standard_output_that_nobody_reads_any_more() -> None:
    """A reader that went away is a failed write, and no end of the program."""
    reading, writing = os.pipe()
    os.close(reading)
    run = subprocess.run(
        [sys.executable, "-c", PRINTER, "-", "x"], cwd=ROOT, stdout=writing, stderr=subprocess.PIPE, check=False
    )
    os.close(writing)
    assert b"WriteFailed" in run.stderr
    assert b"reader went away" in run.stderr
    assert run.returncode == 0


def test_what_was_printed_is_what_is_read(fifo: Path, reader: int) -> None:
    """A stream is never read back: compared is what this process printed last."""
    target = StreamTarget(str(fifo))
    assert target.read() == Missing()
    assert target.write(b"one\n") == Written("stream")
    assert target.read() == Present(b"one\n")
    assert os.read(reader, 100) == b"one\n"
    assert target.read() == Present(b"one\n")
    assert target.write(b"two\n") == Written("stream")
    assert os.read(reader, 100) == b"two\n"


def test_fifo_without_a_reader_fails_and_is_tried_again(fifo: Path) -> None:
    """Nobody reading blocks nothing, counts as nothing printed, and the same target works once somebody reads."""
    target = StreamTarget(str(fifo))
    outcome = target.write(b"x")
    assert isinstance(outcome, WriteFailed)
    assert outcome.mode == "stream"
    assert "it has no reader" in outcome.reason
    assert target.read() == Missing()
    handle = os.open(fifo, os.O_RDONLY | os.O_NONBLOCK)
    try:
        assert target.write(b"x") == Written("stream")
        assert os.read(handle, 10) == b"x"
    finally:
        os.close(handle)
    assert fifo.is_fifo()


def test_content_larger_than_the_pipe_arrives_whole(fifo: Path) -> None:
    """A reader gets all of a content that no pipe could hold, and then its end."""
    content = os.urandom(1_000_000)
    received: list[bytes] = []
    thread = threading.Thread(target=lambda: received.append(fifo.read_bytes()))
    thread.start()
    target = StreamTarget(str(fifo), patience_s=60)
    while isinstance(outcome := target.write(content), WriteFailed):  # until the reader has opened it
        assert "it has no reader" in outcome.reason
    thread.join()
    assert received == [content]


def test_reader_that_does_not_read_is_given_up(fifo: Path, reader: int) -> None:
    """A stuck reader is a failed write after some patience; nothing counts as printed, for half of it was."""
    target = StreamTarget(str(fifo), patience_s=0.01)
    assert target.write(b"first") == Written("stream")
    outcome = target.write(b"x" * 1_000_000)
    assert isinstance(outcome, WriteFailed)
    assert "has read nothing for 0.01 s" in outcome.reason
    assert target.read() == Missing()


def test_stuck_before_the_first_byte_keeps_what_was_printed(fifo: Path, reader: int) -> None:
    """Where not one byte went out, the last whole content is still the last."""
    target = StreamTarget(str(fifo), ready=lambda _handle, _timeout_s: True)
    assert target.write(b"first") == Written("stream")
    target = StreamTarget(str(fifo), ready=lambda _handle, _timeout_s: False)
    assert isinstance(target.write(b"second"), WriteFailed)
    assert os.read(reader, 100) == b"first"


def test_pipe_that_somebody_else_fills_is_waited_for_again(fifo: Path, reader: int) -> None:
    """A pipe that was ready and is full at the write is polled again instead of failing."""
    polls: list[int] = []

    def ready(handle: int, timeout_s: float) -> bool:
        polls.append(handle)
        if len(polls) == 1:
            while wait_writable(handle, 0):
                os.write(handle, bytes(select.PIPE_BUF))
        else:
            os.read(reader, 1 << 20)
        return True

    assert StreamTarget(str(fifo), ready=ready).write(b"x") == Written("stream")
    assert os.read(reader, 10) == b"x"
    assert len(polls) == 2


def test_devices_are_written(tmp_path: Path) -> None:
    """A device is opened, written and left what it is."""
    target = open_target("/dev/null", warn=pytest.fail, limit_bytes=1 << 24)
    assert isinstance(target, StreamTarget)
    assert not target.is_file
    assert target.lock() == Locked()
    assert target.write(b"x") == Written("stream")
    assert Path("/dev/null").is_char_device()


def test_device_that_is_full() -> None:
    """A device's error is a failed write."""
    outcome = open_target("/dev/full", warn=pytest.fail, limit_bytes=1 << 24).write(b"x")
    assert isinstance(outcome, WriteFailed)
    assert "full" in outcome.reason


def test_stream_that_became_a_file_is_not_written(tmp_path: Path, fifo: Path, reader: int) -> None:
    """A file in a FIFO's place is somebody's, and stays whole."""
    target = open_target(str(fifo), warn=pytest.fail, limit_bytes=1 << 24)
    assert target.write(b"x") == Written("stream")
    fifo.unlink()
    fifo.write_bytes(b"somebody's")
    outcome = target.write(b"y")
    assert isinstance(outcome, WriteFailed)
    assert "is a regular file now" in outcome.reason
    assert fifo.read_bytes() == b"somebody's"


def test_stream_that_is_gone(fifo: Path) -> None:
    """A FIFO that was removed is a failed write and is not made anew as a file."""
    target = StreamTarget(str(fifo))
    fifo.unlink()
    assert isinstance(target.write(b"x"), WriteFailed)
    assert not fifo.exists()


@pytest.mark.parametrize(("path", "shown"), [("", "-"), ("-", "-"), ("/dev/stdout", "/dev/stdout")])
def test_standard_output_is_the_default(path: str, shown: str) -> None:
    """No path is standard output."""
    target = open_target(path, warn=pytest.fail, limit_bytes=1 << 24)
    assert not target.is_file
    assert target.path == shown


def test_link_to_a_fifo_is_a_stream(tmp_path: Path, fifo: Path) -> None:
    """What counts is what a path leads to."""
    (tmp_path / "link").symlink_to(fifo)
    assert not open_target(str(tmp_path / "link"), warn=pytest.fail, limit_bytes=1 << 24).is_file


def test_anything_else_is_a_file(tmp_path: Path) -> None:
    """A path that leads to nothing yet, or to a directory, is a file's."""
    for path in (tmp_path / "new", tmp_path, tmp_path / "no" / "folder"):
        target = open_target(str(path), warn=pytest.fail, limit_bytes=1 << 24)
        assert isinstance(target, FileTarget)
        assert target.is_file
