"""Containers chosen by expressions: `labels.role == 'lb' and health != 'unhealthy'`.

An expression sees what a template sees, and beside that one container: as `container`, and its fields by their own
names. It chooses wrongly rather seldom if it may fail only loudly, so unknown names are errors here, strict or not.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, TypeVar

from jinja2 import Template, nodes
from jinja2.exceptions import TemplateSyntaxError
from jinja2.parser import Parser

from models.container import Container
from templating.sandbox import syntax
from templating.sandbox.limits import TimeLimitReached

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from templating.sandbox.environment import TemplateEnvironment

T = TypeVar("T")

_SHOWN_MAX = 200
"""So many characters of an expression are in a message."""
_RESULT = "result"
_CONTAINER = "container"


class ChoiceFailure(Exception):  # noqa: N818 - carries a cause to the one place where reasons are written
    """An expression can't be used, or fails for a container.

    Attributes:
        cause: why.
        about: the expression, and the container's name where there is one.
    """

    def __init__(self, cause: BaseException, about: str) -> None:
        super().__init__(about)
        self.cause = cause
        self.about = about


class Value:
    """An expression that is about no container of its own, compiled.

    Args:
        about: how messages call it.
        template: keeps its value.
    """

    def __init__(self, about: str, template: Template) -> None:
        self._about = about
        self._template = template

    def of(self, read: Callable[[Any], T]) -> T:
        """What it is now; ChoiceFailure where that can't be said.

        Args:
            read: makes of it what is wanted, or raises what is wrong with it.
        """
        try:
            return read(_result_of(self._template, {}))
        except (Exception, TimeLimitReached) as error:
            raise ChoiceFailure(error, self._about) from error


class Chooser:
    """The expressions of one job.

    Args:
        environment: the job's template's.
        expressions: as configured.
    """

    def __init__(self, environment: TemplateEnvironment, expressions: Sequence[str]) -> None:
        self._environment = environment
        self._expressions = tuple(expressions)
        self._compiled: tuple[Expression, ...] = ()

    @property
    def chooses(self) -> bool:
        """Whether there is any expression."""
        return bool(self._expressions)

    def compile(self) -> None:
        """Compile them; ChoiceFailure names one that can't be."""
        self._compiled = tuple(compile_expression(self._environment, each) for each in self._expressions)

    def choose(self, values: Mapping[str, Any]) -> list[list[str]]:
        """The ids of the `containers` for which each expression is true; ChoiceFailure names one that fails."""
        if not self._compiled:
            return []
        found: tuple[Container, ...] = tuple(values["containers"])
        with self._environment.strictly():
            return [[each.id for each in found if expression.is_true(each)] for expression in self._compiled]


class Expression:
    """One expression, compiled.

    Args:
        environment: whose names it sees.
        about: how messages call it: `include 'container.labels.tier'`.
        template: keeps its value.
        fields: of a container that it may name.
    """

    def __init__(self, environment: TemplateEnvironment, about: str, template: Template, fields: Sequence[str]) -> None:
        self._environment = environment
        self._about = about
        self._template = template
        self._fields = fields

    def is_true(self, container: Container) -> bool:
        """Whether it is true of a container; ChoiceFailure where that can't be said."""
        try:
            seen: Mapping[str, Any] = {name: self._environment.getattr(container, name) for name in self._fields}
            return bool(_result_of(self._template, {**seen, _CONTAINER: container}))
        except (Exception, TimeLimitReached) as error:
            raise ChoiceFailure(error, f"{self._about} for {container.name}") from error


def compile_expression(environment: TemplateEnvironment, expression: str, kind: str = "the expression") -> Expression:
    """Compile an expression; ChoiceFailure where it is none.

    Args:
        environment: whose names it sees.
        expression: as configured.
        kind: how messages call it.
    """
    about, template, words = _compiled(environment, expression, kind)
    return Expression(environment, about, template, [name for name in Container.TEMPLATE_FIELDS if name in words])


def compile_value(environment: TemplateEnvironment, expression: str, kind: str) -> Value:
    """As `compile_expression`, for one that is about no container of its own."""
    about, template, _ = _compiled(environment, expression, kind)
    return Value(about, template)


def _compiled(environment: TemplateEnvironment, expression: str, kind: str) -> tuple[str, Template, frozenset[str]]:
    """How messages call an expression, what keeps its value, and its words."""
    about = f"{kind} {expression if len(expression) <= _SHOWN_MAX else expression[:_SHOWN_MAX] + '…'!r}"
    try:
        tree = _parsed(environment, expression)
        words = frozenset(syntax.words_of(tree))
        return about, environment.from_string(environment.adopt(tree)), words
    except (Exception, TimeLimitReached) as error:
        raise ChoiceFailure(error, about) from error


def _result_of(template: Template, seen: Mapping[str, Any]) -> Any:
    context = template.new_context(dict(seen))
    for _ in template.root_render_func(context):
        pass
    return context.vars[_RESULT]


def _parsed(environment: TemplateEnvironment, expression: str) -> nodes.Template:
    """The expression as a template that keeps its value; Jinja's `compile_expression` does not rewrite the tree."""
    parser = Parser(environment, expression, state="variable")
    parsed = parser.parse_expression()
    if not parser.stream.eos:
        raise TemplateSyntaxError("it goes on behind its end", parser.stream.current.lineno)
    tree = nodes.Template([nodes.Assign(nodes.Name(_RESULT, "store"), parsed, lineno=1)], lineno=1)
    tree.set_environment(environment)
    return tree
