"""Tests of the lean HTTP client, against whatever bytes a socket may bring."""

from __future__ import annotations

import contextlib
import socket
import threading
import time
from typing import TYPE_CHECKING

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from reconciler.backend.http_answer import HEAD_BYTES_MAX, ConnectionEndedError, MalformedAnswerError
from reconciler.backend.http_connection import HttpConnection, NotYetError

if TYPE_CHECKING:
    from collections.abc import Iterator

HEAD = b"HTTP/1.1 200 OK\r\n"


class Peer:
    """Both ends of a connection."""

    def __init__(self) -> None:
        ours, self.theirs = socket.socketpair()
        ours.settimeout(30)
        self._threads: list[threading.Thread] = []
        self.clock_s = self.clock_steps_s = 0.0
        self.connection = HttpConnection(ours, "engine", clock=self._tick, answer_timeout_s=60)

    def _tick(self) -> float:
        self.clock_s += self.clock_steps_s
        return self.clock_s

    def trickle(self) -> None:
        """Send a byte now and then, until nobody listens any more."""
        with contextlib.suppress(OSError):
            while True:
                self.theirs.sendall(b"x")
                time.sleep(0.001)

    def send_in_pieces(self, data: bytes, size: int) -> None:
        """Send it piece by piece from a thread, then end the connection."""

        def run() -> None:
            with contextlib.suppress(OSError):
                for start in range(0, len(data), size):
                    self.theirs.sendall(data[start : start + size])
                self.theirs.shutdown(socket.SHUT_WR)

        thread = threading.Thread(target=run)
        thread.start()
        self._threads.append(thread)

    def close(self) -> None:
        """Close both ends."""
        self.connection.close()
        for thread in self._threads:
            thread.join()
        self.theirs.close()


@pytest.fixture
def peer() -> Iterator[Peer]:
    """A connection whose other end the test holds."""
    both = Peer()
    yield both
    both.close()


def test_a_request_is_one_that_engines_understand(peer: Peer) -> None:
    """Method, target, host; no body."""
    peer.connection.send("GET", "/v1.41/containers/json?all=1")
    assert peer.theirs.recv(4096).split(b"\r\n")[:2] == [
        b"GET /v1.41/containers/json?all=1 HTTP/1.1",
        b"Host: engine",
    ]


@pytest.mark.parametrize("size", [1, 3, 7, 4096])
@pytest.mark.parametrize(
    ("data", "body"),
    [
        (HEAD + b"Content-Length: 5\r\n\r\nhello", b"hello"),
        (HEAD + b"content-length:5\r\n\r\nhello", b"hello"),
        (HEAD + b"Content-Length: 0\r\n\r\n", b""),
        (HEAD + b"Transfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\n\r\n", b"hello"),
        (HEAD + b"transfer-encoding: Chunked\r\n\r\n3\r\nhel\r\n2;x=y\r\nlo\r\n0\r\nTrailer: x\r\n\r\n", b"hello"),
        (HEAD + b"Transfer-Encoding: chunked\r\n\r\n0\r\n\r\n", b""),
        (HEAD + b"Transfer-Encoding: chunked\r\n\r\n1\r\na\r\n1\r\nb\r\n1\r\nc\r\n0\r\n\r\n", b"abc"),
        (b"HTTP/1.0 200 OK\r\n\r\nuntil the end", b"until the end"),
        (HEAD + b"Connection: close\r\n\r\n", b""),
        (b"HTTP/1.1 204 No Content\r\n\r\n", b""),
        (b"HTTP/1.1 204 No Content\r\nTransfer-Encoding: chunked\r\n\r\n", b""),
        (b"HTTP/1.1 304 Not Modified\r\nContent-Length: 9\r\n\r\n", b""),
        (b"HTTP/1.1 100 Continue\r\n\r\n" + HEAD + b"Content-Length: 2\r\n\r\nok", b"ok"),
    ],
)
def test_every_framing_is_read_however_it_is_cut(peer: Peer, data: bytes, body: bytes, size: int) -> None:
    """The body is the same in one piece and byte by byte."""
    peer.send_in_pieces(data, size)
    assert peer.connection.receive().body == body


def test_answers_follow_each_other_on_one_connection(peer: Peer) -> None:
    """What was read too much belongs to the next answer, whether it comes at once or cut."""
    answers = [
        HEAD + b"Content-Length: 3\r\n\r\none",
        HEAD + b"Transfer-Encoding: chunked\r\n\r\n3\r\ntwo\r\n0\r\n\r\n",
        b"HTTP/1.1 404 Not Found\r\nContent-Length: 5\r\n\r\nthree",
    ]
    peer.theirs.sendall(b"".join(answers))
    received = [peer.connection.receive() for _ in answers]
    assert [(answer.head.status, answer.body) for answer in received] == [(200, b"one"), (200, b"two"), (404, b"three")]
    assert not peer.connection.is_spent


@pytest.mark.parametrize(
    "data",
    [
        b"HTTP/1.0 200 OK\r\nContent-Length: 0\r\n\r\n",
        HEAD + b"Connection: Close\r\nContent-Length: 0\r\n\r\n",
        HEAD + b"\r\nwithout a length",
    ],
)
def test_an_answer_that_ends_the_connection_says_so(peer: Peer, data: bytes) -> None:
    """The connection is spent, and is not asked again."""
    peer.send_in_pieces(data, 4096)
    peer.connection.receive()
    assert peer.connection.is_spent


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"HTTP/1.1 200",
        HEAD + b"Content-Length: 5\r\n\r\nhell",
        HEAD + b"Transfer-Encoding: chunked\r\n\r\n5\r\nhel",
        HEAD + b"Transfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n",
    ],
)
def test_an_end_in_the_middle_is_no_answer(peer: Peer, data: bytes) -> None:
    """Half an answer is never taken for a whole one."""
    peer.send_in_pieces(data, 4096)
    with pytest.raises(ConnectionEndedError):
        peer.connection.receive()


@pytest.mark.parametrize(
    "data",
    [
        b"SSH-2.0-OpenSSH_9.2\r\n\r\n",
        b"HTTP/1.1 abc\r\n\r\n",
        b"\x15\x03\x01\x00\x02\x02\x46\r\n\r\n",
        HEAD + b"Content-Length: many\r\n\r\n",
        HEAD + b"Content-Length: -5\r\n\r\n",
        HEAD + b"Content-Length: 99999999999999\r\n\r\n",
        HEAD + b"Transfer-Encoding: chunked\r\n\r\nzz\r\n",
        HEAD + b"Transfer-Encoding: chunked\r\n\r\n-5\r\nhello\r\n",
        HEAD + b"Transfer-Encoding: chunked\r\n\r\nffffffffffff\r\n",
        HEAD + b"Transfer-Encoding: chunked\r\n\r\n5\r\nhello!!0\r\n\r\n",
        HEAD + b"X: " + b"x" * (HEAD_BYTES_MAX + 10),
    ],
)
def test_what_is_no_http_is_told_apart(peer: Peer, data: bytes) -> None:
    """Anything else that speaks on the socket is malformed."""
    peer.theirs.sendall(data)
    with pytest.raises(MalformedAnswerError):
        peer.connection.receive()


def test_a_silent_connection_times_out(peer: Peer) -> None:
    """The timeout holds for each piece of an answer."""
    peer.connection.set_timeout(0.01)
    peer.theirs.sendall(HEAD)
    with pytest.raises(TimeoutError):
        peer.connection.receive()


def test_a_trickle_times_out_as_a_whole(peer: Peer) -> None:
    """Bytes that come now and then do not hold us beyond the time for one answer."""
    peer.clock_steps_s = 20.0
    peer.theirs.sendall(HEAD + b"Content-Length: 400\r\n\r\n")
    trickle = threading.Thread(target=peer.trickle)
    trickle.start()
    with pytest.raises(TimeoutError, match="as a whole"):
        peer.connection.receive()
    peer.connection.close()
    trickle.join()


@pytest.mark.parametrize("framing", ["length", "chunks"])
def test_an_answer_that_is_not_there_yet_can_be_waited_for_again(peer: Peer, framing: str) -> None:
    """However much of it has come, nothing is lost, and any thread may go on."""
    framed = {
        "length": HEAD + b"Content-Length: 5\r\n\r\nhello",
        "chunks": HEAD + b"Transfer-Encoding: chunked\r\n\r\n3\r\nhel\r\n2\r\nlo\r\n0\r\n\r\n",
    }
    answer = framed[framing]
    for size in range(0, len(answer), 7):
        peer.theirs.sendall(answer[max(0, size - 7) : size])
        with pytest.raises(NotYetError):
            peer.connection.receive(patience_s=0.0)
    peer.theirs.sendall(answer[size:])
    received: list[bytes] = []
    thread = threading.Thread(target=lambda: received.append(peer.connection.receive().body))
    thread.start()
    thread.join(30)
    assert received == [b"hello"]
    peer.theirs.sendall(HEAD + b"Content-Length: 2\r\n\r\nok")
    assert peer.connection.receive(patience_s=30).body == b"ok"


def test_patience_is_no_longer_than_the_timeout(peer: Peer) -> None:
    """A silent connection times out although there would be patience left."""
    peer.connection.set_timeout(0.01)
    with pytest.raises(TimeoutError):
        peer.connection.receive(patience_s=60)


@pytest.mark.parametrize(
    "data",
    [
        HEAD + b"Content-Length: 11\r\n\r\n" + b"x" * 11,
        HEAD + b"Transfer-Encoding: chunked\r\n\r\n6\r\nxxxxxx\r\n6\r\nxxxxxx\r\n0\r\n\r\n",
        b"HTTP/1.0 200 OK\r\n\r\n" + b"x" * 11,
    ],
    ids=["length", "chunks", "end"],
)
def test_a_limit_holds_for_every_framing(peer: Peer, data: bytes) -> None:
    """A byte more than may be is too much."""
    peer.send_in_pieces(data, 4096)
    with pytest.raises(MalformedAnswerError, match="too long"):
        peer.connection.receive(limit_bytes=10)


def test_a_stream_is_read_piece_by_piece(peer: Peer) -> None:
    """Each chunk is there when it comes, and the last chunk ends the stream."""
    peer.theirs.sendall(HEAD + b"Transfer-Encoding: chunked\r\n\r\n3\r\none\r\n")
    head = peer.connection.receive_head()
    pieces = peer.connection.pieces(head)
    assert next(pieces) == b"one"
    peer.theirs.sendall(b"3\r\ntwo\r\n0\r\n\r\n")
    assert list(pieces) == [b"two"]


def test_abort_wakes_a_reader(peer: Peer) -> None:
    """Whoever waits for an answer gets the connection's end, at once."""
    waiting = threading.Event()
    caught: list[BaseException] = []

    def read() -> None:
        waiting.set()
        try:
            peer.connection.receive()
        except ConnectionEndedError as error:
            caught.append(error)

    thread = threading.Thread(target=read)
    thread.start()
    waiting.wait()
    peer.connection.abort()
    thread.join(30)
    assert len(caught) == 1
    peer.connection.abort()


@settings(deadline=None)
@given(st.binary(max_size=300), st.sampled_from([b"", HEAD, HEAD + b"Transfer-Encoding: chunked\r\n\r\n"]))
def test_any_bytes_give_an_answer_or_an_error_of_ours(data: bytes, beginning: bytes) -> None:
    """Nothing that a socket brings escapes as another exception."""
    peer = Peer()
    try:
        peer.send_in_pieces(beginning + data, 4096)
        with contextlib.suppress(ConnectionEndedError, MalformedAnswerError):
            peer.connection.receive()
    finally:
        peer.close()


@settings(deadline=None)
@given(st.lists(st.binary(min_size=1, max_size=200), max_size=6), st.integers(1, 50))
def test_chunks_come_back_as_what_was_cut(pieces: list[bytes], size: int) -> None:
    """However a body is cut into chunks, and these into packets, it is read whole."""
    peer = Peer()
    try:
        body = b"".join(b"%x\r\n%b\r\n" % (len(piece), piece) for piece in pieces)
        peer.send_in_pieces(HEAD + b"Transfer-Encoding: chunked\r\n\r\n" + body + b"0\r\n\r\n", size)
        assert peer.connection.receive().body == b"".join(pieces)
    finally:
        peer.close()
