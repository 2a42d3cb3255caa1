"""The program that becomes the child: `python -I -S start.py PARENT_PID PROGRAM ARGUMENT...`.

It asks the kernel to end it with pygen, which whoever starts a process can't do for it, and takes back what Python
sets for itself. Where the program can't be started it ends as a shell does: 127 where there is none, 126 where it can't
be run.
"""

import ctypes
import os
import signal
import sys

_PR_SET_PDEATHSIG = 1
_SET_BY_PYTHON = (signal.SIGPIPE, signal.SIGXFSZ, signal.SIGINT)
NOT_FOUND, NOT_STARTED = 127, 126


def start(arguments: list[str]) -> int:
    """Become the program; the exit status where that can't be."""
    parent, *command = arguments
    for number in _SET_BY_PYTHON:
        signal.signal(number, signal.SIG_DFL)
    # TERM and not KILL: one that is killed leaves its own children behind, as nginx its workers with the ports.
    ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, int(signal.SIGTERM), 0, 0, 0)
    if os.getppid() != int(parent):
        return 128 + signal.SIGTERM
    try:
        os.execvp(command[0], command)  # noqa: S606 - that is what it is for
    except OSError as error:
        sys.stderr.write(f"pygen: {command[0]} can't be started: {error.strerror}\n")
        return NOT_FOUND if isinstance(error, FileNotFoundError | NotADirectoryError) else NOT_STARTED


if __name__ == "__main__":
    sys.exit(start(sys.argv[1:]))
