"""The program as it is composed, with two engines and two jobs: real threads, sockets, files and render processes."""

from __future__ import annotations

import os
import threading
from contextlib import ExitStack
from typing import TYPE_CHECKING, Literal

import pytest

from notify.actions.signal import Signal
from notify.interval import Interval
from reconciler import running
from reconciler.cli.options import of_one_job
from reconciler.cli.settings import Settings
from reconciler.composition.program import Program
from reconciler.loop.wakeups import StopAsked
from tests.support.fake_engine import FakeEngine
from tests.support.waiting import wait_for
from tests.unit.metrics.scraping import scraped

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from tests.support.fake_engine.container import FakeContainer

pytestmark = pytest.mark.processes  # see CONTRIBUTING.md

SIGNALS = (Signal("reader", "SIGHUP"), Signal("reader", "SIGWINCH"))
"""One for each job: the same one of both would be sent once."""
COUNTS = ("pygen_renders_total", "pygen_reconcile_total")
NAMES = "{% for c in containers %}{{ c.name }}\n{% endfor %}"


class Engine(FakeEngine):
    """Remembers who was told, and what the targets held then."""

    def __init__(self, targets: list[Path]) -> None:
        super().__init__()
        self.targets = targets
        self.told: list[tuple[str, list[str]]] = []

    def signal_process(self, container: FakeContainer, signal: str, via: Literal["kill", "exec"]) -> None:
        super().signal_process(container, signal, via)
        self.told.append((container.name, [target.read_text() for target in self.targets]))


class Running:
    """The program, in threads of this process."""

    def __init__(self, folder: Path) -> None:
        self.targets = [folder / "a", folder / "b"]
        self.templates = [folder / "a.j2", folder / "b.j2"]
        for template in self.templates:
            template.write_text(NAMES)
        self.engines = [Engine(self.targets), Engine(self.targets)]

    def start(self) -> None:
        parts = [
            of_one_job(
                template=str(template),
                target=str(target),
                notifications=(signal,),
                docker_address=engine.address,
                metrics=None,
                interval=Interval(0.05, 0.2),
                resync_s=600.0,
            )
            for template, target, engine, signal in zip(
                self.templates, self.targets, self.engines, SIGNALS, strict=True
            )
        ]
        engines = tuple(each.engines[0] for each in parts)
        jobs = tuple(each.jobs[0] for each in parts)
        self.program = Program(Settings(parts[0].program, engines, jobs), os.environ)
        assert running._prepare(self.program) is None
        self.program.start_engines()
        self.nothing_owed: list[bool] = []
        self.thread = threading.Thread(target=lambda: self.nothing_owed.append(self.program.reconciler.run()))
        self.thread.start()

    def stop(self) -> None:
        self.program.shared.inbox.put(StopAsked())
        self.thread.join()
        self.program.close()

    def await_content(self, *names: str) -> None:
        """Both targets hold these names."""
        text = "".join(f"{name}\n" for name in names)
        wait_for(lambda: [target.exists() and target.read_text() for target in self.targets] == [text, text])

    def await_told(self, *counts: int) -> None:
        """So many signals arrived at the engines."""
        wait_for(lambda: [len(engine.told) for engine in self.engines] == list(counts), what=self.shown)

    def shown(self) -> str:
        return str([[name for name, _ in engine.told] for engine in self.engines])

    def metric(self, name: str, **labels: str) -> float:
        return scraped(self.program.metrics)[name, frozenset(labels.items())]


@pytest.fixture
def both(tmp_path: Path) -> Iterator[Running]:
    """Each engine has a reader, which was told once by each job."""
    both = Running(tmp_path)
    with ExitStack() as stack:
        for name, engine in zip(("x", "y"), both.engines, strict=True):
            stack.enter_context(engine)
            engine.add_container(name, labels={"pygen.target": "reader"})
        both.start()
        stack.callback(both.stop)
        both.await_content("x", "y")
        both.await_told(2, 2)
        yield both


def test_each_job_sees_all_engines_and_each_reader_is_reached_by_its_own(both: Running) -> None:
    """Both files follow either engine; who is told of the second finds both new."""
    both.engines[1].add_container("web")
    both.await_content("web", "x", "y")
    both.await_told(4, 4)
    for engine in both.engines:
        assert engine.told[-1][1] == ["web\nx\ny\n"] * 2
    assert both.metric("pygen_event_stream_up") == 1


def test_an_edited_template_touches_its_own_job_only(both: Running) -> None:
    """Neither a render nor a pass nor a signal of the other one."""
    before = {name: both.metric(name, target=str(both.targets[0]), result="success") for name in COUNTS}
    both.templates[1].write_text("edited\n" + NAMES)
    wait_for(lambda: both.targets[1].read_text().startswith("edited"))
    both.await_told(3, 3)
    assert {name: both.metric(name, target=str(both.targets[0]), result="success") for name in COUNTS} == before
    assert both.targets[0].read_text() == "x\ny\n"


def test_one_engine_that_answers_nothing_holds_up_nobody_else(both: Running) -> None:
    """Its containers stay as they were; what is owed to them is told as soon as it answers, the rest at once."""
    for operation in ("list", "inspect", "events", "kill", "ping", "version"):
        both.engines[1].fault(operation, times=None, how="hang")
    both.engines[1].break_connections()
    both.engines[0].add_container("web")
    both.await_content("web", "x", "y")
    both.await_told(4, 2)
    wait_for(lambda: both.metric("pygen_notifications_pending", action="signal", container="reader") == 2)
    wait_for(lambda: both.metric("pygen_event_stream_up") == 0)
    both.engines[0].add_container("db")
    both.await_content("db", "web", "x", "y")
    both.await_told(6, 2)
    both.engines[1].heal()
    both.await_told(6, 4)


def test_at_the_end_both_jobs_are_flushed(tmp_path: Path) -> None:
    """Whatever their batches wait for, and whichever engine they go to."""
    both = Running(tmp_path)
    with both.engines[0], both.engines[1]:
        for name, engine in zip(("x", "y"), both.engines, strict=True):
            engine.add_container(name, labels={"pygen.target": "reader"})
        both.start()
        both.await_content("x", "y")
        both.stop()
        assert both.nothing_owed == [True]
        assert [len(engine.told) for engine in both.engines] == [2, 2]
