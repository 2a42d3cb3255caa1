"""Root file systems of a Debian or Ubuntu release, made by debootstrap."""

from __future__ import annotations

import os
import shutil
import subprocess
import tempfile
import time
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

_TRIES = 4


@contextmanager
def root_file_system(
    release: str, packages: Sequence[str], *, beside: Path, mirror: Sequence[str], components: str = "main"
) -> Iterator[Path]:
    """A new root file system, in a folder that is removed after the `with` unless it was moved away.

    Args:
        release: the code name.
        packages: what it has beyond the least that works.
        beside: the folder is made in this path's parent, so that it can be renamed to it.
        mirror: where the packages come from; empty: debootstrap decides.
        components: of the archive, with commas.

    Raises:
        RuntimeError: debootstrap failed each time, with its last words.
    """
    for attempt in range(1, _TRIES + 1):
        root = Path(tempfile.mkdtemp(prefix="pygen-rootfs-", dir=beside.parent))
        try:
            outcome = _debootstrap(release, packages, root, mirror, components)
            if outcome.returncode == 0:
                yield root
                return
        finally:
            shutil.rmtree(root, ignore_errors=True)
        time.sleep(attempt * 5)
    raise RuntimeError(f"debootstrap of {release} failed {_TRIES} times: {(outcome.stdout + outcome.stderr)[-2000:]}")


def _debootstrap(
    release: str, packages: Sequence[str], root: Path, mirror: Sequence[str], components: str
) -> subprocess.CompletedProcess[str]:
    """In a mount namespace of its own: what it mounts below `root` is gone with it, however it ends."""
    command = ["unshare", "--mount", "debootstrap", "--variant=minbase"]
    options = [f"--components={components}", f"--include={','.join(packages)}"]
    return subprocess.run(
        [*command, *options, release, str(root), *mirror],
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        check=False,
        env={**os.environ, "DEBIAN_FRONTEND": "noninteractive"},
    )
