"""The two nginx that the recipe is for: Debian bookworm's 1.22 and trixie's 1.26."""

from __future__ import annotations

import shutil
import subprocess
from functools import cache

from tests.support.debian_packages import unpacked

SUITES = {"1.22": "bookworm", "1.26": "trixie"}


@cache
def nginx_binary(version: str) -> str:
    """The program of this version: the machine's own where it is that, else fetched."""
    own = shutil.which("nginx", path="/usr/sbin:/usr/bin")
    if own and _is(own, version):
        return own
    found = str(unpacked("nginx", SUITES[version]) / "usr/sbin/nginx")
    assert _is(found, version), f"{found} is not nginx {version}"
    return found


def _is(binary: str, version: str) -> bool:
    told = subprocess.run([binary, "-v"], capture_output=True, text=True, stdin=subprocess.DEVNULL, check=True)
    return f"nginx/{version}." in told.stderr
