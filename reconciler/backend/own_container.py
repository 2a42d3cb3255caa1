"""Which container do we run in: guesses from what the kernel shows, confirmed by what the engine shows."""

from __future__ import annotations

import re
import socket
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

from models.own_id import candidates

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from models.container import Container

_UPPER_DIR = re.compile(r"^(?:\S+ ){4}/ .* - overlay .*\bupperdir=([^, ]+)", re.MULTILINE)
_FULL_ID_LENGTH = 64


class Containers(Protocol):
    """The containers that an engine shows."""

    def ids(self) -> Iterable[str]:
        """All full ids."""

    def container(self, container_id: str) -> Container | None:
        """Look one up by its full id."""


class OwnContainer:
    """Finds our own container among an engine's. Asked often, so what was found is looked for only once.

    Args:
        guesses: ids of 64 digits, or of 12 from the host name, the likeliest first.
        upper_dir: the folder that our root file system writes to, as `GraphDriver` names it too; '' if unknown. It
            tells us from a container whose network, and so whose id in mountinfo and host name, we share.
    """

    def __init__(self, guesses: Sequence[str], upper_dir: str = "") -> None:
        self._guesses = guesses
        self._upper_dir = upper_dir
        self._found: str | None = None

    @classmethod
    def of_this_process(cls, *, proc: Path = Path("/proc/self"), hostname: str | None = None) -> OwnContainer:
        """Read the guesses from the kernel.

        Args:
            proc: the folder with `mountinfo` and `cgroup`.
            hostname: our host name; asked of the system where not given.
        """
        mountinfo = _read(proc / "mountinfo")
        name = socket.gethostname() if hostname is None else hostname
        upper_dir = _UPPER_DIR.search(mountinfo)
        return cls(candidates(mountinfo, _read(proc / "cgroup"), name), upper_dir[1] if upper_dir else "")

    def among(self, containers: Containers) -> str | None:
        """Our own id; None where the engine shows no container that can be us."""
        if self._found is None or containers.container(self._found) is None:
            self._found = self._look(containers)
        return self._found

    def _look(self, containers: Containers) -> str | None:
        for guess in self._guesses:
            container = _of_guess(guess, containers)
            if container is None:
                continue
            if self._may_be_us(container):
                return container.id
            sharer = self._sharer_of(container, containers)
            if sharer is not None:
                return sharer
        return None

    def _may_be_us(self, container: Container) -> bool:
        theirs = _upper_dir_of(container)
        return not (theirs and self._upper_dir) or _is_same_folder(theirs, self._upper_dir)

    def _sharer_of(self, container: Container, containers: Containers) -> str | None:
        """The container that shares this one's network and writes to our folder."""
        for container_id in containers.ids():
            other = containers.container(container_id)
            if other is None or other.network_mode != f"container:{container.id}":
                continue
            if _is_same_folder(_upper_dir_of(other), self._upper_dir):
                return other.id
        return None


def _read(path: Path) -> str:
    try:
        return path.read_text(errors="replace")
    except OSError:
        # Not readable, or not Linux: one guess less, and nothing to tell anybody.
        return ""


def _of_guess(guess: str, containers: Containers) -> Container | None:
    if len(guess) == _FULL_ID_LENGTH:
        return containers.container(guess)
    matches = [container_id for container_id in containers.ids() if container_id.startswith(guess)]
    return containers.container(matches[0]) if len(matches) == 1 else None


def _upper_dir_of(container: Container) -> str:
    driver = container.raw.attrs.get("GraphDriver")
    data = driver.get("Data") if driver else None
    folder = data.get("UpperDir") if data else None
    return folder if isinstance(folder, str) else ""


def _is_same_folder(one: str, other: str) -> bool:
    # Engines mount by paths relative to their own folder where the options would get too long.
    return bool(one and other) and one.split("/")[-2:] == other.split("/")[-2:]
