"""Asking an HTTP server to read the file again, such as Prometheus at `/-/reload`.

An expected status is delivery. A redirect is not followed: where it leads to was not configured, and headers may hold
a token. An answer is a server's words, so that of one that fails the first line is in the log, and nothing else.
"""

from __future__ import annotations

import re
from dataclasses import replace
from http import HTTPStatus
from typing import TYPE_CHECKING, ClassVar, Literal
from urllib.parse import SplitResult, urlsplit, urlunsplit

from models.frozen import frozen
from models.hosts import is_host
from notify.actions.action import Action, Need, OptionWords, SignalVia
from notify.actions.keys import Key, seconds, text
from notify.delivery import Delivered, Failed, Inspector, Outcome, Task, inspect_first
from notify.output import first_line
from notify.port import ContainerState

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path
    from typing import Self

    from notify.http_request import Answer
    from notify.port import NotifyPort

CONTAINER_MARK = "{container}"
"""In an address: the address of a matching container."""

_STANDS_FOR_ANY = "192.0.2.1"  # RFC 5737: what the mark is replaced by where only the rest of the address counts
_HEADER_BYTES_MAX = 1 << 16
_HEADER_VALUE = re.compile(rb"[\t\x20-\x7e\x80-\xff]*")
_TOKEN = re.compile(r"[!#$%&'*+.^_`|~0-9A-Za-z-]+")  # RFC 9110: what names of headers are made of
_METHOD = re.compile(r"[A-Z]+(-[A-Z]+)*")
_NO_REQUEST = "CONNECT"  # opens a tunnel
_OWN_HEADERS = ("connection", "content-length", "expect", "te", "trailer", "transfer-encoding", "upgrade")
_STATUS_MIN, _STATUS_MAX = 200, 599


def _url(value: object) -> str:
    found = text(value).strip()
    check_url(found)
    return found


def _method(value: object) -> str:
    found = text(value).strip().upper()
    if not _METHOD.fullmatch(found) or found == _NO_REQUEST:
        raise ValueError("it is no method of a request: give one such as GET, POST or PUT")
    return found


def _headers(value: object) -> tuple[tuple[str, str], ...]:
    if not isinstance(value, dict):
        raise ValueError('give a table of files, such as { Authorization = { file = "/run/secrets/token" } }')  # noqa: TRY004 - the caller's one kind of error
    found: dict[str, tuple[str, str]] = {}
    for name, source in value.items():
        if not _TOKEN.fullmatch(name):
            raise ValueError(f"{name!r} can't be the name of a header: it is made of letters, digits and hyphens")
        if name.lower() in _OWN_HEADERS:
            raise ValueError(f"{name} is set by the connection itself: leave it out")
        if name.lower() in found:
            raise ValueError(f"{name} is there twice: names of headers are the same in any case")
        if not isinstance(source, dict) or set(source) != {"file"}:
            raise ValueError(f'the value of {name} comes from a file: give {{ file = "PATH" }}')
        try:
            found[name.lower()] = (name, text(source["file"]))
        except ValueError as error:
            raise ValueError(f"the file of {name}: {error}") from None
    return tuple(found.values())


def _statuses(value: object) -> tuple[int, ...]:
    if not isinstance(value, list) or not value:
        raise ValueError("give a list of statuses, such as [200, 204]")
    if not all(type(each) is int and _STATUS_MIN <= each <= _STATUS_MAX for each in value):
        raise ValueError(f"give statuses from {_STATUS_MIN} to {_STATUS_MAX}, such as [200, 204]")
    return tuple(dict.fromkeys(value))


@frozen
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

    keys: ClassVar[tuple[Key, ...]] = (
        Key(
            "http",
            "address",
            "A request to this http or https address, once for each content. With container or match one for each of "
            "their runs; {container} as its host stands for a container's own address.",
            _url,
            "url",
        ),
        Key("method", "text", "How it is asked.", _method, "method", default="POST"),
        Key(
            "headers",
            "table of files",
            "Headers by name, each with the file that holds its value, read at each try: "
            '{ Authorization = { file = "token" } }.',
            _headers,
            "header_files",
        ),
        Key(
            "statuses",
            "list of whole numbers",
            "The statuses that are delivery.",
            _statuses,
            "statuses",
            default="any 2xx",
        ),
        Key("timeout", "number of seconds", "How long all of it may take.", seconds, "timeout_s", default="10"),
    )
    recipients: ClassVar[Literal["required", "optional", "none"]] = "optional"

    def __str__(self) -> str:
        of = f" of {self.whom}" if self.whom else ""
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
        if self.whom:
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

    def check(self) -> None:
        """A mark needs containers."""
        if CONTAINER_MARK in self.url and not self.whom:
            raise ValueError(f"{CONTAINER_MARK} in the address stands for nobody: give container or match")

    def within(self, folder: Path) -> Self:
        """With the files of headers in this folder."""
        return replace(self, header_files=tuple((name, str(folder / path)) for name, path in self.header_files))

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
