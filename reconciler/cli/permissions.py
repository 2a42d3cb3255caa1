"""`permissions`: the requests that a configuration makes of the engine, for people and for a socket proxy."""

from __future__ import annotations

from typing import TYPE_CHECKING, TextIO

from models.frozen import frozen
from reconciler.backend.permissions import Need, Operation, needed, reading_needs, telling_needs

if TYPE_CHECKING:
    from reconciler.cli.commands import Permissions
    from reconciler.cli.settings import EngineSettings, ProgramSettings, Settings

_RECORDED = "file:"
_SOCKET_PROXY_HINT = (
    "Arguments of wollomatic/socket-proxy, 1.12 or newer: from there on an -allow option may be given more than once."
)


@frozen
class AccessList:
    """What one address has to allow.

    Attributes:
        option: the option that gives this address.
        operations: the requests; empty where nothing is asked of an engine.
    """

    option: str
    operations: tuple[Operation, ...]


def access_lists(settings: Settings) -> list[AccessList]:
    """One list for each address that the configuration uses, with nothing in it that is not needed."""
    telling = frozenset[Need]().union(*(telling_needs(job.notifications, job.signal_via) for job in settings.jobs))
    return [each for engine in settings.engines for each in _of_engine(engine, settings.program, telling)]


def _of_engine(engine: EngineSettings, program: ProgramSettings, telling: frozenset[Need]) -> list[AccessList]:
    is_recorded = engine.docker_address.startswith(_RECORDED)
    reading = frozenset[Need]() if is_recorded else reading_needs(one_shot=program.one_shot)
    if engine.notify_docker_address == engine.docker_address:
        return [AccessList("--docker-address", () if is_recorded else needed(reading | telling))]
    lists = [AccessList("--docker-address", needed(reading))]
    return lists + ([AccessList("--notify-docker-address", needed(telling))] if telling else [])


def print_permissions(command: Permissions, stdout: TextIO, stderr: TextIO) -> None:
    """Print the lists.

    As `socket-proxy` standard output holds the arguments alone, one a line, so that they can be handed on as they are;
    what they are for goes to standard error, where a terminal shows it above each argument.
    """
    lists = access_lists(command.settings)
    if command.output_format == "text":
        stdout.write("\n".join(_text(one) for one in lists))
        return
    _note(stderr, _SOCKET_PROXY_HINT)
    for position, one in enumerate(lists):
        stdout.write("\n" if position else "")
        _print_arguments(one, stdout, stderr)


def socket_proxy_argument(operation: Operation) -> str:
    """`-allowGET=PATTERN`: the proxy anchors the pattern at both ends, and matches the path without its query."""
    return f"-allow{operation.method}={operation.pattern}"


def _print_arguments(one: AccessList, stdout: TextIO, stderr: TextIO) -> None:
    _note(stderr, _heading(one))
    for operation in one.operations:
        _note(stderr, f"{operation.line}: {operation.why}", *_grants(operation))
        stdout.write(socket_proxy_argument(operation) + "\n")
        stdout.flush()


def _note(stream: TextIO, *lines: str) -> None:
    """Write comment lines at once, so that they stay in step with the other stream."""
    stream.writelines(f"# {line}\n" for line in lines)
    stream.flush()


def _text(one: AccessList) -> str:
    width = max((len(operation.line) for operation in one.operations), default=0)
    lines = [f"# {_heading(one)}"]
    for operation in one.operations:
        lines.append(f"{operation.line:<{width}}  {operation.why}")
        lines += [f"{'':{width}}  {grant}" for grant in _grants(operation)]
    return "".join(f"{line}\n" for line in lines)


def _heading(one: AccessList) -> str:
    return one.option + ("" if one.operations else ": no requests to an engine")


def _grants(operation: Operation) -> list[str]:
    return [f"grants: {operation.grants}"] if operation.grants else []
