"""Templates in files: includes from their own folder, and edits that are noticed."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

import pytest

from templating.outcome import Rendered, TemplateFailure
from templating.renderer import Renderer
from templating.source import open_source
from tests.support.render_limits import RENDER_LIMITS
from tests.unit.templating.support import container, renderer, snapshot, source_runtime

if TYPE_CHECKING:
    from pathlib import Path

pytestmark = pytest.mark.processes

WEB = container("web", labels={"part": "part.j2"})


def text_of(made: Renderer) -> str:
    """What a renderer gives now."""
    outcome = made.render(snapshot(WEB))
    assert isinstance(outcome, Rendered), str(outcome)
    return outcome.text.decode()


def loading(path: Path | str) -> TemplateFailure:
    """Why a template cannot be loaded."""
    made = Renderer(open_source(str(path), source_runtime()), warn=print, **RENDER_LIMITS)
    failure = made.load()
    assert failure is not None
    assert not made.parses
    assert made.render(snapshot()) == failure
    return failure


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A template with parts in its folder and below it."""
    (tmp_path / "sub").mkdir()
    (tmp_path / "main.j2").write_text("{% include 'part.j2' %}{% from 'sub/m.j2' import m %}{{ m() }}\n")
    (tmp_path / "part.j2").write_text("part {{ containers.first.name }};")
    (tmp_path / "sub/m.j2").write_text("{% macro m() %}{{ containers | length }}{% endmacro %}")
    return tmp_path


def test_a_file_is_rendered_with_its_trailing_newline(folder: Path) -> None:
    """Includes and imports come from the template's folder, and imported macros see the containers too."""
    assert text_of(renderer(folder / "main.j2")) == "part web;1\n"


def test_a_relative_path_is_taken_from_the_start_folder(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A later change of the working folder does not matter."""
    monkeypatch.chdir(folder)
    made = renderer("main.j2")
    monkeypatch.chdir("/")
    assert made.load() is None
    assert text_of(made) == "part web;1\n"


@pytest.mark.parametrize("name", ["main.j2", "part.j2", "sub/m.j2"])
def test_an_edit_of_any_part_is_noticed_and_takes_effect(folder: Path, name: str) -> None:
    """The main template and all that it names are watched, and an edit of the same length at once is seen too."""
    made = renderer(folder / "main.j2")
    text_of(made)
    assert not made.stale()
    old = (folder / name).read_text()
    facts = (folder / name).stat()
    (folder / name).write_text(old.replace("web", "WEB").replace("m", "m") + "#")
    assert made.stale()
    (folder / name).write_text(old)
    os.utime(folder / name, ns=(facts.st_atime_ns, facts.st_mtime_ns))
    assert made.load() is None
    assert not made.stale()


def test_a_change_within_one_tick_of_the_clock_is_noticed(tmp_path: Path) -> None:
    """A file whose times and size did not move is compared by its bytes while it is young."""
    path = tmp_path / "main.j2"
    path.write_text("old")
    made = renderer(path)
    seen = path.stat()
    with path.open("r+") as file:
        file.write("new")
    os.utime(path, ns=(seen.st_atime_ns, seen.st_mtime_ns))
    assert made.stale()
    assert made.load() is None
    assert text_of(made) == "new"


def test_a_broken_edit_fails_until_it_is_mended(tmp_path: Path) -> None:
    """A template that no longer parses gives a failure with its line, is not told as stale again, and can be mended."""
    path = tmp_path / "main.j2"
    path.write_text("good")
    made = renderer(path)
    assert text_of(made) == "good"
    path.write_text("a\n{% if %}")
    assert made.stale()
    failure = made.load()
    assert failure is not None
    assert (failure.template, failure.line) == (str(path), 2)
    assert not made.parses
    assert not made.stale()
    assert made.render(snapshot()) == failure
    path.write_text("mended")
    assert made.stale()
    assert made.load() is None
    assert text_of(made) == "mended"


def test_a_replaced_file_is_noticed(tmp_path: Path) -> None:
    """Editors and configuration managers replace the file, or what a link points to."""
    for name in "ab":
        (tmp_path / name).write_text(name)
    link = tmp_path / "main.j2"
    link.symlink_to("a")
    made = renderer(link)
    link.unlink()
    assert made.stale()
    link.symlink_to("b")
    assert made.stale()
    assert made.load() is None
    assert text_of(made) == "b"


def test_a_computed_include_is_read_and_watched(tmp_path: Path) -> None:
    """A part whose name is only known in the render is read there, and watched from then on."""
    (tmp_path / "main.j2").write_text("{% include containers.first.labels.part %}")
    (tmp_path / "part.j2").write_text("1")
    made = renderer(tmp_path / "main.j2")
    assert text_of(made) == "1"
    (tmp_path / "part.j2").write_text("22")
    assert made.stale()
    assert made.load() is None
    assert text_of(made) == "22"


def test_a_part_that_appears_is_noticed(tmp_path: Path) -> None:
    """`ignore missing` looks for the file, and its appearance is a change."""
    (tmp_path / "main.j2").write_text("{% include 'later.j2' ignore missing %}{% include ['x', 'y.j2'] %}")
    (tmp_path / "y.j2").write_text("y")
    made = renderer(tmp_path / "main.j2")
    assert text_of(made) == "y"
    (tmp_path / "later.j2").write_text("here ")
    assert made.stale()
    assert made.load() is None
    assert text_of(made) == "here y"


def test_a_part_is_only_missed_where_it_is_used(tmp_path: Path) -> None:
    """An include under a condition may name a file that is not there; rendering it names file and line."""
    (tmp_path / "main.j2").write_text("{% if containers %}\n{% include 'no.j2' %}{% endif %}")
    made = renderer(tmp_path / "main.j2")
    assert made.render(snapshot()) == Rendered(b"")
    failure = made.render(snapshot(WEB))
    assert isinstance(failure, TemplateFailure)
    assert str(failure) == f"{tmp_path}/main.j2, line 2: there is no template no.j2 to include"


def test_what_is_broken_in_a_part_is_found_when_loading(folder: Path) -> None:
    """The failure names the part and its line."""
    (folder / "sub/m.j2").write_text("\n\n{% macro %}")
    failure = loading(folder / "main.j2")
    assert (failure.template, failure.line) == (str(folder / "sub/m.j2"), 3)


def test_what_fails_in_a_part_names_the_part(folder: Path) -> None:
    """The innermost template is named."""
    (folder / "part.j2").write_text("\n{{ 1 / 0 }}")
    failure = renderer(folder / "main.j2").render(snapshot(WEB))
    assert isinstance(failure, TemplateFailure)
    assert (failure.template, failure.line) == (str(folder / "part.j2"), 2)


@pytest.mark.parametrize("name", ["../x.j2", "/etc/hostname", "sub/../../x.j2"])
def test_nothing_outside_the_folder_is_included(tmp_path: Path, name: str) -> None:
    """Parts come from the main template's own folder."""
    (tmp_path / "in").mkdir()
    (tmp_path / "x.j2").write_text("outside")
    (tmp_path / "in/main.j2").write_text(f"{{% include '{name}' %}}")
    assert "own folder only" in loading(tmp_path / "in/main.j2").message


def test_a_part_may_include_the_main_template_and_itself_only_so_deep(tmp_path: Path) -> None:
    """Endless inclusion is an error, neither a crash nor an endless load."""
    (tmp_path / "main.j2").write_text("{% include 'part.j2' %}")
    (tmp_path / "part.j2").write_text("{% include 'main.j2' %}")
    failure = renderer(tmp_path / "main.j2").render(snapshot())
    assert isinstance(failure, TemplateFailure)
    assert "nested too deeply" in failure.message


def test_extending_a_template_of_the_folder_works(tmp_path: Path) -> None:
    """Blocks and `super` are Jinja's."""
    (tmp_path / "base.j2").write_text("<{% block b %}base{% endblock %}>")
    (tmp_path / "main.j2").write_text("{% extends 'base.j2' %}{% block b %}{{ super() }}+{% endblock %}")
    assert text_of(renderer(tmp_path / "main.j2")) == "<base+>"


def test_an_imported_module_is_evaluated_in_each_render(tmp_path: Path) -> None:
    """What an imported template computes at its top is not kept from the render before."""
    (tmp_path / "main.j2").write_text("{% import 'v.j2' as v %}{{ v.n }}")
    (tmp_path / "v.j2").write_text("{% set n = containers | length %}")
    made = renderer(tmp_path / "main.j2")
    assert [made.render(snapshot()), made.render(snapshot(WEB))] == [Rendered(b"0"), Rendered(b"1")]


def test_templates_that_cannot_be_loaded_say_why(tmp_path: Path) -> None:
    """Missing, a folder, a FIFO, no text, and too large are each named."""
    assert str(loading(tmp_path / "no.j2")) == f"{tmp_path}/no.j2: the file is not there"
    assert "not a regular file" in loading(tmp_path).message
    os.mkfifo(tmp_path / "fifo")
    assert "not a regular file" in loading(tmp_path / "fifo").message
    (tmp_path / "bytes").write_bytes(b"\xff\xfe")
    assert loading(tmp_path / "bytes").message == "the file is not UTF-8 text"
    with (tmp_path / "large").open("wb") as file:
        file.truncate(17 * 1024 * 1024)
    assert "larger than" in loading(tmp_path / "large").message


def test_a_file_that_stays_unreadable_is_not_stale(tmp_path: Path) -> None:
    """A folder in place of the template is told once, not at every look."""
    made = Renderer(open_source(str(tmp_path), source_runtime()), warn=print, **RENDER_LIMITS)
    assert made.load() is not None
    assert not made.stale()


def test_nothing_is_rendered_before_the_first_load(tmp_path: Path) -> None:
    """A renderer that was never loaded says so."""
    made = Renderer(open_source(str(tmp_path / "x"), source_runtime()), warn=print, **RENDER_LIMITS)
    outcome = made.render(snapshot())
    assert isinstance(outcome, TemplateFailure)
    assert outcome.message == "the template is not loaded"


@pytest.mark.parametrize("name", ["main.j2", "part.j2", "sub/m.j2"])
def test_a_byte_order_mark_is_no_text(folder: Path, name: str) -> None:
    """Of the template, an include or an import: the first line may be the one that counts."""
    (folder / name).write_bytes(b"\xef\xbb\xbf" + (folder / name).read_bytes())
    assert text_of(renderer(folder / "main.j2")) == "part web;1\n"


def test_only_the_first_mark_is_dropped(folder: Path) -> None:
    """What stands elsewhere is the author's."""
    (folder / "main.j2").write_bytes(b"\xef\xbb\xbfa\xef\xbb\xbfb")
    assert text_of(renderer(folder / "main.j2")) == "a\ufeffb"


@pytest.mark.parametrize(
    ("encoding", "name"),
    [("utf-16", "UTF-16"), ("utf-16-le", "UTF-16"), ("utf-16-be", "UTF-16"), ("utf-32", "UTF-32")],
)
def test_utf_16_is_told_by_its_name(folder: Path, encoding: str, name: str) -> None:
    """With a mark or without one, of the template and of what it includes, with what to do."""
    message = f"the file is {name}, not UTF-8; save it as UTF-8"
    text = (folder / "part.j2").read_text()
    (folder / "part.j2").write_bytes(text.encode(encoding))
    failure = loading(folder / "main.j2")
    assert (failure.message, failure.template) == (message, str(folder / "part.j2"))
    assert loading(folder / "part.j2").message == message
