"""The files that one render gives for several elements, checked: paths come from containers, which may be hostile.

What is wrong with one element is its own failure; the others' files are kept in sync.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from models.file_set import FileSet, SetFile, folder_of

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

PATH_BYTES_MAX = 4000
NAME_BYTES_MAX = 200
"""Of a file's name: what is added to that of its temporary file has to fit, too."""


class ForEach(NamedTuple):
    """One file for each element.

    Attributes:
        expression: gives the elements.
        target: the pattern of their paths; absolute.
    """

    expression: str
    target: str


class Element(NamedTuple):
    """What a render says of one element.

    Attributes:
        label: what it is called in messages: a container's name, or its place.
        key: the id of the container that it is; '' where it is none.
        path: of its file; '' where that can't be told.
    """

    label: str
    key: str
    path: str


class ElementFailed(NamedTuple):
    """An element has no content.

    Attributes:
        element: which.
        message: why.
        name: of the template in which it happened; '' where it was not in one.
        line: in it, if it has one.
    """

    element: Element
    message: str
    name: str = ""
    line: int | None = None


class Settled(NamedTuple):
    """What a render came to.

    Attributes:
        files: what is to be kept in sync.
        failed: the elements that have no file in it.
    """

    files: FileSet
    failed: tuple[ElementFailed, ...]


def settle(pattern: str, rendered: Sequence[tuple[Element, bytes]], failed: Sequence[ElementFailed]) -> Settled:
    """Say which files a render gives.

    Args:
        pattern: the target's.
        rendered: elements and their contents, with paths that anybody may have made up.
        failed: the others.
    """
    told = list(failed)
    folder = folder_of(pattern)
    by_path: dict[str, list[tuple[Element, bytes]]] = {}
    for element, content in rendered:
        if refusal := refusal_of(element.path, folder):
            told.append(ElementFailed(element._replace(path=""), refusal))
        else:
            by_path.setdefault(element.path, []).append((element, content))
    files = []
    for path, found in by_path.items():
        element, content = found[0]
        if len(found) == 1:
            files.append(SetFile(path, content, element.key))
        else:
            told += _collided([each for each, _ in found])
    files.sort(key=lambda each: each.path)
    kept = _kept(failed, told)
    return Settled(FileSet(tuple(files), *kept), tuple(told))


def refusal_of(path: str, folder: str) -> str:
    """Why a path is none for a file of a set; '' where it is one.

    Args:
        path: as rendered.
        folder: that it may not leave.
    """
    inside = folder if folder.endswith("/") else f"{folder}/"
    if not path.startswith(inside):
        return f"its path leaves {folder}"
    parts = path[len(inside) :].split("/")
    refused: Mapping[str, Callable[[], bool]] = {
        f"its path leaves {folder}": lambda: any(part in ("", ".", "..") for part in parts),
        "its path holds a character that can't be shown": lambda: not path.isprintable(),
        "its path is too long": lambda: _is_too_long(path, parts),
        "its path is that of a file that pygen keeps for itself": lambda: any(
            part.startswith(".") and part.endswith(".pygen") for part in parts
        ),
    }
    return next((why for why, is_so in refused.items() if is_so()), "")


def _is_too_long(path: str, parts: Sequence[str]) -> bool:
    return max(len(part.encode()) for part in parts) > NAME_BYTES_MAX or len(path.encode()) > PATH_BYTES_MAX


def _collided(elements: Sequence[Element]) -> list[ElementFailed]:
    """The first one names the second, and all others the first: each message has two of them."""
    return [
        ElementFailed(each, f"its path is that of {elements[0 if place else 1].label} as well: make them differ")
        for place, each in enumerate(elements)
    ]


def _kept(
    failed: Sequence[ElementFailed], told: Sequence[ElementFailed]
) -> tuple[tuple[str, ...], tuple[str, ...], bool]:
    """What has to stay of the files that are there.

    An element whose path could not even be rendered, and that is no container, may be that of any file. One whose path
    is refused has no file, so that it costs no other element's anything.
    """
    paths = sorted({each.element.path for each in told if each.element.path})
    keys = sorted({each.element.key for each in told if each.element.key})
    return tuple(paths), tuple(keys), any(not (each.element.path or each.element.key) for each in failed)
