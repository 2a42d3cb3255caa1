"""Names, addresses and ports of hosts, as options and `Host` headers have them. Nothing is looked up."""

from __future__ import annotations

import re

PORT_MAX = 65_535
NAME_LENGTH_MAX = 253  # RFC 1035's 255 octets, without the first label's length and the root
_LABEL = r"(?!-)[A-Za-z0-9_-]{1,63}(?<!-)"
_NAME = re.compile(rf"{_LABEL}(?:\.{_LABEL})*\.?")
_BYTE = r"(?:25[0-5]|2[0-4][0-9]|1?[0-9]?[0-9])"
_IPV4 = re.compile(rf"{_BYTE}(?:\.{_BYTE}){{3}}")
_LIKE_IPV4 = re.compile(r"[0-9.]+")


def is_host(text: str) -> bool:
    """Whether a text is an address, or a name that a resolver would accept."""
    if ":" in text or _LIKE_IPV4.fullmatch(text):
        return is_ip_address(text)
    if not text.isascii():
        try:
            text = text.encode("idna").decode()
        except UnicodeError:
            return False
    return len(text) <= NAME_LENGTH_MAX and _NAME.fullmatch(text) is not None


def is_ip_address(text: str) -> bool:
    """Whether a text is an IPv4 or IPv6 address; the latter without brackets, with or without a zone."""
    if ":" not in text:
        return _IPV4.fullmatch(text) is not None
    import ipaddress  # slow to import, and rarely needed

    try:
        ipaddress.IPv6Address(text)
    except ValueError:
        return False
    return True


def host_of(authority: str) -> str:
    """The host of `HOST`, `HOST:PORT`, `[IPV6]` or `[IPV6]:PORT`, in lower case, without brackets or a trailing dot.

    For any other text the result is not a valid host.
    """
    if authority.startswith("[") and (bracketed := re.fullmatch(r"\[([^]]*)\](?::[0-9]*)?", authority)):
        return bracketed[1].lower()
    return authority.rpartition(":")[0 if ":" in authority else 2].lower().removesuffix(".")
