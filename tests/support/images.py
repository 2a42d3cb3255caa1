"""Images made on this machine: no registry is asked for any."""

from __future__ import annotations

import io
import shutil
import subprocess
import tarfile
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping

#: The image's users: root, and one without rights.
_FILES = {
    "etc/passwd": "root:x:0:0::/root:/bin/sh\napp:x:1000:1000::/tmp:/bin/sh\nnobody:x:65534:65534::/:/bin/sh\n",
    "etc/group": "root:x:0:\napp:x:1000:\nnogroup:x:65534:\n",
}
_FOLDERS = {"bin": 0o755, "dev": 0o755, "etc": 0o755, "proc": 0o755, "sys": 0o755, "root": 0o700, "tmp": 0o1777}


def busybox_archive(files: Mapping[str, str] | None = None) -> bytes:
    """A root file system in a tar archive: Debian's static busybox, and a link for each of its programs.

    Args:
        files: texts by path without the first slash, in folders that are there, beside or in place of its own.
    """
    busybox = shutil.which("busybox", path="/usr/bin:/bin")
    if busybox is None:
        raise FileNotFoundError("busybox is missing: install busybox-static")
    names = subprocess.run([busybox, "--list"], check=True, capture_output=True, text=True, stdin=subprocess.DEVNULL)
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w") as archive:
        for folder, mode in _FOLDERS.items():
            _add_folder(archive, folder, mode)
        for name, text in {**_FILES, **(files or {})}.items():
            _add_file(archive, name, text.encode(), 0o644)
        _add_file(archive, "bin/busybox", Path(busybox).read_bytes(), 0o755)
        for name in sorted(set(names.stdout.split()) - {"busybox"}):
            _add_link(archive, f"bin/{name}", "busybox")
    return buffer.getvalue()


def _add_folder(archive: tarfile.TarFile, name: str, mode: int) -> None:
    entry = tarfile.TarInfo(name)
    entry.type, entry.mode = tarfile.DIRTYPE, mode
    archive.addfile(entry)


def _add_file(archive: tarfile.TarFile, name: str, content: bytes, mode: int) -> None:
    entry = tarfile.TarInfo(name)
    entry.size, entry.mode = len(content), mode
    archive.addfile(entry, io.BytesIO(content))


def _add_link(archive: tarfile.TarFile, name: str, target: str) -> None:
    entry = tarfile.TarInfo(name)
    entry.type, entry.linkname = tarfile.SYMTYPE, target
    archive.addfile(entry)
