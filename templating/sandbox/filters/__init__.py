"""The filters and tests of a template: Jinja's own and the project's, described in docs/filters.md."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from jinja2.filters import FILTERS
from jinja2.tests import TESTS

from templating.errors import TemplateUsageError
from templating.sandbox import syntax
from templating.sandbox.filters import (
    data,
    distinct,
    host_files,
    jinja,
    lenient,
    listing,
    names,
    ownership,
    quoting,
    reach,
    rotation,
    serving,
    text,
)
from templating.sandbox.regex_portable import is_portable_regex
from templating.sandbox.undefined import Blank
from templating.sandbox.writing import describe, text_of

if TYPE_CHECKING:
    from jinja2.sandbox import SandboxedEnvironment

Filter = Callable[..., Any]

LEFT_OUT = frozenset({"random"})
"""Of Jinja's: the file would differ at each render of the same state."""


def own_filters(environment: SandboxedEnvironment) -> dict[str, Filter]:
    """The project's own filters by name, for one environment."""
    rooms = (text, quoting, data, lenient, listing, reach, names, ownership, serving, host_files, rotation, distinct)
    return {name: function for room in rooms for name, function in room.filters(environment).items()}


def filters_for(environment: SandboxedEnvironment) -> dict[str, Filter]:
    """All filters of one environment."""
    filters = {name: function for name, function in FILTERS.items() if name not in LEFT_OUT}
    filters |= jinja.filters(environment) | own_filters(environment)
    return filters | {syntax.CONCAT_FILTER: concat, syntax.IN_FILTER: contains}


def tests_for() -> dict[str, Any]:
    """Jinja's tests, with an `in` that takes a missing label for the empty text, and the project's own."""
    tests: dict[str, Any] = dict(TESTS)
    return tests | {"in": contains} | own_tests()


def own_tests() -> dict[str, Any]:
    """The project's own tests by name."""
    own: dict[str, Any] = {"portable_regex": lambda value: is_portable_regex(str(value))}
    return own | names.tests() | serving.tests()


def contains(item: Any, container: Any) -> bool:
    """`item in container`, where what is undefined counts as the empty text."""
    if isinstance(item, Blank):
        item = str(item)
    try:
        return item in container
    except TypeError:
        raise TemplateUsageError(f"'in' cannot look for {describe(item)} in {describe(container)}") from None


def concat(*values: Any) -> str:
    """`a ~ b ~ c`."""
    return "".join([value if type(value) is str else text_of(value) for value in values])
