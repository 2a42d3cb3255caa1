"""The informer: few calls, whole snapshots, nothing lost."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

import pytest

from models.event import Change
from tests.unit.informer.world import Scene, failure

if TYPE_CHECKING:
    from collections.abc import Callable


def test_nothing_is_published_before_the_first_list() -> None:
    """There is no snapshot before everything has been read once."""
    scene = Scene()
    scene.world.add_container("web")
    assert scene.informer.sync()
    assert scene.state.snapshot is None
    assert scene.calls() == 0


def test_an_engine_whose_stream_does_not_come_is_listed_all_the_same() -> None:
    """Two seconds without a subscription are enough."""
    scene = Scene()
    scene.world.add_container("web")
    scene.pass_by(2)
    assert scene.informer.sync()
    assert scene.names() == ["web"]


def test_the_first_snapshot_costs_one_list_and_an_inspect_each() -> None:
    """What is not in the store is inspected."""
    scene = Scene()
    for name in ("c", "a", "b"):
        scene.world.add_container(name)
    scene.informer.on_stream_opened()
    assert scene.informer.sync()
    assert scene.names() == ["a", "b", "c"]
    assert scene.reader.calls == {"list": 1, "networks": 1, "inspect": 3}


def test_a_start_costs_one_inspect() -> None:
    """`network connect` waits for the `start` that follows it."""
    scene = Scene()
    scene.world.add_container("web", running=False)
    scene.open_stream()
    scene.world.start_container("web")
    scene.tell()
    assert scene.informer.sync()
    assert scene.names() == ["web"]
    assert scene.reader.calls == {"inspect": 1}
    assert scene.take_changes() == [Change("web", "started")]


def test_an_end_costs_two_inspects_at_most() -> None:
    """`die` is looked at once, what follows it together a moment later."""
    scene = Scene()
    scene.world.add_container("web")
    scene.open_stream()
    scene.world.stop_container("web")
    for event in scene.world.told:
        scene.informer.on_event(event)
        scene.informer.sync()
    scene.pass_by(0.3)
    assert scene.informer.sync()
    assert scene.names() == []
    assert scene.calls() <= 2


def test_a_change_costs_the_same_among_many() -> None:
    """The number of calls does not depend on how many containers run."""
    scene = Scene()
    for number in range(300):
        scene.world.add_container(f"c{number}")
    scene.open_stream()
    scene.world.die("c7")
    scene.tell()
    assert scene.informer.sync()
    assert len(scene.names()) == 299
    scene.pass_by(0.3)
    assert scene.informer.sync()
    assert scene.reader.calls == {"inspect": 1}


def test_a_quiet_resync_costs_one_call() -> None:
    """A list in which nothing differs leads to no inspect."""
    scene = Scene()
    for number in range(20):
        scene.world.add_container(f"c{number}", health="healthy")
    scene.world.add_container("stopped", running=False)
    scene.open_stream()
    for _ in range(3):
        scene.pass_by(30)
        assert scene.informer.sync()
    assert scene.reader.calls == {"list": 3}


@pytest.mark.parametrize(
    "change",
    ["start", "die", "rename", "pause", "health", "connect", "remove", "add", "restart"],
)
def test_a_resync_finds_what_no_event_told(change: str) -> None:
    """A lost event costs at most one resync, and is counted after two seconds more."""
    scene = Scene()
    scene.world.add_network("back")
    scene.world.add_container("web", health="starting")
    scene.world.add_container("idle", running=False)
    scene.open_stream()
    scene.pass_by(20)
    world = scene.world
    acts: dict[str, Callable[[], object]] = {
        "start": lambda: world.start_container("idle"),
        "die": lambda: world.die("web"),
        "rename": lambda: world.rename("web", "web2"),
        "pause": lambda: world.pause("web"),
        "health": lambda: world.set_health("web", "healthy"),
        "connect": lambda: world.connect("web", "back"),
        "remove": lambda: world.remove("idle"),
        "add": lambda: world.add_container("new"),
        "restart": lambda: world.restart("web"),
    }
    acts[change]()
    scene.lose()
    revision = scene.state.revision
    scene.pass_by(10)
    assert scene.informer.sync()
    assert scene.state.revision == revision + 1
    assert scene.counts.missed == 0
    scene.pass_by(2.1)
    scene.informer.sync()
    assert scene.counts.missed == 1
    assert scene.informer.suspects_stream()
    assert not scene.informer.suspects_stream()


def test_a_late_event_is_not_a_missed_change() -> None:
    """An event within two seconds of the resync that found the change acquits the stream."""
    scene = Scene()
    scene.world.add_container("web")
    scene.open_stream()
    scene.pass_by(30)
    scene.world.die("web")
    assert scene.informer.sync()
    scene.tell()
    scene.pass_by(5)
    scene.informer.sync()
    assert scene.counts.missed == 0


@pytest.mark.parametrize("since_start_s", [0.1, 1, 25])
def test_a_restart_shows_in_the_list_by_its_endpoints(since_start_s: float) -> None:
    """However soon after the former start it was, and although all of its events are lost."""
    scene = Scene()
    scene.world.add_container("web")
    scene.open_stream()
    scene.pass_by(since_start_s)
    scene.world.restart("web")
    scene.lose()
    scene.pass_by(30)
    scene.informer.sync()
    assert scene.reader.calls == {"list": 1, "inspect": 1}
    assert scene.take_changes() == [Change("web", "restarted")]


def test_an_uptime_that_went_back_is_looked_at() -> None:
    """A container without a network of its own shows a restart whose events are lost by its uptime alone."""
    scene = Scene()
    scene.world.add_container("web", networks=[], network_mode=f"container:{'a' * 64}")
    scene.open_stream()
    scene.pass_by(25)
    scene.world.restart("web")
    scene.lose()
    scene.pass_by(5)
    scene.informer.sync()
    assert scene.reader.calls == {"list": 1, "inspect": 1}
    assert scene.take_changes() == [Change("web", "restarted")]


@pytest.mark.parametrize(("networks", "inspects"), [(["bridge"], 0), ([], 1)])
def test_clocks_that_disagree_cost_one_inspect_at_most(networks: list[str], inspects: int) -> None:
    """A `Date` header far from the engine's clock does not make every resync inspect everything."""
    scene = Scene()
    scene.world.add_container("web", started_at="2020-01-01T00:00:00.000000000Z", networks=networks)
    scene.open_stream()
    for _ in range(3):
        scene.pass_by(30)
        assert scene.informer.sync()
    assert scene.reader.calls == Counter({"list": 3, "inspect": inspects})


def test_a_list_that_forgets_a_container_removes_nothing() -> None:
    """Gone is what an inspect says is gone."""
    scene = Scene()
    container_id = scene.world.add_container("web")
    scene.open_stream()
    scene.reader.hidden_from_list.add(container_id)
    scene.pass_by(30)
    assert scene.informer.sync()
    assert scene.names() == ["web"]


def test_a_container_that_vanishes_between_list_and_inspect_is_gone() -> None:
    """A 404 is an answer."""
    scene = Scene()
    scene.world.add_container("web")
    scene.world.add_container("gone")
    scene.world.freeze_list()
    scene.world.remove("gone")
    scene.informer.on_stream_opened()
    assert scene.informer.sync()
    assert scene.names() == ["web"]


def test_a_list_that_still_shows_a_dead_container_changes_nothing() -> None:
    """On 20.10 the list shows a container as running for a moment after it died; the inspect counts."""
    scene = Scene()
    scene.world.add_container("web")
    scene.open_stream()
    scene.world.freeze_list()
    scene.world.die("web")
    scene.tell()
    scene.informer.sync()
    scene.pass_by(30)
    assert scene.informer.sync()
    assert scene.names() == []


def test_an_engine_that_is_away_keeps_the_last_snapshot() -> None:
    """A failure publishes nothing, and is tried again with backoff until it is through."""
    scene = Scene()
    scene.world.add_container("web")
    scene.open_stream()
    before = scene.state.snapshot
    scene.world.rename("web", "web2")
    scene.tell()
    scene.reader.broken["inspect"] = failure()
    for delay_s in (0.5, 1.0, 2.0):
        assert not scene.informer.sync()
        assert scene.state.snapshot is before
        assert scene.informer.next_due() == pytest.approx(scene.clock.now_s + delay_s)
        assert scene.state.trouble
        scene.pass_by(delay_s)
    del scene.reader.broken["inspect"]
    assert scene.informer.sync()
    assert scene.names() == ["web2"]
    assert not scene.state.trouble


def test_nothing_is_asked_while_a_retry_waits() -> None:
    """An event does not shorten the patience with an engine that fails."""
    scene = Scene()
    scene.world.add_container("web")
    scene.open_stream()
    scene.world.pause("web")
    scene.tell()
    scene.reader.broken["inspect"] = failure()
    scene.informer.sync()
    asked = scene.calls()
    scene.world.add_container("other")
    scene.tell()
    assert not scene.informer.sync()
    assert scene.calls() == asked


def test_a_snapshot_is_whole_or_is_not_published() -> None:
    """What could be read before a failure is not shown without what could not."""
    scene = Scene()
    scene.world.add_container("a")
    scene.world.add_container("b")
    scene.open_stream()
    before = scene.state.snapshot
    scene.world.rename("a", "a2")
    broken = scene.world.container("b").id
    scene.world.rename("b", "b2")
    scene.tell()
    scene.reader.broken_containers[broken] = failure(reason="timeout")
    assert not scene.informer.sync()
    assert scene.state.snapshot is before
    scene.reader.broken_containers.clear()
    scene.pass_by(0.5)
    assert scene.informer.sync()
    assert scene.names() == ["a2", "b2"]
    assert {change.subject for change in scene.take_changes()} == {"a2", "b2"}


def test_an_engine_that_shows_nothing_is_no_broken_container() -> None:
    """Where every inspect fails, nothing is left out: there is no snapshot, however long it takes."""
    scene = Scene()
    for name in ("a", "b"):
        scene.world.add_container(name)
    scene.reader.broken["inspect"] = failure(status=500, reason="status")
    scene.informer.on_stream_opened()
    for _ in range(10):
        assert not scene.informer.sync()
        scene.pass_by(30)
    assert scene.state.snapshot is None


def test_an_end_of_the_stream_leads_to_a_list() -> None:
    """What was lost with the stream is found at once, and is not held against it."""
    scene = Scene()
    scene.world.add_container("web")
    scene.open_stream()
    scene.world.die("web")
    scene.lose()
    scene.informer.on_stream_ended()
    assert scene.informer.sync()
    assert scene.names() == []
    scene.pass_by(3)
    scene.informer.sync()
    assert scene.counts.missed == 0


@pytest.mark.parametrize(("reason", "warnings"), [("timeout", 1), ("closed", 0)])
def test_only_what_we_did_not_end_ourselves_is_a_warning(
    caplog: pytest.LogCaptureFixture, reason: str, warnings: int
) -> None:
    """At the end of the program its own requests are ended under it."""
    scene = Scene()
    scene.reader.broken["list"] = failure(reason=reason, operation="list")
    scene.informer.on_stream_opened()
    assert not scene.informer.sync()
    assert len(caplog.records) == warnings


def test_networks_that_may_not_be_listed_stop_nothing(caplog: pytest.LogCaptureFixture) -> None:
    """A socket proxy without `/networks` is told once; no network counts as internal."""
    scene = Scene()
    scene.world.add_container("web")
    scene.reader.broken["networks"] = failure(status=403, reason="refused", operation="networks")
    scene.informer.on_stream_opened()
    assert scene.informer.sync()
    assert scene.names() == ["web"]
    scene.world.add_container("other")
    scene.tell()
    assert scene.informer.sync()
    assert caplog.text.count("networks can't be listed") == 1


def test_a_new_network_is_known_before_its_containers_are_shown() -> None:
    """A container on a network that was made meanwhile shows whether it is internal."""
    scene = Scene()
    scene.open_stream()
    scene.world.add_network("inner", internal=True)
    scene.world.add_container("db", networks=["inner"])
    scene.lose()
    scene.pass_by(30)
    assert scene.informer.sync()
    assert scene.state.snapshot is not None
    assert [network.internal for network in scene.state.snapshot.containers[0].networks] == [True]


def test_an_own_id_reaches_the_snapshot() -> None:
    """The program's own container is known to templates."""
    scene = Scene(own_id="a" * 64)
    scene.open_stream()
    assert scene.state.snapshot is not None
    assert scene.state.snapshot.own_container_id == "a" * 64
