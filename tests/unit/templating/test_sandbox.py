"""What a template may not do, and that nothing it does is seen by the next."""

from __future__ import annotations

import pytest

from tests.unit.templating.support import container, failure_of, render, renderer, snapshot

WEB = container("web", labels={"a": "1"}, env=["B=2"], ports=["80/tcp"], networks={"n": "10.0.0.1"})


@pytest.mark.parametrize(
    "expression",
    [
        "containers.__class__",
        "containers.first._kept",
        "containers.first.networks._of",
        "''.__class__.__mro__",
        "''['__class__']",
        "() | attr('__class__')",
        "'{0.__class__}'.format(1)",
        "'{a._kept}'.format(a=containers.first)",
        "'{0.__class__}'.format_map({'0': 1})",
        "range.__globals__",
        "read_config.__globals__",
        "namespace.__init__",
        "dict.fromkeys",
        "dict.mro()",
        "nope._undefined_obj",
        "containers.first.nope._undefined_hint",
        "containers.first.labels.nope._undefined_name",
        "''.translate",
        "(1).to_bytes(1, 'big')",
        "containers.first.ports.tcp.to_bytes(1, 'big')",
        "containers.first.raw.kill()",
        "containers.first.raw['restart']()",
        "containers.first.raw.client",
        "containers.first()",
        "'text'()",
    ],
)
def test_the_sandbox_holds(expression: str) -> None:
    """What leads out of the sandbox, or to the engine, is a template error."""
    assert failure_of(f"{{{{ {expression} }}}}", WEB).line == 1


@pytest.mark.parametrize(
    ("expression", "hint"),
    [
        ("range", "brackets"),
        ("dict", "brackets"),
        ("containers.first.labels.items", "brackets"),
        ("'a'.upper ~ ''", "brackets"),
        ("[read_config]", "brackets"),
        ("cycler", "brackets"),
        ("[1] | map('string')", "join"),
        ("{'a': [1] | select}", "join"),
        ("'%s' | format(range)", "brackets"),
        ("'{}'.format(range)", "brackets"),
    ],
)
def test_what_python_writes_with_its_address_is_refused(expression: str, hint: str) -> None:
    """A function or a generator would be written differently after each start, and is a mistake."""
    assert hint in failure_of(f"{{{{ {expression} }}}}", WEB).message


@pytest.mark.parametrize("name", ["random", "nope"])
def test_filters_that_do_not_exist_are_named(name: str) -> None:
    """A filter that is not offered is found when the template is loaded; `random` is one of them."""
    failure = failure_of(f"\n\n{{{{ [1] | {name} }}}}")
    assert (failure.message, failure.line) == (f"No filter named '{name}'.", 1)


@pytest.mark.parametrize(
    "statement",
    [
        "containers.append(1)",
        "containers.first.labels.update({'a': '2'})",
        "containers.first.labels.pop('a')",
        "containers.first.ports.tcp.append(1)",
        "containers.first.networks.clear()",
        "containers.first.raw.attrs.update({'Id': 1})",
        "containers.first.raw.attrs.Config.Env.append('x')",
        "containers.first.raw.attrs['Config']['Labels'].clear()",
    ],
)
@pytest.mark.processes
def test_the_state_cannot_be_changed(statement: str) -> None:
    """Changing the state is an error or has no effect, and the next render sees it as it was."""
    seen = "{{ containers.first | to_json }}{{ containers.first.raw | to_json }}"
    before = render(seen, WEB)
    made = renderer(f"#{{% do {statement} %}}")
    made.render(snapshot(WEB))
    made.render(snapshot(WEB))
    assert render(seen, WEB) == before


def test_a_template_may_change_its_own_data() -> None:
    """Lists and mappings that a template makes are its own, with `do`."""
    template = (
        "{% set x = [3] %}{% do x.append(1) %}{% do x.extend([2]) %}{% do x.sort() %}"
        "{% set d = {} %}{% do d.update({'k': 'v'}) %}{% do d.setdefault('l', 'w') %}"
        "{{ x | join(',') }} {{ d.k }}{{ d['l'] }}"
    )
    assert render(template) == "1,2,3 vw"


@pytest.mark.processes
def test_nothing_is_kept_from_one_render_to_the_next() -> None:
    """Namespaces, globals and lists start anew with each render."""
    made = renderer("#{% set ns = namespace(n=0) %}{% set ns.n = ns.n + 1 %}{{ ns.n }}{{ containers | length }}")
    assert made.render(snapshot(WEB)) == made.render(snapshot(WEB))
    assert made.render(snapshot()) != made.render(snapshot(WEB))


@pytest.mark.parametrize(
    ("template", "expected"),
    [
        ("{% if true %}\nx\n{% endif %}\ny\n", "x\ny"),
        ("    {% if true %}\n  x\n    {% endif %}", "  x\n"),
        ("{% for i in [1, 2, 3] %}{% if i == 2 %}{% continue %}{% endif %}{{ i }}{% endfor %}", "13"),
        ("{% for i in [1, 2, 3] %}{% if i == 2 %}{% break %}{% endif %}{{ i }}{% endfor %}", "1"),
        ("{{ [0, 1] | any }}{{ [0, 1] | all }}", "TrueFalse"),
        ("{{ '<a>' }}", "<a>"),
        ("{{ 1 - 2 }} {{ 7 // 2 }} {{ 7 % 4 }} {{ 2 ** 8 }} {{ 3 / 2 }}", "-1 3 3 256 1.5"),
        ("{{ [1] + [2] }}{{ 'a' * 3 }}{{ '%s-%05.1f' % ('x', 2) }}", "[1, 2]aaax-002.0"),
        ("{{ containers.first.ports.tcp + [81] }}", "[80, 81]"),
        ("{{ 'a' in 'abc' }}{{ 'x' not in ['a'] }}{{ 2 is in [1, 2] }}", "TrueTrueTrue"),
        ("{{ {'b': 1, 'a': 2}.items() | list }}", "[('b', 1), ('a', 2)]"),
        ("{{ 'x-y'.split('-').pop() }}{{ ' a '.strip().center(3) }}", "y a "),
        ("{{ '{0.name}:{1[k]}'.format(containers.first, {'k': 5}) }}", "web:5"),
        ("{{ {'a': 1}.a }}{{ {'a': 1}['a'] }}", "11"),
        ("{% set x %}b{{ 1 }}{% endset %}{{ x }}", "b1"),
        ("{% macro m(a, b=2) %}{{ a }}{{ b }}{{ caller() }}{% endmacro %}{% call m(1) %}!{% endcall %}", "12!"),
        ("{% for a, b in {'k': 'v'}.items() %}{{ loop.index }}{{ a }}{{ b }}{% endfor %}", "1kv"),
        ("{% filter upper %}x{% endfilter %}{% with y = 1 %}{{ y }}{% endwith %}", "X1"),
        ("{{ 'ü' | e }}{{ '&' | e }}{{ none }}", "ü&amp;None"),
        ("{{ containers.first.raw.attrs.Config.Env.first }}{{ containers.first.raw.short_id | length }}", "B=212"),
        ("{{ cycler('a', 'b').next() }}{{ joiner(',')() }}{{ dict(a=1) }}", "a{'a': 1}"),
    ],
)
def test_jinja_works_as_its_manual_says(template: str, expected: str) -> None:
    """Blocks are trimmed, loop controls and `do` are there, nothing is escaped, and operators do what they do."""
    assert render(template, WEB) == expected
