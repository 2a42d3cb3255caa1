"""The little of HTTP that is spoken."""

from __future__ import annotations

import gzip

import pytest
from hypothesis import given
from hypothesis import strategies as st

from metrics.http import Request, Response, accepts_gzip, encode, head_of, parse_request, text_response

GET = Request("GET", "/x")


def test_head_is_read() -> None:
    """Method, path without query, and headers in small letters come out; a repeated header is joined."""
    request = parse_request(b"get /metrics?name=x HTTP/1.1\r\nHost: a\r\nACCEPT: one\r\naccept:two")
    assert request == Request("GET", "/metrics", {"host": "a", "accept": "one, two"})


@pytest.mark.parametrize(
    ("target", "path"),
    [("/", "/"), ("/a?b?c", "/a"), ("http://host:1/a", "/a"), ("http://host", "/"), ("*", "*"), ("/a#b", "/a")],
)
def test_path_of_a_target(target: str, path: str) -> None:
    """Query, fragment, scheme and host are no part of a path."""
    request = parse_request(f"GET {target} HTTP/1.0".encode())
    assert request is not None
    assert request.path == path


@pytest.mark.parametrize(
    "head",
    [b"", b"GET", b"GET /", b"GET / HTTP/2.0", b"GET  / HTTP/1.1", b"\x16\x03\x01", b"GET / HTTP/1.1\r\nnonsense"],
)
def test_what_is_no_request(head: bytes) -> None:
    """Anything else is no request."""
    assert parse_request(head) is None


@given(st.binary(max_size=200))
def test_any_bytes_are_survived(received: bytes) -> None:
    """No bytes make reading raise."""
    head = head_of(received)
    parse_request(received if head is None else head)


def test_head_ends_at_an_empty_line() -> None:
    """A head is there with its empty line, by either end of lines, and not before."""
    assert head_of(b"GET / HTTP/1.1\r\nA: b\r\n") is None
    assert head_of(b"GET / HTTP/1.1\r\nA: b\r\n\r\nbody") == b"GET / HTTP/1.1\r\nA: b"
    assert head_of(b"GET / HTTP/1.1\n\n") == b"GET / HTTP/1.1"


def test_answer_closes_and_says_its_length() -> None:
    """An answer has its status, length and type, and ends the connection."""
    head, _, body = encode(GET, text_response(200, "ok")).partition(b"\r\n\r\n")
    lines = head.decode().split("\r\n")
    assert lines[0] == "HTTP/1.1 200 OK"
    assert {"Content-Length: 3", "Content-Type: text/plain; charset=utf-8", "Connection: close"} <= set(lines)
    assert body == b"ok\n"


def test_head_request_gets_the_same_head_alone() -> None:
    """HEAD gives what GET gives, without its body."""
    response = text_response(200, "ok")
    head, end, _ = encode(GET, response).partition(b"\r\n\r\n")
    assert encode(Request("HEAD", "/x"), response) == head + end


def test_large_body_is_packed_for_who_takes_it() -> None:
    """A client that names gzip gets it for what is large enough; others get the bytes."""
    body = b"line\n" * 1000
    plain = encode(GET, Response(200, body))
    packed = encode(Request("GET", "/x", {"accept-encoding": "gzip"}), Response(200, body))
    assert plain.endswith(body)
    head, _, rest = packed.partition(b"\r\n\r\n")
    assert b"Content-Encoding: gzip" in head
    assert f"Content-Length: {len(rest)}".encode() in head
    assert gzip.decompress(rest) == body
    small = encode(Request("GET", "/x", {"accept-encoding": "gzip"}), text_response(200, "ok"))
    assert b"gzip" not in small


@pytest.mark.parametrize(
    ("header", "expected"),
    [
        ("", False),
        ("gzip", True),
        ("deflate, GZIP;q=0.5", True),
        ("x-gzip", True),
        ("gzip;q=0", False),
        ("gzip; q=0.000", False),
        ("gzip;q=0.001", True),
        ("identity", False),
        ("br", False),
    ],
)
def test_who_takes_gzip(header: str, *, expected: bool) -> None:
    """Gzip is for who names it and does not refuse it."""
    assert accepts_gzip(header) is expected
