"""A ledger as JSON, and back. Any content is survived: what is not exactly a state of ours is a StateError."""

from __future__ import annotations

import json
import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from models.run import Run
from notify.actions import ACTIONS
from notify.ledger import Account, Ledger, Prepared, RunRecord

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from notify.actions.action import Action

VERSION = 1


class StateError(Exception):
    """The bytes are not a state that this version wrote. The message says what is wrong, never a value."""


def encode(ledger: Ledger, engine_ns_max: Mapping[str, int]) -> bytes:
    """Write a ledger.

    Args:
        ledger: all debts of one job.
        engine_ns_max: for each engine the upper bound of its clock at the last replacement, ns since the epoch.

    Returns:
        ASCII JSON with sorted keys and a newline: equal ledgers give equal bytes.
    """
    prepared = ledger.prepared
    state = {
        "version": VERSION,
        "content": ledger.content,
        "engine_ns_max": dict(engine_ns_max),
        "prepared": None
        if prepared is None
        else {"digest": prepared.digest, "forced": prepared.forced, "since_epoch_s": prepared.since_epoch_s},
        "notifications": [_encode_account(*entry) for entry in ledger.accounts.items()],
    }
    return json.dumps(state, sort_keys=True, indent=1).encode("ascii") + b"\n"


def _encode_account(notification: Action, account: Account) -> dict[str, object]:
    return {
        "action": notification.action,
        **notification.state(),
        "standing": account.standing,
        "runs": [_encode_run(account.runs[run]) for run in sorted(account.runs)],
    }


def _encode_run(record: RunRecord) -> dict[str, object]:
    return {
        "container_id": record.run.container_id,
        "started_at": record.run.started_at,
        "engine": record.engine,
        "name": record.name,
        "told": record.told,
        "since_epoch_s": record.since_epoch_s,
        "restart_begun": record.restart_begun,
        "policy_lost": record.policy_lost,
    }


@dataclass(frozen=True, slots=True)
class Decoded:
    """What a state file says.

    Attributes:
        ledger: all debts of one job.
        engine_ns_max: as in `encode`.
        unknown_actions: words of actions that this version does not have; what is kept for them is skipped.
    """

    ledger: Ledger
    engine_ns_max: dict[str, int]
    unknown_actions: tuple[str, ...] = ()


def decode(data: bytes, notifications: Iterable[Action]) -> Decoded:
    """Read a ledger.

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
    saved: dict[Action, Account] = {}
    unknown: dict[str, None] = {}
    for entry in _get(state, "notifications", list):
        action = ACTIONS.get(_get(entry, "action", str))
        if action is None:
            unknown[entry["action"]] = None
        else:
            saved[_decode_notification(action, entry)] = _decode_account(entry)
    ledger = Ledger(
        content=_get(state, "content", str),
        prepared=_decode_prepared(state.get("prepared")),
        accounts={notification: saved.get(notification, Account()) for notification in notifications},
    )
    clocks = _get(state, "engine_ns_max", dict)
    return Decoded(ledger, {engine: _get(clocks, engine, int) for engine in clocks}, tuple(unknown))


def _decode_prepared(value: object) -> Prepared | None:
    if value is None:
        return None
    return Prepared(_get(value, "digest", str), _get(value, "forced", bool), _time(value))


def _decode_notification(action: type[Action], value: dict[str, object]) -> Action:
    try:
        return action.from_state(value)
    except ValueError as error:
        raise StateError(str(error)) from error


def _decode_account(value: object) -> Account:
    standing = _get(value, "standing", str)
    _check(standing in {"new", "settled", "lost"}, "it has an unknown standing")
    records = [_decode_run(entry) for entry in _get(value, "runs", list)]
    return Account(standing, {record.run: record for record in records})


def _decode_run(value: object) -> RunRecord:
    return RunRecord(
        run=Run(_get(value, "container_id", str), _get(value, "started_at", str)),
        engine=_get(value, "engine", str),
        name=_get(value, "name", str),
        told=_get(value, "told", str),
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
