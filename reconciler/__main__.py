"""`python -m reconciler`, and the console script `pygen`."""

from __future__ import annotations

import sys

from reconciler.descriptors import hold_standard_descriptors, keep_own_rights
from reconciler.head_start import give_head_start
from reconciler.import_guard import guard_imports

hold_standard_descriptors()
keep_own_rights()
guard_imports()


def main() -> int:
    """Run the command line; the return value is the exit status."""
    arguments = sys.argv[1:]
    render_process = give_head_start(arguments)
    from reconciler.dispatch import dispatch  # side by side with the imports of the render process

    return dispatch(arguments, render_process=render_process)


if __name__ == "__main__":
    sys.exit(main())
