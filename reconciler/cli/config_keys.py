"""The keys of a configuration file, made from the table of options: what a command line can say of a job, a file can.

Parser and documentation (`docs/configuration.md`) are both made from these tables.
"""

from __future__ import annotations

from dataclasses import fields
from functools import partial
from typing import TYPE_CHECKING, Any

from notify.actions.from_file import notifications_from
from notify.actions.keys import Key, text, texts
from reconciler.cli import values
from reconciler.cli.catalogue import OPTIONS, Option
from reconciler.cli.settings import JobSettings

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

COMMAND_LINE_ONLY = frozenset({"--one-shot", "--config"})
"""Options that say how the program is run, not what it keeps in sync."""

_ELSEWHERE = {
    "--docker-address": "engine",
    "--notify-docker-address": "engine",
    "--engine-filter": "engine",
    "--resync": "engine",
    "--metrics": "metrics",
    "--status": "metrics",
    "--status-host": "metrics",
    "--child-grace": "child",
}
_NAMES = {"--metrics": "address", "--child-grace": "grace", "--engine-filter": "filters"}

_NUMBERS: frozenset[Callable[[str], object]] = frozenset({values.seconds, values.seconds_over_zero})
_NUMBERS_OR_TEXTS: frozenset[Callable[[str], object]] = frozenset(
    {values.size_bytes, values.metrics_address, values.user, values.group}
)


def key_name(option: Option) -> str:
    """What an option is called in a file: its flag, or a shorter name in a section of its own."""
    return _NAMES.get(option.flag) or option.flag.removeprefix("--").replace("-", "_")


def key_of(option: Option) -> Key:
    """The key that says what an option says."""
    return Key(
        key_name(option), _kind(option), option.help, partial(_value, option), option.field, default=option.default
    )


def _kind(option: Option) -> str:
    if option.convert is values.switch:
        return "true or false"
    if option.convert is values.engine_filter:
        return "table of lists of texts"
    if option.convert in _NUMBERS:
        single = "number of seconds"
    elif option.convert is values.file_mode:
        single = 'text in octal, such as "0640", or 0o640'
    elif option.convert in _NUMBERS_OR_TEXTS:
        single = "whole number, or text"
    else:
        single = f"one of {', '.join(option.metavar[0].split('|'))}" if "|" in option.metavar[0] else "text"
    if option.nargs == "+":
        return f"[{', '.join(option.metavar)}], each a {single}, or one for both"
    return f"list of {single}s" if option.repeatable else single


def _value(option: Option, value: object) -> Any:
    """The value of the option's field; ValueError says what to give."""
    if option.convert is values.engine_filter:
        return values.engine_filters(value)
    if option.repeatable:
        if not isinstance(value, list):
            raise ValueError(f"give a {_kind(option)}")
        return tuple(dict.fromkeys(option.value([_word(option, each)]) for each in value))
    several = option.nargs == "+" and isinstance(value, list)
    return option.value([_word(option, each) for each in (value if several else [value])])  # type: ignore[attr-defined] # a list


def _word(option: Option, value: object) -> str:
    """A value as a command line would have it."""
    if option.convert is values.file_mode and type(value) is int:
        return values.octal_mode(value)
    is_text, is_number = isinstance(value, str), type(value) in (int, float)
    if option.convert is values.switch:
        is_right = isinstance(value, bool)
    elif option.convert in _NUMBERS:
        is_right = is_number
    else:
        is_right = is_text or (option.convert in _NUMBERS_OR_TEXTS and type(value) is int)
    if not is_right:
        raise ValueError(f"give a {_kind(option)}" if not _kind(option).startswith("true") else "give true or false")
    return str(value)


def _options_of(section: str) -> tuple[Key, ...]:
    job_fields = {field.name for field in fields(JobSettings)}
    return tuple(
        key_of(option)
        for option in OPTIONS
        if option.flag not in COMMAND_LINE_ONLY
        and option.field != "notifications"
        and _ELSEWHERE.get(option.flag, "job" if option.field in job_fields else "") == section
    )


def _expression(value: object) -> str:
    """An expression, as it is written."""
    return text(value).strip()


def _names(value: object) -> tuple[str, ...]:
    """Names of jobs, each once."""
    if not isinstance(value, list) or not all(isinstance(each, str) and each.strip() for each in value):
        raise ValueError('give a list of names of jobs, such as ["nginx"]')
    return tuple(dict.fromkeys(value))


NAME = Key(
    "name",
    "text",
    "What the job is called in messages, on the status page and in other jobs' keys.",
    text,
    "name",
    default="the target",
)
NOTIFY = Key(
    "notify",
    "list of tables",
    "Who is notified when the target changed, and how; each table is one notification.",
    notifications_from,
    "notifications",
    default="nobody",
)

FOR_EACH = Key(
    "for_each",
    "Jinja2 expression",
    "One file for each element that it gives, such as `containers`: target and template see it as `item`. "
    "See [a file for each element](#a-file-for-each-element).",
    _expression,
    "for_each",
)
AFTER = Key(
    "after",
    "list of texts",
    "The names of jobs that come first: it is written when their files are as they should be and their readers told. "
    "See [jobs in order](#jobs-in-order).",
    _names,
    "after",
)

JOB_KEYS: Mapping[str, Key] = {key.name: key for key in (NAME, *_options_of("job"), FOR_EACH, AFTER, NOTIFY)}
"""Keys of `[[job]]`."""

_OF_ONE_JOB = ("name", "target", FOR_EACH.name, AFTER.name)
DEFAULT_KEYS: Mapping[str, Key] = {name: key for name, key in JOB_KEYS.items() if name not in _OF_ONE_JOB}
"""Keys of `[defaults]`, which hold for the jobs of the same file."""

CHILD_COMMAND = Key(
    "command",
    "list of texts",
    "The program that pygen starts once the first files are written, and its arguments.",
    texts,
    "child",
    default="none",
)

SECTIONS: Mapping[str, Mapping[str, Key]] = {
    section: {key.name: key for key in (*own, *_options_of(section))}
    for section, own in {"": (), "engine": (), "metrics": (), "child": (CHILD_COMMAND,)}.items()
}
"""Keys of the program by their section: those of no section stand at the top of the file."""
