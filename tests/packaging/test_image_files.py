"""What the Dockerfile is given, and that it agrees with the project around it."""

from __future__ import annotations

import re

from reconciler.version import VERSION
from tests.packaging.test_wheel import PACKAGES
from tests.support.process import ROOT

_DOCKERFILE = (ROOT / "Dockerfile").read_text()
_NGINX_PROXY = (ROOT / "deploy" / "nginx-proxy" / "Dockerfile").read_text()


def test_the_build_is_sent_all_that_it_copies_and_nothing_more() -> None:
    """The ignore file lets through exactly what the two Dockerfiles copy."""
    copied = re.findall(r"^COPY (?!--from)(.+) \S+$", _DOCKERFILE + _NGINX_PROXY, re.MULTILINE)
    wanted = {word.replace("[s]", "s") for line in copied for word in line.split()}
    ignore = (ROOT / ".dockerignore").read_text().splitlines()
    assert {line[1:] for line in ignore if line.startswith("!")} == wanted
    assert "*" in ignore
    assert wanted >= set(PACKAGES)


def test_both_images_install_pygen_in_one_way() -> None:
    """From the wheels of the locks, to the same place."""
    steps, others = (
        [step for step in re.findall(r"^RUN (?:.*\\\n)*.*$", text, re.MULTILINE) if "bin/pip" in step]
        for text in (_DOCKERFILE, _NGINX_PROXY)
    )
    assert steps == others
    assert len(steps) == 2


def test_the_images_have_the_project_s_version() -> None:
    """Their labels are right where nobody gives another."""
    assert f"ARG VERSION={VERSION}\n" in _DOCKERFILE
    assert f"ARG VERSION={VERSION}\n" in _NGINX_PROXY


def test_the_changes_of_this_version_are_told() -> None:
    """The changelog's newest chapter, after that of what is to come, is the version's."""
    chapters = re.findall(r"^## (\S+)", (ROOT / "CHANGELOG.md").read_text(), re.MULTILINE)
    assert next(chapter for chapter in chapters if chapter != "Unreleased") == VERSION
