"""A new action is one file and its registration: everything else finds it."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

from notify.actions import ACTIONS, register
from notify.port import EngineUnavailable
from reconciler.cli.catalogue import OPTIONS
from tests.unit.metrics.scraping import metrics_of, value
from tests.unit.notify.fakes import HUP, NotifierHarness
from tests.unit.notify.poke import Poke

ROOT = Path(__file__).parents[3]
POKE = Poke("web", "gently")


@pytest.fixture(autouse=True)
def registered(monkeypatch: pytest.MonkeyPatch) -> None:
    """Known to this test only."""
    monkeypatch.setitem(ACTIONS, Poke.action, Poke)


def poked_harness() -> NotifierHarness:
    """A container runs, and a change is owed to it by both ways."""
    harness = NotifierHarness(POKE, HUP)
    harness.engine.run_new()
    harness.disk = "a"
    harness.render("a")
    harness.render("b")
    return harness


def test_it_is_delivered_and_tried_again() -> None:
    """With the batches, the retries, the log and the promise of every notification."""
    harness = poked_harness()
    harness.engine.fail("execute", EngineUnavailable("down"))
    harness.wait(5)
    calls = [call.detail[0] for call in harness.engine.calls if call.operation == "execute"]
    assert calls == [("poke", "gently")] * 2
    assert harness.pending() == 0
    assert len(harness.lines.matching("INFO poke of web delivered to web (a poke), after 1 try without success")) == 1


def test_it_is_kept_in_the_state_file() -> None:
    """Killed before the delivery: the next start delivers once, the one after that is quiet."""
    harness = poked_harness()
    assert harness.store.data is not None
    entry = json.loads(harness.store.data)["notifications"][0]
    assert {key: entry[key] for key in ("action", "container", "word")} == {
        "action": "poke",
        "container": "web",
        "word": "gently",
    }
    for _ in range(2):
        harness.start()
        harness.render("b")
        harness.wait(5)
        assert sorted(harness.engine.operations()) == ["execute", "kill"]


def test_a_damaged_state_of_it_is_an_unreadable_state() -> None:
    """Its own fields are checked like those of any other action."""
    harness = poked_harness()
    assert harness.store.data is not None
    harness.store.data = harness.store.data.replace(b'"word": "gently"', b'"word": 5')
    harness.start()
    assert len(harness.lines.matching("word is missing or not str")) == 1


def test_it_is_counted() -> None:
    """Under its own word, from zero."""
    metrics = metrics_of(notifications=[POKE])
    assert value(metrics, "pygen_notifications_pending", action="poke", container="web") == 0


@pytest.mark.parametrize(
    ("arguments", "shown"),
    [
        (["--help"], "--poke CONTAINER WORD\n      Poke CONTAINER with WORD. Repeatable."),
        (["permissions", "--poke", "web", "gently"], "POST /containers/{container}/exec"),
        (["permissions", "--poke", "", "gently"], "--poke: CONTAINER is empty"),
    ],
)
@pytest.mark.processes
def test_the_command_line_has_it(arguments: list[str], shown: str) -> None:
    """Its option is in the help, its words are checked, and its requests are among the permissions."""
    code = (
        "import sys\n"
        "from notify.actions import register\n"
        "from tests.unit.notify.poke import Poke\n"
        "register(Poke)\n"
        "from reconciler.__main__ import main\n"
        f"sys.argv = ['pygen', *{arguments!r}]\n"
        "sys.exit(main())\n"
    )
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, check=False, capture_output=True, text=True)
    assert shown in done.stdout + done.stderr
    assert "POST /containers/{container}/kill" not in done.stdout


def test_every_action_has_its_option() -> None:
    """None is left out of the command line."""
    flags = [option.flag for option in OPTIONS if option.field == "notifications"]
    assert flags == [action.option.flag for action in ACTIONS.values() if action is not Poke]


def test_a_word_is_one_action_s() -> None:
    """Registering the same type twice is harmless, another one of its name is a mistake."""
    register(Poke)

    class Other(Poke):
        """Not the same."""

    with pytest.raises(ValueError, match="two actions called 'poke'"):
        register(Other)


def test_runs_are_told_apart_by_action() -> None:
    """What one action delivered is not delivered for the other."""
    harness = poked_harness()
    harness.engine.fail("kill", EngineUnavailable("down"))
    harness.clock.advance(0.5)
    harness.pump()
    (debt,) = harness.notifier.pending()
    assert debt.notification == HUP
