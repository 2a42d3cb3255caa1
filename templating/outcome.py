"""What a render ends with: text, or the reason why there is none. Both are values, neither is raised."""

from __future__ import annotations

from dataclasses import field
from typing import TYPE_CHECKING

from models.frozen import frozen
from templating.reads import EVERYTHING, Reads

if TYPE_CHECKING:
    from collections.abc import Mapping

MIB = 1024 * 1024


@frozen
class Rendered:
    """A complete text.

    Attributes:
        text: the bytes for the target, UTF-8.
        undefined_names: top-level names and model fields that the template used and that do not exist, each once, in
            the order of their first use: `contianers`, `container.colour`. Always empty in strict mode.
        notes: what the template said with `note`, each once, in order: single lines of printable characters.
        reads: what of the state it may depend on.
        chosen: for each expression of the job's the ids of the containers that it chooses.
        failed: of a job with a file for each element why some of them have none in the text; the first ones of many.
        failed_count: how many they are.
        is_repeated: nothing was rendered, since the state differs only in what the job does not see: this is the last
            render's text.
    """

    text: bytes
    undefined_names: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()
    reads: Reads = field(default=EVERYTHING, compare=False)
    chosen: Mapping[str, frozenset[str]] = field(default_factory=dict)
    is_repeated: bool = False
    failed: tuple[TemplateFailure, ...] = ()
    failed_count: int = 0


@frozen
class TemplateFailure:
    """No text, and why.

    Attributes:
        message: the reason, in words. It never holds a value: neither a container's nor a configuration's.
        template: the file, address or `inline template` in which it happened.
        line: the line in it, counted from 1; None where the failure has no line (a file that is not there).
        may_pass: whether the same render may succeed later: its process ended, or could not be started.
    """

    message: str
    template: str
    line: int | None = None
    may_pass: bool = False

    def __str__(self) -> str:
        """Read as in a log: `/etc/pygen/nginx.j2, line 7: 'contianers' is undefined`."""
        where = self.template if self.line is None else f"{self.template}, line {self.line}"
        return f"{where}: {self.message}"


def describe_bytes(count: int) -> str:
    """Read as in a sentence: `16 MiB`, `1000 bytes`."""
    return f"{count // MIB} MiB" if count % MIB == 0 else f"{count} bytes"
