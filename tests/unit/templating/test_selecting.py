"""Which containers a job sees: `include`, `exclude` and docker-gen's switches."""

from __future__ import annotations

import json
import logging
from typing import TYPE_CHECKING, Any

import pytest

from reconciler.backoff import Backoff
from reconciler.loop.desired import Content, Desired
from reconciler.loop.render_worker import RenderWorker
from templating.outcome import Rendered, TemplateFailure
from templating.renderer import Renderer
from templating.selection import Selection
from templating.source import open_source
from tests.support.fake_clock import FakeClock
from tests.support.render_limits import RENDER_LIMITS
from tests.unit.templating.support import MADE, container, renderer, snapshot, source_runtime

if TYPE_CHECKING:
    from pathlib import Path

    from models.container import Container
    from models.pass_report import RenderReport
    from models.snapshot import Snapshot

pytestmark = pytest.mark.processes  # see CONTRIBUTING.md

FRONT = container("front-1", labels={"tier": "front"}, ports=["80/tcp"], networks={"web": "10.0.0.1"})
BACK = container("back-1", labels={"tier": "back"}, env=["ROLE=db"], health="healthy")
BARE = container("bare")
GONE = container("gone", labels={"tier": "front"}, running=False)
WORLD = (FRONT, BACK, BARE, GONE)

NAMES = "#{{ containers | map(attribute='name') | join(' ') }}"

SELECTIONS: dict[str, tuple[dict[str, Any], str]] = {
    "nothing": ({}, "back-1 bare front-1"),
    "a label": ({"include": ("container.labels.tier == 'front'",)}, "front-1"),
    "a field by its own name": ({"include": ("labels.tier == 'back'",)}, "back-1"),
    "either of two": ({"include": ("labels.tier == 'back'", "name == 'bare'")}, "back-1 bare"),
    "a label that few carry": ({"exclude": ("container.labels.tier",)}, "bare"),
    "exclude wins": ({"include": ("labels.tier",), "exclude": ("health == 'healthy'",)}, "front-1"),
    "its network": ({"include": ("container.networks | selectattr('name', 'equalto', 'web') | list",)}, "front-1"),
    "its image": ({"exclude": ("image == 'alpine'",)}, ""),
    "its environment": ({"include": ("env.ROLE == 'db'",)}, "back-1"),
    "a port": ({"include": ("80 in container.ports.tcp",)}, "front-1"),
    "ourselves": ({"exclude": ("container.id == own_container_id",)}, "back-1 front-1"),
    "exposed": ({"only_exposed": True}, "front-1"),
    "published": ({"only_published": True}, ""),
    "the stricter one": ({"only_exposed": True, "only_published": True}, ""),
    "stopped ones": ({"include_stopped": True}, "back-1 bare front-1 gone"),
    "stopped ones with a label": ({"include_stopped": True, "include": ("labels.tier == 'front'",)}, "front-1 gone"),
}

WRONG = {
    "container.nosuch == 1": "for back-1: a Container has no field 'nosuch'",
    "contianer.name": "for back-1: 'contianer' is undefined",
    "1 / 0": "for back-1: division by zero",
    "labels.tier < 5": "for back-1: ",
    "container.__class__": "for back-1: '__class__' is not open to templates",
    "containers | length": "for back-1: 'containers' is undefined",
    "read_config('KEY')": "for back-1: 'read_config' is undefined",
}

NO_EXPRESSIONS = ("labels.tier =", "name }} {{ 1", "", "name | nosuchfilter", "{% include 'x' %}")


def made(template: str = NAMES, **selection: Any) -> Renderer:
    """A renderer of a job that selects."""
    found = Renderer(
        open_source(template, source_runtime()),
        warn=_unexpected,
        selection=Selection(**selection),
        environ={},
        keep_rights=True,
        **RENDER_LIMITS,
    )
    MADE.append(found)
    return found


def _unexpected(message: str) -> None:
    raise AssertionError(message)


def text_of(outcome: Rendered | TemplateFailure) -> str:
    """What was rendered."""
    assert isinstance(outcome, Rendered), str(outcome)
    return outcome.text.decode()


@pytest.mark.parametrize(("selection", "expected"), SELECTIONS.values(), ids=list(SELECTIONS))
def test_what_is_left(selection: dict[str, Any], expected: str) -> None:
    """Of the containers that run, unless stopped ones are asked for."""
    job = made(**selection)
    assert job.load() is None
    assert text_of(job.render(snapshot(*WORLD, own_id=BARE.id))) == expected


def test_every_way_to_containers_is_narrowed() -> None:
    """By either list, by `self` and by `matching`."""
    template = (
        "#{{ all_containers | map(attribute='name') | join(' ') }}|{{ containers.self.name }}"
        "|{{ containers.matching('back-1') | length }}|{{ own_container_id }}"
    )
    job = made(template, include=("labels.tier == 'front'",))
    assert job.load() is None
    assert text_of(job.render(snapshot(*WORLD, own_id=BACK.id))) == f"front-1 gone||0|{BACK.id}"


@pytest.mark.parametrize("key", ["include", "exclude"])
@pytest.mark.parametrize(("expression", "expected"), WRONG.items(), ids=list(WRONG))
def test_a_mistake_is_a_failure_that_names_it(key: str, expression: str, expected: str) -> None:
    """With the key, the expression and the container; strict or not, never an empty list."""
    selection: dict[str, Any] = {key: (expression,)}
    job = made(**selection)
    assert job.load() is None
    outcome = job.render(snapshot(*WORLD))
    assert isinstance(outcome, TemplateFailure)
    assert f"{key} {expression!r} {expected}" in str(outcome)


@pytest.mark.parametrize("expression", NO_EXPRESSIONS)
def test_what_is_no_expression_is_found_when_the_template_is_loaded(expression: str) -> None:
    """And named."""
    failure = made(exclude=(expression,)).load()
    assert failure is not None
    assert f"exclude {expression!r}: " in str(failure)


def test_no_value_is_in_a_message() -> None:
    """Names of containers are; what their labels hold is not."""
    job = made(include=("labels[labels.tier]['x'] | int / 0",))
    assert job.load() is None
    outcome = job.render(snapshot(container("one", labels={"tier": "hush"})))
    assert isinstance(outcome, TemplateFailure)
    assert "hush" not in str(outcome)


def test_a_container_that_fails_and_goes_leaves_no_trace() -> None:
    """The next state is rendered as if nothing had been."""
    job = made(exclude=("labels.tier < 5",))
    assert job.load() is None
    assert isinstance(job.render(snapshot(FRONT)), TemplateFailure)
    assert text_of(job.render(snapshot())) == ""


def test_an_expression_without_end_is_ended_with_its_render() -> None:
    """Within the time limit of a render, naming it, and the next render is made by another process."""
    slow = "range(100000) | map('string') | map('upper') | sort | list"
    job = Renderer(
        open_source(NAMES, source_runtime()),
        warn=_unexpected,
        selection=Selection(exclude=(" and ".join(["name == 'bare'", *[slow] * 20]),)),
        environ={},
        keep_rights=True,
        **(RENDER_LIMITS | {"time_limit_s": 0.5}),
    )
    MADE.append(job)
    assert job.load() is None
    outcome = job.render(snapshot(BARE))
    assert isinstance(outcome, TemplateFailure)
    assert "for bare: it takes longer than 0.5 s" in str(outcome)
    assert text_of(job.render(snapshot(FRONT))) == "front-1"


def changed(one: Container, number: int) -> Container:
    """The same container, with another label."""
    return container(one.name, labels={**one.labels, "number": str(number)})


def test_what_is_not_seen_is_not_rendered() -> None:
    """A change of what is seen is, and one that makes something seen or unseen."""
    job = made(include=("labels.tier == 'front'",))
    assert job.load() is None
    first = job.render(snapshot(*WORLD))
    assert isinstance(first, Rendered)
    assert not first.is_repeated
    for number in range(5):
        outcome = job.render(snapshot(FRONT, changed(BACK, number), container(f"other-{number}")))
        assert isinstance(outcome, Rendered)
        assert outcome.is_repeated
        assert outcome.text == first.text
    for world in ((changed(FRONT, 1), BACK), (FRONT, container("back-1", labels={"tier": "front"})), ()):
        outcome = job.render(snapshot(*world))
        assert isinstance(outcome, Rendered)
        assert not outcome.is_repeated


def test_nothing_is_repeated_that_another_process_rendered() -> None:
    """What a process rendered last may not be what the program has: it may have asked another one meanwhile."""
    job, other = made(exclude=("name == 'bare'",)), renderer("#x")
    assert job.load() is None
    first = job.host
    assert text_of(job.render(snapshot(FRONT))) == "front-1"
    job.use(other.host)
    assert text_of(job.render(snapshot(BACK))) == "back-1"
    job.use(first)
    outcome = job.render(snapshot(FRONT, BARE))
    assert text_of(outcome) == "front-1"
    assert isinstance(outcome, Rendered)
    assert not outcome.is_repeated
    first.discard()
    outcome = job.render(snapshot(FRONT))
    assert isinstance(outcome, Rendered)
    assert not outcome.is_repeated


def test_files_stay_watched_while_nothing_is_rendered(tmp_path: Path) -> None:
    """A render that was not needed forgets nothing of the last one."""
    file = tmp_path / "settings"
    file.write_text("KEY=1\n")
    job = made(f"#{{{{ read_config('KEY', {json.dumps(str(file))}) }}}}", exclude=("name == 'bare'",))
    assert job.load() is None
    assert text_of(job.render(snapshot(FRONT))) == "1"
    outcome = job.render(snapshot(FRONT, BARE))
    assert isinstance(outcome, Rendered)
    assert outcome.is_repeated
    assert not job.stale()
    file.write_text("KEY=22\n")
    assert job.stale()
    assert job.load() is None
    assert text_of(job.render(snapshot(FRONT, BARE))) == "22"


def test_recipients_are_chosen_from_what_the_template_does_not_see() -> None:
    """Also when nothing is rendered."""
    job = Renderer(
        open_source(NAMES, source_runtime()),
        warn=_unexpected,
        expressions=["labels.role == 'lb'"],
        selection=Selection(exclude=("labels.role == 'lb'",)),
        environ={},
        keep_rights=True,
        **RENDER_LIMITS,
    )
    MADE.append(job)
    assert job.load() is None
    assert text_of(job.render(snapshot(FRONT))) == "front-1"
    lb = container("lb", labels={"role": "lb"})
    outcome = job.render(snapshot(FRONT, lb))
    assert isinstance(outcome, Rendered)
    assert outcome.is_repeated
    assert outcome.chosen == {"labels.role == 'lb'": {lb.id}}


def test_a_thousand_changes_that_do_not_concern_a_job_render_nothing() -> None:
    """Neither counted nor written; what concerns it is rendered once."""
    reports: list[RenderReport] = []
    clock = FakeClock()
    worker = RenderWorker(made(include=("labels.tier == 'front'",)), clock=clock, wake=lambda: None, unexpected=_raise)
    desired = Desired(
        "/made/up.conf",
        worker,
        clock=clock,
        backoff=Backoff(lambda: 1.0),
        publish=reports.append,
        log=logging.getLogger("test"),
    )
    desired.load()
    worker.serve(None)
    worlds = [snapshot(FRONT, changed(BACK, number)) for number in range(1001)]
    for number, world in enumerate(worlds):
        content = settled(desired, worker, world, number)
        assert content is not None
        assert content.revision == number
    assert len(reports) == 1
    assert settled(desired, worker, snapshot(changed(FRONT, 1), BACK), len(worlds)) is not None
    assert len(reports) == 2


def settled(desired: Desired, worker: RenderWorker, world: Snapshot, revision: int) -> Content | None:
    """What a pass finds once the render that it asked for has arrived, if it asked for one."""
    desired.content(world, revision)
    while worker.has_work():
        worker.serve(None)
    return desired.content(world, revision)


def _raise(error: Exception) -> None:
    raise error


def test_without_a_selection_the_process_is_told_of_none() -> None:
    """It costs nothing where it is not used."""
    assert Selection().as_request() is None
    assert Selection(include=("x",)).as_request() is not None
