"""Lines added and removed."""

from __future__ import annotations

import functools
import random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from reconciler.target.diff import LineCounts, count_lines, longest_common_subsequence


@pytest.mark.parametrize(
    ("old", "new", "added", "removed"),
    [
        (b"", b"", 0, 0),
        (b"", b"a\nb\n", 2, 0),
        (b"a\nb\n", b"", 0, 2),
        (b"a\n", b"a\n", 0, 0),
        (b"a\nb\nc\n", b"a\nx\nc\n", 1, 1),
        (b"a\nc\n", b"a\nb\nc\n", 1, 0),
        (b"a\na\n", b"a\na\na\n", 1, 0),
        (b"a\nb\n", b"b\na\n", 1, 1),
        (b"a\nb\nc\nd\n", b"b\nc\nd\na\n", 1, 1),
        (b"a\n", b"a", 1, 1),
        (b"a\nb", b"a\nb\n", 1, 1),
        (b"a\r\n", b"a\n", 1, 1),
        (b"a\rb\n", b"a\rc\n", 1, 1),
        (b"\n\n", b"\n", 0, 1),
        (b"\xff\x00\n", b"\xff\x01\n", 1, 1),
    ],
)
def test_counts(old: bytes, new: bytes, added: int, removed: int) -> None:
    """The numbers are those of a shortest line diff; only a line feed ends a line."""
    assert count_lines(old, new) == LineCounts(added, removed)


def _textbook(before: list[bytes], after: list[bytes]) -> int:
    """The length of a longest common subsequence as every book has it."""

    @functools.cache
    def length(i: int, j: int) -> int:
        if i == len(before) or j == len(after):
            return 0
        if before[i] == after[j]:
            return 1 + length(i + 1, j + 1)
        return max(length(i + 1, j), length(i, j + 1))

    return length(0, 0)


LINES = st.lists(st.sampled_from([b"a\n", b"b\n", b"c\n", b"\n"]), max_size=14)


@given(LINES, LINES)
def test_common_subsequence_is_the_textbooks(before: list[bytes], after: list[bytes]) -> None:
    """The bit-parallel form gives what the plain table gives."""
    assert longest_common_subsequence(before, after) == _textbook(before, after)


@given(LINES, LINES)
def test_counts_are_those_of_a_shortest_diff(before: list[bytes], after: list[bytes]) -> None:
    """Dropping common ends and lines of one side only changes no number."""
    common = _textbook(before, after)
    assert count_lines(b"".join(before), b"".join(after)) == LineCounts(len(after) - common, len(before) - common)


@given(st.binary(max_size=60), st.binary(max_size=60))
def test_counts_add_up_for_any_bytes(old: bytes, new: bytes) -> None:
    """What is added less what is removed is how many lines there are more; the other way round they change places."""
    counts = count_lines(old, new)
    assert counts.added - counts.removed == len(new.split(b"\n")[:-1]) + (new[-1:] not in (b"", b"\n")) - (
        len(old.split(b"\n")[:-1]) + (old[-1:] not in (b"", b"\n"))
    )
    assert count_lines(new, old) == LineCounts(added=counts.removed, removed=counts.added)
    assert (counts == LineCounts(0, 0)) == (old == new)


def test_large_files_are_counted_exactly() -> None:
    """Among 10,000 lines a few changes far apart, and a shuffle of 2,000, are counted to the line."""
    lines = [b"line %d\n" % number for number in range(10_000)]
    changed = [*lines]
    changed[10], changed[5_000], changed[9_990] = b"x\n", b"y\n", b"z\n"
    assert count_lines(b"".join(lines), b"".join(changed)) == LineCounts(3, 3)
    shuffled = lines[:2_000]
    random.Random(1).shuffle(shuffled)
    counts = count_lines(b"".join(lines[:2_000]), b"".join(shuffled))
    assert counts.added == counts.removed
    assert counts.added == 2_000 - longest_common_subsequence(lines[:2_000], shuffled)


def test_beyond_the_limit_the_order_does_not_count() -> None:
    """Very large differences are counted as multisets: a moved line counts for nothing, a new one still for one."""
    old, new = b"a\nb\nc\nd\n", b"d\nc\nb\na\nnew\n"
    assert count_lines(old, new) == LineCounts(4, 3)
    assert count_lines(old, new, exact_cells_max=10) == LineCounts(1, 0)
