"""Templates at an address: fetched within limits, kept when the server is away, asked again in the background."""

from __future__ import annotations

import stat
from typing import TYPE_CHECKING

import pytest

from templating.addresses import shown_address
from templating.errors import SourceError
from templating.http_fetch import Fetched, Fetcher, FetchFailed
from templating.http_source import HttpSource
from templating.outcome import Rendered, TemplateFailure
from templating.renderer import Renderer
from tests.support.fake_clock import FakeClock
from tests.support.render_limits import RENDER_LIMITS
from tests.unit.templating.support import snapshot, source_runtime
from tests.unit.templating.web import Page, Web, serving

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path


pytestmark = pytest.mark.processes


@pytest.fixture
def web() -> Iterator[Web]:
    """A server."""
    with serving() as found:
        yield found


class HttpSourceHarness:
    """A source of a server's template, with a clock and the warnings it gave."""

    def __init__(self, address: str, copies: Path | None = None) -> None:
        self.clock = FakeClock()
        self.warnings: list[str] = []
        self.waiting: list[Callable[[], None]] = []
        spawned = self.waiting.append
        self.source = HttpSource(
            address,
            source_runtime(self.warnings, clock=self.clock, sleep=self.clock.sleep, spawn=spawned),
            copies=copies,
            first_load_s=30,
            refetch_s=10,
            fetcher=Fetcher(silence_s=30, whole_s=60),
        )
        self.renderer = Renderer(self.source, warn=self.warnings.append, environ={}, **RENDER_LIMITS)

    def text(self) -> str:
        """Load and render."""
        failure = self.renderer.load()
        assert failure is None, str(failure)
        outcome = self.renderer.render(snapshot())
        assert isinstance(outcome, Rendered), str(outcome)
        return outcome.text.decode()

    def failure(self) -> TemplateFailure:
        """Why it cannot be loaded."""
        failure = self.renderer.load()
        assert failure is not None
        return failure

    def looks(self) -> int:
        """Let what was started in the background happen; how much that was."""
        count = len(self.waiting)
        while self.waiting:
            self.waiting.pop()()
        return count


def test_a_template_and_its_parts_are_fetched(web: Web) -> None:
    """Parts are relative to the address, and everything is fetched once."""
    web.pages["/t/main.j2"] = Page("{% include 'part.j2' %}{% include '/root.j2' %}é\n".encode())
    web.pages["/t/part.j2"] = Page(b"part ")
    web.pages["/root.j2"] = Page(b"{% include 'part.j2' %}root ")
    harness = HttpSourceHarness(f"{web.address}/t/main.j2#fragment")
    assert harness.text() == "part part root é\n"
    assert [request.path for request in web.requests] == ["/t/main.j2", "/t/part.j2", "/root.j2"]


@pytest.mark.parametrize(
    "name", ["http://example.invalid/x.j2", "//127.0.0.1:1/x.j2", "ftp://127.0.0.1/x", "file:///x"]
)
def test_parts_come_from_the_same_origin_only(web: Web, name: str) -> None:
    """Another host, port or scheme is refused without being asked."""
    web.pages["/main.j2"] = Page(f"{{% include '{name}' %}}".encode())
    assert "own origin only" in HttpSourceHarness(f"{web.address}/main.j2").failure().message
    assert len(web.requests) == 1


def test_a_part_may_not_be_redirected_to_another_origin(web: Web) -> None:
    """Within the origin redirects are followed, out of it they are not."""
    with serving() as other:
        other.pages["/x.j2"] = Page(b"from elsewhere")
        web.pages["/main.j2"] = Page(b"{% include 'here.j2' %}{% include 'there.j2' %}")
        web.pages["/here.j2"] = Page(status=302, headers={"Location": "/final.j2"})
        web.pages["/final.j2"] = Page(b"final ")
        web.pages["/there.j2"] = Page(status=302, headers={"Location": f"{other.address}/x.j2"})
        assert "redirects to another origin" in HttpSourceHarness(f"{web.address}/main.j2").failure().message
        assert other.requests == []


def test_the_main_template_may_be_redirected_without_its_credentials(web: Web) -> None:
    """The password is for the origin that was named, and for no other."""
    with serving() as other:
        other.pages["/main.j2"] = Page(b"moved")
        web.pages["/main.j2"] = Page(status=301, headers={"Location": f"{other.address}/main.j2"})
        harness = HttpSourceHarness(f"http://user:pa%3Ass@127.0.0.1:{web.port}/main.j2")
        assert harness.text() == "moved"
        assert web.requests[0].headers["Authorization"] == "Basic dXNlcjpwYTpzcw=="
        assert "Authorization" not in other.requests[0].headers


@pytest.mark.parametrize("location", ["file:///etc/passwd", "ftp://127.0.0.1/x"])
def test_redirects_lead_to_http_only(web: Web, location: str) -> None:
    """A server cannot make us read a local file."""
    web.pages["/main.j2"] = Page(status=302, headers={"Location": location})
    with pytest.raises(FetchFailed):
        Fetcher().fetch(f"{web.address}/main.j2", may_leave=True)


def test_endless_redirects_end(web: Web) -> None:
    """A server that redirects in a circle is a failure."""
    web.pages["/main.j2"] = Page(status=302, headers={"Location": "/main.j2"})
    with pytest.raises(FetchFailed, match="302"):
        Fetcher().fetch(f"{web.address}/main.j2", may_leave=True)
    assert len(web.requests) < 15


def test_no_credential_is_shown(web: Web) -> None:
    """Neither the password nor a token in the query is in a message."""
    harness = HttpSourceHarness(f"http://user:s3cret@127.0.0.1:{web.port}/no.j2?token=t0ken")
    message = str(harness.failure())
    assert "s3cret" not in message
    assert "t0ken" not in message
    assert message == (f"{web.address}/no.j2?...: {web.address}/no.j2?... cannot be fetched: the server answers 404")
    assert shown_address("https://u:p@h/x?y#z") == "https://h/x?..."


@pytest.mark.parametrize(
    ("page", "reason"),
    [
        (Page(b"x" * 3000), "larger than 2000 bytes"),
        (Page(b"x" * 100, sent_bytes=50), "ended in the middle"),
        (Page(b"\xff"), "not UTF-8"),
        (Page("text".encode("utf-16")), "the answer is UTF-16, not UTF-8; save it as UTF-8"),
        (Page(b"oops", 500), "answers 500"),
        (Page(b"", 403), "answers 403"),
        (Page(is_silent=True), "silent"),
    ],
)
def test_bad_answers_are_failures(web: Web, page: Page, reason: str) -> None:
    """Too large, cut off, no text, an error or silence: each is told."""
    web.pages["/x"] = page
    silence_s = 0.2 if page.is_silent else 30.0
    with pytest.raises(FetchFailed, match=reason):
        Fetcher(silence_s, size_limit_bytes=2000).fetch(f"{web.address}/x", may_leave=True)


def test_a_dead_server_is_named(web: Web) -> None:
    """Nobody listens: the system's own reason is told."""
    with serving() as other:
        address = other.address
    with pytest.raises(FetchFailed, match="Connection refused"):
        Fetcher().fetch(address, may_leave=True)


def test_the_first_load_is_tried_for_30_s(web: Web) -> None:
    """Without a copy the server is asked again and again, then the load fails."""
    harness = HttpSourceHarness(f"{web.address}/main.j2")
    assert "answers 404" in harness.failure().message
    assert sum(harness.clock.slept_s) == pytest.approx(30)
    assert len(web.requests) == len(harness.clock.slept_s) + 1
    assert harness.clock.slept_s[:4] == [0.5, 1, 2, 4]


def test_a_server_that_comes_up_is_waited_for(web: Web) -> None:
    """The load succeeds as soon as the server answers."""
    harness = HttpSourceHarness(f"{web.address}/main.j2")

    def sleep(duration_s: float) -> None:
        harness.clock.sleep(duration_s)
        web.pages["/main.j2"] = Page(b"late")

    harness.source._runtime = source_runtime(harness.warnings, clock=harness.clock, sleep=sleep)
    assert harness.text() == "late"
    assert harness.clock.slept_s == [0.5]


def test_copies_serve_a_start_without_the_server(web: Web, tmp_path: Path) -> None:
    """The last good texts are kept in hidden files of the folder, and used with a warning, at once."""
    copies = tmp_path / "state"
    with serving() as first:
        first.pages["/main.j2"] = Page(b"main {% include 'part.j2' %}")
        first.pages["/part.j2"] = Page(b"part")
        address = f"{first.address}/main.j2"
        assert HttpSourceHarness(address, copies).text() == "main part"
    names = sorted(path.name for path in copies.iterdir())
    assert len(names) == 2
    assert all(name.startswith(".template-") and name.endswith(".pygen") for name in names)
    assert all(stat.S_IMODE(path.stat().st_mode) == 0o600 for path in copies.iterdir())
    harness = HttpSourceHarness(address, copies)
    assert harness.text() == "main part"
    assert harness.clock.slept_s == []
    assert len(harness.warnings) == 2
    assert "the copy of it is used" in harness.warnings[0]


def test_a_broken_template_does_not_replace_the_good_copy(web: Web, tmp_path: Path) -> None:
    """Only what could be loaded is kept."""
    web.pages["/main.j2"] = Page(b"good")
    harness = HttpSourceHarness(f"{web.address}/main.j2", tmp_path)
    harness.text()
    web.pages["/main.j2"] = Page(b"{% broken")
    assert harness.failure().line == 1
    assert [path.read_bytes() for path in tmp_path.iterdir()] == [b"good"]


def test_a_folder_that_cannot_keep_copies_is_a_warning(web: Web, tmp_path: Path) -> None:
    """The template is used all the same, and the warning is given once."""
    (tmp_path / "file").touch()
    web.pages["/main.j2"] = Page(b"text")
    harness = HttpSourceHarness(f"{web.address}/main.j2", tmp_path / "file" / "state")
    assert [harness.text(), harness.text()] == ["text", "text"]
    assert [warning for warning in harness.warnings if "no copy" in warning] == harness.warnings[:1]


def test_a_change_is_found_in_the_background(web: Web) -> None:
    """The server is asked at most every so often, not by the caller, and a new text is loaded once."""
    web.pages["/main.j2"] = Page(b"old", headers={"ETag": '"1"', "Last-Modified": "Thu, 01 Jan 2026 00:00:00 GMT"})
    harness = HttpSourceHarness(f"{web.address}/main.j2")
    assert harness.text() == "old"
    assert not harness.renderer.stale()
    assert harness.looks() == 0
    harness.clock.now_s += 10
    assert not harness.renderer.stale()
    assert not harness.renderer.stale()
    assert harness.looks() == 1
    assert web.requests[-1].headers["If-None-Match"] == '"1"'
    assert web.requests[-1].headers["If-Modified-Since"] == "Thu, 01 Jan 2026 00:00:00 GMT"
    assert not harness.renderer.stale()
    web.pages["/main.j2"] = Page(b"new", headers={"ETag": '"2"'})
    harness.clock.now_s += 10
    harness.renderer.stale()
    assert harness.looks() == 1
    assert harness.renderer.stale()
    assert harness.text() == "new"
    assert not harness.renderer.stale()


def test_a_changed_or_new_part_is_found_too(web: Web) -> None:
    """All that was fetched, and what was missing, is asked for again."""
    web.pages["/main.j2"] = Page(b"{% include 'a' %}{% include 'b' ignore missing %}")
    web.pages["/a"] = Page(b"1")
    harness = HttpSourceHarness(f"{web.address}/main.j2")
    assert harness.text() == "1"
    for path, body in (("/a", b"2"), ("/b", b"3")):
        web.pages[path] = Page(body)
        harness.clock.now_s += 10
        harness.renderer.stale()
        harness.looks()
        assert harness.renderer.stale()
        harness.text()
    assert harness.text() == "23"


def test_a_server_that_goes_away_costs_one_warning(web: Web) -> None:
    """What was fetched stays in use, in a look and in a new load, and its return is silent."""
    with serving() as first:
        first.pages["/main.j2"] = Page(b"kept")
        harness = HttpSourceHarness(f"{first.address}/main.j2")
        assert harness.text() == "kept"
    for _ in range(3):
        harness.clock.now_s += 10
        assert not harness.renderer.stale()
        assert harness.looks() == 1
    assert harness.text() == "kept"
    assert len(harness.warnings) == 1
    assert "its last text stays in use" in harness.warnings[0]


def test_a_look_that_fails_is_followed_by_the_next(web: Web, monkeypatch: pytest.MonkeyPatch) -> None:
    """An unforeseen error in the background does not end the looking."""
    web.pages["/main.j2"] = Page(b"x")
    harness = HttpSourceHarness(f"{web.address}/main.j2")
    harness.text()
    with monkeypatch.context() as patch:
        patch.setattr(HttpSource, "_is_new", _unforeseen)
        harness.clock.now_s += 10
        harness.renderer.stale()
        with pytest.raises(RuntimeError):
            harness.looks()
    harness.clock.now_s += 10
    harness.renderer.stale()
    assert harness.looks() == 1


def _unforeseen(source: HttpSource, address: str, used: Fetched | None) -> bool:
    raise RuntimeError


def test_a_server_that_claims_we_have_it_is_a_failure(web: Web) -> None:
    """A 304 to a question without conditions is no text."""
    web.pages["/main.j2"] = Page(status=304)
    harness = HttpSourceHarness(f"{web.address}/main.j2")
    with pytest.raises(SourceError, match="claims"):
        harness.source._obtain(f"{web.address}/main.j2")
    harness.source.close()


def test_a_byte_order_mark_is_no_text(web: Web) -> None:
    """Of the template and of what it includes."""
    web.pages["/main.j2"] = Page(b"\xef\xbb\xbfmain {% include 'part.j2' %}")
    web.pages["/part.j2"] = Page(b"\xef\xbb\xbfpart")
    assert HttpSourceHarness(f"{web.address}/main.j2").text() == "main part"
