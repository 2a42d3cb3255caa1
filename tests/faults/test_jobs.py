"""Several jobs of one program: what is slow, broken or forbidden in one costs the others nothing."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tests.support.answering import answering
from tests.support.waiting import wait_for

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from tests.faults.watched_engine import WatchedEngine
    from tests.support.process import PygenProcess

NAMES = "#{% for c in containers if c.labels.shown %}{{ c.name }} {% endfor %}"
HANG = "sleep 1000 & echo $! >{}; sleep 1000"


def test_ways_to_tell_and_filters_of_other_jobs_hold_up_nobody(
    fake: WatchedEngine, pygen: Callable[..., PygenProcess], tmp_path: Path
) -> None:
    """A command hangs and forks, a server does not answer, an expression fails: the job beside them is on time.

    Its file and its signal are there for each of three changes, while what hangs is still under way. Each of the others
    is named in the log and counted.
    """
    shared = tmp_path / "shared"
    shared.mkdir()
    fake.add_container("reader")
    fork = tmp_path / "fork"
    with answering(lambda _: server.is_over.wait(600)) as server:
        notify = {
            "target": '{ signal = "HUP", container = "reader" }',
            "command": f'{{ command = "{HANG.format(fork)}", shell = true, timeout = 600 }}',
            "server": f'{{ http = "{server.url}", timeout = 600 }}',
            "filter": """{ signal = "USR1", match = "lables.role == 'lb'" }""",
        }
        jobs = "".join(
            f"[[job]]\nname = 'the {name}'\ntarget = 'shared/{name}'\nnotify = [{each}]\n"
            for name, each in notify.items()
        )
        engine = f"engine = {{ docker_address = '{fake.address}', resync = 3600 }}"
        file = tmp_path / "pygen.toml"
        file.write_text(f'{engine}\n[defaults]\ntemplate = "{NAMES}"\ninterval = 0\n{jobs}')
        program = pygen("--config", file)
        wait_for(lambda: fork.exists() and server.heard, what=lambda: f"both to hang: {program.log()}")
        for number in (1, 2, 3):
            fake.run(f"web-{number}")
            expected = "".join(f"web-{each} " for each in range(1, number + 1))
            fake.await_seen("reader", expected)
            for name in ("command", "server"):
                _await_text(program, shared / name, expected)
        assert len(server.heard) == 1
        assert not (shared / "filter").exists()
        assert program.metric("pygen_template_failing", target=str(shared / "filter")) == 1
        assert program.metric("pygen_template_failing", target=str(shared / "target")) == 0
        assert program.metric("pygen_notifications_pending", action="command", container="") == 1
        assert program.metric("pygen_notifications_pending", action="http", container="") == 1
        assert program.metric("pygen_notifications_pending", action="signal", container="reader") == 0
        assert "the expression \"lables.role == 'lb'\" for" in program.log()
        assert str(shared / "filter") in program.log()
        assert program.stop() == 0


def test_a_program_killed_between_two_jobs_tells_the_reader_of_both(
    fake: WatchedEngine, pygen: Callable[..., PygenProcess], tmp_path: Path
) -> None:
    """Two files of one reader: one signal for both, whose answer is lost with the program; the next sends one more."""
    shared = tmp_path / "shared"
    shared.mkdir()
    fake.add_container("reader")
    file = tmp_path / "pygen.toml"
    jobs = "".join(f"[[job]]\ntarget = 'shared/{name}'\n" for name in ("target", "other"))
    file.write_text(
        f"engine = {{ docker_address = '{fake.address}', resync = 3600 }}\n[defaults]\ntemplate = \"{NAMES}\"\n"
        f"interval = 0.5\nnotify = [{{ signal = 'HUP', container = 'reader' }}]\n{jobs}"
    )
    fake.fault("kill", times=None, how="hang")
    program = pygen("--config", file)
    program.wait_for(lambda: fake.calls["kill"], what="the signal")
    program.kill()
    fake.heal("kill")
    again = pygen("--config", file)
    again.wait_ready()
    again.wait_for(lambda: _owed(again) == 0, what="nothing to be owed")
    assert len(fake.seen["reader"]) == 1
    fake.run("web")
    again.wait_for(lambda: fake.seen["reader"][1:] == ["web "], what="one signal for both files")
    again.wait_for(lambda: _owed(again) == 0, what="nothing to be owed")
    assert len(fake.seen["reader"]) == 2
    assert (shared / "other").read_text() == "web "


def _await_text(program: PygenProcess, target: Path, text: str) -> None:
    program.wait_for(lambda: target.read_text() == text, what=f"{text!r} in {target}")


def _owed(program: PygenProcess) -> float:
    return program.metric("pygen_notifications_pending", action="signal", container="reader")
