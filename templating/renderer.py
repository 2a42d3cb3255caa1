"""Renders one template, again and again, in a process of its own that is replaced whenever it fails.

The program never imports Jinja: a template is other people's code, and its limits belong to the kernel. What a process
has to know (settings, containers, the template, the files that it looked at) is kept here or in the snapshot, so that
the next one can be told. Its end at any point is one failed render with a reason.
"""

from __future__ import annotations

import os
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from templating.answers import Answered, Ask, Begun, Changed, Failed, Loaded, Looked, Ready, read_answer
from templating.errors import SourceError, SourceMissing
from templating.feed import Feed
from templating.outcome import MIB, Rendered, TemplateFailure
from templating.process import ProcessEnded, RenderProcess, TimeIsUp
from templating.wire import BadFrame, Frame

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from models.snapshot import Snapshot
    from templating.answers import Answer
    from templating.source import TemplateSource
    from templating.watching import Fact

SECRETS = "/run/secrets"
_MEMORY_FACTOR = 16
_MEMORY_LEAST_BYTES = 256 * MIB
_GRACE_S = 1.0
"""After its time limit a process has so long to say itself where the template stands."""
_PATIENCE_S = 60.0
"""To start, to take a feed, or to answer what is no render."""
_FACTS_MAX = 100_000
_NOT_LOADED = "the template is not loaded"
_OWN_VARIABLES = ("PYGEN_", "DOCKER_")


def memory_limit_for(size_limit_bytes: int) -> int:
    """Bytes that a render may add to its process's memory, unless configured."""
    return max(_MEMORY_LEAST_BYTES, _MEMORY_FACTOR * size_limit_bytes)


@dataclass(slots=True)
class _Current:
    """The process in use, and what it knows."""

    process: RenderProcess
    feed: Feed
    is_ready: bool = False
    is_loaded: bool = False
    knows_facts: bool = True


class Renderer:
    """A template, ready to be rendered.

    All calls come from one thread. Nothing is raised for what a template, its files or its process do wrong.

    Args:
        source: where the template comes from.
        strict: whether the use of an unknown name is an error.
        time_limit_s: of one render, and of compiling one template, in seconds.
        size_limit_bytes: of the rendered text.
        memory_limit_bytes: what one render may add to its process's memory; None for what fits the size.
        keep_rights: the process stays root where the program is.
        warn: is told of what is odd but no failure; never a value.
        environ: the environment variables for `read_config`, of which the program's own are left out.
        secrets: the folder of secrets for `read_config`.
        clock: monotonic.
        replaced: is called for each process that takes the place of another.

    Attributes:
        parses: whether the template is loaded as it is now.
    """

    def __init__(
        self,
        source: TemplateSource,
        *,
        strict: bool = False,
        time_limit_s: float,
        size_limit_bytes: int,
        memory_limit_bytes: int | None = None,
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
        self._settings: dict[str, Any] = {
            "do": "settings",
            "strict": strict,
            "time_limit_s": time_limit_s,
            "size_limit_bytes": size_limit_bytes,
            "memory_limit_bytes": memory_limit_bytes or memory_limit_for(size_limit_bytes),
            "keep_rights": keep_rights,
            "environ": {name: value for name, value in environ.items() if not name.startswith(_OWN_VARIABLES)},
            "secrets": os.fspath(secrets),
        }
        self._current: _Current | None = None
        self._is_first = True
        self._told_missing: set[str] = set()
        self._texts: dict[str, str] = {}
        self._facts: list[Fact] = []
        self._reads_all_containers = False
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
        try:
            self._begin_process(process)
        except OSError:
            return

    def load(self) -> TemplateFailure | None:
        """Read and compile the template, and what it includes, anew.

        Returns:
            None, or why it cannot be loaded; `render` fails with the same until a later load succeeds.
        """
        self._texts.clear()
        self._reads_all_containers = False
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
        """End the process, and what runs in the background."""
        self._source.close()
        self._discard()

    # One process after the other

    def _within(self, work: Callable[[_Current], Any]) -> Any:
        """Work with a process that is ready; its end is a failure."""
        try:
            current = self._ready()
        except OSError as error:
            return self._failed(f"the render process cannot be started: {error.strerror}", may_pass=True)
        except (ProcessEnded, TimeIsUp, BadFrame) as error:
            self._discard()
            reason = str(error) or f"it does not begin within {_PATIENCE_S:g} s"
            return self._failed(f"the render process cannot be started: {reason}", may_pass=True)
        try:
            return work(current)
        except TimeIsUp:
            self._discard()
            self.start()
            return self._failed(f"it takes longer than {self._time_limit_s:g} s, the limit of a render")
        except (ProcessEnded, BadFrame) as error:
            self._discard()
            return self._failed(f"the render process ended: {error}", may_pass=True)

    def _begin_process(self, process: RenderProcess | None = None) -> _Current:
        process = process or RenderProcess(body_max=self._size_limit_bytes, clock=self._clock)
        if not self._is_first:
            self._replaced()
        self._is_first = False
        current = self._current = _Current(process, Feed(), knows_facts=not self._facts)
        try:
            process.send(Frame(self._settings, b""), until_s=self._until_s())
        except (ProcessEnded, TimeIsUp):
            return current  # whoever needs it will see
        return current

    def _ready(self) -> _Current:
        current = self._current
        if current is None or not current.process.is_alive():
            self._discard()
            current = self._begin_process()
        if not current.is_ready:
            answer = self._answer(current, self._until_s())
            if not isinstance(answer, Ready):
                raise BadFrame("another answer than was asked for")
            self._tell_missing(answer)
            current.is_ready = True
        return current

    def _discard(self) -> None:
        current, self._current = self._current, None
        if current is not None:
            current.process.kill()

    # What is asked of it

    def _load(self, current: _Current) -> TemplateFailure | None:
        source = self._source
        current.is_loaded = False
        request = {"do": "load", "main": source.main, "refuses_includes": source.refuses_includes}
        self._send(current, Frame(request, b""))
        until_s = self._until_s()
        while True:
            match self._answer(current, until_s):
                case Ask(name):
                    self._give_text(current, name)
                    until_s = self._clock() + self._time_limit_s + _GRACE_S  # reading it is not part of the limit
                case Loaded(failure, all_containers):
                    self._reads_all_containers |= all_containers
                    if failure is not None:
                        return self._template_failure(failure)
                    current.is_loaded = True
                    return None
                case _:
                    raise BadFrame("another answer than was asked for")

    def _render(self, current: _Current, snapshot: Snapshot) -> Rendered | TemplateFailure:
        if not current.is_loaded:
            failure = self._load(current)
            if failure is not None:
                return failure
        answer = self._ask_for_text(current, snapshot)
        if answer.reads.all_containers and not self._reads_all_containers:
            # It was found out in the middle of a render, which did not see those that do not run.
            self._reads_all_containers = True
            if answer.failure is None or not answer.failure.is_spent:
                answer = self._ask_for_text(current, snapshot)
        return self._outcome(answer)

    def _ask_for_text(self, current: _Current, snapshot: Snapshot) -> Answered:
        # The last of what changed travels with the request: one wake-up of the process for both.
        last: list[Frame] = []
        is_fed_much = False
        for frame in current.feed.frames(snapshot, all_containers=self._reads_all_containers):
            is_fed_much = bool(last)
            self._send(current, *last)
            last = [frame]
        self._send(current, *last, Frame({"do": "render", "announced": is_fed_much}, b""))
        self._facts.clear()
        current.knows_facts = True
        until_s = self._until_s() if is_fed_much else self._clock() + self._time_limit_s + _GRACE_S
        while True:
            match self._answer(current, until_s):
                case Begun():
                    until_s = self._clock() + self._time_limit_s + _GRACE_S
                case Ask(name):
                    self._give_text(current, name)
                case Looked(fact) if len(self._facts) < _FACTS_MAX:
                    self._facts.append(fact)
                case Looked():
                    pass
                case Answered() as answer:
                    return answer
                case _:
                    raise BadFrame("another answer than was asked for")

    def _outcome(self, answer: Answered) -> Rendered | TemplateFailure:
        for message in answer.warnings:
            self._warn(message)
        if answer.failure is not None:
            return self._template_failure(answer.failure)
        return Rendered(answer.text, answer.undefined_names, answer.notes, answer.reads)

    def _files_changed(self) -> bool:
        found = self._within(self._ask_for_changes)
        return found if isinstance(found, bool) else False

    def _ask_for_changes(self, current: _Current) -> bool:
        if not current.knows_facts:
            self._send(current, Frame({"do": "watch", "facts": self._facts}, b""))
            current.knows_facts = True
        self._send(current, Frame({"do": "changed"}, b""))
        match self._answer(current, self._until_s()):
            case Changed(changed):
                return changed
            case _:
                raise BadFrame("another answer than was asked for")

    def _give_text(self, current: _Current, name: str) -> None:
        error: SourceError | None = None
        try:
            text = self._text(name)
        except SourceError as raised:
            text, error = "", raised
        header = {"error": None if error is None else str(error), "is_missing": isinstance(error, SourceMissing)}
        self._send(current, Frame(header, text.encode("utf-8", "surrogatepass")))

    def _text(self, name: str) -> str:
        if name not in self._texts:
            self._texts[name] = self._source.read(name)
        return self._texts[name]

    # Small things

    def _send(self, current: _Current, *frames: Frame) -> None:
        current.process.send(*frames, until_s=self._until_s())

    def _answer(self, current: _Current, until_s: float) -> Answer:
        return read_answer(current.process.receive(until_s=until_s))

    def _until_s(self) -> float:
        return self._clock() + _PATIENCE_S

    def _template_failure(self, failure: Failed) -> TemplateFailure:
        if failure.is_spent:
            self._discard()
            self.start()
        return TemplateFailure(failure.message, self._source.shown(failure.name), failure.line)

    def _failed(self, message: str, *, may_pass: bool = False) -> TemplateFailure:
        return TemplateFailure(message, self._source.shown(self._source.main), None, may_pass)

    def _tell_missing(self, ready: Ready) -> None:
        for each in ready.missing:
            if each not in self._told_missing:
                self._told_missing.add(each)
                self._warn(f"the render process is less confined than it could be: {each}")
