"""Everything that a template can reach, walked: nothing of it leads out."""

from __future__ import annotations

import itertools
import types
from collections import deque
from typing import TYPE_CHECKING, Any

from jinja2 import Environment
from jinja2.runtime import Context

from templating.sandbox.rendering import Rendering, Text
from tests.unit.templating.support import container, snapshot

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from templating.sandbox.environment import TemplateEnvironment

VISITS = 60_000
LEADS_OUT = (
    types.ModuleType, types.FrameType, types.CodeType, types.TracebackType, types.CellType, types.MappingProxyType,
    types.GetSetDescriptorType, types.MemberDescriptorType, type, property, classmethod, staticmethod, Environment,
    Context, types.GenericAlias,
)  # fmt: skip
# What no dir() shows, tried on everything.
_NAMES = (
    "__class__ __dict__ __globals__ __builtins__ __self__ __func__ __code__ __closure__ __wrapped__ __init__ "
    "__module__ __getattr__ __reduce__ __subclasses__ mro func gi_frame gi_code f_globals f_builtins mapping "
    "first last labels containers x a"
)
NAMES = _NAMES.split()
CALLED_WITH: tuple[tuple[Any, ...], ...] = ((), ("a",), ([1],), ({"a": [1]},), (0,), ("__class__", "gi_frame"))

TEMPLATE = """
{%- set ns = namespace(a=1, b=[1]) %}{% set x = [1, [2], {'a': (3,)}] %}
{%- macro m(a, b=1) %}{{ catch(caller) }}{{ catch(varargs) }}{{ catch(kwargs) }}{{ a }}{{ caller() }}{% endmacro %}
{%- block body %}{{ catch(self) }}{{ catch(self.body) }}{{ catch(super) }}{% endblock %}
{%- call m(1, 2, 3, z=4) %}x{% endcall %}{{ catch(m) }}{{ catch(ns) }}{{ catch(x) }}
{%- for i in [1, 2] recursive %}{{ catch(loop) }}{{ catch(loop.cycle) }}{% endfor %}
{%- import 'main' as imported without context %}
{%- for value in [cycler(1, 2), joiner(), nope, nope.nope, [1]|map('string'), [1]|select, [1]|batch(1), {}|items, [1]|
    groupby('bit_length'), range(3), 'x'|e, 'x'.format, 'x'.join, [].append, {}.update,
    containers + [[1]|map('string')],
    (containers + [[1]|map('string')])[-1:], containers|group_by_label('a'), 'a: {b: 2020-01-01}'|from_yaml,
    {'a': 1}.items(), containers.first.labels.items(), containers.first.raw.attrs.items(), ([]|first), 1.5, true] %}
    {{- catch(value) }}{% endfor %}
"""


class Inline:
    """One template that may include itself."""

    main = "main"
    refuses_includes: str | None = None

    def read(self, _name: str) -> str:
        return TEMPLATE.replace("{%- import 'main' as imported without context %}", "")


def caught() -> tuple[TemplateEnvironment, list[Any]]:
    """An environment, and what templates have in hand: values, globals, and what blocks, loops and macros give."""
    found: list[Any] = []

    def catch(value: Any) -> str:
        found.append(value)
        return ""

    rendering = Rendering(Inline(), functions={}, strict=False, time_limit_s=60, size_limit_bytes=1 << 20)
    assert rendering.load() is None
    state = snapshot(
        container("web", labels={"a": "1"}, env=["B=2"], ports=["80/tcp"], networks={"n": "10.0.0.1"}),
        container("db", running=False),
    )
    values = {"containers": state.containers, "all_containers": state.all_containers, "catch": catch}
    outcome = rendering.render(values)
    assert isinstance(outcome, Text), outcome
    environment = rendering._environment
    found += [state.containers, state.all_containers, *environment.globals.values()]
    return environment, found


def test_nothing_that_a_template_reaches_leads_out() -> None:
    """No module, frame, code, class, cell or function's globals, some ten thousand look-ups and calls deep."""
    environment, found = caught()
    context = environment.from_string("").new_context()
    waiting: deque[tuple[Any, str]] = deque((each, type(each).__name__) for each in found)
    seen: dict[int, Any] = {}
    visits = 0
    while waiting and visits < VISITS:
        value, path = waiting.popleft()
        if id(value) in seen or path.count(".") > 8:
            continue
        seen[id(value)] = value  # kept, so that its id stays its own
        assert not isinstance(value, LEADS_OUT), path
        assert not (isinstance(value, dict) and "__builtins__" in value), path
        for step, following in _steps(environment, context, value):
            visits += 1
            if id(following) not in seen:
                waiting.append((following, path + step))
    assert visits > 5000


def _steps(environment: TemplateEnvironment, context: Context, value: Any) -> Iterator[tuple[str, Any]]:
    """All that can be had from a value; what is closed raises, and gives nothing."""
    for name in {*dir(value), *NAMES}:
        yield from _tried(f".{name}", lambda name=name: environment.getattr(value, name))
        yield from _tried(f".[{name}]", lambda name=name: environment.getitem(value, name))
    for key in (0, -1, slice(1)):
        yield from _tried(f".[{key}]", lambda key=key: environment.getitem(value, key))
    if callable(value):
        for arguments in CALLED_WITH:
            call = lambda arguments=arguments: environment.call(context, value, *arguments)  # noqa: E731
            yield from _tried(f".({len(arguments)})", call)
    elif not isinstance(value, str):
        for step, elements in _tried(".*", lambda: list(itertools.islice(value, 20))):
            yield from ((step, each) for each in elements)


def _tried(step: str, look: Callable[..., Any]) -> Iterator[tuple[str, Any]]:
    try:
        found = look()
    except Exception:  # noqa: BLE001 - closed in one way or another
        return
    yield step, found
