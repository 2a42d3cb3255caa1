"""A template at an address, with what it includes from the same origin."""

from __future__ import annotations

import math
import threading
from typing import TYPE_CHECKING
from urllib.parse import urljoin, urlsplit

from models.backoff import doubled_s
from templating.addresses import check_address, origin_of, shown_address
from templating.errors import SourceError, SourceMissing
from templating.http_fetch import Fetched, Fetcher, FetchFailed
from templating.template_cache import TemplateCache

if TYPE_CHECKING:
    from pathlib import Path

    from templating.runtime import SourceRuntime

LOAD_S = 60.0
"""At most for fetching the main template and all that it includes, together."""
_FIRST_PAUSE_S = 0.5
_LONGEST_PAUSE_S = 5.0


class HttpSource:
    """An address and what is fetched relative to it.

    What was fetched once is kept: a server that is away later, or at the next start (where there is a folder for
    copies), costs a warning and nothing else. Whether something changed is asked in the background.

    However slow or malicious the server is, the fetches of a load take `LOAD_S` at most, all together; and where the
    server let one of them run out of its time, what is kept of the rest is used at once.

    Args:
        address: the main template's.
        runtime: time, sleep and threads.
        copies: the folder for copies; None keeps none.
        first_load_s: how long the main template is tried for, where there is no copy, in seconds.
        refetch_s: the least time between two questions whether something changed, in seconds.
        fetcher: does the fetching; by default one with the usual limits.

    Raises:
        ValueError: the address could never be fetched.
    """

    refuses_includes: str | None = None

    def __init__(
        self,
        address: str,
        runtime: SourceRuntime,
        *,
        copies: Path | None,
        first_load_s: float,
        refetch_s: float,
        fetcher: Fetcher | None = None,
    ) -> None:
        check_address(address)
        self._address = urlsplit(address)._replace(fragment="").geturl()
        self.main = shown_address(self._address)
        self._runtime = runtime
        self._copies = TemplateCache(copies)
        self._first_load_s = first_load_s
        self._refetch_s = refetch_s
        self._fetcher = fetcher or Fetcher()
        self._kept: dict[str, Fetched] = {}
        self._used: dict[str, Fetched | None] = {}
        self._complaints: dict[str, str] = {}
        self._lock = threading.Lock()
        self._looked_at_s = runtime.clock()
        self._is_looking = False
        self._found_change = False
        self._fetching_left_s = LOAD_S
        self._is_late = False

    def begin(self) -> None:
        """Ask for everything anew. The main template is tried for a while where it was never had before."""
        with self._lock:
            self._used.clear()
            self._found_change = False
            self._looked_at_s = self._runtime.clock()
        self._renew()
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
        self._renew()
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
            is_due = self._runtime.clock() - self._looked_at_s >= self._refetch_s and not self._is_looking
            self._is_looking = self._is_looking or is_due
        if is_due:
            self._runtime.spawn(self._look)
        with self._lock:
            return self._found_change

    def close(self) -> None:
        """A look that is under way ends by itself, within the limits of a fetch."""

    def _renew(self) -> None:
        self._fetching_left_s = LOAD_S
        self._is_late = False

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
        until_s = self._runtime.clock() + self._first_load_s
        failures = 0
        while True:
            try:
                return self._obtain(address)
            except SourceError:
                left_s = until_s - self._runtime.clock()
                if left_s <= 0:
                    raise
                self._runtime.sleep(min(doubled_s(_FIRST_PAUSE_S, failures, _LONGEST_PAUSE_S), left_s))
                failures += 1

    def _obtain(self, address: str) -> Fetched:
        """A text: fetched, else the one from before, else the copy."""
        known = self._kept.get(address)
        if self._is_late and (kept := known or self._copy(address)) is not None:
            self._kept[address] = kept
            return kept
        begun_s = self._runtime.clock()
        try:
            found = self._fetch(address, known, within_s=self._fetching_left_s) or known
        except FetchFailed as failure:
            self._is_late = self._is_late or failure.is_late
            found = self._instead(address, known, failure)
        finally:
            self._fetching_left_s -= self._runtime.clock() - begun_s
        if found is None:
            raise SourceError(f"{shown_address(address)} cannot be fetched: the server claims that we have it")
        self._kept[address] = found
        return found

    def _fetch(self, address: str, known: Fetched | None, *, within_s: float = math.inf) -> Fetched | None:
        found = self._fetcher.fetch(address, known, may_leave=address == self._address, within_s=within_s)
        self._complaints.pop(address, None)
        return found

    def _copy(self, address: str) -> Fetched | None:
        copy = self._copies.load(address)
        return None if copy is None else Fetched(copy)

    def _instead(self, address: str, known: Fetched | None, failure: FetchFailed) -> Fetched:
        shown = shown_address(address)
        if known is not None:
            self._complain(address, f"{shown} cannot be fetched, its last text stays in use: {failure}")
            return known
        copy = None if failure.is_missing and address != self._address else self._copy(address)
        if copy is not None:
            self._complain(address, f"{shown} cannot be fetched, the copy of it is used: {failure}")
            return copy
        kind = SourceMissing if failure.is_missing else SourceError
        raise kind(f"{shown} cannot be fetched: {failure}")

    def _complain(self, subject: str, message: str) -> None:
        """Warn, once for each cause."""
        if self._complaints.get(subject) != message:
            self._complaints[subject] = message
            self._runtime.warn(message)

    def _look(self) -> None:
        """Ask for everything that is in use, in the background."""
        try:
            is_changed = any(self._is_new(address, used) for address, used in list(self._used.items()))
        finally:
            with self._lock:
                self._is_looking = False
                self._looked_at_s = self._runtime.clock()
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
