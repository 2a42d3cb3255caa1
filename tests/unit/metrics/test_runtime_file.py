"""Where a running program leaves the address of its metrics."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from metrics.address import MetricsAddress
from metrics.runtime_file import RunningProgram, RuntimeFileError, find_running, leave, runtime_folders
from tests.unit.target.mounts_and_users import NOBODY, as_user, open_folder, read_only

ROOT = Path(__file__).parents[3]
HERE = MetricsAddress("127.0.0.1", 4711)
LEAVER = """
import sys
from pathlib import Path
from metrics.address import parse_metrics_address
from metrics.runtime_file import leave
left = leave(parse_metrics_address(sys.argv[2]), [Path(sys.argv[1])])
print("left", flush=True)
sys.stdin.read()
"""


@pytest.mark.parametrize("address", [HERE, MetricsAddress("", 9413), MetricsAddress("::1", 1), None])
def test_what_is_left_is_found(tmp_path: Path, address: MetricsAddress | None) -> None:
    """An address, or that metrics are off, is found as long as the program runs, and not afterwards."""
    assert find_running([tmp_path]) is None
    left = leave(address, [tmp_path])
    assert find_running([tmp_path]) == RunningProgram(address)
    left.remove()
    assert find_running([tmp_path]) is None
    assert list(tmp_path.iterdir()) == []
    left.remove()


def test_file_is_hidden_and_for_nobody_else(tmp_path: Path) -> None:
    """The file begins with a dot, ends in `.pygen` and is its user's alone."""
    left = leave(HERE, [tmp_path])
    (path,) = tmp_path.iterdir()
    assert path == left.path
    assert path.name.startswith(".")
    assert path.name.endswith(".pygen")
    assert path.stat().st_mode & 0o777 == 0o600
    left.remove()


@pytest.mark.root
def test_first_folder_that_takes_it(tmp_path: Path) -> None:
    """Folders that are missing or read-only are passed over."""
    closed, good = tmp_path / "closed", tmp_path / "good"
    closed.mkdir()
    good.mkdir()
    folders = [tmp_path / "missing", closed, good]
    with read_only(closed):
        left = leave(HERE, folders)
        assert left.path.parent == good
        assert find_running(folders) == RunningProgram(HERE)
        left.remove()


def test_no_folder_takes_it(tmp_path: Path) -> None:
    """Where none does, the error names them all."""
    with pytest.raises(RuntimeFileError, match=r"missing: No such file.*other: No such file"):
        leave(HERE, [tmp_path / "missing", tmp_path / "other"])


@pytest.mark.processes
def test_killed_program_is_not_found_and_cleaned_up_by_the_next(tmp_path: Path) -> None:
    """A file of a program that was killed tells nothing, and the next program removes it."""
    with subprocess.Popen(
        [sys.executable, "-c", LEAVER, str(tmp_path), "127.0.0.1:1"],
        cwd=ROOT,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    ) as program:
        assert program.stdout is not None
        assert program.stdout.readline() == "left\n"
        assert find_running([tmp_path]) == RunningProgram(MetricsAddress("127.0.0.1", 1))
        program.kill()
        program.wait()
    assert find_running([tmp_path]) is None
    assert len(list(tmp_path.iterdir())) == 1
    left = leave(HERE, [tmp_path])
    assert list(tmp_path.iterdir()) == [left.path]
    left.remove()


def test_last_started_of_several(tmp_path: Path) -> None:
    """Of several running programs the one that started last is found, in whichever folder; then the one before."""
    (tmp_path / "a").mkdir()
    (tmp_path / "b").mkdir()
    folders = [tmp_path / "a", tmp_path / "b"]
    first, second = leave(HERE, folders[1:]), leave(MetricsAddress("", 1), folders)
    os.utime(first.path, ns=(1, 1))
    assert find_running(folders) == RunningProgram(MetricsAddress("", 1))
    second.remove()
    assert find_running(folders) == RunningProgram(HERE)
    first.remove()


@pytest.mark.root
def test_program_of_another_user_is_passed_over() -> None:
    """In a folder that all share nobody is sent where another user says."""
    with open_folder() as folder:
        folder.chmod(0o1777)
        with as_user(NOBODY):
            left = leave(HERE, [folder])
            assert find_running([folder]) == RunningProgram(HERE)
        assert find_running([folder]) is None
        left.remove()


@pytest.mark.processes
def test_program_in_another_network_is_passed_over(tmp_path: Path) -> None:
    """An address means something in its own network namespace only."""
    left = leave(HERE, [tmp_path])
    finder = "import sys; from pathlib import Path; from metrics.runtime_file import find_running\n"
    finder += "print(find_running([Path(sys.argv[1])]))"
    run = subprocess.run(
        ["unshare", "--net", sys.executable, "-c", finder, str(tmp_path)],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=True,
    )
    assert run.stdout == "None\n"
    left.remove()


@pytest.mark.parametrize(
    "content", [b"", b"nonsense", b"\xff\xfe\n\xff", b"%d\nnonsense" % Path("/proc/self/ns/net").stat().st_ino]
)
def test_content_of_somebody_else_is_survived(tmp_path: Path, content: bytes) -> None:
    """Whatever a file of such a name holds, looking for a program does not fail."""
    left = leave(HERE, [tmp_path])
    left.path.write_bytes(content)
    assert find_running([tmp_path]) is None
    left.remove()


def test_links_and_folders_of_such_a_name_are_passed_over(tmp_path: Path) -> None:
    """A link is not followed and a folder not read."""
    name = f".{os.geteuid()}.{'0' * 16}.runtime.pygen"
    (tmp_path / "a").mkdir()
    (tmp_path / "b" / name).mkdir(parents=True)
    left = leave(HERE, [tmp_path])
    (tmp_path / "a" / name).symlink_to(left.path)
    assert find_running([tmp_path / "a", tmp_path / "b"]) is None
    left.remove()


def test_folders_are_the_users_own_first() -> None:
    """XDG_RUNTIME_DIR comes first where it is an absolute path; a container's shared memory is among the others."""
    assert runtime_folders({"XDG_RUNTIME_DIR": "/run/user/7"})[0] == Path("/run/user/7")
    assert runtime_folders({"XDG_RUNTIME_DIR": "relative"}) == runtime_folders({})
    assert Path("/dev/shm") in runtime_folders({})
