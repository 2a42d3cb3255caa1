"""No template takes too long or grows too large, whatever it does."""

from __future__ import annotations

import pytest

from templating.outcome import Rendered, TemplateFailure
from tests.unit.templating.support import MIB, container, failure_of, outcome_of, render, renderer, snapshot

pytestmark = pytest.mark.processes

MEMORY = 64 * MIB

TOO_LARGE = [
    "{{ 'a' * 10**12 }}",
    "{{ 10**12 * 'a' }}",
    "{{ [1] * 10**12 }}",
    "{% set ns = namespace(x='ab') %}{% for i in range(99) %}{% set ns.x = ns.x ~ ns.x %}{% endfor %}",
    "{% set ns = namespace(x='ab') %}{% for i in range(99) %}{% set ns.x = ns.x + ns.x %}{% endfor %}",
    "{% set ns = namespace(x=[1]) %}{% for i in range(99) %}{% set ns.x = ns.x + ns.x %}{% endfor %}",
    "{% set ns = namespace(x='&') %}{% for i in range(99) %}{% set ns.x = (ns.x ~ ns.x)|e %}{% endfor %}",
    "{{ '%1000000000000d' % 1 }}",
    "{{ '%*d' % (1000000000, 1) }}",
    "{{ '%.999999999f' % 1 }}",
    "{{ '%999999999s' | format(1) }}",
    "{{ '%(a)999999999s' | format(a=1) }}",
    "{{ '{:1000000000}'.format(1) }}",
    "{{ '{:{}}'.format(1, 1000000000) }}",
    "{{ '{a:>1000000000}'.format_map({'a': 1}) }}",
    "{{ 'a'.center(1000000000) }}{{ 1 }}",
    "{{ containers.first.labels.nope.center(1000000000) }}",
    "{{ 'a'.ljust(1000000000) }}",
    "{{ 'a'.zfill(1000000000) }}",
    "{{ '\t'.expandtabs(1000000000) }}",
    "{{ 'a' | center(1000000000) }}",
    "{{ 'a' | indent(1000000000, true) }}",
    "{{ ('a' * 100000).replace('a', 'a' * 100000) }}",
    "{{ ('a' * 100000) | replace('a', 'a' * 100000) }}",
    "{{ ('a' * 100000).replace('', 'a' * 100000) }}",
    "{{ range(1000) | join('a' * 100000) }}",
    "{{ ('a' * 100000).join(('b' * 1000) | list) }}",
    "{{ ('a' * 100000) | regex_replace('a', 'b' * 100000) }}",
    "{{ [1] | batch(1000000000, 0) | list }}",
    "{{ [1] | slice(1000000000) | list }}",
    "{{ [[1] * 1000] * 100000 }}",
    "{{ ([['a' * 1000] * 1000] * 1000) | string }}",
    "{{ ([['a' * 1000] * 1000] * 1000) ~ '' }}",
    "{{ ([['a' * 1000] * 1000] * 1000) | to_json }}",
    "{{ ([['a' * 1000] * 1000] * 1000) | tojson }}",
    "{{ '%s' | format([['a' * 1000] * 1000] * 1000) }}",
    "{{ '{}'.format([['a' * 1000] * 1000] * 1000) }}",
    "{{ '{!r}'.format([['a' * 1000] * 1000] * 1000) }}",
    "{% set ns = namespace(x=[1]) %}{% for i in range(60) %}{% set ns.x = [ns.x, ns.x] %}{% endfor %}{{ ns.x }}",
    "{% set x = [1] %}{% do x.append(x) %}{{ x | to_json }}",
    "{% set x = [1] %}{% for i in range(60) %}{% do x.extend(x) %}{% endfor %}",
    "{% for i in range(100000) %}{% for j in range(100) %}0123456789{% endfor %}{% endfor %}",
    "{% set x %}{% for i in range(100000) %}{{ '0' * 1000 }}{% endfor %}{% endset %}",
    "{% macro m() %}{% for i in range(100000) %}{{ '0' * 1000 }}{% endfor %}{% endmacro %}{{ m() }}",
    "{{ range(10**9) }}",
    "{{ (1).to_bytes(10**9, 'big') }}",
]


@pytest.mark.parametrize("template", TOO_LARGE)
def test_nothing_grows_beyond_its_limit(template: str) -> None:
    """Whatever makes something large out of something small ends within the memory of a render, with a line."""
    failure = failure_of(template, container(), size_limit_bytes=MIB, memory_limit_bytes=MEMORY, time_limit_s=120)
    assert failure.line == 1
    assert "takes longer" not in failure.message


ENDLESS = [
    "{% for i in range(100000) %}{% for j in range(100000) %}{% endfor %}{% endfor %}",
    "{% for i in range(100000) %}{% for j in range(100000) %}{% if i == j %}{% endif %}{% endfor %}{% endfor %}",
    "{% for i in range(100000) %}{{ range(100000) | map('string') | list | length }}{% endfor %}",
    "{% macro m(n) %}{% for i in range(9) %}{% if n %}{{ m(n - 1) }}{% endif %}{% endfor %}{% endmacro %}{{ m(20) }}",
    "{% for i in range(99) recursive %}{% if loop.depth < 20 %}{{ loop(range(99)) }}{% endif %}{% endfor %}",
    "{{ ('a' * 40 ~ '!') | regex_search('^(a+)+$') }}",
    "{{ ('a' * 40 ~ '!') | regex_replace('(a|aa)+$', 'b') }}",
    "{{ ('a' * 20000) | regex_search('a*a*a*a*b') }}",
]
ENDLESS_IN_C = [
    "{{ 10 ** (10 ** 9) }}",
    "{% set ns = namespace(x=9) %}{% for i in range(99) %}{% set ns.x = ns.x * ns.x %}{% endfor %}",
    (
        "{% set n = namespace(x=1, y=1) %}{% for i in range(70) %}{% set n.x = [n.x] * 2 %}{% set n.y = [n.y] * 2 %}"
        "{% endfor %}{{ n.x == n.y }}"
    ),
]


@pytest.mark.parametrize("template", ENDLESS)
def test_nothing_takes_longer_than_its_limit(template: str) -> None:
    """Loops without output, macros and regular expressions end when the time is up, where they stand."""
    failure = failure_of(template, time_limit_s=0.3)
    assert failure.message == "it takes longer than 0.3 s, the limit of a render"
    assert failure.line == 1


@pytest.mark.parametrize("template", ENDLESS_IN_C)
def test_a_call_that_does_not_return_is_killed(template: str) -> None:
    """With its process; where it stood is not always known then. The next render is made in another process."""
    failure = failure_of(template, time_limit_s=0.3)
    assert failure.message == "it takes longer than 0.3 s, the limit of a render"
    assert not failure.may_pass
    assert render("{{ 'a: 1' | from_yaml }}", time_limit_s=0.3) == "{'a': 1}"


def test_a_limit_that_strikes_in_a_filter_breaks_nothing() -> None:
    """Wherever in `from_yaml` and its library the time is up, the next render has both as new."""
    made = renderer(
        "#{% for c in containers %}{% for i in range(10**5) %}{% do '[1]' | from_yaml %}{% endfor %}{% endfor %}"
        "{{ 'a: 1' | from_yaml }}",
        time_limit_s=2,
    )
    for _ in range(2):
        assert isinstance(made.render(snapshot(container())), TemplateFailure)
        assert made.render(snapshot()) == Rendered(b"{'a': 1}")


@pytest.mark.parametrize(
    "template",
    [
        "{% macro m() %}{{ m() }}{% endmacro %}{{ m() }}",
        "{% for i in [1] recursive %}{{ loop([1]) }}{% endfor %}",
    ],
)
def test_endless_recursion_is_a_template_error(template: str) -> None:
    """What calls itself without end is nested too deeply."""
    assert "nested too deeply" in failure_of(template).message


def test_a_text_of_exactly_the_limit_is_rendered() -> None:
    """The limit itself is allowed, counted in bytes; one more is not."""
    template = "{{ 'a' * (count - 2) }}é"
    fits = outcome_of(template.replace("count", "1000"), size_limit_bytes=1000)
    assert isinstance(fits, Rendered)
    assert len(fits.text) == 1000
    over = failure_of(template.replace("count", "1001"), size_limit_bytes=1000)
    assert over.message == "the text is larger than 1000 bytes, the limit of a render"


def test_ordinary_large_templates_are_rendered() -> None:
    """A text of many small parts is nowhere near the limits on what a render makes on its way."""
    template = "{% for i in range(100000) %}{{ i * 2 ~ '-' }}{% endfor %}"
    assert len(render(template, time_limit_s=120)) > 500_000


def test_what_is_not_printed_may_be_larger_than_what_is() -> None:
    """The size is the rendered text's; on the way there is the memory of a render."""
    assert render("{{ ('a' * 10**7) | length }}", size_limit_bytes=MIB) == "10000000"


def test_a_text_of_sixteen_mebibytes_fits_the_memory() -> None:
    """The limits that hold where nobody says otherwise are made for each other, for texts of any letters."""
    for letter, count in (("a", 16 * MIB), ("漢", 5 * MIB), ("\U0001f600", 4 * MIB)):
        made = outcome_of(f"{{% for i in range(1024) %}}{{{{ '{letter}' * {count // 1024} }}}}{{% endfor %}}")
        assert isinstance(made, Rendered), made
        assert len(made.text) == count * len(letter.encode())


def test_a_renderer_works_on_after_a_failure() -> None:
    """Limits start anew with each render."""
    half = "{{ 'a' * 600000 }}"
    assert len(render(half, size_limit_bytes=MIB)) == 600_000
    assert "limit" in failure_of(half + half, size_limit_bytes=MIB).message
    assert len(render(half, size_limit_bytes=MIB)) == 600_000


def test_nothing_is_computed_when_a_template_is_compiled() -> None:
    """A constant expression that never ends belongs to the render, whose limit it meets, and not to loading."""
    failure = failure_of("\n{{ ('a' * 40 ~ '!') | regex_search('^(a+)+$') }}", time_limit_s=0.3)
    assert failure.line is not None
