"""Names of the hidden files beside a target: they begin with a dot and end in `.pygen`.

    .NAME.lock.pygen              the lock, empty
    .NAME.state.pygen             the notifications' state
    .NAME.HHHHHHHH.tmp.pygen      a target's next content, for milliseconds
    .NAME.HHHHHHHH.state-tmp.pygen  a state's next content, likewise

The word before `.pygen` differs, so that no file of one target can be taken for one of another target beside it.
"""

from __future__ import annotations

import os
import re

NAME_BYTES_MAX = 200
"""A file name may have 255 bytes; what is added to it has at most 27."""


def lock_path(target: str) -> str:
    """The lock's path for a target's path with its links followed."""
    return _beside(target, "lock")


def state_path(target: str) -> str:
    """The state's path beside a target."""
    return _beside(target, "state")


def state_path_in(state_dir: str, target: str) -> str:
    """The state's path in a folder of its own, derived from the target's absolute path."""
    path = os.path.abspath(target)  # noqa: PTH100 - links are not to be followed
    digest = _digest(os.fsencode(path))[:16]
    return os.path.join(state_dir, f".{_short(path)}.{digest}.state.pygen")  # noqa: PTH118 - plain strings all through


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
