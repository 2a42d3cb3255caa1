"""A failure names template, line and reason, and never a value."""

from __future__ import annotations

import pytest
from jinja2.exceptions import FilterArgumentError, TemplateRuntimeError

from templating.sandbox.error_messages import reason_for
from templating.sandbox.limits import TimeLimitReached
from tests.unit.templating.support import container, failure_of

SECRET = "s3cr3t-v4lu3"
WEB = container("web", labels={"k": SECRET, "yaml": f"{SECRET}: [", "twice": f"{SECRET}: 1\n{SECRET}: 2", "n": "7"})


@pytest.mark.parametrize(
    "expression",
    [
        "v + 1",
        "1 + v",
        "v - 1",
        "v / 2",
        "v % 2",
        "v % {'a': 1}",
        "v < 1",
        "[v] < 1",
        "v()",
        "v.nope()",
        "v | abs",
        "v | round",
        "v | batch(v)",
        "v | indent(v, v, v, v)",
        "v | center(v)",
        "v | format(1)",
        "'%d' | format(v)",
        "'%(x)s' | format(y=v)",
        "'{}{}'.format(v)",
        "'{:d}'.format(v)",
        "'{:' ~ v ~ '}'",
        "('{:' ~ v ~ '}').format(1)",
        "('%' ~ v) | format(1)",
        "v | map(v) | list",
        "[v] | map(v) | list",
        "[v] | select(v) | list",
        "[v] | sort(attribute=v)",
        "[v, 1] | sort",
        "[v, 1] | max",
        "v | dictsort",
        "v | items | list",
        "dict([v])",
        "{v: 1}[[v]]",
        "{'a': 1} | dictsort(by=v)",
        "namespace(v)",
        "range(v)",
        "v | int(base=99)",
        "v.index('nope')",
        "[v].index('nope')",
        "[v].remove('nope')",
        "v.encode(v)",
        "v.split('')",
        "v | regex_search('(')",
        "v | regex_search(v ~ '(')",
        "v | regex_search('a', v)",
        "v | regex_search('(s)', '\\\\9')",
        "v | regex_replace('s', '\\\\9')",
        "v | from_yaml ~ x.y.z()",
        "containers.first.labels.yaml | from_yaml",
        "containers.first.labels.twice | from_yaml",
        "(v ~ '$') | quote_nginx",
        "(v ~ '\\n') | quote_nginx",
        "(v ~ '\\0') | quote_shell",
        "read_config | to_json",
        "{'a': read_config} | to_yaml",
        "v | reachable_from(v)",
        "v | address(v)",
        "containers.first | address([v])",
        "v | group_by_label(v)",
        "[v] | where(1, 2, 3)",
        "v | where([v])",
        "read_config([v])",
        "exists({v: v})",
        "list_dir(v ~ '\\0')",
        "containers.first[v]()",
        "containers.first['_' ~ v]",
        "containers.first | attr('__' ~ v)",
        "'%s' | format(v, v)",
        "v | tojson(v)",
        "v | wordwrap(v)",
        "v | truncate(v)",
        "v | sum",
        "v | filesizeformat",
        "v | xmlattr",
        "{v ~ ' =': 1} | xmlattr",
        "v | urlize(rel=1)",
        "v in 5",
        "5 in v",
        "1 / 0 ~ v",
        "loop(v)",
        "undefined_function(v)",
        "'a'.join([1, v])",
        "containers.matching(v, v)",
        "own_container_id[v]()",
    ],
)
def test_no_value_of_a_container_is_in_a_message(expression: str) -> None:
    """Whatever goes wrong with a value, the message says the kind and the line, not the value."""
    template = (
        f"\n{{% set v = containers.first.labels.k %}}\n{{{{ {expression} }}}}\n{{{{ [1] | map('nope') | list }}}}"
    )
    failure = failure_of(template, WEB, strict=True)
    assert SECRET not in str(failure)
    assert "s3cr3t" not in failure.message
    assert failure.line in {2, 3}
    assert failure.template == "inline template"


@pytest.mark.parametrize("statement", ["{% include v %}", "{% import v as x %}", "{% extends v %}"])
@pytest.mark.processes
def test_a_computed_include_is_not_shown(statement: str, tmp_path: object) -> None:
    """The name of a template that is computed from a value is a value."""
    from pathlib import Path

    from templating.outcome import TemplateFailure
    from tests.unit.templating.support import renderer, snapshot

    path = Path(str(tmp_path)) / "main.j2"
    path.write_text("{% set v = containers.first.labels.k %}\n" + statement)
    failure = renderer(path).render(snapshot(WEB))
    assert isinstance(failure, TemplateFailure)
    assert SECRET not in str(failure)
    assert "(a computed name)" in failure.message
    assert failure.line == 2


@pytest.mark.parametrize(
    ("template", "message", "line"),
    [
        ("a\n{{ x.y( }}", "unexpected '}', expected ')'", 2),
        ("a\n\n{% for %}", "Expected an expression, got 'end of statement block'", 3),
        ("{{ 1 | nope }}", "No filter named 'nope'.", 1),
        ("{{ 1 is nope }}", "No test named 'nope'.", 1),
        ("a\nb {{ nope }}", "'nope' is undefined", 2),
        ("a\n{{ containers.first.nope }}", "a Container has no field 'nope'", 2),
        ("{{ 'a' + 1 }}", "'+' cannot be applied to a text and a number", 1),
        ("{{ [] - {} }}", "'-' cannot be applied to a list and a dict", 1),
        ("{{ 1 / 0 }}", "division by zero (ZeroDivisionError)", 1),
        ("{{ 'x' in 5 }}", "'in' cannot look for a text in a number", 1),
        (
            "{{ containers.first.raw.reload() }}",
            "raw.reload would call the engine, and a template only reads what is known already",
            1,
        ),
        ("{% include 'x' %}", "an inline template cannot include or import: there is no folder to read from", 1),
    ],
)
def test_messages_say_what_is_wrong(template: str, message: str, line: int) -> None:
    """The reason comes from the template's own text and the kind of the values."""
    failure = failure_of(template, WEB, strict=True)
    assert (failure.message, failure.line) == (message, line)
    assert str(failure) == f"inline template, line {line}: {message}"


@pytest.mark.parametrize(
    "error",
    [
        KeyError(SECRET),
        ValueError(SECRET),
        TypeError(SECRET),
        AttributeError(SECRET),
        OSError(2, SECRET),
        UnicodeDecodeError("utf-8", SECRET.encode(), 0, 1, SECRET),
        FilterArgumentError(SECRET),
        TemplateRuntimeError(SECRET),
        MemoryError(SECRET),
        StopIteration(SECRET),
    ],
)
def test_texts_of_foreign_exceptions_are_never_used(error: Exception) -> None:
    """A library's exception is described by its kind alone."""
    assert SECRET not in reason_for(error, 1, lambda name: True)
    assert type(error).__name__ in reason_for(error, 1, lambda name: True)


def test_the_time_limit_is_named() -> None:
    """The message says how long a render may take."""
    assert reason_for(TimeLimitReached(), 2.5, lambda name: True) == "it takes longer than 2.5 s, the limit of a render"
