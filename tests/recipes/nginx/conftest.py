"""A proxy for each test, on both versions of nginx."""

from __future__ import annotations

import shutil
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from tests.recipes.nginx.binaries import SUITES
from tests.recipes.nginx.certificates import Certificates
from tests.recipes.nginx.site import Site

if TYPE_CHECKING:
    from collections.abc import Iterator


@pytest.fixture(scope="session", params=list(SUITES))
def kept_site(request: pytest.FixtureRequest) -> Iterator[Site]:
    """A proxy for one test after the other: to read the template takes longer than most of them."""
    folder = Path(tempfile.mkdtemp(prefix="pygen-nginx-"))
    with Site(folder, request.param) as made:
        yield made
    shutil.rmtree(folder)


@pytest.fixture
def site(kept_site: Site) -> Iterator[Site]:
    """A proxy whose containers are still to be added."""
    kept_site.start_over()
    yield kept_site
    kept_site.start_over()


@pytest.fixture(scope="session")
def certificates(tmp_path_factory: pytest.TempPathFactory) -> Certificates:
    """Makes certificates, each name's once."""
    return Certificates(tmp_path_factory.mktemp("certificates"))
