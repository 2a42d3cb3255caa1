"""The pages tell of all that there is."""

from __future__ import annotations

import re

from tests.recipes.nginx.site import RECIPE

_PAGE = (RECIPE / "README.md").read_text()
_TEMPLATE = "\n".join(path.read_text() for path in RECIPE.rglob("*.j2"))


def test_the_page_names_every_variable_that_the_template_reads() -> None:
    """Containers' variables and the proxy's own, and none that the template does not know."""
    read = set(re.findall(r"\.([A-Z]+_[A-Z0-9_]+)", _TEMPLATE)) | set(re.findall(r"'([A-Z]+_[A-Z0-9_]+)'", _TEMPLATE))
    told = set(re.findall(r"`([A-Z]+_[A-Z0-9_]+)`", _PAGE))
    # nginx's image sets the version, and nobody reads the two others, as the page says.
    assert told - {"NO_COLOR", "DOCKER_HOST"} == read - {"NGINX_VERSION"}
    assert "`HSTS`" in _PAGE


def test_the_page_names_every_label_and_every_policy() -> None:
    """As the template has them."""
    labels = _TEMPLATE[_TEMPLATE.index("set LABELS") :].partition("%}")[0]
    assert set(re.findall(r"^    '([a-z0-9._-]+)'", labels, re.MULTILINE)) < set(
        re.findall(r"^\| `([a-z0-9._-]+)`", _PAGE, re.MULTILINE)
    )
    policies = re.findall(r"'((?:AWS|Mozilla)-[A-Za-z0-9-]+)'", _TEMPLATE)
    assert set(policies) == set(re.findall(r"`((?:AWS|Mozilla)-[A-Za-z0-9-]+)`", _PAGE))


def test_nothing_is_left_for_later() -> None:
    """The page is a list of what is there."""
    assert not re.search(r"(?i)not (there )?yet|\blater\b|to ?do\b", _PAGE)


def test_the_overview_leads_to_every_recipe() -> None:
    """Each folder with a template has a page of its own, and the overview has a link to it."""
    overview = (RECIPE.parent / "README.md").read_text()
    linked = set(re.findall(r"\]\((\w+)/README\.md\)", overview))
    there = {path.name for path in RECIPE.parent.iterdir() if path.is_dir()}
    assert linked == there
    assert all((RECIPE.parent / name / "README.md").is_file() for name in there)
