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
    doublings = min(max(failures - 1, 0), _ENOUGH_DOUBLINGS)
    return min(FIRST_S * 2.0**doublings, _PLATEAU_S) * (1 + _JITTER * chance)
