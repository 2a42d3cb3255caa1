"""A template that is given on the command line: `#` and its text."""

from __future__ import annotations

from templating.errors import SourceMissing

_REFUSAL = "an inline template cannot include or import: there is no folder to read from"


class InlineSource:
    """The text after the `#`, without the blanks around it."""

    main = "inline template"
    refuses_includes: str | None = _REFUSAL

    def __init__(self, spec: str) -> None:
        self._text = spec.removeprefix("#").strip()

    def begin(self) -> None:
        """There is nothing to load."""

    def read(self, name: str) -> str:
        """The text; nothing else is there."""
        if name != self.main:
            raise SourceMissing(_REFUSAL)
        return self._text

    def shown(self, name: str) -> str:
        """What it is called in messages."""
        return name

    def accept(self) -> None:
        """There is nothing to keep."""

    def changed(self) -> bool:
        """Never."""
        return False

    def close(self) -> None:
        """There is nothing to close."""
