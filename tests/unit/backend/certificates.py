"""Certificates for tests of TLS, made by openssl: an authority, a server for 127.0.0.1, a client."""

from __future__ import annotations

import ssl
import subprocess
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path


def make_certificates(folder: Path, *, server_names: str = "IP:127.0.0.1,DNS:localhost") -> None:
    """Make `ca.pem`, `server-cert.pem`, `server-key.pem`, `cert.pem`, `key.pem` in a folder."""
    _openssl(folder, "req", "-x509", "-keyout", "ca-key.pem", "-out", "ca.pem", "-subj", "/CN=test authority",
             "-days", "2", "-addext", "basicConstraints=critical,CA:TRUE")  # fmt: skip
    _signed(folder, "server-", f"subjectAltName={server_names}")
    _signed(folder, "", "extendedKeyUsage=clientAuth")


def _signed(folder: Path, prefix: str, extension: str) -> None:
    _openssl(folder, "req", "-keyout", f"{prefix}key.pem", "-out", f"{prefix}request.pem", "-subj", "/CN=test",
             "-new")  # fmt: skip
    (folder / f"{prefix}extension.cnf").write_text(f"{extension}\n")
    _openssl(folder, "x509", "-req", "-in", f"{prefix}request.pem", "-CA", "ca.pem", "-CAkey", "ca-key.pem",
             "-set_serial", "7", "-days", "2", "-out", f"{prefix}cert.pem", "-extfile", f"{prefix}extension.cnf",
             new_key=False)  # fmt: skip


def _openssl(folder: Path, *arguments: str, new_key: bool = True) -> None:
    key = ("-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes") if new_key else ()
    subprocess.run(["openssl", *arguments, *key], cwd=folder, check=True, capture_output=True, stdin=subprocess.DEVNULL)


def server_context(folder: Path, *, wants_client: bool) -> ssl.SSLContext:
    """The server's side of TLS, as an engine with `--tlsverify` has it, or with `--tls` alone."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(folder / "server-cert.pem", folder / "server-key.pem")
    if wants_client:
        context.verify_mode = ssl.CERT_REQUIRED
        context.load_verify_locations(folder / "ca.pem")
    return context
