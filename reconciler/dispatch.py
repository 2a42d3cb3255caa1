"""From a command line to the command that it asks for, each with only the imports that it needs."""

from __future__ import annotations

import logging
import os
import sys
from typing import TYPE_CHECKING

from reconciler.cli.commands import CheckConfig, Healthcheck, Permissions, Printed, Record, Refused, Run
from reconciler.cli.options import parse
from reconciler.descriptors import give_up_standard_output
from reconciler.exit_status import ExitStatus

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from templating.process import RenderProcess

log = logging.getLogger("pygen")


def dispatch(
    arguments: Sequence[str],
    environ: Mapping[str, str] = os.environ,
    *,
    render_process: RenderProcess | None = None,
) -> int:
    """Do what a command line asks for.

    Args:
        arguments: what follows the program's name.
        environ: the environment.
        render_process: was started already, to save time; it is ended where nothing is to be rendered.

    Returns:
        The exit status.
    """
    command = parse(arguments, environ)
    if isinstance(command, Run):
        return _run(command, environ, render_process)
    if render_process is not None:
        render_process.kill()
    try:
        status = _print_what_is_asked(command, environ)
        sys.stdout.flush()  # here, for at the interpreter's end nobody could put a failure into words
    except OSError as error:
        sys.stderr.write(f"pygen: standard output can't be written: {error.strerror}\n")
        give_up_standard_output()
        return ExitStatus.UNEXPECTED
    return status


def _print_what_is_asked(
    command: Permissions | Record | Healthcheck | CheckConfig | Printed | Refused, environ: Mapping[str, str]
) -> int:
    match command:
        case Refused(message):
            sys.stderr.write(f"pygen: {message}\n")
            return ExitStatus.USAGE
        case Printed(text):
            sys.stdout.write(text)
            return ExitStatus.OK
        case CheckConfig():
            return _check_config(command)
        case Healthcheck(metrics):
            return _healthcheck(metrics, environ)
        case Permissions():
            return _permissions(command)
        case Record():
            return _record(command, environ)


def _run(command: Run, environ: Mapping[str, str], render_process: RenderProcess | None) -> int:
    from reconciler.loop import signals
    from reconciler.memory_guard import guard_memory
    from templating.process import start_process

    settings = command.settings
    # Before the imports below, which take a while: a SIGHUP meanwhile would end the program.
    signals.block(with_child=bool(settings.program.child))

    render_process = render_process or start_process()
    guard_memory()

    from metrics.listening import CannotListenError
    from reconciler.cli.logging_setup import set_up
    from reconciler.running import run

    set_up(settings.program.log_format, debug=settings.program.debug)
    for warning in command.warnings:
        log.warning("%s", warning)
    try:
        return run(settings, environ, render_process, command.files)
    except CannotListenError as error:
        log.error("%s", error)  # noqa: TRY400 - a usage error, not a fault of the program
        return ExitStatus.USAGE
    except Exception as error:
        reason = type(error).__name__
        log.exception("pygen failed unexpectedly (%s); please report this", reason)
        return ExitStatus.UNEXPECTED


def _check_config(command: CheckConfig) -> int:
    from reconciler.composition.expressions import wrong_expressions
    from templating.host import RenderHost

    jobs = command.settings.jobs
    host = RenderHost(body_max=max(job.render_size_limit_bytes for job in jobs), warn=log.debug)
    try:
        wrong = list(wrong_expressions(jobs, host, warn=log.debug))
    finally:
        host.close()
    for message in wrong:
        sys.stderr.write(f"pygen: {message}\n")
    if wrong:
        return ExitStatus.USAGE
    for warning in command.warnings:
        sys.stdout.write(f"warning: {warning}\n")
    sys.stdout.write(f"the configuration can be used; its jobs: {', '.join(job.name for job in jobs)}\n")
    return ExitStatus.OK


def _healthcheck(metrics: str | None, environ: Mapping[str, str]) -> int:
    from metrics.runtime_file import find_running, runtime_folders
    from reconciler.cli.healthcheck import healthcheck

    return healthcheck(metrics, find=lambda: find_running(runtime_folders(environ)), say=_say)


def _say(text: str) -> None:
    """Print, where somebody listens: the status is the answer."""
    try:
        print(text, flush=True)  # noqa: T201 - a command's answer
    except OSError:
        give_up_standard_output()


def _permissions(command: Permissions) -> int:
    from reconciler.cli.permissions import print_permissions

    print_permissions(command, sys.stdout, sys.stderr)
    return ExitStatus.OK


def _record(command: Record, environ: Mapping[str, str]) -> int:
    import random
    import time

    from reconciler.backend.address import EngineAddress
    from reconciler.backend.engine_link import NullObserver
    from reconciler.backend.open_engine import open_reader
    from reconciler.backend.port import EngineError
    from reconciler.backend.record import record
    from reconciler.cli.logging_setup import set_up

    set_up("text", debug=command.debug)
    for warning in command.warnings:
        log.warning("%s", warning)
    address = EngineAddress.parse(command.docker_address, environ)
    reader = open_reader(
        address,
        clock=time.monotonic,
        sleep=time.sleep,
        chance=random.random,
        observer=NullObserver(),
    )
    try:
        state = record(reader)
    except EngineError as error:
        log.error("nothing is recorded: %s", error)  # noqa: TRY400 - the message says it all
        return ExitStatus.ENGINE_UNREACHABLE
    finally:
        reader.close()
    sys.stdout.buffer.write(state)
    return ExitStatus.OK
