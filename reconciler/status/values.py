"""What the status page shows, as plain values: made by the loop's thread, read by those that answer requests.

Names, counts, moments and reasons only: nothing of what a template reads or writes is among them. Moments are seconds
since the epoch (0 or None where there was none), durations are seconds. The fields' names are those of `/status.json`.
"""

from __future__ import annotations

from dataclasses import field
from typing import TYPE_CHECKING

from models.frozen import frozen

if TYPE_CHECKING:
    from collections.abc import Mapping


@frozen
class LastRender:
    """How the last render, or the last try to load a template, went.

    Attributes:
        at_epoch_s: when it ended.
        ok: whether there is a content.
        duration_s: how long it took.
        undefined_names: how many unknown names it met.
    """

    at_epoch_s: float
    ok: bool
    duration_s: float
    undefined_names: int


@frozen
class LastChange:
    """The last change that was written to a target.

    Attributes:
        at_epoch_s: when.
        cause: `state`, `template`, `drift` or `missing`.
        why: the same for people, in one line.
        changes: what happened to which containers, where the state was the cause; the first ones of many.
        lines_added, lines_removed: as in a diff.
    """

    at_epoch_s: float
    cause: str
    why: str
    changes: tuple[str, ...]
    lines_added: int
    lines_removed: int


@frozen
class Debt:
    """One run of a container that is owed a notification.

    Attributes:
        container: the container's name.
        since_epoch_s: when the first change was made that it was not told of.
        due_in_s: when it is tried, or tried again; None while it waits for its batch.
        under_way: whether it is being told now.
        tries: failed ones in a row.
        trouble: why the last one failed, empty where none did.
    """

    container: str
    since_epoch_s: float
    due_in_s: float | None
    under_way: bool
    tries: int
    trouble: str


@frozen
class NotificationStatus:
    """A configured notification.

    Attributes:
        name: as in `signal HUP to nginx`.
        matches: how many running containers match; None where it needs none.
        due: how many runs are owed it.
        debts: the oldest of them.
        delivered, failed: how many attempts ended so since the start.
        last_delivered_epoch_s, last_failed_epoch_s: when the last of them did.
        policy_at_risk: whether a container of it lost its restart policy by a signal.
    """

    name: str
    matches: int | None
    due: int
    debts: tuple[Debt, ...]
    delivered: int
    failed: int
    last_delivered_epoch_s: float
    last_failed_epoch_s: float
    policy_at_risk: bool


@frozen
class JobStatus:
    """One job.

    Attributes:
        target: the file as configured.
        name: what it is called; the target, unless configured.
        template: its template's name, never its text.
        ok: whether the target is as it should be, as far as the last pass knows.
        trouble: what stands against it.
        last_render, last_change: None where there was none yet.
        last_pass_epoch_s: when the target was last compared with what it should be.
        renders, changes: how many since the start.
        note_count: how many notes the last good render made.
        notes: the first of them.
        notifications: in the order of the configuration.
    """

    target: str
    name: str
    template: str
    ok: bool
    trouble: tuple[str, ...]
    last_render: LastRender | None
    last_change: LastChange | None
    last_pass_epoch_s: float
    renders: int
    changes: int
    note_count: int
    notes: tuple[str, ...]
    notifications: tuple[NotificationStatus, ...]


@frozen
class StreamStatus:
    """An engine's event stream.

    Attributes:
        up: whether it is open.
        since_epoch_s: since when it has been so.
        ends: how often it ended, or could not be opened, since the start.
        last_end: the reason of the last time.
    """

    up: bool = False
    since_epoch_s: float = 0.0
    ends: int = 0
    last_end: str = ""


@frozen
class QuarantinedContainer:
    """A container that an engine lists and can't show.

    Attributes:
        container: the name, where one is known.
        short_id: the beginning of its id.
        since_epoch_s: since when.
        shown_as_before: whether its last known state is still shown; else it is left out.
        trouble: why it can't be shown.
    """

    container: str
    short_id: str
    since_epoch_s: float
    shown_as_before: bool
    trouble: str


@frozen
class EngineStatus:
    """One engine.

    Attributes:
        name: its address as people write it.
        ok: whether the last reading succeeded.
        trouble: why it did not.
        read_epoch_s: when the engine last answered.
        containers: how many there are by state.
        stream: its events.
        quarantine: the containers that it can't show; the first ones of many.
    """

    name: str
    ok: bool
    trouble: str
    read_epoch_s: float
    containers: Mapping[str, int]
    stream: StreamStatus
    quarantine: tuple[QuarantinedContainer, ...] = ()


@frozen
class HeardEvent:
    """An event of an engine.

    Attributes:
        at_epoch_s: the engine's time.
        kind: `container` or `network`.
        action: as the engine sent it.
        name: of the container or network.
        container: for a network's events the container that it is about, by name, or by its id where none is known.
    """

    at_epoch_s: float
    kind: str
    action: str
    name: str
    container: str = ""


@frozen
class Status:
    """Everything, of one moment.

    Attributes:
        version: the program's.
        started_epoch_s: when the program started.
        at_epoch_s: the moment.
        engines, jobs: in the order of the configuration.
        events: the last ones heard, the newest first.
        problems: what is wrong with the configuration, which is not in use as it is written.
    """

    version: str
    started_epoch_s: float
    at_epoch_s: float
    engines: tuple[EngineStatus, ...] = field(default=())
    jobs: tuple[JobStatus, ...] = field(default=())
    events: tuple[HeardEvent, ...] = field(default=())
    problems: tuple[str, ...] = field(default=())
