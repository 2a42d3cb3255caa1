"""Translates what goes wrong between an engine and us, once: what was asked, where, why, and what to do about it."""

from __future__ import annotations

import json
import re
import socket
from typing import TYPE_CHECKING

from reconciler.backend.http_answer import ConnectionEndedError, MalformedAnswerError
from reconciler.backend.permissions import operation_named
from reconciler.backend.port import EngineError

if TYPE_CHECKING:
    from reconciler.backend.address import EngineAddress
    from reconciler.backend.http_answer import Answer

# Docker and Podman; "page not found" is what Docker says to a path that it does not know.
_NO_SUCH_CONTAINER = re.compile(rb"no such container|no container with", re.IGNORECASE)
_MESSAGE_LENGTH_MAX = 300
#: 405 is a proxy's word where it allows no path at all for the method; the engine has none of it for what we ask.
_REFUSALS = frozenset({401, 403, 405})
_PLAIN_HTTP_TO_TLS = b"HTTP request to an HTTPS server"


def connection_error(error: Exception, operation: str, address: EngineAddress) -> EngineError:
    """Translate an exception of a socket, of TLS, or of `http_connection`.

    Args:
        error: what was raised, an OSError or a MalformedAnswerError.
        operation: what was asked, as in `backend.permissions`.
        address: whom.
    """
    reason, why = _reason_of(error, address)
    return EngineError(f"{_asking(operation, address)}: {why}", operation=operation, reason=reason)


def answer_error(answer: Answer, operation: str, address: EngineAddress) -> EngineError:
    """Translate an answer whose status is an error."""
    status = answer.head.status
    said = _said(answer)
    if status in _REFUSALS:
        line = operation_named(operation).line
        why = f"refused with status {status}: whatever guards the engine (a socket proxy?) has to allow {line}"
    elif _PLAIN_HTTP_TO_TLS in answer.body:
        why = "the engine wants TLS: set DOCKER_TLS_VERIFY=1, and DOCKER_CERT_PATH to the folder of the certificates"
    else:
        why = f"status {status}"
    text = f"{_asking(operation, address)}: {why}{said and f' ({said})'}"
    return EngineError(text, operation=operation, reason="refused" if status in _REFUSALS else "status", status=status)


def malformed(why: str, operation: str, address: EngineAddress) -> EngineError:
    """Say that an answer came whole and is not what engines say."""
    return EngineError(f"{_asking(operation, address)}: {why}", operation=operation, reason="malformed")


def closed(operation: str, address: EngineAddress) -> EngineError:
    """Say that it is us who ended the connection."""
    return EngineError(f"{_asking(operation, address)}: pygen is shutting down", operation=operation, reason="closed")


def ended(operation: str, address: EngineAddress) -> EngineError:
    """Say that the engine ended a stream, which it never does by itself unless it stops."""
    text = f"{_asking(operation, address)}: the engine ended the stream"
    return EngineError(text, operation=operation, reason="ended")


def silent(silence_s: float, address: EngineAddress) -> EngineError:
    """Say that a stream said nothing for longer than is believed."""
    text = f"{_asking('events', address)}: no event for {silence_s:g} s"
    return EngineError(text, operation="events", reason="silent")


def is_no_such_container(body: bytes) -> bool:
    """Whether a 404 is the engine's own word about a container, and not a proxy's about a page."""
    return body.lstrip()[:1] == b"{" and _NO_SUCH_CONTAINER.search(body) is not None


def not_json(body: bytes) -> str:
    """Say what a body is that should have been JSON, without repeating any of it."""
    if body.lstrip()[:1] == b"<":
        return "the answer is HTML, not JSON: a proxy answers in the engine's place"
    return "the answer is not valid JSON, or incomplete"


def _asking(operation: str, address: EngineAddress) -> str:
    return f"the engine {address.name}, asked for {operation_named(operation).line}"


def _reason_of(error: Exception, address: EngineAddress) -> tuple[str, str]:
    match error:
        case MalformedAnswerError():
            found = "malformed", f"the answer can't be read: {error}"
        case TimeoutError():
            found = "timeout", "no answer in time"
        case ConnectionEndedError():
            found = "ended", "the connection was closed before the answer was complete"
        case _ if type(error).__module__ == "ssl":
            found = "unreachable", _tls_advice(error, address)
        case _ if address.kind == "unix":
            found = _unix_reason(error, address)
        case _:
            found = _tcp_reason(error, address)
    return found


def _tcp_reason(error: Exception, address: EngineAddress) -> tuple[str, str]:
    if isinstance(error, socket.gaierror):
        return "unreachable", f"the host name {address.host} is not known"
    if isinstance(error, ConnectionRefusedError):
        return "unreachable", "nothing listens there: is the engine running, and does it listen on TCP?"
    return _broken(error)


def _unix_reason(error: Exception, address: EngineAddress) -> tuple[str, str]:
    if isinstance(error, FileNotFoundError | NotADirectoryError):
        advice = (
            f"there is no socket: is the engine running? In a container, mount it: -v {address.path}:{address.path}"
        )
        return "unreachable", advice
    if isinstance(error, PermissionError):
        group = f"the group that owns it (`stat -c %g {address.path}`, often docker)"
        advice = f"no permission to use the socket: run as a member of {group}; in a container: --group-add GROUP"
        return "unreachable", advice
    if isinstance(error, ConnectionRefusedError):
        return "unreachable", "nothing listens on the socket: is the engine running?"
    return _broken(error)


def _broken(error: Exception) -> tuple[str, str]:
    if isinstance(error, ConnectionError):
        return "ended", "the connection broke"
    return "unreachable", getattr(error, "strerror", None) or type(error).__name__


def _tls_advice(error: Exception, address: EngineAddress) -> str:
    detail = getattr(error, "verify_message", None) or getattr(error, "reason", None) or "no TLS"
    folder = address.tls.folder if address.tls else ""
    if type(error).__name__ == "SSLCertVerificationError":
        own = address.tls is not None and address.tls.authority
        authority = f"ca.pem in {folder}" if own else f"the system's authorities (there is no ca.pem in {folder})"
        return f"its certificate is not accepted by {authority}: {detail}"
    return f"TLS failed ({detail}): does it speak TLS on this port, and are the certificates in {folder} right?"


def _said(answer: Answer) -> str:
    """What the engine itself says about it, on one line and not at length."""
    try:
        said = json.loads(answer.body)
    except ValueError:
        return "answered with HTML: by a proxy, not by the engine" if answer.body.lstrip()[:1] == b"<" else ""
    message = said.get("message") if isinstance(said, dict) else None
    return " ".join(message.split())[:_MESSAGE_LENGTH_MAX] if isinstance(message, str) else ""
