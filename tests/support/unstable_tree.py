"""Debian unstable's Docker engine, as a root file system that is never booted: only its `/usr` is used.

It takes a minute to make, so it is kept in the cache folder for all workers and later runs. Unstable moves, so each
week has a tree of its own; those of other weeks are removed once no process uses them.
"""

from __future__ import annotations

import fcntl
import functools
import hashlib
import platform
import shutil
import time
from contextlib import suppress
from typing import IO, TYPE_CHECKING

from tests.support.debian_packages import debian_mirror
from tests.support.debootstrap import root_file_system
from tests.support.python_base import cache_folder, one_at_a_time

if TYPE_CHECKING:
    from pathlib import Path

_RELEASE = "sid"
_PACKAGES = ("docker.io", "iptables", "iproute2", "ca-certificates")
_PREFIX = "engine-unstable-"
#: Large, and of no use to an engine.
_LEFT_OUT = ("var/cache/apt", "var/lib/apt/lists", "usr/share/doc", "usr/share/locale", "usr/share/man")
#: Held as long as this process lives.
_used: list[IO[str]] = []


@functools.cache
def unstable_tree() -> Path:
    """The tree's folder, made where it is not there yet; it stays as long as this process lives.

    Raises:
        RuntimeError: debootstrap failed each time, with its last words.
    """
    cache = cache_folder()
    key = hashlib.sha256(repr((_RELEASE, _PACKAGES, _LEFT_OUT, platform.machine())).encode()).hexdigest()[:12]
    tree = cache / f"{_PREFIX}{time.strftime('%Gw%V')}-{key}"
    with one_at_a_time(cache / f"{_PREFIX}lock"):
        remove_unused(cache, but=tree)
        _used.append(_users(tree))
        fcntl.flock(_used[-1], fcntl.LOCK_SH)
        if not tree.is_dir():
            _make(tree)
    return tree


def remove_unused(cache: Path, *, but: Path) -> None:
    """Remove each tree that no process uses."""
    for tree in cache.glob(f"{_PREFIX}*/"):
        if tree != but:
            with _users(tree) as users, suppress(BlockingIOError):
                fcntl.flock(users, fcntl.LOCK_EX | fcntl.LOCK_NB)
                shutil.rmtree(tree)
                _users_file(tree).unlink()


def _make(tree: Path) -> None:
    with root_file_system(_RELEASE, _PACKAGES, beside=tree, mirror=[debian_mirror()]) as root:
        for path in _LEFT_OUT:
            shutil.rmtree(root / path)
        root.rename(tree)


def _users(tree: Path) -> IO[str]:
    return _users_file(tree).open("a")


def _users_file(tree: Path) -> Path:
    return tree.with_name(f"{tree.name}.users")
