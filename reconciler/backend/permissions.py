"""Every request that the program makes of an engine: one table, which access lists and error messages are made from.

What is not in this table is not asked: `tests/unit/backend/test_permissions.py` holds the readers and writers to it.
Paths are those of the engine's API without its version prefix (`/v1.41`).
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Literal

from models.frozen import frozen
from notify.actions.action import Need as ActionNeed

if TYPE_CHECKING:
    from collections.abc import Iterable

    from notify.actions.action import Action, SignalVia

Need = ActionNeed | Literal["read", "watch", "notify"]
"""When a request is made.

`read`: always; `watch`: except in one shot; `notify`: with any notification; `kill` and `exec`: where a signal may be
sent that way, `exec` also for a command in a container; `restart`: where a restart is configured.
"""

_CONTAINER = "[a-zA-Z0-9][a-zA-Z0-9_.-]*"
_EXEC = "[0-9a-f]+"
_PLACES = {"{container}": _CONTAINER, "{exec}": _EXEC}


@frozen
class Operation:
    """One kind of request.

    Attributes:
        name: as in the metrics' label `operation`.
        method: the HTTP method.
        path: the path, with `{container}` and `{exec}` in the place of ids.
        needs: when it is made.
        why: what it is for.
        grants: what an access list that allows it hands over beside that; '' where that is no news.
    """

    name: str
    method: str
    path: str
    needs: frozenset[Need]
    why: str
    grants: str = ""

    @property
    def line(self) -> str:
        """The method and the path, as access lists and messages name it."""
        return f"{self.method} {self.path}"

    @property
    def pattern(self) -> str:
        """A regular expression (Go's and Python's) for the whole path, with any version prefix or none."""
        pieces = re.split(r"(\{\w+\})", self.path)
        return r"(/v[0-9]+\.[0-9]+)?" + "".join(_PLACES.get(piece) or re.escape(piece) for piece in pieces)


_EXEC_GRANTS = (
    "anyone who may use the three exec requests can run any command, as any user, in every container of this engine; "
    "--exec needs them; signals do without them with --signal-via kill"
)

OPERATIONS = (
    Operation(
        "version",
        "GET",
        "/version",
        frozenset({"read", "notify"}),
        "to agree on a version of the API with the engine",
    ),
    Operation(
        "list",
        "GET",
        "/containers/json",
        frozenset({"read"}),
        "to know which containers there are",
    ),
    Operation(
        "inspect",
        "GET",
        "/containers/{container}/json",
        frozenset({"read", "notify"}),
        "to know a container's state, and again directly before it is notified",
        "shows every container's environment, secrets in it included",
    ),
    Operation(
        "networks",
        "GET",
        "/networks",
        frozenset({"read"}),
        "to know which networks are internal, and over which the host is reached",
    ),
    Operation(
        "events",
        "GET",
        "/events",
        frozenset({"watch"}),
        "to learn of changes when they happen",
    ),
    Operation(
        "kill",
        "POST",
        "/containers/{container}/kill",
        frozenset({"kill"}),
        "to send a signal",
        "any signal to any container, which can stop it",
    ),
    Operation(
        "restart",
        "POST",
        "/containers/{container}/restart",
        frozenset({"restart"}),
        "to restart a container",
        "restarts any container",
    ),
    Operation(
        "start",
        "POST",
        "/containers/{container}/start",
        frozenset({"restart"}),
        "to start a container that a failed restart had only stopped",
        "starts any container",
    ),
    Operation(
        "exec_create",
        "POST",
        "/containers/{container}/exec",
        frozenset({"exec"}),
        "to run the command of --exec, or to signal from inside, which leaves the container's restart policy alone",
        _EXEC_GRANTS,
    ),
    Operation(
        "exec_start",
        "POST",
        "/exec/{exec}/start",
        frozenset({"exec"}),
        "to start the command, or the kill that sends the signal",
        _EXEC_GRANTS,
    ),
    Operation(
        "exec_inspect",
        "GET",
        "/exec/{exec}/json",
        frozenset({"exec"}),
        "to read its exit status",
        "shows which commands are run by exec",
    ),
)
"""All of them, reading first."""


def operation_named(name: str) -> Operation:
    """The operation of a metrics' label; KeyError where there is none."""
    return {operation.name: operation for operation in OPERATIONS}[name]


def needed(needs: Iterable[Need]) -> tuple[Operation, ...]:
    """The operations that any of the needs asks for, in the table's order."""
    wanted = set(needs)
    return tuple(operation for operation in OPERATIONS if operation.needs & wanted)


def reading_needs(*, one_shot: bool) -> frozenset[Need]:
    """What the address that is read has to allow."""
    return frozenset({"read"} if one_shot else {"read", "watch"})


def telling_needs(notifications: Iterable[Action], signal_via: SignalVia) -> frozenset[Need]:
    """What the address that signals and restarts are sent to has to allow; nothing where nobody is told.

    Args:
        notifications: who is told. One that needs no container asks nothing of an engine.
        signal_via: how signals may be sent: `exec` rules `kill` out, and the other way round.
    """
    needs: set[Need] = set()
    for notification in notifications:
        if notification.whom:
            needs.add("notify")
        needs.update(notification.needs(signal_via))
    return frozenset(needs)
