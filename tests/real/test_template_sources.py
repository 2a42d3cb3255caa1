"""Where templates come from: files with what they include, the command line, a web server; and what they look at."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tests.support.running_program import NO_RESYNC, ProgramStarter
from tests.unit.templating.web import Page, serving

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from tests.support.fake_engine import FakeEngine


def test_an_address_is_fetched_watched_and_survived(
    fake: FakeEngine, make_faked_starter: Callable[[str], ProgramStarter], tmp_path: Path
) -> None:
    """With what it includes; a server that is away later, or at the next start, costs a warning and nothing else."""
    fake.add_container("web")
    starter = make_faked_starter("")
    with serving() as web:
        web.pages["/t/main.j2"] = Page(b"{% include 'part.j2' %}")
        web.pages["/t/part.j2"] = Page(b"one {{ containers.first.name }}\n")
        address = f"{web.address}/t/main.j2"
        running = starter.start("--template", address, "--state-dir", tmp_path / "state")
        running.await_content("one web")
    fake.rename("web", "www")
    running.await_content("one www")
    assert running.program.stop() == 0
    fake.rename("www", "again")
    running = starter.start("--template", address, "--state-dir", tmp_path / "state")
    running.await_content("one again")
    assert any(address in line for line in running.warnings())


def test_an_address_that_comes_late_is_waited_for(
    fake: FakeEngine, make_faked_starter: Callable[[str], ProgramStarter]
) -> None:
    """The server answers with errors first: the first load is tried again."""
    fake.add_container("web")
    with serving() as web:
        web.pages["/main.j2"] = Page(b"not yet", 503)
        running = make_faked_starter("").start("--template", f"{web.address}/main.j2")
        running.program.wait_for(lambda: len(web.requests) >= 2, what="a second try")
        web.pages["/main.j2"] = Page(b"at last\n")
        running.await_content("at last")


def test_what_an_address_includes_is_of_the_same_origin(
    fake: FakeEngine, make_faked_starter: Callable[[str], ProgramStarter]
) -> None:
    """Another server is never asked."""
    fake.add_container("web")
    with serving() as web, serving() as other:
        web.pages["/main.j2"] = Page(f"{{% include '{other.address}/part.j2' %}}".encode())
        other.pages["/part.j2"] = Page(b"stolen")
        status, running = make_faked_starter("").one_shot("--template", f"{web.address}/main.j2")
        assert status == 12
        assert other.requests == []
    assert running.read() == ""


def test_a_file_includes_from_its_own_folder_only(
    fake: FakeEngine, make_faked_starter: Callable[[str], ProgramStarter], tmp_path: Path
) -> None:
    """Wherever the program was started; and nothing outside."""
    fake.add_container("web")
    starter = make_faked_starter("{% from 'lib/macros.j2' import line %}{{ line(containers.first) }}")
    (starter.template.parent / "lib").mkdir()
    (starter.template.parent / "lib" / "macros.j2").write_text("{% macro line(c) %}<{{ c.name }}>{% endmacro %}")
    status, running = starter.one_shot()
    assert status == 0, running.program.log()
    assert starter.read() == "<web>"
    starter.template.write_text("{% include '../../../../../../etc/passwd' %}")
    status, running = starter.one_shot()
    assert status == 12
    assert starter.read() == "<web>"


def test_an_inline_template_drops_its_mark_and_blanks(
    fake: FakeEngine, make_faked_starter: Callable[[str], ProgramStarter]
) -> None:
    """`#` and what is around it."""
    fake.add_container("web")
    starter = make_faked_starter("")
    status, _ = starter.one_shot("--template", "#  {{ containers.first.name }} # kept  ")
    assert status == 0
    assert starter.read().rstrip() == "web # kept"


def test_what_a_template_looks_at_is_watched(
    fake: FakeEngine, make_faked_starter: Callable[[str], ProgramStarter], tmp_path: Path
) -> None:
    """Config files, files that come and go, and what is in a folder; without SIGHUP or resync."""
    fake.add_container("web")
    conf, folder = tmp_path / "app.conf", tmp_path / "sites"
    folder.mkdir()
    template = (
        f"{{{{ read_config('COLOUR', '{conf}', default='none') }}}} {{{{ exists('{folder}/a') }}}} "
        f"{{{{ list_dir('{folder}') | join(',') }}}}\n"
    )
    # The folders of tests are root's alone.
    running = make_faked_starter(template).start(*NO_RESYNC, "--render-user", "root", env={"COLOUR": "blue"})
    running.await_content("blue False ")
    conf.write_text("COLOUR=red\n")
    running.await_content("red False ")
    (folder / "a").write_text("")
    running.await_content("red True a")
    conf.unlink()
    running.await_content("blue True a")


def test_strictness_is_asked_for(fake: FakeEngine, make_faked_starter: Callable[[str], ProgramStarter]) -> None:
    """Unknown names are warnings, or errors; missing labels and the first of nothing never are."""
    fake.add_container("web")
    harmless = "{{ containers.first.labels.none }}{{ containers.matching('nobody').first.name }}ok"
    starter = make_faked_starter(harmless)
    status, running = starter.one_shot("--strict")
    assert (status, starter.read(), running.warnings()) == (0, "ok", [])
    for unknown in ("{{ nothing_such }}ok", "{{ containers.first.nmae }}ok"):
        starter.template.write_text(unknown)
        status, running = starter.one_shot()
        assert (status, starter.read(), len(running.warnings())) == (0, "ok", 1)
        status, running = starter.one_shot("--strict")
        assert status == 12
