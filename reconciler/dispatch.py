"""From a command line to the command that it asks for, each with only the imports that it needs."""

from __future__ import annotations

import logging
import os
import sys
from typing import TYPE_CHECKING

from reconciler.cli.commands import USAGE_STATUS, Healthcheck, Permissions, Printed, Record, Refused, Run
from reconciler.cli.options import parse

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

UNEXPECTED_STATUS = 1
ENGINE_UNREACHABLE_STATUS = 11

log = logging.getLogger("pygen")


def dispatch(arguments: Sequence[str], environ: Mapping[str, str] = os.environ) -> int:
    """Do what a command line asks for.

    Args:
        arguments: what follows the program's name.
        environ: the environment.

    Returns:
        The exit status.
    """
    command = parse(arguments, environ)
    match command:
        case Refused(message):
            sys.stderr.write(f"pygen: {message}\n")
            return USAGE_STATUS
        case Printed(text):
            sys.stdout.write(text)
            return 0
        case Healthcheck(metrics):
            return _healthcheck(metrics, environ)
        case Permissions():
            return _permissions(command)
        case Record():
            return _record(command, environ)
        case Run():
            return _run(command, environ)


def _run(command: Run, environ: Mapping[str, str]) -> int:
    from metrics.exposition.listening import CannotListenError
    from reconciler.cli.logging_setup import set_up
    from reconciler.running import run

    settings = command.settings
    set_up(settings.log_format, debug=settings.debug)
    for warning in command.warnings:
        log.warning("%s", warning)
    try:
        return run(settings, environ)
    except CannotListenError as error:
        log.error("%s", error)  # noqa: TRY400 - a usage error, not a fault of the program
        return USAGE_STATUS
    except Exception as error:
        reason = type(error).__name__
        log.exception("the program failed for a reason that nobody foresaw (%s); please report it", reason)
        return UNEXPECTED_STATUS


def _healthcheck(metrics: str | None, environ: Mapping[str, str]) -> int:
    from metrics.runtime_file import find_running, runtime_folders
    from reconciler.cli.healthcheck import healthcheck

    return healthcheck(metrics, find=lambda: find_running(runtime_folders(environ)), say=print)


def _permissions(command: Permissions) -> int:
    from reconciler.cli.permissions import print_permissions

    print_permissions(command, sys.stdout, sys.stderr)
    return 0


def _record(command: Record, environ: Mapping[str, str]) -> int:
    import random
    import time

    from reconciler.backend.address import EngineAddress
    from reconciler.backend.engine_link import NobodyObserves
    from reconciler.backend.open_engine import open_reader
    from reconciler.backend.port import EngineError
    from reconciler.backend.record import record
    from reconciler.cli.logging_setup import set_up

    set_up("text", debug=command.debug)
    for warning in command.warnings:
        log.warning("%s", warning)
    address = EngineAddress.parse(command.docker_address, environ)
    reader = open_reader(
        address, clock=time.monotonic, sleep=time.sleep, chance=random.random, observer=NobodyObserves()
    )
    try:
        state = record(reader)
    except EngineError as error:
        log.error("nothing is recorded: %s", error)  # noqa: TRY400 - the message says it all
        return ENGINE_UNREACHABLE_STATUS
    finally:
        reader.close()
    sys.stdout.buffer.write(state)
    sys.stdout.flush()
    return 0
