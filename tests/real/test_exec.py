"""Commands in containers, on every engine that people run."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tests.support.waiting import wait_for

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.support.keeping import Keeper
    from tests.support.real_engine import RealEngine

LABELS = {"action": "exec", "container": "web"}


def test_a_command_reads_what_was_written(engine: RealEngine, keeper: Callable[[str], Keeper]) -> None:
    """In the container, once for each content; a program that is restarted runs nothing."""
    keep = keeper("one")
    engine.run("web", binds=[f"{keep.shared}:/conf"])
    command = "sh -c 'cat /conf/target; echo; id -un' "
    reload = "sh -c '(cat /conf/target; echo) >>/conf/read'"
    kept = keep.start("--exec", "web", reload, "--interval", "0")
    kept.await_settled()
    keep.template.write_text("two")
    kept.await_text("two")
    kept.await_settled()
    assert kept.program.stop() == 0
    status, again = keep.one_shot("--exec", "web", reload, "--exec", "web", command)
    assert status == 0, again.program.log()
    assert (keep.shared / "read").read_text().splitlines() == ["one", "two"]
    assert "exec of sh (2 arguments) in web delivered to web (exit status 0)" in kept.program.log()
    assert kept.warnings() + again.warnings() == []


def test_a_command_that_fails_is_tried_again_and_its_last_lines_are_told(
    engine: RealEngine, keeper: Callable[[str], Keeper]
) -> None:
    """Standard output and standard error; the argument, which may be a password, in no line but the command's own."""
    keep = keeper("told")
    engine.run("web", binds=[f"{keep.shared}:/conf"])
    command = "sh -c 'echo tried >>/conf/tries; echo out; echo wrong >&2; test -e /conf/mended' s3cret"
    kept = keep.start("--exec", "web", command, "--interval", "0")
    kept.program.wait_for_log("the command ended with 1: ")
    [line] = [line for line in kept.warnings() if "(1 try" in line]
    assert {"out", "wrong"} <= set(line.replace("|", " ").split())
    assert kept.program.metric("pygen_notifications_pending", **LABELS) == 1
    (keep.shared / "mended").touch()
    kept.await_settled()
    tries = len((keep.shared / "tries").read_text().splitlines())
    assert kept.program.metric("pygen_notifications_total", **LABELS, result="error") == tries - 1
    assert kept.program.metric("pygen_notifications_total", **LABELS, result="success") == 1
    assert "s3cret" not in kept.program.log()


def test_a_program_that_is_not_there_is_a_failure_in_words(engine: RealEngine, keeper: Callable[[str], Keeper]) -> None:
    """Whether the engine refuses it or reports a status."""
    keep = keeper("told")
    engine.run("web")
    status, kept = keep.one_shot("--exec", "web", "no-such-program --now")
    assert status == 14, kept.program.log()
    assert any("exec of no-such-program (1 argument) in web failed for web" in line for line in kept.warnings())


def test_an_endless_output_is_bounded_and_ends_with_its_command(
    engine: RealEngine, keeper: Callable[[str], Keeper]
) -> None:
    """What is kept of it is its end."""
    keep = keeper("told")
    engine.run("web", binds=[f"{keep.shared}:/conf"])
    command = "sh -c 'yes | head -c 50000000; echo the end; test -e /conf/mended'"
    kept = keep.start("--exec", "web", command, "--interval", "0")
    kept.program.wait_for_log("| y | the end")
    (keep.shared / "mended").touch()
    wait_for(lambda: kept.owed() == 0, what="the delivery")
