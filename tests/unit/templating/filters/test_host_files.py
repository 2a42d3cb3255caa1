"""Where the host has a container's files, and which paths lead nowhere."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from models.container import Container
from templating.sandbox.filters.host_files import HostFile, HostFiles, host_files_of

if TYPE_CHECKING:
    from pathlib import Path


def _box(*mounts: tuple[str, str], **more: Any) -> Container:
    entries = [{"Type": "bind", "Source": source, "Destination": place, "RW": True} | more for source, place in mounts]
    body = {"Id": "ab" * 32, "Name": "/box", "Mounts": entries}
    return Container.from_inspect(json.dumps(body).encode(), engine="", networks={}, warn=lambda _: None)


def _paths(container: Container, path: str) -> list[str]:
    return [file.path for file in host_files_of(container, path).files]


BOX = _box(("/srv/log", "/var/log"), ("/srv/app", "/var/log/app"), ("/srv/one.log", "/var/log/app/one.log"))


@pytest.mark.parametrize(
    ("path", "expected"),
    [
        ("/var/log/a.log", ["/srv/log/a.log"]),
        ("/var/log/app/a.log", ["/srv/app/a.log"]),
        ("/var//log/app/a.log", ["/srv/app/a.log"]),
        ("/var/log/app/one.log", ["/srv/one.log"]),
        ("/var/log/app/*.log", ["/srv/app/*.log", "/srv/one.log"]),
        ("/var/log/app/[a-z]*.log", ["/srv/app/[a-z]*.log", "/srv/one.log"]),
        ("/var/log/app/two*", ["/srv/app/two*"]),
        ("/var/log/application.log", ["/srv/log/application.log"]),
        ("/var/log/x/.hidden.log", ["/srv/log/x/.hidden.log"]),
        ("/var/logs/a.log", []),
        ("/tmp/a.log", []),
    ],
)
def test_the_deepest_mount_counts(path: str, expected: list[str]) -> None:
    """And of patterns the files that are mounted alone as well."""
    assert _paths(BOX, path) == expected


@pytest.mark.parametrize(
    "path",
    [
        "", "/", "a.log", "/var/log/", "/var/log/../x", "/var/log/./x", "/var/log/..", "/var/log/.?/x", "/var/log/.*",
        "/var/log/.[.]/x", "/var/log/a{b", "/var/log/a}", '/var/log/a"', "/var/log/a'", "/var/log/a\\b",
        "/var/log/a\nb", "/var/log/a\0", "/var/log/[a", "/var/log/a]", "/var/log/[a/b]",
        "/var/log/[[:alpha:]]", "/var/log/[]a]",
        f"/var/log/{'a' * 256}", "/var/log" + "/a" * 600, "/var/log/a\x85b", "/var/log/a\udcffb", "/var/log/a\u2028b",
    ],
)  # fmt: skip
def test_what_names_no_file(path: str) -> None:
    """Ways up, patterns that mean them, and what the reader of the file would take for something else."""
    assert host_files_of(BOX, path) == HostFiles((), "names no file that could be meant")


def test_what_lies_directly_in_the_mounted_folder_is_not_deep() -> None:
    """Everything further down may be behind a link that the container made."""
    assert host_files_of(BOX, "/var/log/*.log").files == (HostFile("/srv/log/*.log", "/srv/log", is_deep=False),)
    assert host_files_of(BOX, "/var/log/x/a.log").files == (HostFile("/srv/log/x/a.log", "/srv/log", is_deep=True),)
    assert host_files_of(BOX, "/var/log/app/one.log").files == (HostFile("/srv/one.log", "/srv", is_deep=False),)


def test_a_read_only_mount_is_not_touched() -> None:
    """Unless the engine does not say."""
    assert host_files_of(_box(("/etc", "/etc"), RW=False), "/etc/passwd").problem == "names a file in a read-only mount"
    assert _paths(_box(("/srv", "/srv"), RW=None), "/srv/a.log") == ["/srv/a.log"]


@pytest.mark.parametrize(
    "source", ["", "relative", "/", "/srv/*", "/srv/[a]", "/srv/{a}", '/srv/"', "/srv/..", "/a\nb"]
)
def test_a_place_that_cannot_be_written_is_left_out(source: str) -> None:
    """What the engine says is checked as what containers say."""
    found = host_files_of(_box((source, "/log")), "/log/a.log")
    assert found.problem == "names a file in a mount whose place on the host cannot be written"


@given(st.lists(st.sampled_from(["a", "*", "?", ".", "..", ".?", ".*", "[a]", "[.]", "[!a]", "b.log", "", "{", "\\"])))
def test_nothing_leads_out_of_the_mounted_folder(parts: list[str]) -> None:
    """Whatever the path is made of: what a shell finds by it is in the folder."""
    for file in host_files_of(_box(("/srv/log", "/log")), "/log/" + "/".join(parts)).files:
        below = file.path.removeprefix("/srv/log/").split("/")
        assert file.path.startswith("/srv/log/")
        assert ".." not in below
        assert not any(part.startswith(".") and set(part) & set("*?[") for part in below)
        assert file.is_deep == (len(below) > 1)


def test_what_a_shell_finds_is_in_the_folder(tmp_path: Path) -> None:
    """By the patterns of the table above, in a folder that has something beside it."""
    (tmp_path / "log").mkdir()
    (tmp_path / "log" / "a.log").touch()
    (tmp_path / "secret.log").touch()
    box = _box((str(tmp_path / "log"), "/log"))
    for path in ("/log/*", "/log/?.log", "/log/[a]*", "/log/.?/secret.log", "/log/.*/*", "/log/*/../secret.log"):
        for found in _paths(box, path):
            names = {each.name for each in tmp_path.glob(found.removeprefix(f"{tmp_path}/"))}
            assert "secret.log" not in names
