"""The render process from its start to its end, whatever happens to it in between."""

from __future__ import annotations

import os
import signal
import sys
import threading
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from templating import process
from templating.outcome import Rendered, TemplateFailure
from templating.process import ProcessEnded, RenderProcess, TimeIsUp
from templating.renderer import Renderer
from templating.source import open_source
from templating.wire import Frame, pack
from tests.support.render_limits import RENDER_LIMITS
from tests.support.waiting import wait_for
from tests.unit.templating.support import MADE, container, renderer, snapshot, source_runtime

if TYPE_CHECKING:
    from collections.abc import Iterator

pytestmark = pytest.mark.processes

FOREVER_S = time.monotonic() + 3600


def pid_of(made: Renderer) -> int:
    """The process that a renderer uses now."""
    assert made.host.current is not None
    return made.host.current.process.pid


def descriptors() -> int:
    """How many are open here."""
    return len(list(Path("/proc/self/fd").iterdir()))


def children() -> set[int]:
    """The processes that this one started, zombies included."""
    return {
        int(child) for task in Path("/proc/self/task").iterdir() for child in (task / "children").read_text().split()
    }


def await_end(pid: int) -> None:
    """Wait until a process that was killed has ended, and only waits to be reaped."""
    wait_for(lambda: Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] == "Z")


def kill_when_busy(pid: int) -> None:
    """Wait until a process has computed for half a second, which only a render does, and kill it."""
    wait_for(lambda: int(Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[11]) > 50)
    os.kill(pid, signal.SIGKILL)


def test_it_is_given_nothing_of_ours(monkeypatch: pytest.MonkeyPatch) -> None:
    """An empty environment, three descriptors, a session of its own, the root folder, no signal but SIGKILL."""
    monkeypatch.setenv("SECRET", "hunter2")
    opened = os.open("/etc/passwd", os.O_RDONLY)
    os.set_inheritable(opened, True)
    made = renderer("#{{ containers | length }}")
    assert made.render(snapshot()) == Rendered(b"0")
    proc = Path(f"/proc/{pid_of(made)}")
    os.close(opened)
    assert (proc / "environ").read_bytes() == b""
    assert sorted(each.name for each in (proc / "fd").iterdir()) == ["0", "1", "2"]
    assert os.getsid(pid_of(made)) == pid_of(made)
    assert (proc / "cwd").readlink() == Path("/")
    for number in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
        os.kill(pid_of(made), number)
    assert made.render(snapshot(container())) == Rendered(b"1")


@pytest.mark.parametrize("moment", ["before it is used", "before a render", "between a poll and a render"])
def test_an_end_that_nothing_waits_for_is_no_failure(moment: str, tmp_path: Path) -> None:
    """The next one is started, and told all that the one before knew."""
    (tmp_path / "conf").write_text("K=1")
    replaced: list[int] = []
    made = Renderer(
        open_source(f"#{{{{ read_config('K', '{tmp_path}/conf') }}}}{{{{ containers | length }}}}", source_runtime()),
        warn=print,
        environ={},
        keep_rights=True,
        replaced=lambda: replaced.append(1),
        **RENDER_LIMITS,
    )
    MADE.append(made)
    made.start()
    if moment == "before it is used":
        os.kill(pid_of(made), signal.SIGKILL)
        await_end(pid_of(made))
    assert made.load() is None
    assert made.render(snapshot(container())) == Rendered(b"11")
    if moment != "before it is used":
        os.kill(pid_of(made), signal.SIGKILL)
        await_end(pid_of(made))
    if moment == "between a poll and a render":
        assert not made.stale()
        (tmp_path / "conf").write_text("K=2")
        assert made.stale()
        assert made.render(snapshot(container())) == Rendered(b"21")
    else:
        assert made.render(snapshot(container(), container("db"))) == Rendered(b"12")
    assert replaced == [1]


def test_an_end_in_a_render_is_a_failure_that_may_pass() -> None:
    """Killed from outside in the middle: the reason says how it ended, and the next render succeeds."""
    made = renderer(
        "#{% set many = range(10**5) %}{% for c in containers %}{% for i in many %}{% for i in many %}"
        "{% endfor %}{% endfor %}{% endfor %}"
    )
    pid = pid_of(made)
    killer = threading.Thread(target=kill_when_busy, args=(pid,))
    killer.start()
    outcome = made.render(snapshot(container()))
    killer.join()
    assert isinstance(outcome, TemplateFailure)
    assert outcome.may_pass
    assert outcome.message == "the render process ended: it was ended by signal 9; is memory short?"
    assert made.render(snapshot()) == Rendered(b"")


def test_one_that_cannot_be_started_is_a_failure_that_may_pass(monkeypatch: pytest.MonkeyPatch) -> None:
    """In words, at the load as at a render; as soon as it can be, everything is as ever."""
    made = Renderer(open_source("#text", source_runtime()), warn=print, environ={}, **RENDER_LIMITS)
    MADE.append(made)
    with monkeypatch.context() as patch:
        patch.setattr(sys, "executable", "/no/such/python")
        failure = made.load()
        assert failure is not None
        assert failure.may_pass
        assert failure.message == "the render process cannot be started: No such file or directory"
        assert not made.parses
        assert made.render(snapshot()) == failure
    assert made.render(snapshot()) == Rendered(b"text")
    assert made.parses


@pytest.mark.parametrize(
    ("program", "words"),
    [
        ("import sys; sys.exit(3)", "it ended with status 3"),
        ("import os; os.kill(os.getpid(), 9)", "signal 9"),
        ("import os; os.write(1, b'x' * 100); input()", "larger than it may be"),
        ("import os; os.write(1, bytes(12)); input()", "no JSON"),
        ("import os; os.write(1, FRAME({'is': 'rendered'})); input()", "undefined is of another type"),
        ("import os; os.write(1, FRAME({'is': 'begun'})); input()", "another answer"),
        ("import os; os.write(1, FRAME({'is': 'ready', 'missing': ['x']})[:-1]); os._exit(0)", "status 0"),
        ("import os; os.write(1, FRAME({'is': 'nonsense'})); input()", "no known kind"),
        ("import os; os.close(0); os.close(1); import time; time.sleep(3600)", "closed its pipe"),
    ],
)
def test_garbage_is_a_failure(program: str, words: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """Whatever it does in place of what it should: a reason, and nothing is left of it."""
    script = tmp_path / "other.py"
    script.write_text(
        f"import sys; sys.path.append({str(Path.cwd())!r})\nfrom templating.wire import pack as FRAME\n{program}"
    )
    monkeypatch.setattr(process, "_START", script)
    before, open_before = children(), descriptors()
    made = Renderer(open_source("#text", source_runtime()), warn=print, environ={}, **RENDER_LIMITS)
    failure = made.load()
    assert failure is not None
    assert failure.may_pass
    assert words in failure.message
    made.close()
    assert children() == before
    assert descriptors() == open_before


def test_very_many_leave_nothing_behind(monkeypatch: pytest.MonkeyPatch) -> None:
    """A thousand that ended one after the other: no zombie, and no descriptor."""
    monkeypatch.setattr(sys, "executable", "/bin/true")
    made = Renderer(open_source("#text", source_runtime()), warn=print, environ={}, **RENDER_LIMITS)
    made.load()
    before, open_before = children(), descriptors()
    for _ in range(1000):
        assert made.load() is not None
    made.close()
    assert children() <= before
    assert descriptors() <= open_before


def test_what_it_prints_is_no_answer() -> None:
    """Nothing that a template does reaches the pipe but as the text of its render."""
    made = renderer("#{{ '\\0\\0\\0\\2\\0\\0\\0\\0{}' }}")
    assert made.render(snapshot()) == Rendered(b"\0\0\0\2\0\0\0\0{}")


@pytest.fixture
def silent(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[RenderProcess]:
    """A process that neither reads nor writes."""
    script = tmp_path / "silent.py"
    script.write_text("import time; time.sleep(3600)")
    monkeypatch.setattr(process, "_START", script)
    made = RenderProcess(body_max=10)
    yield made
    made.kill()


def test_nobody_is_waited_for_longer_than_said(silent: RenderProcess) -> None:
    """Neither for an answer, nor until a frame is read that does not fit into the pipe."""
    with pytest.raises(TimeIsUp):
        silent.receive(until_s=0)
    with pytest.raises(TimeIsUp):
        silent.send(Frame({}, bytes(1 << 21)), until_s=time.monotonic() + 0.05)


def test_ended_twice_is_ended_once(silent: RenderProcess) -> None:
    """The second time there is nothing to do."""
    silent.kill()
    silent.kill()
    assert not silent.is_alive()


def test_a_frame_to_nobody(silent: RenderProcess) -> None:
    """Its end is noticed by what is sent to it, too."""
    os.kill(silent.pid, signal.SIGKILL)
    await_end(silent.pid)
    with pytest.raises(ProcessEnded, match="signal 9"):
        silent.send(Frame({}, b""), until_s=FOREVER_S)


@pytest.mark.parametrize("cut", [1, 4, 9, 11])
def test_frames_arrive_in_pieces(cut: int) -> None:
    """Wherever they are cut."""
    from templating.wire import FrameReader

    whole = pack({"a": 1}, b"body") + pack({}, b"")
    reader = FrameReader(header_max=100, body_max=100)
    found: list[Any] = []
    for at in range(0, len(whole), cut):
        reader.add(whole[at : at + cut])
        while (frame := reader.next()) is not None:
            found.append(frame)
    assert found == [({"a": 1}, b"body"), ({}, b"")]
