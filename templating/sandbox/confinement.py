"""What the render process gives up before it sees a template: rights, limits, system calls, and outliving its parent.

What the kernel does not give is left out and told: a template is still in Jinja's sandbox.
"""

from __future__ import annotations

import contextlib
import ctypes
import os
import resource
from pathlib import Path

from templating.sandbox import seccomp

NOBODY = 65534
_DESCRIPTORS = 64
_SETGID, _SETUID, _KILL = 6, 7, 5  # capabilities; source: linux/capability.h
_PR_SET_PDEATHSIG, _PR_SET_NO_NEW_PRIVS = 1, 38
_SIGKILL = 9


class ParentGone(Exception):  # noqa: N818 - named for what happened
    """The program ended before this process could ask to end with it."""


def confine(parent: int, *, keep_rights: bool) -> list[str]:
    """Give everything up, for good.

    Args:
        parent: the program's process id.
        keep_rights: stay root where the program is, for files that only root may read.

    Returns:
        What could not be had, in words.

    Raises:
        ParentGone: there is nobody left to render for.
    """
    libc = ctypes.CDLL(None, use_errno=True)
    missing: list[str] = []
    _die_first()
    missing += _limit()
    if os.geteuid() == 0 and not keep_rights:
        missing += _become_nobody()
    # After the change of user, which clears it; source: prctl(2).
    if libc.prctl(_PR_SET_PDEATHSIG, _SIGKILL, 0, 0, 0) != 0:
        missing.append("it can't be told to end with the program")
    if os.getppid() != parent:
        raise ParentGone
    if libc.prctl(_PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0:
        missing.append("new privileges can't be ruled out")
    reason = seccomp.install(libc)
    if reason:
        missing.append(reason)
    return missing


def _limit() -> list[str]:
    """No core, no file of any size, few descriptors, no further process."""
    hard = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
    descriptors = _DESCRIPTORS if hard == resource.RLIM_INFINITY else min(_DESCRIPTORS, hard)
    limits = (
        (resource.RLIMIT_CORE, 0),
        (resource.RLIMIT_FSIZE, 0),
        (resource.RLIMIT_NPROC, 0),
        (resource.RLIMIT_NOFILE, descriptors),
    )
    try:
        for limit, most in limits:
            resource.setrlimit(limit, (most, most))
        resource.setrlimit(resource.RLIMIT_AS, resource.getrlimit(resource.RLIMIT_AS))
    except (OSError, ValueError) as error:
        return [f"the kernel takes no limits from it, not of memory either: {error}"]
    return []


def _die_first() -> None:
    """Where memory is short (a container's limit), it is this process that the kernel ends, and never the program.

    Before anything else that keeps it from writing; source: proc(5), `oom_score_adj`.
    """
    with contextlib.suppress(OSError), Path("/proc/self/oom_score_adj").open("w") as file:
        file.write("1000")


def _become_nobody() -> list[str]:
    capabilities = _capabilities()
    if not all(capabilities >> bit & 1 for bit in (_SETGID, _SETUID, _KILL)):
        # Without KILL the program could not end a process of another user.
        return ["it stays root: the capabilities SETUID, SETGID and KILL are not all there"]
    try:
        os.setgroups([])
        os.setresgid(NOBODY, NOBODY, NOBODY)
        os.setresuid(NOBODY, NOBODY, NOBODY)
    except OSError as error:
        return [f"it can't become a user without rights: {error.strerror}"]
    return []


def _capabilities() -> int:
    """The effective ones, as bits; source: proc(5), `CapEff`."""
    for line in Path("/proc/self/status").read_text().splitlines():
        if line.startswith("CapEff:"):
            return int(line.partition(":")[2], 16)
    return 0
