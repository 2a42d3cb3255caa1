"""Translates what the Docker SDK, requests and urllib3 raise into the notification port's errors, once.

None of those libraries is imported here: they have been loaded where one of their exceptions arrives.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from notify.port import DeliveryError, EngineRefused, EngineTimeout, EngineUnavailable
from reconciler.backend import errors
from reconciler.backend.http_answer import Answer, Head

if TYPE_CHECKING:
    from collections.abc import Iterator

    from reconciler.backend.address import EngineAddress
    from reconciler.backend.port import EngineError

_TIMEOUTS = frozenset({"ReadTimeout", "ReadTimeoutError", "Timeout"})
_BROKEN = frozenset({"ConnectionError", "ProtocolError", "ChunkedEncodingError"})
_NEVER_SENT = frozenset({"ConnectTimeout", "ConnectTimeoutError"})


def translated(error: Exception, operation: str, address: EngineAddress) -> DeliveryError:
    """Translate an exception.

    A timeout while connecting is no `EngineTimeout`: nothing was sent, so that it is known what the engine did.
    """
    chain = list(_chain(error))
    names = {type(each).__name__ for each in chain}
    if not names & _NEVER_SENT and (names & _TIMEOUTS or any(isinstance(each, TimeoutError) for each in chain)):
        return EngineTimeout(str(errors.connection_error(TimeoutError(), operation, address)))
    cause = next((each for each in chain if isinstance(each, OSError) and _is_the_systems(each)), None)
    if cause is None and names & _BROKEN:
        cause = ConnectionError()
    return EngineUnavailable(str(errors.connection_error(cause or error, operation, address)))


def as_delivery_error(error: EngineError) -> DeliveryError:
    """Say in the port's words what the agreeing on a version raised."""
    if error.status is not None:
        return EngineRefused(str(error), error.status)
    # No delivery was begun, so that even a timeout leaves no doubt about it.
    return EngineUnavailable(str(error))


def refusal(status: int, body: bytes, operation: str, address: EngineAddress) -> str:
    """What an answer with an error status says."""
    head = Head(status, {}, is_chunked=False, length=len(body), ends_connection=False)
    return str(errors.answer_error(Answer(head, body), operation, address))


def unreadable(operation: str, address: EngineAddress) -> str:
    """Say that an answer is not what engines say."""
    return str(errors.malformed("the answer is not an engine's", operation, address))


def is_no_such_container(body: bytes) -> bool:
    """Whether a 404 is the engine's own word about a container."""
    return errors.is_no_such_container(body)


def _chain(error: BaseException) -> Iterator[BaseException]:
    """The exception and all that it was made of: causes, contexts, and what urllib3 puts into arguments."""
    waiting, seen = [error], set[int]()
    while waiting:
        each = waiting.pop(0)
        if id(each) in seen:
            continue
        seen.add(id(each))
        yield each
        related = [each.__cause__, each.__context__, getattr(each, "reason", None), *each.args]
        waiting += [other for other in related if isinstance(other, BaseException)]


def _is_the_systems(error: OSError) -> bool:
    """Whether it is an error of the system's sockets or of TLS; requests' own ones are OSErrors too."""
    return type(error).__module__ in {"builtins", "socket", "ssl"}
