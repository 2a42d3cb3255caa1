"""The outbox as JSON: what is written is read back, and any content is survived."""

from __future__ import annotations

import json

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from models.run import Run
from models.write import CAUSES
from notify.outbox import NotificationState, Outbox, Prepared, RunRecord, Unproven
from notify.outbox_store import Decoded, StateError, decode, encode
from tests.unit.notify.fakes import HUP, RESTART, NotifierHarness

ANY_SPEED = settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])  # no machine is too slow
TEXTS = st.text(max_size=8)
RECORDS = st.builds(
    RunRecord,
    run=st.builds(Run, TEXTS, TEXTS),
    engine=TEXTS,
    name=TEXTS,
    acked_digest=TEXTS,
    since_epoch_s=st.floats(0, 1e12),
    restart_begun=st.booleans(),
    policy_lost=st.booleans(),
)
ACCOUNTS = st.builds(
    lambda standing, records, told: NotificationState(
        standing, {record.run: record for record in records}, {each.container_id: each for each in told}
    ),
    st.sampled_from(["new", "settled", "lost"]),
    st.lists(RECORDS, max_size=3),
    st.lists(st.builds(Unproven, TEXTS, TEXTS, TEXTS), max_size=3),
)
LEDGERS = st.builds(
    lambda content, prepared, one, two: Outbox(content, prepared, {HUP: one, RESTART: two}),
    TEXTS,
    st.none()
    | st.builds(
        Prepared,
        TEXTS,
        st.booleans(),
        st.floats(0, 1e12),
        st.sampled_from(["", *CAUSES]),
        st.sets(st.sampled_from(CAUSES)).map(lambda found: tuple(each for each in CAUSES if each in found)),
    ),
    ACCOUNTS,
    ACCOUNTS,
)
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | TEXTS,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(TEXTS, inner, max_size=3),
    max_leaves=8,
)
A_STATE = json.loads(
    encode(
        Outbox("digest", Prepared("next", forced=True, since_epoch_s=1.0), {HUP: NotificationState("settled", {})}),
        {"engine": 5},
    )
)
A_RUN = {
    "container_id": "c1",
    "started_at": "t",
    "engine": "e",
    "name": "web",
    "told": "digest",
    "since_epoch_s": 0,
    "restart_begun": False,
    "policy_lost": False,
}


@ANY_SPEED
@given(LEDGERS, st.dictionaries(TEXTS, st.integers(0, 2**63)))
def test_what_is_written_is_read_back(outbox: Outbox, clocks: dict[str, int]) -> None:
    """Every outbox survives the way to the disk and back, and equal ones are equal bytes."""
    data = encode(outbox, clocks)
    decoded = decode(data, [HUP, RESTART])
    assert decoded == Decoded(outbox, clocks)
    assert encode(decoded.outbox, decoded.engine_ns_max) == data


def survive(data: bytes) -> NotifierHarness:
    """Start a program on this state and let it make its first passes."""
    harness = NotifierHarness(HUP)
    harness.engine.run_new()
    harness.disk = "content"
    harness.store.data = data
    harness.start()
    harness.render("content")
    harness.wait(10)
    assert harness.pending() == 0
    return harness


@ANY_SPEED
@given(st.binary(max_size=64))
@example(b"")
@example(b"\xff\xfe")
@example(b"[" * 100_000)
@example(b"9" * 10_000)
def test_any_bytes_are_survived(data: bytes) -> None:
    """What is no state of ours owes everything once, with a warning, and the next start finds a good state."""
    harness = survive(data)
    assert len(harness.engine.told) == 1
    assert len(harness.lines.matching("WARNING the state of the notifications")) == 1
    harness.start()
    harness.render("content")
    harness.wait(10)
    assert len(harness.engine.told) == 1


@ANY_SPEED
@given(JSON)
def test_any_json_is_survived(value: object) -> None:
    """JSON of any shape is no reason to fail."""
    survive(json.dumps(value).encode())


@ANY_SPEED
@given(st.sampled_from(sorted(A_STATE)), JSON)
def test_any_damaged_member_is_survived(key: str, value: object) -> None:
    """A state of ours in which one member is anything."""
    survive(json.dumps(A_STATE | {key: value}).encode())


@ANY_SPEED
@given(st.sampled_from(sorted(A_RUN)), JSON)
def test_any_damaged_run_is_survived(key: str, value: object) -> None:
    """A run of ours in which one member is anything."""
    state = A_STATE["notifications"][0] | {"runs": [A_RUN | {key: value}]}
    survive(json.dumps(A_STATE | {"notifications": [state]}).encode())


@pytest.mark.parametrize("key", sorted(A_RUN))
def test_a_missing_member_is_said(key: str) -> None:
    """The error names what is missing and shows no value."""
    damaged = {name: value for name, value in A_RUN.items() if name != key}
    state = A_STATE["notifications"][0] | {"runs": [damaged]}
    with pytest.raises(StateError, match=key):
        decode(json.dumps(A_STATE | {"notifications": [state]}).encode(), [HUP])


def test_another_version_is_not_read() -> None:
    """A state of a later version is not guessed at."""
    with pytest.raises(StateError, match="version"):
        decode(json.dumps(A_STATE | {"version": 2}).encode(), [HUP])


def test_only_configured_notifications_are_taken() -> None:
    """One that is no longer configured is dropped, one that was not is new."""
    assert decode(json.dumps(A_STATE).encode(), [RESTART]).outbox.states == {RESTART: NotificationState("new")}


def test_an_action_that_this_version_does_not_have_is_skipped_and_the_rest_is_kept() -> None:
    """As after a downgrade: one warning, and the others' debts are neither lost nor made anew."""
    harness = NotifierHarness(HUP)
    harness.engine.run_new()
    harness.disk = "a"
    harness.render("a")
    harness.render("b")
    harness.wait(5)
    assert harness.store.data is not None
    state = json.loads(harness.store.data)
    (entry,) = state["notifications"]
    foreign = {"action": "page-somebody", "container": "web", "number": 5, "runs": "of another make"}
    state["notifications"] = [foreign, entry, foreign | {"container": "db"}]
    harness.store.data = json.dumps(state).encode()
    before = len(harness.engine.told)
    harness.start()
    harness.render("b")
    harness.wait(60)
    assert len(harness.engine.told) == before
    (line,) = harness.lines.matching("the state of the notifications")
    assert line.startswith("WARNING")
    assert "'page-somebody'" in line
    harness.start()
    harness.render("b")
    assert len(harness.lines.matching("the state of the notifications")) == 1


def test_a_debt_beside_an_unknown_action_is_served() -> None:
    """What another notification is owed outlives the unknown one."""
    harness = NotifierHarness(HUP)
    harness.engine.run_new()
    harness.disk = "a"
    harness.render("a")
    harness.render("b")
    assert harness.store.data is not None
    state = json.loads(harness.store.data)
    state["notifications"].append({"action": "?" * 100})
    harness.store.data = json.dumps(state).encode()
    harness.start()
    harness.render("b")
    harness.wait(5)
    assert len(harness.engine.told) == 1
    assert len(harness.lines.matching("?" * 100)) == 0
