"""Rotation of containers' log files: read by logrotate's own check, and done for real."""

from __future__ import annotations

import subprocess
import tempfile
from pathlib import Path
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from tests.recipes.kitchen import Kitchen


def _kitchen() -> Kitchen:
    return Kitchen("logrotate/containers.conf.j2")


def _mounts(*pairs: tuple[str, str]) -> dict[str, Any]:
    return {"Mounts": [{"Type": "bind", "Source": source, "Destination": place} for source, place in pairs]}


def _logrotate(text: str, *options: str) -> subprocess.CompletedProcess[str]:
    with tempfile.TemporaryDirectory() as folder:
        config, state = Path(folder) / "conf", Path(folder) / "state"
        config.write_text(text, errors="surrogateescape")
        config.chmod(0o644)
        command = ["logrotate", "-s", str(state), *options, str(config)]
        return subprocess.run(command, capture_output=True, text=True, check=False, errors="replace")


def test_a_log_is_rotated_where_the_host_has_it(tmp_path: Path) -> None:
    """The path inside is found through the mount; the content is copied away and the file emptied in place."""
    kitchen = _kitchen()
    (tmp_path / "access.log").write_text("one\n")
    kitchen.world.add_container(
        "web",
        labels={"logrotate.files": "/var/log/app/*.log", "logrotate.keep": "3", "logrotate.every": "weekly"},
        overrides=_mounts((str(tmp_path), "/var/log/app"), ("/elsewhere", "/var")),
    )
    text = kitchen.render()
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
    kitchen = _kitchen()
    kitchen.world.add_container(
        "web",
        labels={"logrotate.files": "/tmp/x.log, /var/log/../../etc/passwd, relative.log"},
        overrides=_mounts(("/srv/log", "/var/log")),
    )
    assert "{" not in kitchen.render()


@settings(max_examples=25)
@given(files=st.text(max_size=30), keep=st.text(max_size=8), name=st.text(max_size=12))
def test_no_value_breaks_out_of_its_place(files: str, keep: str, name: str) -> None:
    """Logrotate reads the file, and the other container's log is in it."""
    kitchen = _kitchen()
    for container, label in (("good", "/log/good.log"), ("odd", f"/log/{files}")):
        kitchen.world.add_container(
            container,
            labels={"logrotate.files": label, "logrotate.keep": keep},
            overrides=_mounts((f"/nowhere/{container}", "/log")) | ({"Name": f"/{name}"} if container == "odd" else {}),
        )
    checked = _logrotate(kitchen.render(), "-d")
    assert checked.returncode == 0, checked.stderr
    assert "error:" not in checked.stderr
    assert "/nowhere/good/good.log" in checked.stderr
