"""Many jobs that select, in one process: a change that concerns one of them is one question and one render."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING, Any

import pytest

from templating.answers import read_answer
from templating.host import HostedProcess, RenderHost
from templating.outcome import Rendered, TemplateFailure
from templating.renderer import Renderer
from templating.selection import Selection
from templating.source import open_source
from templating.wire import BadFrame, Frame
from tests.support.render_limits import RENDER_LIMITS
from tests.unit.templating.support import container, snapshot, source_runtime

if TYPE_CHECKING:
    from collections.abc import Iterator

    from models.container import Container

pytestmark = pytest.mark.processes  # see CONTRIBUTING.md

NAMES = "#{{ containers | map(attribute='name') | join(' ') }}"
TIERS = 4
WORLD = tuple(container(f"web-{tier}", labels={"tier": str(tier)}) for tier in range(TIERS))
SLOW = "range(100000) | map('string') | map('upper') | sort | list"


class ManyJobs:
    """Renderers that share one process, as the jobs of a program do.

    Attributes:
        renderers: of each job.
        asked: what the process was asked for, by kind, since it was last cleared.
    """

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.host = RenderHost(keep_rights=True, environ={}, body_max=1 << 24, warn=_unexpected)
        self.renderers: list[Renderer] = []
        self.asked: Counter[str] = Counter()
        send = HostedProcess.send

        def counted(process: HostedProcess, *frames: Frame) -> None:
            self.asked.update(frame.header["do"] for frame in frames if "do" in frame.header)
            send(process, *frames)

        monkeypatch.setattr(HostedProcess, "send", counted)

    def add(self, template: str = NAMES, *, expressions: tuple[str, ...] = (), **selection: Any) -> Renderer:
        """One more job."""
        found = Renderer(
            open_source(template, source_runtime()),
            warn=_unexpected,
            expressions=expressions,
            selection=Selection(**selection),
            host=self.host,
            **RENDER_LIMITS,
        )
        found.use(self.host)
        assert found.load() is None
        self.renderers.append(found)
        return found

    def render(self, *containers: Container, own_id: str | None = None) -> list[str]:
        """What each job makes of a state: its text, `=` for the last one again, `!` and the reason where it fails."""
        state = snapshot(*containers, own_id=own_id)
        self.asked.clear()
        return [_said(renderer.render(state)) for renderer in self.renderers]


def _said(outcome: Rendered | TemplateFailure) -> str:
    if isinstance(outcome, TemplateFailure):
        return f"!{outcome}"
    return "=" if outcome.is_repeated else outcome.text.decode()


def _unexpected(message: str) -> None:
    raise AssertionError(message)


@pytest.fixture
def many(monkeypatch: pytest.MonkeyPatch) -> Iterator[ManyJobs]:
    """No jobs yet."""
    made = ManyJobs(monkeypatch)
    yield made
    for each in made.renderers:
        each.close()
    made.host.close()


@pytest.fixture
def tiers(many: ManyJobs) -> ManyJobs:
    """A job for each tier, which have all rendered once."""
    for tier in range(TIERS):
        many.add(include=(f"labels.tier == '{tier}'",))
    assert many.render(*WORLD) == [f"web-{tier}" for tier in range(TIERS)]
    return many


def test_a_change_that_concerns_one_job_is_one_question_and_one_render(tiers: ManyJobs) -> None:
    """Wherever the job stands among the others, and whether something comes, changes or goes."""
    for tier in range(TIERS):
        new = container(f"also-{tier}", labels={"tier": str(tier)})
        texts = ["="] * TIERS
        for world, text in (
            ((*WORLD, new), f"also-{tier} web-{tier}"),
            ((*WORLD, container(new.name, labels=new.labels, health="healthy")), f"also-{tier} web-{tier}"),
            (WORLD, f"web-{tier}"),
        ):
            texts[tier] = text
            assert tiers.render(*world) == texts
            assert tiers.asked == {"untouched": 1, "render": 1}


def test_a_change_that_concerns_no_job_is_one_question(tiers: ManyJobs) -> None:
    """A container that no job selects may come, change and go."""
    for world in ((*WORLD, container("none")), (*WORLD, container("none", labels={"tier": "none"})), WORLD):
        assert tiers.render(*world) == ["="] * TIERS
        assert tiers.asked == {"untouched": 1}


def test_a_container_that_moves_concerns_the_one_that_it_leaves_and_the_one_that_it_joins(tiers: ManyJobs) -> None:
    """No other."""
    moved = container("web-1", labels={"tier": "3"})
    assert tiers.render(WORLD[0], moved, *WORLD[2:]) == ["=", "", "=", "web-1 web-3"]
    assert tiers.asked == {"untouched": 1, "render": 2}


def test_a_job_alone_is_asked_no_more_than_before(many: ManyJobs) -> None:
    """Its render is as quick an answer."""
    many.add(include=("labels.tier == '1'",))
    assert many.render(*WORLD) == ["web-1"]
    assert many.render(WORLD[1]) == ["="]
    assert many.asked == {"render": 1}


def test_many_changes_at_once_are_looked_at_by_each_job(tiers: ManyJobs) -> None:
    """What does not fit into one frame is not remembered as one change."""
    more = [container(f"more-{number}") for number in range(500)]
    assert tiers.render(*WORLD, *more) == ["="] * TIERS
    assert tiers.render(*WORLD, *more, container("last-2", labels={"tier": "2"})) == ["=", "=", "last-2 web-2", "="]
    assert tiers.asked == {"untouched": 1, "render": 1}


def test_a_job_that_missed_its_render_is_not_taken_for_untouched(tiers: ManyJobs) -> None:
    """It was concerned by a state that was overtaken before its turn, by one that differs in nothing that is fed."""
    left, stopped = [each for each in WORLD if each.name != "web-1"], container("stopped", running=False)
    first, second = tiers.renderers[:2]
    assert _said(first.render(snapshot(*left))) == "="
    assert _said(first.render(snapshot(*left, stopped))) == "="
    assert _said(second.render(snapshot(*left, stopped))) == ""


def test_an_expression_that_fails_for_what_is_new_fails_its_own_job(tiers: ManyJobs) -> None:
    """With its reason, and the others are right."""
    tiers.add(exclude=("labels.size | int > 5 and 1 / 0",))
    tiers.render(*WORLD)
    big = container("big", labels={"tier": "2", "size": "7"})
    *others, failed = tiers.render(*WORLD, big)
    assert others == ["=", "=", "big web-2", "="]
    assert "for big: division by zero" in failed


def test_an_expression_without_end_takes_the_text_from_no_other_job(tiers: ManyJobs) -> None:
    """The process is replaced, and whoever hangs is told of it when it is asked alone."""
    many = tiers
    slow = Renderer(
        open_source(NAMES, source_runtime()),
        warn=_unexpected,
        selection=Selection(exclude=(" and ".join(["name == 'bare'", *[SLOW] * 20]),)),
        host=many.host,
        **(RENDER_LIMITS | {"time_limit_s": 0.5}),
    )
    slow.use(many.host)
    assert slow.load() is None
    many.renderers.append(slow)
    many.render(*WORLD)
    process = many.host.current
    *others, failed = many.render(*WORLD, container("bare"))
    assert others == [f"web-{tier}" for tier in range(TIERS)], "another process has to render them again"
    assert "for bare: it takes longer than 0.5 s" in failed
    assert many.host.current is not process
    assert many.render(*WORLD)[-1] == " ".join(each.name for each in WORLD)


def test_what_a_job_reads_beside_its_own_containers_counts(many: ManyJobs) -> None:
    """Stopped ones, our own id, recipients, and what an expression finds in `raw` or among all containers."""
    stopped = container("gone-1", labels={"tier": "1"}, running=False)
    ended = container("web-1", labels={"tier": "1"}, running=False)
    many.add("#{{ all_containers | map(attribute='name') | join(' ') }}", include=("labels.tier == '1'",))
    many.add(include=("labels.tier == '1'",), include_stopped=True)
    many.add("#{{ own_container_id | length }}", include=("labels.tier == '0'",))
    many.add(include=("labels.tier == '0'",), expressions=("labels.role == 'lb'",))
    many.add(include=("raw.attrs.Config.Image == 'alpine' and labels.tier == '0'",))
    before = ["web-1", "web-1", "0", "web-0", "web-0"]
    assert many.render(*WORLD) == before
    assert many.render(*WORLD, stopped) == ["gone-1 web-1", "gone-1 web-1", "=", "=", "="]
    assert many.render(WORLD[0], ended, *WORLD[2:]) == ["web-1", "web-1", "=", "=", "="]
    assert many.render(*WORLD, own_id=WORLD[3].id) == ["web-1", "web-1", "64", "web-0", "web-0"]
    lb = container("lb", labels={"role": "lb"})
    outcome = many.renderers[3].render(snapshot(*WORLD, lb, own_id=WORLD[3].id))
    assert isinstance(outcome, Rendered)
    assert outcome.chosen == {"labels.role == 'lb'": {lb.id}}


def test_a_job_that_is_gone_is_not_asked_about(tiers: ManyJobs) -> None:
    """Nor does it come back."""
    tiers.renderers.pop(0).close()
    assert tiers.render(*WORLD, container("also-0", labels={"tier": "0"})) == ["="] * (TIERS - 1)
    assert tiers.asked == {"forget": 1, "untouched": 1}


@pytest.mark.parametrize(
    "header",
    [{}, {"templates": "1"}, {"templates": ["1"]}, {"templates": [True]}, {"templates": [1]}],
    ids=["nothing", "a text", "texts", "truth", "no word of itself"],
)
def test_what_is_no_answer_is_none(header: dict[str, Any]) -> None:
    """The process may say anything once a template has found a way out of the sandbox."""
    with pytest.raises(BadFrame):
        read_answer(Frame({"is": "untouched", **header}, b""))
