"""Certificates that openssl makes: signed by themselves, good for a look at which one is shown."""

from __future__ import annotations

import shutil
import subprocess
from typing import TYPE_CHECKING

from tests.recipes.nginx.client import tls_context

if TYPE_CHECKING:
    import ssl
    from pathlib import Path

    from tests.recipes.nginx.site import Site


class Certificates:
    """Makes each name's certificate once.

    Args:
        folder: where they are kept.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def put(self, site: Site, *names: str, kind: str = "ec") -> None:
        """Put `NAME.crt` and `NAME.key` where the proxy looks for them; the key is of this kind, `ec` or `rsa`."""
        for name in names:
            self._make(name, kind)
            for suffix in ("crt", "key"):
                shutil.copy(self._folder / kind / f"{name}.{suffix}", site.folder / "certs" / f"{name}.{suffix}")

    def pem(self, name: str, kind: str = "ec") -> str:
        """A certificate as it is in its file."""
        return (self._folder / kind / f"{name}.crt").read_text()

    def _make(self, name: str, kind: str) -> None:
        certificate, key = self._folder / kind / f"{name}.crt", self._folder / kind / f"{name}.key"
        if certificate.exists():
            return
        certificate.parent.mkdir(exist_ok=True)
        kept = ["ec", "-pkeyopt", "ec_paramgen_curve:prime256v1"] if kind == "ec" else ["rsa:2048"]
        command = ["req", "-x509", "-newkey", *kept, "-nodes", "-days", "30", "-subj", "/CN=test"]
        _openssl(*command, "-keyout", key, "-out", certificate)


class Authority:
    """Signs clients' certificates, and revokes them.

    Args:
        folder: an empty one, where it keeps its books.

    Attributes:
        certificate: its own, as PEM.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        (folder / "index.txt").touch()
        (folder / "crlnumber").write_text("01")
        (folder / "ca.cnf").write_text(
            f"[ca]\ndefault_ca = own\n[own]\ndatabase = {folder}/index.txt\ncrlnumber = {folder}/crlnumber\n"
            "default_md = sha256\ndefault_crl_days = 30\n"
        )
        self._key, self._own = folder / "ca.key", folder / "ca.crt"
        _openssl(
            "req", "-x509", *_NEW_KEY, "-days", "30", "-subj", "/CN=authority", "-keyout", self._key, "-out", self._own
        )
        self.certificate = self._own.read_text()
        self._serial = 1

    def client(self, name: str, *, revoked: bool = False) -> ssl.SSLContext:
        """What a client needs that shows a new certificate of this name."""
        key, request, certificate = (self._folder / f"{name}.{suffix}" for suffix in ("key", "csr", "crt"))
        self._serial += 1
        signed: list[str | Path] = [
            "-CA",
            self._own,
            "-CAkey",
            self._key,
            "-set_serial",
            str(self._serial),
            "-days",
            "30",
        ]
        _openssl("req", *_NEW_KEY, "-subj", f"/CN={name}", "-keyout", key, "-out", request)
        _openssl("x509", "-req", "-in", request, *signed, "-out", certificate)
        if revoked:
            books: list[str | Path] = ["-config", self._folder / "ca.cnf", "-cert", self._own, "-keyfile", self._key]
            _openssl("ca", *books, "-revoke", certificate)
        context = tls_context()
        context.load_cert_chain(certificate, key)
        return context

    @property
    def revocations(self) -> str:
        """The list of what was revoked so far, as PEM."""
        out = self._folder / "crl.pem"
        books: list[str | Path] = ["-config", self._folder / "ca.cnf", "-cert", self._own, "-keyfile", self._key]
        _openssl("ca", *books, "-gencrl", "-out", out)
        return out.read_text()


_NEW_KEY = ("-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes")


def _openssl(*words: str | Path) -> None:
    subprocess.run(["openssl", *words], check=True, capture_output=True, stdin=subprocess.DEVNULL)
