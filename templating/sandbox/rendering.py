"""One template, compiled and rendered: what the render process does with what it is given."""

from __future__ import annotations

import json
from contextlib import AbstractContextManager, nullcontext
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from models import kept_body
from models.frozen import frozen
from templating.errors import LimitExceeded
from templating.outcome import describe_bytes
from templating.reads import EVERYTHING, Reads, look_alike
from templating.sandbox.choosing import ChoiceFailure, Chooser
from templating.sandbox.elements import ITEM, Elements
from templating.sandbox.environment import TemplateEnvironment
from templating.sandbox.error_messages import place_of, reason_for
from templating.sandbox.limits import TimeLimitReached
from templating.sandbox.loading import LoadFailure, SourceLoader, load_all
from templating.sandbox.selecting import Selector

if TYPE_CHECKING:
    from collections.abc import Callable, Generator, Mapping, Sequence

    from models.container import Container
    from models.snapshot import Snapshot
    from templating.sandbox.loading import Texts


ELEMENTS_JSON_MAX = 3 * 1024 * 1024
"""What is said of all elements beside their texts: the program takes no larger header of an answer."""
_TOLD_MAX = 100
"""Elements of which it is said why they failed; a message for each of very many is read by nobody."""


class Parts:
    """What became of each element.

    Attributes:
        files: label, key, path and length of each that has a text.
        failed: label, key, path, message, template's name and line of each that has none.
    """

    def __init__(self) -> None:
        self.files: list[tuple[str, str, str, int]] = []
        self.failed: list[tuple[str, str, str, str, str, int | None]] = []


@frozen
class Text:
    """A complete render.

    Attributes:
        text: UTF-8.
        undefined_names: that were used, in order.
        notes: what the template noted.
        chosen: for each expression the ids of the containers that it chooses.
        is_repeated: the text is that of the last render, and not given again.
        parts: for a job with a file for each element, whose texts follow each other.
    """

    text: bytes
    undefined_names: tuple[str, ...]
    notes: tuple[str, ...]
    chosen: list[list[str]]
    is_repeated: bool = False
    parts: Parts | None = None


@frozen
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
        selection: which containers the template sees, see `Selector`; None for all.
        each: `expression` and `target` of a job with a file for each element; None for one file.
        begin: is called before the template is rendered, unless its text can only be the last one.
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
        selection: Mapping[str, Any] | None = None,
        each: Mapping[str, str] | None = None,
        begin: Callable[[], None] = lambda: None,
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
        self._selector = None if selection is None else Selector(selection)
        self._elements = None if each is None else Elements(self._environment, each["expression"], each["target"])
        self._begin = begin
        self._version = 0
        self._seen: Snapshot | None = None
        self._latest: Snapshot | None = None

    @property
    def reads_all_containers(self) -> bool:
        """Whether the template, as far as it is known, may read `all_containers`."""
        readers = (self._environment, self._selector, self._elements)
        return any(each is not None and each.reads_all_containers for each in readers)

    def load(self) -> Failure | None:
        """Read and compile the template and what it includes; None where that went well."""
        try:
            load_all(self._environment, self._loader, self._texts, self._compile)
            self._compile(self._chooser.compile)
            if self._selector is not None:
                self._compile(self._selector.compile)
            if self._elements is not None:
                self._compile(self._elements.compile)
        except LoadFailure as failure:
            return self._failed(failure.cause, failure.name, failure.line)
        except (Exception, TimeLimitReached) as error:  # noqa: BLE001 - a template can make Jinja's compiler fail anyhow
            return self._failed(error, self._texts.main, None)
        return None

    def is_untouched(self, values: Mapping[str, Any], changed: Mapping[str, Container | None], version: int) -> bool:
        """Whether the last render's text can only be that of a state, as nothing of what is different is selected.

        Args:
            values: what templates see, before anything is selected.
            changed: what is different from the version before, see `State`.
            version: of the state.

        Raises:
            TimeLimitReached, MemoryError: what selects took too much.
        """
        selector = self._selector
        if self._seen is None or selector is None or self._chooser.chooses:
            return False
        if version != self._version + 1:
            return version == self._version
        try:
            if not selector.leaves_out(values, changed, all_containers=self.reads_all_containers):
                return False
        except ChoiceFailure as failure:
            if isinstance(failure.cause, TimeLimitReached | MemoryError):
                raise failure.cause from None
            return False  # the render says why
        self._version = version
        return True

    def render(self, values: Mapping[str, Any], *, may_repeat: bool = False, version: int = 0) -> Text | Failure:
        """The text for values by name.

        Args:
            values: what templates see, before anything is selected.
            version: of the state, see `State`.
            may_repeat: whether the text of the last render, if it can only be that, need not be given again.
        """
        environment = self._environment
        environment.begin()
        looked_up = _bodies_looked_up()
        is_repeated, before = False, self.reads
        parts = None if self._elements is None else Parts()
        try:
            with self._limited():
                seen = values if self._selector is None else self._selected(values, self._selector)
                environment.globals |= seen
                is_repeated = may_repeat and self._is_seen_again()
                text = b"" if is_repeated else self._text(seen, parts)
                chosen = self._chooser.choose(values)
        except (Exception, TimeLimitReached) as error:  # noqa: BLE001 - a template can fail in any way
            self._seen = None
            return self._failed(error, *place_of(error.__traceback__))
        finally:
            for name in (*values, ITEM):
                environment.globals.pop(name, None)
            environment.modules.clear()
            self.reads = self._reads(before if is_repeated else None, is_raw=_bodies_looked_up() != looked_up)
        self._seen, self._version = self._latest, version
        return Text(text, tuple(environment.undefined_names), environment.notes.texts, chosen, is_repeated, parts)

    def _selected(self, values: Mapping[str, Any], selector: Selector) -> dict[str, Any]:
        snapshot = self._latest = selector.select(values, all_containers=self.reads_all_containers)
        return {**values, "containers": snapshot.containers, "all_containers": snapshot.all_containers}

    def _is_seen_again(self) -> bool:
        """Whether nothing of what the last render read is different in what is selected now."""
        last, latest = self._seen, self._latest
        return last is not None and latest is not None and look_alike(last, latest, self.reads)

    def _reads(self, also: Reads | None, *, is_raw: bool) -> Reads:
        """What the text depends on: that of a render, or of the one before and of what selects."""
        is_raw = is_raw or (self._selector is not None and self._selector.reads_raw)
        if also is None:
            return Reads(self.reads_all_containers, is_raw)
        return Reads(self.reads_all_containers or also.all_containers, is_raw or also.raw)

    def _compile(self, call: Callable[[], Any]) -> Any:
        with self._limited():
            return call()

    def _text(self, seen: Mapping[str, Any], parts: Parts | None) -> bytes:
        self._begin()
        template = self._environment.get_template(self._texts.main)
        if self._elements is None or parts is None:
            return self._text_of(template, {}, self._size_limit_bytes)
        texts: list[bytes] = []
        left = self._size_limit_bytes
        for item, label, key in self._elements.find():
            path = ""
            try:
                path = self._elements.path(item, seen)
                self._environment.globals[ITEM] = item  # imported templates see it, too
                self._environment.modules.clear()
                text = self._text_of(template, {ITEM: item}, left)
            except Exception as error:  # noqa: BLE001 - what one element meets, the others go on
                self._part_failed(error, (label, key, path), parts)
                continue
            parts.files.append((label, key, path, len(text)))
            texts.append(text)
            left -= len(text)
        if len(json.dumps([parts.files, parts.failed])) > ELEMENTS_JSON_MAX:
            raise LimitExceeded("the paths of the files are longer than a render may give")
        return b"".join(texts)

    def _part_failed(self, error: Exception, element: tuple[str, str, str], parts: Parts) -> None:
        cause = error.cause if isinstance(error, ChoiceFailure) else error
        if isinstance(cause, TimeLimitReached | MemoryError):
            raise error  # the process is spent
        failed = self._failed(error, *place_of(cause.__traceback__))
        is_told = len(parts.failed) < _TOLD_MAX
        parts.failed.append((*element, failed.message if is_told else "", failed.name, failed.line))

    def _text_of(self, template: Any, seen: Mapping[str, Any], limit_bytes: int) -> bytes:
        pieces: Any = template.root_render_func(template.new_context(dict(seen)))
        text = encode("".join(self._measured(pieces, limit_bytes)))
        if len(text) > limit_bytes:
            raise self._too_large()
        return text

    def _measured(self, pieces: Generator[str, None, None], left: int) -> list[str]:
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
