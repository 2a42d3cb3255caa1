"""One fetch over HTTP or HTTPS: bounded in time and size, careful about where it is led.

Standard library only. Proxies of the environment are honoured, as people who fetch templates from outside expect.

`http.client` has no deadline: its timeout is for each system call, so that a server which says a byte now and then, or
`100 Continue` again and again, is heard forever, and a name may be looked up for as long as the resolver likes. So a
fetch has a thread of its own, is waited for until its deadline, and is then cut: its sockets are shut down.
"""

from __future__ import annotations

import base64
import contextlib
import http.client
import math
import socket
import threading
import urllib.error
import urllib.request
from http import HTTPStatus
from typing import Any, NoReturn
from urllib.parse import urljoin

from models.frozen import frozen
from templating.addresses import check_address, is_address, origin_of, split_credentials
from templating.text_encoding import decoded

SIZE_LIMIT_BYTES = 1024 * 1024
SILENCE_S = 10.0
"""At most between two signs of life of a connection."""
WHOLE_S = 20.0
"""At most for all of a fetch: looking up the name, connecting, redirects, head and body."""
_PIECE = 1 << 16


class FetchFailed(Exception):  # noqa: N818 - an outcome, translated by the source
    """No text; the message holds no credentials.

    Attributes:
        is_missing: whether the server says that there is none (404, 410).
        is_late: whether the server did not answer in time.
    """

    def __init__(self, message: str, *, is_missing: bool = False, is_late: bool = False) -> None:
        super().__init__(message)
        self.is_missing = is_missing
        self.is_late = is_late


@frozen
class Fetched:
    """A text, and what the server wants to hear when it is asked whether that changed.

    Attributes:
        text: the body.
        etag: the `ETag` header, '' without one.
        last_modified: the `Last-Modified` header, '' without one.
    """

    text: str
    etag: str = ""
    last_modified: str = ""


@frozen
class Fetcher:
    """Fetches texts.

    Args:
        silence_s: the longest wait for the next sign of life.
        whole_s: the longest wait for a whole fetch.
        size_limit_bytes: of an answer.
    """

    silence_s: float = SILENCE_S
    whole_s: float = WHOLE_S
    size_limit_bytes: int = SIZE_LIMIT_BYTES

    def fetch(
        self, address: str, known: Fetched | None = None, *, may_leave: bool, within_s: float = math.inf
    ) -> Fetched | None:
        """Fetch a text.

        Args:
            address: where from.
            known: what is there already.
            may_leave: whether a redirect to another origin is followed.
            within_s: the longest wait, if it is less than `whole_s`.

        Returns:
            The text; None where it is still the known one.

        Raises:
            FetchFailed: there is none.
        """
        within_s = min(within_s, self.whole_s)
        if within_s <= 0:
            raise FetchFailed("no time is left for it", is_late=True)
        exchange = _Exchange()
        done = threading.Event()
        outcome: list[Fetched | FetchFailed | None] = []

        def run() -> None:
            try:
                outcome.append(self._get(exchange, address, known, may_leave=may_leave))
            except FetchFailed as failure:
                outcome.append(failure)
            except Exception as error:  # noqa: BLE001 - whatever a server makes of its answer, it is a fetch that failed
                outcome.append(_failure(error, self.silence_s))
            finally:
                done.set()

        try:
            # A daemon: nothing waits for a slow server when the program ends.
            threading.Thread(target=run, name="template-fetch", daemon=True).start()
        except RuntimeError:
            raise FetchFailed("no thread can be started for it") from None
        if not done.wait(within_s):
            exchange.cut()
            raise FetchFailed(f"the answer is not complete after {within_s:g} s", is_late=True)
        if isinstance(outcome[0], FetchFailed):
            raise outcome[0]
        return outcome[0]

    def _get(self, exchange: _Exchange, address: str, known: Fetched | None, *, may_leave: bool) -> Fetched | None:
        opener = exchange.opener(may_leave=may_leave)
        try:
            with opener.open(_request(address, known), timeout=self.silence_s) as response:
                return self._read(response)
        except urllib.error.HTTPError as error:
            with contextlib.closing(error):
                if error.code == HTTPStatus.NOT_MODIFIED:
                    return None
                is_missing = error.code in (HTTPStatus.NOT_FOUND, HTTPStatus.GONE)
                raise FetchFailed(f"the server answers {error.code}", is_missing=is_missing) from None

    def _read(self, response: Any) -> Fetched:
        body = bytearray()
        while piece := response.read1(_PIECE):
            body += piece
            if len(body) > self.size_limit_bytes:
                raise FetchFailed(f"the answer is larger than {self.size_limit_bytes} bytes")
        if response.length:
            raise FetchFailed("the connection ended in the middle of the answer")
        try:
            text = decoded(bytes(body))
        except ValueError as error:
            raise FetchFailed(f"the answer {error}") from None
        headers = response.headers
        return Fetched(text, headers.get("ETag", ""), headers.get("Last-Modified", ""))


class _Exchange:
    """The connections of one fetch, so that it can be ended from outside."""

    def __init__(self) -> None:
        self._connections: list[http.client.HTTPConnection] = []
        self._sockets: list[socket.socket] = []
        self._lock = threading.Lock()
        self._is_cut = False

    def opener(self, *, may_leave: bool) -> urllib.request.OpenerDirector:
        """Opens http and https, by way of the environment's proxies, and nothing else."""
        opener = urllib.request.OpenerDirector()
        for handler in (
            urllib.request.ProxyHandler(),
            urllib.request.UnknownHandler(),
            urllib.request.HTTPDefaultErrorHandler(),
            urllib.request.HTTPErrorProcessor(),
            _Redirects(may_leave=may_leave),
            _Handler(self),
        ):
            opener.add_handler(handler)
        return opener

    def watch(self, connection: http.client.HTTPConnection) -> None:
        """Cut this one, too, when the time comes.

        Raises:
            TimeoutError: it has come already.
        """
        with self._lock:
            self._connections.append(connection)
            if connection.sock is not None:  # the connection forgets it once the answer has begun
                self._sockets.append(connection.sock)
            if self._is_cut:
                raise TimeoutError

    def cut(self) -> None:
        """End whatever waits for the other side."""
        with self._lock:
            self._is_cut = True
            sockets = {*self._sockets, *(connection.sock for connection in self._connections)} - {None}
        for each in sockets:
            with contextlib.suppress(OSError):  # it has ended
                socket.socket.shutdown(each, socket.SHUT_RDWR)


class _Handler(urllib.request.HTTPHandler, urllib.request.HTTPSHandler):
    """Makes connections that an exchange watches."""

    def __init__(self, exchange: _Exchange) -> None:
        super().__init__()
        self._exchange = exchange

    def http_open(self, req: urllib.request.Request) -> http.client.HTTPResponse:
        """A connection without TLS."""
        return self.do_open(_watched(http.client.HTTPConnection, self._exchange), req)

    def https_open(self, req: urllib.request.Request) -> http.client.HTTPResponse:
        """A connection with TLS, verified."""
        return self.do_open(_watched(http.client.HTTPSConnection, self._exchange), req)


def _watched(kind: type[http.client.HTTPConnection], exchange: _Exchange) -> Any:
    class Watched(kind):  # type: ignore[valid-type,misc] # one of two kinds
        def connect(self) -> None:
            exchange.watch(self)  # a proxy may talk, too, before it is connected
            super().connect()
            exchange.watch(self)

    return Watched


class _Redirects(urllib.request.HTTPRedirectHandler):
    """Follows redirects within the origin, elsewhere only where allowed, without credentials, never to plain HTTP."""

    max_redirections = 5

    def __init__(self, *, may_leave: bool) -> None:
        self._may_leave = may_leave

    def http_error_302(self, req: urllib.request.Request, fp: Any, code: int, msg: str, headers: Any) -> Any:
        """Refuse in words what the base class answers with the bare status, or follows (ftp)."""
        try:
            is_address_next = is_address(urljoin(req.full_url, headers.get("Location") or headers.get("URI") or ""))
        except ValueError:
            is_address_next = False
        if not is_address_next:
            _refuse(fp, "the server redirects to what is no http or https address")
        return super().http_error_302(req, fp, code, msg, headers)

    http_error_301 = http_error_303 = http_error_307 = http_error_308 = http_error_302

    def redirect_request(  # noqa: PLR0917 - the base class's
        self, req: urllib.request.Request, fp: Any, code: int, msg: str, headers: Any, newurl: str
    ) -> urllib.request.Request | None:
        """The request that follows; what else the answer holds is not read, for it has no limit."""
        try:
            check_address(newurl)
        except ValueError:
            _refuse(fp, "the server redirects to what is no http or https address")
        is_elsewhere = origin_of(newurl) != origin_of(req.full_url)
        if is_elsewhere and not self._may_leave:
            _refuse(fp, "the server redirects to another origin")
        if is_elsewhere and origin_of(req.full_url)[0] == "https" != origin_of(newurl)[0]:
            _refuse(fp, "the server redirects from https to http")
        followed = super().redirect_request(req, fp, code, msg, headers, newurl)
        if followed is not None and is_elsewhere:
            followed.remove_header("Authorization")
        fp.close()
        return followed


def _refuse(response: Any, reason: str) -> NoReturn:
    response.close()
    raise FetchFailed(reason)


def _request(address: str, known: Fetched | None) -> urllib.request.Request:
    bare, credentials = split_credentials(address)
    request = urllib.request.Request(bare, headers={"User-Agent": "pygen", "Accept-Encoding": "identity"})  # noqa: S310 - only http(s) gets here
    if credentials:
        request.add_header("Authorization", "Basic " + base64.b64encode(credentials.encode()).decode())
    if known is not None and known.etag:
        request.add_header("If-None-Match", known.etag)
    if known is not None and known.last_modified:
        request.add_header("If-Modified-Since", known.last_modified)
    return request


def _failure(error: Exception, silence_s: float) -> FetchFailed:
    cause = error.reason if isinstance(error, urllib.error.URLError) else error
    if isinstance(cause, TimeoutError):
        return FetchFailed(f"the server is silent for {silence_s:g} s", is_late=True)
    if isinstance(cause, http.client.IncompleteRead):
        return FetchFailed("the connection ended in the middle of the answer")
    if isinstance(cause, OSError):
        return FetchFailed(cause.strerror or type(cause).__name__)
    return FetchFailed(f"no proper HTTP answer ({type(cause).__name__})")
