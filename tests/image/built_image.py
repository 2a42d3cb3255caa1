"""The image as the Dockerfile makes it, built on a real engine without any network."""

from __future__ import annotations

import hashlib
import json
import shutil
import subprocess
import sys
from typing import TYPE_CHECKING, Any

from tests.support.process import ROOT
from tests.support.python_base import cache_folder, one_at_a_time, python_base_archive

if TYPE_CHECKING:
    from pathlib import Path

    from tests.support.real_engine import RealEngine

BASE = "python-base:local"
IMAGE = "pygen:local"
_LOCKS = (ROOT / "requirements" / "runtime.txt", ROOT / "requirements" / "build.txt")
_NOT_SENT = shutil.ignore_patterns(".git", ".venv", ".*_cache", "__pycache__", ".hypothesis", "build", "dist", "tests")


def ensure_image(engine: RealEngine, folder: Path) -> str:
    """Build the image on this engine where it is not there yet, in a copy of the project in `folder`; its tag."""
    if not engine.client.images(BASE):
        engine.import_image(BASE, python_base_archive())
    if not engine.client.images(IMAGE):
        context = folder / "context"
        shutil.copytree(ROOT, context, ignore=_NOT_SENT)
        shutil.copytree(wheels(_python_version(engine)), context / "wheels")
        build(engine, context)
    return IMAGE


def build(engine: RealEngine, context: Path) -> None:
    """`docker build`, with wheels at hand in place of a network."""
    arguments = {"PYTHON_IMAGE": BASE, "PIP_NO_INDEX": "1", "REVISION": "of-the-test"}
    said: list[str] = []
    lines: Any = engine.client.build(
        path=str(context), tag=IMAGE, buildargs=arguments, network_mode="none", rm=True, forcerm=True, decode=True
    )
    for line in lines:
        said.append(str(line.get("stream", "")))
        if "error" in line:
            raise AssertionError(f"the image cannot be built: {line['error']}\n{''.join(said)[-4000:]}")


def wheels(python_version: str) -> Path:
    """A folder with what the lock files pin, for this Python; fetched once for each state of the lock files."""
    key = hashlib.sha256(b"".join(lock.read_bytes() for lock in _LOCKS)).hexdigest()[:12]
    folder = cache_folder() / f"wheels-{python_version}-{key}"
    half = folder.with_name(f"{folder.name}.half")
    with one_at_a_time(folder.with_name(f"{folder.name}.lock")):
        if not folder.exists():
            shutil.rmtree(half, ignore_errors=True)
            _download(half, python_version)
            half.rename(folder)
    return folder


def _download(folder: Path, python_version: str) -> None:
    pins = [argument for lock in _LOCKS for argument in ("--requirement", str(lock))]
    command = [sys.executable, "-m", "pip", "download", "--quiet", "--require-hashes", "--only-binary", ":all:"]
    subprocess.run(
        [*command, "--python-version", python_version, "--dest", str(folder), *pins],
        check=True,
        stdin=subprocess.DEVNULL,
    )


def _python_version(engine: RealEngine) -> str:
    container = engine.run(
        image=BASE, command=["python3", "-c", "import sys, json; print(json.dumps(sys.version_info[:2]))"]
    )
    engine.await_running(container, running=False)
    major, minor = json.loads(engine.logs(container))
    return f"{major}.{minor}"
