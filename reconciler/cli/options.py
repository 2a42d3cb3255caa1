"""From arguments and environment to a command: the option wins over the environment, which wins over the default."""

from __future__ import annotations

from dataclasses import fields
from typing import TYPE_CHECKING, Any

from reconciler.backend.address import STANDARD_ADDRESS
from reconciler.cli.catalogue import (
    CONFIG,
    DEBUG,
    DOCKER_ADDRESS,
    FORMAT,
    LEGACY_OPTIONS,
    METRICS,
    NOTIFY_DOCKER_ADDRESS,
    OPTIONS,
    SIGNAL_VIA,
    TEMPLATE,
    Option,
)
from reconciler.cli.commands import (
    RUN,
    CheckConfig,
    Command,
    ConfigurationFiles,
    Healthcheck,
    Permissions,
    Printed,
    Record,
    Refused,
    Run,
    UsageError,
)
from reconciler.cli.environment import check_notify_address, choose_address, unknown_variables, values_of
from reconciler.cli.parser import CHILD_MARK, Given, TextAsked, read_arguments
from reconciler.cli.settings import EngineSettings, JobSettings, ProgramSettings, Settings

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence


def parse(arguments: Sequence[str], environ: Mapping[str, str]) -> Command:
    """Read the command line and the environment.

    Args:
        arguments: what follows the program's name.
        environ: the environment; only documented names are read.

    Returns:
        What is asked for. A mistake is `Refused`, with a message that says what, where, and what to do.
    """
    try:
        command = read_arguments(arguments)
        return _COMMANDS[command.command](command.given, environ)
    except TextAsked as asked:
        return Printed(str(asked))
    except UsageError as mistake:
        return Refused(str(mistake))


def _run(given: Given, environ: Mapping[str, str]) -> Command:
    settings, warnings = _settings(given, environ)
    paths = _found((CONFIG,), given, environ).get(CONFIG.field)
    files = ConfigurationFiles(paths, lambda: _settings(given, environ)[0]) if paths else None
    return Run(settings, warnings, files)


def _permissions(given: Given, environ: Mapping[str, str]) -> Command:
    output_format = _found((FORMAT,), given, environ).get(FORMAT.field, FORMAT.default_value)
    # What the engine has to allow depends on neither template nor child: an empty one stands in where none is given.
    settings, warnings = _settings([(TEMPLATE.flag, "#"), *given], environ, needs_child=False)
    return Permissions(settings, output_format, warnings)


def _check_config(given: Given, environ: Mapping[str, str]) -> Command:
    return CheckConfig(*_settings(given, environ))


def _record(given: Given, environ: Mapping[str, str]) -> Command:
    found = _found((DOCKER_ADDRESS, DEBUG), given, environ)
    address = choose_address(found.get(DOCKER_ADDRESS.field), _source(DOCKER_ADDRESS, given), environ)
    return Record(address.text, debug=found.get(DEBUG.field, False), warnings=tuple(address.warnings))


def _healthcheck(given: Given, environ: Mapping[str, str]) -> Command:
    written = [value for _, value in given] or values_of(METRICS, environ)
    return Healthcheck(str(written[-1] or 0) if written else None)


def _settings(
    given: Given, environ: Mapping[str, str], *, needs_child: bool = True
) -> tuple[Settings, tuple[str, ...]]:
    """The settings of files, command line and environment together, and warnings.

    What command line or environment say of the program wins over the files; what they say of a job is one more job.

    Raises:
        UsageError: they can't be used.
    """
    found = _found(OPTIONS, given, environ)
    paths = found.pop(CONFIG.field, ())
    shared = {name: found.pop(name) for name in _SHARED & found.keys()}
    sources = {name: _source(option, given) for name, option in _BY_FIELD.items()}
    jobs = [_job(found, given)] if TEMPLATE.field in found or not paths else []
    if paths:
        from reconciler.cli.config_file import read_configuration  # late: most starts have no file

        if found and not jobs:
            raise UsageError(_without_template(found, given))
        files = read_configuration(paths, jobs)
        sources |= {name: where for name, where in files.sources.items() if name not in shared}
        shared = files.fields | shared
        jobs = files.jobs
    shared["child"] = _child(shared, jobs if needs_child else (), given)
    address = choose_address(shared.get(DOCKER_ADDRESS.field), sources[DOCKER_ADDRESS.field], environ)
    if NOTIFY_DOCKER_ADDRESS.field in shared:
        check_notify_address(shared[NOTIFY_DOCKER_ADDRESS.field], sources[NOTIFY_DOCKER_ADDRESS.field], environ)
    shared[DOCKER_ADDRESS.field] = address.text
    flags = {flag for flag, _ in given}
    legacy = [
        f"{flag} is obsolete and ignored: {instead}" for flag, (_, instead) in LEGACY_OPTIONS.items() if flag in flags
    ]
    return _assembled(shared, jobs), (*legacy, *address.warnings, *unknown_variables(environ))


def _job(found: Mapping[str, Any], given: Given) -> JobSettings:
    """The job of the command line."""
    if TEMPLATE.field not in found:
        raise UsageError("no template is given: add --template FILE, or set PYGEN_TEMPLATE; see 'pygen --help'")
    _check_signals(found, _source(SIGNAL_VIA, given))
    return JobSettings(**_DEFAULTS_OF_JOB | dict(found))


def _without_template(found: Mapping[str, Any], given: Given) -> str:
    option = next(option for option in OPTIONS if option.field in found)
    return (
        f"{_source(option, given)} is of a job, and there is no --template beside --config: add it for one more job, "
        "or write this into the file"
    )


def _found(options: Iterable[Option], given: Given, environ: Mapping[str, str]) -> dict[str, Any]:
    """The value of each field that the arguments or the environment say something about.

    A field of repeatable options has all their values, in the order of the command line, then of the environment, with
    exact duplicates dropped.
    """
    by_flag = {option.flag: option for option in options}
    found: dict[str, Any] = {}
    repeated: dict[str, dict[Any, None]] = {}
    flags = {flag for flag, _ in given}
    occurrences = [(by_flag[flag], value) for flag, value in given if flag in by_flag]
    for option in by_flag.values():
        if option.flag not in flags:
            occurrences += [(option, value) for value in values_of(option, environ)]
    for option, value in occurrences:
        if option.repeatable:
            repeated.setdefault(option.field, {})[value] = None
        else:
            found[option.field] = value
    return found | {field: tuple(each) for field, each in repeated.items()}


def _source(option: Option, given: Given) -> str:
    """Where the option's value is written, for messages: its flag, or its variable's name."""
    return option.flag if any(flag == option.flag for flag, _ in given) else option.variable_name


def of_one_job(**values: Any) -> Settings:
    """One engine and one job, as a command line describes them, with the defaults for what is not given.

    Args:
        values: by name, fields of all three scopes, no two of which share a name.

    Raises:
        TypeError: a name that is no field, or no template.
    """
    shared = {name: values.pop(name) for name in _SHARED & values.keys()}
    return _assembled(shared, [JobSettings(**_DEFAULTS_OF_JOB | values)])


def _assembled(shared: Mapping[str, Any], jobs: Iterable[JobSettings]) -> Settings:
    """Settings with the defaults for what of the program is not given."""
    values = _DEFAULTS_OF_ALL | dict(shared)
    values.setdefault(DOCKER_ADDRESS.field, STANDARD_ADDRESS)
    values.setdefault(NOTIFY_DOCKER_ADDRESS.field, values[DOCKER_ADDRESS.field])
    program, engine = (
        {name: value for name, value in values.items() if name in _FIELDS[scope]}
        for scope in (ProgramSettings, EngineSettings)
    )
    return Settings(ProgramSettings(**program), (EngineSettings(**engine),), tuple(jobs))


def _child(shared: Mapping[str, Any], jobs: Iterable[JobSettings], given: Given) -> tuple[str, ...]:
    """The command behind `--`, or else of the files, and that what is said of it makes sense."""
    commands: list[tuple[str, ...]] = [value for flag, value in given if flag == CHILD_MARK]
    command: tuple[str, ...] = commands[0] if commands else shared.get("child", ())
    if commands and not (command and command[0]):
        raise UsageError("-- is followed by no command: give a program and its arguments, or leave it out")
    if any("\0" in word for word in command):
        raise UsageError("--: the command holds a zero byte, which no program can be given")
    if command and shared.get("one_shot"):
        raise UsageError("--one-shot ends after one pass, and -- COMMAND stays: leave one of them out")
    if not command and any(notification.of_child for job in jobs for notification in job.notifications):
        raise UsageError(
            "--signal-child: there is no command to tell: put -- COMMAND at the end of the command line, or [child] "
            "into the configuration file"
        )
    return command


def _check_signals(found: Mapping[str, Any], source: str) -> None:
    """What could never be delivered is refused."""
    for notification in found.get("notifications", ()):
        if refusal := notification.refusal(found.get(SIGNAL_VIA.field, SIGNAL_VIA.default)):
            raise UsageError(f"{source}: {refusal}")


_FIELDS = {scope: frozenset(field.name for field in fields(scope)) for scope in (ProgramSettings, EngineSettings)}
_SHARED = frozenset().union(*_FIELDS.values())
_BY_FIELD = {option.field: option for option in OPTIONS}
_DEFAULTS = {option.field: option.default_value for option in OPTIONS if option.default}
_DEFAULTS_OF_ALL = {name: value for name, value in _DEFAULTS.items() if name in _SHARED}
_DEFAULTS_OF_JOB = {name: value for name, value in _DEFAULTS.items() if name not in _SHARED}
_COMMANDS = {
    RUN: _run,
    "check-config": _check_config,
    "permissions": _permissions,
    "record": _record,
    "healthcheck": _healthcheck,
}
