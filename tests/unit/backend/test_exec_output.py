"""The frames in which an engine sends what a command printed."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from notify.output import KEPT_BYTES, Tail
from reconciler.backend.exec_output import ExecOutput


def frame(stream: int, text: bytes) -> bytes:
    """One piece of output as the engine sends it."""
    return bytes([stream, 0, 0, 0]) + len(text).to_bytes(4, "big") + text


def read(*pieces: bytes) -> bytes:
    """What is kept of a stream."""
    kept = Tail()
    output = ExecOutput(kept)
    for piece in pieces:
        output.add(piece)
    return bytes(kept)


@given(st.lists(st.tuples(st.sampled_from([0, 1, 2]), st.binary(max_size=40))), st.integers(1, 50))
def test_frames_are_taken_off_however_the_network_cuts_them(frames: list[tuple[int, bytes]], size: int) -> None:
    """Both streams in the order in which they came."""
    sent = b"".join(frame(*each) for each in frames)
    pieces = [sent[at : at + size] for at in range(0, len(sent), size)]
    assert read(*pieces) == b"".join(text for _, text in frames)


@given(st.lists(st.binary(max_size=2 * KEPT_BYTES)))
def test_any_bytes_are_survived(pieces: list[bytes]) -> None:
    """And bounded."""
    assert len(read(*pieces)) <= KEPT_BYTES


def test_what_has_no_frames_is_taken_as_it_is() -> None:
    """As from a terminal."""
    assert read(b"hello ", b"world, and more") == b"hello world, and more"
    assert read(frame(1, b"one "), b"two, three") == b"one two, three"


def test_a_frame_that_is_cut_off_is_kept_as_far_as_it_came() -> None:
    """The connection broke in it."""
    assert read(frame(2, b"half of it")[:12]) == b"half"
