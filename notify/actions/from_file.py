"""From a notification in a configuration file to the action that it configures."""

from __future__ import annotations

from dataclasses import MISSING, fields
from typing import TYPE_CHECKING

from notify.actions import ACTIONS
from notify.actions.keys import RECIPIENT_KEYS, ROLLOUT_KEYS, RULE_KEYS, Key, only_true
from notify.rules import Rules

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping
    from pathlib import Path

    from notify.actions.action import Action

NONE = Key("none", "true", "Nobody is told, on purpose. It stands alone.", only_true, "")


class NotificationError(ValueError):
    """A notification in a file can't be one.

    Attributes:
        problems: everything that is wrong with it: the key ('' for the whole) and what to do.
    """

    def __init__(self, problems: Iterable[tuple[str, str]]) -> None:
        self.problems = tuple(problems)
        super().__init__("; ".join(f"{key}: {problem}" if key else problem for key, problem in self.problems))


def keys_of(action: type[Action]) -> tuple[Key, ...]:
    """Every key of an action: first the one that names it, then its own, then what it has in common with others."""
    for_containers = action.recipients != "none"
    return (
        *action.keys,
        *(RECIPIENT_KEYS if for_containers else ()),
        *RULE_KEYS,
        *(ROLLOUT_KEYS if for_containers else ()),
    )


def all_keys() -> dict[str, tuple[Key, ...]]:
    """The keys of each action by the key that names it, for the documentation."""
    return {action.keys[0].name: keys_of(action) for action in ACTIONS.values()} | {NONE.name: (NONE,)}


def notification_from(entry: Mapping[str, object], folder: Path | None = None) -> Action | None:
    """The action that an inline table configures; None for `{ none = true }`.

    Args:
        entry: as TOML gives it.
        folder: where paths that are not absolute begin; None leaves them as they are.

    Raises:
        NotificationError: what is wrong, every problem of it.
    """
    if NONE.name in entry:
        _check_none(entry)
        return None
    action = _named(entry)
    keys = {key.name: key for key in keys_of(action)}
    problems = list(_unknown(entry, action, keys))
    found: dict[str, object] = {}
    for name, key in keys.items():
        if name not in entry:
            continue
        try:
            value = key.read(entry[name])
        except ValueError as error:
            problems.append((name, str(error)))
        else:
            found |= {key.field: value} if key.field else {}
    if not problems and (missing := _missing(action, found)):
        problems.append(("", missing))
    if problems:
        raise NotificationError(problems)
    try:
        return _made(action, found, folder)
    except ValueError as error:
        raise NotificationError([(action.keys[0].name, str(error))]) from None


def notifications_from(entries: object, folder: Path | None = None) -> tuple[Action, ...]:
    """The actions of a job's `notify`, in its order, exact duplicates once.

    Args:
        entries: a list of inline tables.
        folder: as in `notification_from`.

    Raises:
        NotificationError: what is wrong; a key is such as `notify[2].timeout`, counted from 1.
    """
    if not isinstance(entries, list):
        raise NotificationError([("notify", 'give a list, such as [{ signal = "HUP", container = "nginx" }]')])
    problems: list[tuple[str, str]] = []
    found: list[Action] = []
    for number, entry in enumerate(entries, 1):
        where = f"notify[{number}]"
        if not isinstance(entry, dict):
            problems.append((where, 'give a table, such as { signal = "HUP", container = "nginx" }'))
            continue
        try:
            action = notification_from(entry, folder)
        except NotificationError as error:
            problems += [(f"{where}.{key}" if key else where, problem) for key, problem in error.problems]
            continue
        if action is None:
            if len(entries) > 1:
                problems.append((f"{where}.none", "it stands beside others: leave it out, or leave them out"))
        elif any(each == action and each.rules != action.rules for each in found):
            problems.append((where, f"{action} is there twice, with other rules: make them one"))
        else:
            found.append(action)
    if problems:
        raise NotificationError(problems)
    return tuple(dict.fromkeys(found))


def _check_none(entry: Mapping[str, object]) -> None:
    if entry[NONE.name] is not True:
        raise NotificationError([(NONE.name, "give true, or leave the key out")])
    if others := sorted(entry.keys() - {NONE.name}):
        raise NotificationError([(key, "it says nothing beside none: leave one of them out") for key in others])


def _named(entry: Mapping[str, object]) -> type[Action]:
    """The one action that is named."""
    named = {name: action for name, action in _by_key().items() if name in entry}
    # One that needs another's key beside its own is meant where both are there.
    owners = [action for action in named.values() if named.keys() <= {key.name for key in action.keys}]
    if len(owners) == 1:
        return owners[0]
    if named:
        raise NotificationError([("", f"it names several actions ({', '.join(named)}): write one table for each")])
    hints = (f" (did you mean {near}?)" for each in entry if (near := _nearest(each, [*_by_key(), NONE.name])))
    known = ", ".join([*_by_key(), NONE.name])
    raise NotificationError([("", f"it names no action{next(hints, '')}: give one of {known}")])


def _by_key() -> dict[str, type[Action]]:
    return {action.keys[0].name: action for action in ACTIONS.values() if action.keys}


def _unknown(entry: Mapping[str, object], action: type[Action], keys: Mapping[str, Key]) -> Iterator[tuple[str, str]]:
    for name in entry:
        if name not in keys:
            near = _nearest(name, keys)
            hint = f": did you mean {near}?" if near else f": its keys are {', '.join(keys)}"
            yield name, f"{action.keys[0].name} has no such key{hint}"


def _missing(action: type[Action], found: Mapping[str, object]) -> str:
    kept = {key.field: key.name for key in action.keys if key.field}
    lacking = [
        kept[each.name]
        for each in fields(action)
        if each.name in kept and each.default is MISSING and each.name not in found
    ]
    if lacking:
        return f"{', '.join(lacking)} is missing: give it beside {action.keys[0].name}"
    if action.recipients == "required" and not ("container" in found or "match" in found):
        return "nobody is named to tell: give container, or match"
    has_recipients = "container" in found or "match" in found
    if not has_recipients and ("max_parallel" in found or "pause_s" in found):
        return "max_parallel and pause are for containers: give container or match, or leave them out"
    return ""


def _made(action: type[Action], found: dict[str, object], folder: Path | None) -> Action:
    rules = {key.field: found.pop(key.field) for key in (*RULE_KEYS, *ROLLOUT_KEYS) if key.field in found}
    if "pause_s" in rules:
        rules.setdefault("max_parallel", 1)
    made = action(**{"container": "", **found, "rules": Rules(**rules)})  # type: ignore[arg-type] # as their keys read
    made.check()
    return made if folder is None else made.within(folder)


def _nearest(name: str, known: Iterable[str]) -> str:
    import difflib  # late: only a mistake needs it

    return next(iter(difflib.get_close_matches(name, list(known), n=1, cutoff=0.6)), "")
