"""What a command printed: bounded, and harmless in a log."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from notify.output import KEPT_BYTES, Tail, last_lines


@given(st.lists(st.binary(max_size=3 * KEPT_BYTES), max_size=8))
def test_the_end_is_kept_however_it_is_cut(pieces: list[bytes]) -> None:
    """And never more than that."""
    tail = Tail()
    for piece in pieces:
        tail.add(piece)
        assert len(tail._kept) <= KEPT_BYTES
    assert bytes(tail) == b"".join(pieces)[-KEPT_BYTES:]


@given(st.binary(max_size=KEPT_BYTES))
def test_any_output_is_one_printable_line(output: bytes) -> None:
    """Of a length that a log can take."""
    told = last_lines(output)
    assert told.isprintable()
    assert len(told) <= 1024 + 3


def test_the_last_lines_are_told() -> None:
    """Empty ones are none; an escape and a direction mark are written out; the end of a long line is kept."""
    assert last_lines(b"1\n2\n\n3\n4\r\n5\n6\n") == "2 | 3 | 4 | 5 | 6"
    assert last_lines("\x1b[31mred\u202e\n".encode()) == r"\x1b[31mred\u202e"
    assert last_lines(b"\xff!") == "\ufffd!"
    assert last_lines(b"x" * 3000 + b"end") == "..." + "x" * 1021 + "end"
    assert last_lines(b"\n \n") == ""
