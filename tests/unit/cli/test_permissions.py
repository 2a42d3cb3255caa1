"""What `permissions` prints."""

from __future__ import annotations

import io
import re

import pytest

from reconciler.backend.permissions import OPERATIONS
from reconciler.cli.commands import Permissions
from reconciler.cli.options import parse
from reconciler.cli.permissions import print_permissions

READING = ["GET /version", "GET /containers/json", "GET /containers/{container}/json", "GET /networks", "GET /events"]
KILL = "POST /containers/{container}/kill"
RESTARTS = ["POST /containers/{container}/restart", "POST /containers/{container}/start"]
EXECS = ["POST /containers/{container}/exec", "POST /exec/{exec}/start", "GET /exec/{exec}/json"]


def printed(arguments: str) -> tuple[str, str]:
    """Standard output and standard error of the command."""
    command = parse(["permissions", *arguments.split()], {})
    assert isinstance(command, Permissions), command
    stdout, stderr = io.StringIO(), io.StringIO()
    print_permissions(command, stdout, stderr)
    return stdout.getvalue(), stderr.getvalue()


def lines(arguments: str) -> list[str]:
    """Method and path of each request in the printed text, headings left out."""
    found = [re.match(r"(GET|POST) \S+", line) for line in printed(arguments)[0].splitlines()]
    return [match[0] for match in found if match]


@pytest.mark.parametrize(
    ("arguments", "expected"),
    [
        ("", READING),
        ("--one-shot", READING[:-1]),
        ("--signal a HUP --signal-via kill", [*READING, KILL]),
        ("--signal a HUP --signal-via exec", [*READING, *EXECS]),
        ("--signal a HUP", [*READING, KILL, *EXECS]),
        ("--signal a KILL --signal b STOP", [*READING, KILL]),
        ("--restart a", [*READING, *RESTARTS]),
        ("--restart a --signal a HUP", [*READING, KILL, *RESTARTS, *EXECS]),
        ("--exec a reload --signal-via kill", [*READING, *EXECS]),
        ("--http http://h/ --command reload", READING),
        ("--docker-address file:///s.json --signal a HUP", []),
    ],
)
def test_the_list_holds_what_the_configuration_needs_and_no_more(arguments: str, expected: list[str]) -> None:
    """Writes are listed only where they are configured, execs only where a signal may be sent that way."""
    assert lines(arguments) == expected


def test_a_second_address_leaves_the_first_without_writes() -> None:
    """Each address has a list of its own, and reading needs no POST."""
    text, _ = printed("--signal a HUP --signal-via kill --notify-docker-address tcp://proxy:2375")
    reading, telling = text.split("\n\n")
    assert reading.startswith("# --docker-address\n")
    assert telling.startswith("# --notify-docker-address\n")
    assert "POST" not in reading
    for line in ("GET /version", "GET /containers/{container}/json", KILL):
        assert line in telling
    assert "/events" not in telling
    assert "/containers/json" not in telling


def test_each_request_says_why_and_what_it_hands_over() -> None:
    """The reason stands on the line, and below an exec what it grants."""
    text, _ = printed("--signal a HUP --restart b")
    for operation in OPERATIONS:
        assert re.search(rf"^{re.escape(operation.line)} +{re.escape(operation.why)}$", text, re.MULTILINE)
    assert text.count("can run any command, as any user, in every container") == 2


def test_arguments_of_the_socket_proxy_stand_alone_on_standard_output() -> None:
    """They can be handed on as they are; what they are for is told on standard error."""
    stdout, stderr = printed("--signal a HUP --format socket-proxy")
    arguments = stdout.splitlines()
    assert len(arguments) == len([*READING, KILL, *EXECS])
    assert all(re.fullmatch(r"-allow(GET|POST)=\S+", argument) for argument in arguments)
    assert "any command, as any user" in stderr
    assert all(line.startswith("# ") for line in stderr.splitlines())


def test_arguments_for_two_proxies_are_kept_apart() -> None:
    """A blank line stands between the two lists."""
    stdout, stderr = printed("--restart a --format socket-proxy --notify-docker-address tcp://proxy:2375")
    reading, telling = stdout.split("\n\n")
    assert "-allowPOST" not in reading
    assert "-allowPOST" in telling
    assert stderr.index("# --docker-address") < stderr.index("# --notify-docker-address")


@pytest.mark.parametrize(
    ("argument_of", "path", "allowed"),
    [
        ("GET /containers/json", "/v1.41/containers/json", True),
        ("GET /containers/json", "/containers/json", True),
        ("GET /containers/json", "/v1.41/containers/json/x", False),
        ("GET /containers/json", "/v1.41/containers/abc/json", False),
        ("GET /containers/{container}/json", "/v1.41/containers/0a1b/json", True),
        ("GET /containers/{container}/json", "/v1.41/containers/a/../b/json", False),
        ("GET /containers/{container}/json", "/v1.41/containers/../json", False),
        ("GET /containers/{container}/json", "/v1.41/containers/json", False),
        ("POST /exec/{exec}/start", "/v1.52/exec/0a1b/start", True),
        ("POST /exec/{exec}/start", "/v1.52/exec//start", False),
        (KILL, "/v1.41/containers/web.1-x_2/kill", True),
    ],
)
def test_patterns_match_the_path_they_are_for(argument_of: str, path: str, allowed: bool) -> None:  # noqa: FBT001 - a table
    """The proxy anchors a pattern at both ends; it lets its own path through, and no path around it."""
    stdout, _ = printed("--signal a HUP --format socket-proxy")
    operations = [*READING, KILL, *EXECS]
    pattern = stdout.splitlines()[operations.index(argument_of)].partition("=")[2]
    assert (re.search(f"^{pattern}$", path) is not None) == allowed
