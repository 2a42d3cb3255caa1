"""One fetch over HTTP or HTTPS: bounded in time and size, careful about where it is led.

Standard library only. Proxies of the environment are honoured, as people who fetch templates from outside expect.
"""

from __future__ import annotations

import base64
import http.client
import urllib.error
import urllib.request
from dataclasses import dataclass
from http import HTTPStatus
from typing import TYPE_CHECKING, Any, NoReturn
from urllib.parse import SplitResult, unquote, urlsplit, urlunsplit

from templating.text_encoding import decoded

if TYPE_CHECKING:
    from collections.abc import Callable

SIZE_LIMIT_BYTES = 1024 * 1024
SILENCE_S = 10.0
"""At most between two signs of life of a connection."""
WHOLE_S = 20.0
"""At most for a whole answer."""
_PIECE = 1 << 16
_DEFAULT_PORTS = {"http": 80, "https": 443}


class FetchFailed(Exception):  # noqa: N818 - an outcome, translated by the source
    """No text; the message holds no credentials.

    Attributes:
        is_missing: whether the server says that there is none (404, 410).
    """

    def __init__(self, message: str, *, is_missing: bool = False) -> None:
        super().__init__(message)
        self.is_missing = is_missing


@dataclass(frozen=True, slots=True)
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


@dataclass(frozen=True, slots=True)
class Fetcher:
    """Fetches texts.

    Args:
        clock: monotonic seconds.
        silence_s: the longest wait for the next sign of life.
        whole_s: the longest wait for a whole answer.
        size_limit_bytes: of an answer.
    """

    clock: Callable[[], float]
    silence_s: float = SILENCE_S
    whole_s: float = WHOLE_S
    size_limit_bytes: int = SIZE_LIMIT_BYTES

    def fetch(self, address: str, known: Fetched | None = None, *, may_leave: bool) -> Fetched | None:
        """Fetch a text.

        Args:
            address: where from.
            known: what is there already.
            may_leave: whether a redirect to another origin is followed.

        Returns:
            The text; None where it is still the known one.

        Raises:
            FetchFailed: there is none.
        """
        opener = urllib.request.build_opener(_Redirects(may_leave=may_leave))
        try:
            with opener.open(_request(address, known), timeout=self.silence_s) as response:
                return self._read(response)
        except urllib.error.HTTPError as error:
            with error:
                if error.code == HTTPStatus.NOT_MODIFIED:
                    return None
                is_missing = error.code in (HTTPStatus.NOT_FOUND, HTTPStatus.GONE)
                raise FetchFailed(f"the server answers {error.code}", is_missing=is_missing) from None
        except TimeoutError:
            raise FetchFailed(f"the server is silent for {self.silence_s:g} s") from None
        except (OSError, http.client.HTTPException, ValueError) as error:
            raise FetchFailed(_cause(error)) from None

    def _read(self, response: Any) -> Fetched:
        started_s = self.clock()
        body = bytearray()
        while piece := response.read1(_PIECE):
            body += piece
            if len(body) > self.size_limit_bytes:
                raise FetchFailed(f"the answer is larger than {self.size_limit_bytes} bytes")
            if self.clock() - started_s > self.whole_s:
                raise FetchFailed(f"the answer is not complete after {self.whole_s:g} s")
        if response.length:
            raise FetchFailed("the connection ended in the middle of the answer")
        try:
            text = decoded(bytes(body))
        except ValueError as error:
            raise FetchFailed(f"the answer {error}") from None
        headers = response.headers
        return Fetched(text, headers.get("ETag", ""), headers.get("Last-Modified", ""))


class _Redirects(urllib.request.HTTPRedirectHandler):
    """Follows redirects within the origin, elsewhere only where allowed, without credentials, never to plain HTTP."""

    max_redirections = 5

    def __init__(self, *, may_leave: bool) -> None:
        self._may_leave = may_leave

    def redirect_request(  # noqa: PLR0917 - the base class's
        self, req: urllib.request.Request, fp: Any, code: int, msg: str, headers: Any, newurl: str
    ) -> urllib.request.Request | None:
        if origin_of(newurl) != origin_of(req.full_url):
            if not self._may_leave:
                _refuse(fp, "the server redirects to another origin")
            if urlsplit(req.full_url).scheme == "https" and urlsplit(newurl).scheme != "https":
                _refuse(fp, "the server redirects from https to http")
        followed = super().redirect_request(req, fp, code, msg, headers, newurl)
        if followed is not None and origin_of(newurl) != origin_of(req.full_url):
            followed.remove_header("Authorization")
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


def _cause(error: Exception) -> str:
    cause = error.reason if isinstance(error, urllib.error.URLError) else error
    if isinstance(cause, TimeoutError):
        return "the server is silent"
    if isinstance(cause, http.client.IncompleteRead):
        return "the connection ended in the middle of the answer"
    if isinstance(cause, OSError):
        return cause.strerror or type(cause).__name__
    return f"no proper HTTP answer ({type(cause).__name__})"


def origin_of(address: str) -> tuple[str, str, int]:
    """Scheme, host and port.

    Raises:
        ValueError: the port is no number.
    """
    parts = urlsplit(address)
    scheme = parts.scheme.lower()
    return scheme, (parts.hostname or "").lower(), parts.port or _DEFAULT_PORTS.get(scheme, 0)


def split_credentials(address: str) -> tuple[str, str]:
    """The address without user and password, and `user:password`, '' where there is none."""
    parts = urlsplit(address)
    userinfo, at, host = parts.netloc.rpartition("@")
    bare = urlunsplit((parts.scheme, host, parts.path or "/", parts.query, ""))
    return bare, unquote(userinfo) if at else ""


def shown_address(address: str) -> str:
    """An address for people: without credentials, and without a query, which may hold a token."""
    parts: SplitResult = urlsplit(address)
    query = "..." if parts.query else ""
    return urlunsplit((parts.scheme, parts.netloc.rpartition("@")[2], parts.path, query, ""))
