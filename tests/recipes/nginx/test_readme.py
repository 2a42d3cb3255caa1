"""The pages tell of all that there is."""

from __future__ import annotations

import re

from tests.recipes.nginx.site import RECIPE


def test_the_page_names_every_variable_that_the_template_reads() -> None:
    """Containers' variables and the proxy's own, and none that the template does not know."""
    template = "\n".join(path.read_text() for path in RECIPE.rglob("*.j2"))
    page, _, not_yet = (RECIPE / "README.md").read_text().partition("Not there yet")
    read = set(re.findall(r"env\.([A-Z_]+)", template)) | set(re.findall(r"'([A-Z]+_[A-Z0-9_]+)'", template))
    told = set(re.findall(r"`([A-Z]+_[A-Z0-9_]+)(?:=\w+)?`", page))
    # nginx's image sets it, nobody else.
    assert told == read - {"NGINX_VERSION"}
    assert "VIRTUAL_HOST_MULTIPORTS" in not_yet


def test_the_overview_leads_to_every_recipe() -> None:
    """Each folder with a template has a page of its own, and the overview has a link to it."""
    overview = (RECIPE.parent / "README.md").read_text()
    linked = set(re.findall(r"\]\((\w+)/README\.md\)", overview))
    there = {path.name for path in RECIPE.parent.iterdir() if path.is_dir()}
    assert linked == there
    assert all((RECIPE.parent / name / "README.md").is_file() for name in there)
