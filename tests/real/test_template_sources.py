"""Where templates come from: files with what they include, the command line, a web server; and what they look at."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tests.support.keeping import NO_RESYNC, Keeper
from tests.unit.templating.web import Page, serving

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from tests.support.fake_engine import FakeEngine


def test_an_address_is_fetched_watched_and_survived(
    fake: FakeEngine, faked: Callable[[str], Keeper], tmp_path: Path
) -> None:
    """With what it includes; a server that is away later, or at the next start, costs a warning and nothing else."""
    fake.add_container("web")
    keep = faked("")
    with serving() as web:
        web.pages["/t/main.j2"] = Page(b"{% include 'part.j2' %}")
        web.pages["/t/part.j2"] = Page(b"one {{ containers.first.name }}\n")
        address = f"{web.address}/t/main.j2"
        kept = keep.start("--template", address, "--state-dir", tmp_path / "state")
        kept.await_content("one web")
    fake.rename("web", "www")
    kept.await_content("one www")
    assert kept.program.stop() == 0
    fake.rename("www", "again")
    kept = keep.start("--template", address, "--state-dir", tmp_path / "state")
    kept.await_content("one again")
    assert any(address in line for line in kept.warnings())


def test_an_address_that_comes_late_is_waited_for(fake: FakeEngine, faked: Callable[[str], Keeper]) -> None:
    """The server answers with errors first: the first load is tried again."""
    fake.add_container("web")
    with serving() as web:
        web.pages["/main.j2"] = Page(b"not yet", 503)
        kept = faked("").start("--template", f"{web.address}/main.j2")
        kept.program.wait_for(lambda: len(web.requests) >= 2, what="a second try")
        web.pages["/main.j2"] = Page(b"at last\n")
        kept.await_content("at last")


def test_what_an_address_includes_is_of_the_same_origin(fake: FakeEngine, faked: Callable[[str], Keeper]) -> None:
    """Another server is never asked."""
    fake.add_container("web")
    with serving() as web, serving() as other:
        web.pages["/main.j2"] = Page(f"{{% include '{other.address}/part.j2' %}}".encode())
        other.pages["/part.j2"] = Page(b"stolen")
        status, kept = faked("").one_shot("--template", f"{web.address}/main.j2")
        assert status == 12
        assert other.requests == []
    assert kept.read() == ""


def test_a_file_includes_from_its_own_folder_only(
    fake: FakeEngine, faked: Callable[[str], Keeper], tmp_path: Path
) -> None:
    """Wherever the program was started; and nothing outside."""
    fake.add_container("web")
    keep = faked("{% from 'lib/macros.j2' import line %}{{ line(containers.first) }}")
    (keep.template.parent / "lib").mkdir()
    (keep.template.parent / "lib" / "macros.j2").write_text("{% macro line(c) %}<{{ c.name }}>{% endmacro %}")
    status, kept = keep.one_shot()
    assert status == 0, kept.program.log()
    assert keep.read() == "<web>"
    keep.template.write_text("{% include '../../../../../../etc/passwd' %}")
    status, kept = keep.one_shot()
    assert status == 12
    assert keep.read() == "<web>"


def test_an_inline_template_drops_its_mark_and_blanks(fake: FakeEngine, faked: Callable[[str], Keeper]) -> None:
    """`#` and what is around it."""
    fake.add_container("web")
    keep = faked("")
    status, _ = keep.one_shot("--template", "#  {{ containers.first.name }} # kept  ")
    assert status == 0
    assert keep.read().rstrip() == "web # kept"


def test_what_a_template_looks_at_is_watched(fake: FakeEngine, faked: Callable[[str], Keeper], tmp_path: Path) -> None:
    """Config files, files that come and go, and what is in a folder; without SIGHUP or resync."""
    fake.add_container("web")
    conf, folder = tmp_path / "app.conf", tmp_path / "sites"
    folder.mkdir()
    template = (
        f"{{{{ read_config('COLOUR', '{conf}', default='none') }}}} {{{{ exists('{folder}/a') }}}} "
        f"{{{{ list_dir('{folder}') | join(',') }}}}\n"
    )
    # The folders of tests are root's alone.
    kept = faked(template).start(*NO_RESYNC, "--render-user", "root", env={"COLOUR": "blue"})
    kept.await_content("blue False ")
    conf.write_text("COLOUR=red\n")
    kept.await_content("red False ")
    (folder / "a").write_text("")
    kept.await_content("red True a")
    conf.unlink()
    kept.await_content("blue True a")


def test_strictness_is_asked_for(fake: FakeEngine, faked: Callable[[str], Keeper]) -> None:
    """Unknown names are warnings, or errors; missing labels and the first of nothing never are."""
    fake.add_container("web")
    harmless = "{{ containers.first.labels.none }}{{ containers.matching('nobody').first.name }}ok"
    keep = faked(harmless)
    status, kept = keep.one_shot("--strict")
    assert (status, keep.read(), kept.warnings()) == (0, "ok", [])
    for unknown in ("{{ nothing_such }}ok", "{{ containers.first.nmae }}ok"):
        keep.template.write_text(unknown)
        status, kept = keep.one_shot()
        assert (status, keep.read(), len(kept.warnings())) == (0, "ok", 1)
        status, kept = keep.one_shot("--strict")
        assert status == 12
