"""Commands as people write them in one text, and how they are named in a sentence."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence


def cut(text: str) -> tuple[str, ...]:
    """The command's program and arguments, cut as a POSIX shell cuts words; nothing in them is expanded.

    Raises:
        ValueError: there is none, or a quote is not closed. Nothing of the text is shown: it may hold a password.
    """
    import shlex  # late: most configurations have no command

    try:
        words = shlex.split(text)
    except ValueError as error:
        raise ValueError(f"COMMAND can't be cut into words ({str(error).lower()}): close each quote") from None
    if not words or not words[0]:
        raise ValueError("COMMAND is empty: give a program and its arguments")
    if "\0" in text:
        raise ValueError("COMMAND holds a zero byte, which no program can be given")
    return tuple(words)


def named(command: Sequence[str]) -> str:
    """`nginx (2 arguments)`. Arguments may hold a password or a token, and no rule tells which."""
    program, count = command[0].rsplit("/", 1)[-1] or command[0], len(command) - 1
    return program if not count else f"{program} ({count} argument{'' if count == 1 else 's'})"
