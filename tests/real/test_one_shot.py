"""`--one-shot`: one pass, everybody told, and a status that says how it went."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tests.support.running_program import ProgramStarter, ReaderContainer

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from tests.support.fake_engine import FakeEngine
    from tests.support.process import PygenProcess
    from tests.support.real_engine import RealEngine

NAMES = "{% for c in containers %}{{ c.name }}\n{% endfor %}"


def test_everything_is_done_at_once_and_the_status_is_0(
    engine: RealEngine, make_starter: Callable[[str], ProgramStarter]
) -> None:
    """What is owed does not wait for MIN, and a second time there is nothing to do."""
    starter = make_starter(NAMES)
    reader = ReaderContainer(engine, starter.shared)
    options = ("--signal", "reader", "HUP", "--interval", "3600")
    status, running = starter.one_shot(*options)
    assert status == 0, running.program.log()
    reader.await_told("reader")
    status, running = starter.one_shot(*options)
    assert status == 0
    assert "target changed" not in running.program.log()
    assert reader.signals_until_now() == 1
    engine.run("web")
    status, running = starter.one_shot(*options)
    reader.await_told("reader web")
    assert reader.signals_until_now() == 2


def test_standard_output_is_written_and_nothing_else(
    engine: RealEngine, pygen: Callable[..., PygenProcess], tmp_path: Path
) -> None:
    """The content there, the log on standard error; an inline template; no file anywhere, no port."""
    engine.run("web")
    engine.run_listener("reader")
    folder = tmp_path / "cwd"
    folder.mkdir()
    template = "# {% for c in containers %}{{ c.name }},{% endfor %}"
    program = pygen(
        "--one-shot",
        "--template",
        template,
        "--docker-address",
        engine.address,
        "--signal",
        "reader",
        "HUP",
        cwd=folder,
    )
    assert program.wait_for_end() == 0, program.log()
    assert program.printed() == "reader,web,"
    assert "target changed" in program.log()
    assert list(folder.iterdir()) == []
    assert "metrics: off" in program.log()


def test_an_engine_that_cannot_be_reached_is_11(pygen: Callable[..., PygenProcess], tmp_path: Path) -> None:
    """Within the budget, with the old file left as it is and a reason that names the socket."""
    target = tmp_path / "target"
    target.write_text("old")
    arguments = ["--one-shot", "--template", "# x", "--target", target]
    program = pygen(*arguments, "--docker-address", f"unix://{tmp_path}/nothing.sock")
    assert program.wait_for_end() == 11
    assert target.read_text() == "old"
    assert "nothing.sock" in program.log()
    assert "Traceback" not in program.log()


def test_a_template_that_fails_is_12(fake: FakeEngine, make_faked_starter: Callable[[str], ProgramStarter]) -> None:
    """Whether it can't be loaded or can't be rendered; the message gives its place, and the old file stays."""
    fake.add_container("web", env={"SECRET": "hush"})
    starter = make_faked_starter("line\n{% if %}")
    starter.target.write_text("old")
    status, running = starter.one_shot()
    assert status == 12
    assert "template.j2, line 2" in running.program.log()
    starter.template.write_text("line\n\n{{ containers.first.env.SECRET + 1 }}")
    status, running = starter.one_shot()
    assert status == 12
    assert "template.j2, line 3" in running.program.log()
    assert "hush" not in running.program.log()
    assert starter.read() == "old"


def test_a_target_that_cannot_be_written_is_13(make_faked_starter: Callable[[str], ProgramStarter]) -> None:
    """A folder in its place, or a file where its folder should be."""
    starter = make_faked_starter("x")
    starter.target.mkdir()
    status, running = starter.one_shot()
    assert status == 13
    assert str(starter.target) in running.program.log()
    starter.target.rmdir()
    starter.target.write_text("a file")
    status, running = starter.one_shot("--target", starter.target / "below")
    assert status == 13
    assert "Traceback" not in running.program.log()


def test_a_notification_that_fails_is_14_and_stays_owed(
    fake: FakeEngine, make_faked_starter: Callable[[str], ProgramStarter]
) -> None:
    """It is tried until the budget ends; the next start delivers it, though nothing has changed."""
    fake.add_container("web")
    fake.fault("kill", times=None, status=500)
    starter = make_faked_starter("x")
    status, running = starter.one_shot("--signal", "web", "HUP")
    assert status == 14
    assert fake.calls["kill"] > 1
    assert starter.read() == "x"
    fake.heal()
    status, running = starter.one_shot("--signal", "web", "HUP")
    assert status == 0, running.program.log()
    assert [signal.signal for signal in fake.signals] == ["SIGHUP"]


def test_who_is_told_and_who_fails_do_not_wait_for_each_other(
    fake: FakeEngine, make_faked_starter: Callable[[str], ProgramStarter]
) -> None:
    """One target never answers; the other is told, and the status is 14 within the budget."""
    fake.add_container("hangs")
    fake.add_container("works")
    fake.fault("kill", times=None, how="hang", container="hangs")
    status, running = make_faked_starter("x").one_shot("--signal", "hangs", "HUP", "--signal", "works", "HUP")
    assert status == 14, running.program.log()
    [told] = {signal.container_id for signal in fake.signals}
    assert told == fake.container("works").id


def test_a_faulty_engine_is_asked_again_within_the_budget(
    fake: FakeEngine, make_faked_starter: Callable[[str], ProgramStarter]
) -> None:
    """A few bad answers are no reason to fail."""
    fake.add_container("web")
    fake.fault("list", times=2, status=500)
    fake.html_fault("inspect")
    fake.fault("inspect", cut=True)
    starter = make_faked_starter(NAMES)
    status, running = starter.one_shot()
    assert status == 0, running.program.log()
    assert starter.read() == "web\n"
