"""Which container do we run in? Guesses from what the kernel shows, the most likely first, for the engine to confirm.

Where the id can be found:

- cgroup: `/docker/ID`, `/system.slice/docker-ID.scope`, `/libpod-ID.scope`, `/libpod_parent/libpod-ID`, and nested
  ones, of which the last is ours. On cgroup v2 the file is mostly just `0::/`.
- mountinfo: the engine mounts `/etc/hostname`, `/etc/hosts` and `/etc/resolv.conf` from a folder named by the id
  (Docker `.../containers/ID/hostname`, Podman `.../overlay-containers/ID/userdata/hostname`). A container that shares
  another's network shows the other's id there; Podman's `/run/.containerenv` is always its own.
- the host name: the id's first 12 digits, unless another one is configured.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

_ID = re.compile(r"(?<![0-9a-f])[0-9a-f]{64}(?![0-9a-f])", re.ASCII)
_SHORT_ID = re.compile(r"[0-9a-f]{12}(?:[0-9a-f]{52})?", re.ASCII)
_OWN_FILES = ("/run/.containerenv", "/etc/hostname", "/etc/hosts", "/etc/resolv.conf")  # the most reliable first
_ROOT_FIELD, _MOUNT_POINT_FIELD = 3, 4  # of a line of mountinfo, counted from 0: see proc(5)


def candidates(mountinfo: str, cgroup: str, hostname: str) -> list[str]:
    """Guess our own container's id.

    Args:
        mountinfo: what `/proc/self/mountinfo` says, '' where it can't be read.
        cgroup: what `/proc/self/cgroup` says, '' where it can't be read.
        hostname: our host name.

    Returns:
        Ids of 64 hexadecimal digits, or of 12 from the host name, each once, the most likely first. Any of them may
        be wrong; the engine knows.
    """
    found = [*_of_cgroup(cgroup), *_of_mountinfo(mountinfo)]
    if _SHORT_ID.fullmatch(hostname) and not any(each.startswith(hostname) for each in found):
        found.append(hostname)
    return list(dict.fromkeys(found))


def _of_mountinfo(mountinfo: str) -> Iterator[str]:
    """Ids in the roots of the files that an engine mounts into every container.

    Other mounts don't count: a volume that holds Docker's own folders shows other containers' ids.
    """
    roots = {}
    for line in mountinfo.splitlines():
        fields = line.split(" ")
        if len(fields) > _MOUNT_POINT_FIELD:
            roots[fields[_MOUNT_POINT_FIELD]] = fields[_ROOT_FIELD]
    for path in _OWN_FILES:
        yield from reversed(_ID.findall(roots.get(path, "")))


def _of_cgroup(cgroup: str) -> Iterator[str]:
    """Ids in cgroup paths, the innermost of each path first."""
    for line in cgroup.splitlines():
        yield from reversed(_ID.findall(line))
