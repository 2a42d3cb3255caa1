"""Keep files of the folder where the program is started from being imported in place of our own packages.

`python -m` puts the current folder first on the import path, and our packages have names that others use, too: a
`models.py` or `metrics.py` beside somebody's templates would be run instead of ours, with the Docker socket in hand.
"""

from __future__ import annotations

import os
import sys


def guard_imports() -> None:
    """Take the current folder off the import path, unless it is the one that holds this package.

    It is the first entry where `-m` put it there; an entry that somebody set in PYTHONPATH stays.
    """
    # os.path, because pathlib is one more import before the first of our own.
    own = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))  # noqa: PTH100, PTH120
    try:
        started_in = os.getcwd()  # noqa: PTH109
    except FileNotFoundError:
        return  # A folder that was removed has nothing to import.
    if sys.path and os.path.abspath(sys.path[0]) == started_in != own:  # noqa: PTH100
        del sys.path[0]
