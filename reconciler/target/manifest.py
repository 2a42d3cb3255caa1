"""Which files a job with a file for each element has written, on the disk, so that it removes no others.

A file is recorded before it is written, with the digest of what it is to hold beside that of what it held: so a process
that is killed in between knows it as its own whichever of the two it holds.
"""

from __future__ import annotations

import hashlib
import json
from typing import TYPE_CHECKING, Any, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

VERSION = 1


class ManifestError(Exception):
    """The bytes are no manifest of this version. The message says what is wrong."""


class Kept(NamedTuple):
    """One file.

    Attributes:
        digests: of what it may hold, as this job wrote it: two while it is being replaced, none where this job found
            it as it should be and never wrote it.
        element: the id of the container that it is for; '' where that is none.
        is_left: its element is gone and somebody else changed it: it stays.
    """

    digests: tuple[str, ...]
    element: str = ""
    is_left: bool = False


class Manifest:
    """The files of one job.

    Args:
        files: by path.

    Attributes:
        files: likewise.
    """

    def __init__(self, files: Mapping[str, Kept] | None = None) -> None:
        self.files: dict[str, Kept] = dict(files or {})

    def announce(self, digests: Mapping[str, str], found: Iterable[str], elements: Mapping[str, str]) -> Manifest:
        """What it is while files are being written: what they are to hold counts beside what they held.

        Args:
            digests: of the contents to come, by path.
            found: files that hold what they should, and that were not known, or left behind.
            elements: the containers' ids, by path.
        """
        files = {path: each._replace(element=elements.get(path, each.element)) for path, each in self.files.items()}
        for path in (*digests, *found):
            before = files[path].digests if path in files else ()
            now = dict.fromkeys((*before, digests[path]) if path in digests else before)
            files[path] = Kept(tuple(now), elements.get(path, ""))
        return Manifest(files)

    def may_remove(self, path: str, digest: str) -> bool:
        """Whether what a path holds is what this job wrote there, and nobody changed it.

        Args:
            path: whose element is gone.
            digest: of what it holds now.
        """
        kept = self.files.get(path)
        return kept is not None and digest in kept.digests

    def encode(self) -> bytes:
        """As ASCII JSON with a newline: equal manifests give equal bytes."""
        files = {
            path: {"digests": list(each.digests), "element": each.element, "left": each.is_left}
            for path, each in self.files.items()
        }
        return json.dumps({"version": VERSION, "files": files}, sort_keys=True).encode("ascii") + b"\n"


def decode(data: bytes) -> Manifest:
    """Read a manifest.

    Raises:
        ManifestError: it is none of ours.
    """
    try:
        found = json.loads(data)
    except (ValueError, RecursionError):
        raise ManifestError("it is not JSON") from None
    if not isinstance(found, dict) or found.get("version") != VERSION or not isinstance(found.get("files"), dict):
        raise ManifestError("its version is not known")
    return Manifest({path: _kept(each) for path, each in found["files"].items()})


def digest_of(content: bytes) -> str:
    """The digest by which a file is known again."""
    return hashlib.sha256(content).hexdigest()


def _kept(found: Any) -> Kept:
    match found:
        case {"digests": list(digests), "element": str(element), "left": bool(is_left)} if _are_texts(digests):
            return Kept(tuple(digests), element, is_left)
        case _:
            raise ManifestError("a file's entry is damaged")


def _are_texts(found: Iterable[object]) -> bool:
    return all(isinstance(each, str) for each in found)
