"""What is not there: missing labels, the first of nothing, and names that do not exist."""

from __future__ import annotations

import pytest

from templating.outcome import Rendered
from tests.unit.templating.support import container, failure_of, outcome_of, render

WEB = container("web", labels={"role": "front", "items": "three"}, env=["A=b", "_=x"], ports=["80/tcp"])


@pytest.mark.parametrize(
    ("expression", "expected"),
    [
        ("c.labels.nope", ""),
        ("c.env.NOPE", ""),
        ("c.labels['nope']", ""),
        ("c.labels.nope == ''", "True"),
        ("c.labels.nope != ''", "False"),
        ("'' == c.labels.nope", "True"),
        ("c.labels.nope == c.env.nope", "True"),
        ("c.labels.nope < 'a'", "True"),
        ("c.labels.nope is defined", "False"),
        ("c.labels.role is defined", "True"),
        ("c.labels.nope | default('x')", "x"),
        ("c.labels.nope or 'x'", "x"),
        ("c.labels.nope ~ 'x'", "x"),
        ("c.labels.nope + 'x'", "x"),
        ("'x' + c.labels.nope", "x"),
        ("c.labels.nope | length", "0"),
        ("c.labels.nope | upper", ""),
        ("c.labels.nope | int(7)", "7"),
        ("c.labels.nope | float(1.5)", "1.5"),
        ("c.labels.nope.split(',')", "['']"),
        ("c.labels.nope.upper() ~ '!'", "!"),
        ("c.labels.nope[:3] ~ '!'", "!"),
        ("c.labels.nope in ['', 'a']", "True"),
        ("c.labels.nope in 'abc'", "True"),
        ("'a' in c.labels.nope", "False"),
        ("c.labels.nope is in ['x']", "False"),
        ("'%s|%s' | format(c.labels.nope, 1)", "|1"),
        ("'{}|{:>3}'.format(c.labels.nope, c.labels.nope)", "|   "),
        ("[c.labels.nope, 'b'] | join('+')", "+b"),
        ("['b', c.labels.nope] | sort | join('+')", "+b"),
        ("[c.labels.nope, '', 'b'] | unique | list | length", "2"),
        ("{'': 'empty'}[c.labels.nope]", "empty"),
        ("c.labels.nope | to_json", '""'),
        ("c.labels.get('nope')", ""),
        ("c.labels.Role", "front"),
        ("c.labels['items']", "three"),
        ("c.labels.items() | length", "2"),
        ("c.env['items']", ""),
        ("c.env._", "x"),
    ],
)
def test_a_missing_label_or_variable_reads_as_the_empty_text(expression: str, expected: str) -> None:
    """A missing label or variable is the empty text in every place but `is defined` and `default`."""
    template = f"{{% set c = containers.first %}}{{{{ {expression} }}}}"
    assert render(template, WEB) == expected
    assert render(template, WEB, strict=True) == expected


@pytest.mark.parametrize(
    "expression",
    [
        "containers.first",
        "containers.first.name",
        "containers.last.labels.role",
        "containers.first_value.networks.first.ip_address",
        "containers[3].name",
        "(containers | first).name",
        "(containers | last).labels['x']",
        "containers.self.name",
        "containers.matching('x').name",
        "containers.first.networks.matching('x').first.ip_address",
        "containers.healthy.first.ports.tcp.first_value",
        "own_container_id",
    ],
)
def test_looking_into_nothing_is_undefined_and_false(expression: str) -> None:
    """The first of nothing, and all that is looked up in it, is undefined, false and printed as nothing."""
    template = f"{{{{ {expression} }}}}|{{{{ {expression} is defined }}}}|{{{{ {expression} and 1 }}}}"
    assert render(template, strict=True) == "|False|"


def test_containers_without_a_network_or_port_are_left_out() -> None:
    """The example of the manual leaves out what cannot be reached, and sorts by what is not there."""
    template = (
        "{% for c in containers|sort(attribute='networks.first_value.ip_address')"
        " if c.networks.first_value.ip_address and c.ports.tcp.first_value %}{{ c.name }};{% endfor %}"
    )
    full = container("full", networks={"n": "10.0.0.1"}, ports=["80/tcp"])
    assert render(template, full, WEB, container("bare", networks={"n": "10.0.0.2"})) == "full;"


def test_own_container_is_the_one_with_the_own_id() -> None:
    """`containers.self` is our own container where its id is known."""
    assert render("{{ containers.self.name }} {{ own_container_id }}", WEB, own_id=WEB.id) == f"web {WEB.id}"


@pytest.mark.parametrize(
    ("expression", "name"),
    [
        ("nope", "nope"),
        ("nope.deeper", "nope"),
        ("containers.first.colour", "container.colour"),
        ("containers.first.colour.shade", "container.colour"),
        ("containers.colour", "container.colour"),
        ("containers.first['colour']", "container.colour"),
        ("containers.first.networks.first.colour", "network.colour"),
        ("containers.first.name.colour", "str.colour"),
        ("'x' if nope else 'y'", "nope"),
        ("nope == 'x'", "nope"),
        ("nope ~ 'x'", "nope"),
        ("nope | length", "nope"),
        ("'x' in nope", "nope"),
        ("containers | map(attribute='colour') | join", "container.colour"),
        ("containers | where('colour', 'x') | length", "container.colour"),
    ],
)
def test_unknown_names_are_noted_or_refused(expression: str, name: str) -> None:
    """An unknown name is noted once, and is an error in strict mode."""
    template = f"{{{{ {expression} }}}}{{{{ {expression} }}}}"
    web = container("web", networks={"n": "10.0.0.1"})
    outcome = outcome_of(template, web)
    assert isinstance(outcome, Rendered)
    assert outcome.undefined_names == (name,)
    failure = failure_of(template, web, strict=True)
    assert name.rpartition(".")[2] in failure.message
    assert failure.line == 1


@pytest.mark.parametrize("expression", ["nope is defined", "nope | default('x')", "containers.first.colour is defined"])
def test_asking_whether_a_name_is_defined_is_no_use_of_it(expression: str) -> None:
    """`is defined` and `default` are how a template asks, so they are allowed in strict mode."""
    assert render(f"{{{{ {expression} }}}}", WEB, strict=True) in {"False", "x"}


@pytest.mark.parametrize("expression", ["{'a': 1}.b.c", "{'a': 1}['b']", "[1][5]", "'abc'.split(',')[4].x"])
def test_what_a_templates_own_data_lacks_is_nothing(expression: str) -> None:
    """A key or position that a template's own data does not have is nothing, in strict mode too."""
    assert render(f"{{{{ {expression} }}}}", strict=True) == ""


def test_a_computed_unknown_name_is_not_shown() -> None:
    """A field's name that comes from a container is a value, and is neither noted nor told."""
    web = container("web", labels={"key": "s3cret"})
    template = "{% set c = containers.first %}{{ c[c.labels.key] }}"
    outcome = outcome_of(template, web)
    assert isinstance(outcome, Rendered)
    assert outcome.undefined_names == ("(computed)",)
    assert "s3cret" not in str(failure_of(template, web, strict=True))


def test_calling_an_unknown_function_fails() -> None:
    """A misspelled function must not silently print nothing."""
    assert failure_of("a\n{{ read_confg('x') }}").line == 2


@pytest.mark.parametrize(
    ("template", "said"),
    [
        ("{{ read_confg('x') }}", "'read_confg' is undefined"),
        ("{{ nope.matching('x') }}", "'nope' is undefined"),
        ("{{ nope['a b']() }}", "'nope' is undefined"),
        ("{% for c in nope() %}{% endfor %}", "'nope' is undefined"),
        ("{% for k, v in nope.items() %}{% endfor %}", "'nope' is undefined"),
        ("{% call nope() %}{% endcall %}", "'nope' is undefined"),
        ("{% macro m() %}{{ caller() }}{% endmacro %}{{ m() }}", "No caller defined"),
        ("{% for c in containers.matchin('web') %}{% endfor %}", "a Container has no field 'matchin'"),
        ("{{ containers.first.nope() }}", "a Container has no field 'nope'"),
        ("{{ 'a'.nope() }}", "a str has no field 'nope'"),
        ("{% set c = containers.first %}{{ c[c.labels.key]() }}", "a computed name does not exist"),
    ],
)
def test_what_is_called_and_does_not_exist_is_named(template: str, said: str) -> None:
    """In both modes; a name that a container chose is not."""
    web = container("web", labels={"key": "s3cret"})
    assert failure_of(template, web).message == f"a function is called that does not exist: {said}"
    assert failure_of(template, web, strict=True).message == said


@pytest.mark.parametrize(
    ("template", "name"),
    [
        ("{% for c in contaners %}{{ c }}{% endfor %}", "contaners"),
        ("{% for k, v in contaners %}{{ k }}{% endfor %}", "contaners"),
        ("{% for c in containers.first.netwrks %}{{ c }}{% endfor %}", "container.netwrks"),
        ("{{ contaners | map(attribute='name') | join }}", "contaners"),
    ],
)
def test_what_is_iterated_over_and_does_not_exist_is_named(template: str, name: str) -> None:
    """In strict mode in the error, else in the warning."""
    outcome = outcome_of(template, WEB)
    assert isinstance(outcome, Rendered)
    assert (outcome.text, outcome.undefined_names) == (b"", (name,))
    assert repr(name.rpartition(".")[2]) in failure_of(template, WEB, strict=True).message


def test_each_render_notes_anew() -> None:
    """What one render noted is not told of the next."""
    used, unused = outcome_of("{{ nope }}"), outcome_of("{{ 1 }}")
    assert isinstance(used, Rendered)
    assert isinstance(unused, Rendered)
    assert (used.undefined_names, unused.undefined_names) == (("nope",), ())
