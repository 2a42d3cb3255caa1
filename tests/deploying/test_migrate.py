"""docs/migrate.md tells the truth: every option is accepted, every snippet renders to what stands beside it."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

import pytest

from reconciler.cli.catalogue import LEGACY_OPTIONS, OPTIONS
from reconciler.cli.commands import Printed, Run
from reconciler.cli.options import parse
from templating.inline_source import InlineSource
from templating.outcome import Rendered
from templating.renderer import Renderer
from tests.deploying.migrate_page import PAGE, Row, blocks, rows, snapshot, words
from tests.support.compose import read_by_compose
from tests.support.process import ROOT
from tests.support.render_limits import RENDER_LIMITS

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

DOCKER_GEN_FUNCTIONS = words("""
    closest coalesce comment contains dict dir eval exists first fromYaml groupBy groupByKeys groupByLabel
    groupByLabelWithDefault groupByMulti groupByWithDefault hasPrefix hasSuffix include intersect json keys last
    mustFromYaml mustToYaml parseBool parseJson queryEscape replace sha1 sortObjectsByKeysAsc sortObjectsByKeysDesc
    sortStringsAsc sortStringsDesc split splitN toLower toUpper toYaml trim trimPrefix trimSuffix when where whereAll
    whereAny whereExist whereLabelDoesNotExist whereLabelExists whereLabelValueMatches whereNot whereNotExist
""")
DOCKER_GEN_OPTIONS = words("""
    -config -container-filter -endpoint -event-filter -include-stopped -interval -keep-blank-lines -notify
    -notify-container -notify-filter -notify-output -notify-sighup -notify-signal -only-exposed -only-published
    -tlscacert -tlscert -tlskey -tlsverify -version -wait -watch template dest
""")
DOCKER_PYGEN_OPTIONS = words("""
    --template --target --restart --signal --interval --repeat --events --swarm-manager --workers --retries
    --no-ssl-check --one-shot --docker-address --metrics --debug
""")

SNIPPETS = [row for row in rows() if len(row.cells) > 2 and row.cells[1].startswith(("`{", "`["))]
OPTION_ROWS = [row for row in rows() if row.section[-1] == "Options" and row.cells[1].startswith("`-")]
VARIABLE_ROWS = rows("Moving to pygen", "From docker-pygen", "Environment and labels")


@pytest.fixture(name="files")
def _files(tmp_path: Path) -> dict[str, str]:
    """The folders that snippets look into, and where they are in this test."""
    certs, etc = tmp_path / "certs", tmp_path / "etc"
    for folder in (certs, etc):
        folder.mkdir()
    for name in ("example.com.crt", "example.com.key"):
        (certs / name).write_text("")
    (etc / "banner.txt").write_text("hello\n")
    return {"/etc/nginx/certs": str(certs), "/etc/pygen/": f"{etc}/"}


def rendered(snippet: str, files: dict[str, str]) -> str:
    """What a snippet gives on the page's state, with `container` set; an unknown name is an error."""
    for path, here in files.items():
        snippet = snippet.replace(path, here)
    template = "#{% set container = containers.matching('web-1').first %}" + snippet
    # The folders of tests are root's alone.
    renderer = Renderer(
        InlineSource(template), strict=True, warn=pytest.fail, environ={}, keep_rights=True, **RENDER_LIMITS
    )
    failure = renderer.load()
    assert failure is None, failure
    outcome = renderer.render(snapshot())
    assert isinstance(outcome, Rendered), outcome
    return outcome.text.decode().strip()


@pytest.mark.parametrize("row", SNIPPETS, ids=str)
def test_a_snippet_gives_what_the_page_says(row: Row, files: dict[str, str]) -> None:
    """The snippet's result is the code in the next cell."""
    (snippet,) = row.code(1)
    expected, *_ = row.code(2)
    assert rendered(snippet, files) == expected


def test_the_page_has_snippets_for_all_that_it_should() -> None:
    """Rows that a test reads do not silently become fewer."""
    assert len(SNIPPETS) > 120
    assert len(OPTION_ROWS) > 15


@pytest.mark.parametrize("row", OPTION_ROWS, ids=str)
def test_an_option_on_the_page_is_accepted(row: Row) -> None:
    """What is recommended parses, without a warning."""
    for option in row.code(1):
        words = [] if option.startswith("--template") else ["--template", "t.j2"]
        command = parse([*words, *option.split()], {})
        if option == "--version":
            assert isinstance(command, Printed)
            continue
        assert isinstance(command, Run), command
        assert not command.warnings


def test_every_option_of_docker_pygen_is_on_the_page() -> None:
    """None is forgotten, and those that are accepted with a warning are said to be."""
    table = rows("Moving to pygen", "From docker-pygen", "Options")
    told = {code.partition(" ")[0]: row for row in table for code in row.code(0)}
    assert told.keys() == DOCKER_PYGEN_OPTIONS
    with_warning = {flag for flag, row in told.items() if "Accepted with a warning" in row.cells[2]}
    assert with_warning == set(LEGACY_OPTIONS)


def test_variables_on_the_page_exist() -> None:
    """A variable that is recommended is read."""
    known = {option.variable_name for option in OPTIONS}
    told = [code for row in VARIABLE_ROWS for cell in (1, 2) for code in row.code(cell)]
    names = {code.partition("=")[0] for code in told if code.startswith("PYGEN_") and code != "PYGEN_"}
    assert names >= {"PYGEN_DOCKER_ADDRESS", "PYGEN_TARGET_FILE", "PYGEN_SIGNAL"}
    assert names <= known


def test_every_option_of_docker_gen_is_on_the_page() -> None:
    """None is forgotten."""
    table = rows("Moving to pygen", "From docker-gen", "Options")
    assert {code.partition(" ")[0] for row in table for code in row.code(0)} == DOCKER_GEN_OPTIONS


def test_every_function_of_docker_gen_is_on_the_page() -> None:
    """None is forgotten, and each has a snippet."""
    table = rows("Moving to pygen", "From docker-gen", "Functions")
    told = {code.partition(" ")[0] for row in table for code in row.code(0)}
    assert told >= DOCKER_GEN_FUNCTIONS
    assert all(row in SNIPPETS for row in table if row.cells[0] != "docker-gen")


def test_the_end_of_a_line_is_as_the_page_says() -> None:
    """A block eats the newline behind it, unless it says `+%}`."""
    template, result = blocks("Moving to pygen", "From docker-gen", "Blanks and line ends")
    renderer = Renderer(InlineSource(f"#{template}"), strict=True, warn=pytest.fail, environ={}, **RENDER_LIMITS)
    assert renderer.load() is None
    outcome = renderer.render(snapshot())
    assert isinstance(outcome, Rendered), outcome
    assert outcome.text.decode().strip() == result.strip()


def test_the_companion_joins_the_nginx_recipe(tmp_path: Path) -> None:
    """Compose takes the page's file beside the recipe's; the companion writes where nginx and pygen look."""
    (override,) = blocks("Moving to pygen", "From nginx-proxy", "acme-companion")
    (tmp_path / "compose.override.yaml").write_text(override)
    recipe = ROOT / "deploy" / "recipes" / "nginx" / "compose.yaml"
    services = read_by_compose(recipe, tmp_path / "compose.override.yaml")["services"]
    assert services.keys() == {"nginx", "pygen", "acme-companion"}
    assert services["nginx"]["labels"].keys() >= {
        "com.github.nginx-proxy.nginx",
        "com.github.nginx-proxy.nginx-proxy.nginx",
    }
    assert "com.github.nginx-proxy.docker-gen" in services["pygen"]["labels"]
    written, read = (_bind_mounts(services[name]) for name in ("acme-companion", "nginx"))
    for path in ("/etc/nginx/certs", "/usr/share/nginx/html"):
        assert written[path] == read[path] == _bind_mounts(services["pygen"])[path]


def _bind_mounts(service: Mapping[str, Any]) -> dict[str, str]:
    """What of the host a service sees where."""
    return {each["target"]: each["source"] for each in service["volumes"] if each["type"] == "bind"}


def test_the_signal_to_nginx_is_the_recipes() -> None:
    """What the page recommends in the place of docker-gen's option is what the recipe does."""
    table = rows("Moving to pygen", "From nginx-proxy", "The compose file")
    (told,) = [row.code(1)[0] for row in table if row.code(0)[0].startswith("-notify-sighup")]
    recipe = ROOT / "deploy" / "recipes" / "nginx" / "compose.yaml"
    assert told in " ".join(read_by_compose(recipe)["services"]["pygen"]["command"])


def test_the_example_of_three_configs_is_read_as_it_stands(tmp_path: Path) -> None:
    """Each of docker-gen's is one job with the same target."""
    (example,) = re.findall(r"^```toml\n(.*?)^```$", PAGE.read_text(), re.MULTILINE | re.DOTALL)
    (tmp_path / "pygen.toml").write_text(example)
    command = parse(["--config", str(tmp_path)], {})
    assert isinstance(command, Run), command
    theirs = re.findall(r'^    dest = "(.*)"$', PAGE.read_text(), re.MULTILINE)
    assert [job.target for job in command.settings.jobs] == theirs
    assert all(job.notifications for job in command.settings.jobs)
