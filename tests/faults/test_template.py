"""A template that is broken, that fails for a while, that never ends, or that gets stuck."""

from __future__ import annotations

import os
import signal
from pathlib import Path
from typing import TYPE_CHECKING

from tests.faults.watched_engine import NAMES, SHOWN, WatchedEngine, await_content, await_metric, lines
from tests.support.running_program import NO_RESYNC
from tests.support.waiting import wait_for

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.support.running_program import ProgramStarter

NOTIFY = ("--signal", "reader", "HUP", "--interval", "0")

TOO_MUCH = {
    "endless": "{% for i in range(100000) %}{% for j in range(100000) %}{% endfor %}{% endfor %}",
    "nested loops with output": "{% for i in range(100000) %}{% for j in range(100000) %}text{% endfor %}{% endfor %}",
    "times": "{{ 'a' * 10**12 }}",
    "to the power of": "{{ 10 ** (10 ** 9) }}",
    "percent": "{{ '%1000000000000d' % 1 }}",
    "recursion": "{% macro m() %}{{ m() }}{% endmacro %}{{ m() }}",
    "a pattern": "{{ ('a' * 40 ~ '!') | regex_search('^(a+)+$') }}",
    "doubling": "{% set n = namespace(x='ab') %}{% for i in range(99) %}{% set n.x = n.x ~ n.x %}{% endfor %}",
}

# Two lists that share their elements, doubled seventy times: comparing them is one call of C.
NEVER_RETURNS = (
    "{% set n = namespace(x=[1], y=[1]) %}{% for i in range(70) %}{% set n.x = [n.x, n.x] %}"
    "{% set n.y = [n.y, n.y] %}{% endfor %}{{ n.x == n.y }}"
)


def children_of(pid: int) -> list[int]:
    """The processes that a process started."""
    return [int(child) for task in Path(f"/proc/{pid}/task").iterdir() for child in _children_of_thread(task)]


def _children_of_thread(task: Path) -> list[str]:
    try:
        return (task / "children").read_text().split()
    except OSError:  # the thread ended
        return []


def is_busy(pid: int) -> bool:
    """Whether a process has computed for half a second, which only a render does."""
    return int(Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[11]) >= os.sysconf("SC_CLK_TCK") / 2


def has_ended(pid: int) -> bool:
    """Whether a process is gone, or only waits for somebody to hear of it."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] == "Z"
    except OSError:
        return True


def test_broken_and_mended(fake: WatchedEngine, make_starter: Callable[[str], ProgramStarter]) -> None:
    """The file stays, `/readyz` and the log say why, and the mended template takes effect by itself."""
    fake.add_container("reader")
    fake.run("one")
    starter = make_starter(NAMES)
    running = starter.start(*NO_RESYNC, *NOTIFY)
    await_content(running, "one")
    fake.await_seen("reader", lines("one"))
    starter.template.write_text("{% for c in %}")
    running.program.wait_for_log("template.j2, line 1")
    running.program.wait_for(lambda: running.program.get("/readyz")[0] == 503, what="not to be ready")
    await_metric(running, "pygen_renders_total", 1, target=str(running.target), result="error")
    fake.run("two")
    fake.die("one")
    running.program.wait_for(
        lambda: running.program.metric("pygen_containers", state="exited") == 1, what="the change to be known"
    )
    assert running.read() == lines("one")
    starter.template.write_text(NAMES + "mended\n")
    await_content(running, "two", "mended")
    fake.await_seen("reader", lines("two", "mended"))
    running.program.wait_ready()
    running.await_settled()
    assert fake.seen["reader"] == [lines("one"), lines("two", "mended")]


def test_a_value_that_makes_it_fail(fake: WatchedEngine, make_starter: Callable[[str], ProgramStarter]) -> None:
    """The file stays as long as the value is there, which no message shows; then it is true again."""
    fake.add_container("reader")
    fake.add_container("one", labels={**SHOWN, "weight": "3"})
    template = (
        "{% for c in containers if c.labels.shown %}{{ c.name }} {{ 12 // (c.labels.weight | int) }}\n{% endfor %}"
    )
    running = make_starter(template).start(*NO_RESYNC, *NOTIFY)
    await_content(running, "one 4")
    fake.await_seen("reader", lines("one 4"))
    fake.add_container("two", labels={**SHOWN, "weight": "hunter2"})
    await_metric(running, "pygen_renders_total", 1, target=str(running.target), result="error")
    running.program.wait_for_log("template.j2, line 1")
    assert running.read() == lines("one 4")
    fake.add_container("three", labels={**SHOWN, "weight": "6"})
    fake.remove("two")
    await_content(running, "one 4", "three 2")
    fake.await_seen("reader", lines("one 4", "three 2"))
    running.program.wait_for_log("renders again")
    assert "hunter2" not in running.program.log()
    running.await_settled()
    assert fake.seen["reader"] == [lines("one 4"), lines("one 4", "three 2")]


def test_endless_and_huge_ones(fake: WatchedEngine, make_starter: Callable[[str], ProgramStarter]) -> None:
    """Each is a template error, the file stays, and the next good template is kept as ever."""
    fake.run("one")
    starter = make_starter(NAMES)
    running = starter.start(*NO_RESYNC, "--render-time-limit", "1", "--render-size-limit", str(1 << 20))
    await_content(running, "one")
    for number, (name, template) in enumerate(TOO_MUCH.items(), start=1):
        starter.template.write_text(f"{template}{{# {name} #}}")
        await_metric(running, "pygen_renders_total", number, target=str(running.target), result="error")
        assert running.read() == lines("one"), name
        assert running.program.get("/healthz")[0] == 200, name
    starter.template.write_text(NAMES + "mended\n")
    await_content(running, "one", "mended")
    fake.run("two")
    await_content(running, "one", "two", "mended")
    assert running.program.stop() == 0


def test_a_call_that_never_returns_is_killed(
    fake: WatchedEngine, make_starter: Callable[[str], ProgramStarter]
) -> None:
    """Its process is, at the time limit; meanwhile the program answers, and afterwards it goes on as ever."""
    fake.run("one")
    starter = make_starter(NAMES)
    running = starter.start(*NO_RESYNC, "--render-time-limit", "2")
    await_content(running, "one")
    starter.template.write_text(NEVER_RETURNS)
    answers: list[int] = []

    def is_told() -> bool:
        answers.append(running.program.get("/healthz")[0])
        return "it takes longer than 2 s, the limit of a render" in running.program.log()

    running.program.wait_for(is_told, what="the render to fail")
    assert set(answers) == {200}
    await_metric(running, "pygen_renders_total", 1, target=str(running.target), result="error")
    assert running.read() == lines("one")
    starter.template.write_text(NAMES)
    fake.run("two")
    await_content(running, "one", "two")
    assert running.program.stop() == 0


def test_the_render_process_is_killed(fake: WatchedEngine, make_starter: Callable[[str], ProgramStarter]) -> None:
    """Whoever does it, and whatever it was doing: at most a failed render, and the next one is made in another."""
    fake.run("one")
    running = make_starter(NAMES).start(*NO_RESYNC)
    await_content(running, "one")
    for number in range(3):
        (child,) = children_of(running.program.pid)
        os.kill(child, signal.SIGKILL)
        fake.run(f"two-{number}")
        await_content(running, "one", *(f"two-{each}" for each in range(number + 1)))
        assert children_of(running.program.pid) != [child]
    assert running.program.get("/healthz")[0] == 200
    assert running.program.stop() == 0


def test_the_program_is_killed_in_a_render(fake: WatchedEngine, make_starter: Callable[[str], ProgramStarter]) -> None:
    """The render process ends with it, however busy it is."""
    fake.run("one")
    running = make_starter(NEVER_RETURNS).start(*NO_RESYNC, "--render-time-limit", "3600")
    running.program.wait_for(lambda: any(map(is_busy, children_of(running.program.pid))), what="the render to begin")
    (child,) = children_of(running.program.pid)
    running.program.kill()
    wait_for(lambda: has_ended(child), what="the render process to be gone")
