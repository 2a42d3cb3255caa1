"""What an event hints at: which container may be different from the cache, and how soon that is worth a look.

A hint is never a fact. An event that is lost, doubled, late or out of order costs a look too few (put right by the next
resync) or one too many.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from models.container import Container
    from models.event import EngineEvent

# Actions after which a look shows something new. `kill` only says that a signal was sent; what it led to has events
# of its own. Attaching, resizing, copying and execs change nothing that a template sees.
_PROMPT = frozenset(
    {"create", "start", "die", "pause", "unpause", "rename", "update", "destroy", "health_status", "oom"}
)
_NETWORK_OF_A_CONTAINER = frozenset({"connect", "disconnect"})
_NETWORK_ITSELF = frozenset({"create", "destroy", "remove", "update", "prune"})


@dataclass(frozen=True, slots=True)
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

    A start comes as `network connect`, `start`; an end as `die`, `network disconnect`, `stop`; a restart as all of
    these and `restart`. One look at `start` and one at `die` show it all, so that what belongs to them waits a moment
    and is mostly answered by the same look.

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
    action = event.short_action
    if action in _PROMPT:
        return Hint(event.actor_id)
    if action == "stop" and (cached is None or cached.running):
        return Hint(event.actor_id, prompt=False)
    if action == "restart" and (cached is None or not cached.running):
        return Hint(event.actor_id, prompt=False)
    return NOTHING


def _of_network(event: EngineEvent, cached: Container | None) -> Hint:
    if event.action in _NETWORK_ITSELF:
        return Hint(networks=True)
    container_id = event.attributes.get("container", "")
    if event.action in _NETWORK_OF_A_CONTAINER and container_id:
        return Hint(container_id, prompt=cached is not None and cached.running)
    return NOTHING


def subject_of(event: EngineEvent) -> str:
    """Name the id of the container that an event is about, '' where it is about none."""
    if event.kind == "container":
        return event.actor_id
    return event.attributes.get("container", "") if event.kind == "network" else ""
