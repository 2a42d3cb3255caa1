"""Reads decoded JSON that may hold anything: what can't be read is empty, and named in one warning.

A field that is absent or null is fine. One of another type is warned about by the names of container and field; the
value is never shown, since it may be a secret.
"""

from __future__ import annotations

from sys import intern
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable

_TYPE_NAMES = {
    dict: "an object",
    list: "a list",
    str: "a string",
    bool: "true or false",
    int: "a number",
    float: "a number",
}

# Podman's own words (libpod/define/containerstate.go, ContainerStatus.String) that its Docker-compatible API lets
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
        """A string field, '' where there is none."""
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
        """The strings of a list field; other elements are left out."""
        found, name = self.sequence(parent, field, path), f"{path}{field}[]"
        return [each for each in found if type(each) is str or self._odd(each, str, empty=False, field=name)]

    def mappings(self, parent: dict[str, Any], field: str, path: str = "") -> list[dict[str, Any]]:
        """The objects of a list field; other elements are left out."""
        found, name = self.sequence(parent, field, path), f"{path}{field}[]"
        return [each for each in found if type(each) is dict or self._odd(each, dict, empty=False, field=name)]

    def unreadable(self, field: str, expected: str) -> None:
        """Warn about a field that can't be read."""
        self._warn(f"container {self._subject}: {field} can't be read and is taken as empty: expected {expected}")

    def _odd(self, value: object, expected: type, *, empty: Any, field: str) -> Any:
        """The empty value, with a warning unless the field is null or absent."""
        if value is not None:
            self.unreadable(field, f"{_TYPE_NAMES[expected]}, found {_TYPE_NAMES[type(value)]}")
        return empty


def status_of(text: str) -> str:
    """The status in Docker's words: `created`, `running`, `paused`, `exited`, ...; unknown ones stay as they are."""
    return intern(_DOCKERS_WORD.get(text, text))
