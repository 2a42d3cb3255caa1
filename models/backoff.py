"""How long to wait after a failure. Pure: randomness is an argument."""

from __future__ import annotations

FIRST_S = 0.5
LONGEST_S = 30.0
_JITTER = 0.2
_PLATEAU_S = LONGEST_S / (1 + _JITTER)  # leaves room for jitter below the longest wait
_ENOUGH_DOUBLINGS = 10


def delay_s(failures: int, chance: float) -> float:
    """Seconds to wait after the given number of failures in a row.

    Args:
        failures: 1 after the first failure.
        chance: a random number in [0, 1): spreads the retries of many, so that they do not come in step.

    Returns:
        0.5 s after the first, doubled with each further one, up to a fifth longer by chance, at most 30 s.
    """
    return doubled_s(FIRST_S, failures - 1, _PLATEAU_S) * (1 + _JITTER * chance)


def doubled_s(first_s: float, doublings: int, longest_s: float) -> float:
    """The first delay, doubled so many times (never, if negative), at most the longest one."""
    return min(first_s * 2.0 ** min(max(doublings, 0), _ENOUGH_DOUBLINGS), longest_s)
