"""Where templates come from: a file, the command line itself, or an address."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Protocol

from templating.addresses import is_address
from templating.file_source import FileSource
from templating.inline_source import InlineSource

if TYPE_CHECKING:
    from templating.runtime import SourceRuntime

FIRST_LOAD_S = 30.0
REFETCH_S = 30.0


class TemplateSource(Protocol):
    """A main template and what it includes.

    Attributes:
        main: the name of the main template.
        refuses_includes: why `include` and `import` are errors here; None where they are not.
    """

    main: str
    refuses_includes: str | None

    def begin(self) -> None:
        """The template is about to be loaded anew; what is remembered of the last time is forgotten.

        Raises:
            SourceError: the main template cannot be had.
        """

    def read(self, name: str) -> str:
        """The text of the main template, or of one that it includes.

        Raises:
            SourceMissing: it is not there.
            SourceError: it cannot be loaded.
        """

    def shown(self, name: str) -> str:
        """How a template is named in messages: a path or an address, without credentials."""

    def accept(self) -> None:
        """What was read since `begin` could be loaded: it is good."""

    def changed(self) -> bool:
        """Whether anything that was read is different now; cheap, and never waits."""

    def close(self) -> None:
        """Nothing more will be asked."""


def open_source(
    spec: str,
    runtime: SourceRuntime,
    *,
    copies: Path | None = None,
    first_load_s: float = FIRST_LOAD_S,
    refetch_s: float = REFETCH_S,
) -> TemplateSource:
    """The source that `--template` names. Nothing is read yet.

    Args:
        spec: a path, `#` and a template, or an address.
        runtime: time, sleep, threads.
        copies: the folder for the last good copies of fetched templates; None keeps none.
        first_load_s: how long the first fetch is tried, in seconds.
        refetch_s: the least time between two looks at an address, in seconds.

    Raises:
        ValueError: it is none of them; the text says why.
    """
    if not spec.strip():
        raise ValueError("no template is given")
    if spec.startswith("#"):
        return InlineSource(spec)
    if is_address(spec):
        # Imported where it is used: fetching needs TLS and more, which would slow down every start.
        from templating.http_source import HttpSource

        return HttpSource(spec, runtime, copies=copies, first_load_s=first_load_s, refetch_s=refetch_s)
    if "\0" in spec:
        raise ValueError("the template's path has NUL in it")
    return FileSource(Path(spec), runtime.wall_clock)
