"""The configuration files, read again while the program runs: when somebody asks, and when an edit has stayed.

A thread of its own reads them, so that a disk that hangs costs the loop nothing. Files that can't be used leave the
jobs as they are.
"""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING

from models.frozen import frozen
from reconciler.cli.commands import UsageError
from reconciler.composition.shared import log

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from reconciler.cli.commands import ConfigurationFiles
    from reconciler.cli.settings import Settings

POLL_S = 1.0
"""So often the files are looked at, and so long an edit has to stay before it counts."""


@frozen
class ConfigurationState:
    """How it went the last time.

    Attributes:
        problems: why the files can't be used; empty where they can.
        loaded_epoch_s: when they were last read and could be used.
    """

    problems: tuple[str, ...]
    loaded_epoch_s: float


class Reload:
    """Reads files again. `ask` is for any thread, `take` for the loop's.

    Args:
        files: what was read at the start.
        wake: has the loop come by.
        publish: takes how it went, after each time.
        wall_clock: seconds since the epoch.
        poll_s: see `POLL_S`.

    Attributes:
        state: how it went the last time.
    """

    def __init__(
        self,
        files: ConfigurationFiles,
        *,
        wake: Callable[[], object],
        publish: Callable[[ConfigurationState], object],
        wall_clock: Callable[[], float],
        poll_s: float = POLL_S,
    ) -> None:
        self._files = files
        self._wake = wake
        self._publish = publish
        self._wall_clock = wall_clock
        self._poll_s = poll_s
        self._asked = threading.Event()
        self._stopping = threading.Event()
        self._is_asked = False
        self._read: object = self._look()
        self._settings: Settings | None = None
        self.state = ConfigurationState((), wall_clock())
        publish(self.state)

    def ask(self) -> None:
        """Read them now, whether or not they changed."""
        self._is_asked = True
        self._asked.set()

    def stop(self) -> None:
        """End the thread."""
        self._stopping.set()
        self._asked.set()

    def take(self) -> Settings | None:
        """What was read since the last call; None where nothing was that can be used."""
        settings, self._settings = self._settings, None
        return settings

    def run(self) -> None:
        """Look at the files until stopped; the body of the thread."""
        before = self._read
        while not self._stopping.is_set():
            self._asked.wait(self._poll_s)
            self._asked.clear()
            seen, is_asked, self._is_asked = self._look(), self._is_asked, False
            if not self._stopping.is_set() and (is_asked or (seen != self._read and seen == before)):
                self._read = seen
                self._load()
            before = seen

    def _load(self) -> None:
        try:
            settings = self._files.load()
        except UsageError as error:
            problems = tuple(line.removeprefix("pygen: ") for line in str(error).split("\n"))
            for problem in problems:
                log.error("the configuration can't be used, and the one before stays: %s", problem)
            self.state = ConfigurationState(problems, self.state.loaded_epoch_s)
        else:
            if self.state.problems:
                log.info("the configuration can be used again")
            self.state = ConfigurationState((), self._wall_clock())
            self._settings = settings
        self._publish(self.state)
        self._wake()

    def _look(self) -> tuple[object, ...]:
        """What tells an edit: for each file its path, inode, size and date."""
        return tuple(_facts(file) for path in self._files.paths for file in _files_of(path))


def _files_of(path: Path) -> Iterator[Path]:
    yield path
    try:
        yield from sorted(path.glob("*.toml")) if path.is_dir() else ()
    except OSError:
        return


def _facts(file: Path) -> tuple[object, ...]:
    try:
        found = file.stat()
    except OSError as error:
        return str(file), error.errno
    return (str(file), 0) if file.is_dir() else (str(file), found.st_ino, found.st_size, found.st_mtime_ns)
