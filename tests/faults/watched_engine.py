"""What the faults happen to: a fake engine whose containers look at the target, and the program that keeps it.

The engine remembers what was in the target whenever a container was told, and whenever the engine was listed. The
first is the promise itself: told of the last content. The second counts how late something was, in lists instead of
seconds, whatever the machine does meanwhile.
"""

from __future__ import annotations

from collections import defaultdict
from typing import TYPE_CHECKING, Literal

from tests.support.fake_engine import FakeEngine
from tests.support.waiting import wait_for

if TYPE_CHECKING:
    from pathlib import Path

    from tests.support.fake_engine.container import FakeContainer
    from tests.support.running_program import RunningProgram

#: Containers that are to be shown; those that read the file are not, so that nothing of their own is in it.
SHOWN = {"shown": "yes"}
NAMES = "{% for c in containers if c.labels.shown %}{{ c.name }}\n{% endfor %}"
#: Seconds: more than any backoff lets pass, with room for a slow machine.
PATIENCE_S = 150.0


class WatchedEngine(FakeEngine):
    """A fake engine whose containers read the target.

    Attributes:
        seen: container name to the target's text at each of its signals and restarts, in order.
        at_lists: the target's text at each list, in order.
    """

    def __init__(self, target: Path, *, socket_path: str | None = None) -> None:
        self._target = target
        self.seen: defaultdict[str, list[str]] = defaultdict(list)
        self.at_lists: list[str] = []
        super().__init__(socket_path)

    def signal_process(self, container: FakeContainer, signal: str, via: Literal["kill", "exec"]) -> None:
        """The process gets a signal, and reads the target."""
        super().signal_process(container, signal, via)
        if signal not in container.dies_of:
            self.seen[container.name].append(self.read())

    def restart(self, reference: str, *, stop_timeout_s: int | None = None) -> None:
        """The container starts anew, and reads the target."""
        super().restart(reference, stop_timeout_s=stop_timeout_s)
        self.seen[self.container(reference).name].append(self.read())

    def list_body(self, *, all_containers: bool) -> bytes:
        """The list; what the target holds at this moment is remembered."""
        self.at_lists.append(self.read())
        return super().list_body(all_containers=all_containers)

    def read(self) -> str:
        """What the target holds; '' where it is no file."""
        try:
            return self._target.read_text()
        except OSError:
            return ""

    def shown(self) -> list[FakeContainer]:
        """The containers that the template shows."""
        with self.lock:
            everybody = [self.container(each) for each in self.container_ids]
            return [each for each in everybody if each.alive and each.labels == SHOWN]

    def run(self, *names: str) -> None:
        """Start containers that are shown."""
        for name in names:
            self.add_container(name, labels=SHOWN)

    def await_seen(self, name: str, text: str) -> None:
        """Wait until what a container read last is this."""
        what = lambda: f"{name} told of {text!r}: {self.seen[name]}"  # noqa: E731 - only asked in the end
        wait_for(lambda: self.seen[name][-1:] == [text], timeout_s=PATIENCE_S, what=what)

    def await_subscribers(self, count: int = 1) -> None:
        """Wait until so many streams are open."""
        wait_for(lambda: self.events.subscriber_count == count, timeout_s=PATIENCE_S, what=f"{count} event streams")


def lines(*names: str) -> str:
    """The text of a target with one line for each."""
    return "".join(f"{name}\n" for name in names)


def await_metric(running: RunningProgram, name: str, at_least: float, **labels: str) -> None:
    """Wait until a metric has grown so far."""
    running.program.wait_for(
        lambda: running.program.get("/healthz")[0] and running.program.metric(name, **labels) >= at_least,
        timeout_s=PATIENCE_S,
        what=f"{name} {labels} to be {at_least:g}",
    )


def await_failed_requests(running: RunningProgram, operation: str, at_least: float = 1) -> None:
    """Wait until so many requests have failed."""
    await_metric(running, "pygen_docker_requests_total", at_least, operation=operation, result="error")


def await_content(running: RunningProgram, *names: str) -> None:
    """Wait until the target holds these lines, however long a backoff may be."""
    text = lines(*names)
    running.program.wait_for(
        lambda: running.read() == text, timeout_s=PATIENCE_S, what=f"{text!r}, not {running.read()!r}"
    )


def written(running: RunningProgram) -> float:
    """How often the program has replaced its target."""
    labels = {"target": str(running.target), "mode": "replace", "result": "success"}
    return running.program.metric("pygen_target_writes_total", **labels)
