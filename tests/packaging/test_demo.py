"""The example that the first command of the README renders, on the state that the project ships."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from tests.support.process import ROOT

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.support.process import PygenProcess

_DEMO = ROOT / "deploy" / "demo"


def test_the_example_renders_the_recorded_state(pygen: Callable[..., PygenProcess]) -> None:
    """Running containers with an address and a port are in it, stopped and unreachable ones are not."""
    program = pygen(
        *("--one-shot", "--strict", "--template", _DEMO / "upstreams.conf.j2"),
        *("--docker-address", f"file://{_DEMO / 'state.json'}"),
    )
    assert program.wait_for_end() == 0, program.log()
    lines = [line.strip() for line in program.printed().splitlines()]
    assert "server 172.20.1.2:8000; # shop-web-1" in lines
    assert "server 172.20.1.3:8000; # shop-web-2" in lines
    assert not [line for line in lines if "shop-web-3" in line or "shop-mailer" in line]
    assert lines.count("server 127.0.0.1:9 down; # none of its containers can be reached") == 1
    assert program.printed().endswith("}\n")


def test_the_recorded_state_holds_no_secret_and_no_machine() -> None:
    """It was recorded from a real engine: what is secret in it was masked, and no path names where it was made."""
    text = (_DEMO / "state.json").read_text()
    assert len(json.loads(text)["containers"]) == 7
    assert "POSTGRES_PASSWORD=" in text
    assert "made-up" not in text
    assert "/tmp/" not in text
