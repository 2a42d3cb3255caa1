"""Every regular expression that the recipe hands on is one that nginx compiles."""

from __future__ import annotations

import shutil
import subprocess
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from templating.sandbox.filters.quoting import quote_nginx
from templating.sandbox.regex_portable import is_portable_regex
from tests.recipes.nginx.binaries import SUITES, nginx_binary

if TYPE_CHECKING:
    from collections.abc import Iterator

_PARTS = st.sampled_from([
    "a", "foo", "-", "\\.", "\\d", "\\b", "\\-", "\\/", "^", "$", ".", "(", ")", "(?:", "(?=", "(?!", "|", "[", "]",
    "[^", "[a-z]", "[0-9-]", "[.]", "[\\]]", "[\\w.-]", "[-a]", "[a-]", "[^]]", "*", "+", "?", "*?", "+?", "??",
    "{2}", "{0,3}", "{,3}", "{3,}", "{100}", "{999}", "{0}", "~", "/", ",", ":", "@", "=", "!", "<", ">", " ", "#",
    "%", "&", "'", '"',
    "\\", "\\\\", "\\Q", "\\x", "\\1", "(?i)", "(?P<a>", "(?<a>", "(?>", "[[:alpha:]]", "[\\d-z]", "[a-\\d]", "[z-a]",
])  # fmt: skip
_PATTERNS = st.lists(st.lists(_PARTS, min_size=1, max_size=12).map("".join), min_size=20, max_size=200)


@pytest.fixture(scope="module", params=list(SUITES))
def check(request: pytest.FixtureRequest) -> Iterator[tuple[Path, str]]:
    """A folder for configurations, and the nginx that tries them."""
    folder = Path(tempfile.mkdtemp(prefix="pygen-nginx-"))
    yield folder, nginx_binary(request.param)
    shutil.rmtree(folder)


@settings(max_examples=40)
@given(patterns=_PATTERNS)
def test_nginx_compiles_what_is_portable(check: tuple[Path, str], patterns: list[str]) -> None:
    """As a server's name and as a location, in both versions."""
    folder, binary = check
    portable = [quote_nginx(f"~{each}", dollar=True) for each in patterns if is_portable_regex(each)]
    locations = [quote_nginx(each, dollar=True) for each in patterns if is_portable_regex(each)]
    body = "".join(
        f"server_name {name};\nlocation ~ {uri} {{ }}\n" for name, uri in zip(portable, locations, strict=True)
    )
    config = folder / "nginx.conf"
    config.write_text(
        f"pid {folder}/pid;\nevents {{}}\nhttp {{ access_log off; server {{ listen unix:{folder}/s;\n{body}}} }}\n"
    )
    command: list[str | Path] = [binary, "-t", "-q", "-p", folder, "-c", config, "-e", folder / "error.log"]
    done = subprocess.run(command, capture_output=True, text=True, stdin=subprocess.DEVNULL, check=False)
    assert done.returncode == 0, (done.stderr, body)
