"""`read_config`, `exists` and `list_dir`: docker-pygen's facts, once a pass, and watched."""

from __future__ import annotations

import os
import stat
from typing import TYPE_CHECKING

import pytest

from templating.errors import TemplateUsageError
from templating.outcome import Rendered, TemplateFailure
from templating.owner import Owner
from templating.sandbox.config_files import ConfigFiles
from templating.watching import FileWatch
from tests.support.fake_clock import FakeClock
from tests.unit.templating.support import renderer, snapshot

if TYPE_CHECKING:
    from pathlib import Path

SETTINGS = (
    "CONFIG_KEY=sample\nINSTANCE=pygen-testing\nENV_OVERRIDE=from-file\nWITH_EQUALS=e=mc^2\n SPACED =x\nTRIM=  y \n"
)
ENVIRON = {"ENV_OVERRIDE": "from-env", "FROM_ENV": "env-only", "EMPTY": ""}


class ConfigFolder:
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
        watch = FileWatch(FakeClock(), 1024)
        self.files = ConfigFiles(watch, ENVIRON, self.warnings.append, self.secrets)

    def read(self, key: str, path: object = "settings", *args: object, **named: object) -> object:
        """`read_config` with the settings file."""
        return self.files.read_config(key, str(self.settings) if path == "settings" else path, *args, **named)


@pytest.fixture
def config(tmp_path: Path) -> ConfigFolder:
    """A place to look at."""
    return ConfigFolder(tmp_path)


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
    config: ConfigFolder, key: str, expected: str
) -> None:
    """A setting is looked for in docker-pygen's order."""
    assert config.read(key, "settings", "default_value") == expected


def test_without_a_default_a_setting_that_is_nowhere_is_none(config: ConfigFolder) -> None:
    """As in docker-pygen."""
    assert config.read("NOWHERE") is None
    assert config.read("NOWHERE", None) is None
    assert config.read("FROM_ENV", str(config.folder / "no.conf")) == "env-only"


def test_the_environment_can_be_left_out(config: ConfigFolder) -> None:
    """With `fallback_to_env` false the secret is next."""
    assert config.read("FROM_ENV", None, fallback_to_env=False) == "not reached"


def test_a_whole_file_can_be_a_setting(config: ConfigFolder) -> None:
    """`single_config` gives the file as it is."""
    text = "Returned as\na single\nconfiguration\n"
    config.settings.write_text(text)
    assert config.read("file", single_config=True) == text
    assert config.read("file", str(config.folder / "no"), "d", single_config=True) == "d"


def test_a_file_that_cannot_be_read_is_a_warning_without_its_content(config: ConfigFolder) -> None:
    """A folder, a FIFO or a file too large is named, and the next place is asked."""
    os.mkfifo(config.folder / "fifo")
    (config.folder / "large").write_text("x" * 2000)
    for name in ("fifo", "large", "secrets"):
        assert config.read("FROM_ENV", str(config.folder / name)) == "env-only"
        assert str(config.folder / name) in config.warnings[-1]
    assert len(config.warnings) == 3


@pytest.mark.processes
def test_bytes_that_are_no_text_come_out_as_they_came_in(tmp_path: Path) -> None:
    """A Latin-1 file is not UTF-8, and its bytes are kept."""
    (tmp_path / "conf").write_bytes(b"K=caf\xe9\r\n")
    outcome = renderer(f"#{{{{ read_config('K', '{tmp_path}/conf') }}}}").render(snapshot())
    assert outcome == Rendered(b"caf\xe9")


@pytest.mark.processes
def test_exists_and_list_dir(tmp_path: Path) -> None:
    """Names are sorted, hidden ones too; what is not there is false or empty."""
    for name in ("b", "a", ".c"):
        (tmp_path / name).touch()
    template = "{{ exists(p) }} {{ exists(p ~ '/x') }} {{ list_dir(p) | join(',') }} {{ list_dir(p ~ '/a') }}"
    made = renderer(f"#{{% set p = '{tmp_path}' %}}{template}")
    assert made.render(snapshot()) == Rendered(b"True False .c,a,b []")


@pytest.mark.processes
def test_owner(tmp_path: Path) -> None:
    """Undefined where there is nothing to see; a folder that everybody may write is open."""
    for name, mode in (("closed", 0o755), ("open", 0o757)):
        (tmp_path / name).mkdir()
        (tmp_path / name).chmod(mode)
    template = "{% set o = owner(p ~ n) %}{{ o.uid }}:{{ o.gid }}:{{ o.is_open }} "
    made = renderer(
        f"#{{% set p = '{tmp_path}/' %}}{{% for n in ['closed', 'open'] %}}{template}{{% endfor %}}"
        "{{ owner(p ~ 'nothing') is defined }}"
    )
    facts = tmp_path.stat()
    who = f"{facts.st_uid}:{facts.st_gid}"
    assert made.render(snapshot()) == Rendered(f"{who}:False {who}:True False".encode())


@pytest.mark.parametrize(
    ("gid", "mode", "is_open"), [(7, 0o775, True), (0, 0o775, False), (7, 0o755, False), (0, 0o777, True)]
)
def test_who_else_may_write(gid: int, mode: int, is_open: bool) -> None:  # noqa: FBT001
    """Everybody, or a group that is not root's: what logrotate asks of a folder."""
    facts = os.stat_result((stat.S_IFDIR | mode, 0, 0, 1, 5, gid, 0, 0, 0, 0))
    assert Owner.from_facts(facts) == Owner(5, gid, is_open)


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

        def owner_of(self, path: Path) -> None:
            looks.append(path.name)

    files = ConfigFiles(Counting(lambda: 0.0, 10), {}, print, tmp_path)
    for _ in range(3):
        files.read_config("K", "conf")
        files.exists("there")
        files.list_dir("names").append("changed by a template")
        files.owner("owned")
    assert files.list_dir("names") == []
    assert looks == ["conf", "there", "names", "owned"]
    files.begin()
    files.exists("there")
    assert looks[4:] == ["there"]


TEMPLATE = (
    "{{ read_config('K', dir ~ '/conf', '-') }} {{ exists(dir ~ '/flag') }} {{ list_dir(dir ~ '/names') }}"
    " {{ owner(dir ~ '/conf').is_open }}"
)


def edit_setting(folder: Path) -> None:
    """Edit the file."""
    (folder / "conf").write_text("K=2")


def remove_setting(folder: Path) -> None:
    """Remove the file."""
    (folder / "conf").unlink()


def open_setting(folder: Path) -> None:
    """Let everybody write the file."""
    (folder / "conf").chmod(0o666)


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


@pytest.mark.parametrize("change", [edit_setting, remove_setting, open_setting, make_flag, add_name, remove_folder])
@pytest.mark.processes
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


@pytest.mark.processes
def test_what_a_failed_render_looked_at_is_watched_too(tmp_path: Path) -> None:
    """A value that makes the template fail, then gone: the next look notices."""
    (tmp_path / "n").write_text("N=0")
    made = renderer(f"#{{{{ 6 // (read_config('N', '{tmp_path}/n') | int) }}}}")
    assert isinstance(made.render(snapshot()), TemplateFailure)
    assert not made.stale()
    (tmp_path / "n").write_text("N=2")
    assert made.stale()
    assert made.render(snapshot()) == Rendered(b"3")


@pytest.mark.processes
def test_warnings_of_a_render_are_told_after_it(tmp_path: Path) -> None:
    """An unreadable file is warned of once a render."""
    warnings: list[str] = []
    made = renderer(
        f"#{{% for i in [1, 2] %}}{{{{ read_config('K', '{tmp_path}') }}}}{{% endfor %}}", warn=warnings.append
    )
    made.render(snapshot())
    assert warnings == [f"read_config: {tmp_path} cannot be read: it is not a regular file"]


def test_a_byte_order_mark_is_no_part_of_the_first_setting(config: ConfigFolder) -> None:
    """Of a file of settings, of one that is a single setting, and of a secret."""
    config.settings.write_bytes(b"\xef\xbb\xbf" + SETTINGS.encode())
    (config.secrets / "MARKED").write_bytes(b"\xef\xbb\xbfsecret\n")
    assert config.read("CONFIG_KEY") == "sample"
    assert config.read("ANY", single_config=True) == SETTINGS
    assert config.read("MARKED") == "secret"


@pytest.mark.parametrize("encoding", ["utf-16", "utf-16-le", "utf-16-be", "utf-32"])
def test_utf_16_is_an_error_and_no_missing_setting(config: ConfigFolder, encoding: str) -> None:
    """The default would be taken for what the file says; nothing of the file is shown."""
    config.settings.write_bytes(SETTINGS.encode(encoding))
    (config.secrets / "WIDE").write_bytes("hunter2".encode(encoding))
    expected = f"read_config: the file is {encoding[:6].upper()}, not UTF-8; save it as UTF-8"
    for key, path in (("CONFIG_KEY", "settings"), ("WIDE", None)):
        with pytest.raises(TemplateUsageError) as caught:
            config.read(key, path)
        assert str(caught.value) == expected


@pytest.mark.parametrize("content", [b"\xff\xfe", b"\x00\x01\x02\x03", b"a\x00", b"\xff\x00\xff\x00", b"a\x00\x00b"])
def test_what_only_resembles_another_encoding_is_left_alone(config: ConfigFolder, content: bytes) -> None:
    """Bytes that are no text come out as they came in."""
    config.settings.write_bytes(content)
    text = config.read("ANY", single_config=True)
    assert isinstance(text, str)
    assert text.encode("utf-8", "surrogateescape") == content
