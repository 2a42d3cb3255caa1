"""Reads decoded JSON that may hold anything: what can't be read is empty, and one warning names it.

A field that is absent or null is legal and silent; one of another type is a warning that names the container and the
field, and never shows the value, which may be a secret.
"""

from __future__ import annotations

from sys import intern
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable

_TYPE_NAMES = {
    dict: "an object",
    list: "a list",
    str: "a text",
    bool: "true or false",
    int: "a number",
    float: "a number",
}

# Podman's own (libpod/define/containerstate.go, ContainerStatus.String), as far as its Docker-compatible API lets them
# through: 4.3 says `stopped` between the end of a container and its cleanup.
_DOCKERS_WORD = {"configured": "created", "initialized": "created", "stopping": "running", "stopped": "exited"}


class FieldReader:
    """Reads the fields of one container.

    Args:
        subject: the container as people know it, for warnings.
        warn: called with each warning.
    """

    __slots__ = ("_subject", "_warn")

    def __init__(self, subject: str, warn: Callable[[str], None]) -> None:
        self._subject = subject
        self._warn = warn

    def text(self, parent: dict[str, Any], field: str, path: str = "") -> str:
        """A text field, '' where there is none."""
        value = parent.get(field)
        return value if type(value) is str else self._odd(value, str, empty="", field=path + field)

    def flag(self, parent: dict[str, Any], field: str, path: str = "") -> bool:
        """A true or false field, False where there is none."""
        value = parent.get(field)
        return value if type(value) is bool else self._odd(value, bool, empty=False, field=path + field)

    def mapping(self, parent: dict[str, Any], field: str, path: str = "") -> dict[str, Any]:
        """An object field, empty where there is none."""
        value = parent.get(field)
        return value if type(value) is dict else self._odd(value, dict, empty={}, field=path + field)

    def sequence(self, parent: dict[str, Any], field: str, path: str = "") -> list[Any]:
        """A list field, empty where there is none."""
        value = parent.get(field)
        return value if type(value) is list else self._odd(value, list, empty=[], field=path + field)

    def texts(self, parent: dict[str, Any], field: str, path: str = "") -> list[str]:
        """The texts of a list field; an element that is no text is left out."""
        found, name = self.sequence(parent, field, path), f"{path}{field}[]"
        return [each for each in found if type(each) is str or self._odd(each, str, empty=False, field=name)]

    def mappings(self, parent: dict[str, Any], field: str, path: str = "") -> list[dict[str, Any]]:
        """The objects of a list field; an element that is no object is left out."""
        found, name = self.sequence(parent, field, path), f"{path}{field}[]"
        return [each for each in found if type(each) is dict or self._odd(each, dict, empty=False, field=name)]

    def unreadable(self, field: str, expected: str) -> None:
        """Warn of a field that holds what nobody can read."""
        self._warn(f"container {self._subject}: {field} can't be read and is taken as empty: expected {expected}")

    def _odd(self, value: object, expected: type, *, empty: Any, field: str) -> Any:
        """The empty value, with a warning unless the field is null or absent."""
        if value is not None:
            self.unreadable(field, f"{_TYPE_NAMES[expected]}, found {_TYPE_NAMES[type(value)]}")
        return empty


def status_of(text: str) -> str:
    """The status as Docker has it: `created`, `running`, `paused`, `exited`, ...; others stay as they are."""
    return intern(_DOCKERS_WORD.get(text, text))
