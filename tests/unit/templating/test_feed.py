"""What the render process knows of containers is what the program knows."""

from __future__ import annotations

import json
from typing import Any

from models.container import Container
from models.networks import network_facts
from models.snapshot import Snapshot
from templating.feed import Feed
from templating.sandbox.state import State

NETWORKS: list[dict[str, Any]] = [
    {"Id": "bridge-id", "Name": "bridge", "Driver": "bridge", "Scope": "local"},
    {"Id": "lan-id", "Name": "lan", "Driver": "macvlan", "Scope": "local"},
    {"Id": "mesh-id", "Name": "mesh", "Driver": "overlay", "Scope": "swarm", "Ingress": True},
    {"Id": "inner-id", "Name": "inner", "Driver": "bridge", "Internal": True},
    {"Id": "odd-id", "Name": "odd", "Driver": "bridge", "Options": {"com.docker.network.bridge.inhibit_ipv4": "true"}},
]


def _container(name: str, networks: list[str], *, label: str = "") -> Container:
    endpoints = {network: {"NetworkID": f"{network}-id", "IPAddress": "10.0.0.2"} for network in networks}
    body = {"Id": name, "Name": f"/{name}", "NetworkSettings": {"Networks": endpoints}, "State": {"Running": True}}
    body["Config"] = {"Labels": {"a": label}}
    facts = network_facts(NETWORKS)
    return Container.from_inspect(json.dumps(body).encode(), engine="main", networks=facts, warn=lambda _: None)


def _fed(state: State, feed: Feed, snapshot: Snapshot) -> tuple[Any, ...]:
    for header, kept in feed.frames(snapshot, all_containers=True):
        state.feed(json.loads(json.dumps(header)), kept)
    return tuple(state.values()["all_containers"])


def test_the_facts_of_networks_arrive() -> None:
    """Of those that the engine lists, and of others."""
    names = [entry["Name"] for entry in NETWORKS]
    containers = [_container(f"in-{name}", [name]) for name in names]
    containers += [_container("in-all", names), _container("in-unknown", ["ingress", "web"]), _container("in-none", [])]
    state, feed = State(), Feed()
    given = Snapshot.of(containers)
    for there, here in zip(_fed(state, feed, given), given.all_containers, strict=True):
        assert there.name == here.name
        assert [network.facts for network in there.networks] == [network.facts for network in here.networks]


def test_an_end_that_only_an_event_told_of_arrives() -> None:
    """Its body still says that it runs."""
    first, second = (_container(name, ["bridge"]) for name in ("a", "b"))
    state, feed = State(), Feed()
    _fed(state, feed, Snapshot.of([first, second]))
    given = Snapshot.of([first.ended(), second])
    assert _fed(state, feed, given) == tuple(given.all_containers)
    assert [each.name for each in state.values()["containers"]] == ["b"]
    _fed(state, feed, Snapshot.of([first, second]))
    assert [each.name for each in state.values()["containers"]] == ["a", "b"]


def test_an_end_costs_no_body() -> None:
    """The process has it, and is told the id."""
    first, second = (_container(name, ["bridge"]) for name in ("a", "b"))
    state, feed = State(), Feed()
    _fed(state, feed, Snapshot.of([first, second]))
    given = Snapshot.of([first.ended(), second])
    [(header, kept)] = list(feed.frames(given, all_containers=True))
    assert (header["ended"], header["put"], kept) == (["a"], [], b"")
    state.feed(header, kept)
    assert tuple(state.values()["all_containers"]) == tuple(given.all_containers)


def test_what_was_fed_ahead_is_corrected_by_the_first_state() -> None:
    """What is the same is not fed again; what has changed since, or is gone, is."""
    first, second, third = (_container(name, ["bridge"]) for name in ("a", "b", "c"))
    state, feed = State(), Feed()
    [(header, kept)] = feed.ahead([first, second, third])
    state.feed(json.loads(json.dumps(header)), kept)
    moved = _container("b", ["lan"])
    given = Snapshot.of([first, moved], "a")
    [(header, kept)] = list(feed.frames(given, all_containers=True))
    assert (len(header["put"]), header["remove"]) == (1, ["c"])
    state.feed(json.loads(json.dumps(header)), kept)
    assert tuple(state.values()["all_containers"]) == tuple(given.all_containers)
    assert state.values()["own_container_id"] == "a"


def test_those_that_do_not_run_are_fed_where_they_are_read() -> None:
    """And taken back where they no longer are."""
    first, second = (_container(name, ["bridge"]) for name in ("a", "b"))
    state, feed = State(), Feed()
    given = Snapshot.of([first.ended(), second])
    for all_containers, names in ((False, ["b"]), (True, ["a", "b"]), (False, ["b"])):
        for header, kept in feed.frames(given, all_containers=all_containers):
            state.feed(header, kept)
        assert [each.name for each in state.values()["all_containers"]] == names
        assert not list(feed.frames(given, all_containers=all_containers))


def test_only_what_is_different_is_fed() -> None:
    """A container that is another one, or gone."""
    first, second, third = (_container(name, ["bridge"]) for name in ("a", "b", "c"))
    state, feed = State(), Feed()
    assert _fed(state, feed, Snapshot.of([first, second])) == (first, second)
    moved = _container("b", ["lan"])
    changed = Snapshot.of([first, moved, third])
    [(header, kept)] = list(feed.frames(changed, all_containers=True))
    assert len(header["put"]) == 2
    state.feed(header, kept)
    assert not list(feed.frames(changed, all_containers=True))
    assert tuple(state.values()["all_containers"]) == (first, moved, third)
    assert _fed(state, feed, Snapshot.of([third])) == (third,)


def test_no_frame_is_large() -> None:
    """Not by the number of containers, and not by what one of them says, which may be as much as an inspect may be."""
    state, feed = State(), Feed()
    many = Snapshot.of([_container(f"c{number}", ["bridge"]) for number in range(401)])
    frames = list(feed.frames(many, all_containers=True))
    assert [len(header["put"]) for header, _ in frames] == [200, 200, 1]
    large = Snapshot.of([_container(name, ["bridge"], label="x" * (5 * 1024 * 1024)) for name in "abc"])
    frames = list(feed.frames(large, all_containers=True))
    assert [len(header["put"]) for header, _ in frames] == [2, 1]
    assert [len(header["remove"]) for header, _ in frames] == [401, 0]
    for header, parts in frames:
        state.feed(header, parts)
    assert tuple(state.values()["all_containers"]) == tuple(large.all_containers)
