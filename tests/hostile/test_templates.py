"""Templates that try to get out, and templates that try to see where things lie in memory."""

from __future__ import annotations

import re

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from templating.outcome import Rendered, TemplateFailure
from tests.hostile.attacks import FIRST_OF_THE_REPORT, NO_SETTINGS, WAYS_OUT, WITH_ADDRESSES, WRITES
from tests.unit.templating.support import container, outcome_of, renderer, snapshot

WEB = container("web", labels={"a": "1"}, env=["B=2"], ports=["80/tcp"], networks={"n": "10.0.0.1"})
ADDRESS = re.compile(rb"0x[0-9a-f]{6,}")


def attempt(template: str, *, strict: bool = True) -> Rendered | TemplateFailure:
    """What a template ends with in a process without rights."""
    return outcome_of(template, WEB, strict=strict, keep_rights=False)


@pytest.mark.parametrize(("template", "words"), WAYS_OUT)
def test_there_is_no_way_out(template: str, words: str) -> None:
    """Each ends with an error that says what is closed, or shows nothing."""
    outcome = attempt(template)
    if words:
        assert isinstance(outcome, TemplateFailure), outcome
        assert words in outcome.message
        assert not outcome.may_pass
    else:
        assert outcome == Rendered(b"")


@pytest.mark.parametrize("keep_rights", [False, True])
@pytest.mark.parametrize("path", NO_SETTINGS)
def test_no_process_is_read(path: str, keep_rights: bool) -> None:  # noqa: FBT001 - a parameter of the test
    """Neither the program's memory and environment nor the render process's own, as root or not."""
    warnings: list[str] = []
    made = renderer(
        f"#{{{{ read_config('X', '{path}', '-', single_config=true) }}}}",
        keep_rights=keep_rights,
        warn=warnings.append,
    )
    assert made.render(snapshot()) == Rendered(b"-")
    assert [path in warning for warning in warnings] == [True]


@pytest.mark.parametrize("write", WRITES)
def test_no_address_is_written(write: str) -> None:
    """Whatever Python writes with its place in memory is refused, or written without it."""
    for value in WITH_ADDRESSES:
        outcome = attempt(write.replace("VALUE", value), strict=False)
        if isinstance(outcome, Rendered):
            assert not ADDRESS.search(outcome.text), value
            assert not any(ADDRESS.search(note.encode()) for note in outcome.notes), value
        else:
            assert not ADDRESS.search(outcome.message.encode())
            assert not outcome.may_pass, value


@pytest.mark.parametrize("value", ["[1]|select", "range", "containers.matching", "cycler(1)"])
@pytest.mark.parametrize("write", ["{{ (VALUE)|string }}", "{{ [VALUE]|pprint }}", "{{ '{!r}'.format(VALUE) }}"])
def test_what_is_wrong_with_it_is_said(write: str, value: str) -> None:
    """In words that say what was meant."""
    outcome = attempt(write.replace("VALUE", value))
    assert isinstance(outcome, TemplateFailure)
    assert re.search(r"brackets|join it|no text", outcome.message)


_NAMES = (
    "__class__ __dict__ __globals__ __init__ __self__ __func__ __code__ __builtins__ __getattr__ "
    "__subclasses__ mro func gi_frame gi_code f_globals f_builtins cr_frame tb_frame format format_map mapping "
    "update append items keys values get pop sort first last matching labels env networks raw attrs self name "
    "id _data _kept _of used next current cycle previtem caller arguments sep environment real imag encode "
    "decode join upper split"
)
NAMES = st.sampled_from(_NAMES.split())
_ATOMS = (
    "containers all_containers containers.first containers.first.labels containers.first.raw own_container_id "
    "range dict namespace() cycler(1) joiner() read_config exists list_dir note self nope [] {} () '' 'x' 1 "
    "1.5 none true [1]|map('string') [1]|select {'a':[]}.items() '{0.__class__}' '{0}' loop caller m"
)
ATOMS = st.sampled_from(_ATOMS.split()) | st.sampled_from(
    ["[1, 2]", "([1]|map('upper'))", "(containers + [[1]|select])", "'%s'", "'{0.a[0]}'"]
)
_FILTERS = (
    "list first last string join upper sort unique reverse items pprint e safe tojson to_json to_yaml "
    "attr('gi_frame') map('string') map(attribute='__class__') map(attribute='format') groupby('a') batch(1) "
    "slice(1) format(range) where('a') group_by_label('a') address reachable_from default('x') sum select "
    "xmlattr urlencode length"
)
FILTERS = st.sampled_from(_FILTERS.split())


def _grown(inner: st.SearchStrategy[str]) -> st.SearchStrategy[str]:
    return st.one_of(
        st.builds("({}).{}".format, inner, NAMES),
        st.builds("({})['{}']".format, inner, NAMES),
        st.builds("({})|attr('{}')".format, inner, NAMES),
        st.builds("({})[{}]".format, inner, st.sampled_from(["0", "-1", "1:", "'a'"])),
        st.builds("({})()".format, inner),
        st.builds("({})({})".format, inner, inner),
        st.builds("({})({}, {})".format, inner, inner, inner),
        st.builds("({})|{}".format, inner, FILTERS),
        st.builds("({}) {} ({})".format, inner, st.sampled_from(["+", "~", "%", "*", "==", "in", "or"]), inner),
        st.builds("[{}]".format, inner),
        st.builds("{{'a': {}}}".format, inner),
    )


EXPRESSIONS = st.recursive(ATOMS, _grown, max_leaves=6)
FRAMES = st.sampled_from([
    "{{{{ {} }}}}",
    "{{% set x = {} %}}{{{{ x }}}}{{{{ [x] }}}}",
    "{{% for i in [1, 2] %}}{{{{ {} }}}}{{% endfor %}}",
    "{{% macro m() %}}{{{{ {} }}}}{{% endmacro %}}{{{{ m() }}}}",
    "{{% block b %}}{{{{ {} }}}}{{% endblock %}}",
])  # fmt: skip


@settings(max_examples=400, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(FRAMES, EXPRESSIONS)
@example("{}", FIRST_OF_THE_REPORT)
def test_templates_that_nobody_thought_of(frame: str, expression: str) -> None:
    """Anything that can be put together gives text without addresses or a template error, and the process lives on."""
    outcome = attempt(frame.format(expression), strict=False)
    if isinstance(outcome, Rendered):
        assert not ADDRESS.search(outcome.text)
        assert b"<class" not in outcome.text
        assert b"<module" not in outcome.text
    else:
        assert not outcome.may_pass
        assert not ADDRESS.search(outcome.message.encode())
