"""End what an engine's folder still owns: processes, mounts, cgroups, its network namespace, the folder itself.

Used for an engine of this process when it stops, and for those whose owner was killed before it could. An engine's
owner holds a lock on the file `owner` in the engine's folder as long as it lives; the kernel frees it whatever happens,
so nobody is ever taken for dead because of a process id that somebody else has now.
"""

from __future__ import annotations

import contextlib
import fcntl
import os
import shutil
import signal
import subprocess
from pathlib import Path
from typing import TYPE_CHECKING

from tests.support.waiting import wait_for

if TYPE_CHECKING:
    from collections.abc import Iterator

PREFIX = "pge-"
#: Short, because unix socket paths must be.
PARENT = Path("/tmp")
_PROGRAMS = frozenset(
    {
        *("dockerd", "containerd", "containerd-shim-runc-v2", "docker-proxy", "runc"),
        *("podman", "conmon"),
        "tail",  # keeps an engine's mounts
    }
)
#: Of both cgroup versions; Podman has one more for its conmon.
_CGROUPS = (
    *("*/docker/{}", "docker/{}", "system.slice/docker-{}.scope"),
    *("*/libpod_parent/libpod-{}", "libpod_parent/libpod-{}", "*/libpod_parent/libpod-conmon-{}"),
)


@contextlib.contextmanager
def everybody_else_waits() -> Iterator[None]:
    """Folders are made, and searched for dead owners, by one process at a time."""
    with (PARENT / f"{PREFIX}lock").open("w") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield


def clean_up_dead_owners() -> None:
    """Clean up every engine's folder whose owner does not live any more."""
    for owner in PARENT.glob(f"{PREFIX}*/owner"):
        with owner.open() as file, contextlib.suppress(BlockingIOError):
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
            clean_up(owner.parent)


def clean_up(folder: Path) -> None:
    """End and remove all that belongs to the engine in `folder`, and the folder."""
    containers = _container_ids(folder)
    for _ in range(3):  # a shim may start one more process while it is being ended
        pids = processes_of(folder, containers)
        if not pids:
            break
        for pid in pids:
            _kill(pid)
        wait_for(lambda pids=pids: not any(alive(pid) for pid in pids), what=f"processes {pids} to end")  # type: ignore[misc]  # mypy cannot infer a lambda's defaults
    _unmount_below(folder)
    _remove_cgroups(containers)
    if Path("/run/netns", folder.name).exists():
        subprocess.run(["ip", "netns", "delete", folder.name], check=False, stdin=subprocess.DEVNULL)
    shutil.rmtree(folder, ignore_errors=True)


def _container_ids(folder: Path) -> frozenset[str]:
    """Docker's, and Podman's."""
    places = [folder / "data" / name for name in ("containers", "overlay-containers")]
    return frozenset(path.name for place in places if place.is_dir() for path in place.iterdir() if path.is_dir())


def processes_of(folder: Path, containers: frozenset[str] = frozenset()) -> list[int]:
    """The engine, its helpers and shims (their command lines name the folder), and what runs in its containers."""
    pids = (int(entry.name) for entry in Path("/proc").iterdir() if entry.name.isdigit())
    return [pid for pid in pids if pid != os.getpid() and _belongs(pid, f"{folder}/", containers)]


def _belongs(pid: int, folder: str, containers: frozenset[str]) -> bool:
    try:
        arguments = Path(f"/proc/{pid}/cmdline").read_bytes().decode(errors="replace").split("\0")
        cgroups = Path(f"/proc/{pid}/cgroup").read_text()
    except OSError:
        return False  # it ended meanwhile
    return (Path(arguments[0]).name in _PROGRAMS and any(folder in argument for argument in arguments)) or any(
        container in cgroups for container in containers
    )


def _kill(pid: int) -> None:
    with contextlib.suppress(ProcessLookupError):
        os.kill(pid, signal.SIGKILL)
        os.kill(pid, signal.SIGCONT)


def alive(pid: int) -> bool:
    """Whether a process is there and has not ended; one that only waits to be reaped has."""
    try:
        state = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]
    except OSError:
        return False
    return state not in {"Z", "X"}


def _unmount_below(folder: Path) -> None:
    """The last mounted first; lazily, because a process that is just ending may still stand in one."""
    mounts = [line.split()[4] for line in Path("/proc/self/mountinfo").read_text().splitlines()]
    for mount in reversed(mounts):
        if mount.startswith(f"{folder}/"):
            subprocess.run(["umount", "--lazy", mount], check=False, stdin=subprocess.DEVNULL)


def _remove_cgroups(containers: frozenset[str]) -> None:
    for container in containers:
        for pattern in _CGROUPS:
            for path in Path("/sys/fs/cgroup").glob(pattern.format(container)):
                with contextlib.suppress(OSError):
                    path.rmdir()
