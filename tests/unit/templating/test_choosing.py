"""Containers chosen by an expression, in the render process, with the render of their state."""

from __future__ import annotations

import pytest

from templating.outcome import Rendered, TemplateFailure
from templating.renderer import Renderer
from templating.source import open_source
from tests.support.render_limits import RENDER_LIMITS
from tests.unit.templating.support import MADE, container, renderer, snapshot, source_runtime

pytestmark = pytest.mark.processes  # see CONTRIBUTING.md

LB1 = container("lb-1", labels={"role": "lb"}, health="healthy", networks={"front": "10.0.0.1"})
LB2 = container("lb-2", labels={"role": "lb"}, health="unhealthy", networks={"back": "10.0.1.2"})
WEB = container("web", env=["TIER=front"], ports=["80/tcp"])
GONE = container("gone", labels={"role": "lb"}, running=False)

CHOICES = {
    "labels.role == 'lb'": ["lb-1", "lb-2"],
    "labels.role == 'lb' and health != 'unhealthy'": ["lb-1"],
    "container.labels.role == 'lb'": ["lb-1", "lb-2"],
    "name in ('web', 'gone')": ["web"],
    "not labels.role": ["web"],
    "env.TIER == 'front'": ["web"],
    "name.startswith('lb-')": ["lb-1", "lb-2"],
    "networks | selectattr('name', 'equalto', 'front') | list": ["lb-1"],
    "raw.attrs.Config.Image == 'alpine'": ["lb-1", "lb-2", "web"],
    "name ~ '!' == 'web!'": ["web"],
    "containers | length == 3": ["lb-1", "lb-2", "web"],
    "all_containers | length == 4": ["lb-1", "lb-2", "web"],
    "false": [],
    "labels.role\n== 'lb'": ["lb-1", "lb-2"],
}

WRONG = {
    "labels.role =": "the expression 'labels.role =': ",
    "labels.role }} {{ 1": "the expression 'labels.role }} {{ 1': ",
    "": "the expression '': ",
    "name) or (name": "the expression 'name) or (name': ",
    "name | nosuchfilter": "the expression 'name | nosuchfilter'",
    "lables.role == 'lb'": "for lb-1: 'lables' is undefined",
    "container.nosuch": "for lb-1: a Container has no field 'nosuch'",
    "1 / 0": "for lb-1: division by zero",
    "container.__class__": "for lb-1: '__class__' is not open to templates",
    "labels.role < 5": "for lb-1: ",
}


_SLOW = "range(100000) | map('string') | map('upper') | sort | list"


def outcome_of(*expressions: str, template: str = "#x") -> Rendered | TemplateFailure:
    """What a render with these expressions ends with."""
    made = Renderer(
        open_source(template, source_runtime()),
        warn=lambda message: None,
        expressions=expressions,
        environ={},
        keep_rights=True,
        **RENDER_LIMITS,
    )
    MADE.append(made)
    return made.load() or made.render(snapshot(LB1, LB2, WEB, GONE))


def test_what_each_chooses() -> None:
    """Of the containers that run: by their fields' names, and by `container`."""
    outcome = outcome_of(*CHOICES)
    assert isinstance(outcome, Rendered), str(outcome)
    names = {each.id: each.name for each in (LB1, LB2, WEB, GONE)}
    assert {text: sorted(names[one] for one in ids) for text, ids in outcome.chosen.items()} == CHOICES
    assert outcome.text == b"x"
    assert outcome.undefined_names == ()


@pytest.mark.parametrize(("expression", "expected"), WRONG.items(), ids=list(WRONG))
def test_a_mistake_is_a_failure_that_names_it(expression: str, expected: str) -> None:
    """With the expression, and the container where it is about one: never an empty choice."""
    outcome = outcome_of("true", expression)
    assert isinstance(outcome, TemplateFailure)
    assert expected in str(outcome)
    assert repr(expression) in str(outcome)


def test_no_value_is_in_a_message() -> None:
    """Names of containers are; what their labels hold is not."""
    outcome = outcome_of("labels[labels.role]['x'] | int / 0")
    assert isinstance(outcome, TemplateFailure)
    assert "'lb'" not in str(outcome).replace("'lb-1'", "")


def test_an_expression_without_end_is_ended_with_its_render() -> None:
    """Within the time limit of a render, as the template itself."""
    made = Renderer(
        open_source("#x", source_runtime()),
        warn=lambda message: None,
        expressions=[" and ".join([_SLOW] * 20)],
        environ={},
        keep_rights=True,
        **(RENDER_LIMITS | {"time_limit_s": 0.2}),
    )
    MADE.append(made)
    assert made.load() is None
    outcome = made.render(snapshot(WEB))
    assert isinstance(outcome, TemplateFailure)
    assert "takes longer than 0.2 s" in str(outcome)


def test_it_counts_for_what_a_render_reads() -> None:
    """So that a state that would choose others is not taken for one that looks alike."""
    assert reads(["labels.role"]) == (False, False)
    assert reads(["raw.attrs.Config"]) == (False, True)
    assert reads(["all_containers"]) == (True, False)


def reads(expressions: list[str]) -> tuple[bool, bool]:
    """Whether `all_containers` and `raw` were read."""
    outcome = outcome_of(*expressions)
    assert isinstance(outcome, Rendered)
    return outcome.reads.all_containers, outcome.reads.raw


def test_without_expressions_nothing_is_chosen() -> None:
    """And names that don't exist stay warnings in the template."""
    made = renderer("#{{ nosuch }}")
    outcome = made.render(snapshot(WEB))
    assert isinstance(outcome, Rendered)
    assert outcome.chosen == {}
    assert outcome.undefined_names == ("nosuch",)


def test_a_template_stays_as_strict_as_it_was() -> None:
    """Though its expressions are strict."""
    outcome = outcome_of("labels.role", template="#{{ nosuch }}")
    assert isinstance(outcome, Rendered)
    assert outcome.undefined_names == ("nosuch",)
