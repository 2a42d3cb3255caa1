"""The informer: few calls, whole snapshots, nothing lost."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

import pytest

from models.event import Change
from tests.unit.informer.informer_harness import InformerHarness, failure

if TYPE_CHECKING:
    from collections.abc import Callable


def test_nothing_is_published_before_the_first_list() -> None:
    """There is no snapshot before everything has been read once."""
    harness = InformerHarness()
    harness.world.add_container("web")
    assert harness.informer.sync()
    assert harness.state.snapshot is None
    assert harness.calls() == 0


def test_an_engine_whose_stream_does_not_come_is_listed_all_the_same() -> None:
    """Two seconds without a subscription are enough."""
    harness = InformerHarness()
    harness.world.add_container("web")
    harness.pass_by(2)
    assert harness.informer.sync()
    assert harness.names() == ["web"]


def test_the_first_snapshot_costs_one_list_and_an_inspect_each() -> None:
    """What is not in the store is inspected."""
    harness = InformerHarness()
    for name in ("c", "a", "b"):
        harness.world.add_container(name)
    harness.informer.on_stream_opened()
    assert harness.informer.sync()
    assert harness.names() == ["a", "b", "c"]
    assert harness.reader.calls == {"list": 1, "networks": 1, "inspect": 3}


def test_a_start_costs_one_inspect() -> None:
    """`network connect` waits for the `start` that follows it."""
    harness = InformerHarness()
    harness.world.add_container("web", running=False)
    harness.open_stream()
    harness.world.start_container("web")
    harness.tell()
    assert harness.informer.sync()
    assert harness.names() == ["web"]
    assert harness.reader.calls == {"inspect": 1}
    assert harness.take_changes() == [Change("web", "started")]


def test_an_end_costs_two_inspects_at_most() -> None:
    """`die` is looked at once, what follows it together a moment later."""
    harness = InformerHarness()
    harness.world.add_container("web")
    harness.open_stream()
    harness.world.stop_container("web")
    for event in harness.world.told:
        harness.informer.on_event(event)
        harness.informer.sync()
    harness.pass_by(0.3)
    assert harness.informer.sync()
    assert harness.names() == []
    assert harness.calls() <= 2


def test_a_change_costs_the_same_among_many() -> None:
    """The number of calls does not depend on how many containers run."""
    harness = InformerHarness()
    for number in range(300):
        harness.world.add_container(f"c{number}")
    harness.open_stream()
    harness.world.die("c7")
    harness.tell()
    assert harness.informer.sync()
    assert len(harness.names()) == 299
    harness.pass_by(0.3)
    assert harness.informer.sync()
    assert harness.reader.calls == {"inspect": 1}


def test_a_quiet_resync_costs_one_call() -> None:
    """A list in which nothing differs leads to no inspect."""
    harness = InformerHarness()
    for number in range(20):
        harness.world.add_container(f"c{number}", health="healthy")
    harness.world.add_container("stopped", running=False)
    harness.open_stream()
    for _ in range(3):
        harness.pass_by(30)
        assert harness.informer.sync()
    assert harness.reader.calls == {"list": 3}


@pytest.mark.parametrize(
    "change",
    ["start", "die", "rename", "pause", "health", "connect", "remove", "add", "restart"],
)
def test_a_resync_finds_what_no_event_told(change: str) -> None:
    """A lost event costs at most one resync, and is counted after two seconds more."""
    harness = InformerHarness()
    harness.world.add_network("back")
    harness.world.add_container("web", health="starting")
    harness.world.add_container("idle", running=False)
    harness.open_stream()
    harness.pass_by(20)
    world = harness.world
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
    harness.lose()
    revision = harness.state.revision
    harness.pass_by(10)
    assert harness.informer.sync()
    assert harness.state.revision == revision + 1
    assert harness.counts.missed == 0
    harness.pass_by(2.1)
    harness.informer.sync()
    assert harness.counts.missed == 1
    assert harness.informer.suspects_stream()
    assert not harness.informer.suspects_stream()


def test_a_late_event_is_not_a_missed_change() -> None:
    """An event within two seconds of the resync that found the change acquits the stream."""
    harness = InformerHarness()
    harness.world.add_container("web")
    harness.open_stream()
    harness.pass_by(30)
    harness.world.die("web")
    assert harness.informer.sync()
    harness.tell()
    harness.pass_by(5)
    harness.informer.sync()
    assert harness.counts.missed == 0


@pytest.mark.parametrize("since_start_s", [0.1, 1, 25])
def test_a_restart_shows_in_the_list_by_its_endpoints(since_start_s: float) -> None:
    """However soon after the former start it was, and although all of its events are lost."""
    harness = InformerHarness()
    harness.world.add_container("web")
    harness.open_stream()
    harness.pass_by(since_start_s)
    harness.world.restart("web")
    harness.lose()
    harness.pass_by(30)
    harness.informer.sync()
    assert harness.reader.calls == {"list": 1, "inspect": 1}
    assert harness.take_changes() == [Change("web", "restarted")]


def test_an_uptime_that_went_back_is_looked_at() -> None:
    """A container without a network of its own shows a restart whose events are lost by its uptime alone."""
    harness = InformerHarness()
    harness.world.add_container("web", networks=[], network_mode=f"container:{'a' * 64}")
    harness.open_stream()
    harness.pass_by(25)
    harness.world.restart("web")
    harness.lose()
    harness.pass_by(5)
    harness.informer.sync()
    assert harness.reader.calls == {"list": 1, "inspect": 1}
    assert harness.take_changes() == [Change("web", "restarted")]


@pytest.mark.parametrize(("networks", "inspects"), [(["bridge"], 0), ([], 1)])
def test_clocks_that_disagree_cost_one_inspect_at_most(networks: list[str], inspects: int) -> None:
    """A `Date` header far from the engine's clock does not make every resync inspect everything."""
    harness = InformerHarness()
    harness.world.add_container("web", started_at="2020-01-01T00:00:00.000000000Z", networks=networks)
    harness.open_stream()
    for _ in range(3):
        harness.pass_by(30)
        assert harness.informer.sync()
    assert harness.reader.calls == Counter({"list": 3, "inspect": inspects})


def test_a_list_that_forgets_a_container_removes_nothing() -> None:
    """Gone is what an inspect says is gone."""
    harness = InformerHarness()
    container_id = harness.world.add_container("web")
    harness.open_stream()
    harness.reader.hidden_from_list.add(container_id)
    harness.pass_by(30)
    assert harness.informer.sync()
    assert harness.names() == ["web"]


def test_a_container_that_vanishes_between_list_and_inspect_is_gone() -> None:
    """A 404 is an answer."""
    harness = InformerHarness()
    harness.world.add_container("web")
    harness.world.add_container("gone")
    harness.world.freeze_list()
    harness.world.remove("gone")
    harness.informer.on_stream_opened()
    assert harness.informer.sync()
    assert harness.names() == ["web"]


def test_a_list_that_still_shows_a_dead_container_changes_nothing() -> None:
    """On 20.10 the list shows a container as running for a moment after it died; the inspect counts."""
    harness = InformerHarness()
    harness.world.add_container("web")
    harness.open_stream()
    harness.world.freeze_list()
    harness.world.die("web")
    harness.tell()
    harness.informer.sync()
    harness.pass_by(30)
    assert harness.informer.sync()
    assert harness.names() == []


def test_an_engine_that_is_away_keeps_the_last_snapshot() -> None:
    """A failure publishes nothing, and is tried again with backoff until it is through."""
    harness = InformerHarness()
    harness.world.add_container("web")
    harness.open_stream()
    before = harness.state.snapshot
    harness.world.rename("web", "web2")
    harness.tell()
    harness.reader.broken["inspect"] = failure()
    for delay_s in (0.5, 1.0, 2.0):
        assert not harness.informer.sync()
        assert harness.state.snapshot is before
        assert harness.informer.next_due() == pytest.approx(harness.clock.now_s + delay_s)
        assert harness.state.trouble
        harness.pass_by(delay_s)
    del harness.reader.broken["inspect"]
    assert harness.informer.sync()
    assert harness.names() == ["web2"]
    assert not harness.state.trouble


def test_nothing_is_asked_while_a_retry_waits() -> None:
    """An event does not shorten the patience with an engine that fails."""
    harness = InformerHarness()
    harness.world.add_container("web")
    harness.open_stream()
    harness.world.pause("web")
    harness.tell()
    harness.reader.broken["inspect"] = failure()
    harness.informer.sync()
    asked = harness.calls()
    harness.world.add_container("other")
    harness.tell()
    assert not harness.informer.sync()
    assert harness.calls() == asked


def test_a_snapshot_is_whole_or_is_not_published() -> None:
    """What could be read before a failure is not shown without what could not."""
    harness = InformerHarness()
    harness.world.add_container("a")
    harness.world.add_container("b")
    harness.open_stream()
    before = harness.state.snapshot
    harness.world.rename("a", "a2")
    broken = harness.world.container("b").id
    harness.world.rename("b", "b2")
    harness.tell()
    harness.reader.broken_containers[broken] = failure(reason="timeout")
    assert not harness.informer.sync()
    assert harness.state.snapshot is before
    harness.reader.broken_containers.clear()
    harness.pass_by(0.5)
    assert harness.informer.sync()
    assert harness.names() == ["a2", "b2"]
    assert {change.subject for change in harness.take_changes()} == {"a2", "b2"}


def test_an_engine_that_shows_nothing_is_no_broken_container() -> None:
    """Where every inspect fails, nothing is left out: there is no snapshot, however long it takes."""
    harness = InformerHarness()
    for name in ("a", "b"):
        harness.world.add_container(name)
    harness.reader.broken["inspect"] = failure(status=500, reason="status")
    harness.informer.on_stream_opened()
    for _ in range(10):
        assert not harness.informer.sync()
        harness.pass_by(30)
    assert harness.state.snapshot is None


def test_an_end_of_the_stream_leads_to_a_list() -> None:
    """What was lost with the stream is found at once, and is not held against it."""
    harness = InformerHarness()
    harness.world.add_container("web")
    harness.open_stream()
    harness.world.die("web")
    harness.lose()
    harness.informer.on_stream_ended()
    assert harness.informer.sync()
    assert harness.names() == []
    harness.pass_by(3)
    harness.informer.sync()
    assert harness.counts.missed == 0


@pytest.mark.parametrize(("reason", "warnings"), [("timeout", 1), ("closed", 0)])
def test_only_what_we_did_not_end_ourselves_is_a_warning(
    caplog: pytest.LogCaptureFixture, reason: str, warnings: int
) -> None:
    """At the end of the program its own requests are ended under it."""
    harness = InformerHarness()
    harness.reader.broken["list"] = failure(reason=reason, operation="list")
    harness.informer.on_stream_opened()
    assert not harness.informer.sync()
    assert len(caplog.records) == warnings


def test_networks_that_may_not_be_listed_stop_nothing(caplog: pytest.LogCaptureFixture) -> None:
    """A socket proxy without `/networks` is told once; no network counts as internal."""
    harness = InformerHarness()
    harness.world.add_container("web")
    harness.reader.broken["networks"] = failure(status=403, reason="refused", operation="networks")
    harness.informer.on_stream_opened()
    assert harness.informer.sync()
    assert harness.names() == ["web"]
    harness.world.add_container("other")
    harness.tell()
    assert harness.informer.sync()
    assert caplog.text.count("networks can't be listed") == 1


def test_a_new_network_is_known_before_its_containers_are_shown() -> None:
    """A container on a network that was made meanwhile shows whether it is internal."""
    harness = InformerHarness()
    harness.open_stream()
    harness.world.add_network("inner", internal=True)
    harness.world.add_container("db", networks=["inner"])
    harness.lose()
    harness.pass_by(30)
    assert harness.informer.sync()
    assert harness.state.snapshot is not None
    assert [network.internal for network in harness.state.snapshot.containers[0].networks] == [True]


def test_an_own_id_reaches_the_snapshot() -> None:
    """The program's own container is known to templates."""
    harness = InformerHarness(own_id="a" * 64)
    harness.open_stream()
    assert harness.state.snapshot is not None
    assert harness.state.snapshot.own_container_id == "a" * 64


def test_a_network_that_came_is_in_the_next_state() -> None:
    """Although no container has changed."""
    harness = InformerHarness()
    harness.world.add_container("web")
    harness.open_stream()
    revision = harness.state.revision
    network_id = harness.world.add_network("inner", internal=True)
    harness.tell()
    assert harness.informer.sync()
    assert harness.state.networks[network_id].internal
    assert harness.state.revision == revision
    assert harness.reader.calls == {"networks": 1}


def test_our_own_container_is_looked_for_when_one_came_or_went() -> None:
    """Not at every change: what tells it stays the same while it exists."""
    harness = InformerHarness()
    harness.world.add_container("web")
    harness.open_stream()
    looked = harness.looked_for_own
    harness.world.pause("web")
    harness.tell()
    assert harness.informer.sync()
    assert harness.looked_for_own == looked
    harness.world.add_container("other")
    harness.tell()
    harness.pass_by(1)
    assert harness.informer.sync()
    assert harness.looked_for_own == looked + 1
