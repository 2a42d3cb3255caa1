"""One file for each container, on an engine that goes wrong and beside people and programs that are in the way."""

from __future__ import annotations

import json
import os
import random
import sys
from typing import TYPE_CHECKING

import pytest

from tests.faults.configured import Configured
from tests.faults.extent import EXTENT
from tests.support.killed_at import SET_STEPS
from tests.support.process import PygenProcess
from tests.support.waiting import wait_for
from tests.unit.target.mounts_and_users import fill, small_disk

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path

TELLS = 'notify = [{ signal = "HUP", container = "reader" }]'


class Sites(Configured):
    """A job with a file for each container but the reader; its text counts the containers."""

    def __init__(self, folder: Path) -> None:
        super().__init__(folder)
        self.sites = folder / "sites"
        self.armed = folder / "armed"

    def write(self, *more: str, sites: Path | None = None, template: str = "{{ item.name }}") -> None:
        """The configuration; more keys of the job, or further jobs."""
        lines = "\n".join(more)
        self.replace(
            f'[engine]\ndocker_address = "{self.engine.address}"\nresync = 3600\n'
            f'[[job]]\nname = "sites"\nfor_each = "containers"\nexclude = ["name == \'reader\'"]\ninterval = 0\n'
            f'target = "{sites or "sites"}/{{{{ item.labels.site or item.name }}}}.conf"\n'
            f'template = """#{template}"""\n{lines}\n'
        )

    @property
    def pattern(self) -> str:
        """The label `target` of the set."""
        return f"{self.folder}/sites/{{{{ item.labels.site or item.name }}}}.conf"

    def begin(self, command: Sequence[str | Path] = (sys.executable, "-m", "reconciler")) -> PygenProcess:
        """Start it, whether or not it becomes ready."""
        self._program = PygenProcess(["--config", self.file], folder=self.folder, command=command)
        return self._program

    def on_disk(self, sites: Path | None = None) -> dict[str, str]:
        """The files of the set, without the hidden ones."""
        folder = sites or self.sites
        return {path.stem: path.read_text() for path in sorted(folder.glob("[!.]*.conf"))}

    def await_files(self, *names: str, sites: Path | None = None) -> None:
        """Each with its own name in it, and no others."""
        wanted = {name: name for name in names}
        wait_for(lambda: self.on_disk(sites) == wanted, what=lambda: f"{wanted}, not {self.on_disk(sites)}")

    def await_settled(self) -> None:
        """Nothing is owed."""
        program = self.program
        program.wait_ready()
        program.wait_for(
            lambda: program.metric("pygen_notifications_pending", action="signal", container="reader") == 0
        )


@pytest.fixture
def sites(tmp_path: Path) -> Iterator[Sites]:
    """Nothing is written or started yet."""
    with Sites(tmp_path) as made:
        yield made


def test_files_come_and_go_with_containers(sites: Sites) -> None:
    """Across a restart, too: what went meanwhile is removed, and nobody is told without need."""
    sites.write(TELLS)
    program = sites.start()
    sites.await_files("web")
    sites.await_settled()
    told = len(sites.engine.told)
    sites.engine.add_container("db")
    sites.await_files("db", "web")
    program.wait_for(lambda: len(sites.engine.told) == told + 1, what="one signal for the pass")
    assert program.metric("pygen_target_files", target=sites.pattern) == 2
    sites.await_settled()
    assert program.stop() == 0
    sites.engine.remove("web")
    sites.engine.add_container("new")
    told = len(sites.engine.told)
    program = sites.start()
    sites.await_files("db", "new")
    program.wait_for(lambda: len(sites.engine.told) == told + 1, what="one signal for all of it")
    sites.await_settled()
    assert program.stop() == 0
    told = len(sites.engine.told)
    program = sites.start()
    sites.await_settled()
    assert len(sites.engine.told) == told, "nothing has changed"
    sites.engine.remove("db")
    sites.engine.remove("new")
    sites.await_files()
    assert program.get("/readyz")[0] == 200


def test_an_engine_that_cannot_be_reached_removes_nothing(sites: Sites) -> None:
    """At the start and later; an empty list of the engine removes them all."""
    sites.write()
    program = sites.start()
    sites.await_files("web")
    assert program.stop() == 0
    sites.engine.fault("list", times=None, status=500)
    sites.begin()
    sites.program.wait_for_log("500")
    sites.await_files("web")
    sites.engine.heal()
    sites.program.wait_ready()
    sites.await_files("web")
    sites.engine.remove("web")
    sites.await_files()


def test_what_people_do_to_files(sites: Sites) -> None:
    """An edit is repaired while its container is there; of one that is gone an edited file stays, told once."""
    sites.write()
    program = sites.start()
    sites.engine.add_container("db")
    sites.await_files("db", "web")
    (sites.sites / "else.conf").write_text("else")
    (sites.sites / "web.conf").write_text("by hand")
    sites.engine.add_container("new")
    sites.await_files("db", "else", "new", "web")
    diffs = {"target": sites.pattern, "cause": "drift"}
    program.wait_for(lambda: program.metric("pygen_diffs_total", **diffs) == 1, what="the drift to be counted")
    (sites.sites / "web.conf").write_text("by hand again")
    sites.engine.remove("web")
    program.wait_for_log("web.conf stays, although its element is gone")
    sites.engine.remove("new")
    program.wait_for(lambda: not (sites.sites / "new.conf").exists())
    assert sites.on_disk() == {"db": "db", "else": "else", "web": "by hand again"}
    assert program.log().count("stays, although") == 1
    assert program.stop() == 0


def test_hostile_containers_are_their_own_errors(sites: Sites) -> None:
    """A path that leads elsewhere, one path for two, somebody else's file, a template error: the others go on."""
    sites.write(template="{{ item.name }}{{ 1 // 0 if item.labels.breaks }}")
    (sites.folder / "victim.conf").write_text("victim")
    program = sites.start()
    sites.await_files("web")
    (sites.sites / "operator.conf").write_text("operator")
    hostile = {
        "above": "../victim",
        "absolute": str(sites.folder / "victim"),
        "twin-1": "twin",
        "twin-2": "twin",
        "operator-too": "operator",
    }
    for name, site in hostile.items():
        sites.engine.add_container(name, labels={"site": site})
    sites.engine.add_container("breaks", labels={"breaks": "yes"})
    sites.engine.add_container("late")
    program.wait_for((sites.sites / "late.conf").exists, what="the file of the good one")
    for name in ("above", "absolute", "twin-1", "twin-2", "breaks"):
        program.wait_for_log(f" {name}: ")
    program.wait_for_log("operator.conf: this file was there before")
    program.wait_for_log("twin-1: its path is that of twin-2 as well")
    assert sites.on_disk() == {"late": "late", "operator": "operator", "web": "web"}
    assert (sites.folder / "victim.conf").read_text() == "victim"
    assert program.metric("pygen_template_failing", target=sites.pattern) == 1
    job = sites.status()["jobs"][0]
    assert not job["ok"]
    assert len(job["trouble"]) == 2
    assert str(sites.folder / "victim") not in program.log()
    for name in (*hostile, "breaks"):
        sites.engine.remove(name)
    program.wait_for(lambda: sites.status()["jobs"][0]["ok"], what="the job to be in sync")
    assert sites.on_disk() == {"late": "late", "operator": "operator", "web": "web"}
    assert program.metric("pygen_template_failing", target=sites.pattern) == 0


@pytest.mark.root
def test_a_disk_that_is_full(sites: Sites) -> None:
    """What could be written is told of; the rest is tried again, and nothing is half written."""
    with small_disk(sites.folder / "disk") as disk:
        sites.write(TELLS, sites=disk, template="{{ item.name }}{{ ' ' * (item.labels.size or 0) | int }}")
        program = sites.start()
        program.wait_for(lambda: sites.on_disk(disk) == {"web": "web"})
        filler = fill(disk)
        sites.engine.add_container("big", labels={"size": "40000"})
        program.wait_for_log("the disk is full")
        assert sites.on_disk(disk) == {"web": "web"}
        filler.unlink()
        program.wait_for((disk / "big.conf").exists, what="the file, once there is space")
        program.wait_for(lambda: sites.status()["jobs"][0]["ok"], what="the job to be in sync")


def test_a_second_program_is_refused(sites: Sites) -> None:
    """The set is kept by one; the other one says so and waits."""
    sites.write()
    first = sites.start()
    sites.await_files("web")
    second = sites.begin()
    second.wait_for_log("the job sites can't begin")
    assert first.stop() == 0
    sites.engine.add_container("late")
    sites.await_files("late", "web")


def test_a_single_pass(sites: Sites) -> None:
    """It writes, removes and tells; an element's error is its status, and the other files are written."""
    sites.write(TELLS)
    once = PygenProcess(["--config", sites.file, "--one-shot"], folder=sites.folder)
    assert once.wait_for_end() == 0, once.log()
    assert sites.on_disk() == {"web": "web"}
    sites.engine.remove("web")
    sites.engine.add_container("db")
    sites.engine.add_container("bad", labels={"site": "a/b"})
    told = len(sites.engine.told)
    once = PygenProcess(["--config", sites.file, "--one-shot"], folder=sites.folder)
    assert once.wait_for_end() == 12
    assert sites.on_disk() == {"db": "db"}
    assert len(sites.engine.told) == told + 1, "the reader is told of the others"
    sites.engine.remove("bad")
    once = PygenProcess(["--config", sites.file, "--one-shot"], folder=sites.folder)
    assert once.wait_for_end() == 0, once.log()
    assert len(sites.engine.told) == told + 1


@pytest.mark.parametrize("step", SET_STEPS)
def test_killed_at_each_step_of_a_set(sites: Sites, step: str) -> None:
    """Files are to be written, replaced and removed: the next start makes it so, and the reader is told of it."""
    sites.write(TELLS, template="{{ item.name }}{{ ' changed' if item.labels.x and containers | length > 3 }}")
    for name in ("a", "b"):
        sites.engine.add_container(name, labels={"x": name})
    command = (sys.executable, "-m", "tests.support.killed_at", step, sites.armed)
    sites.begin(command)
    sites.await_files("a", "b", "web")
    sites.await_settled()
    told = len(sites.engine.told)
    sites.program.process.send_signal(19)  # SIGSTOP: both changes are in one pass
    sites.engine.remove("web")
    sites.engine.add_container("c")
    sites.engine.add_container("d")
    sites.armed.touch()
    sites.program.process.send_signal(18)
    assert sites.program.wait_for_end() == -9, sites.program.log()
    sites.armed.unlink()
    program = sites.start()
    expected = {"a": "a changed", "b": "b changed", "c": "c", "d": "d"}
    wait_for(lambda: sites.on_disk() == expected, what=lambda: f"{expected}, not {sites.on_disk()}")
    program.wait_for(lambda: len(sites.engine.told) > told, what="the reader to be told")
    sites.await_settled()
    assert program.stop() == 0
    told = len(sites.engine.told)
    sites.start()
    sites.await_settled()
    assert len(sites.engine.told) == told, "nothing has changed"
    assert not list(sites.sites.glob(".*.tmp.pygen"))


def test_killed_at_random_while_containers_come_and_go(sites: Sites) -> None:
    """In the end the files are those of the containers, whatever was killed when, and people's own are untouched."""
    chance = random.Random(7)
    sites.write(TELLS)
    sites.sites.mkdir()
    sites.begin()
    sites.await_files("web")
    (sites.sites / "else.conf").write_text("else")
    names = {"web"}
    for _ in range(EXTENT.kills // EXTENT.kill_parts):
        for name in chance.sample("abcdefgh", 3):
            if name in names:
                sites.engine.remove(name)
                names.discard(name)
            else:
                sites.engine.add_container(name)
                names.add(name)
        wanted = sum(sites.engine.calls.values()) + chance.randrange(20)
        wait_for(lambda wanted=wanted: sum(sites.engine.calls.values()) >= wanted or _is_idle(sites), every_s=0.001)  # type: ignore[misc]  # a default pins it
        sites.program.kill()
        sites.begin()
    sites.await_files("else", *names)
    sites.await_settled()
    assert sites.program.stop() == 0


def _is_idle(sites: Sites) -> bool:
    """Whether there may be no further request for a while."""
    return sites.program.get("/readyz")[0] == 200


def test_reload_begins_changes_and_ends_a_set(sites: Sites) -> None:
    """Another template is written into the same files; a set that goes leaves them, and its series go with it."""
    sites.write()
    program = sites.start()
    sites.await_files("web")
    sites.write(template="{{ item.name | upper }}")
    program.wait_for(lambda: sites.on_disk() == {"web": "WEB"}, what="the new content")
    sites.configure("other")
    sites.await_target("other", "other: reader web ")
    assert sites.on_disk() == {"web": "WEB"}
    assert not any("pygen_target_files" in name for name in program.metrics())
    lock = next(sites.sites.glob(".for_each-*.lock.pygen"))
    assert lock.stat().st_mode & 0o777 == 0o600
    manifest = json.loads(next(sites.sites.glob(".for_each-*.files.pygen")).read_text())
    assert list(manifest["files"]) == [os.fspath(sites.sites / "web.conf")]
