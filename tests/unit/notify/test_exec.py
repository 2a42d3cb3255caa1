"""`exec`: a command in each matching container, told by its exit status."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest

from notify.actions.exec import Exec
from notify.port import EngineRefused, EngineTimeout, EngineUnavailable
from tests.unit.notify.fakes import NotifierHarness

if TYPE_CHECKING:
    from notify.actions.action import Action

RELOAD = Exec("web", ("nginx", "-s", "reload"))


def changed(action: Action = RELOAD) -> NotifierHarness:
    """A container runs, and a change is owed to it."""
    harness = NotifierHarness(action)
    harness.engine.run_new()
    harness.disk = "a"
    harness.render("a")
    harness.render("b")
    return harness


def executed(harness: NotifierHarness) -> list[tuple[object, ...]]:
    """The commands that were run, each with its user."""
    return [call.detail for call in harness.engine.calls if call.operation == "execute"]


def test_the_command_is_run_once_as_it_was_given() -> None:
    """By the container's own user, word for word."""
    harness = changed()
    harness.wait(5)
    assert executed(harness) == [(("nginx", "-s", "reload"), "")]
    assert harness.pending() == 0
    assert harness.lines.matching("exec of nginx (2 arguments) in web delivered to web (exit status 0)")


def test_it_is_run_as_the_user_that_is_named() -> None:
    """Such as one that may read the file."""
    harness = changed(Exec("web", ("reload",), user="www-data"))
    harness.wait(5)
    assert executed(harness) == [(("reload",), "www-data")]


def test_another_status_is_a_failure_with_the_last_lines_in_the_log_alone() -> None:
    """The status page is for everybody: it has the status, not what the command printed."""
    harness = changed()
    harness.engine.exit_status = lambda command, user: 1
    harness.engine.output = b"\n".join(b"line %d" % number for number in range(9)) + b"\n\x1b[2Jpassword=x\r\n\n"
    harness.clock.advance(0.5)
    harness.pump()
    (line,) = harness.lines.matching("WARNING exec of nginx (2 arguments) in web failed for web (1 try")
    assert line.endswith(r": the command ended with 1: line 5 | line 6 | line 7 | line 8 | \x1b[2Jpassword=x")
    (debt,) = harness.notifier.pending()
    assert (debt.trouble, debt.tries) == ("the command ended with 1", 1)


def test_it_is_tried_again_until_it_ends_with_0() -> None:
    """With the backoff of every notification."""
    harness = changed()
    statuses = [1, 126, 0]
    harness.engine.exit_status = lambda command, user: statuses.pop(0)
    harness.wait(30)
    assert (len(executed(harness)), harness.pending(), statuses) == (3, 0, [])
    assert harness.lines.matching("after 2 tries without success")


def test_an_end_that_is_not_known_is_delivered_again() -> None:
    """The engine did not say how it ended: it may or may not have reloaded."""
    harness = changed()
    harness.engine.fail("execute", EngineTimeout("the command did not end in time"), "after")
    harness.wait(5)
    assert len(executed(harness)) == 2
    assert harness.lines.matching("failed for web (1 try, retried until it succeeds): the command did not end in time")


@pytest.mark.parametrize("event", ["stop", "remove"])
def test_a_refusal_because_the_run_is_over_ends_the_debt(event: str) -> None:
    """It ended between the look and the request: no failure."""
    harness = changed()
    (container,) = harness.engine.containers.values()
    inspected = harness.engine.inspect

    def inspect_then_end(*arguments: object, **named: object) -> object:
        state = inspected(*arguments, **named)  # type: ignore[arg-type]  # handed through as they are
        if container.running and container.container_id in harness.engine.containers:
            getattr(harness.engine, event)(container)
        return state

    harness.engine.inspect = inspect_then_end  # type: ignore[method-assign,assignment]  # its stand-in
    harness.wait(5)
    assert (len(executed(harness)), harness.pending()) == (1, 0)
    assert harness.lines.matching("is no longer pending for web")
    assert not harness.lines.matching("failed")


def test_a_refusal_is_tried_again() -> None:
    """A proxy that does not let it through, an engine that is away."""
    harness = changed()
    harness.engine.fail("execute", EngineRefused("the proxy has to allow POST /containers/{container}/exec", 403))
    harness.engine.fail("execute", EngineUnavailable("away"))
    harness.wait(30)
    assert (len(executed(harness)), harness.pending()) == (3, 0)
    assert harness.lines.matching("has to allow POST /containers/{container}/exec")


def test_a_paused_container_is_waited_for() -> None:
    """Nothing is asked of the engine while it is."""
    harness = changed()
    (container,) = harness.engine.containers.values()
    container.paused = True
    harness.wait(5)
    assert (executed(harness), harness.pending()) == ([], 1)
    container.paused = False
    harness.render("b")
    harness.wait(5)
    assert (len(executed(harness)), harness.pending()) == (1, 0)


def test_a_killed_program_delivers_after_its_restart_and_is_quiet_after_that() -> None:
    """The debt was on the disk before the file was replaced."""
    harness = changed()
    for _ in range(2):
        harness.start()
        harness.render("b")
        harness.wait(5)
        assert len(executed(harness)) == 1


@pytest.mark.parametrize(
    ("action", "kept"),
    [
        (RELOAD, {"container": "web", "command": ["nginx", "-s", "reload"]}),
        (
            Exec("web", ("a",), user="0", timeout_s=2.5),
            {"container": "web", "command": ["a"], "user": "0", "timeout_s": 2.5},
        ),
    ],
)
def test_the_state_file_keeps_what_is_not_by_default(action: Exec, kept: dict[str, object]) -> None:
    """So that a field which comes later changes no notification of today."""
    assert json.loads(json.dumps(action.state())) == kept
    assert Exec.from_state(json.loads(json.dumps(kept))) == action


@pytest.mark.parametrize(
    ("damage", "told"),
    [
        ({"command": "nginx -s reload"}, "command is missing or no list of str"),
        ({"command": [1]}, "command is missing or no list of str"),
        ({"user": None}, "user is missing or not str"),
        ({"timeout_s": True}, "timeout_s is no number of seconds over 0"),
        ({"timeout_s": -1}, "timeout_s is no number of seconds over 0"),
        ({"timeout_s": 10**400}, "timeout_s is no number of seconds over 0"),
    ],
)
def test_a_damaged_state_is_refused(damage: dict[str, object], told: str) -> None:
    """Each field is checked before it is believed."""
    with pytest.raises(ValueError, match=told):
        Exec.from_state({"container": "web", "command": ["a"]} | damage)


@pytest.mark.parametrize(
    ("words", "expected"),
    [
        (["web", "nginx -s reload"], RELOAD),
        ([" web ", "sh -c 'a; b, c'"], Exec("web", ("sh", "-c", "a; b, c"))),
        (["web", "echo $HOME *"], Exec("web", ("echo", "$HOME", "*"))),
        (["web", "a ''"], Exec("web", ("a", ""))),
    ],
)
def test_the_command_is_cut_as_a_shell_cuts_words(words: list[str], expected: Exec) -> None:
    """And nothing in it is expanded."""
    assert Exec.from_words(words) == expected


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (["web"], "COMMAND is missing"),
        (["web", " "], "COMMAND is empty"),
        (["web", "''"], "COMMAND is empty"),
        (["web", "echo 'secret"], "close each quote"),
        (["web", "a\0b"], "zero byte"),
        (["", "a"], "CONTAINER is empty"),
    ],
)
def test_what_is_no_command_is_refused_without_showing_it(words: list[str], told: str) -> None:
    """It may hold a password."""
    with pytest.raises(ValueError, match=told) as caught:
        Exec.from_words(words)
    assert "secret" not in str(caught.value)


def test_no_argument_is_in_a_sentence() -> None:
    """A token looks like any other word."""
    shown = str(Exec("web", ("/usr/bin/curl", "-H", "Authorization: Bearer t0ken", "http://u:p@h/")))
    assert shown == "exec of curl (3 arguments) in web"
    assert str(Exec("web", ("reload",))) == "exec of reload in web"
