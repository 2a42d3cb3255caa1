"""Files of 20 GiB, most of them holes: read to the limit and a byte more, and then it is clear what they are."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

import pytest

from reconciler.backend.address import EngineAddress
from reconciler.backend.port import EngineError
from reconciler.backend.recorded import RecordedReader
from reconciler.backend.sockets import TLS_FILE_BYTES_MAX, _context
from reconciler.target.file import FileTarget
from reconciler.target.in_place import overwrite
from reconciler.target.outcome import Present
from reconciler.target.state_file import StateFile
from templating.errors import SourceError
from templating.file_source import FileSource
from templating.template_cache import TemplateCache
from tests.support.fake_clock import FakeClock
from tests.support.fake_engine import FakeEngine
from tests.support.running_program import NO_RESYNC, ProgramStarter

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from tests.support.process import PygenProcess

HUGE = 20 * 1024**3
NAMES = "{% for c in containers %}{{ c.name }}\n{% endfor %}"


def huge(path: Path) -> Path:
    """Make it 20 GiB long."""
    path.touch()
    os.truncate(path, HUGE)
    return path


def resident_bytes(pid: int) -> int:
    """How much memory a process has now."""
    with open(f"/proc/{pid}/statm") as file:
        return int(file.read().split()[1]) * 4096


def test_a_target_is_different_and_put_right(tmp_path: Path) -> None:
    """Its beginning is longer than any content."""
    path = huge(tmp_path / "target")
    target = FileTarget(str(path), warn=pytest.fail, limit_bytes=1 << 24)
    reading = target.read()
    assert isinstance(reading, Present)
    assert len(reading.content) == (1 << 24) + 1
    target.write(b"right\n")
    assert path.read_bytes() == b"right\n"
    target.close()


def test_a_target_that_is_written_in_place_is_put_right(tmp_path: Path) -> None:
    """What is longer than anything of ours is not kept to be put back."""
    path = huge(tmp_path / "target")
    overwrite(str(path), b"right\n", limit_bytes=1024)
    assert path.read_bytes() == b"right\n"


def test_a_state_file_is_damaged(tmp_path: Path) -> None:
    """As any other content that is no state."""
    store = StateFile(str(huge(tmp_path / "state")), warn=pytest.fail)
    with pytest.raises(OSError, match="larger than"):
        store.load()


def test_a_template_is_an_error_that_says_so(tmp_path: Path) -> None:
    """Main one or included."""
    source = FileSource(huge(tmp_path / "t.j2"), wall_clock=FakeClock())
    with pytest.raises(SourceError, match="larger than"):
        source.read(source.main)


def test_a_copy_of_a_fetched_template_is_none(tmp_path: Path) -> None:
    """The start then waits for the server."""
    copies = TemplateCache(tmp_path)
    copies.store("http://example.com/t", "text")
    [path] = tmp_path.iterdir()
    huge(path)
    assert copies.load("http://example.com/t") is None


def test_a_recorded_state_is_an_error_that_says_so(tmp_path: Path) -> None:
    """It is waited for, as any other that can't be used."""
    reader = RecordedReader(EngineAddress.parse(f"file://{huge(tmp_path / 's.json')}", {}), clock=FakeClock())
    with pytest.raises(EngineError, match="larger than"):
        reader.list()


@pytest.mark.parametrize("name", ["ca.pem", "cert.pem"])
def test_a_certificate_is_an_error_that_says_so(tmp_path: Path, name: str) -> None:
    """OpenSSL would read all of it."""
    (tmp_path / "key.pem").touch()
    huge(tmp_path / name)
    environ = {"DOCKER_CERT_PATH": str(tmp_path), "DOCKER_TLS_VERIFY": "1"}
    address = EngineAddress.parse("tcp://localhost:2376", environ)
    assert address.tls is not None
    with pytest.raises(OSError, match=str(TLS_FILE_BYTES_MAX)):
        _context(address.tls)


def test_a_program_puts_its_target_right_and_tells(pygen: Callable[..., PygenProcess], tmp_path: Path) -> None:
    """At the start and while it runs; its memory stays what it was."""
    with FakeEngine() as engine:
        engine.add_container("web")
        starter = ProgramStarter(pygen, engine.address, tmp_path, NAMES)
        huge(starter.target)
        huge(starter.target.with_name(".target.state.pygen"))
        running = starter.start("--resync", "1", "--signal", "web", "HUP", "--interval", "0")
        running.program.wait_for(lambda: starter.target.stat().st_size == 4, what="the target to be put right")
        huge(starter.target)
        running.program.wait_for(lambda: starter.target.stat().st_size == 4, what="the target to be put right again")
        assert running.read() == "web\n"
        running.await_settled()
        assert engine.signals
        assert resident_bytes(running.program.pid) < 400 * 1024**2
        assert running.program.stop() == 0


def test_a_template_of_20_gib_ends_the_start_in_words(pygen: Callable[..., PygenProcess], tmp_path: Path) -> None:
    """With the status for templates."""
    with FakeEngine() as engine:
        starter = ProgramStarter(pygen, engine.address, tmp_path, NAMES)
        huge(starter.template)
        running = starter.start(*NO_RESYNC)
        assert running.program.wait_for_end() == 12
        assert "larger than" in running.program.log()
