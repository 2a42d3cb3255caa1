"""Regular expressions applied; also the program that does so in a process of its own (see `templating.regex`).

It reads one JSON request a line and writes one JSON answer a line. Imports nothing of the project, so that it starts
at once, isolated from the folder where it is started.
"""

from __future__ import annotations

import json
import re
import sys
from typing import Any, NamedTuple


class Flags(NamedTuple):
    """How a pattern is read."""

    ignore_case: bool = False
    multi_line: bool = False

    def bits(self) -> re.RegexFlag:
        """As `re` wants them."""
        return (re.IGNORECASE if self.ignore_case else re.NOFLAG) | (re.MULTILINE if self.multi_line else re.NOFLAG)


class TooLong(Exception):  # noqa: N818 - an outcome of replacing, no defect
    """The text that replacing makes is longer than it may be."""


def search(pattern: str, text: str, groups: list[int | str], flags: Flags) -> str | list[str]:
    """The first match, or the groups asked for; empty where there is none."""
    found = re.search(pattern, text, flags.bits())
    if not groups:
        return found[0] if found else ""
    return [found[group] or "" for group in groups] if found else []


def replace(  # noqa: PLR0917 - one call, all of it needed
    pattern: str, replacement: str, text: str, count: int, flags: Flags, limit: int
) -> str:
    """Every match replaced (the first `count` where that is not 0).

    Raises:
        TooLong: the result would grow by more than `limit` characters.
    """
    length = len(text)

    def expand(found: re.Match[str]) -> str:
        nonlocal length
        expanded = found.expand(replacement) if "\\" in replacement else replacement
        length += len(expanded) - len(found[0])
        if length > limit + len(text):
            raise TooLong
        return expanded

    return re.sub(pattern, expand, text, count=count, flags=flags.bits())


def answer(request: dict[str, Any]) -> dict[str, Any]:
    """One request carried out; what went wrong is an answer, too, by its kind alone."""
    flags = Flags(*request["flags"])
    try:
        if request["do"] == "search":
            return {"result": search(request["pattern"], request["text"], request["groups"], flags)}
        texts = request["pattern"], request["replacement"], request["text"]
        return {"result": replace(*texts, request["count"], flags, request["limit"])}
    except TooLong:
        return {"error": "long"}
    except (IndexError, KeyError):
        return {"error": "group"}
    except (re.error, OverflowError, RecursionError):
        return {"error": "pattern"}


def main() -> None:
    """Serve until the input ends."""
    for line in sys.stdin:
        sys.stdout.write(json.dumps(answer(json.loads(line))) + "\n")
        sys.stdout.flush()


if __name__ == "__main__":
    main()
