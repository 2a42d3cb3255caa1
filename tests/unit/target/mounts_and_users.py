"""What a target meets in the real world: mounts, other users. Everything that is set up here is undone here."""

from __future__ import annotations

import contextlib
import os
import shutil
import subprocess
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

NOBODY = 65534


@contextlib.contextmanager
def mounted(*arguments: str, at: Path) -> Iterator[Path]:
    """Something mounted at a path, by mount(8)'s arguments."""
    subprocess.run(["mount", *arguments, str(at)], check=True)
    try:
        yield at
    finally:
        subprocess.run(["umount", "--lazy", str(at)], check=True)


@contextlib.contextmanager
def small_disk(folder: Path, size: str = "64k") -> Iterator[Path]:
    """A folder with a disk of its own."""
    folder.mkdir(exist_ok=True)
    with mounted("-t", "tmpfs", "-o", f"size={size}", "tmpfs", at=folder):
        yield folder


@contextlib.contextmanager
def bound(source: Path, at: Path) -> Iterator[Path]:
    """A file or folder that is mounted on another one."""
    with mounted("--bind", str(source), at=at):
        yield at


@contextlib.contextmanager
def read_only(folder: Path) -> Iterator[Path]:
    """A folder that nobody can write to, not even root."""
    with bound(folder, folder):
        subprocess.run(["mount", "-o", "remount,bind,ro", str(folder)], check=True)
        yield folder


def fill(folder: Path) -> Path:
    """Take all space that is left on a folder's disk; remove the file to give it back."""
    filler = folder / "filler"
    with filler.open("wb", buffering=0) as file, contextlib.suppress(OSError):
        while True:
            file.write(bytes(4096))
    return filler


@contextlib.contextmanager
def as_user(uid: int = NOBODY) -> Iterator[None]:
    """Another user's rights for a while, in this process."""
    groups = os.getgroups()
    os.setgroups([])
    os.setegid(uid)
    os.seteuid(uid)
    try:
        yield
    finally:
        os.seteuid(0)
        os.setegid(0)
        os.setgroups(groups)


@contextlib.contextmanager
def open_folder() -> Iterator[Path]:
    """A folder that every user can reach and write to."""
    folder = Path(tempfile.mkdtemp(dir="/tmp"))
    folder.chmod(0o777)
    try:
        yield folder
    finally:
        shutil.rmtree(folder)


def hidden(folder: Path, kind: str) -> list[str]:
    """The names of the hidden files of a kind (`lock`, `tmp`, ...) in a folder."""
    return sorted(path.name for path in folder.iterdir() if path.name.endswith(f".{kind}.pygen"))
