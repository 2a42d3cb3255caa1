"""The image as the Dockerfile makes it, built on a real engine without any network."""

from __future__ import annotations

import hashlib
import json
import shutil
import subprocess
import sys
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from tests.support.process import ROOT
from tests.support.python_base import cache_folder, one_at_a_time, python_base_archive

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from tests.support.real_engine import RealEngine

BASE = "python-base:local"
IMAGE = "pygen:local"
_LOCKS = (ROOT / "requirements" / "runtime.txt", ROOT / "requirements" / "build.txt")
_MADE_OF = tuple(
    line[1:] for line in ("!Dockerfile", *(ROOT / ".dockerignore").read_text().splitlines()) if line.startswith("!")
)
_KEPT_S = 3600.0
_NOT_SENT = shutil.ignore_patterns(".git", ".venv", ".*_cache", "__pycache__", ".hypothesis", "build", "dist", "tests")


def bring_base(engine: RealEngine) -> None:
    """Have the Dockerfile's base on this engine."""
    if not engine.client.images(BASE):
        engine.import_image(BASE, python_base_archive())


@dataclass(frozen=True, slots=True)
class Recipe:
    """How an image is built.

    Attributes:
        name: its own in the cache.
        tag: it gets.
        dockerfile: its path in the project.
        base: the build argument that names the base, and the base.
        bring_base: has the base on an engine.
    """

    name: str
    tag: str
    dockerfile: str
    base: tuple[str, str]
    bring_base: Callable[[RealEngine], None]


PYGEN = Recipe("pygen", IMAGE, "Dockerfile", ("PYTHON_IMAGE", BASE), bring_base)


def ensure_image(engine: RealEngine, folder: Path, of: Recipe = PYGEN) -> str:
    """Have the image on this engine: its tag.

    The first engine that needs it builds it, in a copy of the project in `folder`; the others load what that one built,
    for the same state of the project.
    """
    if engine.client.images(of.tag):
        return of.tag
    context = _context(folder / of.name)
    archive = cache_folder() / f"{of.name}-image-{_digest(context, of)}.tar"
    with one_at_a_time(archive.with_suffix(".lock")):
        if not archive.exists():
            _build_and_keep(engine, context, archive, of)
    if not engine.client.images(of.tag):
        with archive.open("rb") as saved:
            engine.client.load_image(saved)  # type: ignore[no-untyped-call]  # the stubs leave it open
    return of.tag


def _context(folder: Path) -> Path:
    """What the build is sent, without the wheels."""
    context = folder / "context"
    shutil.copytree(ROOT, context, ignore=_NOT_SENT)
    return context


def _digest(context: Path, of: Recipe) -> str:
    """Of all that the image is made of: every file that may be sent, and the base."""
    told = hashlib.sha256(python_base_archive().name.encode())
    for path in sorted(
        path for name in (*_MADE_OF, of.dockerfile) for path in [context / name, *(context / name).rglob("*")]
    ):
        if path.is_file():
            told.update(f"{path.relative_to(context)} {path.stat().st_mode} {path.stat().st_size}\n".encode())
            told.update(path.read_bytes())
    return told.hexdigest()[:16]


def project_copy(engine: RealEngine, folder: Path) -> None:
    """The project as a checkout has it, with the wheels for a build without a network beside it."""
    bring_base(engine)
    shutil.copytree(ROOT, folder, ignore=_NOT_SENT)
    shutil.copytree(wheels(_python_version(engine)), folder / "wheels")


def _build_and_keep(engine: RealEngine, context: Path, archive: Path, of: Recipe) -> None:
    """Archives of former states are removed: they are large, and nobody needs them any more."""
    of.bring_base(engine)
    shutil.copytree(wheels(_python_version(engine)), context / "wheels")
    build(engine, context, of)
    for old in archive.parent.glob(f"{of.name}-image-*.tar"):
        if old.stat().st_mtime < time.time() - _KEPT_S:
            old.unlink()
    half = archive.with_suffix(".half")
    with half.open("wb") as file:
        file.writelines(engine.client.get_image(of.tag))
    half.rename(archive)


def build(engine: RealEngine, context: Path, of: Recipe = PYGEN) -> None:
    """`docker build`, with wheels at hand in place of a network."""
    argument, base = of.base
    said: list[str] = []
    lines: Any = engine.client.build(
        path=str(context),
        dockerfile=of.dockerfile,
        tag=of.tag,
        buildargs={argument: base, "PIP_NO_INDEX": "1", "REVISION": "of-the-test"},
        network_mode="none",
        rm=True,
        forcerm=True,
        decode=True,
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
