"""Expressions that choose containers are other people's code as well: the same sandbox, the same limits."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import pytest

from templating.outcome import TemplateFailure
from templating.renderer import Renderer
from templating.selection import Selection
from templating.source import open_source
from tests.faults.conftest import fake, make_starter  # noqa: F401 - fixtures
from tests.faults.watched_engine import NAMES, WatchedEngine, await_content
from tests.hostile.attacks import CLOSED, WAYS_OUT
from tests.support.render_limits import RENDER_LIMITS
from tests.support.running_program import NO_RESYNC
from tests.unit.templating.support import MADE, container, snapshot, source_runtime

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.support.running_program import ProgramStarter

WEB = container("web", labels={"a": "1"}, env=["B=2"], ports=["80/tcp"], networks={"n": "10.0.0.1"})
EXPRESSIONS = [
    found[1].replace("containers.first", "container")
    for template, words in WAYS_OUT
    if words == CLOSED and (found := re.fullmatch(r"\{\{ ([^{}]*) \}\}", template))
]
ENDLESS = "[range(100000) | map('string') | sort | list for x in 1]"
SLOW = "range(100000) | map('string') | map('upper') | sort | list | length == 100000"


def renderer_of(selection: Selection, *matches: str) -> Renderer:
    """A renderer whose process has no rights."""
    made = Renderer(
        open_source("#x", source_runtime()),
        warn=lambda message: None,
        expressions=matches,
        selection=selection,
        environ={},
        **RENDER_LIMITS,
    )
    MADE.append(made)
    return made


assert len(EXPRESSIONS) > 15, "the table has another shape"


@pytest.mark.parametrize("expression", [each for each in EXPRESSIONS if "containers" not in each][::4])
def test_there_is_no_way_out_by_an_expression(expression: str) -> None:
    """As `include`, as `exclude` and as a notification's `match`."""
    for made in (
        renderer_of(Selection(include=(expression,))),
        renderer_of(Selection(exclude=(expression,))),
        renderer_of(Selection(), expression),
    ):
        outcome = made.load() or made.render(snapshot(WEB))
        assert isinstance(outcome, TemplateFailure), expression
        assert CLOSED in outcome.message
        assert "for web: " in outcome.message
        made.close()


@pytest.mark.parametrize("expression", ["name }}{% set x = 1 %}{{ 1", "name -%} {{ 1", "name #}", ENDLESS, "(" * 5000])
def test_an_expression_does_not_go_on_as_a_template(expression: str) -> None:
    """Nothing but one expression is taken, and the process survives what is none."""
    made = renderer_of(Selection(include=(expression,)))
    failure = made.load()
    assert failure is not None
    assert "include " in failure.message


def test_an_expression_that_takes_too_long_holds_up_only_its_job(
    fake: WatchedEngine,  # noqa: F811
    make_starter: Callable[[str], ProgramStarter],  # noqa: F811
) -> None:
    """Another job, in a file, is in sync all the while, and both are named."""
    starter = make_starter(NAMES)
    other = starter.template.parent / "other.txt"
    configuration = starter.template.parent / "pygen.toml"
    configuration.write_text(f'[[job]]\nname = "other"\ntemplate = "{starter.template}"\ntarget = "{other}"\n')
    slow = " and ".join([SLOW] * 40)
    running = starter.start(
        *NO_RESYNC, "--config", configuration, "--render-time-limit", "1", "--exclude", f"name == 'slow' and {slow}"
    )
    await_content(running)
    for name in ("one", "slow", "two"):
        fake.run(name)
    running.program.wait_for(lambda: other.exists() and other.read_text() == "one\nslow\ntwo\n", what="the other job")
    running.program.wait_for(lambda: "for slow: it takes longer than 1 s" in running.program.log(), what="the reason")
    assert running.program.get("/healthz")[0] == 200
    assert running.program.stop() == 0


def test_what_is_no_expression_ends_the_start_in_words(
    make_starter: Callable[[str], ProgramStarter],  # noqa: F811
) -> None:
    """As a template that can't be loaded: with status 12, and the expression."""
    running = make_starter(NAMES).start("--include", "labels.tier =")
    assert running.program.wait_for_end() == 12
    assert "include 'labels.tier =': " in running.program.log()
