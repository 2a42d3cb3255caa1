"""Tests of the words for what goes wrong: each says what, where, and what to do."""

from __future__ import annotations

import errno
import os
import socket
import ssl

import pytest

from reconciler.backend import errors
from reconciler.backend.address import EngineAddress
from reconciler.backend.http_answer import Answer, ConnectionEndedError, Head, MalformedAnswerError

SOCKET = EngineAddress.parse("/run/docker.sock", {})
TCP = EngineAddress.parse("tcp://engine:2375", {})
TLS = EngineAddress.parse("tcp://engine:2376", {"DOCKER_TLS_VERIFY": "1", "DOCKER_CERT_PATH": "/certs"})


def os_error(number: int) -> OSError:
    """An error as the system gives it."""
    return OSError(number, os.strerror(number))


@pytest.mark.parametrize(
    ("error", "address", "reason", "words"),
    [
        (os_error(errno.ENOENT), SOCKET, "unreachable", "is the engine running? In a container, mount it: -v"),
        (os_error(errno.ENOTDIR), SOCKET, "unreachable", "there is no socket"),
        (os_error(errno.EACCES), SOCKET, "unreachable", "a member of the group that owns it"),
        (os_error(errno.EPERM), SOCKET, "unreachable", "--group-add"),
        (os_error(errno.ECONNREFUSED), SOCKET, "unreachable", "nothing listens on the socket"),
        (os_error(errno.ECONNREFUSED), TCP, "unreachable", "nothing listens there"),
        (os_error(errno.EHOSTUNREACH), TCP, "unreachable", "No route to host"),
        (os_error(errno.ECONNRESET), TCP, "ended", "the connection broke"),
        (os_error(errno.EPIPE), SOCKET, "ended", "the connection broke"),
        (os_error(errno.ETIMEDOUT), TCP, "timeout", "no answer in time"),
        (TimeoutError(), SOCKET, "timeout", "no answer in time"),
        (socket.gaierror(-2, "Name or service not known"), TCP, "unreachable", "host name engine is not known"),
        (ConnectionEndedError(), TCP, "ended", "closed before the answer was complete"),
        (MalformedAnswerError("its chunked encoding is broken"), TCP, "malformed", "its chunked encoding is broken"),
        (ssl.SSLError(1, "wrong version number"), TLS, "unreachable", "certificates in /certs"),
        (ssl.SSLCertVerificationError(1, "bad"), TLS, "unreachable", "there is no ca.pem in /certs"),
        (OSError(), TCP, "unreachable", "OSError"),
    ],
)  # fmt: skip
def test_an_exception_becomes_an_error_with_advice(
    error: Exception, address: EngineAddress, reason: str, words: str
) -> None:
    """The message names the engine, what it was asked for, and what to do."""
    translated = errors.connection_error(error, "list", address)
    assert (translated.reason, translated.operation, translated.status) == (reason, "list", None)
    assert str(translated).startswith(f"the engine {address.name}, asked for GET /containers/json: ")
    assert words in str(translated)


def answer(status: int, body: bytes) -> Answer:
    """An answer of the engine."""
    return Answer(Head(status, {}, is_chunked=False, length=len(body), ends_connection=False), body)


@pytest.mark.parametrize(
    ("status", "body", "reason", "words"),
    [
        (500, b'{"message":"out of\\n  order"}', "status", "status 500 (out of order)"),
        (500, b'{"message":["odd"]}', "status", "status 500"),
        (500, b"[]", "status", "status 500"),
        (502, b" <html>", "status", "by a proxy, not by the engine"),
        (418, b"\xff\xfe", "status", "status 418"),
        (403, b"", "refused", "has to allow GET /events"),
        (401, b"<html>", "refused", "has to allow GET /events"),
        (405, b"Method Not Allowed\n", "refused", "has to allow GET /events"),
    ],
)
def test_an_error_status_says_whose_it_is(status: int, body: bytes, reason: str, words: str) -> None:
    """The engine's own words are there, and a proxy's page is told from them."""
    translated = errors.answer_error(answer(status, body), "events", SOCKET)
    assert (translated.reason, translated.status) == (reason, status)
    assert words in str(translated)


def test_an_engines_words_are_cut_to_a_readable_length() -> None:
    """No answer floods the log."""
    translated = errors.answer_error(answer(500, b'{"message":"%b"}' % (b"x" * 10_000)), "list", SOCKET)
    assert len(str(translated)) < 500
