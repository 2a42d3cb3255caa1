"""`--signal-via`: never cancelling a restart policy where that can be avoided."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import pytest

from notify.actions.signal import Signal
from notify.delivery import Delivered, Failed, Held, Inspector, Outcome, RunEnded, Task
from notify.port import EngineRefused, EngineTimeout, EngineUnavailable
from tests.support.fake_clock import FakeClock
from tests.unit.notify.fakes import ENGINE, HUP, FakeContainer, FakeEngine, NotifierHarness

if TYPE_CHECKING:
    from notify.actions.action import SignalVia

DIRECT, SHELL = ("kill", "-HUP", "1"), ("sh", "-c", "kill -HUP 1")


class SignalDelivery:
    """One container and what is asked of it."""

    def __init__(self, **settings: object) -> None:
        self.clock = FakeClock()
        self.engine = FakeEngine(self.clock)
        self.container: FakeContainer = self.engine.run_new(**settings)  # type: ignore[arg-type] # settings of its own

    def send(self, signal: str = "SIGHUP", via: SignalVia = "auto", *, policy_lost: bool = False) -> Outcome:
        task = Task(self.container.run, ENGINE, policy_lost=policy_lost)
        return Signal("web", signal).deliver(self.engine, task, Inspector(self.engine, task, self.clock), via)

    def executed(self) -> list[tuple[object, ...]]:
        return [call.detail for call in self.engine.calls if call.operation == "execute"]


@pytest.mark.parametrize(
    ("policy", "stop_signal", "by"),
    [
        ("", "", "kill"),
        ("no", "", "kill"),
        ("always", "", "execute"),
        ("on-failure", "", "execute"),
        ("always", "SIGQUIT", "kill"),
        ("always", "SIGHUP", "execute"),
        ("always", "1", "execute"),
        ("always", "hup", "execute"),
        ("unless-stopped", "SIGQUIT", "execute"),
    ],
)
def test_auto_avoids_kill_only_where_it_would_harm(policy: str, stop_signal: str, by: str) -> None:
    """`docker kill` is the way, unless it would make the engine forget a restart policy."""
    delivery = SignalDelivery(restart_policy=policy, stop_signal=stop_signal)
    outcome = delivery.send()
    assert delivery.engine.operations() == [by]
    assert isinstance(outcome, Delivered)
    assert not outcome.policy_lost


@pytest.mark.parametrize("signal", ["SIGKILL", "SIGSTOP"])
def test_kill_and_stop_are_never_sent_from_inside(signal: str) -> None:
    """PID 1 ignores them from inside, though `kill` says all is well."""
    delivery = SignalDelivery(restart_policy="always")
    outcome = delivery.send(signal)
    assert delivery.engine.operations() == ["kill"]
    assert isinstance(outcome, Delivered)
    assert outcome.policy_lost


@pytest.mark.parametrize(
    ("pid_mode", "by"), [("", "execute"), ("private", "execute"), ("host", "kill"), ("container:abc", "kill")]
)
def test_pid_1_of_somebody_else_is_never_signalled(pid_mode: str, by: str) -> None:
    """Exec is tried only where PID 1 is the container's own."""
    delivery = SignalDelivery(restart_policy="always", pid_mode=pid_mode)
    delivery.send()
    assert delivery.engine.operations() == [by]


@pytest.mark.parametrize("working", [0, 1, 2, 3])
def test_the_order_of_tries_inside(working: int) -> None:
    """As the own user, through sh, then both as user 0; the first that works ends it."""
    delivery = SignalDelivery(restart_policy="always")
    order = [(DIRECT, ""), (SHELL, ""), (DIRECT, "0"), (SHELL, "0")]
    delivery.engine.exit_status = lambda command, user: 0 if (tuple(command), user) == order[working] else 127
    outcome = delivery.send()
    assert delivery.executed() == order[: working + 1]
    assert isinstance(outcome, Delivered)
    assert not outcome.policy_lost


@pytest.mark.parametrize("status", [126, 127, 1, 137])
def test_not_possible_inside_falls_back_to_kill(status: int) -> None:
    """Any status but 0 means not possible: `docker kill`, with advice and the policy noted as lost."""
    delivery = SignalDelivery(restart_policy="always")
    delivery.engine.exit_status = lambda command, user: status
    outcome = delivery.send()
    assert delivery.engine.operations() == ["execute"] * 4 + ["kill"]
    assert isinstance(outcome, Delivered)
    assert outcome.policy_lost
    assert "stop_signal" in outcome.advice
    assert f"ended with {status}" in outcome.advice


@pytest.mark.parametrize("status", [403, 405])
def test_a_forbidden_exec_falls_back_to_kill(status: int) -> None:
    """A proxy that forbids exec is asked once, and the advice says what it has to allow."""
    delivery = SignalDelivery(restart_policy="always")
    delivery.engine.fail("execute", EngineRefused("has to allow POST /x", status))
    outcome = delivery.send()
    assert delivery.engine.operations() == ["execute", "kill"]
    assert isinstance(outcome, Delivered)
    assert outcome.policy_lost
    assert "has to allow POST /x" in outcome.advice


@pytest.mark.parametrize(
    "error", [EngineRefused("broken", 500), EngineRefused("bad", 400), EngineTimeout("slow"), EngineUnavailable("down")]
)
def test_any_other_error_of_exec_is_a_failure(error: EngineRefused | EngineTimeout | EngineUnavailable) -> None:
    """A faulty engine is no reason to cancel a restart policy."""
    delivery = SignalDelivery(restart_policy="always")
    delivery.engine.fail("execute", error)
    outcome = delivery.send()
    assert delivery.engine.operations() == ["execute"]
    assert isinstance(outcome, Failed)
    assert not outcome.policy_lost


def test_exec_only_never_kills() -> None:
    """With `exec` an impossible exec is a failure that says why."""
    delivery = SignalDelivery()
    delivery.engine.exit_status = lambda command, user: 127
    outcome = delivery.send(via="exec")
    assert "kill" not in delivery.engine.operations()
    assert isinstance(outcome, Failed)
    assert "127" in outcome.message


@pytest.mark.parametrize("settings", [{"pid_mode": "host"}, {}])
def test_exec_only_never_sends_what_exec_cannot(settings: dict[str, object]) -> None:
    """Foreign PID namespaces and KILL are failures with `exec`, without a call that acts."""
    delivery = SignalDelivery(**settings)
    outcome = delivery.send("SIGHUP" if settings else "SIGKILL", via="exec")
    assert delivery.engine.operations() == []
    assert isinstance(outcome, Failed)


def test_kill_only_never_executes_and_says_what_it_costs() -> None:
    """With `kill` the policy's loss is told honestly."""
    delivery = SignalDelivery(restart_policy="always")
    outcome = delivery.send(via="kill")
    assert delivery.engine.operations() == ["kill"]
    assert isinstance(outcome, Delivered)
    assert outcome.policy_lost


def test_a_policy_that_is_lost_already_is_not_spared() -> None:
    """Once a run's policy is lost, further signals take the short way."""
    delivery = SignalDelivery(restart_policy="always")
    delivery.send(policy_lost=True)
    assert delivery.engine.operations() == ["kill"]


@pytest.mark.parametrize(("signal", "option"), [("SIGRTMIN+3", "-37"), ("SIGRTMIN", "-34"), ("SIGUSR1", "-USR1")])
def test_signals_are_spelled_as_every_kill_reads_them(signal: str, option: str) -> None:
    """Names without SIG, real-time signals as the engine's number."""
    delivery = SignalDelivery(restart_policy="always")
    delivery.send(signal)
    assert delivery.executed() == [(("kill", option, "1"), "")]


def test_a_kill_whose_end_is_unknown_may_have_cost_the_policy() -> None:
    """A timeout of the harmful way counts as harm, a refusal does not."""
    lost = []
    for error in (EngineTimeout("slow"), EngineRefused("no", 500)):
        delivery = SignalDelivery(restart_policy="always", pid_mode="host")
        delivery.engine.fail("kill", error)
        outcome = delivery.send()
        assert isinstance(outcome, Failed)
        lost.append(outcome.policy_lost)
    assert lost == [True, False]


@pytest.mark.parametrize(
    ("change", "kind"),
    [
        ({"running": False}, RunEnded),
        ({"restarting": True}, RunEnded),
        ({"paused": True}, Held),
        ({"started_at": "another"}, RunEnded),
    ],
)
def test_looks_directly_before(change: dict[str, object], kind: type) -> None:
    """Nothing is sent to what does not run, restarts, is paused, or runs anew."""
    delivery = SignalDelivery()
    task = Task(delivery.container.run, ENGINE)
    for key, value in change.items():
        setattr(delivery.container, key, value)
    outcome = HUP.deliver(delivery.engine, task, Inspector(delivery.engine, task, delivery.clock), "auto")
    assert isinstance(outcome, kind)
    assert delivery.engine.operations() == []


def test_a_run_that_ends_between_look_and_kill_is_no_failure() -> None:
    """A refusal because the container has just stopped ends the debt."""
    delivery = SignalDelivery()
    task = Task(delivery.container.run, ENGINE)
    inspector = Inspector(delivery.engine, task, delivery.clock)

    def stop_then_refuse(engine: str, container_id: str, signal: str, *, timeout_s: float) -> None:
        delivery.engine.stop(delivery.container)
        raise EngineRefused("not running", 409)

    delivery.engine.kill = stop_then_refuse  # type: ignore[method-assign] # stops it at just the wrong moment
    assert isinstance(HUP.deliver(delivery.engine, task, inspector, "kill"), RunEnded)


def test_a_failed_look_sends_nothing() -> None:
    """Where the container cannot be looked at, nothing is sent and the run knows what it knew."""
    delivery = SignalDelivery()
    delivery.engine.fail("inspect", EngineTimeout("slow"))
    outcome = delivery.send()
    assert isinstance(outcome, Failed)
    assert not outcome.acted
    assert delivery.engine.operations() == []


def risky_harness(*signals: str) -> NotifierHarness:
    """A program whose container's policy cannot be spared: no exec is possible in it."""
    harness = NotifierHarness(*(Signal("web", signal) for signal in signals))
    harness.engine.exit_status = lambda command, user: 127
    harness.engine.run_new(restart_policy="always")
    harness.disk = "a"
    harness.render("a")
    harness.render("b")
    harness.wait(5)
    return harness


def test_the_risk_is_shown_once_and_ends_with_the_run() -> None:
    """One warning for several signals; the metric is 1 until the endangered run is over, also after our restart."""
    harness = risky_harness("SIGHUP")
    notification = harness.notifications[0]
    harness.render("c")
    harness.wait(5)
    assert len(harness.lines.matching("stop_signal")) == 1
    assert harness.observer.at_risk == {notification: True}
    harness.start()
    assert harness.observer.at_risk == {notification: True}
    harness.engine.begin_run(next(iter(harness.engine.containers.values())))
    harness.render("c")
    assert harness.observer.at_risk == {notification: False}


def test_notifications_of_one_name_share_the_risk() -> None:
    """The metric has the container's name only: a second, harmless signal does not wipe the first one's risk."""
    harness = risky_harness("SIGHUP", "SIGUSR1")
    assert set(harness.observer.at_risk.values()) == {True}
    assert len(harness.observer.at_risk) == 2


def test_commands_are_plain_sequences() -> None:
    """The port gets program and arguments, never a line to be parsed."""
    delivery = SignalDelivery(restart_policy="always")
    delivery.send()
    command = delivery.executed()[0][0]
    assert isinstance(command, Sequence)
    assert not isinstance(command, str)
