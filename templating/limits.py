"""What a render may take: the defaults of the options, and of a renderer that is told nothing else."""

from __future__ import annotations

MIB = 1024 * 1024

TIME_LIMIT_S = 10.0
SIZE_LIMIT_BYTES = 16 * MIB

_MEMORY_FACTOR = 16
_MEMORY_LEAST_BYTES = 256 * MIB


def memory_limit_for(size_limit_bytes: int) -> int:
    """Bytes that a render may add to its process's memory, unless configured."""
    return max(_MEMORY_LEAST_BYTES, _MEMORY_FACTOR * size_limit_bytes)
