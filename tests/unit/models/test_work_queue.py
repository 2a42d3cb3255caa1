"""The keyed work queue keeps client-go's promises: played against a simple model."""

from __future__ import annotations

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule

from models.work_queue import WorkQueue
from tests.support.examples import examples

KEYS = st.sampled_from("abcd")
DELAYS_S = st.sampled_from([0.0, 1.0, 2.0, 5.0, -1.0])


def doubling_s(failures: int) -> float:
    """A delay that shows how many failures there were."""
    return 2.0**failures


class AgainstModel(RuleBasedStateMachine):
    """The model: for each key when it is due and since when in line, who is processed, how many failures."""

    def __init__(self) -> None:
        super().__init__()
        self.queue: WorkQueue[str] = WorkQueue(doubling_s)
        self.now_s = 100.0
        self.additions = 0
        self.due: dict[str, tuple[float, int]] = {}
        self.processing: set[str] = set()
        self.failures: dict[str, int] = {}

    def model_adds(self, key: str, at_s: float) -> None:
        self.additions += 1
        self.due[key] = min(self.due.get(key, (float("inf"), 0)), (at_s, self.additions))

    @rule(key=KEYS)
    def add(self, key: str) -> None:
        self.queue.add(key, self.now_s)
        self.model_adds(key, self.now_s)

    @rule(key=KEYS, delay_s=DELAYS_S)
    def add_after(self, key: str, delay_s: float) -> None:
        self.queue.add_after(key, self.now_s, delay_s)
        self.model_adds(key, self.now_s + max(delay_s, 0))

    @rule(key=KEYS)
    def add_rate_limited(self, key: str) -> None:
        self.queue.add_rate_limited(key, self.now_s)
        self.failures[key] = self.failures.get(key, 0) + 1
        self.model_adds(key, self.now_s + doubling_s(self.failures[key]))

    @rule(key=KEYS)
    def forget(self, key: str) -> None:
        self.queue.forget(key)
        self.failures.pop(key, None)

    @rule(key=KEYS)
    def remove(self, key: str) -> None:
        self.queue.remove(key)
        self.due.pop(key, None)
        self.failures.pop(key, None)

    @rule()
    def get(self) -> None:
        ready = [(moment, key) for key, moment in self.due.items() if key not in self.processing]
        expected = next((key for (at_s, _), key in sorted(ready) if at_s <= self.now_s), None)
        assert self.queue.get(self.now_s) == expected
        if expected is not None:
            del self.due[expected]
            self.processing.add(expected)

    @rule(key=KEYS)
    def done(self, key: str) -> None:
        """Also for a key that nobody processes, which changes nothing."""
        self.queue.done(key)
        self.processing.discard(key)

    @rule(seconds=st.sampled_from([0.5, 1.0, 10.0]))
    def time_passes(self, seconds: float) -> None:
        self.now_s += seconds

    @invariant()
    def tells_what_is_so(self) -> None:
        for key in "abcd":
            assert (key in self.queue) == (key in self.due)
            assert self.queue.due_at(key) == self.due.get(key, (None, 0))[0]
            assert self.queue.is_processing(key) == (key in self.processing)
            assert self.queue.failures(key) == self.failures.get(key, 0)
        assert len(self.queue) == len(self.due)
        waiting = [at_s for key, (at_s, _) in self.due.items() if key not in self.processing]
        assert self.queue.next_due() == min(waiting, default=None)

    def teardown(self) -> None:
        """Nothing is lost: whatever was added and not taken comes, each key once, when all processing is done."""
        for key in "abcd":
            self.queue.done(key)
        left = [each for _ in range(5) if (each := self.queue.get(self.now_s + 1e9)) is not None]
        assert left == sorted(self.due, key=lambda key: self.due[key])
        assert self.queue.next_due() is None


TestAgainstModel = pytest.mark.timeout(300)(AgainstModel.TestCase)
TestAgainstModel.settings = settings(
    max_examples=examples(100),
    stateful_step_count=40,
    deadline=None,
    suppress_health_check=list(HealthCheck),
    derandomize=True,
)


def test_added_again_while_it_is_processed_is_processed_once_more() -> None:
    """However often it was added, once; and by nobody else before the first has done."""
    queue: WorkQueue[str] = WorkQueue(doubling_s)
    queue.add("a", 1)
    assert queue.get(1) == "a"
    for _ in range(3):
        queue.add("a", 2)
    assert (queue.get(2), queue.next_due()) == (None, None)
    queue.done("a")
    assert [queue.get(3), queue.get(3)] == ["a", None]


def test_retries_come_later_and_later_until_one_succeeds() -> None:
    """Each failure doubles the delay here; forgotten, it begins anew."""
    queue: WorkQueue[str] = WorkQueue(doubling_s)
    delays_s = []
    for failing in (True, True, True, False, True):
        if not failing:
            queue.forget("a")
            continue
        queue.add_rate_limited("a", 0)
        delays_s.append(queue.next_due())
        queue.get(1e9)
        queue.done("a")
    assert delays_s == [2, 4, 8, 2]


def test_what_is_superseded_takes_no_memory() -> None:
    """A key that is dropped and added a thousand times is not a thousand entries."""
    queue: WorkQueue[int] = WorkQueue(doubling_s)
    for number in range(10_000):
        queue.add_after(number % 10, 0, 10_000 - number)
    assert len(queue) == 10
    assert len(queue._heap) < 200


def test_a_key_taken_before_its_time_is_processed_as_any_other() -> None:
    """It is due no more, nobody else gets it until it is done, and what is added meanwhile comes afterwards."""
    queue: WorkQueue[str] = WorkQueue(doubling_s)
    queue.add_at("a", 100)
    queue.take("a")
    assert queue.is_processing("a")
    assert queue.get(1000) is None
    queue.add("a", 1000)
    assert queue.get(1000) is None
    queue.done("a")
    assert queue.get(1000) == "a"
