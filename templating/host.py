"""Hosts render processes: one after the other, each for any number of templates, and fed from the same states.

The program never imports Jinja: a template is other people's code, and its limits belong to the kernel. What a process
has to know can be told to the next one, so it is given up without regret.
"""

from __future__ import annotations

import contextlib
import os
import time
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from templating.answers import Ready, Untouched, read_answer
from templating.feed import Feed
from templating.process import ProcessEnded, RenderProcess, TimeIsUp
from templating.wire import BadFrame, Frame

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence

    from models.container import Container
    from models.snapshot import Snapshot
    from templating.answers import Answer

SECRETS = "/run/secrets"
PATIENCE_S = 60.0
"""To start, to take a feed, or to answer what is no render."""
UNTOUCHED_S = 1.25
"""To say which templates a state can't concern: it gives itself a fifth of that."""
_OWN_VARIABLES = ("PYGEN_", "DOCKER_")


def _nobody_is_told() -> None:
    """Nothing was lost yet."""


class Spent(Exception):  # noqa: N818 - named for what happened
    """The process has to be replaced, and what it was asked can be asked of the next one."""


class CannotBegin(Exception):  # noqa: N818 - named for what happened
    """No process can be had; the text says why."""


@dataclass(slots=True)
class HostedProcess:
    """A process, and what it knows.

    Attributes:
        process: to speak to.
        feed: the containers that it was given.
        clock: monotonic.
        loaded: for each template by its number, which load of it.
        watched: for each template by its number, of which render it watches the files.
        rendered: for each template by its number, which render of it was the last one here that gave a text.
        is_ready: whether it is confined.
    """

    process: RenderProcess
    clock: Callable[[], float]
    feed: Feed = field(default_factory=Feed)
    loaded: dict[int, int] = field(default_factory=dict)
    watched: dict[int, int] = field(default_factory=dict)
    rendered: dict[int, int] = field(default_factory=dict)
    is_ready: bool = False
    _untouched: tuple[Snapshot | None, frozenset[int]] = (None, frozenset())
    _reads_all_containers: bool = False

    def send(self, *frames: Frame) -> None:
        """Send frames, in one piece."""
        self.process.send(*frames, until_s=self.clock() + PATIENCE_S)

    def answer(self, until_s: float | None = None) -> Answer:
        """Wait for an answer, until a moment of the monotonic clock, or patiently."""
        return read_answer(self.process.receive(until_s=self.clock() + PATIENCE_S if until_s is None else until_s))

    def feed_of(self, snapshot: Snapshot, *, all_containers: bool) -> Iterator[Frame]:
        """What brings it up to date; of templates that it serves one that reads `all_containers` is enough for all."""
        self._reads_all_containers |= all_containers
        return self.feed.frames(snapshot, all_containers=self._reads_all_containers)

    def untouched(self, snapshot: Snapshot, *, all_containers: bool) -> frozenset[int]:
        """Which of the templates that it rendered can only give the same for a state: one question for all of them.

        Where it serves one alone, nothing is asked, for its render is as quick an answer.

        Args:
            snapshot: the whole state.
            all_containers: as in `feed_of`.

        Raises:
            Spent: it can't go on, whoever is at fault.
        """
        if len(self.rendered) > 1 and self._untouched[0] is not snapshot:
            frames = list(self.feed_of(snapshot, all_containers=all_containers))
            self.send(*frames[:-1])
            feed, bodies = frames[-1] if frames else (None, b"")
            self.send(Frame({"do": "untouched", "templates": list(self.rendered), "feed": feed}, bodies))
            try:
                answer = self.answer(self.clock() + UNTOUCHED_S)
            except TimeIsUp:
                raise Spent from None
            if not isinstance(answer, Untouched):
                raise BadFrame("another answer than was asked for")
            if answer.is_spent:
                raise Spent
            self._untouched = snapshot, answer.templates
        return self._untouched[1] if self._untouched[0] is snapshot else frozenset()


class RenderHost:
    """One process at a time. All calls come from one thread, but for `start` before the first of them.

    Args:
        keep_rights: a process stays root where the program is.
        environ: the environment variables for `read_config`, of which the program's own are left out.
        secrets: the folder of secrets for `read_config`.
        body_max: of a rendered text, in bytes: the largest limit of a template.
        warn: is told of what the kernel does not give.
        clock: monotonic.

    Attributes:
        current: the process in use.
    """

    def __init__(
        self,
        *,
        keep_rights: bool = False,
        environ: Mapping[str, str] = os.environ,
        secrets: str | os.PathLike[str] = SECRETS,
        body_max: int,
        warn: Callable[[str], None],
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self.current: HostedProcess | None = None
        self._settings: dict[str, Any] = {
            "do": "settings",
            "keep_rights": keep_rights,
            "environ": {name: value for name, value in environ.items() if not name.startswith(_OWN_VARIABLES)},
            "secrets": os.fspath(secrets),
        }
        self._body_max = body_max
        self._forgotten: list[int] = []
        self._warn = warn
        self._clock = clock
        self._was_lost = False
        self._told_missing: set[str] = set()

    def start(self, process: RenderProcess | None = None, *, replaced: Callable[[], None] = lambda: None) -> None:
        """Begin with a process now, so that it is ready when it is needed. Where that fails, the first render says so.

        Args:
            process: one that was started ahead; None starts one.
            replaced: is called where it takes the place of one that was lost.
        """
        try:
            self._begin(process, replaced)
        except OSError:
            return

    def ready(self, replaced: Callable[[], None]) -> HostedProcess:
        """The process, ready to be asked.

        Args:
            replaced: is called where another one takes the place of one that was lost.

        Raises:
            CannotBegin: there is none.
        """
        try:
            return self._ready(replaced)
        except OSError as error:
            raise CannotBegin(str(error.strerror)) from None
        except (ProcessEnded, TimeIsUp, BadFrame) as error:
            self.discard()
            raise CannotBegin(str(error) or f"it does not begin within {PATIENCE_S:g} s") from None

    def foresee(self, containers: Sequence[Container]) -> None:
        """Give containers ahead of the first state. What fails here fails again in a render, which tells it."""
        with contextlib.suppress(CannotBegin):
            current = self.ready(_nobody_is_told)
            try:
                current.send(*current.feed.ahead(containers))
            except (ProcessEnded, TimeIsUp):
                self.discard()

    def allow(self, body_max: int) -> None:
        """Take texts of so many bytes, where that is more than before; from any thread."""
        self._body_max = max(self._body_max, body_max)
        if (current := self.current) is not None:
            current.process.allow(self._body_max)

    def forget(self, template: int) -> None:
        """A template is not rendered any more; the process is told when it is next asked for something. Any thread."""
        self._forgotten.append(template)

    def discard(self) -> None:
        """Give the process up: it failed, or something in it may have been interrupted anywhere."""
        self._was_lost = self._was_lost or self.current is not None
        self._end()

    def rest(self) -> None:
        """End the process: nothing needs it for now."""
        self._end()

    def close(self) -> None:
        """End for good."""
        self._end()

    def _end(self) -> None:
        current, self.current = self.current, None
        if current is not None:
            current.process.kill()

    def _begin(self, process: RenderProcess | None, replaced: Callable[[], None]) -> HostedProcess:
        process = process or RenderProcess(clock=self._clock)
        process.allow(self._body_max)
        if self._was_lost:
            replaced()
        self._was_lost = False
        current = self.current = HostedProcess(process, self._clock)
        try:
            current.send(Frame(self._settings, b""))
        except (ProcessEnded, TimeIsUp):
            return current  # whoever needs it will see
        return current

    def _ready(self, replaced: Callable[[], None]) -> HostedProcess:
        current = self.current
        if current is None or not current.process.is_alive():
            self.discard()
            current = self._begin(None, replaced)
        if not current.is_ready:
            answer = current.answer()
            if not isinstance(answer, Ready):
                raise BadFrame("another answer than was asked for")
            self._tell_missing(answer)
            current.is_ready = True
        while self._forgotten:
            number = self._forgotten.pop()
            current.rendered.pop(number, None)
            if current.loaded.pop(number, None) is not None:
                current.send(Frame({"do": "forget", "template": number}, b""))
        return current

    def _tell_missing(self, ready: Ready) -> None:
        for each in ready.missing:
            if each not in self._told_missing:
                self._told_missing.add(each)
                self._warn(f"the render process is less confined than it could be: {each}")
