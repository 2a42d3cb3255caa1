"""docs/deploying.md speaks of what is there."""

from __future__ import annotations

import re

from reconciler.cli.catalogue import OPTIONS
from tests.support.process import ROOT

PAGE = (ROOT / "docs" / "deploying.md").read_text()
COMPOSE = (ROOT / "deploy" / "compose.yaml").read_text()
#: Of other programs: docker, systemctl, pip.
_FOREIGN = {"--detach", "--wait", "--group-add", "--user", "--format"}


def test_every_file_that_it_names_is_there() -> None:
    """Below deploy/, and the pages that it links to."""
    named = re.findall(r"deploy/[\w./*-]+\w", PAGE)
    assert named
    assert [name for name in named if not list(ROOT.glob(name))] == []
    links = re.findall(r"\]\((?!https?:)([\w./-]+)\)", PAGE)
    assert [link for link in links if not (ROOT / "docs" / link).exists()] == []


def test_every_option_and_variable_is_one() -> None:
    """The program's own, and those of the compose file."""
    options = {option.flag for option in OPTIONS} | _FOREIGN
    assert set(re.findall(r"(?<![\w-])--[a-z][a-z-]+", PAGE)) <= options
    variables = {option.variable_name for option in OPTIONS} | set(re.findall(r"\$\{(\w+)", COMPOSE))
    named = set(re.findall(r"`([A-Z]+(?:_[A-Z0-9]+)*)(?:=[^`]*)?`", PAGE)) - {
        "DOCKER_TLS_VERIFY",
        "DOCKER_CERT_PATH",
        "POST",
    }
    assert named <= variables
    assert set(re.findall(r"\$\{(\w+)", COMPOSE)) - {"DOCKER_GROUP"} <= named


def test_what_it_says_of_a_lock_and_a_missing_line_is_what_the_program_says() -> None:
    """Texts that people search for."""
    errors = (ROOT / "reconciler" / "backend" / "errors.py").read_text()
    for text in ("no permission to use the socket", "whatever guards the engine (a socket proxy?) has to allow"):
        assert text in PAGE
        assert text in errors
