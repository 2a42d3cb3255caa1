"""One template, compiled and rendered: what the render process does with what it is given."""

from __future__ import annotations

from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from models import kept_body
from templating.errors import LimitExceeded
from templating.outcome import describe_bytes
from templating.reads import EVERYTHING, Reads
from templating.sandbox.choosing import ChoiceFailure, Chooser
from templating.sandbox.environment import TemplateEnvironment
from templating.sandbox.error_messages import place_of, reason_for
from templating.sandbox.limits import TimeLimitReached
from templating.sandbox.loading import LoadFailure, SourceLoader, load_all

if TYPE_CHECKING:
    from collections.abc import Callable, Generator, Mapping, Sequence

    from templating.sandbox.loading import Texts


@dataclass(frozen=True, slots=True)
class Text:
    """A complete render.

    Attributes:
        text: UTF-8.
        undefined_names: that were used, in order.
        notes: what the template noted.
        chosen: for each expression the ids of the containers that it chooses.
    """

    text: bytes
    undefined_names: tuple[str, ...]
    notes: tuple[str, ...]
    chosen: list[list[str]]


@dataclass(frozen=True, slots=True)
class Failure:
    """No text, or no template.

    Attributes:
        message: why, without any value.
        name: of the template in which it happened.
        line: in it, None where there is none.
        is_spent: whether the process should not go on: it was interrupted anywhere, or its memory ran out.
    """

    message: str
    name: str
    line: int | None = None
    is_spent: bool = False


class Rendering:
    """The template of one source.

    Args:
        texts: where templates come from.
        functions: what templates call, by name, beside Jinja's.
        strict: whether the use of an unknown name is an error.
        time_limit_s: of a render, for its message.
        size_limit_bytes: of the rendered text.
        expressions: choose containers.
        limited: within it, time and memory are limited.

    Attributes:
        reads: what the last render depends on.
    """

    def __init__(
        self,
        texts: Texts,
        *,
        functions: Mapping[str, Callable[..., Any]],
        strict: bool,
        time_limit_s: float,
        size_limit_bytes: int,
        expressions: Sequence[str] = (),
        limited: Callable[[], AbstractContextManager[None]] = nullcontext,
    ) -> None:
        self.reads = EVERYTHING
        self._texts = texts
        self._time_limit_s = time_limit_s
        self._size_limit_bytes = size_limit_bytes
        self._limited = limited
        self._loader = SourceLoader(texts)
        self._environment = TemplateEnvironment(self._loader, strict=strict)
        self._environment.globals |= functions
        self._chooser = Chooser(self._environment, expressions)

    @property
    def reads_all_containers(self) -> bool:
        """Whether the template, as far as it is known, may read `all_containers`."""
        return self._environment.reads_all_containers

    def load(self) -> Failure | None:
        """Read and compile the template and what it includes; None where that went well."""
        try:
            load_all(self._environment, self._loader, self._texts, self._compile)
            self._compile(self._chooser.compile)
        except LoadFailure as failure:
            return self._failed(failure.cause, failure.name, failure.line)
        except (Exception, TimeLimitReached) as error:  # noqa: BLE001 - a template can make Jinja's compiler fail anyhow
            return self._failed(error, self._texts.main, None)
        return None

    def render(self, values: Mapping[str, Any]) -> Text | Failure:
        """The text for values by name."""
        environment = self._environment
        environment.begin()
        environment.globals |= values
        looked_up = _bodies_looked_up()
        try:
            with self._limited():
                text = self._text()
                chosen = self._chooser.choose(values)
        except (Exception, TimeLimitReached) as error:  # noqa: BLE001 - a template can fail in any way
            return self._failed(error, *place_of(error.__traceback__))
        finally:
            for name in values:
                del environment.globals[name]
            environment.modules.clear()
            self.reads = Reads(environment.reads_all_containers, _bodies_looked_up() != looked_up)
        return Text(text, tuple(environment.undefined_names), environment.notes.texts, chosen)

    def _compile(self, call: Callable[[], Any]) -> Any:
        with self._limited():
            return call()

    def _text(self) -> bytes:
        template = self._environment.get_template(self._texts.main)
        pieces: Any = template.root_render_func(template.new_context())
        text = encode("".join(self._measured(pieces)))
        if len(text) > self._size_limit_bytes:
            raise self._too_large()
        return text

    def _measured(self, pieces: Generator[str, None, None]) -> list[str]:
        left = self._size_limit_bytes
        found: list[str] = []
        take = found.append
        for piece in pieces:
            left -= len(piece)
            if left < 0:
                # Raised where the template stands, so that the failure has its line.
                pieces.throw(self._too_large())
            take(piece)
        return found

    def _too_large(self) -> LimitExceeded:
        limit = describe_bytes(self._size_limit_bytes)
        return LimitExceeded(f"the text is larger than {limit}, the limit of a render")

    def _failed(self, error: BaseException, name: str | None, line: int | None) -> Failure:
        if isinstance(error, ChoiceFailure):
            failed = self._failed(error.cause, None, None)
            return replace(failed, message=f"{error.about}: {failed.message}")
        reason = reason_for(error, self._time_limit_s, self._environment.is_word)
        shown = name if name is None or self._is_showable(name) else "(a computed name)"
        is_spent = isinstance(error, TimeLimitReached | MemoryError)
        return Failure(reason, shown or self._texts.main, line, is_spent)

    def _is_showable(self, name: str) -> bool:
        return name == self._texts.main or self._environment.is_word(name)


def _bodies_looked_up() -> int:
    """How often `raw.attrs` was read so far: no other way leads to what a body says beyond the model's fields."""
    info = kept_body.decode.cache_info()
    return info.hits + info.misses


def encode(text: str) -> bytes:
    """UTF-8; bytes that were never text come out as they came in, and what cannot be encoded becomes `?`."""
    try:
        return text.encode("utf-8", "surrogateescape")
    except UnicodeEncodeError:
        return text.encode("utf-8", "replace")
