"""One connection that is kept for all requests which come one after the other, with short retries on a new one."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING, TypeVar

from reconciler.backend.http_answer import BODY_BYTES_MAX
from reconciler.backend.http_connection import HttpConnection, NotYetError

if TYPE_CHECKING:
    from collections.abc import Callable

    from reconciler.backend.engine_link import EngineLink
    from reconciler.backend.http_answer import Answer
    from reconciler.backend.port import RequestTime
    from reconciler.backend.retrying import Retries

T = TypeVar("T")


class KeptConnection:
    """Makes requests to an engine, one at a time; any thread may call any method.

    Args:
        link: opens the connection where there is none, and agrees on the API's version.
        retries: makes a request again where that may help.
    """

    def __init__(self, link: EngineLink, retries: Retries) -> None:
        self._link = link
        self._retries = retries
        self._lock = threading.Lock()
        self._kept: HttpConnection | None = None

    def request(
        self,
        operation: str,
        target: str,
        read: Callable[[Answer, RequestTime], T],
        *,
        limit_bytes: int = BODY_BYTES_MAX,
    ) -> T:
        """Ask, and wait for the answer as long as the timeouts allow; for the arguments see `EngineLink.read_response`.

        Raises:
            EngineError: of the last attempt.
        """
        with self._lock:
            return self._retries.call(
                operation, lambda: self._attempt(operation, target, read, patience_s=None, limit_bytes=limit_bytes)
            )

    def request_patiently(
        self, operation: str, target: str, read: Callable[[Answer, RequestTime], T], *, patience_s: float
    ) -> T | HttpConnection:
        """Ask, and wait for the answer for so many seconds.

        Returns:
            The answer, or the connection on which it is still to come; that is the caller's from now on.

        Raises:
            EngineError: of the last attempt.
        """
        with self._lock:
            try:
                return self._retries.call(
                    operation,
                    lambda: self._attempt(operation, target, read, patience_s=patience_s, limit_bytes=BODY_BYTES_MAX),
                )
            except NotYetError:
                connection, self._kept = self._kept, None
        if connection is None:
            raise AssertionError("only a kept connection is waited for")
        return connection

    def close(self) -> None:
        """Close the connection; one in the middle of a request is about to fail, and is closed by whoever made it."""
        if self._lock.acquire(blocking=False):
            try:
                self._drop()
            finally:
                self._lock.release()

    def _attempt(
        self,
        operation: str,
        target: str,
        read: Callable[[Answer, RequestTime], T],
        *,
        patience_s: float | None,
        limit_bytes: int,
    ) -> T:
        connection = self._kept or self._link.connect(operation)
        self._kept = connection
        try:
            begun_at_s = self._link.send_request(connection, operation, target)
            result = self._link.read_response(
                connection, operation, target, begun_at_s, read, patience_s=patience_s, limit_bytes=limit_bytes
            )
        except NotYetError:
            # Whoever caught it goes on with the connection.
            raise
        except BaseException:
            # After whatever went wrong a new connection is the surest.
            self._drop()
            raise
        if connection.is_spent or self._link.is_closed:
            self._drop()
        return result

    def _drop(self) -> None:
        kept, self._kept = self._kept, None
        if kept is not None:
            self._link.disconnect(kept)
