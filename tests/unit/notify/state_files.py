"""State files as one version wrote them, and what it then did: recorded once, replayed with every later version.

    .venv/bin/python -m tests.unit.notify.state_files > tests/unit/notify/written_by_1_0_0.jsonl

records those of the checkout that it is run in. The file in this folder is that of 1.0.0; it is never recorded anew,
for it stands for what is on people's disks.

The world of `test_promise.py` is walked through at random (the same walk each time). After each step the state file,
the containers and the target are looked at, as if the program were killed there. A case is kept if it shows something
that no case before it shows: see `facets`. What the recording version does with it after its next start is beside it.
"""

from __future__ import annotations

import copy
import json
import random
import sys
from collections import Counter
from dataclasses import asdict
from typing import TYPE_CHECKING, Any

from models.run import Run
from tests.unit.notify.fakes import ENGINE, HUP, RESTART, FakeContainer, NotifierHarness
from tests.unit.notify.test_promise import STEPS, MixedPromise, Promise, RestartPromise

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from notify.actions.action import Action

Case = dict[str, Any]
"""What is left of a killed program: notifications, state, disk, containers, loaded, rendered, clock_s; and `then`."""

NOTIFICATIONS: dict[str, Action] = {HUP.action: HUP, RESTART.action: RESTART}
Facet = tuple[Any, ...]

WALKS = 900
STEPS_IN_A_WALK = 30
TELLINGS = ("kill", "execute", "restart", "start")


# Replaying


def start_on(case: Case, *, looks: bool) -> tuple[NotifierHarness, dict[Run, str | None]]:
    """Start a program on what a killed one left, and say what each run has loaded."""
    harness = NotifierHarness(*(NOTIFICATIONS[each[0]] for each in case["notifications"]))
    loaded = {Run(*run): content for run, content in case["loaded"]}
    harness.clock.now_s = case["clock_s"]
    harness.disk = case["disk"]
    harness.store.data = None if case["state"] is None else case["state"].encode()
    for fields in case["containers"]:
        container = FakeContainer(**fields)
        container.paused = False
        harness.engine.containers[container.container_id] = container

    def load(run: Run) -> None:
        loaded[run] = harness.disk

    harness.engine.on_started = harness.engine.on_told = load
    harness.start(looks=looks)
    return harness, loaded


def carry_on(harness: NotifierHarness, rendered: str) -> list[list[str]]:
    """Make passes until all is quiet; what the engine was asked to do, to whom."""
    for _ in range(4):
        harness.clock.tick()
        harness.notifier.engine_clock(ENGINE, harness.clock(), harness.engine.epoch_ns())
        harness.render(rendered)
        harness.wait(100)
    return [[call.operation, call.container_id] for call in harness.engine.calls if call.operation in TELLINGS]


# Recording


def record() -> Iterator[Case]:
    """Walk, keep as few cases as show everything, and add what this version does with each: looking first, or not."""
    kept: list[Case] = []
    seen: set[Facet] = set()
    for number in range(WALKS):
        machine = (Promise, RestartPromise, MixedPromise)[number % 3]
        for case in walk(machine(), random.Random(number)):
            if facets(case) - seen:
                seen |= facets(case)
                kept.append(case)
    for case in list(kept):  # the later ones often show what an earlier one was kept for
        others = Counter(facet for each in kept for facet in facets(each))
        if all(others[facet] > 1 for facet in facets(case)):
            kept.remove(case)
    for case in kept:
        then = [carry_on(start_on(case, looks=looks)[0], case["rendered"]) for looks in (False, True)]
        yield case | {"then": then}


def walk(world: Promise, chance: random.Random) -> Iterator[Case]:
    """Let something happen again and again; what would be left of the program after each step, and at each save."""
    world.begin(policy=chance.choice(["", "always"]))
    at_saves: list[Case] = []
    on_save = world.harness.store.on_save

    def save() -> None:
        at_saves.append(what_is_left(world))
        on_save()

    world.harness.store.on_save = save
    if chance.random() < 0.1:  # no state yet: the first pass is still to come
        world.harness.store.data = None
        world.harness.start()
    if chance.random() < 0.3:  # no `kill` in the containers, so that `docker kill` costs the restart policy
        world.harness.engine.exit_status = lambda command, user: 127
    if chance.random() < 0.3:  # an option is added later
        world.harness.notifications = (chance.choice(world.notifications),)
        world.harness.start()
    for number in range(STEPS_IN_A_WALK):
        if number == STEPS_IN_A_WALK // 2:
            world.harness.notifications = world.notifications
            world.program_killed(requests_arrive=True)
            world.program_started(looks=True)
            world.time_passes(seconds=3.0)
        step(world, chance)
        yield from at_saves
        at_saves.clear()
        yield what_is_left(world)


def step(world: Promise, chance: random.Random) -> None:
    """One thing that may happen now; faults of the engine are frequent, for they leave the odd states."""
    content = chance.choice(["a", "b"])
    fault = chance.choice(
        [("", "", ""), ("tell", "timeout", "after"), ("tell", "timeout", "halfway"), ("tell", "refused", "before")]
    )
    end = chance.choice(["acknowledged", "not yet", "killed"])
    event = chance.choice(["stop", "start", "crash", "recreate", "pause", "unpause"])
    running: list[Callable[[], object]] = [
        lambda: world.program_makes_a_pass(content=content, until=chance.choice(STEPS)),
        lambda: world.program_makes_a_pass(content=content, until=STEPS[-1]),
        lambda: world.change_is_told(content=content, overtaken_by=chance.choice(["", "a"]), fault=fault, end=end),
        lambda: world.change_is_told(content=content, overtaken_by="", fault=fault, end=end),
        lambda: world.time_passes(seconds=chance.choice([0.1, 3.0, 40.0])),
        lambda: world.program_killed(requests_arrive=chance.random() < 0.5),
    ]
    if world.alive and world.harness.workers.waiting:
        running.append(lambda: world.workers_work(fault=fault, count=2))
    dead: list[Callable[[], object]] = [lambda: world.program_started(looks=chance.random() < 0.5)]
    if world.harness.store.data is not None:
        dead.append(lambda: world.state_corrupted(garbage=b"?"))
    always: list[Callable[[], object]] = [lambda: world.something_happens(index=chance.randrange(3), event=event)]
    if world.phase == "recorded":
        always.append(lambda: world.file_edited_and_read(deleted=chance.random() < 0.5))
    if len(world.harness.engine.containers) < 3:
        always.append(world.container_added)
    chance.choice([*(running if world.alive else dead * 3), *always])()


def what_is_left(world: Promise) -> Case:
    """All that outlives a kill."""
    harness = world.harness
    state = harness.store.data
    return copy.deepcopy(
        {
            "notifications": [[each.action, *each.state().values()] for each in harness.notifications],
            "state": None if state is None else state.decode(),
            "disk": harness.disk,
            "containers": [asdict(container) for container in harness.engine.containers.values()],
            "loaded": [
                [[run.container_id, run.started_at], content]
                for run, content in world.loaded.items()
                if any(container.run == run for container in harness.engine.containers.values())
            ],
            "rendered": world.rendered,
            "clock_s": harness.clock(),
        }
    )


def facets(case: Case) -> set[Facet]:
    """What a case shows: the state of the file as a whole, and of each run in it beside what is so."""
    try:
        state = json.loads(case["state"] or "null")
    except ValueError:
        return {("not JSON",)}
    if state is None:
        return {("no state",)}
    prepared, content, disk = state["prepared"], state["content"], case["disk"]
    announced = "nothing" if prepared is None else f"forced {prepared['forced']}, new {prepared['digest'] != content}"
    target = "missing" if disk is None else "ours" if disk == content else "rogue"
    target = "announced" if prepared is not None and disk == prepared["digest"] else target
    owed = any(run["told"] != content or not content for entry in state["notifications"] for run in entry["runs"])
    shown: set[Facet] = {("file", bool(content), announced, target, bool(state["engine_ns_max"]), owed)}
    shown.add(("loaded", owed, disk == case["rendered"], tuple(sorted(read == disk for _, read in case["loaded"]))))
    loaded = {tuple(run): read for run, read in case["loaded"]}
    for entry in state["notifications"]:
        shown.add(("notification", entry["action"], entry["standing"], announced, target))
        for run in entry["runs"]:
            told = run["told"] if run["told"] == "" else run["told"] == content
            key = (run["container_id"], run["started_at"])
            marks = (run["since_epoch_s"] > 0, run["restart_begun"], run["policy_lost"])
            shown.add((entry["action"], entry["standing"], told, *marks, reality(case, key), loaded.get(key) == disk))
    return shown


def reality(case: Case, run: tuple[str, str]) -> str:
    """What has become of a run that the state names."""
    for container in case["containers"]:
        if container["container_id"] == run[0]:
            if container["started_at"] != run[1]:
                return "another run"
            if not container["running"]:
                return "stopped by a restart" if container["stopped_by_restart"] else "stopped"
            return "paused" if container["paused"] else "running"
    return "gone"


if __name__ == "__main__":
    for kept in record():
        sys.stdout.write(json.dumps(kept, sort_keys=True) + "\n")
