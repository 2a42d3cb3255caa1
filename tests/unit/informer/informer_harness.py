"""An informer over a made-up engine without a socket, on a made-up clock: what is asked is counted."""

from __future__ import annotations

import json
import logging
from collections import Counter, deque
from typing import TYPE_CHECKING, Any

from models.event import EngineEvent
from reconciler.backend.port import (
    EngineError,
    EventStream,
    InspectFailed,
    Inspection,
    InspectPending,
    LateInspection,
    LateSink,
    Listing,
    RequestTime,
)
from reconciler.backoff import Backoff
from reconciler.informer.informer import Informer
from reconciler.informer.state import EngineState, PublishedState
from reconciler.informer.store import Store
from tests.support.fake_clock import FakeClock
from tests.support.fake_engine.world import NoSuchThingError, World

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence

    from models.event import Change


class RecordingWorld(World):
    """The fake engine's state; its events are kept until the test passes them on."""

    def __init__(self) -> None:
        self.told: list[EngineEvent] = []
        super().__init__()

    def emit(self, kind: str, action: str, actor_id: str, attributes: Mapping[str, str]) -> None:
        self.told.append(EngineEvent(kind, action, actor_id, dict(attributes), self.clock.now_ns()))


class WorldReader:
    """Reads the world directly; fails as the test says."""

    def __init__(self, world: World, clock: FakeClock, name: str = "unix:///made/up.sock") -> None:
        self.name = name
        self.world = world
        self.clock = clock
        self.calls: Counter[str] = Counter()
        self.asked = 0
        self.broken: dict[str, EngineError] = {}
        self.broken_containers: dict[str, EngineError] = {}
        self.hidden_from_list: set[str] = set()
        self.spoilt: dict[str, Callable[[bytes], bytes]] = {}
        self.hanging: set[str] = set()
        self.beside: deque[tuple[str, float]] = deque()
        self.beside_max = 6

    def list(self) -> Listing:
        self._call("list")
        entries = json.loads(self.world.list_body(all_containers=True))
        return Listing([entry for entry in entries if entry["Id"] not in self.hidden_from_list], self._moment())

    def inspect(self, container_id: str) -> Inspection:
        self._call("inspect")
        moment = self._moment()
        if container_id in self.broken_containers:
            raise self.broken_containers[container_id]
        try:
            body = self.world.inspect_body(container_id)
        except NoSuchThingError:
            return Inspection(container_id, None, moment)
        return Inspection(container_id, self.spoilt.get(container_id, bytes)(body), moment)

    def inspect_each(
        self, container_ids: Sequence[str], late: LateSink
    ) -> Iterator[Inspection | InspectFailed | InspectPending]:
        for container_id in container_ids:
            yield self._outcome(container_id)

    def inspect_beside(self, container_id: str, late: LateSink) -> bool:
        if len(self.beside) >= self.beside_max:
            return False
        self.beside.append((container_id, self.clock.now_s))
        return True

    def _outcome(self, container_id: str) -> Inspection | InspectFailed | InspectPending:
        begun_at_s = self._moment().begun_at_s
        if container_id in self.hanging or "inspect" in self.hanging:
            self.calls["inspect"] += 1
            if len(self.beside) >= self.beside_max:
                return InspectFailed(container_id, begun_at_s, failure(reason="timeout"))
            self.beside.append((container_id, begun_at_s))
            return InspectPending(container_id, begun_at_s)
        try:
            return self.inspect(container_id)
        except EngineError as error:
            return InspectFailed(container_id, begun_at_s, error)

    def late_outcomes(self) -> Iterator[LateInspection]:
        """What became of the inspects that went on beside: what hangs still has timed out."""
        asked, self.beside = self.beside, deque()
        return (self._late_outcome(*each) for each in asked)

    def _late_outcome(self, container_id: str, begun_at_s: float) -> LateInspection:
        if container_id in self.hanging or "inspect" in self.hanging:
            return InspectFailed(container_id, begun_at_s, failure(reason="timeout"))
        outcome = self._outcome(container_id)
        assert not isinstance(outcome, InspectPending)
        return outcome

    def inspect_many(self, container_ids: Sequence[str]) -> Iterator[Inspection]:
        for container_id in container_ids:
            yield self.inspect(container_id)

    def networks(self) -> Sequence[Mapping[str, Any]]:
        self._call("networks")
        entries: list[dict[str, Any]] = json.loads(self.world.networks_body())
        return entries

    def events(self) -> EventStream:
        raise AssertionError("the informer does not subscribe")

    def close(self) -> None:
        """Nothing is open."""

    def _call(self, operation: str) -> None:
        self.calls[operation] += 1
        if operation in self.broken:
            raise self.broken[operation]

    def _moment(self) -> RequestTime:
        # No two requests begin at the same moment.
        self.asked += 1
        return RequestTime(self.clock.now_s + self.asked * 1e-9, self.world.clock.now_ns() // 10**9 * 10**9 + 10**9)


class Counts:
    """What an informer counted."""

    def __init__(self) -> None:
        self.events: Counter[tuple[str, str]] = Counter()
        self.missed = 0
        self.quarantine: dict[str, int] = {}

    def event(self, kind: str, action: str) -> None:
        self.events[kind, action] += 1

    def missed_change(self) -> None:
        self.missed += 1

    def quarantined(self, engine: str, count: int) -> None:
        self.quarantine[engine] = count


class InformerHarness:
    """An informer, its engine, its clock, and what it counted."""

    def __init__(
        self,
        *,
        resync_s: float = 30.0,
        own_id: str | None = None,
        clock: FakeClock | None = None,
        engine: str = "unix:///made/up.sock",
    ) -> None:
        self.clock = clock or FakeClock()
        self.world = RecordingWorld()
        self.reader = WorldReader(self.world, self.clock, engine)
        self.counts = Counts()
        self.published = PublishedState(self.reader.name, self._keep_state)
        self._states: list[EngineState] = []
        self._own_id = own_id
        self.looked_for_own = 0
        self.informer = Informer(
            self.reader,
            self.published,
            resync_s=resync_s,
            clock=self.clock,
            backoff=Backoff(lambda: 0.0),
            chance=lambda: 0.0,
            observer=self.counts,
            own_id_of=self._look_for_own,
            late=lambda outcome: None,
            log=logging.getLogger("test.informer"),
        )

    @property
    def state(self) -> EngineState:
        """What was published last."""
        return self.published.latest

    def _look_for_own(self, store: Store) -> str | None:
        assert isinstance(store, Store)
        self.looked_for_own += 1
        return self._own_id

    def keep_states(self) -> list[EngineState]:
        """The list that all states published from now on are put into."""
        self._states = []
        return self._states

    def _keep_state(self) -> None:
        self._states.append(self.published.latest)

    def take_changes(self) -> list[Change]:
        """What changed in the published states since the last call."""
        return list(self.published.take()[1])

    def hear_late(self) -> None:
        """The inspects that went on beside have come to an end."""
        for outcome in self.reader.late_outcomes():
            self.informer.on_late(outcome)

    def open_stream(self) -> None:
        """Subscribe, list, and forget what that cost."""
        self.world.told.clear()
        self.informer.on_stream_opened()
        assert self.informer.sync()
        self.reader.calls.clear()
        self.take_changes()

    def tell(self) -> None:
        """Pass on what the engine told."""
        for event in self.world.told:
            self.informer.on_event(event)
        self.world.told.clear()

    def lose(self) -> None:
        """The events get lost."""
        self.world.told.clear()

    def pass_by(self, seconds: float) -> None:
        """Let time pass on both clocks."""
        self.clock.now_s += seconds
        self.world.clock.offset_ns += int(seconds * 1e9)

    def names(self) -> list[str]:
        """The running containers of the snapshot."""
        assert self.state.snapshot is not None
        return [container.name for container in self.state.snapshot.containers]

    def calls(self) -> int:
        """How many requests were made since the last `open_stream`."""
        return self.reader.calls.total()


def failure(*, status: int | None = None, reason: str = "unreachable", operation: str = "inspect") -> EngineError:
    """An error of the wall."""
    return EngineError("the engine says no", operation=operation, reason=reason, status=status)
