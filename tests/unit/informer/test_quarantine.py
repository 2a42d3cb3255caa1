"""One container that can't be inspected: the others go on, and it is asked beside them."""

from __future__ import annotations

import json
import logging
from typing import TYPE_CHECKING

import pytest

from tests.unit.informer.informer_harness import InformerHarness, failure

if TYPE_CHECKING:
    from collections.abc import Callable

    from reconciler.backend.port import EngineError

REFUSALS = {
    "400": failure(status=400, reason="status"),
    "403": failure(status=403, reason="refused"),
    "a foreign 404": failure(status=404, reason="status"),
    "500": failure(status=500, reason="status"),
    "no answer in time": failure(reason="timeout"),
    "a connection that breaks": failure(reason="ended"),
    "HTML": failure(reason="malformed"),
}
SPOILT: dict[str, Callable[[bytes], bytes]] = {
    "an array": lambda body: b"[" + body + b"]",
    "no id": lambda body: json.dumps({key: value for key, value in json.loads(body).items() if key != "Id"}).encode(),
    "another container's id": lambda body: json.dumps(json.loads(body) | {"Id": "f" * 64}).encode(),
    "no JSON": lambda _: b"{",
}


def settled(harness: InformerHarness, *names: str) -> str:
    """These containers are known; the id of the first."""
    ids = [harness.world.add_container(name) for name in names]
    harness.open_stream()
    return ids[0]


def sync_until_published(harness: InformerHarness) -> int:
    """Let time pass until everything is read but what is in quarantine; how many tries that took."""
    for tries in range(1, 20):
        if harness.informer.sync():
            return tries
        harness.pass_by(max(0.0, harness.informer.next_due() - harness.clock.now_s))
    raise AssertionError("nothing is published")


def quarantined() -> InformerHarness:
    """`broken` is in quarantine, and was last read before it was paused; `web` is fine."""
    harness = InformerHarness()
    broken = settled(harness, "broken", "web")
    harness.reader.broken_containers[broken] = failure(status=500, reason="status")
    harness.world.pause("broken")
    harness.tell()
    sync_until_published(harness)
    return harness


def assert_quarantined_and_back(harness: InformerHarness, mend: Callable[[], object]) -> None:
    """`broken` keeps its state while `new` is published, and is itself again once it is mended."""
    harness.world.rename("broken", "mended")
    harness.world.add_container("new")
    harness.tell()
    assert sync_until_published(harness) <= 3
    assert harness.names() == ["broken", "new", "web"]
    [quarantined] = harness.state.quarantine
    assert (quarantined.name, quarantined.is_known) == ("broken", True)
    assert quarantined.why
    assert harness.counts.quarantine == {harness.informer.engine: 1}
    assert not harness.state.trouble
    mend()
    for _ in range(2):
        harness.pass_by(40)
        harness.informer.sync()
        harness.hear_late()
    assert harness.informer.sync()
    assert harness.names() == ["mended", "new", "web"]
    assert harness.state.quarantine == ()
    assert harness.counts.quarantine == {harness.informer.engine: 0}


@pytest.mark.parametrize("error", REFUSALS.values(), ids=REFUSALS)
def test_whatever_an_inspect_fails_with_concerns_its_container_alone(
    error: EngineError, caplog: pytest.LogCaptureFixture
) -> None:
    """After three tries the others are published, and the log says once which one is not."""
    caplog.set_level(logging.WARNING)
    harness = InformerHarness()
    broken = settled(harness, "broken", "web")
    harness.reader.broken_containers[broken] = error
    assert_quarantined_and_back(harness, harness.reader.broken_containers.clear)
    told = [record.getMessage() for record in caplog.records if "is listed but can't be inspected" in record.message]
    assert len(told) == 1
    assert f"broken ({broken[:12]})" in told[0]


@pytest.mark.parametrize("spoil", SPOILT.values(), ids=SPOILT)
def test_a_body_that_is_no_such_container_s_concerns_it_alone(spoil: Callable[[bytes], bytes]) -> None:
    """What is read of it is no reading of it."""
    harness = InformerHarness()
    broken = settled(harness, "broken", "web")
    harness.reader.spoilt[broken] = spoil
    assert_quarantined_and_back(harness, harness.reader.spoilt.clear)


def test_a_hang_holds_up_nobody() -> None:
    """The others are published in the same go, as soon as one that was asked later has answered."""
    harness = InformerHarness()
    broken = settled(harness, "broken", "web")
    harness.reader.hanging.add(broken)
    harness.world.rename("broken", "mended")
    harness.world.add_container("new")
    harness.tell()
    assert harness.informer.sync()
    assert harness.names() == ["broken", "new", "web"]
    assert [each.why for each in harness.state.quarantine] == ["no answer yet"]
    harness.reader.hanging.clear()
    harness.hear_late()
    assert harness.informer.sync()
    assert harness.names() == ["mended", "new", "web"]
    assert harness.state.quarantine == ()


def test_a_hang_alone_is_proven_by_asking_another() -> None:
    """Where nothing else is to be read, one that is known is read again."""
    harness = InformerHarness()
    broken = settled(harness, "broken", "web")
    harness.reader.hanging.add(broken)
    harness.world.rename("broken", "mended")
    harness.tell()
    assert harness.informer.sync()
    assert harness.reader.calls == {"inspect": 2}
    assert [each.name for each in harness.state.quarantine] == ["broken"]


def test_a_hang_at_the_start_leaves_it_out_and_publishes_the_others() -> None:
    """There is a file, and the one that is missing is known by its name in the list."""
    harness = InformerHarness()
    broken = harness.world.add_container("broken")
    for name in ("a", "b", "c"):
        harness.world.add_container(name)
    harness.reader.hanging.add(broken)
    harness.informer.on_stream_opened()
    assert harness.informer.sync()
    assert harness.names() == ["a", "b", "c"]
    [quarantined] = harness.state.quarantine
    assert (quarantined.name, quarantined.container_id, quarantined.is_known) == ("broken", broken, False)


def test_a_container_that_hangs_from_its_first_event_on_is_known_by_name() -> None:
    """The event says it, for no list has shown it yet."""
    harness = InformerHarness()
    settled(harness, "web")
    broken = harness.world.add_container("broken")
    harness.reader.hanging.add(broken)
    harness.tell()
    assert harness.informer.sync()
    assert [each.name for each in harness.state.quarantine] == ["broken"]


def test_a_hang_of_everything_is_the_engine_s() -> None:
    """Nothing is published, nothing is put into quarantine, and it goes on once the engine answers."""
    harness = InformerHarness()
    settled(harness, "a", "b", "web")
    before = harness.state
    harness.reader.hanging.add("inspect")
    harness.world.rename("a", "a2")
    harness.world.add_container("new")
    harness.tell()
    for _ in range(10):
        assert not harness.informer.sync()
        harness.hear_late()
        harness.pass_by(40)
    assert harness.state.snapshot is before.snapshot
    assert harness.state.quarantine == ()
    assert harness.state.trouble
    harness.reader.hanging.clear()
    harness.hear_late()
    sync_until_published(harness)
    assert harness.names() == ["a2", "b", "new", "web"]
    assert not harness.state.trouble


def test_slow_answers_are_waited_for_without_blame() -> None:
    """Where the first of two late answers comes first, nothing was at fault."""
    harness = InformerHarness()
    broken = settled(harness, "slow", "web")
    harness.reader.hanging.add("inspect")
    harness.world.rename("slow", "slow2")
    harness.tell()
    assert not harness.informer.sync()
    assert harness.state.quarantine == ()
    harness.reader.hanging.clear()
    harness.hear_late()
    assert harness.informer.sync()
    assert harness.names() == ["slow2", "web"]
    assert harness.state.quarantine == ()
    assert broken in harness.state.readings


def test_what_is_in_quarantine_is_asked_beside_with_backoff() -> None:
    """Never with the others, each time later, and a few at once only."""
    harness = InformerHarness()
    ids = [harness.world.add_container(f"broken-{number}") for number in range(10)]
    settled(harness, "web")
    for container_id in ids:
        harness.reader.broken_containers[container_id] = failure(status=500, reason="status")
        harness.world.rename(container_id, f"{harness.world.container(container_id).name}-mended")
    harness.tell()
    harness.world.rename("web", "web2")
    harness.tell()
    sync_until_published(harness)
    assert len(harness.state.quarantine) == 10
    assert "web2" in harness.names()
    harness.pass_by(40)
    harness.informer.sync()
    assert len(harness.reader.beside) == 4
    harness.hear_late()
    due_s = [harness.informer.next_due() - harness.clock.now_s]
    harness.reader.calls.clear()
    harness.world.rename("web2", "web3")
    harness.tell()
    assert harness.informer.sync()
    assert "web3" in harness.names()
    assert harness.reader.calls == {"inspect": 1}
    assert due_s


def test_events_of_one_in_quarantine_ask_it_again_but_not_more_often_than_it_is_bearable() -> None:
    """A flood of its events is no flood of requests."""
    harness = quarantined()
    harness.reader.calls.clear()
    for _ in range(20):
        harness.world.unpause("broken")
        harness.world.pause("broken")
        harness.tell()
        harness.informer.sync()
        harness.hear_late()
        harness.pass_by(0.1)
    assert harness.reader.calls["inspect"] <= 3


def test_an_event_while_it_is_asked_beside_asks_once_more() -> None:
    """The answer may be older than the event."""
    harness = InformerHarness()
    broken = settled(harness, "broken", "web")
    harness.reader.hanging.add(broken)
    harness.world.pause("broken")
    harness.tell()
    assert harness.informer.sync()
    harness.world.unpause("broken")
    harness.tell()
    harness.reader.hanging.clear()
    harness.hear_late()
    harness.reader.calls.clear()
    assert harness.informer.sync()
    assert harness.reader.calls == {"inspect": 1}


def test_networks_that_fail_with_a_late_answer_are_the_engine_s_fault() -> None:
    """The container is asked again, and nothing is held against it."""
    harness = InformerHarness()
    slow = settled(harness, "slow", "web")
    harness.reader.hanging.add(slow)
    harness.world.add_network("back")
    harness.lose()
    harness.world.connect("slow", "back")
    harness.tell()
    assert harness.informer.sync()
    harness.reader.hanging.clear()
    harness.reader.broken["networks"] = failure(operation="networks")
    harness.hear_late()
    assert harness.state.trouble
    harness.reader.broken.clear()
    harness.pass_by(40)
    assert harness.informer.sync()
    assert harness.state.quarantine == ()
    assert [network.name for network in harness.state.readings[slow].container.networks] == ["back", "bridge"]


def test_one_that_is_removed_leaves_the_quarantine() -> None:
    """The next answer says that it is gone."""
    harness = quarantined()
    harness.reader.broken_containers.clear()
    harness.world.remove("broken")
    harness.tell()
    harness.pass_by(2)
    harness.informer.sync()
    harness.hear_late()
    assert harness.informer.sync()
    assert harness.names() == ["web"]
    assert harness.state.quarantine == ()
