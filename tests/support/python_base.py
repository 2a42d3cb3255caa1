"""An image with Python, made of this machine's own Debian or Ubuntu release by debootstrap, to build images from.

The root file system takes a minute to make, so that its archive is kept in a cache folder for all workers and later
runs: `/var/cache/pygen-tests`, or XDG_CACHE_HOME's for those who are not root; PYGEN_TEST_CACHE names another.
Removing the folder is always safe: it is made again.
"""

from __future__ import annotations

import contextlib
import fcntl
import hashlib
import os
import platform
import subprocess
from pathlib import Path
from typing import TYPE_CHECKING

from tests.support.debootstrap import root_file_system

if TYPE_CHECKING:
    from collections.abc import Iterator

_PACKAGES = ("python3", "python3-venv", "ca-certificates")
#: Not needed to run Python, and half of the size.
_LEFT_OUT = (
    "./var/cache/apt/*",
    "./var/lib/apt/lists/*",
    "./usr/share/doc/*",
    "./usr/share/locale/*",
    "./usr/share/man/*",
)


def python_base_archive() -> Path:
    """The root file system's tar archive; made where it is not there yet. That takes a minute or two.

    Raises:
        RuntimeError: debootstrap failed each time, with its last words.
    """
    release = _release()
    key = hashlib.sha256(repr((release, _PACKAGES, platform.machine())).encode()).hexdigest()[:12]
    archive = cache_folder() / f"python-base-{release}-{key}.tar"
    with one_at_a_time(archive.with_suffix(".lock")):
        if not archive.exists():
            _make(release, archive)
    return archive


def cache_folder() -> Path:
    """Where things that take long to make are kept; it exists."""
    chosen = os.environ.get("PYGEN_TEST_CACHE")
    users = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache", "pygen-tests")
    folder = Path(chosen) if chosen else Path("/var/cache/pygen-tests") if os.geteuid() == 0 else users
    folder.mkdir(parents=True, exist_ok=True)
    return folder


def _make(release: str, archive: Path) -> None:
    components = "main,universe" if _os_release()["ID"] == "ubuntu" else "main"
    with root_file_system(release, _PACKAGES, beside=archive, mirror=_mirror(release), components=components) as root:
        _pack(root, archive)


def _pack(root: Path, archive: Path) -> None:
    """The archive is complete or not there."""
    half = archive.with_suffix(".half")
    left_out = [f"--exclude={pattern}" for pattern in _LEFT_OUT]
    subprocess.run(["tar", "-C", str(root), *left_out, "-cf", str(half), "."], check=True, stdin=subprocess.DEVNULL)
    half.rename(archive)


def _mirror(release: str) -> list[str]:
    """Where this machine's own packages come from; nothing, so that debootstrap decides, where that cannot be told."""
    command = ["apt-get", "indextargets", "--format", "$(CODENAME) $(COMPONENT) $(REPO_URI)", "Created-By: Packages"]
    outcome = subprocess.run(command, stdin=subprocess.DEVNULL, capture_output=True, text=True, check=False)
    rows = [line.split(" ", 2) for line in outcome.stdout.splitlines() if line.count(" ") >= 2]
    return [uri for codename, component, uri in rows if (codename, component) == (release, "main")][:1]


def _release() -> str:
    return _os_release()["VERSION_CODENAME"]


def _os_release() -> dict[str, str]:
    return platform.freedesktop_os_release()


@contextlib.contextmanager
def one_at_a_time(lock: Path) -> Iterator[None]:
    """Inside, no other process of this machine is inside with the same file, which stays.

    Whoever comes second waits, and finds made what the first one made.
    """
    with lock.open("w") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield
