"""Opens a socket to an engine: unix, TCP, TCP with TLS. No proxy of the environment ever comes between."""

from __future__ import annotations

import errno
import os
import socket
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import ssl

    from reconciler.backend.address import EngineAddress, TlsFiles

# A peer that vanished without a word is noticed after 20 + 3 * 5 seconds.
KEEPALIVE_IDLE_S = 20
KEEPALIVE_INTERVAL_S = 5
KEEPALIVE_PROBES = 3
TLS_FILE_BYTES_MAX = 16 * 1024 * 1024


def open_socket(address: EngineAddress, *, timeout_s: float) -> socket.socket:
    """Connect, and for TLS shake hands.

    Args:
        address: of kind `unix` or `tcp`.
        timeout_s: for connecting and, separately, for the handshake; stays the socket's timeout.

    Raises:
        OSError: as the system gives it; `ssl.SSLError` is one.
    """
    if address.kind == "unix":
        return _open_unix(address.path, timeout_s)
    plain = socket.create_connection((address.host, address.port), timeout=timeout_s)
    try:
        _keep_alive(plain)
        return plain if address.tls is None else _wrap(plain, address.tls, address.host)
    except BaseException:
        plain.close()
        raise


def _open_unix(path: str, timeout_s: float) -> socket.socket:
    connection = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    try:
        connection.settimeout(timeout_s)
        connection.connect(path)
    except BaseException:
        connection.close()
        raise
    return connection


def _keep_alive(connection: socket.socket) -> None:
    connection.setsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1)
    connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_KEEPIDLE, KEEPALIVE_IDLE_S)
    connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_KEEPINTVL, KEEPALIVE_INTERVAL_S)
    connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_KEEPCNT, KEEPALIVE_PROBES)


def _wrap(plain: socket.socket, tls: TlsFiles, host: str) -> ssl.SSLSocket:
    return _context(tls).wrap_socket(plain, server_hostname=host)


def _context(tls: TlsFiles) -> ssl.SSLContext:
    import ssl  # late: most engines are on a unix socket, and loading it takes 10 ms

    for path in filter(None, (tls.authority, *(tls.client or ()))):
        _check_size(path)
    # Read anew for each connection, so that renewed certificates take effect.
    context = ssl.create_default_context(cafile=tls.authority)
    if not tls.verify:
        context.check_hostname = False
        context.verify_mode = ssl.CERT_NONE
    if tls.client is not None:
        context.load_cert_chain(*tls.client)
    return context


def _check_size(path: str) -> None:
    """Keep OpenSSL from reading a file that can be no certificate; one that is not there is its own to tell."""
    try:
        size = os.stat(path).st_size  # noqa: PTH116 - a path in text, as it came
    except OSError:
        return
    if size > TLS_FILE_BYTES_MAX:
        raise OSError(
            errno.EFBIG, f"{path} is larger than {TLS_FILE_BYTES_MAX} bytes, so it is not a certificate or key"
        )
