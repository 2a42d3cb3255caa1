r"""How many lines a change adds and removes.

The numbers are those of a shortest line diff: with L the length of a longest common subsequence of lines, `added` is
the new count of lines minus L, `removed` the old count minus L. A line ends with its `\n`; a last line without one is
another line than the same one with it, as for `diff`. A line that is moved counts once on each side.

Beyond `EXACT_CELLS_MAX` pairs of differing lines the order of lines is left out of account (the difference of the two
multisets), which can only be lower: a moved line then counts for nothing.

Why not `difflib`: its time grows with the third power of the lines where they repeat, as closing braces do. For 2,000
lines of which every second one is replaced, `SequenceMatcher(None, old, new, autojunk=False)` took 141 s, and with its
heuristic for frequent lines (`autojunk`) it counts 1,002 of 1,002 lines where the first and the last one changed.
"""

from __future__ import annotations

import io
from collections import Counter
from typing import TYPE_CHECKING

from models.frozen import frozen

if TYPE_CHECKING:
    from collections.abc import Sequence

EXACT_CELLS_MAX = 100_000_000
"""Old times new lines, after what is common at both ends is gone: 10,000 x 10,000 takes some tens of milliseconds."""


@frozen
class LineCounts:
    """Lines added and removed by a change."""

    added: int
    removed: int


def count_lines(old: bytes, new: bytes, *, exact_cells_max: int = EXACT_CELLS_MAX) -> LineCounts:
    """Count what a change from `old` to `new` adds and removes; see the module for the definition."""
    if old == new:
        return LineCounts(0, 0)
    before, after = _differing(_lines(old), _lines(new))
    common = _common(_occurring(before, after), _occurring(after, before), exact_cells_max)
    return LineCounts(added=len(after) - common, removed=len(before) - common)


def _lines(content: bytes) -> list[bytes]:
    r"""Split at `\n` only and keep it: `bytes.splitlines` would split at a carriage return too."""
    return io.BytesIO(content).readlines()


def _differing(before: list[bytes], after: list[bytes]) -> tuple[list[bytes], list[bytes]]:
    """Drop the lines that both have at the start and at the end: usually nearly all of them."""
    shorter = min(len(before), len(after))
    start = next((at for at in range(shorter) if before[at] != after[at]), shorter)
    rest = shorter - start
    end = next((at for at in range(rest) if before[-1 - at] != after[-1 - at]), rest)
    return before[start : len(before) - end], after[start : len(after) - end]


def _occurring(lines: list[bytes], others: list[bytes]) -> list[bytes]:
    """Only those that the other side has at all; the rest can be in no common subsequence."""
    known = set(others)
    return [line for line in lines if line in known]


def _common(before: Sequence[bytes], after: Sequence[bytes], exact_cells_max: int) -> int:
    if len(before) * len(after) > exact_cells_max:
        return sum((Counter(before) & Counter(after)).values())
    return longest_common_subsequence(before, after)


def longest_common_subsequence(before: Sequence[bytes], after: Sequence[bytes]) -> int:
    """The length of a longest common subsequence.

    One row of the usual table is one big integer, a bit for each line of `before` (Hyyro's bit-parallel form): a zero
    bit is a place where the length grows by one. So a row costs a few operations on whole machine words.
    """
    places: dict[bytes, int] = {}
    for at, line in enumerate(before):
        places[line] = places.get(line, 0) | (1 << at)
    ones = (1 << len(before)) - 1
    row = ones
    for line in after:
        matches = row & places.get(line, 0)
        row = ((row + matches) | (row - matches)) & ones
    return len(before) - row.bit_count()
