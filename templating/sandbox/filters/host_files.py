"""Where the host has a file that a container names, and as whom the host may touch it.

What works on these files runs as root on the host, so that a container must not lead it out of what it has mounted: by
`..`, by a pattern that means `..`, or by a link. A link as the last part of a path is not followed by logrotate; one
in the middle is, and a container can make one anywhere in its own folder. So a file counts only directly in the mounted
folder, unless it is handled as the folder's owner, who can reach nothing that is not his anyway.
"""

from __future__ import annotations

import re
from fnmatch import fnmatchcase
from typing import TYPE_CHECKING, Any

from models.container import Container
from models.frozen import frozen
from models.record import Record
from templating.errors import TemplateUsageError
from templating.sandbox.filters.names import text_of

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

    from jinja2.sandbox import SandboxedEnvironment

    from models.mounts import Mount

_LENGTH_MAX = 1024
_PART_LENGTH_MAX = 255  # NAME_MAX
_UNSAFE = re.compile(r"[\"'\\{}\x00-\x1f\x7f-\x9f\u2028\u2029\ud800-\udfff]")
_PATTERN = re.compile(r"[*?\[\]]")
# Brackets that are whole, and without anything that two programs could read in two ways (a class, a range of ranges).
_WHOLE = re.compile(r"(?:[^\[\]]|\[!?[A-Za-z0-9_.,-]+\])*")

_NO_PATH = "names no file that could be meant"
_NO_MOUNT = "names a file under no mount"
_READ_ONLY = "names a file in a read-only mount"
_ODD_SOURCE = "names a file in a mount whose place on the host cannot be written"


@frozen
class HostFile(Record):
    """A file of the host that a container means.

    Attributes:
        path: where it is, patterns as they were written.
        folder: the folder that is mounted, or that holds the file which is mounted alone.
        is_deep: whether it is further down than directly in that folder.
    """

    path: str
    folder: str
    is_deep: bool


@frozen
class HostFiles(Record):
    """The files of the host that one path of a container means.

    Attributes:
        files: one in the deepest folder mounted over it, and each that is mounted alone.
        problem: why there is none, as the end of a sentence that begins with where the path was written.
    """

    files: tuple[HostFile, ...]
    problem: str


def host_files_of(container: Container, path: str) -> HostFiles:
    """Find a container's file on the host.

    Args:
        container: whose mounts are looked at.
        path: absolute; `*`, `?` and `[...]` may stand in any part that does not begin with a dot.
    """
    parts = _parts(path)
    if parts is None:
        return HostFiles((), _NO_PATH)
    over = _mounts_over(container.mounts, parts)
    if not over:
        return HostFiles((), _NO_MOUNT)
    read_only = _read_only(container)
    writable = [mount for mount in over if mount.destination not in read_only]
    if not writable:
        return HostFiles((), _READ_ONLY)
    files = tuple(_on_host(mount, parts) for mount in writable if _is_plain(mount.source))
    return HostFiles(files, "" if files else _ODD_SOURCE)


def _parts(path: str) -> list[str] | None:
    """The names that a path is made of; None where it is none, or may lead elsewhere."""
    if not path.startswith("/") or len(path) > _LENGTH_MAX or _UNSAFE.search(path) or not path.isprintable():
        return None
    parts = [part for part in path.split("/") if part]
    is_safe = all(
        part not in {".", ".."}
        and len(part) <= _PART_LENGTH_MAX
        and _WHOLE.fullmatch(part)
        and not (part.startswith(".") and _PATTERN.search(part))
        for part in parts
    )
    return parts if parts and is_safe and not path.endswith("/") else None


def _mounts_over(mounts: Iterable[Mount], parts: Sequence[str]) -> list[Mount]:
    """The deepest folder mounted over a path, and the files mounted alone that it means."""
    placed = [(_split(mount.destination), mount) for mount in mounts]
    folders = [(len(place), mount) for place, mount in placed if place == list(parts[: len(place)])]
    deepest = [mount for depth, mount in folders if depth < len(parts) and depth == _deepest(folders, len(parts))][:1]
    alone = [mount for place, mount in placed if len(place) == len(parts) and _means(parts, place)]
    # A file of just that name is mounted: what the folder below it has under this name nobody sees.
    exact = any(_split(mount.destination) == list(parts) for mount in alone)
    return alone if exact else deepest + alone


def _deepest(folders: Iterable[tuple[int, Mount]], below: int) -> int:
    return max((depth for depth, _ in folders if depth < below), default=-1)


def _means(parts: Sequence[str], place: Sequence[str]) -> bool:
    """Whether a path with patterns means a place, as a shell has it: no pattern means a leading dot."""
    return all(
        fnmatchcase(name, part) and (part.startswith(".") or not name.startswith("."))
        for part, name in zip(parts, place, strict=True)
    )


def _on_host(mount: Mount, parts: Sequence[str]) -> HostFile:
    source, below = _split(mount.source), parts[len(_split(mount.destination)) :]
    folder = source if below else source[:-1]
    return HostFile("/" + "/".join([*source, *below]), "/" + "/".join(folder), len(below) > 1)


def _split(path: str) -> list[str]:
    return [part for part in path.split("/") if part]


def _is_plain(source: str) -> bool:
    """Whether a place on the host can be written as it is: no pattern, no quote, no way up."""
    parts = _parts(source)
    return parts is not None and not _PATTERN.search(source)


def _read_only(container: Container) -> frozenset[str]:
    """The destinations that the engine calls read-only; where it does not say, they are not."""
    if all(mount.writable for mount in container.mounts):
        return frozenset()
    entries = container.raw.attrs.get("Mounts", ())
    return frozenset(entry.get("Destination", "") for entry in entries if entry.get("RW") is False)


def filters(_environment: SandboxedEnvironment) -> dict[str, Callable[..., Any]]:
    """The filters of this file by name."""

    def host_files(value: Any, path: Any) -> HostFiles:
        if not isinstance(value, Container):
            raise TemplateUsageError("host_files takes a container")
        return host_files_of(value, text_of(path, "host_files"))

    return {"host_files": host_files}
