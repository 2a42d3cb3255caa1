"""The program of the render process: `python -I -S start.py PARENT_PID PATH...`, with an empty environment.

Nothing is imported from where it is started, and nothing that the parent has open stays open here. The paths are the
parent's own, without the folder that it was started in.
"""

import os
import sys

_AFTER_STANDARD = 3


def start(arguments: list[str]) -> None:
    """Leave the parent's surroundings, then serve."""
    os.closerange(_AFTER_STANDARD, 1 << 20)
    os.chdir("/")
    parent, *paths = arguments
    sys.path[len(sys.path) :] = paths
    from templating.sandbox.serving import serve  # the paths above lead to it

    serve(int(parent))


if __name__ == "__main__":
    start(sys.argv[1:])
