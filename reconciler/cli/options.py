"""From arguments and environment to a command: the option wins over the environment, which wins over the default."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from reconciler.cli import help_text, values
from reconciler.cli.arguments import SUBCOMMANDS, VERSION_FLAG, Given, asks_for_text, cut
from reconciler.cli.catalogue import (
    DEBUG,
    DOCKER_ADDRESS,
    FORMAT,
    METRICS,
    NOTIFY_DOCKER_ADDRESS,
    OPTIONS,
    SIGNAL_VIA,
    TEMPLATE,
)
from reconciler.cli.commands import Command, Healthcheck, Permissions, Printed, Record, Refused, Run, UsageError
from reconciler.cli.engine_address import check_notify_address, choose_address
from reconciler.cli.environment import occurrences, unknown_variables
from reconciler.cli.legacy import address_warnings, option_warnings
from reconciler.cli.resolve import resolve, source_of
from reconciler.cli.settings import Settings

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence


def parse(arguments: Sequence[str], environ: Mapping[str, str]) -> Command:
    """Read the command line and the environment.

    Args:
        arguments: what follows the program's name.
        environ: the environment; only documented names are read.

    Returns:
        What is asked for. A mistake is `Refused`, with a message that says what, where, and what to do.
    """
    name = arguments[0] if arguments and arguments[0] in SUBCOMMANDS else ""
    try:
        return _COMMANDS[name](arguments[1:] if name else arguments, environ)
    except UsageError as mistake:
        return Refused(str(mistake))


def _run(arguments: Sequence[str], environ: Mapping[str, str]) -> Command:
    given = cut(arguments, OPTIONS, legacy=True)
    if asks_for_text(given):
        return _text(given, help_text.main())
    settings, warnings = _settings(given, environ)
    return Run(settings, warnings)


def _permissions(arguments: Sequence[str], environ: Mapping[str, str]) -> Command:
    given = cut(arguments, (*OPTIONS, FORMAT), legacy=True)
    if asks_for_text(given):
        return _text(given, help_text.permissions())
    asked = resolve((FORMAT,), given, environ)
    # What the engine has to allow does not depend on the template: an empty one stands in where none is given.
    settings, warnings = _settings([(TEMPLATE.flag, ["#"]), *given], environ)
    return Permissions(settings, asked.get(FORMAT.field, "text"), warnings)


def _record(arguments: Sequence[str], environ: Mapping[str, str]) -> Command:
    given = cut(arguments, (DOCKER_ADDRESS, DEBUG), legacy=False)
    if asks_for_text(given):
        return _text(given, help_text.record())
    found = resolve((DOCKER_ADDRESS, DEBUG), given, environ)
    address = choose_address(found.get(DOCKER_ADDRESS.field), source_of(DOCKER_ADDRESS, given), environ)
    warnings = address_warnings(environ, serves=address.legacy)
    return Record(address.text, debug=found.get(DEBUG.field, False), warnings=tuple(warnings))


def _healthcheck(arguments: Sequence[str], environ: Mapping[str, str]) -> Command:
    given = cut(arguments, (METRICS,), legacy=False)
    if asks_for_text(given):
        return _text(given, help_text.healthcheck())
    resolve((METRICS,), given, environ)
    written = [words[0] for _, words in given] or [words[0] for words in occurrences(METRICS, environ)]
    return Healthcheck(written[-1] if written else None)


def _text(given: Given, help_page: str) -> Printed:
    asks_version = any(flag == VERSION_FLAG for flag, _ in given)
    return Printed(help_text.version() if asks_version else help_page)


def _settings(given: Given, environ: Mapping[str, str]) -> tuple[Settings, tuple[str, ...]]:
    found = resolve(OPTIONS, given, environ)
    if "template" not in found:
        raise UsageError("no template is given: add --template FILE, or set PYGEN_TEMPLATE; see 'pygen --help'")
    _check_signals(found, source_of(SIGNAL_VIA, given))
    address = choose_address(found.get("docker_address"), source_of(DOCKER_ADDRESS, given), environ)
    if "notify_docker_address" in found:
        check_notify_address(found["notify_docker_address"], source_of(NOTIFY_DOCKER_ADDRESS, given), environ)
    found["docker_address"] = address.text
    found.setdefault("notify_docker_address", address.text)
    found.setdefault("metrics", values.metrics([values.METRICS_DEFAULT]))
    warnings = [
        *option_warnings(flag for flag, _ in given),
        *address_warnings(environ, serves=address.legacy),
        *unknown_variables(environ),
    ]
    return Settings.of_one_job(**found), tuple(warnings)


def _check_signals(found: Mapping[str, Any], source: str) -> None:
    """What could never be delivered is refused."""
    for notification in found.get("notifications", ()):
        if refusal := notification.refusal(found.get("signal_via", "auto")):
            raise UsageError(f"{source}: {refusal}")


_COMMANDS = {"": _run, "permissions": _permissions, "record": _record, "healthcheck": _healthcheck}
