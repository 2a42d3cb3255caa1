"""Keeps the ledger in its store: written only where it differs, its faults told once."""

from __future__ import annotations

from typing import TYPE_CHECKING

from notify.ledger import Account, Ledger
from notify.state import StateError, decode, encode

if TYPE_CHECKING:
    import logging
    from collections.abc import Mapping, Sequence

    from notify.actions.action import Action
    from notify.store import StateStore

_ACTION_SHOWN_MAX = 32  # the file may hold anything


class Keeper:
    """One job's ledger on its way to the disk and back."""

    def __init__(self, job: str, store: StateStore, log: logging.Logger) -> None:
        self._job = job
        self._store = store
        self._log = log
        self._saved: bytes | None = None
        self._broken = False

    def load(self, notifications: Sequence[Action]) -> tuple[Ledger, dict[str, int]]:
        """Read the state; none makes every notification new, an unreadable one owes everything once.

        Returns:
            The ledger, and for each engine the upper bound of its clock at the last replacement.
        """
        try:
            data = self._store.load()
            self._saved = data
            if data is None:
                return _fresh(notifications, Account()), {}
            decoded = decode(data, notifications)
        except (OSError, StateError) as error:
            self._log.warning(
                "the state of the notifications for %s cannot be read (%s): each matching container is told once",
                self._job,
                error,
            )
            return _fresh(notifications, Account("lost")), {}
        if decoded.unknown_actions:
            self._log.warning(
                "the state of the notifications for %s names actions that this version of pygen does not have (%s):"
                " what is owed by them is dropped, the rest is kept",
                self._job,
                ", ".join(repr(action)[:_ACTION_SHOWN_MAX] for action in decoded.unknown_actions),
            )
        return decoded.ledger, decoded.engine_ns_max

    def save(self, ledger: Ledger, engine_ns_max: Mapping[str, int]) -> None:
        """Write the ledger if it differs from what is kept. An unwritable store is one warning until it works again."""
        data = encode(ledger, engine_ns_max)
        if data == self._saved:
            return
        try:
            self._store.save(data)
        except OSError as error:
            self._complain(error)
            return
        self._saved = data
        if self._broken:
            self._log.info("the state of the notifications for %s is kept again", self._job)
        self._broken = False

    def _complain(self, error: OSError) -> None:
        self._saved = None  # what is on the disk now is not known
        if not self._broken:
            self._log.warning(
                "the state of the notifications for %s cannot be kept (%s): until this is mended, notifications that"
                " are owed live in memory only and are lost with the process; --state-dir names another folder",
                self._job,
                error,
            )
        self._broken = True


def _fresh(notifications: Sequence[Action], account: Account) -> Ledger:
    return Ledger(accounts={notification: Account(account.standing) for notification in notifications})
