"""Several files that one job keeps, as one content: what is compared, digested and owed as the text of one file is.

A set is written as bytes so that nothing that handles a content (debts, drift, the last render's text) needs to know
that it is one.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

ELEMENTS_MAX = 10_000
"""Files that one job may keep: each is read and compared with every change."""

_MARKS = ("{{", "{%", "{#")


class SetFile(NamedTuple):
    """One file of a set.

    Attributes:
        path: absolute.
        content: the bytes.
        element: the id of the container that it is for; '' where the element is none.
    """

    path: str
    content: bytes
    element: str = ""


class FileSet(NamedTuple):
    """What a job of several files renders.

    Attributes:
        files: sorted by path, no two of which are the same.
        kept_paths: files of elements that failed, which stay as they are.
        kept_elements: ids of containers that failed, whose files stay as they are.
        keeps_all: whether an element failed of which nothing tells which file is its: none may be removed then.
    """

    files: tuple[SetFile, ...] = ()
    kept_paths: tuple[str, ...] = ()
    kept_elements: tuple[str, ...] = ()
    keeps_all: bool = False

    def encode(self) -> bytes:
        """As bytes: equal sets give equal ones."""
        head = {
            "files": [[each.path, len(each.content), each.element] for each in self.files],
            "kept": [list(self.kept_paths), list(self.kept_elements), self.keeps_all],
        }
        return _joined(head, (each.content for each in self.files))


def decode(data: bytes) -> FileSet:
    """Read what `FileSet.encode` wrote."""
    line, _, bodies = data.partition(b"\n")
    head = json.loads(line)
    contents = _cut(bodies, (length for _, length, _ in head["files"]))
    files = [SetFile(path, each, element) for (path, _, element), each in zip(head["files"], contents, strict=True)]
    paths, elements, keeps_all = head["kept"]
    return FileSet(tuple(files), tuple(paths), tuple(elements), keeps_all)


def content_of(files: Mapping[str, bytes]) -> bytes:
    """The content of a set, as it should be or as it is: bytes by path."""
    paths = sorted(files)
    return _joined([[path, len(files[path])] for path in paths], (files[path] for path in paths))


def files_of(content: bytes) -> dict[str, bytes]:
    """Read what `content_of` wrote."""
    line, _, bodies = content.partition(b"\n")
    head = json.loads(line)
    contents = _cut(bodies, (length for _, length in head))
    return {path: each for (path, _), each in zip(head, contents, strict=True)}


def literal_prefix(pattern: str) -> str:
    """What of a target's pattern is the same for all elements: up to the first expression."""
    return pattern[: min((at for mark in _MARKS if (at := pattern.find(mark)) >= 0), default=len(pattern))]


def folder_of(pattern: str) -> str:
    """The folder that no file of the set may leave: that of the pattern's literal prefix, with no slash at its end."""
    return literal_prefix(pattern).rpartition("/")[0] or "/"


def _joined(head: object, bodies: Iterable[bytes]) -> bytes:
    return b"\n".join([json.dumps(head, separators=(",", ":")).encode("ascii"), b"".join(bodies)])


def _cut(bodies: bytes, lengths: Iterable[int]) -> Iterator[bytes]:
    at = 0
    for length in lengths:
        yield bodies[at : at + length]
        at += length
