"""Asking an HTTP server to read the file again, such as Prometheus at `/-/reload`.

An expected status is delivery. A redirect is not followed: where it leads to was not configured, and headers may hold
a token. An answer is a server's words, so that of one that fails the first line is in the log, and nothing else.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from http import HTTPStatus
from typing import TYPE_CHECKING, ClassVar
from urllib.parse import SplitResult, urlsplit, urlunsplit

from models.hosts import is_host
from notify.actions.action import Action, Need, OptionWords, SignalVia
from notify.delivery import Delivered, Failed, Inspector, Outcome, Task, inspect_first
from notify.output import first_line
from notify.port import ContainerState

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from notify.http_request import Answer
    from notify.port import NotifyPort

CONTAINER_MARK = "{container}"
"""In an address: the address of a matching container."""

_STANDS_FOR_ANY = "192.0.2.1"  # RFC 5737: what the mark is replaced by where only the rest of the address counts
_HEADER_BYTES_MAX = 1 << 16
_HEADER_VALUE = re.compile(rb"[\t\x20-\x7e\x80-\xff]*")


@dataclass(frozen=True, slots=True)
class Http(Action):
    """A request to a server, or to each matching container's.

    Attributes:
        url: http or https; `{container}` in the place of the host needs a container.
        method: in capitals.
        header_files: names of headers, each with the file that holds its value, which is read at each try.
        statuses: those that are delivery; none for any 2xx.
        timeout_s: for the whole of it.
    """

    url: str
    method: str = "POST"
    header_files: tuple[tuple[str, str], ...] = ()
    statuses: tuple[int, ...] = ()
    timeout_s: float = 10.0
    action: ClassVar[str] = "http"
    option: ClassVar[OptionWords] = OptionWords(
        "--http",
        ("URL",),
        "Send a POST without a body to URL (http or https) when the target changed, once for each content. A 2xx "
        "within 10 s is delivery; redirects are not followed. Repeatable. In the environment PYGEN_HTTP=URL,URL, where "
        "a comma in an address is written %2C.",
    )

    def __str__(self) -> str:
        of = f" of {self.container}" if self.container else ""
        return f"http {self.method} {shown(self.url)}{of}"

    @classmethod
    def from_words(cls, words: Sequence[str]) -> Http:
        """URL."""
        url = words[0].strip()
        check_url(url)
        if CONTAINER_MARK in url:
            raise ValueError(
                f"{CONTAINER_MARK} needs the name of a container, which --http does not have: give its address"
            )
        return cls("", url)

    def deliver(self, port: NotifyPort, task: Task, inspector: Inspector, via: SignalVia) -> Outcome:  # noqa: ARG002
        """Ask, and judge the answer by its status."""
        hosts: Sequence[str] = ()
        if self.container:
            state = inspect_first(task, inspector)
            if not isinstance(state, ContainerState):
                return state
            if CONTAINER_MARK in self.url:
                hosts = state.addresses
                if not hosts:
                    return Failed("the container has no address of its own: give the host's", acted=False)
        try:
            headers = _read_headers(self.header_files)
        except ValueError as error:
            return Failed(str(error), acted=False)
        return self._ask(hosts, headers)

    def needs(self, via: SignalVia) -> frozenset[Need]:  # noqa: ARG002 - no signal is sent
        """Nothing but the look at the container, where there is one."""
        return frozenset()

    def _ask(self, hosts: Sequence[str], headers: Mapping[str, bytes]) -> Outcome:
        from notify.http_request import Request, RequestFailed, send  # late: most configurations need no HTTP client

        host = f"[{hosts[0]}]" if hosts and ":" in hosts[0] else (*hosts, _STANDS_FOR_ANY)[0]
        url = urlsplit(self.url.replace(CONTAINER_MARK, host))
        try:
            answer = send(Request(self.method, url, hosts, headers, self.timeout_s))
        except RequestFailed as failure:
            return Failed(str(failure), acted=failure.sent)
        return self._judge(answer)

    def _judge(self, answer: Answer) -> Outcome:
        status = answer.status
        is_success = HTTPStatus.OK <= status < HTTPStatus.MULTIPLE_CHOICES
        if status in self.statuses or (is_success and not self.statuses):
            return Delivered(f"status {status}")
        if HTTPStatus.MULTIPLE_CHOICES <= status < HTTPStatus.BAD_REQUEST:
            return Failed(f"the server redirects ({status}), which is not followed: give the address that it leads to")
        return Failed(f"the server answers {status}", output=first_line(answer.begin))


def check_url(url: str) -> None:
    """Refuse what could never be asked.

    Raises:
        ValueError: it says what is wrong and what to give, and shows nothing of the address: it may hold a password.
    """
    try:
        parts = urlsplit(url.replace(CONTAINER_MARK, _STANDS_FOR_ANY))
        has_port = parts.port != 0
    except ValueError:
        raise ValueError("URL has a port that is no number, or brackets around no address") from None
    if parts.scheme not in ("http", "https") or not parts.hostname or not is_host(parts.hostname) or not has_port:
        raise ValueError("URL is not the address of a server: give it like http://HOST[:PORT]/PATH")
    if not (url.isprintable() and url.isascii()) or " " in url or re.search(r"[{}]", parts.path + parts.query):
        raise ValueError("URL has characters that it can't have: write them percent-encoded")
    if parts.fragment:
        raise ValueError("URL ends with a fragment, which no server is told: leave out the # and what follows it")


def shown(url: str) -> str:
    """The address without user, password and query, which may hold a token."""
    parts: SplitResult = urlsplit(url)
    userinfo, _, host = parts.netloc.rpartition("@")
    netloc = f"...@{host}" if userinfo else host
    return urlunsplit((parts.scheme, netloc, parts.path, "..." if parts.query else "", ""))


def _read_headers(files: Sequence[tuple[str, str]]) -> dict[str, bytes]:
    """Read the values; ValueError names the header and its file, and shows nothing of the value."""
    found: dict[str, bytes] = {}
    for name, path in files:
        try:
            with open(path, "rb") as file:
                value = file.read(_HEADER_BYTES_MAX + 1).strip(b"\r\n")
        except OSError as error:
            raise ValueError(f"the value of the header {name} can't be read: {path}: {error.strerror}") from error
        if len(value) > _HEADER_BYTES_MAX or not _HEADER_VALUE.fullmatch(value):
            raise ValueError(f"the value of the header {name} is no single short line: see {path}")
        found[name] = value
    return found
