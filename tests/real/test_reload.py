"""SIGHUP: the template is loaded anew, everything is compared, and nothing is told without need."""

from __future__ import annotations

import signal
from typing import TYPE_CHECKING

from tests.support.keeping import NO_RESYNC, Keeper, Reader

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.support.fake_engine import FakeEngine
    from tests.support.real_engine import RealEngine


def test_it_compares_everything_at_once(engine: RealEngine, keeper: Callable[[str], Keeper]) -> None:
    """A spoilt target is put right without waiting for the resync, and its readers are told; else nobody is."""
    keep = keeper("{% for c in containers %}{{ c.name }}\n{% endfor %}")
    reader = Reader(engine, keep.shared)
    kept = keep.start(*NO_RESYNC, "--signal", "reader", "HUP", "--interval", "0")
    reader.await_told("reader")
    kept.await_settled()
    lists = {"operation": "list", "result": "success"}
    before = kept.program.metric("pygen_docker_requests_total", **lists)
    kept.program.send(signal.SIGHUP)
    kept.program.wait_for(
        lambda: kept.program.metric("pygen_docker_requests_total", **lists) > before, what="a list of everything"
    )
    kept.await_settled()
    assert reader.signals_until_now() == 1
    keep.target.write_text("by hand\n")
    kept.program.send(signal.SIGHUP)
    kept.await_content("reader")
    reader.await_reads(2)
    assert reader.last_seen() == "reader"


def test_a_broken_template_is_told_and_the_last_good_one_stays(
    fake: FakeEngine, faked: Callable[[str], Keeper]
) -> None:
    """The program goes on, is not ready, and takes the mended one."""
    fake.add_container("web")
    keep = faked("good {{ containers.first.name }}\n")
    kept = keep.start(*NO_RESYNC)
    kept.await_content("good web")
    keep.template.write_text("{% if %}")
    kept.program.send(signal.SIGHUP)
    kept.program.wait_for_log("ERROR")
    kept.program.wait_for(lambda: kept.program.get("/readyz")[0] == 503, what="not to be ready")
    assert kept.program.get("/healthz")[0] == 200
    assert keep.read() == "good web\n"
    keep.template.write_text("mended {{ containers.first.name }}\n")
    kept.program.send(signal.SIGHUP)
    kept.await_content("mended web")
    kept.program.wait_ready()


def test_many_at_once_are_harmless(fake: FakeEngine, faked: Callable[[str], Keeper]) -> None:
    """Two hundred of them, while containers come and go: at the end the file is right."""
    kept = faked("{% for c in containers %}{{ c.name }}\n{% endfor %}").start("--signal", "web-1", "HUP")
    kept.program.wait_ready()
    for number in range(200):
        kept.program.send(signal.SIGHUP)
        if number % 10 == 0:
            fake.add_container(f"web-{number}")
        if number % 20 == 0:
            fake.remove(f"web-{number}")
    kept.await_content(*sorted(f"web-{number}" for number in range(10, 200, 20)))
    assert kept.program.stop() == 0
    assert "Traceback" not in kept.program.log()
