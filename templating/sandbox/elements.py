"""One file for each element of an expression: which elements there are, what each is called, where its file is.

The expression and the target's pattern are the operator's, what they look at is other people's. A value that would put
a slash into a path is refused here, where it is still known to be one; what else a path may not do the program checks.
"""

from __future__ import annotations

from collections.abc import Mapping
from itertools import islice
from typing import TYPE_CHECKING, Any

from jinja2 import BaseLoader
from jinja2.runtime import Undefined

from models.container import Container
from models.file_set import ELEMENTS_MAX
from templating.errors import LimitExceeded, TemplateUsageError
from templating.sandbox.choosing import ChoiceFailure, compile_value
from templating.sandbox.environment import TemplateEnvironment
from templating.sandbox.limits import TimeLimitReached
from templating.sandbox.writing import describe, text_of

if TYPE_CHECKING:
    from collections.abc import Iterator

    from jinja2 import Template

    from templating.sandbox.choosing import Value

ITEM = "item"


class Elements:
    """The elements of one job.

    Args:
        environment: the job's template's, in which the expression is evaluated.
        expression: gives them.
        target: the pattern of their paths.
    """

    def __init__(self, environment: TemplateEnvironment, expression: str, target: str) -> None:
        self._environment = environment
        self._expression = expression
        self._target = target
        # Of its own, and strict in any case: a name that does not exist may never be a shorter path.
        self._paths = TemplateEnvironment(BaseLoader(), strict=True)
        self._paths.finalize = _part_of_path
        self._value: Value  # both by `compile`
        self._path: Template

    @property
    def reads_all_containers(self) -> bool:
        """Whether the pattern does; the expression is the environment's."""
        return self._paths.reads_all_containers

    def compile(self) -> None:
        """Compile both; ChoiceFailure names the one that can't be."""
        self._value = compile_value(self._environment, self._expression, "for_each")
        try:
            self._path = self._paths.from_string(self._target)
        except (Exception, TimeLimitReached) as error:
            raise ChoiceFailure(error, "the target") from error

    def find(self) -> Iterator[tuple[Any, str, str]]:
        """Each element, what it is called, and the id of the container that it is; ChoiceFailure says why not."""
        with self._environment.strictly():
            found = self._value.of(_listed)
        for place, item in enumerate(found, 1):
            if isinstance(item, Container):
                yield item, item.name, item.id
            else:
                yield item, f"element {place}", ""

    def path(self, item: Any, seen: Mapping[str, Any]) -> str:
        """The path of an element's file; ChoiceFailure where that can't be told.

        Args:
            item: the element.
            seen: what templates see, by name.
        """
        self._paths.begin()
        self._paths.globals |= seen
        try:
            return "".join(self._path.root_render_func(self._path.new_context({ITEM: item})))
        except (Exception, TimeLimitReached) as error:
            raise ChoiceFailure(error, "the target") from error


def _listed(value: Any) -> list[Any]:
    """The elements of what an expression gives."""
    if isinstance(value, Undefined):
        iter(value)  # names what is not defined
    if isinstance(value, str | bytes | Mapping | Undefined) or not hasattr(type(value), "__iter__"):
        raise TemplateUsageError(f"it gives {describe(value)}, not a list")
    found = list(islice(value, ELEMENTS_MAX + 1))
    if len(found) > ELEMENTS_MAX:
        raise LimitExceeded(f"it gives more than {ELEMENTS_MAX:,} elements, the most that one job may have")
    return found


def _part_of_path(value: Any) -> str:
    """A value as a part of a path; one that is no name, or would lead elsewhere, is refused."""
    text = text_of(value)
    if "/" in text:
        raise TemplateUsageError("a value in the path holds a slash")
    return text
