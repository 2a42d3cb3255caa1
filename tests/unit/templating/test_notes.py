"""`note`: what a template says of its own render."""

from __future__ import annotations

import pytest

from templating.outcome import Rendered, TemplateFailure
from templating.sandbox.notes import LENGTH_MAX, NOTES_MAX, OVERFLOW
from tests.unit.templating.support import container, renderer, snapshot

pytestmark = pytest.mark.processes


def _outcome(template: str) -> Rendered | TemplateFailure:
    return renderer(f"#{template}").render(snapshot(container("web")))


def _notes(template: str) -> tuple[str, ...]:
    outcome = _outcome(template)
    assert isinstance(outcome, Rendered), outcome
    return outcome.notes


def test_a_template_without_notes_has_none() -> None:
    """The usual case."""
    assert _outcome("text") == Rendered(b"text", (), ())


@pytest.mark.parametrize(
    "template",
    [
        "a{{ note('web: left out') }}b",
        "a{% do note('web: left out') %}b",
        "{% macro say(name) %}{{ note(name ~ ': left out') }}{% endmacro %}a{{ say('web') }}b",
        "a{% for c in containers %}{{ note(c.name ~ ': left out') }}{% endfor %}b",
        "a{{ note('  web: left out\n') }}b",
    ],
)
def test_a_note_prints_nothing_and_is_kept(template: str) -> None:
    """As an expression, as a statement, in a macro and in a loop."""
    assert _outcome(template) == Rendered(b"ab", (), ("web: left out",))


def test_notes_are_kept_once_and_in_order() -> None:
    """However often they are made."""
    assert _notes("{% for text in 'cabcab' %}{{ note(text) }}{% endfor %}") == ("c", "a", "b")


def test_each_render_has_its_own_notes() -> None:
    """What the render before noted is gone."""
    kept = renderer("#{% for c in containers %}{{ note(c.name) }}{% endfor %}")
    for names in (["web", "db"], ["db"], []):
        outcome = kept.render(snapshot(*map(container, names)))
        assert isinstance(outcome, Rendered)
        assert sorted(outcome.notes) == sorted(names)


def test_a_failed_render_leaves_no_notes_to_the_next() -> None:
    """A note that was made before the failure is not told of the render after it."""
    kept = renderer("#{% if containers %}{{ note('before') }}{{ 1 // 0 }}{% endif %}")
    assert isinstance(kept.render(snapshot(container("web"))), TemplateFailure)
    assert kept.render(snapshot()) == Rendered(b"", (), ())


@pytest.mark.parametrize(
    ("template", "note"),
    [
        (r"{{ note('a\nb\r\tc') }}", r"a\nb\r\tc"),
        (r"{{ note('\x1b[31mred\x07') }}", r"\x1b[31mred\x07"),
        ("{{ note('x\\u2028\\u202eabc\\u00a0z') }}", r"x\u2028\u202eabc\xa0z"),
        (r"{{ note('\udcff') }}", r"\udcff"),
        ("{{ note('grün 漢字') }}", "grün 漢字"),
        ("{{ note('<b>' | escape) }}", "&lt;b&gt;"),
    ],
)
def test_a_note_is_one_line_of_printable_characters(template: str, note: str) -> None:
    """Nothing in it can forge a line of the log, colour a terminal or turn the text around."""
    assert _notes(template) == (note,)


def test_a_long_note_is_cut() -> None:
    """And shows that it was."""
    (note,) = _notes("{{ note('x' * 1000) }}")
    assert note == "x" * (LENGTH_MAX - 1) + "…"
    assert _notes(f"{{{{ note('x' * {LENGTH_MAX}) }}}}") == ("x" * LENGTH_MAX,)


def test_very_many_notes_are_kept_in_part() -> None:
    """The last one says so."""
    notes = _notes(
        f"{{% for number in range({NOTES_MAX + 5}) %}}{{{{ note('n%s' % number) }}}}{{% endfor %}}{{{{ note('n0') }}}}"
    )
    assert len(notes) == NOTES_MAX + 1
    assert (notes[0], notes[-2], notes[-1]) == ("n0", f"n{NOTES_MAX - 1}", OVERFLOW)
    exact = _notes(
        f"{{% for number in range({NOTES_MAX}) %}}{{{{ note('n%s' % number) }}}}{{% endfor %}}{{{{ note('n0') }}}}"
    )
    assert exact[-1] == f"n{NOTES_MAX - 1}"


@pytest.mark.parametrize("value", ["''", "' \n '", "containers.first.labels.missing"])
def test_an_empty_note_says_nothing(value: str) -> None:
    """A label that is not set is an empty text, as everywhere."""
    assert _notes(f"{{{{ note({value}) }}}}") == ()


@pytest.mark.parametrize(
    ("value", "kind"),
    [("1", "a number"), ("['secret']", "a list"), ("none", "none"), ("containers.first", "a Container")],
)
def test_a_note_is_a_text(value: str, kind: str) -> None:
    """Anything else is an error that does not show it."""
    outcome = _outcome(f"text\n{{{{ note({value}) }}}}")
    assert isinstance(outcome, TemplateFailure)
    assert (outcome.message, outcome.line) == (f"note takes a text, not {kind}", 2)
