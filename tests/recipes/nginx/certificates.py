"""Certificates that openssl makes: signed by themselves, good for a look at which one is shown."""

from __future__ import annotations

import shutil
import subprocess
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path

    from tests.recipes.nginx.site import Site


class Certificates:
    """Makes each name's certificate once.

    Args:
        folder: where they are kept.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def put(self, site: Site, *names: str) -> None:
        """Put `NAME.crt` and `NAME.key` where the proxy looks for them."""
        for name in names:
            self._make(name)
            for suffix in ("crt", "key"):
                shutil.copy(self._folder / f"{name}.{suffix}", site.folder / "certs" / f"{name}.{suffix}")

    def pem(self, name: str) -> str:
        """A certificate as it is in its file."""
        return (self._folder / f"{name}.crt").read_text()

    def _make(self, name: str) -> None:
        certificate, key = self._folder / f"{name}.crt", self._folder / f"{name}.key"
        if certificate.exists():
            return
        curve = "ec_paramgen_curve:prime256v1"
        command: list[str | Path] = [
            "openssl",
            "req",
            "-x509",
            "-newkey",
            "ec",
            "-pkeyopt",
            curve,
            "-nodes",
            "-days",
            "30",
        ]
        command += ["-subj", "/CN=test", "-keyout", key, "-out", certificate]
        subprocess.run(command, check=True, capture_output=True, stdin=subprocess.DEVNULL)
