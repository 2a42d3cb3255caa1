"""One file for each container of a real engine: they come, change and go, and the program ends in between."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.support.running_program import ReaderContainer
from tests.support.waiting import wait_for

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from tests.support.process import PygenProcess
    from tests.support.real_engine import RealEngine

APP = {"app": "yes"}


class Sites:
    """The program with a job with a file for each container that is an app, and one with a list of them after it."""

    def __init__(self, engine: RealEngine, pygen: Callable[..., PygenProcess], folder: Path) -> None:
        self.shared = folder / "shared"
        self.shared.mkdir()
        self._pygen = pygen
        self._file = folder / "pygen.toml"
        self._file.write_text(
            f'[engine]\ndocker_address = "{engine.address}"\nresync = 3600\n'
            "[defaults]\ninclude = ['container.labels.app']\ninterval = 0\n"
            '[[job]]\nname = "list"\nafter = ["sites"]\ntarget = "shared/target"\n'
            'template = "#{% for c in containers %}{{ c.name }} {% endfor %}"\n'
            'notify = [{ signal = "HUP", container = "reader" }]\n'
            '[[job]]\nname = "sites"\nfor_each = "containers"\ntarget = "shared/{{ item.name }}.conf"\n'
            'template = "#{{ item.name }} {{ item.labels.version or 1 }}"\n'
            'notify = [{ signal = "HUP", container = "early" }]\n'
        )

    def start(self) -> PygenProcess:
        """Start it, and wait until every job had its first pass."""
        program = self._pygen("--config", self._file)
        program.wait_ready()
        return program

    def on_disk(self) -> dict[str, str]:
        """The files of the set."""
        return {path.stem: path.read_text() for path in self.shared.glob("*.conf")}

    def await_files(self, *names: str, version: int = 1) -> None:
        """Each for its container, and the list of them, which comes after them."""
        wanted = {name: f"{name} {version}" for name in names}
        wait_for(lambda: self.on_disk() == wanted, what=lambda: f"{wanted}, not {self.on_disk()}")
        listed = "".join(f"{name} " for name in sorted(names))
        target = self.shared / "target"
        wait_for(lambda: target.read_text() == listed, what=lambda: f"{listed!r}, not {target.read_text()!r}")


@pytest.fixture
def sites(engine: RealEngine, pygen: Callable[..., PygenProcess], tmp_path: Path) -> Sites:
    """Nothing is started yet."""
    return Sites(engine, pygen, tmp_path)


def test_files_follow_containers_and_restarts(engine: RealEngine, sites: Sites) -> None:
    """Started, stopped, renamed and removed; what went while the program was away is removed at its start."""
    reader, early = (ReaderContainer(engine, sites.shared, name) for name in ("reader", "early"))
    for name in ("one", "two"):
        engine.run(name, labels=APP)
    program = sites.start()
    sites.await_files("one", "two")
    engine.run("three", labels=APP)
    engine.run("unseen")
    sites.await_files("one", "three", "two")
    engine.stop_container("one")
    engine.rename("two", "deux")
    sites.await_files("deux", "three")
    reader.await_told("deux three")
    (sites.shared / "own.conf").write_text("own 1")
    assert program.stop() == 0
    engine.remove("three")
    engine.run("four", labels=APP)
    before = early.signals_until_now()
    program = sites.start()
    wait_for(lambda: set(sites.on_disk()) == {"deux", "four", "own"}, what=lambda: f"{sites.on_disk()}")
    reader.await_told("deux four")
    assert early.signals_until_now() == before + 1, "once for all files of a pass"
    (sites.shared / "deux.conf").write_text("by hand")
    engine.remove("deux")
    program.wait_for_log("deux.conf stays, although its element is gone")
    engine.remove("four")
    wait_for(lambda: sites.on_disk() == {"deux": "by hand", "own": "own 1"}, what=lambda: f"{sites.on_disk()}")
    program.wait_for(lambda: (sites.shared / "target").read_text() == "", what="the empty list")
    assert program.stop() == 0
