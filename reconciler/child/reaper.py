"""What the first process of a container owes the others: to wait for those whose parent is gone, or they stay zombies.

Some children are waited for by who started them: render processes, commands, the child. Their statuses are not to be
taken away, so none of them may begin, or be waited for, while the reaper looks: a zombie that is nobody's then was an
orphan.
"""

from __future__ import annotations

import contextlib
import os
import signal
from contextlib import ExitStack
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence
    from contextlib import AbstractContextManager

    Held = Callable[[], AbstractContextManager[frozenset[int]]]
    """The processes that somebody waits for, none of which begins or is waited for inside of the `with`."""

FIRST_PROCESS = 1
_LOOK_S = 60.0
_STATE, _PARENT = 0, 1  # fields of /proc/PID/stat behind the name; source: proc(5)


def reap_orphans(owners: Sequence[Held]) -> int:
    """Wait for every child of ours that has ended and is nobody's; how many there were."""
    with ExitStack() as stack:
        owned = frozenset().union(*(stack.enter_context(held()) for held in owners))
        orphans = [pid for pid in _zombies_of(os.getpid()) if pid not in owned]
        for pid in orphans:
            with contextlib.suppress(ChildProcessError):
                os.waitpid(pid, os.WNOHANG)
    return len(orphans)


def run_reaper(owners: Sequence[Held], *, has_stopped: Callable[[], bool]) -> None:
    """Reap whenever a child of ours ends; SIGCHLD is blocked in every thread."""
    while not has_stopped():
        reap_orphans(owners)
        signal.sigtimedwait({signal.SIGCHLD}, _LOOK_S)


def _zombies_of(parent: int) -> Iterator[int]:
    for entry in Path("/proc").iterdir():
        if not entry.name.isdigit():
            continue
        with contextlib.suppress(OSError):  # it has ended, and was waited for
            fields = (entry / "stat").read_text().rpartition(")")[2].split()
            if fields[_STATE] == "Z" and int(fields[_PARENT]) == parent:
                yield int(entry.name)
