"""One container that can't be inspected: the others go on, and it is asked beside them."""

from __future__ import annotations

import json
import logging
from typing import TYPE_CHECKING

import pytest

from tests.unit.informer.world import Scene, failure

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


def settled(scene: Scene, *names: str) -> str:
    """These containers are known; the id of the first."""
    ids = [scene.world.add_container(name) for name in names]
    scene.open_stream()
    return ids[0]


def sync_until_published(scene: Scene) -> int:
    """Let time pass until everything is read but what is in quarantine; how many tries that took."""
    for tries in range(1, 20):
        if scene.informer.sync():
            return tries
        scene.pass_by(max(0.0, scene.informer.next_due() - scene.clock.now_s))
    raise AssertionError("nothing is published")


def assert_quarantined_and_back(scene: Scene, mend: Callable[[], object]) -> None:
    """`broken` keeps its state while `new` is published, and is itself again once it is mended."""
    scene.world.rename("broken", "mended")
    scene.world.add_container("new")
    scene.tell()
    assert sync_until_published(scene) <= 3
    assert scene.names() == ["broken", "new", "web"]
    [quarantined] = scene.state.quarantine
    assert (quarantined.name, quarantined.is_known) == ("broken", True)
    assert quarantined.why
    assert scene.counts.quarantine == {scene.informer.engine: 1}
    assert not scene.state.trouble
    mend()
    for _ in range(2):
        scene.pass_by(40)
        scene.informer.sync()
        scene.hear_late()
    assert scene.informer.sync()
    assert scene.names() == ["mended", "new", "web"]
    assert scene.state.quarantine == ()
    assert scene.counts.quarantine == {scene.informer.engine: 0}


@pytest.mark.parametrize("error", REFUSALS.values(), ids=REFUSALS)
def test_whatever_an_inspect_fails_with_concerns_its_container_alone(
    error: EngineError, caplog: pytest.LogCaptureFixture
) -> None:
    """After three tries the others are published, and the log says once which one is not."""
    caplog.set_level(logging.WARNING)
    scene = Scene()
    broken = settled(scene, "broken", "web")
    scene.reader.broken_containers[broken] = error
    assert_quarantined_and_back(scene, scene.reader.broken_containers.clear)
    told = [record.getMessage() for record in caplog.records if "is listed but can't be inspected" in record.message]
    assert len(told) == 1
    assert f"broken ({broken[:12]})" in told[0]


@pytest.mark.parametrize("spoil", SPOILT.values(), ids=SPOILT)
def test_a_body_that_is_no_such_container_s_concerns_it_alone(spoil: Callable[[bytes], bytes]) -> None:
    """What is read of it is no reading of it."""
    scene = Scene()
    broken = settled(scene, "broken", "web")
    scene.reader.spoilt[broken] = spoil
    assert_quarantined_and_back(scene, scene.reader.spoilt.clear)


def test_a_hang_holds_up_nobody() -> None:
    """The others are published in the same go, as soon as one that was asked later has answered."""
    scene = Scene()
    broken = settled(scene, "broken", "web")
    scene.reader.hanging.add(broken)
    scene.world.rename("broken", "mended")
    scene.world.add_container("new")
    scene.tell()
    assert scene.informer.sync()
    assert scene.names() == ["broken", "new", "web"]
    assert [each.why for each in scene.state.quarantine] == ["no answer yet"]
    scene.reader.hanging.clear()
    scene.hear_late()
    assert scene.informer.sync()
    assert scene.names() == ["mended", "new", "web"]
    assert scene.state.quarantine == ()


def test_a_hang_alone_is_proven_by_asking_another() -> None:
    """Where nothing else is to be read, one that is known is read again."""
    scene = Scene()
    broken = settled(scene, "broken", "web")
    scene.reader.hanging.add(broken)
    scene.world.rename("broken", "mended")
    scene.tell()
    assert scene.informer.sync()
    assert scene.reader.calls == {"inspect": 2}
    assert [each.name for each in scene.state.quarantine] == ["broken"]


def test_a_hang_at_the_start_leaves_it_out_and_publishes_the_others() -> None:
    """There is a file, and the one that is missing is known by its name in the list."""
    scene = Scene()
    broken = scene.world.add_container("broken")
    for name in ("a", "b", "c"):
        scene.world.add_container(name)
    scene.reader.hanging.add(broken)
    scene.informer.on_stream_opened()
    assert scene.informer.sync()
    assert scene.names() == ["a", "b", "c"]
    [quarantined] = scene.state.quarantine
    assert (quarantined.name, quarantined.container_id, quarantined.is_known) == ("broken", broken, False)


def test_a_container_that_hangs_from_its_first_event_on_is_known_by_name() -> None:
    """The event says it, for no list has shown it yet."""
    scene = Scene()
    settled(scene, "web")
    broken = scene.world.add_container("broken")
    scene.reader.hanging.add(broken)
    scene.tell()
    assert scene.informer.sync()
    assert [each.name for each in scene.state.quarantine] == ["broken"]


def test_a_hang_of_everything_is_the_engine_s() -> None:
    """Nothing is published, nothing is put into quarantine, and it goes on once the engine answers."""
    scene = Scene()
    settled(scene, "a", "b", "web")
    before = scene.state
    scene.reader.hanging.add("inspect")
    scene.world.rename("a", "a2")
    scene.world.add_container("new")
    scene.tell()
    for _ in range(10):
        assert not scene.informer.sync()
        scene.hear_late()
        scene.pass_by(40)
    assert scene.state.snapshot is before.snapshot
    assert scene.state.quarantine == ()
    assert scene.state.trouble
    scene.reader.hanging.clear()
    scene.hear_late()
    sync_until_published(scene)
    assert scene.names() == ["a2", "b", "new", "web"]
    assert not scene.state.trouble


def test_slow_answers_are_waited_for_without_blame() -> None:
    """Where the first of two late answers comes first, nothing was at fault."""
    scene = Scene()
    broken = settled(scene, "slow", "web")
    scene.reader.hanging.add("inspect")
    scene.world.rename("slow", "slow2")
    scene.tell()
    assert not scene.informer.sync()
    assert scene.state.quarantine == ()
    scene.reader.hanging.clear()
    scene.hear_late()
    assert scene.informer.sync()
    assert scene.names() == ["slow2", "web"]
    assert scene.state.quarantine == ()
    assert broken in scene.state.readings


def test_what_is_in_quarantine_is_asked_beside_with_backoff() -> None:
    """Never with the others, each time later, and a few at once only."""
    scene = Scene()
    ids = [scene.world.add_container(f"broken-{number}") for number in range(10)]
    settled(scene, "web")
    for container_id in ids:
        scene.reader.broken_containers[container_id] = failure(status=500, reason="status")
        scene.world.rename(container_id, f"{scene.world.container(container_id).name}-mended")
    scene.tell()
    scene.world.rename("web", "web2")
    scene.tell()
    sync_until_published(scene)
    assert len(scene.state.quarantine) == 10
    assert "web2" in scene.names()
    scene.pass_by(40)
    scene.informer.sync()
    assert len(scene.reader.beside) == 4
    scene.hear_late()
    due_s = [scene.informer.next_due() - scene.clock.now_s]
    scene.reader.calls.clear()
    scene.world.rename("web2", "web3")
    scene.tell()
    assert scene.informer.sync()
    assert "web3" in scene.names()
    assert scene.reader.calls == {"inspect": 1}
    assert due_s


def test_events_of_one_in_quarantine_ask_it_again_but_not_more_often_than_it_is_bearable() -> None:
    """A flood of its events is no flood of requests."""
    scene = Scene()
    broken = settled(scene, "broken", "web")
    scene.reader.broken_containers[broken] = failure(status=500, reason="status")
    scene.world.pause("broken")
    scene.tell()
    sync_until_published(scene)
    scene.reader.calls.clear()
    for _ in range(20):
        scene.world.unpause("broken")
        scene.world.pause("broken")
        scene.tell()
        scene.informer.sync()
        scene.hear_late()
        scene.pass_by(0.1)
    assert scene.reader.calls["inspect"] <= 3


def test_an_event_while_it_is_asked_beside_asks_once_more() -> None:
    """The answer may be older than the event."""
    scene = Scene()
    broken = settled(scene, "broken", "web")
    scene.reader.hanging.add(broken)
    scene.world.pause("broken")
    scene.tell()
    assert scene.informer.sync()
    scene.world.unpause("broken")
    scene.tell()
    scene.reader.hanging.clear()
    scene.hear_late()
    scene.reader.calls.clear()
    assert scene.informer.sync()
    assert scene.reader.calls == {"inspect": 1}


def test_networks_that_fail_with_a_late_answer_are_the_engine_s_fault() -> None:
    """The container is asked again, and nothing is held against it."""
    scene = Scene()
    slow = settled(scene, "slow", "web")
    scene.reader.hanging.add(slow)
    scene.world.add_network("back")
    scene.lose()
    scene.world.connect("slow", "back")
    scene.tell()
    assert scene.informer.sync()
    scene.reader.hanging.clear()
    scene.reader.broken["networks"] = failure(operation="networks")
    scene.hear_late()
    assert scene.state.trouble
    scene.reader.broken.clear()
    scene.pass_by(40)
    assert scene.informer.sync()
    assert scene.state.quarantine == ()
    assert [network.name for network in scene.state.readings[slow].container.networks] == ["back", "bridge"]


def test_one_that_is_removed_leaves_the_quarantine() -> None:
    """The next answer says that it is gone."""
    scene = Scene()
    broken = settled(scene, "broken", "web")
    scene.reader.broken_containers[broken] = failure(status=500, reason="status")
    scene.world.pause("broken")
    scene.tell()
    sync_until_published(scene)
    scene.reader.broken_containers.clear()
    scene.world.remove("broken")
    scene.tell()
    scene.pass_by(2)
    scene.informer.sync()
    scene.hear_late()
    assert scene.informer.sync()
    assert scene.names() == ["web"]
    assert scene.state.quarantine == ()
