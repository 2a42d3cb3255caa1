"""`read_config`, `exists` and `list_dir`: docker-pygen's facts, once a pass, and watched."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

import pytest

from templating.outcome import Rendered, TemplateFailure
from templating.sandbox.config_files import ConfigFiles
from templating.watching import FileWatch
from tests.unit.templating.support import renderer, snapshot

if TYPE_CHECKING:
    from pathlib import Path

SETTINGS = (
    "CONFIG_KEY=sample\nINSTANCE=pygen-testing\nENV_OVERRIDE=from-file\nWITH_EQUALS=e=mc^2\n SPACED =x\nTRIM=  y \n"
)
ENVIRON = {"ENV_OVERRIDE": "from-env", "FROM_ENV": "env-only", "EMPTY": ""}


class Place:
    """A folder with settings and secrets, and the functions that look there."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.settings = folder / "pygen.conf"
        self.settings.write_text(SETTINGS)
        self.secrets = folder / "secrets"
        self.secrets.mkdir()
        (self.secrets / "FROM_SECRET").write_text("secret\n")
        (self.secrets / "FROM_ENV").write_text("not reached")
        self.warnings: list[str] = []
        watch = FileWatch(lambda: 0.0, 1024)
        self.files = ConfigFiles(watch, ENVIRON, self.warnings.append, self.secrets)

    def read(self, key: str, path: object = "settings", *args: object, **named: object) -> object:
        """`read_config` with the settings file."""
        return self.files.read_config(key, str(self.settings) if path == "settings" else path, *args, **named)


@pytest.fixture
def place(tmp_path: Path) -> Place:
    """A place to look at."""
    return Place(tmp_path)


@pytest.mark.parametrize(
    ("key", "expected"),
    [
        ("CONFIG_KEY", "sample"),
        ("INSTANCE", "pygen-testing"),
        ("ENV_OVERRIDE", "from-file"),
        ("WITH_EQUALS", "e=mc^2"),
        ("FROM_ENV", "env-only"),
        ("FROM_SECRET", "secret"),
        ("EMPTY", ""),
        ("TRIM", "y"),
        ("SPACED", "default_value"),
        ("USE_DEFAULT", "default_value"),
        ("CONFIG", "default_value"),
        ("../pygen.conf", "default_value"),
        ("", "default_value"),
    ],
)
def test_the_file_wins_then_the_environment_then_the_secret_then_the_default(
    place: Place, key: str, expected: str
) -> None:
    """A setting is looked for in docker-pygen's order."""
    assert place.read(key, "settings", "default_value") == expected


def test_without_a_default_a_setting_that_is_nowhere_is_none(place: Place) -> None:
    """As in docker-pygen."""
    assert place.read("NOWHERE") is None
    assert place.read("NOWHERE", None) is None
    assert place.read("FROM_ENV", str(place.folder / "no.conf")) == "env-only"


def test_the_environment_can_be_left_out(place: Place) -> None:
    """With `fallback_to_env` false the secret is next."""
    assert place.read("FROM_ENV", None, fallback_to_env=False) == "not reached"


def test_a_whole_file_can_be_a_setting(place: Place) -> None:
    """`single_config` gives the file as it is."""
    text = "Returned as\na single\nconfiguration\n"
    place.settings.write_text(text)
    assert place.read("file", single_config=True) == text
    assert place.read("file", str(place.folder / "no"), "d", single_config=True) == "d"


def test_a_file_that_cannot_be_read_is_a_warning_without_its_content(place: Place) -> None:
    """A folder, a FIFO or a file too large is named, and the next place is asked."""
    os.mkfifo(place.folder / "fifo")
    (place.folder / "large").write_text("x" * 2000)
    for name in ("fifo", "large", "secrets"):
        assert place.read("FROM_ENV", str(place.folder / name)) == "env-only"
        assert str(place.folder / name) in place.warnings[-1]
    assert len(place.warnings) == 3


def test_bytes_that_are_no_text_come_out_as_they_came_in(tmp_path: Path) -> None:
    """A Latin-1 file is not UTF-8, and its bytes are kept."""
    (tmp_path / "conf").write_bytes(b"K=caf\xe9\r\n")
    outcome = renderer(f"#{{{{ read_config('K', '{tmp_path}/conf') }}}}").render(snapshot())
    assert outcome == Rendered(b"caf\xe9")


def test_exists_and_list_dir(tmp_path: Path) -> None:
    """Names are sorted, hidden ones too; what is not there is false or empty."""
    for name in ("b", "a", ".c"):
        (tmp_path / name).touch()
    template = "{{ exists(p) }} {{ exists(p ~ '/x') }} {{ list_dir(p) | join(',') }} {{ list_dir(p ~ '/a') }}"
    made = renderer(f"#{{% set p = '{tmp_path}' %}}{template}")
    assert made.render(snapshot()) == Rendered(b"True False .c,a,b []")


def test_everything_is_read_once_a_pass(tmp_path: Path) -> None:
    """What changes in the middle of a render is not seen before the next one."""
    looks: list[str] = []

    class Counting(FileWatch):
        def read(self, path: Path) -> bytes:
            looks.append(path.name)
            return b"K=1"

        def exists(self, path: Path) -> bool:
            looks.append(path.name)
            return True

        def names_in(self, path: Path) -> tuple[str, ...]:
            looks.append(path.name)
            return ()

    files = ConfigFiles(Counting(lambda: 0.0, 10), {}, print, tmp_path)
    for _ in range(3):
        files.read_config("K", "conf")
        files.exists("there")
        files.list_dir("names").append("changed by a template")
    assert files.list_dir("names") == []
    assert looks == ["conf", "there", "names"]
    files.begin()
    files.exists("there")
    assert looks[3:] == ["there"]


TEMPLATE = "{{ read_config('K', dir ~ '/conf', '-') }} {{ exists(dir ~ '/flag') }} {{ list_dir(dir ~ '/names') }}"


def edit_setting(folder: Path) -> None:
    """Edit the file."""
    (folder / "conf").write_text("K=2")


def remove_setting(folder: Path) -> None:
    """Remove the file."""
    (folder / "conf").unlink()


def make_flag(folder: Path) -> None:
    """Make what was asked for."""
    (folder / "flag").touch()


def add_name(folder: Path) -> None:
    """Add a file to the folder."""
    (folder / "names/new").touch()


def remove_folder(folder: Path) -> None:
    """Remove the folder."""
    (folder / "names/old").unlink()
    (folder / "names").rmdir()


@pytest.mark.parametrize("change", [edit_setting, remove_setting, make_flag, add_name, remove_folder])
def test_what_a_render_looked_at_is_watched(tmp_path: Path, change: object) -> None:
    """A change of a file or folder that the template asked about is noticed, and the next render sees it."""
    assert callable(change)
    (tmp_path / "conf").write_text("K=1")
    (tmp_path / "names").mkdir()
    (tmp_path / "names/old").touch()
    made = renderer(f"#{{% set dir = '{tmp_path}' %}}{TEMPLATE}")
    before = made.render(snapshot())
    assert not made.stale()
    change(tmp_path)
    assert made.stale()
    assert made.load() is None
    after = made.render(snapshot())
    assert isinstance(after, Rendered)
    assert after != before
    assert not made.stale()


def test_what_a_failed_render_looked_at_is_watched_too(tmp_path: Path) -> None:
    """A value that makes the template fail, then gone: the next look notices."""
    (tmp_path / "n").write_text("N=0")
    made = renderer(f"#{{{{ 6 // (read_config('N', '{tmp_path}/n') | int) }}}}")
    assert isinstance(made.render(snapshot()), TemplateFailure)
    assert not made.stale()
    (tmp_path / "n").write_text("N=2")
    assert made.stale()
    assert made.render(snapshot()) == Rendered(b"3")


def test_warnings_of_a_render_are_told_after_it(tmp_path: Path) -> None:
    """An unreadable file is warned of once a render."""
    warnings: list[str] = []
    made = renderer(
        f"#{{% for i in [1, 2] %}}{{{{ read_config('K', '{tmp_path}') }}}}{{% endfor %}}", warn=warnings.append
    )
    made.render(snapshot())
    assert warnings == [f"read_config: {tmp_path} cannot be read: it is not a regular file"]
