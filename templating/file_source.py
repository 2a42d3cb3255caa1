"""A template in a file, with what it includes from its own folder."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from templating.errors import SourceError, SourceMissing
from templating.text_encoding import decoded
from templating.watching import FileWatch

if TYPE_CHECKING:
    from collections.abc import Callable

SIZE_LIMIT_BYTES = 16 * 1024 * 1024


class FileSource:
    """A file and its folder.

    Args:
        path: the main template's; a relative one is taken from the folder in which the program was started.
        wall_clock: seconds since the epoch.

    Attributes:
        main: the file's name in its folder.
    """

    refuses_includes: str | None = None

    def __init__(self, path: Path, wall_clock: Callable[[], float]) -> None:
        absolute = Path.cwd() / path
        self.main = absolute.name
        self._given = path
        self._folder = absolute.parent
        self._watch = FileWatch(wall_clock, SIZE_LIMIT_BYTES)

    def begin(self) -> None:
        """Look at every file anew."""
        self._watch.forget()

    def read(self, name: str) -> str:
        """The text of a file in the folder or below it."""
        path = self._folder / _safe(name)
        try:
            return decoded(self._watch.read(path))
        except (FileNotFoundError, NotADirectoryError):
            raise SourceMissing("the file is not there") from None
        except ValueError as error:
            raise SourceError(f"the file {error}") from None
        except OSError as error:
            raise SourceError(f"the file cannot be read: {error.strerror}") from None

    def shown(self, name: str) -> str:
        """The main template as it was given, another one by its path."""
        return str(self._given if name == self.main else self._given.parent / name)

    def accept(self) -> None:
        """There is nothing to keep."""

    def changed(self) -> bool:
        """Whether one of the files that were read, or looked for, is different now."""
        return self._watch.changed()

    def close(self) -> None:
        """Nothing is held open."""


def _safe(name: str) -> str:
    """The name, if it stays in the folder."""
    if name.startswith("/") or ".." in name.split("/") or "\0" in name or not name:
        raise SourceError("templates are included from the main template's own folder only")
    return name
