"""Programs from another Debian suite, unpacked beside the machine's own and never installed.

Fetched once by apt, over the mirror and proxy that the machine is set up for, and kept for later runs.
"""

from __future__ import annotations

import fcntl
import re
import shutil
import subprocess
import time
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

ROOT = Path(__file__).resolve().parents[2]
_KEPT = ROOT / ".venv" / "debian"
_KEYRING = Path("/usr/share/keyrings/debian-archive-keyring.gpg")
_MIRROR = "http://deb.debian.org/debian"
_TRIES = 4


def unpacked(package: str, suite: str) -> Path:
    """The folder with a package's files as they would lie below `/`."""
    with _alone(suite):
        folder = _KEPT / suite / package
        if not folder.is_dir():
            _fetch(package, suite, folder)
        return folder


@contextmanager
def _alone(suite: str) -> Iterator[None]:
    """One test process at a time fetches; the others wait and find it done."""
    _KEPT.mkdir(parents=True, exist_ok=True)
    with (_KEPT / f"{suite}.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


def _fetch(package: str, suite: str, folder: Path) -> None:
    apt = _apt(suite)
    downloads = _KEPT / suite / f"{package}.part"
    for attempt in range(_TRIES):
        shutil.rmtree(downloads, ignore_errors=True)
        downloads.mkdir(parents=True)
        error = _run([*apt, "update"], downloads) or _run([*apt, "download", package], downloads)
        if not error:
            break
        # A network has bad moments; only after several of them it is given up.
        time.sleep(2**attempt)
    else:
        raise RuntimeError(f"{package} of Debian {suite} cannot be fetched: {error}")
    (archive,) = downloads.glob("*.deb")
    files = downloads / "files"
    subprocess.run(["dpkg-deb", "-x", archive, files], check=True, stdin=subprocess.DEVNULL)
    files.rename(folder)
    shutil.rmtree(downloads)


def _apt(suite: str) -> list[str]:
    """apt-get with lists and a cache of its own, knowing that one suite."""
    own = _KEPT / suite / "apt"
    (own / "lists" / "partial").mkdir(parents=True, exist_ok=True)
    sources = own / "sources.list"
    sources.write_text(f"deb [signed-by={_KEYRING}] {debian_mirror()} {suite} main\n")
    return [
        "apt-get", "-qq", "-o", f"Dir::Etc::SourceList={sources}", "-o", "Dir::Etc::SourceParts=/dev/null",
        "-o", f"Dir::State::Lists={own / 'lists'}", "-o", f"Dir::Cache={own}", "-o", "Acquire::Retries=3",
        "-o", "APT::Sandbox::User=root",
    ]  # fmt: skip


def debian_mirror() -> str:
    """The mirror that the machine itself uses for Debian, else the one that serves everybody."""
    for path in sorted(Path("/etc/apt").glob("sources.list*/*.sources")) + sorted(Path("/etc/apt").glob("*.list")):
        found = re.search(r"https?://\S+/debian/?(?=\s)", _without_comments(path.read_text(errors="replace")))
        if found:
            return found[0]
    return _MIRROR


def _without_comments(text: str) -> str:
    return re.sub(r"(?m)^\s*#.*$", "", text)


def _run(command: list[str], cwd: Path) -> str:
    """Empty, or what it complained of."""
    done = subprocess.run(command, cwd=cwd, capture_output=True, text=True, stdin=subprocess.DEVNULL, check=False)
    return "" if done.returncode == 0 else done.stderr.strip() or f"status {done.returncode}"
