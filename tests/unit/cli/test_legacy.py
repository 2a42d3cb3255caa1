"""docker-pygen's command lines still start the program."""

from __future__ import annotations

import pytest

from reconciler.cli.commands import Refused, Run
from reconciler.cli.options import parse


def warnings(arguments: str, **environ: str) -> tuple[str, ...]:
    """The warnings of an accepted command line."""
    command = parse(["--template", "t.j2", *arguments.split()], environ)
    assert isinstance(command, Run), command
    return command.warnings


@pytest.mark.parametrize(
    ("arguments", "instead"),
    [
        ("--events start stop die", "--resync"),
        ("--repeat 10", "--resync"),
        ("--no-ssl-check", "SSL_CERT_FILE"),
        ("--swarm-manager", "one pygen for each engine"),
        ("--workers tasks.pygen other", "one pygen for each engine"),
        ("--retries 3", "until it is delivered"),
    ],
)
def test_an_option_without_meaning_is_one_warning_that_names_its_successor(arguments: str, instead: str) -> None:
    """The option is accepted with the words that it took, even when repeated."""
    flag = arguments.split(maxsplit=1)[0]
    for given in (arguments, f"{arguments} {arguments}"):
        (warning,) = warnings(given)
        assert warning.startswith(f"{flag} is obsolete and ignored")
        assert instead in warning


def test_all_of_them_together_are_one_warning_each() -> None:
    """The order of warnings is the table's."""
    told = warnings("--retries 1 --workers a --swarm-manager --no-ssl-check --repeat 1 --events start")
    flags = [warning.split()[0] for warning in told]
    assert flags == ["--events", "--repeat", "--no-ssl-check", "--swarm-manager", "--workers", "--retries"]


@pytest.mark.parametrize("arguments", ["--events", "--workers", "--repeat", "--retries", "--repeat 1 2"])
def test_their_words_are_still_counted(arguments: str) -> None:
    """A legacy option with too few or too many words is a usage error."""
    assert isinstance(parse(["--template", "t.j2", *arguments.split()], {}), Refused)


def test_what_kept_its_meaning_warns_of_nothing() -> None:
    """docker-pygen's other options are ours."""
    same = (
        "--target t --restart a --signal b HUP --interval 1 2 --one-shot --docker-address tcp://h:1 --metrics 9 --debug"
    )
    assert warnings(same) == ()


def test_docker_address_serves_as_the_address_with_a_warning() -> None:
    """The ancestor's variable comes after ours, and before DOCKER_HOST."""
    command = parse(["--template", "t.j2"], {"DOCKER_ADDRESS": "tcp://old:1", "DOCKER_HOST": "tcp://host:1"})
    assert isinstance(command, Run)
    assert command.settings.engines[0].docker_address == "tcp://old:1"
    assert command.settings.engines[0].notify_docker_address == "tcp://old:1"
    (warning,) = command.warnings
    assert warning.startswith("DOCKER_ADDRESS in the environment is used")


@pytest.mark.parametrize(
    ("arguments", "environ"),
    [("--docker-address tcp://new:1", {}), ("", {"PYGEN_DOCKER_ADDRESS": "tcp://new:1"})],
)
def test_a_newer_name_overrules_docker_address(arguments: str, environ: dict[str, str]) -> None:
    """Where both are given, ours counts, and the warning says so."""
    command = parse(["--template", "t.j2", *arguments.split()], {"DOCKER_ADDRESS": "tcp://old:1", **environ})
    assert isinstance(command, Run)
    assert command.settings.engines[0].docker_address == "tcp://new:1"
    (warning,) = command.warnings
    assert warning.startswith("DOCKER_ADDRESS in the environment is ignored")


def test_docker_host_is_the_default_without_a_warning() -> None:
    """Docker's own variable is the usual way."""
    command = parse(["--template", "t.j2"], {"DOCKER_HOST": "tcp://host:1"})
    assert isinstance(command, Run)
    assert command.settings.engines[0].docker_address == "tcp://host:1"
    assert command.warnings == ()
