"""`python -m reconciler`, and the console script `pygen`."""

from __future__ import annotations

import sys

from reconciler.descriptors import hold_standard_descriptors, keep_own_rights
from reconciler.import_guard import guard_imports

hold_standard_descriptors()
keep_own_rights()
guard_imports()

from reconciler.dispatch import dispatch  # noqa: E402 - only after the guard


def main() -> int:
    """Run the command line; the return value is the exit status."""
    return dispatch(sys.argv[1:])


if __name__ == "__main__":
    sys.exit(main())
