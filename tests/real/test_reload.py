"""SIGHUP: the template is loaded anew, everything is compared, and nothing is told without need."""

from __future__ import annotations

import signal
from typing import TYPE_CHECKING

from tests.support.running_program import NO_RESYNC, ProgramStarter, ReaderContainer

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.support.fake_engine import FakeEngine
    from tests.support.real_engine import RealEngine


def test_it_compares_everything_at_once(engine: RealEngine, make_starter: Callable[[str], ProgramStarter]) -> None:
    """A spoilt target is put right without waiting for the resync, and its readers are told; else nobody is."""
    starter = make_starter("{% for c in containers %}{{ c.name }}\n{% endfor %}")
    reader = ReaderContainer(engine, starter.shared)
    running = starter.start(*NO_RESYNC, "--signal", "reader", "HUP", "--interval", "0")
    reader.await_told("reader")
    running.await_settled()
    lists = {"operation": "list", "result": "success"}
    before = running.program.metric("pygen_docker_requests_total", **lists)
    running.program.send(signal.SIGHUP)
    running.program.wait_for(
        lambda: running.program.metric("pygen_docker_requests_total", **lists) > before, what="a list of everything"
    )
    running.await_settled()
    assert reader.signals_until_now() == 1
    starter.target.write_text("by hand\n")
    running.program.send(signal.SIGHUP)
    running.await_content("reader")
    reader.await_reads(2)
    assert reader.last_seen() == "reader"


def test_a_broken_template_is_told_and_the_last_good_one_stays(
    fake: FakeEngine, make_faked_starter: Callable[[str], ProgramStarter]
) -> None:
    """The program goes on, is not ready, and takes the mended one."""
    fake.add_container("web")
    starter = make_faked_starter("good {{ containers.first.name }}\n")
    running = starter.start(*NO_RESYNC)
    running.await_content("good web")
    starter.template.write_text("{% if %}")
    running.program.send(signal.SIGHUP)
    running.program.wait_for_log("ERROR")
    running.program.wait_for(lambda: running.program.get("/readyz")[0] == 503, what="not to be ready")
    assert running.program.get("/healthz")[0] == 200
    assert starter.read() == "good web\n"
    starter.template.write_text("mended {{ containers.first.name }}\n")
    running.program.send(signal.SIGHUP)
    running.await_content("mended web")
    running.program.wait_ready()


def test_many_at_once_are_harmless(fake: FakeEngine, make_faked_starter: Callable[[str], ProgramStarter]) -> None:
    """Two hundred of them, while containers come and go: at the end the file is right."""
    running = make_faked_starter("{% for c in containers %}{{ c.name }}\n{% endfor %}").start(
        "--signal", "web-1", "HUP"
    )
    running.program.wait_ready()
    for number in range(200):
        running.program.send(signal.SIGHUP)
        if number % 10 == 0:
            fake.add_container(f"web-{number}")
        if number % 20 == 0:
            fake.remove(f"web-{number}")
    running.await_content(*sorted(f"web-{number}" for number in range(10, 200, 20)))
    assert running.program.stop() == 0
    assert "Traceback" not in running.program.log()
