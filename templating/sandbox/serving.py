"""The render process's life: settings, confinement, then one request after the other until the program is gone.

Requests, each a frame's `do`; most name a `template` by its number:

- `settings`, the first. Answered by `ready`, once this process is confined.
- `feed`: containers that came, changed or went. Not answered.
- `load`: compile a template, whose texts are asked for. Answered by `loaded`.
- `render`, with the last part of a `feed` where there is one. Answered by `rendered`; after a feed that takes a while
  also by `begun`, when its time begins to count.
- `untouched`: which of several `templates` this state can't concern, with the last part of a `feed` likewise. Answered
  by `untouched`.
- `forget`: a template that is not rendered any more. Not answered.
- `watch`: look after files that another process looked at; `changed`: whether one is different. Answered by `changed`.

In between this process asks for a template's text (`ask`), and tells which files it looked at (`looked`).
"""

from __future__ import annotations

import contextlib
import encodings.unicode_escape  # noqa: F401 - Jinja's lexer needs it for every text in a template
import gc
import importlib
import os
import stat
import sys
import time
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any, NoReturn

from templating.errors import SourceError, SourceMissing
from templating.outcome import MIB
from templating.sandbox.channel import Channel, ProgramGone
from templating.sandbox.config_files import ConfigFiles
from templating.sandbox.confinement import ParentGone, confine
from templating.sandbox.limits import Alarm, TimeLimitReached, memory_of
from templating.sandbox.rendering import Failure, Rendering
from templating.sandbox.state import State
from templating.watching import FileWatch

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from templating.watching import Fact

GARBAGE_THRESHOLD = 20_000
"""New objects between two looks of the garbage collector: most renders make fewer, and few of them make cycles."""
UNTOUCHED_S = 0.25
"""For all templates together: an expression takes some microseconds."""
UNTOUCHED_BYTES = 256 * MIB
CONFIG_LIMIT_BYTES = 16 * 1024 * 1024
_LATE = (
    "ruamel.yaml", "pprint", "textwrap", "unicodedata", "encodings.ascii", "encodings.latin_1", "encodings.iso8859_1",
    "encodings.iso8859_15", "encodings.cp1252", "encodings.utf_8_sig", "encodings.utf_16", "encodings.utf_16_le",
    "encodings.utf_16_be", "encodings.utf_32", "encodings.idna", "encodings.punycode", "encodings.raw_unicode_escape",
)  # fmt: skip
"""What is imported where it is used, unless a user without rights could not read it then."""


def serve(parent: int) -> NoReturn:
    """Serve on standard input and output until the program is gone; it sees no status."""
    channel = Channel(0, 1)
    gc.set_threshold(GARBAGE_THRESHOLD)
    _import_what_will_be_out_of_reach()  # while the program is busy with its own imports
    try:
        header, _ = channel.receive()
        server = Server(channel, header, Alarm())
        channel.send({"is": "ready", "missing": confine(parent, keep_rights=header["keep_rights"])})
        while True:
            server.answer(*channel.receive())
    except (ProgramGone, ParentGone):
        os._exit(0)


class Server:
    """Answers requests.

    Args:
        channel: to the program.
        settings: `environ` and `secrets`.
        alarm: the time limit.
    """

    def __init__(self, channel: Channel, settings: Mapping[str, Any], alarm: Alarm) -> None:
        self._channel = channel
        self._settings = settings
        self._alarm = alarm
        self._state = State()
        self._templates: dict[int, ServedTemplate] = {}

    def answer(self, header: Mapping[str, Any], body: bytes) -> None:
        """Do what a request asks for."""
        if (feed := header.get("feed")) is not None:
            self._state.feed(feed, body)
        match header["do"]:
            case "feed":
                self._state.feed(header, body)
            case "load":
                is_first = not self._templates
                self._template(header["template"]).load(header)
                if is_first:
                    gc.freeze()  # what was imported stays: the collector need not look at it again
            case "render":
                self._template(header["template"]).render(self._state, header)
            case "untouched":
                self._tell_untouched(header["templates"])
            case "forget":
                self._templates.pop(header["template"], None)
            case "watch":
                self._template(header["template"]).watch.restore(header["facts"])
            case "changed":
                changed = self._template(header["template"]).watch.changed()
                self._channel.send({"is": "changed", "changed": changed})

    def _tell_untouched(self, numbers: Sequence[int]) -> None:
        """All are looked at within one limit: whoever takes longer is asked alone the next time, and told of then."""
        untouched: list[int] = []
        is_spent = False
        try:
            with memory_of(UNTOUCHED_BYTES), self._alarm.within(UNTOUCHED_S):
                for number in numbers:
                    template = self._templates.get(number)
                    if template is not None and template.is_untouched(self._state):
                        untouched.append(number)
        except (TimeLimitReached, MemoryError):
            is_spent = True
        self._channel.send({"is": "untouched", "templates": untouched, "is_spent": is_spent})

    def _template(self, number: int) -> ServedTemplate:
        if number not in self._templates:
            self._templates[number] = ServedTemplate(self._channel, self._settings, self._alarm)
        return self._templates[number]


class ServedTemplate:
    """One template, and the files that it looked at.

    Args:
        channel: to the program.
        settings: `environ` and `secrets`.
        alarm: the time limit.

    Attributes:
        watch: looks after the files.
    """

    def __init__(self, channel: Channel, settings: Mapping[str, Any], alarm: Alarm) -> None:
        self._channel = channel
        self._alarm = alarm
        self.watch = FileWatch(time.time, CONFIG_LIMIT_BYTES, self._looked)
        self._warnings: dict[str, None] = {}
        self._files = ConfigFiles(self.watch, settings["environ"], self._warn, Path(settings["secrets"]))
        self._rendering: Rendering | None = None

    def load(self, request: Mapping[str, Any]) -> None:
        """Compile it.

        Args:
            request: `main`, `refuses_includes`, `strict`, `time_limit_s`, `size_limit_bytes`, `memory_limit_bytes`,
                `expressions`, `selection`, `each`.
        """
        self._files.begin()
        rendering = Rendering(
            AskedTexts(request["main"], request["refuses_includes"], self._channel, self._alarm),
            functions=self._files.functions(),
            strict=request["strict"],
            time_limit_s=request["time_limit_s"],
            size_limit_bytes=request["size_limit_bytes"],
            expressions=request["expressions"],
            selection=request["selection"],
            each=request["each"],
            begin=self._files.begin,
            limited=partial(self._limited, request["memory_limit_bytes"], request["time_limit_s"]),
        )
        failure = rendering.load()
        self._rendering = rendering if failure is None else None
        told = None if failure is None else _as_json(failure)
        self._channel.send({"is": "loaded", "failure": told, "all_containers": rendering.reads_all_containers})

    def is_untouched(self, state: State) -> bool:
        """Whether a state can only give the text of the last render."""
        rendering = self._rendering
        return rendering is not None and rendering.is_untouched(state.values(), state.changed, state.version)

    def render(self, state: State, request: Mapping[str, Any]) -> None:
        """Render it.

        Args:
            state: what templates see.
            request: `announced`, whether to say that it begins; `may_repeat`, whether the program has its last text.
        """
        if self._rendering is None:
            raise ProgramGone  # it never asks for that
        self._warnings.clear()
        if request["announced"]:
            self._channel.send({"is": "begun"})
        outcome = self._rendering.render(state.values(), may_repeat=request["may_repeat"], version=state.version)
        reads = self._rendering.reads
        answer: dict[str, Any] = {
            "is": "rendered",
            "warnings": list(self._warnings),
            "all_containers": reads.all_containers,
            "raw": reads.raw,
        }
        if isinstance(outcome, Failure):
            self._channel.send(answer | {"failure": _as_json(outcome)})
        else:
            answer |= {
                "failure": None,
                "undefined": outcome.undefined_names,
                "notes": outcome.notes,
                "chosen": outcome.chosen,
                "repeated": outcome.is_repeated,
            }
            if outcome.parts is not None:
                answer |= {"files": outcome.parts.files, "failed": outcome.parts.failed}
            self._channel.send(answer, outcome.text)

    @contextlib.contextmanager
    def _limited(self, memory_bytes: int, time_s: float) -> Iterator[None]:
        with memory_of(memory_bytes), self._alarm.within(time_s):
            yield

    def _looked(self, fact: Fact) -> None:
        with self._alarm.held():
            self._channel.send({"is": "looked", "fact": fact})

    def _warn(self, message: str) -> None:
        self._warnings[message] = None


class AskedTexts:
    """Templates' texts, asked of the program, which reads them by the rules of their source.

    Args:
        main: the main template's name.
        refuses_includes: why `include` and `import` are errors; None where they are not.
        channel: to the program.
        alarm: waits while something is asked.
    """

    def __init__(self, main: str, refuses_includes: str | None, channel: Channel, alarm: Alarm) -> None:
        self.main = main
        self.refuses_includes = refuses_includes
        self._channel = channel
        self._alarm = alarm

    def read(self, name: str) -> str:
        """The text of a template.

        Raises:
            SourceMissing: it is not there.
            SourceError: it cannot be loaded.
        """
        with self._alarm.held():
            self._channel.send({"is": "ask", "name": name})
            header, body = self._channel.receive()
        if header["error"] is not None:
            raise (SourceMissing if header["is_missing"] else SourceError)(header["error"])
        return body.decode("utf-8", "surrogatepass")


def _as_json(failure: Failure) -> dict[str, Any]:
    return {"message": failure.message, "name": failure.name, "line": failure.line, "is_spent": failure.is_spent}


def _import_what_will_be_out_of_reach() -> None:
    """Where Python or the libraries lie in a folder that only their owner may enter (`/root/.venv`)."""
    if all(map(_is_open_to_all, {os.__file__, *map(os.path.abspath, filter(os.path.isdir, sys.path))})):
        return
    for name in _LATE:
        with contextlib.suppress(ImportError):
            importlib.import_module(name)


def _is_open_to_all(path: str) -> bool:
    try:
        return all(each.stat().st_mode & stat.S_IXOTH for each in Path(path).resolve().parents)
    except OSError:
        return False
