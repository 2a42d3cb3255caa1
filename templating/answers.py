"""What the render process says, checked: it may say anything once a template has found a way out of the sandbox.

Named tuples, because every start makes these classes, and a dataclass takes a millisecond to make.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

from models.file_set import ELEMENTS_MAX
from templating.elements import Element, ElementFailed
from templating.reads import Reads
from templating.wire import BadFrame

if TYPE_CHECKING:
    from collections.abc import Mapping

    from templating.watching import Fact
    from templating.wire import Frame

_TEXT_MAX = 64 * 1024
_MANY = 100_000
_LINE_MAX = 1 << 31


class Ready(NamedTuple):
    """It is confined; `missing` is what the kernel did not give."""

    missing: tuple[str, ...]


class Begun(NamedTuple):
    """A render has begun."""


class Ask(NamedTuple):
    """It needs the text of a template."""

    name: str


class Looked(NamedTuple):
    """A template looked at a file or folder."""

    fact: Fact


class Changed(NamedTuple):
    """Whether something that a template looked at is different."""

    changed: bool


class Failed(NamedTuple):
    """A template does not compile or render.

    Attributes:
        message: why.
        name: of the template.
        line: in it.
        is_spent: whether the process asks to be replaced.
    """

    message: str
    name: str
    line: int | None
    is_spent: bool


class Untouched(NamedTuple):
    """Which templates a state can't concern.

    Attributes:
        templates: their numbers.
        is_spent: whether the process asks to be replaced.
    """

    templates: frozenset[int]
    is_spent: bool


class Loaded(NamedTuple):
    """A load is over.

    Attributes:
        failure: why the template can't be used; None where it can.
        all_containers: whether it names `all_containers`.
    """

    failure: Failed | None
    all_containers: bool


class Answered(NamedTuple):
    """A render is over.

    Attributes:
        failure: why there is no text; None where there is one.
        text: the bytes.
        undefined_names: that were used.
        notes: what the template noted.
        warnings: what was odd.
        reads: what of the state it depends on.
        chosen: for each expression the ids of the containers that it chooses.
        is_repeated: the text can only be that of the last render, and is not here.
        files: of a job with a file for each element the elements and their texts, which are all of `text`.
        failed: the elements that have none.
    """

    failure: Failed | None
    text: bytes
    undefined_names: tuple[str, ...]
    notes: tuple[str, ...]
    warnings: tuple[str, ...]
    reads: Reads
    chosen: tuple[tuple[str, ...], ...] = ()
    is_repeated: bool = False
    files: tuple[tuple[Element, bytes], ...] = ()
    failed: tuple[ElementFailed, ...] = ()


Answer = Ready | Begun | Ask | Looked | Changed | Untouched | Loaded | Answered


def read_answer(frame: Frame) -> Answer:  # noqa: PLR0911 - one kind a line
    """Check a frame.

    Raises:
        BadFrame: it is none of the answers.
    """
    header, body = frame
    match header.get("is"):
        case "ready":
            return Ready(_texts(header, "missing"))
        case "begun":
            return Begun()
        case "ask":
            return Ask(_text(header, "name"))
        case "looked":
            return Looked(_fact(header.get("fact")))
        case "changed":
            return Changed(_typed(header, "changed", bool))
        case "untouched":
            return Untouched(_numbers(header, "templates"), _typed(header, "is_spent", bool))
        case "loaded":
            return Loaded(_failure(header.get("failure")), _typed(header, "all_containers", bool))
        case "rendered":
            failure = _failure(header.get("failure"))
            undefined, notes = ((), ()) if failure else (_texts(header, "undefined"), _texts(header, "notes"))
            reads = Reads(_typed(header, "all_containers", bool), _typed(header, "raw", bool))
            chosen = () if failure else _lists(header, "chosen")
            is_repeated = failure is None and _typed(header, "repeated", bool)
            files, failed = ((), ()) if failure else (_files(header, body), _failed_elements(header))
            warnings = _texts(header, "warnings")
            return Answered(failure, body, undefined, notes, warnings, reads, chosen, is_repeated, files, failed)
        case _:
            raise BadFrame("an answer of no known kind")


def _failure(found: Any) -> Failed | None:
    if found is None:
        return None
    if type(found) is not dict:
        raise BadFrame("a failure is no object")
    line = found.get("line")
    if line is not None and not (type(line) is int and 0 < line < _LINE_MAX):
        raise BadFrame("a line is no number")
    message = _printable(_text(found, "message"))
    return Failed(message, _text(found, "name"), line, _typed(found, "is_spent", bool))


def _fact(found: Any) -> Fact:
    """One of the kinds of facts, as `templating.watching` writes them."""
    match found:
        case ["read", str(), signature, digest, bool()] if _is_signature(signature) and _is_text_or_none(digest):
            return list(found)
        case ["exists", str(), bool()]:
            return list(found)
        case ["owner_of", str(), None | [int(), int(), bool()]]:
            return list(found)
        case ["names_in", str(), list(names)] if all(type(name) is str for name in names):
            return list(found)
        case _:
            raise BadFrame("what was looked at is not told as it should be")


def _is_signature(found: Any) -> bool:
    return found is None or (type(found) is list and all(type(number) is int for number in found))


def _is_text_or_none(found: Any) -> bool:
    return found is None or type(found) is str


def _typed(header: Mapping[str, Any], key: str, kind: type[Any]) -> Any:
    found = header.get(key)
    if type(found) is not kind:
        raise BadFrame(f"{key} is of another type")
    return found


def _text(header: Mapping[str, Any], key: str) -> str:
    found: str = _typed(header, key, str)
    if len(found) > _TEXT_MAX:
        raise BadFrame(f"{key} is too long")
    return found


def _texts(header: Mapping[str, Any], key: str) -> tuple[str, ...]:
    found = _typed(header, key, list)
    if len(found) > _MANY or not all(type(each) is str and len(each) <= _TEXT_MAX for each in found):
        raise BadFrame(f"{key} are no texts")
    return tuple(map(_printable, found))


def _numbers(header: Mapping[str, Any], key: str) -> frozenset[int]:
    found = _typed(header, key, list)
    if len(found) > _MANY or not all(type(each) is int for each in found):
        raise BadFrame(f"{key} are no numbers")
    return frozenset(found)


def _lists(header: Mapping[str, Any], key: str) -> tuple[tuple[str, ...], ...]:
    found = _typed(header, key, list)
    if len(found) > _MANY:
        raise BadFrame(f"{key} are too many")
    return tuple(_texts({key: each}, key) for each in found)


def _files(header: Mapping[str, Any], body: bytes) -> tuple[tuple[Element, bytes], ...]:
    """Elements with their pieces of the body, one after the other."""
    found, at = [], 0
    for entry in _elements(header, "files"):
        match entry:
            case [str(label), str(key), str(path), int(length)] if 0 <= length <= len(body) - at:
                found.append((Element(_printable(label), key, path), body[at : at + length]))
                at += length
            case _:
                raise BadFrame("an element's text is not told as it should be")
    if found and at != len(body):
        raise BadFrame("the elements' texts are longer than they are said to be")
    return tuple(found)


def _failed_elements(header: Mapping[str, Any]) -> tuple[ElementFailed, ...]:
    found = []
    for entry in _elements(header, "failed"):
        match entry:
            case [str(label), str(key), str(path), str(message), str(name), line] if line is None or type(line) is int:
                element = Element(_printable(label), key, path)
                found.append(ElementFailed(element, _printable(message[:_TEXT_MAX]), name, line))
            case _:
                raise BadFrame("an element's failure is not told as it should be")
    return tuple(found)


def _elements(header: Mapping[str, Any], key: str) -> list[Any]:
    found = header.get(key, [])
    if type(found) is not list or len(found) > ELEMENTS_MAX:
        raise BadFrame(f"{key} is no list of elements")
    return found


def _printable(text: str) -> str:
    """What is shown to people and logged forges no line of its own, whatever the process says."""
    return text if text.isprintable() else "".join(each if each.isprintable() else ascii(each)[1:-1] for each in text)
