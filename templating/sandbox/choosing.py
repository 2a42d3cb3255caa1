"""Containers chosen by expressions: `labels.role == 'lb' and health != 'unhealthy'`.

An expression sees what a template sees, and beside that one container: as `container`, and its fields by their own
names. It chooses wrongly rather seldom if it may fail only loudly, so unknown names are errors here, strict or not.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from jinja2 import Template, nodes
from jinja2.exceptions import TemplateSyntaxError
from jinja2.parser import Parser

from models.container import Container
from templating.sandbox import syntax
from templating.sandbox.limits import TimeLimitReached

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from templating.sandbox.environment import TemplateEnvironment

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


class Chooser:
    """The expressions of one job.

    Args:
        environment: the job's template's.
        expressions: as configured.
    """

    def __init__(self, environment: TemplateEnvironment, expressions: Sequence[str]) -> None:
        self._environment = environment
        self._expressions = tuple(expressions)
        self._compiled: tuple[_Compiled, ...] = ()

    def compile(self) -> None:
        """Compile them; ChoiceFailure names one that can't be."""
        self._compiled = tuple(self._compile(expression) for expression in self._expressions)

    def choose(self, values: Mapping[str, Any]) -> list[list[str]]:
        """The ids of the `containers` for which each expression is true; ChoiceFailure names one that fails."""
        if not self._compiled:
            return []
        found: tuple[Container, ...] = tuple(values["containers"])
        with self._environment.strictly():
            return [[each.id for each in found if self._is_true(compiled, each)] for compiled in self._compiled]

    def _compile(self, expression: str) -> _Compiled:
        try:
            tree = _parsed(self._environment, expression)
            words = frozenset(syntax.words_of(tree))
            template = self._environment.from_string(self._environment.adopt(tree))
        except (Exception, TimeLimitReached) as error:
            raise ChoiceFailure(error, f"the expression {expression!r}") from error
        return _Compiled(expression, template, tuple(name for name in Container.TEMPLATE_FIELDS if name in words))

    def _is_true(self, compiled: _Compiled, container: Container) -> bool:
        try:
            return compiled.is_true(container, self._environment)
        except TimeLimitReached:
            raise
        except Exception as error:
            raise ChoiceFailure(error, f"the expression {compiled.text!r} for {container.name}") from error


class _Compiled:
    """One expression, and the fields that it may name."""

    def __init__(self, text: str, template: Template, fields: tuple[str, ...]) -> None:
        self.text = text
        self._template = template
        self._fields = fields

    def is_true(self, container: Container, environment: TemplateEnvironment) -> bool:
        seen: Mapping[str, Any] = {name: environment.getattr(container, name) for name in self._fields}
        context = self._template.new_context({**seen, _CONTAINER: container})
        for _ in self._template.root_render_func(context):
            pass
        return bool(context.vars[_RESULT])


def _parsed(environment: TemplateEnvironment, expression: str) -> nodes.Template:
    """The expression as a template that keeps its value; Jinja's `compile_expression` does not rewrite the tree."""
    parser = Parser(environment, expression, state="variable")
    parsed = parser.parse_expression()
    if not parser.stream.eos:
        raise TemplateSyntaxError("it goes on behind its end", parser.stream.current.lineno)
    tree = nodes.Template([nodes.Assign(nodes.Name(_RESULT, "store"), parsed, lineno=1)], lineno=1)
    tree.set_environment(environment)
    return tree
