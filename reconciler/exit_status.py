"""How the program ends, in the one number that scripts and service managers look at."""

from __future__ import annotations

from enum import IntEnum


class ExitStatus(IntEnum):
    """Exit statuses of all commands.

    Attributes:
        OK: what was asked for is done; `healthcheck`: the running program is healthy, or its metrics are off.
        UNEXPECTED: an unexpected error, or standard output can't be written; `healthcheck`: not healthy.
        USAGE: the command line or the environment can't be used, or the metrics port is taken.
        ENGINE_UNREACHABLE: `--one-shot` and `record`: the engine could not be read in time.
        TEMPLATE_FAILED: the template can't be loaded, or `--one-shot` could not render it.
        WRITE_FAILED: another pygen has the target, or `--one-shot` could not write it.
        NOTIFICATION_FAILED: `--one-shot`: a notification is still pending.
    """

    OK = 0
    UNEXPECTED = 1
    USAGE = 2
    ENGINE_UNREACHABLE = 11
    TEMPLATE_FAILED = 12
    WRITE_FAILED = 13
    NOTIFICATION_FAILED = 14
