"""The last good copies of fetched templates, for a start while their server is away."""

from __future__ import annotations

import contextlib
import hashlib
import os
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path

# More than any template that was fetched: a larger one is no copy of ours.
COPY_BYTES_MAX = 16 * 1024 * 1024
_PREFIX, _SUFFIX = ".template-", ".pygen"


class TemplateCache:
    """A folder of copies, one for each address.

    Args:
        folder: where they are; None keeps none.
    """

    def __init__(self, folder: Path | None) -> None:
        self._folder = folder

    def load(self, address: str) -> str | None:
        """The copy; None where there is none that can be read."""
        if self._folder is None:
            return None
        try:
            with self._path(self._folder, address).open("rb") as file:
                data = file.read(COPY_BYTES_MAX + 1)
            return data.decode("utf-8") if len(data) <= COPY_BYTES_MAX else None
        except (OSError, UnicodeDecodeError):
            return None

    def store(self, address: str, text: str) -> None:
        """Keep a copy, whole or not at all. Does nothing where it is the same already.

        Raises:
            OSError: it cannot be written.
        """
        if self._folder is None or self.load(address) == text:
            return
        self._folder.mkdir(parents=True, exist_ok=True)
        path = self._path(self._folder, address)
        unfinished = path.with_name(f"{path.name.removesuffix(_SUFFIX)}.{os.getpid()}{_SUFFIX}")
        try:
            _write_through(unfinished, text.encode("utf-8"))
            unfinished.replace(path)
        except OSError:
            with contextlib.suppress(OSError):
                unfinished.unlink()
            raise

    @staticmethod
    def _path(folder: Path, address: str) -> Path:
        # A hash: the address may hold a password, and more characters than a name may have.
        digest = hashlib.sha256(address.encode("utf-8", "surrogateescape")).hexdigest()[:24]
        return folder / f"{_PREFIX}{digest}{_SUFFIX}"


def _write_through(path: Path, content: bytes) -> None:
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_CLOEXEC | os.O_NOFOLLOW, 0o600)
    with os.fdopen(descriptor, "wb") as file:
        os.fchmod(descriptor, 0o600)  # whatever the umask: the next start has to read it
        file.write(content)
        file.flush()
        os.fsync(file.fileno())
