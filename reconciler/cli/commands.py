"""What a command line can ask for: each command with all it needs, or a text to print, or why it was refused."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

if TYPE_CHECKING:
    from reconciler.cli.settings import Settings

PermissionsFormat = Literal["text", "socket-proxy"]


class UsageError(Exception):
    """The command line or the environment can't be used; the message says what, where, and what to do."""


@dataclass(frozen=True, slots=True)
class Run:
    """The main command: keep the target true.

    Attributes:
        settings: checked settings.
        warnings: messages for the log, each once, at the start.
    """

    settings: Settings
    warnings: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Permissions:
    """`permissions`: print what this configuration needs of the engine."""

    settings: Settings
    output_format: PermissionsFormat = "text"
    warnings: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Record:
    """`record`: write the engine's state to standard output."""

    docker_address: str
    debug: bool = False
    warnings: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Healthcheck:
    """`healthcheck`: ask the running program how it is.

    Attributes:
        metrics: the address as written in the option or in PYGEN_METRICS, already checked; None where neither says.
    """

    metrics: str | None = None


@dataclass(frozen=True, slots=True)
class Printed:
    """A text for standard output, and status 0: `--help` and `--version`."""

    text: str


@dataclass(frozen=True, slots=True)
class Refused:
    """A usage error: the message for standard error; the status is `ExitStatus.USAGE`."""

    message: str


Command = Run | Permissions | Record | Healthcheck | Printed | Refused
