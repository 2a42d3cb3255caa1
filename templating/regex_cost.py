"""How long a regular expression may take at worst, estimated from its syntax.

Python's engine tries alternatives one after another. A repetition inside a repetition can double the work with each
character; repetitions side by side multiply the text's length by itself. Neither can be interrupted, and both hold
the interpreter's lock, so what could become slow has to be known beforehand.
"""

from __future__ import annotations

import math
from functools import lru_cache
from re import _constants as code  # type: ignore[attr-defined] # not in the type stubs
from re import _parser  # type: ignore[attr-defined] # the syntax tree has no public door
from typing import Any, NamedTuple

STEPS_MAX = 20_000_000
"""What may be run in place: well below a second."""
_NESTED_LENGTH_MAX = 12
_MANY_PARTS = 20


class Shape(NamedTuple):
    """What decides a pattern's cost.

    Attributes:
        degree: how many parts can each take any length: the cost grows with the text's length to this power.
        factor: the product of the bounded choices.
        nested: whether a repetition repeats something that can itself match in several ways.
    """

    degree: int = 0
    factor: int = 1
    nested: bool = False

    @property
    def varies(self) -> bool:
        """Whether it can match the same text in several ways, or several lengths."""
        return self.degree > 0 or self.factor > 1 or self.nested


@lru_cache(maxsize=256)
def shape_of(pattern: str) -> Shape:
    """The shape of a pattern.

    Raises:
        re.error: it is none.
    """
    return _of_sequence(_parser.parse(pattern))


def steps_max(pattern: str, text_length: int) -> float:
    """At most about so many steps, infinity where the cost may grow exponentially."""
    shape = shape_of(pattern)
    if shape.nested and text_length > _NESTED_LENGTH_MAX:
        return float("inf")
    # The places where the parts begin and end are in order, so that only one of all their permutations counts.
    power = min(shape.degree + 1, _MANY_PARTS)
    return float(min(shape.factor, STEPS_MAX + 1)) * float(text_length + power) ** power / math.factorial(power)


def _of_sequence(parts: Any) -> Shape:
    shape = Shape()
    for operation, argument in parts:
        part = _of_part(operation, argument)
        shape = Shape(shape.degree + part.degree, shape.factor * part.factor, shape.nested or part.nested)
    return shape


def _of_part(operation: Any, argument: Any) -> Shape:
    if operation in (code.MAX_REPEAT, code.MIN_REPEAT, code.POSSESSIVE_REPEAT):
        return _of_repeat(*argument)
    if operation is code.BRANCH:
        branches = [_of_sequence(branch) for branch in argument[1]]
        return Shape(
            max(branch.degree for branch in branches),
            sum(branch.factor for branch in branches),
            any(branch.nested for branch in branches),
        )
    if operation is code.GROUPREF:
        return Shape(degree=1)
    inner = [part for part in _as_tuple(argument) if isinstance(part, _parser.SubPattern)]
    shapes = [_of_sequence(part) for part in inner]
    return Shape(
        sum(shape.degree for shape in shapes),
        max([1, *(shape.factor for shape in shapes)]) * max(len(shapes), 1),
        any(shape.nested for shape in shapes),
    )


def _of_repeat(least: int, most: int, body: Any) -> Shape:
    inner = _of_sequence(body)
    if most == 1:
        return Shape(inner.degree, inner.factor + 1, inner.nested)
    if inner.varies:
        return Shape(inner.degree + 1, inner.factor, nested=True)
    if least == most:
        return Shape(0, 1)
    return Shape(degree=1)


def _as_tuple(argument: Any) -> tuple[Any, ...]:
    return argument if isinstance(argument, tuple) else (argument,)
