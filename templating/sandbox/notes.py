"""What a template says of its own render: `note('web-1: VIRTUAL_PORT is no port, left out')`.

A template that leaves something out can say so where people look: in the log, on the status page and as a count. The
text is the template author's, and it is kept harmless: one line of printable characters, bounded in length and number.
"""

from __future__ import annotations

from typing import Any

from templating.errors import TemplateUsageError
from templating.sandbox.undefined import Blank
from templating.sandbox.writing import describe

NOTES_MAX = 1000
"""So many different notes of one render are kept."""

LENGTH_MAX = 500
"""So many characters of one note are kept."""

OVERFLOW = f"there are more notes; only the first {NOTES_MAX:,} are kept"


class Notes:
    """The notes of one renderer's current render."""

    def __init__(self) -> None:
        self._texts: dict[str, None] = {}

    @property
    def texts(self) -> tuple[str, ...]:
        """Each once, in the order of their first mention; where there were too many, the last one says so."""
        return tuple(self._texts)

    def begin(self) -> None:
        """Forget the notes of the render before."""
        self._texts.clear()

    def note(self, text: Any) -> str:
        """Keep a note. Empty texts, a label that is not set among them, say nothing and are not kept.

        Returns:
            The empty text, so that `{{ note('...') }}` prints nothing.

        Raises:
            TemplateUsageError: not given a text.
        """
        line = _one_line(text)
        if line and len(self._texts) <= NOTES_MAX:
            self._texts[line if line in self._texts or len(self._texts) < NOTES_MAX else OVERFLOW] = None
        return ""


def _one_line(text: Any) -> str:
    if isinstance(text, Blank):
        return str(text)
    if not isinstance(text, str):
        raise TemplateUsageError(f"note takes a text, not {describe(text)}")
    # Cut first: what is escaped is then short as well. `str` makes a plain text of a Markup.
    trimmed = str(text).strip()
    shown = trimmed if len(trimmed) <= LENGTH_MAX else f"{trimmed[: LENGTH_MAX - 1]}…"
    return "".join(letter if letter.isprintable() else ascii(letter)[1:-1] for letter in shown)
