"""What an event invalidates: which container may be different from the cache, and how soon that is worth an inspect.

A hint is never a fact. An event that is lost, doubled, late or out of order costs an inspect too few (put right by the
next resync) or one too many. What no event told of, though a resync found it, is counted here, too.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from models.frozen import frozen
from models.run import parse_ns

if TYPE_CHECKING:
    from collections.abc import Iterable

    from models.container import Container
    from models.event import EngineEvent

DEFERRED_S = 0.2
"""What belongs to a start or an end that is already known arrives within this time, and the engine has cleaned up."""

# An event may be under way while the list is already answered.
GRACE_S = 2.0
# A run's own start is told so soon after its `StartedAt`.
_START_TOLD_NS = 2_000_000_000
# Actions after which an inspect shows something new. `kill` only says that a signal was sent; what it led to has events
# of its own. Attaching, resizing, copying and execs change nothing that a template sees.
# `init`, `died`, `cleanup` and `remove` are Podman's words; `cleanup` comes when an inspect shows the end for sure.
_PROMPT = frozenset({
    "start", "die", "died", "cleanup", "pause", "unpause", "rename", "update", "destroy", "remove", "health_status",
})  # fmt: skip
# A start mostly follows these within a moment, or an end: one look shows both.
_SOON_FOLLOWED = frozenset({"create", "init", "oom"})
_ENDS = frozenset({"die", "died"})
_NETWORK_OF_A_CONTAINER = frozenset({"connect", "disconnect"})
_NETWORK_ITSELF = frozenset({"create", "destroy", "remove", "update", "prune"})


@frozen
class Hint:
    """What may be different.

    Attributes:
        container_id: the container to look at, '' for none.
        networks: whether the networks have to be listed again.
        prompt: look at once; otherwise with the next look, or a moment later.
    """

    container_id: str = ""
    networks: bool = False
    prompt: bool = True


NOTHING = Hint(prompt=False)


def hint_of(event: EngineEvent, cached: Container | None) -> Hint:
    """Read an event against the cache.

    A start comes as `create`, `network connect`, `start`; an end as `die`, `network disconnect`, `stop`, on 28.5 the
    `disconnect` first; a restart as all of these and `restart`. One look at `start` and one after `die` show it all, so
    that what belongs to them waits a moment and is mostly answered by the same look.

    Args:
        event: an event of the engine.
        cached: the container it is about, as the cache has it; None where it is not known.
    """
    if event.kind == "container":
        return _of_container(event, cached)
    if event.kind == "network":
        return _of_network(event, cached)
    return NOTHING


def _of_container(event: EngineEvent, cached: Container | None) -> Hint:
    action, _, detail = event.action.partition(": ")
    if action == "health_status" and cached is not None and cached.is_current and detail == cached.health:
        return NOTHING
    if action in _PROMPT:
        return Hint(event.actor_id, prompt=not (action == "start" and _is_known_start(event, cached)))
    if action in _SOON_FOLLOWED:
        return Hint(event.actor_id, prompt=False)
    if action == "stop" and (cached is None or cached.running):
        return Hint(event.actor_id, prompt=False)
    if action == "restart" and (cached is None or not cached.running):
        return Hint(event.actor_id, prompt=False)
    return NOTHING


def _is_known_start(event: EngineEvent, cached: Container | None) -> bool:
    """Whether an inspect has shown the run already: one that is asked during a start is answered at its end."""
    started_ns = None if cached is None or not cached.is_current else parse_ns(cached.started_at)
    return started_ns is not None and 0 <= event.time_ns - started_ns < _START_TOLD_NS


def _of_network(event: EngineEvent, cached: Container | None) -> Hint:
    if event.action in _NETWORK_ITSELF:
        return Hint(networks=True)
    container_id = event.attributes.get("container", "")
    if event.action in _NETWORK_OF_A_CONTAINER and container_id:
        is_running = cached is not None and cached.running
        return Hint(container_id, prompt=is_running and event.action == "connect")
    return NOTHING


def subject_of(event: EngineEvent) -> str:
    """Name the id of the container that an event is about, '' where it is about none."""
    if event.kind == "container":
        return event.actor_id
    return event.attributes.get("container", "") if event.kind == "network" else ""


def is_end(event: EngineEvent) -> bool:
    """Whether an event says that a run of a container has ended."""
    return event.kind == "container" and event.short_action in _ENDS


def is_start(event: EngineEvent) -> bool:
    """Whether an event says that a run of a container has begun."""
    return event.kind == "container" and event.action == "start"


class MissedChanges:
    """Keeps what a resync found until its event comes, or until it is clear that none will."""

    def __init__(self) -> None:
        self._listed: set[str] = set()
        self._deadlines: dict[str, float] = {}

    def listed(self, container_ids: Iterable[str]) -> None:
        """Note that a resync's list showed these otherwise, though nothing hinted at them; an inspect tells."""
        self._listed.update(container_ids)

    def inspected(self, container_id: str, now_s: float, *, is_changed: bool) -> None:
        """Note what an inspect of any container showed."""
        if container_id in self._listed:
            self._listed.discard(container_id)
            if is_changed:
                self.found(container_id, now_s)

    def found(self, container_id: str, now_s: float) -> None:
        """Note that a resync found a change of this container.

        Args:
            container_id: the full id.
            now_s: our monotonic clock, seconds.
        """
        self._deadlines.setdefault(container_id, now_s + GRACE_S)

    def event(self, container_id: str) -> None:
        """Note that an event about this container came after all."""
        self._deadlines.pop(container_id, None)

    def forget(self) -> None:
        """Drop all: the stream ended, so that missing events are nobody's fault but its own, and counted there."""
        self._deadlines.clear()

    def next_due(self) -> float | None:
        """Say when `expired` has something to say, on our monotonic clock."""
        return min(self._deadlines.values(), default=None)

    def expired(self, now_s: float) -> int:
        """Count, and drop, those that waited long enough."""
        late = [container_id for container_id, deadline_s in self._deadlines.items() if deadline_s <= now_s]
        for container_id in late:
            del self._deadlines[container_id]
        return len(late)
