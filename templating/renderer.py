"""Renders one template, again and again, in a render process that is replaced whenever it fails.

What a process has to know (containers, the template, the files that it looked at) is kept here or in the snapshot, so
that the next one can be told, and so that a render can be made by another process than the one before. Its end at any
point is one failed render with a reason.
"""

from __future__ import annotations

import os
import time
from dataclasses import replace
from itertools import count
from typing import TYPE_CHECKING, Any

from templating.answers import Answered, Ask, Begun, Changed, Failed, Loaded, Looked
from templating.elements import settle
from templating.errors import SourceError, SourceMissing
from templating.host import PATIENCE_S, SECRETS, CannotBegin, HostedProcess, RenderHost, Spent
from templating.outcome import MIB, Rendered, TemplateFailure
from templating.process import ProcessEnded, RenderProcess, TimeIsUp
from templating.selection import EVERY_CONTAINER, Selection
from templating.wire import BadFrame, Frame

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from models.snapshot import Snapshot
    from templating.elements import ElementFailed, ForEach
    from templating.source import TemplateSource
    from templating.watching import Fact

_MEMORY_FACTOR = 16
_MEMORY_LEAST_BYTES = 256 * MIB
_GRACE_S = 1.0
"""After its time limit a process has so long to say itself where the template stands."""
_FACTS_MAX = 100_000
FAILED_TOLD_MAX = 100
"""Elements whose failures are kept, of all that failed."""
_NOT_LOADED = "the template is not loaded"
_numbers = count(1)


def memory_limit_for(size_limit_bytes: int) -> int:
    """Bytes that a render may add to its process's memory, unless configured."""
    return max(_MEMORY_LEAST_BYTES, _MEMORY_FACTOR * size_limit_bytes)


class Renderer:
    """A template, ready to be rendered.

    One call at a time. Nothing is raised for what a template, its files or its process do wrong.

    Args:
        source: where the template comes from.
        strict: whether the use of an unknown name is an error.
        time_limit_s: of one render, and of compiling one template, in seconds.
        size_limit_bytes: of the rendered text.
        memory_limit_bytes: what one render may add to its process's memory; None for what fits the size.
        expressions: choose containers, of those that run; see `templating.sandbox.choosing`.
        selection: which containers the template sees.
        each: for which elements there is a file each, see `models.file_set`; None for one file.
        host: has the process that renders; None has one of its own, for which are `keep_rights`, `environ`, `secrets`.
        keep_rights: the process stays root where the program is.
        warn: is told of what is odd but no failure; never a value.
        environ: the environment variables for `read_config`, of which the program's own are left out.
        secrets: the folder of secrets for `read_config`.
        clock: monotonic.
        replaced: is called for each process that takes the place of another.

    Attributes:
        parses: whether the template is loaded as it is now.
        host: has the process that renders now.
    """

    def __init__(
        self,
        source: TemplateSource,
        *,
        strict: bool = False,
        time_limit_s: float,
        size_limit_bytes: int,
        memory_limit_bytes: int | None = None,
        expressions: Sequence[str] = (),
        selection: Selection = EVERY_CONTAINER,
        each: ForEach | None = None,
        host: RenderHost | None = None,
        keep_rights: bool = False,
        warn: Callable[[str], None],
        environ: Mapping[str, str] = os.environ,
        secrets: str | os.PathLike[str] = SECRETS,
        clock: Callable[[], float] = time.monotonic,
        replaced: Callable[[], None] = lambda: None,
    ) -> None:
        self._source = source
        self._time_limit_s = time_limit_s
        self._size_limit_bytes = size_limit_bytes
        self._warn = warn
        self._clock = clock
        self._replaced = replaced
        self._limits = {
            "strict": strict,
            "time_limit_s": time_limit_s,
            "size_limit_bytes": size_limit_bytes,
            "memory_limit_bytes": memory_limit_bytes or memory_limit_for(size_limit_bytes),
            "expressions": tuple(expressions),
            "selection": selection.as_request(),
            "each": None if each is None else {"expression": each.expression, "target": each.target},
        }
        self._each = each
        self._expressions = tuple(expressions)
        self._selects = selection != EVERY_CONTAINER
        self.host = host or RenderHost(
            keep_rights=keep_rights,
            environ=environ,
            secrets=secrets,
            body_max=size_limit_bytes,
            warn=warn,
            clock=clock,
        )
        self._is_own_host = host is None
        self._hosts: dict[RenderHost, None] = {}
        self._number = next(_numbers)
        self._loads = self._renders = 0
        self._texts: dict[str, str] = {}
        self._facts: list[Fact] = []
        self._reads_all_containers = False
        self._last: tuple[int, Rendered] | None = None
        self._failure: TemplateFailure | None = TemplateFailure(_NOT_LOADED, source.shown(source.main))

    @property
    def parses(self) -> bool:
        """Whether the template could be loaded the last time."""
        return self._failure is None

    def start(self, process: RenderProcess | None = None) -> None:
        """Begin with a process now, so that it is ready when it is needed. Where that fails, the first render says so.

        Args:
            process: one that was started ahead; None starts one.
        """
        self.host.start(process, replaced=self._replaced)

    def use(self, host: RenderHost) -> None:
        """Render there from now on."""
        self.host = host
        self._hosts.setdefault(host)

    def load(self) -> TemplateFailure | None:
        """Read and compile the template, and what it includes, anew.

        Returns:
            None, or why it cannot be loaded; `render` fails with the same until a later load succeeds.
        """
        self._texts.clear()
        self._loads += 1
        self._reads_all_containers = False
        self._last = None
        try:
            self._source.begin()
        except SourceError as error:
            self._failure = self._failed(str(error))
            return self._failure
        self._failure = self._within(self._load)
        if self._failure is None:
            self._source.accept()
        return self._failure

    def render(self, snapshot: Snapshot) -> Rendered | TemplateFailure:
        """The text for a snapshot. Files are read once, and watched from then on."""
        if self._failure is not None and not self._failure.may_pass:
            return self._failure
        outcome: Rendered | TemplateFailure = self._within(lambda current: self._render(current, snapshot))
        if self._failure is not None and self._failure.may_pass:
            self._failure = None if isinstance(outcome, Rendered) else self._failure
        return outcome

    def stale(self) -> bool:
        """Whether a load and a render would now see other files than the last ones did."""
        return self._source.changed() or (bool(self._facts) and self._files_changed())

    def close(self) -> None:
        """End the process, and what runs in the background; a process of others forgets the template."""
        self._source.close()
        for host in self._hosts:
            host.forget(self._number)
        if self._is_own_host:
            self.host.close()

    # One process after the other

    def _within(self, work: Callable[[HostedProcess], Any]) -> Any:
        """Work with a process that is ready; its end is a failure."""
        try:
            current = self.host.ready(self._replaced)
        except CannotBegin as error:
            return self._failed(f"the render process cannot be started: {error}", may_pass=True)
        try:
            return work(current)
        except Spent:
            self._replace_process()
            return self._within(work)
        except TimeIsUp:
            self._replace_process()
            return self._failed(f"it takes longer than {self._time_limit_s:g} s, the limit of a render")
        except (ProcessEnded, BadFrame) as error:
            self.host.discard()
            return self._failed(f"the render process ended: {error}", may_pass=True)

    def _replace_process(self) -> None:
        self.host.discard()
        self.host.start(replaced=self._replaced)

    # What is asked of it

    def _load(self, current: HostedProcess) -> TemplateFailure | None:
        source = self._source
        current.loaded.pop(self._number, None)
        request = self._request("load", main=source.main, refuses_includes=source.refuses_includes, **self._limits)
        current.send(request)
        until_s = self._clock() + PATIENCE_S
        while True:
            match current.answer(until_s):
                case Ask(name):
                    self._give_text(current, name)
                    until_s = self._clock() + self._time_limit_s + _GRACE_S  # reading it is not part of the limit
                case Loaded(failure, all_containers):
                    self._reads_all_containers |= all_containers
                    if failure is not None:
                        return self._template_failure(failure)
                    current.loaded[self._number] = self._loads
                    return None
                case _:
                    raise BadFrame("another answer than was asked for")

    def _render(self, current: HostedProcess, snapshot: Snapshot) -> Rendered | TemplateFailure:
        if current.loaded.get(self._number) != self._loads:
            failure = self._load(current)
            if failure is not None:
                return failure
        last = self._last
        if last is not None and current.rendered.get(self._number) == last[0]:
            untouched = current.untouched(snapshot, all_containers=self._reads_all_containers)
            if self._number in untouched:
                return replace(last[1], is_repeated=True)
        answer = self._ask_for_text(current, snapshot)
        if answer.reads.all_containers and not self._reads_all_containers:
            # It was found out in the middle of a render, which did not see those that do not run.
            self._reads_all_containers = True
            if answer.failure is None or not answer.failure.is_spent:
                answer = self._ask_for_text(current, snapshot)
        outcome = self._outcome(answer)
        if not isinstance(outcome, Rendered):
            self._last = None
        elif not outcome.is_repeated and self._selects:
            current.rendered[self._number] = self._renders
            self._last = self._renders, outcome
        return outcome

    def _ask_for_text(self, current: HostedProcess, snapshot: Snapshot) -> Answered:
        # The last of what changed travels in the request: one frame and one wake-up of the process for both.
        last: list[Frame] = []
        is_fed_much = False
        for frame in current.feed_of(snapshot, all_containers=self._reads_all_containers):
            if last:
                is_fed_much = True
                current.send(*last)
            last = [frame]
        feed, bodies = last[0] if last else (None, b"")
        may_repeat = self._last is not None and current.rendered.get(self._number) == self._last[0]
        request = self._request("render", announced=is_fed_much, feed=feed, may_repeat=may_repeat)
        current.send(request._replace(body=bodies))
        facts, self._facts = self._facts, []
        self._renders += 1
        current.watched[self._number] = self._renders
        until_s = self._clock() + (PATIENCE_S if is_fed_much else self._time_limit_s + _GRACE_S)
        while True:
            match current.answer(until_s):
                case Begun():
                    until_s = self._clock() + self._time_limit_s + _GRACE_S
                case Ask(name):
                    self._give_text(current, name)
                case Looked(fact) if len(self._facts) < _FACTS_MAX:
                    self._facts.append(fact)
                case Looked():
                    pass
                case Answered() as answer:
                    if answer.is_repeated:
                        self._facts = [*facts, *self._facts]
                    return answer
                case _:
                    raise BadFrame("another answer than was asked for")

    def _outcome(self, answer: Answered) -> Rendered | TemplateFailure:
        for message in answer.warnings:
            self._warn(message)
        if answer.failure is not None:
            return self._template_failure(answer.failure)
        if len(answer.text) > self._size_limit_bytes:
            self.host.discard()
            return self._failed("the render process ended: its text is larger than it may be", may_pass=True)
        if len(answer.chosen) != len(self._expressions):
            self.host.discard()
            return self._failed("the render process ended: it chose by other expressions", may_pass=True)
        chosen = {text: frozenset(ids) for text, ids in zip(self._expressions, answer.chosen, strict=True)}
        if not answer.is_repeated:
            return self._rendered(answer, chosen)
        if self._last is None:
            self.host.discard()
            return self._failed("the render process ended: it repeats what there was not", may_pass=True)
        return replace(self._last[1], reads=answer.reads, chosen=chosen, is_repeated=True)

    def _rendered(self, answer: Answered, chosen: Mapping[str, frozenset[str]]) -> Rendered:
        rendered = Rendered(answer.text, answer.undefined_names, answer.notes, answer.reads, chosen)
        if self._each is None:
            return rendered
        settled = settle(self._each.target, answer.files, answer.failed)
        failed = tuple(map(self._element_failure, settled.failed[:FAILED_TOLD_MAX]))
        return replace(rendered, text=settled.files.encode(), failed=failed, failed_count=len(settled.failed))

    def _element_failure(self, failed: ElementFailed) -> TemplateFailure:
        name = failed.name or self._source.main
        return TemplateFailure(f"{failed.element.label}: {failed.message}", self._source.shown(name), failed.line)

    def _files_changed(self) -> bool:
        found = self._within(self._ask_for_changes)
        return found if isinstance(found, bool) else False

    def _ask_for_changes(self, current: HostedProcess) -> bool:
        if current.watched.get(self._number) != self._renders:
            current.send(self._request("watch", facts=self._facts))
            current.watched[self._number] = self._renders
        current.send(self._request("changed"))
        match current.answer():
            case Changed(changed):
                return changed
            case _:
                raise BadFrame("another answer than was asked for")

    def _give_text(self, current: HostedProcess, name: str) -> None:
        error: SourceError | None = None
        try:
            text = self._text(name)
        except SourceError as raised:
            text, error = "", raised
        header = {"error": None if error is None else str(error), "is_missing": isinstance(error, SourceMissing)}
        current.send(Frame(header, text.encode("utf-8", "surrogatepass")))

    def _text(self, name: str) -> str:
        if name not in self._texts:
            self._texts[name] = self._source.read(name)
        return self._texts[name]

    # Small things

    def _request(self, kind: str, **fields: Any) -> Frame:
        return Frame({"do": kind, "template": self._number, **fields}, b"")

    def _template_failure(self, failure: Failed) -> TemplateFailure:
        if failure.is_spent:
            self._replace_process()
        return TemplateFailure(failure.message, self._source.shown(failure.name), failure.line)

    def _failed(self, message: str, *, may_pass: bool = False) -> TemplateFailure:
        return TemplateFailure(message, self._source.shown(self._source.main), None, may_pass)
