"""The outbox on its way to the disk and back: as JSON, written only where it differs, its faults told once.

Any content is survived: what is not exactly a state of ours is a StateError.
"""

from __future__ import annotations

import json
import math
from typing import TYPE_CHECKING, Any, Literal, Protocol

from models.frozen import frozen
from models.run import Run
from models.write import CAUSES, Cause
from notify.actions import ACTIONS
from notify.outbox import NotificationState, Outbox, Prepared, RunRecord, Unproven

if TYPE_CHECKING:
    import logging
    from collections.abc import Iterable, Mapping, Sequence

    from notify.actions.action import Action

VERSION = 1
_ACTION_SHOWN_MAX, _ACTIONS_SHOWN_MAX = 32, 5  # characters of each, and how many: the file may hold anything


class StateError(Exception):
    """The bytes are not a state that this version wrote. The message says what is wrong, never a value."""


class StateStore(Protocol):
    """Keeps one job's state as opaque bytes."""

    def load(self) -> bytes | None:
        """Read what was saved last; None where nothing was. May raise OSError."""

    def save(self, data: bytes, *, is_durable: bool) -> None:
        """Keep the bytes. May raise OSError.

        Args:
            data: the state.
            is_durable: whether they have to survive a crash of the machine once this has returned.
        """


class OutboxStore:
    """One job's outbox on its way to the disk and back."""

    def __init__(self, job: str, store: StateStore, log: logging.Logger) -> None:
        self._job = job
        self._store = store
        self._log = log
        self._saved: bytes | None = None
        self._broken = False

    def load(self, notifications: Sequence[Action]) -> tuple[Outbox, dict[str, int]]:
        """Read the state; none makes every notification new, an unreadable one owes everything once.

        Returns:
            The outbox, and for each engine the upper bound of its clock at the last replacement.
        """
        try:
            data = self._store.load()
            self._saved = data
            if data is None:
                return _fresh(notifications, NotificationState()), {}
            decoded = decode(data, notifications)
        except (OSError, StateError) as error:
            self._log.warning(
                "the state of the notifications for %s cannot be read (%s): each matching container is notified once",
                self._job,
                error,
            )
            return _fresh(notifications, NotificationState("lost")), {}
        if decoded.unknown_actions:
            self._log.warning(
                "the state of the notifications for %s names actions that this version of pygen does not have (%s):"
                " their pending notifications are dropped, the rest is kept",
                self._job,
                ", ".join(repr(action)[:_ACTION_SHOWN_MAX] for action in decoded.unknown_actions[:_ACTIONS_SHOWN_MAX]),
            )
        return decoded.outbox, decoded.engine_ns_max

    def save(self, outbox: Outbox, engine_ns_max: Mapping[str, int]) -> None:
        """Write the outbox if it differs from what is kept. An unwritable store is one warning until it works again."""
        data = encode(outbox, engine_ns_max)
        if data == self._saved:
            return
        try:
            self._store.save(data, is_durable=bool(outbox.states))
        except OSError as error:
            self._complain(error)
            return
        self._saved = data
        if self._broken:
            self._log.info("the state of the notifications for %s can be saved again", self._job)
        self._broken = False

    def _complain(self, error: OSError) -> None:
        self._saved = None  # what is on the disk now is not known
        if not self._broken:
            self._log.warning(
                "the state of the notifications for %s cannot be saved (%s): until this is fixed, pending"
                " notifications are kept in memory only and are lost when the process ends; --state-dir gives another"
                " folder",
                self._job,
                error,
            )
        self._broken = True


def _fresh(notifications: Sequence[Action], state: NotificationState) -> Outbox:
    return Outbox(states={notification: NotificationState(state.standing) for notification in notifications})


def encode(outbox: Outbox, engine_ns_max: Mapping[str, int]) -> bytes:
    """Write a outbox.

    Args:
        outbox: all debts of one job.
        engine_ns_max: for each engine the upper bound of its clock at the last replacement, ns since the epoch.

    Returns:
        ASCII JSON with sorted keys and a newline: equal outboxes give equal bytes.
    """
    prepared = outbox.prepared
    # Where no cause is known nothing is said of it, as in the states of the versions before.
    state = _cause_of(outbox) | {
        "version": VERSION,
        "content": outbox.content,
        "engine_ns_max": dict(engine_ns_max),
        "prepared": None
        if prepared is None
        else {
            "digest": prepared.digest,
            "forced": prepared.forced,
            "since_epoch_s": prepared.since_epoch_s,
            **_cause_of(prepared),
            **({"also": list(prepared.also)} if prepared.also else {}),
        },
        "notifications": [_encode_state(*entry) for entry in outbox.states.items()],
    }
    return json.dumps(state, sort_keys=True).encode("ascii") + b"\n"


def _cause_of(it: Outbox | Prepared) -> dict[str, object]:
    return {"cause": it.cause} if it.cause else {}


def _encode_state(notification: Action, state: NotificationState) -> dict[str, object]:
    return {
        "action": notification.action,
        **notification.state(),
        "standing": state.standing,
        "runs": [_encode_run(state.runs[run]) for run in sorted(state.runs)],
        **_encode_unproven(state),
    }


def _encode_unproven(state: NotificationState) -> dict[str, object]:
    """Nothing where there is none, as in the states of the versions before."""
    told = [
        {"container_id": each.container_id, "engine": each.engine, "name": each.name}
        for _, each in sorted(state.unproven.items())
    ]
    return {"unproven": told} if told else {}


def _encode_run(record: RunRecord) -> dict[str, object]:
    return {
        "container_id": record.run.container_id,
        "started_at": record.run.started_at,
        "engine": record.engine,
        "name": record.name,
        "told": record.acked_digest,
        "since_epoch_s": record.since_epoch_s,
        "restart_begun": record.restart_begun,
        "policy_lost": record.policy_lost,
    }


@frozen
class Decoded:
    """What a state file says.

    Attributes:
        outbox: all debts of one job.
        engine_ns_max: as in `encode`.
        unknown_actions: words of actions that this version does not have; what is kept for them is skipped.
    """

    outbox: Outbox
    engine_ns_max: dict[str, int]
    unknown_actions: tuple[str, ...] = ()


def decode(data: bytes, notifications: Iterable[Action]) -> Decoded:
    """Read a outbox.

    Args:
        data: what was saved, possibly by anybody.
        notifications: those configured now; one that the state does not know is new, others in it are dropped.

    Raises:
        StateError: it is not a state of ours.
    """
    try:
        state = json.loads(data.decode("utf-8"))
    except (ValueError, RecursionError) as error:
        raise StateError("it is not JSON") from error
    _check(isinstance(state, dict) and state.get("version") == VERSION, "its version is not known")
    saved: dict[Action, NotificationState] = {}
    unknown: dict[str, None] = {}
    for entry in _get(state, "notifications", list):
        action = ACTIONS.get(_get(entry, "action", str))
        if action is None:
            unknown[entry["action"]] = None
        else:
            saved[_decode_notification(action, entry)] = _decode_state(entry)
    outbox = Outbox(
        content=_get(state, "content", str),
        prepared=_decode_prepared(state.get("prepared")),
        states={notification: saved.get(notification, NotificationState()) for notification in notifications},
        cause=_decode_cause(state),
    )
    clocks = _get(state, "engine_ns_max", dict)
    return Decoded(outbox, {engine: _get(clocks, engine, int) for engine in clocks}, tuple(unknown))


def _decode_prepared(value: object) -> Prepared | None:
    if value is None:
        return None
    also = tuple(cause for cause in CAUSES if isinstance(value, dict) and cause in _listed(value.get("also")))
    return Prepared(_get(value, "digest", str), _get(value, "forced", bool), _time(value), _decode_cause(value), also)


def _listed(value: object) -> list[object]:
    return value if isinstance(value, list) else []


def _decode_cause(value: Any) -> Cause | Literal[""]:
    """The cause, if it is one that this version knows."""
    found = value.get("cause")
    return next((cause for cause in CAUSES if cause == found), "")


def _decode_notification(action: type[Action], value: dict[str, object]) -> Action:
    try:
        return action.from_state(value)
    except ValueError as error:
        raise StateError(str(error)) from error


def _decode_state(value: object) -> NotificationState:
    standing = _get(value, "standing", str)
    _check(standing in {"new", "settled", "lost"}, "it has an unknown standing")
    records = [_decode_run(entry) for entry in _get(value, "runs", list)]
    told = [_decode_unproven(entry) for entry in _listed(value.get("unproven") if isinstance(value, dict) else None)]
    by_run = {record.run: record for record in records}
    return NotificationState(standing, by_run, {each.container_id: each for each in told})


def _decode_unproven(value: object) -> Unproven:
    return Unproven(_get(value, "container_id", str), _get(value, "engine", str), _get(value, "name", str))


def _decode_run(value: object) -> RunRecord:
    return RunRecord(
        run=Run(_get(value, "container_id", str), _get(value, "started_at", str)),
        engine=_get(value, "engine", str),
        name=_get(value, "name", str),
        acked_digest=_get(value, "told", str),
        since_epoch_s=_time(value),
        restart_begun=_get(value, "restart_begun", bool),
        policy_lost=_get(value, "policy_lost", bool),
    )


def _time(value: object) -> float:
    since = value.get("since_epoch_s") if isinstance(value, dict) else None
    _check(isinstance(since, int | float) and not isinstance(since, bool), "since_epoch_s is missing or not a number")
    try:
        number = float(since)  # type: ignore[arg-type] # checked in the line above
    except OverflowError as error:
        raise StateError("since_epoch_s is out of range") from error
    _check(math.isfinite(number) and number >= 0, "since_epoch_s is out of range")
    return number


def _get(value: Any, key: str, kind: type) -> Any:
    """One member, checked to be there and to be exactly of that type."""
    _check(isinstance(value, dict) and type(value.get(key)) is kind, f"{key} is missing or not {kind.__name__}")
    return value[key]


def _check(fine: bool, problem: str) -> None:  # noqa: FBT001 - reads like an assertion
    if not fine:
        raise StateError(problem)
