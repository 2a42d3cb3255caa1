"""One file for each element: which there are, where they are, what is one element's own fault. In a real process."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from models.file_set import ELEMENTS_MAX, FileSet, SetFile, decode
from models.snapshot import Snapshot
from templating.elements import Element, ElementFailed, ForEach, settle
from templating.inline_source import InlineSource
from templating.outcome import Rendered, TemplateFailure
from templating.renderer import Renderer
from templating.selection import Selection
from tests.support.render_limits import RENDER_LIMITS
from tests.unit.templating.support import MADE, container

if TYPE_CHECKING:
    from collections.abc import Sequence

    from models.container import Container

PATTERN = "/sites/{{ item.name }}.conf"


def made(
    each: str = "containers",
    target: str = PATTERN,
    template: str = "{{ item.name }}",
    *,
    selection: Selection | None = None,
    expressions: Sequence[str] = (),
    **limits: float,
) -> Renderer:
    """A renderer with a process of its own, which is ended after the test."""
    renderer = Renderer(
        InlineSource(f"#{template}"),
        each=ForEach(each, target),
        selection=selection or Selection(),
        expressions=expressions,
        warn=lambda message: None,
        **(RENDER_LIMITS | limits),
    )
    MADE.append(renderer)
    return renderer


def snapshot(*containers: Container) -> Snapshot:
    """A state."""
    return Snapshot.of(containers, None)


def rendered(renderer: Renderer, *containers: Container) -> Rendered:
    """The render, which gave a content."""
    assert renderer.load() is None
    outcome = renderer.render(snapshot(*containers))
    assert isinstance(outcome, Rendered), outcome
    return outcome


def files(outcome: Rendered) -> dict[str, str]:
    """Texts by path."""
    return {each.path: each.content.decode() for each in decode(outcome.text).files}


def failures(outcome: Rendered) -> list[str]:
    """Why elements have no file."""
    return [each.message for each in outcome.failed]


def test_one_file_for_each_container() -> None:
    """Each with its element's text, and known by its container's id."""
    outcome = rendered(made(), container("web", id="a" * 64), container("db", id="b" * 64))
    assert files(outcome) == {"/sites/db.conf": "db", "/sites/web.conf": "web"}
    assert [each.element for each in decode(outcome.text).files] == ["b" * 64, "a" * 64]
    assert outcome.failed == ()


def test_any_list_of_elements() -> None:
    """Groups with their members, texts, numbers, and what filters give without making a list of it."""
    grouped = made(
        "containers | groupby('labels.team')",
        "/out/{{ item.grouper }}",
        "{{ item.list | map(attribute='name') | join(' ') }}",
    )
    containers = [container(name, labels={"team": name[0]}) for name in ("a1", "a2", "b1")]
    assert files(rendered(grouped, *containers)) == {"/out/a": "a1 a2", "/out/b": "b1"}
    names = made("containers | map(attribute='name') | unique", "/out/{{ item }}", "{{ item | upper }}")
    assert files(rendered(names, container("web"))) == {"/out/web": "WEB"}
    assert files(rendered(made("[1, 2]", "/{{ item }}", "{{ item }}"))) == {"/1": "1", "/2": "2"}
    stopped = made("all_containers | rejectattr('is_current')", "/{{ item.name }}", "-")
    assert files(rendered(stopped, container("gone", running=False), container("here"))) == {"/gone": "-"}


def test_no_element_is_no_file() -> None:
    """An empty list is an answer like any other."""
    assert files(rendered(made())) == {}


def test_the_whole_state_is_seen_beside_the_element() -> None:
    """By the template, by what it imports, and by the pattern, which may have several parts."""
    renderer = made(target="/{{ item.labels.team }}/{{ item.name | upper }}.conf", template="{{ containers | length }}")
    containers = [container(name, labels={"team": "x"}) for name in ("a", "b")]
    assert files(rendered(renderer, *containers)) == {"/x/A.conf": "2", "/x/B.conf": "2"}


@pytest.mark.parametrize(
    ("each", "reason"),
    [
        ("'web'", "for_each \"'web'\": it gives a text, not a list"),
        ("{'a': 1}", "for_each \"{'a': 1}\": it gives a dict, not a list"),
        ("3", "for_each '3': it gives a number, not a list"),
        ("cotainers", "for_each 'cotainers': 'cotainers' is undefined"),
        ("range(10001)", f"for_each 'range(10001)': it gives more than {ELEMENTS_MAX:,} elements"),
    ],
)
def test_an_expression_that_gives_no_list_is_the_job_s_failure(each: str, reason: str) -> None:
    """It is never an empty list, which would remove every file."""
    renderer = made(each)
    assert renderer.load() is None
    outcome = renderer.render(snapshot(container("web")))
    assert isinstance(outcome, TemplateFailure)
    assert outcome.message.startswith(reason)


@pytest.mark.parametrize(
    ("each", "target", "reason"),
    [("containers[", PATTERN, "for_each 'containers['"), ("containers", "/x/{{ item. }}", "the target")],
)
def test_what_does_not_compile_is_told_at_the_load(each: str, target: str, reason: str) -> None:
    """With the expression, or as the target."""
    failure = made(each, target).load()
    assert failure is not None
    assert failure.message.startswith(reason)


def test_an_element_that_fails_is_its_own_failure() -> None:
    """In the template or in the path; it is named, its file is kept, and the others are rendered."""
    renderer = made(
        target="/{{ item.name }}{{ 1 // (item.labels.at | int) }}",
        template="{{ 1 // (item.labels.n | int) }}",
    )
    containers = [
        container("bad", id="a" * 64, labels={"n": "0", "at": "2"}),
        container("good", id="b" * 64, labels={"n": "1", "at": "2"}),
        container("lost", id="c" * 64, labels={"n": "1", "at": "0"}),
    ]
    outcome = rendered(renderer, *containers)
    assert files(outcome) == {"/good0": "1"}
    assert failures(outcome) == [
        "bad: division by zero (ZeroDivisionError)",
        "lost: the target: division by zero (ZeroDivisionError)",
    ]
    assert outcome.failed[0].line == 1
    found = decode(outcome.text)
    assert found.kept_paths == ("/bad0",)
    assert found.kept_elements == ("a" * 64, "c" * 64)
    assert not found.keeps_all


def test_an_element_that_is_no_container_and_fails_keeps_all() -> None:
    """Nothing tells which file is its; it is named by its place, since its value may be anything."""
    renderer = made("['secret']", "/{{ item }}{{ 1 // 0 }}", "-")
    outcome = rendered(renderer)
    assert failures(outcome) == ["element 1: the target: division by zero (ZeroDivisionError)"]
    assert decode(outcome.text).keeps_all


def test_a_greedy_element_takes_the_others_nothing() -> None:
    """Its text is larger than the limit of the job; theirs fit."""
    renderer = made(template="{{ 'x' * (item.labels.n | int) }}", size_limit_bytes=1000)
    outcome = rendered(renderer, container("greedy", labels={"n": "2000"}), container("web", labels={"n": "3"}))
    assert files(outcome) == {"/sites/web.conf": "xxx"}
    assert failures(outcome) == ["greedy: the text is larger than 1000 bytes, the limit of a render"]


def test_a_loop_in_one_element_ends_the_render() -> None:
    """The limit of time is the job's, and the process is given up."""
    renderer = made(
        template="{% for i in range(99999) %}{% for j in range(99999) %}{% endfor %}{% endfor %}", time_limit_s=0.3
    )
    assert renderer.load() is None
    outcome = renderer.render(snapshot(container("web")))
    assert isinstance(outcome, TemplateFailure)
    assert "takes longer than" in outcome.message


HOSTILE = {
    "a slash": ("a/b", "the target: a value in the path holds a slash"),
    "an absolute value": ("/etc/passwd", "the target: a value in the path holds a slash"),
    "the folder above": ("..", "its path leaves /sites"),
    "nothing": ("", "its path leaves /sites"),
    "a line break": ("a\nb", "its path holds a character that can't be shown"),
    "a zero byte": ("a\0b", "its path holds a character that can't be shown"),
    "a name of ours": (".x.lock.pygen", "its path is that of a file that pygen keeps for itself"),
    "a long name": ("x" * 300, "its path is too long"),
}


@pytest.mark.parametrize(("value", "reason"), HOSTILE.values(), ids=HOSTILE)
def test_a_path_that_leads_elsewhere_is_its_element_s_error(value: str, reason: str) -> None:
    """Nothing of the value is in the message, and the others have their files."""
    renderer = made(target="/sites/{{ item.labels.at }}")
    outcome = rendered(renderer, container("evil", labels={"at": value}), container("web", labels={"at": "web"}))
    assert files(outcome) == {"/sites/web": "web"}
    assert failures(outcome) == [f"evil: {reason}"]


def test_two_elements_with_one_path_are_an_error_that_names_both() -> None:
    """Neither is written, and what is there stays; a third one has its file."""
    renderer = made(target="/sites/{{ item.labels.at }}")
    containers = [container(name, labels={"at": at}) for name, at in (("one", "x"), ("two", "x"), ("three", "y"))]
    outcome = rendered(renderer, *containers)
    assert files(outcome) == {"/sites/y": "three"}
    assert failures(outcome) == [
        "one: its path is that of two as well: make them differ",
        "two: its path is that of one as well: make them differ",
    ]
    assert decode(outcome.text).kept_paths == ("/sites/x",)


def test_expressions_of_notifications_choose_as_ever() -> None:
    """Each render has whom they choose."""
    outcome = rendered(made(expressions=["name == 'web'"]), container("web", id="a" * 64))
    assert outcome.chosen == {"name == 'web'": frozenset({"a" * 64})}


def test_what_a_job_does_not_see_renders_nothing() -> None:
    """A change of excluded containers alone gives the last set again, with its failures."""
    renderer = made(template="{{ 1 // (item.labels.n | int) }}", selection=Selection(exclude=("name == 'other'",)))
    seen = [container("bad", labels={"n": "0"}), container("web", labels={"n": "1"})]
    first = rendered(renderer, *seen)
    again = renderer.render(snapshot(*seen, container("other")))
    assert isinstance(again, Rendered)
    assert again.is_repeated
    assert (again.text, again.failed) == (first.text, first.failed)


def test_very_many_elements() -> None:
    """As many as there may be, in one answer."""
    outcome = rendered(made(f"range({ELEMENTS_MAX})", "/sites/{{ item }}", "{{ item }}"))
    assert len(files(outcome)) == ELEMENTS_MAX
    assert outcome.failed == ()


def test_very_many_failures_are_counted() -> None:
    """The first ones are kept, all are counted."""
    outcome = rendered(made("range(500)", "/sites/{{ item }}", "{{ 1 // 0 }}"))
    assert (len(outcome.failed), outcome.failed_count) == (100, 500)


def test_paths_that_are_longer_than_an_answer() -> None:
    """That is a failure with a reason, not an answer that is cut off."""
    renderer = made("range(9000)", "/sites/{{ 'é' * 90 }}{{ item }}", "-")
    assert renderer.load() is None
    outcome = renderer.render(snapshot())
    assert isinstance(outcome, TemplateFailure)
    assert outcome.message.startswith("the paths of the files are longer than")


def test_whatever_the_process_says_no_path_leaves_the_folder() -> None:
    """Paths are checked by the program: the process may have been taken over by a template."""
    hostile = {
        "/etc/passwd": "leaves /sites",
        "sites/a": "leaves /sites",
        "/sites": "leaves /sites",
        "/sites/": "leaves /sites",
        "/sites/a/../../x": "leaves /sites",
        "/sites/./a": "leaves /sites",
        "/sites//a": "leaves /sites",
        "/sites/a\udc80": "holds a character that can't be shown",
        "/sites/" + "d/" * 2100 + "a": "is too long",
        "/sites/.a.state.pygen/x": "is that of a file that pygen keeps for itself",
    }
    elements = [(Element(f"{place}", "", path), b"x") for place, path in enumerate(hostile)]
    settled = settle("/sites/{{ item }}", [*elements, (Element("ok", "", "/sites/a"), b"y")], [])
    assert settled.files == FileSet((SetFile("/sites/a", b"y"),))
    reasons = enumerate(hostile.values())
    assert settled.failed == tuple(ElementFailed(Element(f"{at}", "", ""), f"its path {why}") for at, why in reasons)
