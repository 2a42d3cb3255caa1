"""Commands in containers, on every engine that people run."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from notify.port import EngineTimeout, Executed
from reconciler.backend.address import EngineAddress
from reconciler.backend.docker_sdk import SdkNotifyPort
from tests.support.waiting import wait_for

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.support.real_engine import RealEngine
    from tests.support.running_program import ProgramStarter

LABELS = {"action": "exec", "container": "web"}


def test_a_command_reads_what_was_written(engine: RealEngine, make_starter: Callable[[str], ProgramStarter]) -> None:
    """In the container, once for each content; a program that is restarted runs nothing."""
    starter = make_starter("one")
    engine.run("web", binds=[f"{starter.shared}:/conf"])
    command = "sh -c 'cat /conf/target; echo; id -un' "
    reload = "sh -c '(cat /conf/target; echo) >>/conf/read'"
    running = starter.start("--exec", "web", reload, "--interval", "0")
    running.await_settled()
    starter.template.write_text("two")
    running.await_text("two")
    running.await_settled()
    assert running.program.stop() == 0
    status, again = starter.one_shot("--exec", "web", reload, "--exec", "web", command)
    assert status == 0, again.program.log()
    assert (starter.shared / "read").read_text().splitlines() == ["one", "two"]
    assert "exec of sh (2 arguments) in web delivered to web (exit status 0)" in running.program.log()
    assert running.warnings() + again.warnings() == []


def test_a_command_that_fails_is_tried_again_and_its_last_lines_are_told(
    engine: RealEngine, make_starter: Callable[[str], ProgramStarter]
) -> None:
    """Standard output and standard error; the argument, which may be a password, in no line but the command's own."""
    starter = make_starter("told")
    engine.run("web", binds=[f"{starter.shared}:/conf"])
    command = "sh -c 'echo tried >>/conf/tries; echo out; echo wrong >&2; test -e /conf/mended' s3cret"
    running = starter.start("--exec", "web", command, "--interval", "0")
    running.program.wait_for_log("the command ended with 1: ")
    [line] = [line for line in running.warnings() if "(1 try" in line]
    assert {"out", "wrong"} <= set(line.replace("|", " ").split())
    assert running.program.metric("pygen_notifications_pending", **LABELS) == 1
    (starter.shared / "mended").touch()
    running.await_settled()
    tries = len((starter.shared / "tries").read_text().splitlines())
    assert running.program.metric("pygen_notifications_total", **LABELS, result="error") == tries - 1
    assert running.program.metric("pygen_notifications_total", **LABELS, result="success") == 1
    assert "s3cret" not in running.program.log()


def test_a_program_that_is_not_there_is_a_failure_in_words(
    engine: RealEngine, make_starter: Callable[[str], ProgramStarter]
) -> None:
    """Whether the engine refuses it or reports a status."""
    starter = make_starter("told")
    engine.run("web")
    status, running = starter.one_shot("--exec", "web", "no-such-program --now")
    assert status == 14, running.program.log()
    assert any("exec of no-such-program (1 argument) in web failed for web" in line for line in running.warnings())


def test_an_endless_output_is_bounded_and_ends_with_its_command(
    engine: RealEngine, make_starter: Callable[[str], ProgramStarter]
) -> None:
    """What is kept of it is its end."""
    starter = make_starter("told")
    engine.run("web", binds=[f"{starter.shared}:/conf"])
    command = "sh -c 'yes | head -c 50000000; echo the end; test -e /conf/mended'"
    running = starter.start("--exec", "web", command, "--interval", "0")
    running.program.wait_for_log("| y | the end")
    (starter.shared / "mended").touch()
    wait_for(lambda: running.owed() == 0, what="the delivery")


@pytest.mark.parametrize(
    "script",
    ["yes", "while :; do echo x; sleep 0.05; done", "echo begun; sleep 1000"],
    ids=["prints without an end", "prints now and then", "falls silent"],
)
def test_a_command_that_does_not_end_is_left_at_its_one_deadline(engine: RealEngine, script: str) -> None:
    """Whatever it prints meanwhile."""
    container_id = engine.run("web")
    port = SdkNotifyPort(EngineAddress.parse(engine.address, {}))
    assert port.execute(engine.address, container_id, ["echo", "fine"], timeout_s=60) == Executed(0, b"fine\n")
    with pytest.raises(EngineTimeout):
        port.execute(engine.address, container_id, ["sh", "-c", script], timeout_s=5)
    assert port.execute(engine.address, container_id, ["echo", "fine"], timeout_s=60) == Executed(0, b"fine\n")
    port.close()
