"""An engine that is narrowed to some of its containers, by its own list filters."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tests.support.running_program import NO_RESYNC

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.support.real_engine import RealEngine
    from tests.support.running_program import ProgramStarter

NAMES = (
    "{% for c in all_containers %}{{ c.name }} {{ c.networks | map(attribute='name') | sort | join(' ') }}\n"
    "{% endfor %}"
)
FRONT = {"tier": "front"}


def test_events_go_by_the_list_filters(engine: RealEngine, make_starter: Callable[[str], ProgramStarter]) -> None:
    """Starts, ends, removals and networks of those in the filters are followed without a resync."""
    engine.create_network("first")
    engine.create_network("more")
    engine.run("other", networks=["first"])
    engine.run("web-1", labels=FRONT, networks=["first"])
    running = make_starter(NAMES).start(*NO_RESYNC, "--engine-filter", "label=tier=front")
    running.await_text("web-1 first\n")
    engine.run("other-2", networks=["first"])
    engine.run("web-2", labels=FRONT, networks=["first"])
    running.await_text("web-1 first\nweb-2 first\n")
    engine.connect("other-2", "more")
    engine.connect("web-2", "more")
    running.await_text("web-1 first\nweb-2 first more\n")
    engine.stop_container("other")
    engine.remove("other")
    engine.remove("web-1")
    running.await_text("web-2 first more\n")


def test_resyncs_find_nothing_that_events_missed(
    engine: RealEngine, make_starter: Callable[[str], ProgramStarter]
) -> None:
    """The detector of missed changes goes by the same filters."""
    running = make_starter(NAMES).start("--resync", "0.5", "--engine-filter", "label=tier=front")
    for number in range(3):
        engine.run(f"other-{number}")
        engine.run(f"web-{number}", labels=FRONT)
        engine.stop_container(f"other-{number}")
    running.await_settled()
    assert [line.split()[0] for line in running.read().splitlines()] == ["web-0", "web-1", "web-2"]
    assert not running.warnings()
    assert running.program.metric("pygen_missed_changes_total") == 0
