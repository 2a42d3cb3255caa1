"""`http`: a request to a server, told by the status of its answer. The servers are real, on loopback."""

from __future__ import annotations

import json
import socket
import threading
from typing import TYPE_CHECKING

import pytest

from models.run import NO_CONTAINER
from notify.actions.http import Http
from notify.delivery import Delivered, Failed, Inspector, Task
from notify.port import ContainerState
from tests.support.answering import OK, answering
from tests.unit.notify.fakes import HUP, NotifierHarness

if TYPE_CHECKING:
    from pathlib import Path

    from notify.delivery import Outcome


def asked(action: Http) -> Outcome:
    """How one delivery without a container ends."""
    harness = NotifierHarness(action)
    task = Task(NO_CONTAINER, "")
    return action.deliver(harness.engine, task, Inspector(harness.engine, task, harness.clock), "auto")


def told(url: str, *others: object) -> NotifierHarness:
    """A change is owed to a server; no container runs."""
    harness = NotifierHarness(Http("", url), *others)  # type: ignore[arg-type]  # further actions
    harness.disk = "a"
    harness.render("a")
    harness.render("b")
    return harness


def test_a_server_is_asked_once_for_each_content() -> None:
    """By POST, without a body; nothing is asked of the engine, and no container is missed."""
    with answering() as server:
        harness = told(server.url)
        harness.wait(5)
        for content in ("b", "c", "c"):
            harness.render(content)
            harness.wait(5)
        assert [heard.split("\r\n")[0] for heard in server.heard] == ["POST /-/reload HTTP/1.1"] * 2
        assert f"Host: 127.0.0.1:{server.port}\r\n" in server.heard[0]
        assert "Content-Length: 0\r\n" in server.heard[0]
        assert harness.engine.calls == []
        assert harness.observer.matched == {harness.notifications[0]: 1}
        assert harness.lines.matching(f"INFO http POST {server.url} delivered (status 204)")
        assert not harness.lines.matching("WARNING")


def test_a_killed_program_delivers_after_its_restart_and_is_quiet_after_that() -> None:
    """The debt was on the disk before the file was replaced."""
    with answering() as server:
        harness = told(server.url)
        for _ in range(3):
            harness.start()
            harness.render("b")
            harness.wait(5)
            assert len(server.heard) == 1


def test_a_lost_state_is_owed_once() -> None:
    """As to each container; containers that come and go change nothing."""
    with answering() as server:
        harness = told(server.url)
        harness.wait(5)
        harness.store.data = b"lost"
        harness.start()
        harness.render("b")
        harness.wait(5)
        for _ in range(2):
            harness.engine.run_new()
            harness.render("b")
            harness.wait(60)
        assert len(server.heard) == 2


def test_a_new_notification_owes_nothing_for_a_file_that_is_true() -> None:
    """As for containers: the configuration changed, the content did not."""
    with answering() as server:
        harness = NotifierHarness(Http("", server.url))
        harness.disk = "a"
        harness.render("a")
        harness.wait(5)
        assert server.heard == []


def test_it_is_tried_again_with_backoff_beside_the_others() -> None:
    """A server that fails holds up no container."""
    answers = [b"HTTP/1.1 503 x\r\n\r\n\x1b[1mreload failed\nsecond line", b"", OK]
    with answering(lambda client: client.sendall(answers.pop(0))) as server:
        harness = told(server.url, HUP)
        harness.engine.run_new()
        harness.render("b")
        harness.wait(60)
        assert (len(server.heard), harness.pending()) == (3, 0)
        [first] = harness.lines.matching("(1 try,")
        assert first.endswith(
            r"failed (1 try, retried until it succeeds): the server answers 503: \x1b[1mreload failed"
        )
        assert harness.engine.operations() == ["kill"]


def test_an_answer_s_text_is_not_on_the_status_page() -> None:
    """Whoever reaches the port reads the page."""
    with answering(b"HTTP/1.1 500 x\r\n\r\npassword=x") as server:
        outcome = asked(Http("", server.url))
    assert outcome == Failed("the server answers 500", output="password=x")


def test_at_the_end_of_the_program_it_is_sent_at_once() -> None:
    """`flush` knows it as any debt."""
    with answering() as server:
        harness = told(server.url)
        assert harness.flush(harness.clock() + 4)
        assert len(server.heard) == 1


@pytest.mark.parametrize(
    ("status", "statuses", "outcome"),
    [
        (200, (), Delivered("status 200")),
        (299, (), Delivered("status 299")),
        (409, (200, 409), Delivered("status 409")),
        (200, (204,), Failed("the server answers 200")),
        (404, (), Failed("the server answers 404")),
        (302, (302,), Delivered("status 302")),
        (
            301,
            (),
            Failed("the server redirects (301), which is not followed: give the address that it leads to"),
        ),
    ],
)
def test_the_status_decides(status: int, statuses: tuple[int, ...], outcome: Outcome) -> None:
    """Any 2xx, unless the statuses are named; a redirect leads nowhere."""
    with (
        answering() as elsewhere,
        answering(b"HTTP/1.1 %d x\r\nLocation: %s\r\n\r\n" % (status, elsewhere.url.encode())) as server,
    ):
        assert asked(Http("", server.url, statuses=statuses)) == outcome
        assert elsewhere.heard == []


def test_headers_come_from_files_which_are_read_each_time(tmp_path: Path) -> None:
    """So that a token can be renewed without a restart."""
    token = tmp_path / "token"
    action = Http("", "", method="PUT", header_files=(("Authorization", str(token)), ("X-Name", str(token))))
    with answering() as server:
        for value in ("Bearer one\n", "Bearer two"):
            token.write_text(value)
            assert asked(Http("", server.url, "PUT", action.header_files)) == Delivered("status 204")
        assert [heard.count("Authorization: Bearer ") for heard in server.heard] == [1, 1]
        assert "X-Name: Bearer two\r\n" in server.heard[1]
        assert server.heard[0].startswith("PUT ")


@pytest.mark.parametrize("content", [None, b"s3cret\r\nEvil: yes", b"s3cret\0", b"s3cret" * 20_000])
def test_a_header_s_value_that_is_none_is_named_by_its_file(tmp_path: Path, content: bytes | None) -> None:
    """Nothing was sent, and nothing of the value is shown."""
    file = tmp_path / "token"
    if content is not None:
        file.write_bytes(content)
    with answering() as server:
        outcome = asked(Http("", server.url, header_files=(("Authorization", str(file)),)))
        assert isinstance(outcome, Failed)
        assert (outcome.acted, server.heard) == (False, [])
        assert str(file) in outcome.message
        assert "Authorization" in outcome.message
        assert "s3cret" not in outcome.message


def test_user_and_password_of_the_address_are_sent_and_never_shown() -> None:
    """Nor is the query, which may hold a token."""
    with answering() as server:
        url = f"http://us%40er:p%3Aw@127.0.0.1:{server.port}/-/reload?token=s3cret"
        action = Http("", url)
        assert asked(action) == Delivered("status 204")
        assert "Authorization: Basic dXNAZXI6cDp3\r\n" in server.heard[0]
        assert server.heard[0].startswith("POST /-/reload?token=s3cret HTTP/1.1\r\n")
        assert str(action) == f"http POST http://...@127.0.0.1:{server.port}/-/reload?..."


def test_a_proxy_of_the_environment_is_not_asked(monkeypatch: pytest.MonkeyPatch) -> None:
    """It is for the web, not for the server next door."""
    with answering() as server, answering() as proxy:
        monkeypatch.setenv("http_proxy", proxy.url)
        monkeypatch.setenv("HTTP_PROXY", proxy.url)
        assert asked(Http("", server.url)) == Delivered("status 204")
        assert proxy.heard == []


def test_nobody_listens() -> None:
    """Nothing was sent."""
    with socket.create_server(("127.0.0.1", 0)) as listening:
        port = listening.getsockname()[1]
    assert asked(Http("", f"http://127.0.0.1:{port}/")) == Failed("Connection refused", acted=False)


# A server that is a matching container's


def in_container(url: str, addresses: tuple[str, ...]) -> tuple[Http, NotifierHarness]:
    """A change is owed to a container that has these addresses."""
    action = Http("web", url)
    harness = NotifierHarness(action)
    harness.engine.run_new()
    inspected = harness.engine.inspect

    def with_addresses(*arguments: object, **named: object) -> ContainerState | None:
        state = inspected(*arguments, **named)  # type: ignore[arg-type]  # handed through as they are
        assert state is not None
        return ContainerState(state.running, state.restarting, state.paused, state.started_at, addresses=addresses)

    harness.engine.inspect = with_addresses  # type: ignore[method-assign]  # its stand-in
    harness.disk = "a"
    harness.render("a")
    harness.render("b")
    return action, harness


def test_a_container_is_asked_at_its_own_address() -> None:
    """The first that takes the connection: others may be on networks that do not reach us."""
    with answering() as server:
        action, harness = in_container(f"http://{{container}}:{server.port}/x", ("127.0.0.255", "::1", "127.0.0.1"))
        with socket.create_server(("127.0.0.255", 0)):
            harness.wait(5)
        assert harness.pending() == 0
        assert server.heard[0].startswith("POST /x HTTP/1.1\r\n")
        assert f"\r\nHost: 127.0.0.1:{server.port}\r\n" in server.heard[0]
        assert harness.lines.matching(f"http POST http://{{container}}:{server.port}/x of web delivered to web")
        assert action.needs("auto") == frozenset()


def test_a_container_without_an_address_is_told_of() -> None:
    """On the host's network, or on another container's."""
    _, harness = in_container("http://{container}:80/", ())
    harness.wait(1)
    assert harness.pending() == 1
    assert harness.lines.matching("no address of its own: give the host's")


# What is configured


@pytest.mark.parametrize(
    ("url", "problem"),
    [
        ("", "not the address of a server"),
        ("ftp://h/", "not the address of a server"),
        ("http:///x", "not the address of a server"),
        ("h:80/x", "not the address of a server"),
        ("http://h:0/", "not the address of a server"),
        ("http://h:s3cret/", "a port that is no number"),
        ("http://[::1/s3cret", "brackets around no address"),
        ("http://h/a b", "percent-encoded"),
        ("http://h/\u00fc", "percent-encoded"),
        ("http://h/{x}", "percent-encoded"),
        ("http://h/#s3cret", "fragment"),
        ("http://{container}:80/", "needs the name of a container"),
    ],
)
def test_what_could_never_be_asked_is_refused_without_showing_it(url: str, problem: str) -> None:
    """It says what is wrong and what to give."""
    with pytest.raises(ValueError, match=problem) as caught:
        Http.from_words([url])
    assert "s3cret" not in str(caught.value)


def test_an_address_is_taken_as_it_is() -> None:
    """With whatever an address may have."""
    assert Http.from_words([" https://u:p@[::1]:8443/a%20b?c=d "]) == Http("", "https://u:p@[::1]:8443/a%20b?c=d")


@pytest.mark.parametrize(
    "action",
    [
        Http("", "http://h/"),
        Http("web", "https://{container}/", "PUT", (("A", "/a"), ("B", "/b")), (200, 409), 2.5),
    ],
)
def test_the_state_file_brings_it_back(action: Http) -> None:
    """Equal in every field."""
    assert Http.from_state(json.loads(json.dumps(action.state()))) == action


@pytest.mark.parametrize(
    "damage",
    [{"header_files": [["a"]]}, {"header_files": {}}, {"header_files": [1]}, {"statuses": [True]}, {"statuses": 200}],
)
def test_a_damaged_state_is_refused(damage: dict[str, object]) -> None:
    """Each field is checked before it is believed."""
    with pytest.raises(ValueError, match=next(iter(damage))):
        Http.from_state({"container": "", "url": "http://h/"} | damage)


# Servers that lie


@pytest.mark.parametrize(
    "endless",
    [b"", b"H", b"HTTP/1.1 100 Continue\r\n\r\n", b"HTTP/1.1 204 x\r\nX: ", b"HTTP/1.1 500 x\r\n\r\n"],
    ids=["silent", "status line", "interim answers", "header", "body"],
)
def test_a_server_that_says_a_byte_now_and_then_is_given_up_at_the_deadline(endless: bytes) -> None:
    """Its thread ends, too: a server that is never done does not pile them up."""
    over = threading.Event()

    def drip(client: socket.socket) -> None:
        client.sendall(endless)
        while not over.wait(0.02):
            client.sendall(endless if b"100" in endless else b"x")

    with answering(drip) as server:
        outcome = asked(Http("", server.url, timeout_s=0.5))
        over.set()
    assert outcome in (Failed("no answer within 0.5 s"), Failed("the server answers 500", output="x"))
    assert len(server.heard) == 1
    _await_no_thread("http-notification")


@pytest.mark.parametrize(
    "answer",
    [
        b"",
        b"<html>",
        b"HTTP/1.1 abc x\r\n\r\n",
        b"HTTP/1.1 200 x\r\n" + b"X: y\r\n" * 500,
        b"HTTP/1.1 200 " + b"x" * 70_000,
    ],
    ids=["nothing", "no http", "no status", "endless headers", "endless line"],
)
def test_what_is_no_answer_is_a_failure_with_a_reason(answer: bytes) -> None:
    """It may have been heard all the same: delivered again."""
    with answering(answer) as server:
        outcome = asked(Http("", server.url))
    assert isinstance(outcome, Failed)
    assert outcome.acted
    assert outcome.message


def test_tls_that_is_none_is_given_up_at_the_deadline() -> None:
    """A handshake that never comes is cut like anything else."""
    with socket.create_server(("127.0.0.1", 0)) as listening:
        outcome = asked(Http("", f"https://127.0.0.1:{listening.getsockname()[1]}/", timeout_s=0.5))
    assert outcome == Failed("no answer within 0.5 s", acted=False)
    _await_no_thread("http-notification")


def _await_no_thread(name: str) -> None:
    for each in threading.enumerate():
        if each.name == name:
            each.join(60)
            assert not each.is_alive()
