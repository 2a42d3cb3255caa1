"""The operators of templates, which say why they do not apply."""

from __future__ import annotations

from typing import Any

from jinja2.sandbox import SandboxedEnvironment

from templating.errors import TemplateUsageError
from templating.sandbox.writing import describe, refuse_addresses

OPERATORS = frozenset({"+", "-", "*", "/", "//", "%", "**"})


def apply(operator: str, left: Any, right: Any) -> Any:
    """Compute `left operator right`.

    Raises:
        TemplateUsageError: the operator does not apply to values of these kinds.
    """
    if operator == "%" and isinstance(left, str):
        refuse_addresses(right)
        return left % right
    try:
        return SandboxedEnvironment.default_binop_table[operator](left, right)
    except TypeError:
        kinds = f"{describe(left)} and {describe(right)}"
        raise TemplateUsageError(f"{operator!r} cannot be applied to {kinds}") from None
