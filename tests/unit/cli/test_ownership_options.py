"""Owner, group and mode of a target, on the command line and in a file."""

from __future__ import annotations

import grp
import os
import pwd
from typing import TYPE_CHECKING

import pytest

from reconciler.cli.commands import Refused, Run
from reconciler.cli.options import parse

if TYPE_CHECKING:
    from pathlib import Path

    from reconciler.cli.commands import Command
    from reconciler.cli.settings import JobSettings


def _job(command: Command) -> JobSettings:
    assert isinstance(command, Run), command
    return command.settings.jobs[0]


def _of_file(tmp_path: Path, line: str) -> Command:
    file = tmp_path / "pygen.toml"
    file.write_text(f'[[job]]\nname = "a"\ntemplate = "#"\ntarget = "x"\n{line}\n')
    return parse(["--config", str(file)], {})


def test_without_them_nothing_is_said() -> None:
    """A file keeps what it has."""
    job = _job(parse(["--template", "#"], {}))
    assert (job.owner, job.group, job.mode) == (None, None, None)


def test_names_and_numbers_on_the_command_line() -> None:
    """A name is looked up, and a number needs no account."""
    user, group = pwd.getpwall()[-1], grp.getgrall()[-1]
    job = _job(parse(["--template", "#", "--owner", user.pw_name, "--group", group.gr_name, "--mode", "0640"], {}))
    assert (job.owner, job.group, job.mode) == (user.pw_uid, group.gr_gid, 0o640)
    job = _job(parse(["--template", "#", "--owner", "70101", "--group", "0", "--mode", "444"], {}))
    assert (job.owner, job.group, job.mode) == (70101, 0, 0o444)


def test_in_the_environment() -> None:
    """By the options' names."""
    job = _job(parse(["--template", "#"], {"PYGEN_OWNER": "root", "PYGEN_GROUP": "101", "PYGEN_MODE": "0o600"}))
    assert (job.owner, job.group, job.mode) == (0, 101, 0o600)


@pytest.mark.parametrize("value", ['"0640"', '"640"', '"0o640"', "0o640"])
def test_a_mode_in_a_file_is_octal(tmp_path: Path, value: str) -> None:
    """As a text, or as one of TOML's octal numbers."""
    job = _job(_of_file(tmp_path, f'owner = "root"\ngroup = 101\nmode = {value}'))
    assert (job.owner, job.group, job.mode) == (0, 101, 0o640)


@pytest.mark.parametrize("mode", [0o600, 0o604, 0o640, 0o644, 0o660, 0o664, 0o666, 0o700, 0o750, 0o755, 0o770, 0o777])
def test_every_usual_mode_can_be_written_with_0o(tmp_path: Path, mode: int) -> None:
    """None of them is taken for a number in decimal."""
    assert _job(_of_file(tmp_path, f"mode = 0o{mode:o}")).mode == mode


@pytest.mark.parametrize("mode", [400, 440, 444, 500, 600, 640, 644, 660, 664, 666, 700, 750, 755, 770, 777])
def test_a_mode_in_decimal_is_refused(tmp_path: Path, mode: int) -> None:
    """It would be another one; what to write is said."""
    refused = _of_file(tmp_path, f"mode = {mode}")
    assert isinstance(refused, Refused)
    assert refused.message.endswith(
        f'pygen.toml: job a: mode: {mode} is not written in octal: write "0{mode}", or 0o{mode} without quotes'
    )


@pytest.mark.parametrize(
    ("line", "says"),
    [
        (
            'owner = "nobody-by-this-name"',
            "owner: there is no user called 'nobody-by-this-name' where pygen runs: give",
        ),
        ('group = "nobody-by-this-name"', "group: there is no group called 'nobody-by-this-name' where pygen runs"),
        ('owner = ""', "owner: it is empty"),
        ('owner = "a\\u0000b"', "owner: there is no user called"),
        ("owner = -1", "owner: there is no user called '-1'"),
        ("owner = 4294967295", "owner: 4294967295 is too large for the number of a user: give at most 4294967294"),
        ("group = true", "group: give a whole number, or text"),
        ("mode = 6.4", 'mode: give a text in octal, such as "0640", or 0o640'),
        ("mode = -1", 'mode: -1 is not written in octal: write "0640", or 0o640'),
        ("mode = 4755", 'mode: 4755 is not written in octal: write "0640", or 0o640'),
        ("mode = 0o4755", 'mode: 2541 is not written in octal: write "0640", or 0o640'),
        ('mode = "4755"', "mode: 4755 has set-id or sticky bits, which no target gets: give one such as 0640"),
        ('mode = "0044"', "mode: 0044 takes away the owner's right to read, which pygen needs: give one such as 0640"),
        ('mode = "0200"', "mode: 0200 takes away the owner's right to read"),
        ('mode = "01777"', "mode: 01777 has set-id or sticky bits"),
        ('mode = "u=rw"', "mode: 'u=rw' is no mode of a file: give three octal digits, such as 0640"),
        ('mode = "0689"', "mode: '0689' is no mode of a file"),
    ],
)
def test_what_can_t_be_is_refused_with_file_job_and_key(tmp_path: Path, line: str, says: str) -> None:
    """At the start, with status 2."""
    refused = _of_file(tmp_path, line)
    assert isinstance(refused, Refused)
    assert f"pygen.toml: job a: {says}" in refused.message


def test_an_unknown_user_on_the_command_line_names_the_option() -> None:
    """Or the variable."""
    refused = parse(["--template", "#", "--owner", "nobody-by-this-name"], {})
    assert isinstance(refused, Refused)
    assert refused.message.startswith("--owner: there is no user called 'nobody-by-this-name'")
    refused = parse(["--template", "#"], {"PYGEN_MODE": "rw"})
    assert isinstance(refused, Refused)
    assert refused.message.startswith("PYGEN_MODE: 'rw' is no mode of a file")


def test_our_own_user_is_known() -> None:
    """By its number at least."""
    assert _job(parse(["--template", "#", "--owner", str(os.geteuid())], {})).owner == os.geteuid()
