"""Templates' addresses: which there are, what is wrong with one, and how it is shown. Pure: nothing is fetched."""

from __future__ import annotations

import contextlib
from urllib.parse import SplitResult, unquote, urlsplit, urlunsplit

from models.hosts import is_host

SCHEMES = ("http", "https")
_DEFAULT_PORTS = {"http": 80, "https": 443}


def is_address(spec: str) -> bool:
    """Whether a template is fetched."""
    return spec[:8].lower().startswith(tuple(f"{scheme}://" for scheme in SCHEMES))


def check_address(address: str) -> None:
    """Refuse what could never be fetched.

    Raises:
        ValueError: it says what is wrong and what to give, and shows nothing of the address.
    """
    host, rest, has_port = "", "", True
    with contextlib.suppress(ValueError):  # brackets that are not closed, or hold no address
        parts = urlsplit(address)
        host, rest, has_port = parts.hostname or "", parts.path + parts.query, _has_port(parts)
        host = "" if "[" in parts.netloc and ":" not in host else host
    if not has_port:
        raise ValueError("the template's address has a port that is no number from 1 to 65535")
    if not host or not is_host(host):
        raise ValueError("the template's address names no host: give it like http://HOST[:PORT]/PATH")
    if not (address.isprintable() and rest.isascii()) or " " in rest:
        raise ValueError("the template's address has characters that it can't have: write them percent-encoded")


def _has_port(parts: SplitResult) -> bool:
    try:
        return parts.port != 0
    except ValueError:
        return False


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
