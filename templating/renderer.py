"""Renders one template, again and again, from one snapshot after the other."""

from __future__ import annotations

import os
import threading
import time
from typing import TYPE_CHECKING, Any

from templating.config_files import SECRETS, ConfigFiles
from templating.environment import TemplateEnvironment
from templating.errors import LimitExceeded, SourceError
from templating.loading import LoadFailure, SourceLoader, load_all
from templating.meter import MIB, Meter, describe_bytes
from templating.outcome import Rendered, TemplateFailure
from templating.reasons import place_of, reason_for
from templating.time_limit import TimeLimitReached, run_limited
from templating.undefined import NOTHING
from templating.watching import FileWatch

if TYPE_CHECKING:
    from collections.abc import Callable, Generator, Iterator, Mapping
    from pathlib import Path

    from models.snapshot import Snapshot
    from templating.source import TemplateSource

TIME_LIMIT_S = 10.0
SIZE_LIMIT_BYTES = 16 * MIB
_CONFIG_LIMIT_BYTES = 16 * MIB
_NOT_LOADED = "the template is not loaded"


class Renderer:
    """A template, ready to be rendered.

    All calls come from one thread. Nothing is raised for what a template or its files do wrong.

    Args:
        source: where the template comes from.
        strict: whether the use of an unknown name is an error.
        time_limit_s: of one render, and of compiling one template, in seconds.
        size_limit_bytes: of the rendered text, and of every text on the way to it.
        warn: is told of what is odd but no failure; never a value.
        environ: the environment variables for `read_config`.
        secrets: the folder of secrets for `read_config`.
        wall_clock: seconds since the epoch, compared with files' times.

    Attributes:
        parses: whether the template is loaded as it is now.
    """

    def __init__(
        self,
        source: TemplateSource,
        *,
        strict: bool = False,
        time_limit_s: float = TIME_LIMIT_S,
        size_limit_bytes: int = SIZE_LIMIT_BYTES,
        warn: Callable[[str], None],
        environ: Mapping[str, str] = os.environ,
        secrets: Path = SECRETS,
        wall_clock: Callable[[], float] = time.time,
    ) -> None:
        self._source = source
        self._time_limit_s = time_limit_s
        self._size_limit_bytes = size_limit_bytes
        self._warn = warn
        self._late_warnings: dict[str, None] = {}
        self._watch = FileWatch(wall_clock, _CONFIG_LIMIT_BYTES)
        self._files = ConfigFiles(self._watch, environ, self._warn_later, secrets)
        self._loader = SourceLoader(source)
        self._environment = TemplateEnvironment(self._loader, Meter(size_limit_bytes), strict=strict)
        self._environment.globals |= self._files.functions()
        self._failure: TemplateFailure | None = TemplateFailure(_NOT_LOADED, source.shown(source.main))
        self._one_at_a_time = threading.Lock()

    @property
    def parses(self) -> bool:
        """Whether the template could be loaded the last time."""
        return self._failure is None

    def load(self) -> TemplateFailure | None:
        """Read and compile the template, and what it includes, anew.

        Returns:
            None, or why it cannot be loaded; `render` fails with the same until a later load succeeds.
        """
        with self._one_at_a_time:
            self._failure = self._load()
        return self._failure

    def render(self, snapshot: Snapshot) -> Rendered | TemplateFailure:
        """The text for a snapshot. Files are read once, and watched from then on."""
        own_id = NOTHING if snapshot.own_container_id is None else snapshot.own_container_id
        return self.render_values({
            "containers": snapshot.containers,
            "all_containers": snapshot.all_containers,
            "own_container_id": own_id,
        })  # fmt: skip

    def render_values(self, values: Mapping[str, Any]) -> Rendered | TemplateFailure:
        """The text for any values by name; what `render` stands on."""
        with self._one_at_a_time:
            if self._failure is not None:
                return self._failure
            try:
                return self._render(values)
            finally:
                self._environment.regex.close()
                self._tell_warnings()

    def stale(self) -> bool:
        """Whether a load and a render would now see other files than the last ones did."""
        return self._source.changed() or self._watch.changed()

    def close(self) -> None:
        """End what runs in the background."""
        self._source.close()

    def _load(self) -> TemplateFailure | None:
        self._loader.forget()
        self._files.begin()
        self._environment.forget_templates()
        try:
            self._source.begin()
            load_all(self._environment, self._loader, self._source, self._limited)
            self._source.accept()
        except LoadFailure as failure:
            return self._failed(failure.cause, failure.name, failure.line)
        except (SourceError, TimeLimitReached) as error:
            return self._failed(error, self._source.main, None)
        except Exception as error:  # noqa: BLE001 - a template can make Jinja's compiler fail in any way
            return self._failed(error, self._source.main, None)
        return None

    def _render(self, values: Mapping[str, Any]) -> Rendered | TemplateFailure:
        self._files.begin()
        environment = self._environment
        environment.begin()
        environment.globals |= values
        try:
            text = self._limited(self._text)
        except (Exception, TimeLimitReached) as error:  # noqa: BLE001 - a template can fail in any way
            return self._failed(error, *place_of(error.__traceback__))
        finally:
            for name in values:
                del environment.globals[name]
            environment.modules.clear()
        return Rendered(text, tuple(environment.undefined_names), environment.notes.texts)

    def _text(self) -> bytes:
        template = self._environment.get_template(self._source.main)
        pieces: Any = template.root_render_func(template.new_context())
        text = encode("".join(self._measured(pieces)))
        if len(text) > self._size_limit_bytes:
            raise self._too_large()
        return text

    def _measured(self, pieces: Generator[str, None, None]) -> Iterator[str]:
        length = 0
        for piece in pieces:
            length += len(piece)
            if length > self._size_limit_bytes:
                # Raised where the template stands, so that the failure has its line.
                pieces.throw(self._too_large())
            yield piece

    def _too_large(self) -> LimitExceeded:
        limit = describe_bytes(self._size_limit_bytes)
        return LimitExceeded(f"the text is larger than {limit}, the limit of a render")

    def _limited(self, call: Callable[[], Any]) -> Any:
        return run_limited(call, self._time_limit_s)

    def _failed(self, error: BaseException, name: str | None, line: int | None) -> TemplateFailure:
        reason = reason_for(error, self._time_limit_s, self._environment.is_word)
        shown = name if name is None or self._is_showable(name) else "(a computed name)"
        return TemplateFailure(reason, self._source.shown(shown or self._source.main), line)

    def _is_showable(self, name: str) -> bool:
        return name == self._source.main or self._environment.is_word(name)

    def _warn_later(self, message: str) -> None:
        # Not from within the render: its thread may be interrupted at any point, in the middle of a log line, too.
        self._late_warnings[message] = None

    def _tell_warnings(self) -> None:
        for message in self._late_warnings:
            self._warn(message)
        self._late_warnings.clear()


def encode(text: str) -> bytes:
    """UTF-8; bytes that were never text come out as they came in, and what cannot be encoded becomes `?`."""
    try:
        return text.encode("utf-8", "surrogateescape")
    except UnicodeEncodeError:
        return text.encode("utf-8", "replace")
