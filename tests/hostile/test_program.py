"""Hostile templates and the program that renders them: the file stays, everything else goes on."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.faults.conftest import fake, make_starter  # noqa: F401 - fixtures
from tests.faults.test_template import children_of, has_ended, is_busy
from tests.faults.watched_engine import NAMES, WatchedEngine, await_content, await_metric, lines
from tests.hostile.attacks import FIRST_OF_THE_REPORT, LISTS_THAT_SHARE
from tests.support.running_program import NO_RESYNC
from tests.support.waiting import wait_for
from tests.unit.templating.web import Page, serving

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.support.running_program import ProgramStarter, RunningProgram

SECOND_OF_THE_REPORT = "{{ '{!r}'.format([['a' * 1000] * 10000] * 300) }}"


def await_failure(running: RunningProgram, words: str) -> None:
    """Wait until a render failed for this reason; the program answers all the while, once it does."""
    running.program.wait_for(lambda: running.program.get("/healthz")[0] == 200, what="the program to answer")
    answers: list[int] = []

    def is_told() -> bool:
        answers.append(running.program.get("/healthz")[0])
        return words in running.program.log()

    running.program.wait_for(is_told, what=f"{words!r} in the log")
    assert set(answers) == {200}


@pytest.mark.parametrize("attack", [FIRST_OF_THE_REPORT, "{{ ([1]|map('string')).gi_frame.f_builtins }}"])
def test_no_template_runs_code(
    fake: WatchedEngine,  # noqa: F811
    make_starter: Callable[[str], ProgramStarter],  # noqa: F811
    attack: str,
) -> None:
    """Not from a file: the file stays as it is, and the reason has the line."""
    fake.run("one")
    starter = make_starter(NAMES)
    running = starter.start(*NO_RESYNC)
    await_content(running, "one")
    starter.template.write_text(f"\n{attack}")
    await_failure(running, "template.j2, line 2: ")
    assert "is not open to templates" in running.program.log()
    assert running.read() == lines("one")
    starter.template.write_text(f"{NAMES}mended\n")
    await_content(running, "one", "mended")
    assert running.program.stop() == 0


def test_no_template_from_an_address_runs_code(
    fake: WatchedEngine,  # noqa: F811
    make_starter: Callable[[str], ProgramStarter],  # noqa: F811
) -> None:
    """Nor from a server."""
    fake.run("one")
    with serving() as web:
        web.pages["/t.j2"] = Page(f"\n{FIRST_OF_THE_REPORT}".encode())
        running = make_starter(NAMES).start(*NO_RESYNC, "--template", f"{web.address}/t.j2")
        await_failure(running, "t.j2, line 2: 'func' is not open to templates")
        assert running.read() == ""
        assert running.program.stop() == 0


def test_lists_that_share_hold_up_nothing(fake: WatchedEngine, make_starter: Callable[[str], ProgramStarter]) -> None:  # noqa: F811
    """Seventy doublings, compared in one call of C: killed at the limit, the health check and a delivery go on."""
    fake.add_container("reader")
    fake.run("one")
    starter = make_starter(NAMES)
    running = starter.start(*NO_RESYNC, "--render-time-limit", "3", "--signal", "reader", "HUP", "--interval", "1")
    await_content(running, "one")
    starter.template.write_text(LISTS_THAT_SHARE)
    fake.await_seen("reader", lines("one"))
    await_failure(running, "it takes longer than 3 s, the limit of a render")
    await_metric(running, "pygen_render_process_restarts_total", 1, target=str(running.target))
    assert running.read() == lines("one")
    assert running.program.stop() == 0


def test_it_ends_in_the_middle_of_it(fake: WatchedEngine, make_starter: Callable[[str], ProgramStarter]) -> None:  # noqa: F811
    """SIGTERM in the middle of such a render: status 0, and its process is gone, too."""
    fake.run("one")
    starter = make_starter(NAMES)
    running = starter.start(*NO_RESYNC, "--render-time-limit", "3600")
    await_content(running, "one")
    (child,) = children_of(running.program.pid)
    starter.template.write_text(LISTS_THAT_SHARE)
    running.program.wait_for(lambda: is_busy(child), what="the render to begin")
    assert running.program.stop() == 0
    wait_for(lambda: has_ended(child), what="the render process to be gone")


def test_memory_is_bounded(fake: WatchedEngine, make_starter: Callable[[str], ProgramStarter]) -> None:  # noqa: F811
    """Three gigabytes of text are a template error, whoever writes them; the next render is made in a new process."""
    fake.run("one")
    starter = make_starter(NAMES)
    running = starter.start(*NO_RESYNC)
    await_content(running, "one")
    starter.template.write_text(SECOND_OF_THE_REPORT)
    await_failure(running, "template.j2, line 1: the memory does not suffice")
    starter.template.write_text(f"{NAMES}mended\n")
    await_content(running, "one", "mended")
    assert running.program.stop() == 0


def test_a_limit_inside_a_filter_leaves_the_filter_whole(
    fake: WatchedEngine,  # noqa: F811
    make_starter: Callable[[str], ProgramStarter],  # noqa: F811
) -> None:
    """`from_yaml` is ended in the middle, and works in the next template."""
    fake.run("one")
    starter = make_starter("{% for i in range(10**5) %}{% do '[1, [2, {a: 3}]]' | from_yaml %}{% endfor %}")
    running = starter.start(*NO_RESYNC, "--render-time-limit", "0.5")
    await_failure(running, "it takes longer than 0.5 s, the limit of a render")
    starter.template.write_text("{{ ('a: 1' | from_yaml).a }}\n")
    await_content(running, "1")
    assert running.program.stop() == 0
