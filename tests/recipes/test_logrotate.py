"""Rotation of containers' log files: read by logrotate's own check, and done for real."""

from __future__ import annotations

import os
import pwd
import subprocess
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.recipes.recipe_harness import RecipeHarness

if TYPE_CHECKING:
    from collections.abc import Iterator


def _harness() -> RecipeHarness:
    return RecipeHarness("logrotate/containers.conf.j2")


def _mounts(*pairs: tuple[str, str]) -> dict[str, Any]:
    return {"Mounts": [{"Type": "bind", "Source": source, "Destination": place, "RW": True} for source, place in pairs]}


def _logrotate(text: str, *options: str) -> subprocess.CompletedProcess[str]:
    with tempfile.TemporaryDirectory() as folder:
        config, state = Path(folder) / "conf", Path(folder) / "state"
        config.write_text(text, errors="surrogateescape")
        config.chmod(0o644)
        command = ["logrotate", "-s", str(state), *options, str(config)]
        return subprocess.run(command, capture_output=True, text=True, check=False, errors="replace")


@pytest.fixture
def open_folder() -> Iterator[Path]:
    """A folder that every user of the machine reaches."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder)
        path.chmod(0o755)
        yield path


def test_a_log_is_rotated_where_the_host_has_it(tmp_path: Path) -> None:
    """The path inside is found through the mount; the content is copied away and the file emptied in place."""
    harness = _harness()
    (tmp_path / "access.log").write_text("one\n")
    harness.world.add_container(
        "web",
        labels={"logrotate.files": "/var/log/app/*.log", "logrotate.keep": "3", "logrotate.every": "weekly"},
        overrides=_mounts((str(tmp_path), "/var/log/app"), ("/elsewhere", "/var")),
    )
    text = harness.render()
    assert f'"{tmp_path}/*.log" {{' in text
    assert "    weekly\n    rotate 3\n" in text
    inode = (tmp_path / "access.log").stat().st_ino
    done = _logrotate(text, "-f")
    assert done.returncode == 0, done.stderr
    assert (tmp_path / "access.log").read_text() == ""
    assert (tmp_path / "access.log").stat().st_ino == inode
    assert (tmp_path / "access.log.1.gz").exists()


def test_paths_outside_of_the_mounts_are_left_out() -> None:
    """So are ways out of them."""
    harness = _harness()
    harness.world.add_container(
        "web",
        labels={"logrotate.files": "/tmp/x.log, /var/log/../../etc/passwd, relative.log"},
        overrides=_mounts(("/srv/log", "/var/log")),
    )
    assert "{" not in harness.render()


def test_a_file_that_is_mounted_alone_is_rotated_in_place(tmp_path: Path) -> None:
    """It stays the file that is mounted: the content is copied away beside it."""
    harness, log = _harness(), tmp_path / "app.log"
    log.write_text("one\n")
    mounts = _mounts((str(log), "/var/log/app.log"))
    harness.world.add_container("web", labels={"logrotate.files": "/var/log/app.log"}, overrides=mounts)
    inode = log.stat().st_ino
    done = _logrotate(harness.render(), "-f")
    assert done.returncode == 0, done.stderr
    assert (log.read_text(), log.stat().st_ino) == ("", inode)
    assert (tmp_path / "app.log.1.gz").exists()


def test_replicas_that_share_a_folder_have_one_entry(tmp_path: Path) -> None:
    """Two would be a duplicate, and the unit would fail every day."""
    harness = _harness()
    (tmp_path / "a.log").write_text("one\n")
    for number in (1, 2):
        mounts = _mounts((str(tmp_path), "/var/log/shop"))
        labels = {"logrotate.files": "/var/log/shop/*.log,/var/log/shop/a.log"}
        harness.world.add_container(f"shop-{number}", labels=labels, overrides=mounts)
    text = harness.render()
    assert text.count(str(tmp_path)) == 1
    assert harness.notes == ()
    done = _logrotate(text, "-f")
    assert done.returncode == 0, done.stderr
    assert (tmp_path / "a.log.1.gz").exists()


def test_replicas_that_want_different_things_are_told(tmp_path: Path) -> None:
    """The first by name counts."""
    harness = _harness()
    for number in (1, 2):
        mounts = _mounts((str(tmp_path), "/log"))
        labels = {"logrotate.files": "/log/*.log", "logrotate.keep": str(number)}
        harness.world.add_container(f"shop-{number}", labels=labels, overrides=mounts)
    assert "rotate 1\n" in harness.render()
    assert harness.notes == ("shop-2: label logrotate.files names what shop-1 names as well, and that counts",)


def test_a_link_of_a_container_s_leads_nowhere(tmp_path: Path) -> None:
    """Neither one to a file nor one to a folder: a file of the host's outside of the mount keeps its content."""
    harness, logs, secret = _harness(), tmp_path / "logs", tmp_path / "secret"
    for folder in (logs, secret):
        folder.mkdir()
    (secret / "a.log").write_text("precious")
    (logs / "link").symlink_to(secret)
    (logs / "file.log").symlink_to(secret / "a.log")
    files = "/l/*.log,/l/link/a.log,/l/*/a.log,/l/.?/secret/a.log,/l/../secret/a.log"
    labels = {"logrotate.files": files, "logrotate.keep": "0"}
    harness.world.add_container("evil", labels=labels, overrides=_mounts((str(logs), "/l")))
    done = _logrotate(harness.render(), "-f")
    assert done.returncode == 0, done.stderr
    assert (secret / "a.log").read_text() == "precious"


def test_a_folder_is_rotated_as_its_owner(open_folder: Path) -> None:
    """Further down as well, since a link leads the owner to nothing that was not the owner's before."""
    user = pwd.getpwnam("daemon")
    harness, logs, secret = _harness(), open_folder / "logs", open_folder / "secret"
    for folder in (logs, logs / "sub", secret):
        folder.mkdir()
    (logs / "sub" / "a.log").write_text("one")
    (secret / "a.log").write_text("precious")
    (logs / "link").symlink_to(secret)
    for path in (logs, logs / "sub", logs / "sub" / "a.log"):
        os.chown(path, user.pw_uid, user.pw_gid)
    labels = {"logrotate.files": "/l/sub/a.log,/l/link/a.log"}
    harness.world.add_container("web", labels=labels, overrides=_mounts((str(logs), "/l")))
    text = harness.render()
    assert "    su daemon daemon\n" in text
    done = _logrotate(text, "-f")
    assert (logs / "sub" / "a.log").read_text() == ""
    assert (logs / "sub" / "a.log.1.gz").stat().st_uid == user.pw_uid
    assert (secret / "a.log").read_text() == "precious"
    assert "Permission denied" in done.stderr


def test_a_folder_that_a_group_may_write_needs_su(open_folder: Path) -> None:
    """A label says as whom; without it there is a note, and nothing that logrotate would refuse."""
    harness = _harness()
    (open_folder / "a.log").write_text("one")
    os.chown(open_folder, 0, pwd.getpwnam("daemon").pw_gid)
    open_folder.chmod(0o775)
    mounts = _mounts((str(open_folder), "/l"))
    harness.world.add_container("web", labels={"logrotate.files": "/l/a.log"}, overrides=mounts)
    assert "{" not in harness.render()
    problem = "is in a folder that others than its owner may write, and needs the label logrotate.su"
    assert harness.notes == (f"web: label logrotate.files {problem}, left out",)
    harness.world.remove("web")
    labels = {"logrotate.files": "/l/a.log", "logrotate.su": "root:daemon"}
    harness.world.add_container("web", labels=labels, overrides=mounts)
    done = _logrotate(harness.render(), "-f")
    assert done.returncode == 0, done.stderr
    assert (open_folder / "a.log.1.gz").exists()


@settings(max_examples=25)
@given(files=st.text(max_size=30), keep=st.text(max_size=8), name=st.text(max_size=12))
def test_no_value_breaks_out_of_its_place(files: str, keep: str, name: str) -> None:
    """Logrotate reads the file, and the other container's log is in it."""
    harness = _harness()
    for container, label in (("good", "/log/good.log"), ("odd", f"/log/{files}")):
        harness.world.add_container(
            container,
            labels={"logrotate.files": label, "logrotate.keep": keep},
            overrides=_mounts((f"/nowhere/{container}", "/log")) | ({"Name": f"/{name}"} if container == "odd" else {}),
        )
    checked = _logrotate(harness.render(), "-d")
    assert checked.returncode == 0, checked.stderr
    assert "error:" not in checked.stderr
    assert "/nowhere/good/good.log" in checked.stderr
