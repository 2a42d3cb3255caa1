"""A template at an address, with what it includes from the same origin."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING
from urllib.parse import urljoin, urlsplit

from templating.copies import Copies
from templating.errors import SourceError, SourceMissing
from templating.http_fetch import Fetched, Fetcher, FetchFailed, origin_of, shown_address

if TYPE_CHECKING:
    from pathlib import Path

    from templating.source import Edges

_FIRST_PAUSE_S = 0.5
_LONGEST_PAUSE_S = 5.0


class HttpSource:
    """An address and what is fetched relative to it.

    What was fetched once is kept: a server that is away later, or at the next start (where there is a folder for
    copies), costs a warning and nothing else. Whether something changed is asked in the background.

    Args:
        address: the main template's.
        edges: time, sleep and threads.
        copies: the folder for copies; None keeps none.
        first_load_s: how long the main template is tried for, where there is no copy, in seconds.
        refetch_s: the least time between two questions whether something changed, in seconds.
        fetcher: does the fetching; by default one with the usual limits.

    Raises:
        ValueError: the address has no host, or its port is no number.
    """

    refuses_includes: str | None = None

    def __init__(
        self,
        address: str,
        edges: Edges,
        *,
        copies: Path | None,
        first_load_s: float,
        refetch_s: float,
        fetcher: Fetcher | None = None,
    ) -> None:
        _check(address)
        self._address = urlsplit(address)._replace(fragment="").geturl()
        self.main = shown_address(self._address)
        self._edges = edges
        self._copies = Copies(copies)
        self._first_load_s = first_load_s
        self._refetch_s = refetch_s
        self._fetcher = fetcher or Fetcher(edges.clock)
        self._kept: dict[str, Fetched] = {}
        self._used: dict[str, Fetched | None] = {}
        self._complaints: dict[str, str] = {}
        self._lock = threading.Lock()
        self._looked_at_s = edges.clock()
        self._is_looking = False
        self._found_change = False

    def begin(self) -> None:
        """Ask for everything anew. The main template is tried for a while where it was never had before."""
        with self._lock:
            self._used.clear()
            self._found_change = False
            self._looked_at_s = self._edges.clock()
        self._used[self._address] = self._first(self._address)

    def read(self, name: str) -> str:
        """The main template's text, or another one's of the same origin."""
        address = self._address_of(name)
        if address not in self._used:
            try:
                self._used[address] = self._obtain(address)
            except SourceMissing:
                self._used[address] = None
        found = self._used[address]
        if found is None:
            raise SourceMissing("the server has no such template")
        return found.text

    def shown(self, name: str) -> str:
        """The address, without credentials."""
        return self.main if name == self.main else shown_address(urljoin(self._address, name))

    def accept(self) -> None:
        """What was read is good: keep copies of it."""
        for address, found in self._used.items():
            if found is None:
                continue
            try:
                self._copies.store(address, found.text)
            except OSError as error:
                self._complain(
                    f"copy of {address}", f"no copy of {shown_address(address)} can be kept: {error.strerror}"
                )

    def changed(self) -> bool:
        """Whether a look in the background found something new; starts the next look when it is time."""
        with self._lock:
            is_due = self._edges.clock() - self._looked_at_s >= self._refetch_s and not self._is_looking
            self._is_looking = self._is_looking or is_due
        if is_due:
            self._edges.spawn(self._look)
        with self._lock:
            return self._found_change

    def close(self) -> None:
        """A look that is under way ends by itself, within the limits of a fetch."""

    def _address_of(self, name: str) -> str:
        if name == self.main:
            return self._address
        try:
            address = urljoin(self._address, name)
            is_same = origin_of(address) == origin_of(self._address)
        except ValueError:
            is_same = False
        if not is_same:
            raise SourceError("templates are included from the main template's own origin only")
        return address

    def _first(self, address: str) -> Fetched:
        """The main template; retried for a while, unless an older text is there."""
        until_s = self._edges.clock() + self._first_load_s
        pause_s = _FIRST_PAUSE_S
        while True:
            try:
                return self._obtain(address)
            except SourceError:
                left_s = until_s - self._edges.clock()
                if left_s <= 0:
                    raise
                self._edges.sleep(min(pause_s, left_s))
                pause_s = min(pause_s * 2, _LONGEST_PAUSE_S)

    def _obtain(self, address: str) -> Fetched:
        """A text: fetched, else the one from before, else the copy."""
        known = self._kept.get(address)
        try:
            found = self._fetch(address, known) or known
        except FetchFailed as failure:
            found = self._instead(address, known, failure)
        if found is None:
            raise SourceError(f"{shown_address(address)} cannot be fetched: the server claims that we have it")
        self._kept[address] = found
        return found

    def _fetch(self, address: str, known: Fetched | None) -> Fetched | None:
        found = self._fetcher.fetch(address, known, may_leave=address == self._address)
        self._complaints.pop(address, None)
        return found

    def _instead(self, address: str, known: Fetched | None, failure: FetchFailed) -> Fetched:
        shown = shown_address(address)
        if known is not None:
            self._complain(address, f"{shown} cannot be fetched, its last text stays in use: {failure}")
            return known
        copy = None if failure.is_missing and address != self._address else self._copies.load(address)
        if copy is not None:
            self._complain(address, f"{shown} cannot be fetched, the copy of it is used: {failure}")
            return Fetched(copy)
        kind = SourceMissing if failure.is_missing else SourceError
        raise kind(f"{shown} cannot be fetched: {failure}")

    def _complain(self, subject: str, message: str) -> None:
        """Warn, once for each cause."""
        if self._complaints.get(subject) != message:
            self._complaints[subject] = message
            self._edges.warn(message)

    def _look(self) -> None:
        """Ask for everything that is in use, in the background."""
        try:
            is_changed = any(self._is_new(address, used) for address, used in list(self._used.items()))
        finally:
            with self._lock:
                self._is_looking = False
                self._looked_at_s = self._edges.clock()
        with self._lock:
            self._found_change = self._found_change or is_changed

    def _is_new(self, address: str, used: Fetched | None) -> bool:
        try:
            found = self._fetch(address, used)
        except FetchFailed as failure:
            if used is not None:
                message = f"{shown_address(address)} cannot be fetched, its last text stays in use: {failure}"
                self._complain(address, message)
            return False
        return found is not None and (used is None or found.text != used.text)


def _check(address: str) -> None:
    try:
        host = origin_of(address)[1]
    except ValueError:
        raise ValueError("the template's address has a port that is no number from 0 to 65535") from None
    if not host:
        raise ValueError("the template's address has no host")
