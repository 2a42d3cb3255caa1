"""Names of the hidden files beside a target: they begin with a dot and end in `.pygen`.

    .NAME.lock.pygen              the lock, empty
    .NAME.state.pygen             the notifications' state
    .NAME.files.pygen             which files a job with a file for each element has written
    .NAME.HHHHHHHH.tmp.pygen      a target's next content, for milliseconds
    .NAME.HHHHHHHH.state-tmp.pygen  a state's next content, likewise

A job with a file for each element has one NAME for all: `for_each-` and a digest of its pattern.

The word before `.pygen` differs, so that no file of one target can be taken for one of another target beside it.
"""

from __future__ import annotations

import os
import re
from typing import TYPE_CHECKING

from models.file_set import folder_of

if TYPE_CHECKING:
    from collections.abc import Iterable

_TEMPORARY = re.compile(r"\.(.+)\.[0-9a-f]{8}\.tmp\.pygen")
NAME_BYTES_MAX = 200
"""A file name may have 255 bytes; what is added to it has at most 27."""


def lock_path(target: str) -> str:
    """The lock's path for a target's path with its links followed."""
    return _beside(target, "lock")


def state_path(target: str) -> str:
    """The state's path beside a target."""
    return _beside(target, "state")


def manifest_path(target: str) -> str:
    """The path of the list of files beside a set."""
    return _beside(target, "files")


def set_path(pattern: str) -> str:
    """What stands for a set of files in the names of what is beside it, in the folder that no file of it leaves."""
    return os.path.join(folder_of(pattern), f"for_each-{_digest(os.fsencode(pattern))[:16]}")  # noqa: PTH118


def state_path_in(state_dir: str, target: str, kind: str = "state") -> str:
    """The path of a state, or of another `kind`, in a folder of its own, derived from the target's absolute path."""
    path = os.path.abspath(target)  # noqa: PTH100 - links are not to be followed
    digest = _digest(os.fsencode(path))[:16]
    return os.path.join(state_dir, f".{_short(path)}.{digest}.{kind}.pygen")  # noqa: PTH118 - plain strings all through


def temporary_path(path: str, kind: str = "tmp") -> str:
    """A new name for the next content of `path`, in its own folder. `kind` is `tmp` or `state-tmp`."""
    return _beside(path, f"{os.urandom(4).hex()}.{kind}")


def leftovers(path: str, kind: str = "tmp") -> list[str]:
    """Temporary files for `path` that a killed predecessor left, absolute, sorted.

    Raises:
        OSError: the folder cannot be read.
    """
    folder = os.path.dirname(path)  # noqa: PTH120
    pattern = re.compile(re.escape(f".{_short(path)}.") + r"[0-9a-f]{8}\." + re.escape(kind) + r"\.pygen")
    return sorted(os.path.join(folder, name) for name in os.listdir(folder) if pattern.fullmatch(name))  # noqa: PTH118, PTH208


def leftovers_of(paths: Iterable[str]) -> list[str]:
    """The same for many files at once; a folder that can't be read has none."""
    by_folder: dict[str, set[str]] = {}
    for path in paths:
        by_folder.setdefault(os.path.dirname(path), set()).add(_short(path))  # noqa: PTH120
    found = []
    for folder, names in by_folder.items():
        try:
            listed = os.listdir(folder)  # noqa: PTH208
        except OSError:
            continue
        matches = (_TEMPORARY.fullmatch(name) for name in listed)
        found += [os.path.join(folder, match[0]) for match in matches if match and match[1] in names]  # noqa: PTH118
    return sorted(found)


def _beside(path: str, ending: str) -> str:
    folder = os.path.dirname(path)  # noqa: PTH120
    return os.path.join(folder, f".{_short(path)}.{ending}.pygen")  # noqa: PTH118


def _short(path: str) -> str:
    """The file's own name, or a digest of it where nothing could be added to it any more."""
    name = os.path.basename(path)  # noqa: PTH119
    raw = os.fsencode(name)
    return name if len(raw) <= NAME_BYTES_MAX else _digest(raw)[:32]


def _digest(raw: bytes) -> str:
    import hashlib  # loads OpenSSL, which most starts do not need here

    return hashlib.sha256(raw).hexdigest()
