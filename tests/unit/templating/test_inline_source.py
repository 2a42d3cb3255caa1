"""Templates on the command line, and what is no template at all."""

from __future__ import annotations

import pytest

from templating.http_source import HttpSource
from templating.source import open_source
from tests.unit.templating.support import container, failure_of, render, renderer, source_runtime


@pytest.mark.parametrize("spec", ["#text", "# text", "#\n  text \n", "#\ttext\n\n"])
def test_the_hash_and_the_blanks_around_are_dropped(spec: str) -> None:
    """An inline template is what is left without `#` and surrounding blanks."""
    source = open_source(spec, source_runtime())
    source.begin()
    assert source.read(source.main) == "text"
    assert not source.changed()
    source.accept()
    source.close()


def test_a_hash_inside_stays() -> None:
    """Only the first `#` is the sign of an inline template."""
    assert render("# {{ containers.first.name }} # x", container("web")) == "# web # x"


@pytest.mark.parametrize(
    "statement",
    ["{% include 'x' %}", "{% include 'x' ignore missing %}", "{% import 'x' as y %}", "{% extends 'x' %}"],
)
def test_including_is_an_error_that_says_so(statement: str) -> None:
    """There is no folder to include from, and the line of the attempt is told when it is loaded."""
    failure = failure_of("\na\n" + statement)
    assert failure.message == "an inline template cannot include or import: there is no folder to read from"
    assert failure.line == 2


@pytest.mark.processes
def test_an_inline_template_is_never_stale() -> None:
    """It cannot change."""
    assert not renderer("#x").stale()


@pytest.mark.parametrize("spec", ["", "  ", "a\0b", "http://", "https:///path", "http://host:port/x"])
def test_what_names_no_template_is_refused(spec: str) -> None:
    """An empty or impossible template is told at once."""
    with pytest.raises(ValueError, match=r"template"):
        open_source(spec, source_runtime())


@pytest.mark.parametrize("spec", ["http://host/x", "HTTPS://host/x"])
def test_an_address_is_fetched(spec: str) -> None:
    """The scheme counts in any case."""
    assert isinstance(open_source(spec, source_runtime()), HttpSource)
