"""An image's name in its parts."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from models.image import ImageName
from tests.unit.models.bodies import read
from tests.unit.templating.support import render

SHA = "sha256:" + "0123456789abcdef" * 4


@pytest.mark.parametrize(
    ("name", "registry", "repository", "tag", "digest"),
    [
        ("ubuntu", "", "ubuntu", "", ""),
        ("ubuntu:12.04", "", "ubuntu", "12.04", ""),
        ("library/ubuntu:12.04", "", "library/ubuntu", "12.04", ""),
        ("custom.registry/ubuntu", "custom.registry", "ubuntu", "", ""),
        ("custom.registry/ubuntu:12.04", "custom.registry", "ubuntu", "12.04", ""),
        ("localhost/ubuntu:12.04", "localhost", "ubuntu", "12.04", ""),
        ("localhost:8888/ubuntu/foo:12.04", "localhost:8888", "ubuntu/foo", "12.04", ""),
        ("registry:5000/team/app", "registry:5000", "team/app", "", ""),
        (f"nginx@{SHA}", "", "nginx", "", SHA),
        (f"nginx:1.25@{SHA}", "", "nginx", "1.25", SHA),
        (f"registry:5000/nginx:1.25@{SHA}", "registry:5000", "nginx", "1.25", SHA),
        (f"registry:5000/nginx@{SHA}", "registry:5000", "nginx", "", SHA),
        ("[::1]:5000/app:1", "[::1]:5000", "app", "1", ""),
        (SHA, "", "", "", SHA),
        ("", "", "", "", ""),
    ],
)
def test_the_parts_of_a_name(name: str, registry: str, repository: str, tag: str, digest: str) -> None:
    """A port belongs to the registry, a digest stands behind the tag, and an id alone is a digest."""
    found = ImageName.parse(name)
    assert (found.registry, found.repository, found.tag, found.digest) == (registry, repository, tag, digest)
    assert str(found) == name


@given(st.text(alphabet="ab.:/@"))
def test_any_text_has_parts(name: str) -> None:
    """What an engine gives need not be a name."""
    assert isinstance(str(ImageName.parse(name)), str)


def test_a_container_knows_its_images_parts() -> None:
    """And a template reads and prints them."""
    container = read({"Config/Image": "registry.example.com:5000/team/postgres:15"})
    assert container.image_name == ImageName("registry.example.com:5000", "team/postgres", "15", "")
    template = "{% set i = containers.first.image_name %}{{ i }} {{ i.registry }} {{ i.Repository }} {{ i['tag'] }}"
    assert render(template, container) == f"{container.image} registry.example.com:5000 team/postgres 15"
    assert render("{{ (containers | where('image_name.tag', '15')).name }}", container) == container.name
