"""Where an engine is: reads `--docker-address` and the environment of Docker's own tools."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Literal

from models.frozen import frozen
from models.hosts import PORT_MAX, is_host

if TYPE_CHECKING:
    from collections.abc import Mapping

STANDARD_ADDRESS = "unix:///var/run/docker.sock"
PLAIN_PORT = 2375
TLS_PORT = 2376
_SOCKET_PATH_MAX = 107
"""unix(7): 108 bytes with the NUL at the end."""

_FORMS = "unix:///PATH, tcp://HOST:PORT, an absolute path, or file://STATE.json"

# What Docker's own tools take and this program does not, and what to do instead.
_INSTEAD = {
    "ssh": "run pygen beside that engine, or forward its socket ('ssh -nNT -L /run/engine.sock:/var/run/docker.sock"
    " USER@HOST') and use unix:///run/engine.sock",
    "npipe": "a named pipe belongs to Windows: run pygen in a Linux container that the engine's socket is mounted into,"
    " and use unix:///var/run/docker.sock",
    "fd": "that is where an engine listens, not where it is found: use unix:///PATH or tcp://HOST:PORT",
}


@frozen
class TlsFiles:
    """How to speak TLS with an engine, as `DOCKER_CERT_PATH` and `DOCKER_TLS_VERIFY` say.

    Attributes:
        folder: holds `ca.pem`, `cert.pem` and `key.pem`; each may be absent.
        verify: whether the engine's certificate is verified.
    """

    folder: str
    verify: bool

    @property
    def authority(self) -> str | None:
        """Path of the authority's certificate; None for the system's authorities."""
        return self._existing("ca.pem")

    @property
    def client(self) -> tuple[str, str] | None:
        """Paths of our own certificate and key; None where we have none to show."""
        certificate, key = self._existing("cert.pem"), self._existing("key.pem")
        return (certificate, key) if certificate and key else None

    def _existing(self, name: str) -> str | None:
        path = os.path.join(self.folder, name)  # noqa: PTH118 - pathlib is not needed for anything else at the start
        return path if os.path.exists(path) else None  # noqa: PTH110


@frozen
class EngineAddress:
    """The address of one engine, or of a recorded state.

    Attributes:
        kind: `unix` socket, `tcp` (with or without TLS), or a recorded state's `file`.
        path: of the socket or the file, '' for tcp.
        host: name or address for tcp, '' else; an IPv6 address without its brackets.
        port: for tcp, 0 else.
        tls: None for a connection without TLS.
    """

    kind: Literal["unix", "tcp", "file"]
    path: str = ""
    host: str = ""
    port: int = 0
    tls: TlsFiles | None = None

    @property
    def name(self) -> str:
        """The address as people write it. It holds no credentials: none are accepted."""
        return f"tcp://{self.authority}" if self.kind == "tcp" else f"{self.kind}://{self.path}"

    @property
    def authority(self) -> str:
        """`HOST:PORT` for tcp, as in a `Host` header; `localhost` else."""
        if self.kind != "tcp":
            return "localhost"
        return f"[{self.host}]:{self.port}" if ":" in self.host else f"{self.host}:{self.port}"

    @classmethod
    def parse(cls, text: str | None, environ: Mapping[str, str]) -> EngineAddress:
        """Read an address.

        Args:
            text: the option's value; None or '' for `DOCKER_HOST`, and without that the standard socket.
            environ: where `DOCKER_HOST`, `DOCKER_TLS_VERIFY`, `DOCKER_CERT_PATH` and `HOME` are looked up. As Docker's
                tools have it, a value that is not empty turns verification on, and `DOCKER_CERT_PATH` alone means
                TLS without it.

        Raises:
            ValueError: the text is no address; the message names the right forms and never repeats credentials.
        """
        address = text or environ.get("DOCKER_HOST") or STANDARD_ADDRESS
        scheme, separator, rest = address.partition("://")
        if not separator:
            scheme, rest = "unix", address
        match scheme:
            case "unix" | "http+unix":
                return _with_path("unix", _rooted(rest) if separator else rest)
            case "file":
                return _with_path("file", rest)
            case "tcp" | "http" | "https":
                return _tcp(rest, _tls(environ, always=scheme == "https"))
        raise ValueError(_unsupported(scheme))


def _rooted(path: str) -> str:
    """The path behind two slashes: as docker-py has it, `unix://var/run/docker.sock` is `/var/run/docker.sock`."""
    return f"/{path}" if path and not path.startswith("/") else path


def _unsupported(scheme: str) -> str:
    """What to do in the place of an address of this kind."""
    known = scheme.lower()
    if known in _INSTEAD:
        return f"addresses that begin with {known}:// are not supported; {_INSTEAD[known]}"
    shown = f"addresses that begin with {scheme}:// are" if scheme.isalnum() and scheme.isascii() else "this address is"
    return f"{shown} not supported; use {_FORMS}"


def _with_path(kind: Literal["unix", "file"], path: str) -> EngineAddress:
    if kind == "unix" and not path.startswith("/"):
        raise ValueError(f"a socket needs an absolute path; use {_FORMS}")
    if not path or path.endswith("/") or "\0" in path:
        raise ValueError(f"the address names no file; use {_FORMS}")
    if kind == "unix" and len(os.fsencode(path)) > _SOCKET_PATH_MAX:
        raise ValueError(f"a socket's path has at most {_SOCKET_PATH_MAX} bytes; use a link to its folder")
    return EngineAddress(kind, path=path)


def _tls(environ: Mapping[str, str], *, always: bool) -> TlsFiles | None:
    verify = bool(environ.get("DOCKER_TLS_VERIFY"))
    folder = environ.get("DOCKER_CERT_PATH", "")
    if not (verify or folder or always):
        return None
    # Docker's tools look into the home folder where they are not told; an address that says https:// is verified.
    return TlsFiles(folder or f"{environ.get('HOME', '/root')}/.docker", verify=verify or not folder)


def _tcp(rest: str, tls: TlsFiles | None) -> EngineAddress:
    authority = rest.removesuffix("/")
    if "@" in authority:
        raise ValueError("an engine's address holds no user name or password; use TLS with DOCKER_CERT_PATH")
    host, port = _host_and_port(authority)
    if not host or not is_host(host):
        raise ValueError(f"the address names no host, or more than a host and a port; use {_FORMS}")
    return EngineAddress("tcp", host=host, port=port or (TLS_PORT if tls else PLAIN_PORT), tls=tls)


def _host_and_port(authority: str) -> tuple[str, int]:
    """Host and port of `HOST`, `HOST:PORT`, `[IPV6]`, `[IPV6]:PORT`; port 0 where there is none."""
    if authority.startswith("["):
        host, bracket, port_text = authority[1:].partition("]")
        if not bracket or ":" not in host or (port_text and not port_text.startswith(":")):
            raise ValueError(f"an IPv6 address is written in brackets, such as tcp://[::1]:{TLS_PORT}")
        return host, _port(port_text[1:]) if port_text else 0
    host, colon, port_text = authority.partition(":")
    if ":" in port_text:
        raise ValueError(f"an IPv6 address is written in brackets, such as tcp://[::1]:{TLS_PORT}")
    return host, _port(port_text) if colon else 0


def _port(text: str) -> int:
    # Cut: Python refuses to read a number of thousands of digits.
    if not (text.isascii() and text.isdecimal()) or not 1 <= int(text.lstrip("0")[:6] or "0") <= PORT_MAX:
        raise ValueError("the port in an engine's address is a number from 1 to 65535")
    return int(text)
