"""Every bad input is tried on the program itself, and gives what is said of it: a status, and a message that helps."""

from __future__ import annotations

import socket
from typing import TYPE_CHECKING

import pytest

from tests.support.ports import reserve_port
from tests.support.running_program import NO_RESYNC, ProgramStarter

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from pathlib import Path

    from tests.support.fake_engine import FakeEngine
    from tests.support.process import PygenProcess

#: What is wrong, and words of the message.
USAGE_ERRORS: dict[str, tuple[list[str], list[str]]] = {
    "no template": ([], ["--template"]),
    "an empty template": (["--template", ""], ["--template", "empty"]),
    "an unknown option": (["--template", "#", "--nope"], ["--nope"]),
    "an abbreviated option": (["--templ", "#"], ["--templ", "--template"]),
    "an abbreviated option with =": (["--template", "#", "--one=1"], ["--one"]),
    "a stray word": (["--template", "#", "stray"], ["stray"]),
    "an option without its value": (["--template"], ["--template"]),
    "an empty container to restart": (["--template", "#", "--restart", ""], ["--restart", "empty"]),
    "a blank container to signal": (["--template", "#", "--signal", " ", "HUP"], ["--signal", "empty"]),
    "a signal without a container": (["--template", "#", "--signal", "HUP"], ["--signal"]),
    "a signal that does not exist": (["--template", "#", "--signal", "web", "NOPE"], ["--signal", "NOPE"]),
    "a signal's number that does not exist": (["--template", "#", "--signal", "web", "65"], ["--signal", "65"]),
    "a signal 0": (["--template", "#", "--signal", "web", "0"], ["--signal", "0"]),
    "MIN over MAX": (["--template", "#", "--interval", "3", "2"], ["--interval", "MIN 3", "MAX 2"]),
    "a negative interval": (["--template", "#", "--interval", "-1"], ["--interval"]),
    "three intervals": (["--template", "#", "--interval", "1", "2", "3"], ["--interval", "3 values"]),
    "an interval that is no number": (["--template", "#", "--interval", "soon"], ["--interval", "soon"]),
    "an interval that is not a number by name": (["--template", "#", "--interval", "nan"], ["--interval", "nan"]),
    "a resync of 0": (["--template", "#", "--resync", "0"], ["--resync"]),
    "a negative resync": (["--template", "#", "--resync", "-3"], ["--resync"]),
    "an endless resync": (["--template", "#", "--resync", "inf"], ["--resync", "inf"]),
    "an unknown scheme": (["--template", "#", "--docker-address", "ftp://host"], ["--docker-address", "unix://"]),
    "an engine behind ssh": (
        ["--template", "#", "--docker-address", "ssh://me@host"],
        ["--docker-address", "ssh:// are not supported", "ssh -nNT -L"],
    ),
    "an engine behind a named pipe": (
        ["--template", "#", "--docker-address", "npipe:////./pipe/docker_engine"],
        ["--docker-address", "npipe:// are not supported", "in a Linux container"],
    ),
    "an address without a host": (["--template", "#", "--docker-address", "tcp://"], ["--docker-address"]),
    "an address with a port that is none": (
        ["--template", "#", "--docker-address", "tcp://host:99999"],
        ["port", "65535"],
    ),
    "a relative address": (["--template", "#", "--docker-address", "docker.sock"], ["--docker-address"]),
    "a metrics port that is none": (["--template", "#", "--metrics", "70000"], ["--metrics", "70000"]),
    "a metrics address that is none": (["--template", "#", "--metrics=here:there"], ["--metrics", "there"]),
    "an unknown way to signal": (["--template", "#", "--signal-via", "pigeon"], ["--signal-via", "pigeon", "exec"]),
    "an unknown log format": (["--template", "#", "--log-format", "xml"], ["--log-format", "xml", "json"]),
    "a render's time of 0": (["--template", "#", "--render-time-limit", "0"], ["--render-time-limit"]),
    "a render's size that is none": (["--template", "#", "--render-size-limit", "much"], ["--render-size-limit"]),
    "an option that record does not have": (["record", "--template", "#"], ["--template"]),
    "an option that healthcheck does not have": (["healthcheck", "--debug"], ["--debug"]),
    "a subcommand that is not the first word": (["--template", "#", "record"], ["record", "first"]),
}


@pytest.mark.parametrize(("arguments", "words"), USAGE_ERRORS.values(), ids=USAGE_ERRORS)
def test_a_usage_error_is_2_and_says_what_and_what_to_do(
    pygen: Callable[..., PygenProcess], arguments: list[str], words: Sequence[str]
) -> None:
    """One line, no traceback, nothing on standard output."""
    program = pygen(*arguments, metrics=False)
    assert program.wait_for_end() == 2, program.log()
    assert program.printed() == ""
    [line] = program.log().splitlines()
    assert all(word in line for word in words), line


ENVIRONMENT_ERRORS = {
    "PYGEN_INTERVAL": "2,1",
    "PYGEN_SIGNAL": "nginx",
    "PYGEN_RESTART": "nginx,,haproxy",
    "PYGEN_RESYNC": "often",
    "PYGEN_METRICS": "nowhere",
    "PYGEN_ONE_SHOT": "perhaps",
    "PYGEN_DOCKER_ADDRESS": "ftp://host",
    "DOCKER_HOST": "ftp://host",
    "PYGEN_SIGNAL_VIA": "pigeon",
}


@pytest.mark.parametrize("name", ENVIRONMENT_ERRORS)
def test_a_mistake_in_the_environment_is_2_and_names_the_variable(
    pygen: Callable[..., PygenProcess], name: str
) -> None:
    """As on the command line."""
    program = pygen(metrics=False, env={"PYGEN_TEMPLATE": "#", name: ENVIRONMENT_ERRORS[name]})
    assert program.wait_for_end() == 2, program.log()
    [line] = program.log().splitlines()
    assert name in line


def test_a_password_in_an_address_is_not_repeated(pygen: Callable[..., PygenProcess]) -> None:
    """Neither where the address is refused nor where it is used."""
    program = pygen("--template", "#", "--docker-address", "ftp://me:hush@host", metrics=False)
    assert program.wait_for_end() == 2
    assert "hush" not in program.log()


def test_a_metrics_port_that_is_taken_is_2(
    fake: FakeEngine, make_faked_starter: Callable[[str], ProgramStarter]
) -> None:
    """Before anything is written."""
    port = reserve_port()
    with socket.create_server(("127.0.0.1", port)):
        running = make_faked_starter("x").start("--metrics", f"127.0.0.1:{port}")
        assert running.program.wait_for_end() == 2
    assert str(port) in running.program.log()
    assert not running.target.exists()
    assert "Traceback" not in running.program.log()


def test_the_second_program_on_a_target_is_13(
    fake: FakeEngine, make_faked_starter: Callable[[str], ProgramStarter]
) -> None:
    """Also through another spelling of its path; the first is not disturbed, and its end makes room."""
    fake.add_container("web")
    starter = make_faked_starter("x")
    first = starter.start(*NO_RESYNC)
    first.await_text("x")
    for spelling in (starter.target, starter.shared / ".." / "shared" / "target"):
        second = starter.start("--target", spelling)
        assert second.program.wait_for_end() == 13, second.program.log()
        assert "target" in second.program.log()
        status, _ = starter.one_shot("--target", spelling)
        assert status == 13
    assert first.program.running
    assert first.program.stop() == 0
    status, running = starter.one_shot()
    assert status == 0, running.program.log()


@pytest.mark.parametrize("one_shot", [True, False], ids=["one-shot", "loop"])
@pytest.mark.parametrize("template", ["{% if %}", "{{ 1 | nosuchfilter }}", None, "inline"])
def test_a_template_that_cannot_be_loaded_is_12(
    fake: FakeEngine, make_faked_starter: Callable[[str], ProgramStarter], template: str | None, *, one_shot: bool
) -> None:
    """Broken, missing, or an inline one that wants to include: in either mode, with the old file left alone."""
    starter = make_faked_starter(template or "")
    starter.target.write_text("old")
    options = ["--template", "#{% include 'part.j2' %}"] if template == "inline" else []
    if template is None:
        starter.template.unlink()
    running = starter.start(*options, *(["--one-shot"] if one_shot else []))
    assert running.program.wait_for_end() == 12, running.program.log()
    assert starter.read() == "old"
    assert "Traceback" not in running.program.log()
    [error] = [line for line in running.program.log().splitlines() if " ERROR " in line]
    assert ("inline" if template == "inline" else str(starter.template)) in error


def test_options_of_the_ancestor_are_accepted_with_one_warning_each(
    fake: FakeEngine, make_faked_starter: Callable[[str], ProgramStarter]
) -> None:
    """It names what takes their place."""
    fake.add_container("web")
    legacy = ["--events", "start", "die", "--repeat", "5", "--no-ssl-check", "--swarm-manager", "--workers", "a", "b"]
    status, running = make_faked_starter("x").one_shot(*legacy, "--retries", "3", "--retries", "4")
    assert status == 0, running.program.log()
    warnings = running.warnings()
    assert len(warnings) == 6
    for option in ("--events", "--repeat", "--no-ssl-check", "--swarm-manager", "--workers", "--retries"):
        assert sum(f"{option} is obsolete" in line for line in warnings) == 1
    assert any("--resync" in line for line in warnings)


def test_the_environment_serves_as_a_command_line(
    fake: FakeEngine, pygen: Callable[..., PygenProcess], tmp_path: Path
) -> None:
    """Lists are comma-separated, the option wins, empty is unset, an unknown name is a warning without its value."""
    for name in ("nginx", "haproxy", "app"):
        fake.add_container(name)
    target, other = tmp_path / "target", tmp_path / "other"
    program = pygen(
        "--target",
        target,
        env={
            "PYGEN_TEMPLATE": "# x",
            "PYGEN_TARGET_FILE": str(other),
            "PYGEN_TARGET": "the container we run in",
            "PYGEN_SIGNAL": "nginx HUP,haproxy USR2",
            "PYGEN_RESTART": "app",
            "PYGEN_ONE_SHOT": "true",
            "PYGEN_RESYNC": "",
            "PYGEN_DOCKER_ADDRESS": fake.address,
            "PYGEN_SINGAL": "hush",
        },
        metrics=False,
    )
    assert program.wait_for_end() == 0, program.log()
    assert target.read_text() == "x"
    assert not other.exists()
    told = {(told.container_id, told.signal) for told in fake.signals}
    assert told == {(fake.container("nginx").id, "SIGHUP"), (fake.container("haproxy").id, "SIGUSR2")}
    assert len(fake.restarts) == 1
    [warning] = [line for line in program.log().splitlines() if " WARNING " in line]
    assert "PYGEN_SINGAL" in warning
    assert "PYGEN_SIGNAL" in warning
    assert "hush" not in program.log()


def test_a_corrupt_state_owes_everything_once(
    fake: FakeEngine, make_faked_starter: Callable[[str], ProgramStarter]
) -> None:
    """With a warning; after that the state is whole again."""
    fake.add_container("web")
    starter = make_faked_starter("x")
    assert starter.one_shot("--signal", "web", "HUP")[0] == 0
    [state] = starter.shared.glob(".*.state.pygen")
    for count, rubbish in enumerate((b"", b"\xff{", b'{"version": 99}'), start=2):
        state.write_bytes(rubbish)
        status, running = starter.one_shot("--signal", "web", "HUP")
        assert status == 0, running.program.log()
        assert len(fake.signals) == count, rubbish
        assert len(running.warnings()) == 1
        status, running = starter.one_shot("--signal", "web", "HUP")
        assert (status, len(fake.signals), running.warnings()) == (0, count, [])


def test_a_state_that_cannot_be_written_is_a_warning(
    fake: FakeEngine, make_faked_starter: Callable[[str], ProgramStarter]
) -> None:
    """Debts live in memory then: everybody is told all the same."""
    fake.add_container("web")
    starter = make_faked_starter("x")
    in_the_way = starter.shared / "a-file"
    in_the_way.write_text("")
    running = starter.start(*NO_RESYNC, "--signal", "web", "HUP", "--interval", "0", "--state-dir", in_the_way)
    running.program.wait_for(lambda: len(fake.signals) == 1, what="the signal")
    unlocked, in_memory = running.warnings()
    assert "could not be locked" in unlocked
    assert "memory" in in_memory
    assert running.program.stop() == 0


def test_version_and_help_need_nothing(pygen: Callable[..., PygenProcess]) -> None:
    """They go to standard output, with status 0."""
    for arguments in (["--version"], ["--help"], ["record", "--help"], ["healthcheck", "--help"]):
        program = pygen(*arguments, metrics=False)
        assert program.wait_for_end() == 0
        assert "pygen" in program.printed()
        assert program.log() == ""
