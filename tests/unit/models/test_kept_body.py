"""Keeping bodies in little memory."""

from __future__ import annotations

import json
import zlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from models import kept_body
from models.kept_dictionary import COMMON
from tests.unit.models.bodies import attrs

BODY = json.dumps(attrs(), separators=(",", ":")).encode()


@given(st.binary())
def test_what_is_kept_comes_back(body: bytes) -> None:
    """Whatever it is."""
    assert kept_body.unpack(kept_body.keep(body)) == body


def test_a_usual_body_becomes_small() -> None:
    """The dictionary is worth its lines: a small body takes a third less than by deflating alone."""
    assert len(kept_body.keep(BODY)) < len(zlib.compress(BODY, 1)) * 2 / 3
    assert len(kept_body.keep(COMMON)) < len(COMMON) / 20


def test_equal_bodies_are_kept_alike() -> None:
    """So that kept ones can be compared."""
    assert kept_body.keep(BODY) == kept_body.keep(bytes(BODY))
    assert kept_body.keep(BODY) != kept_body.keep(BODY + b" ")


def test_decoding_is_remembered() -> None:
    """The same object for the next render."""
    kept = kept_body.keep(BODY)
    assert kept_body.decode(kept) is kept_body.decode(bytes(kept))
    assert kept_body.decode(kept) == attrs()


@pytest.mark.parametrize(
    "body", [b"", b"{", b"[]", b'"text"', b"null", b"5", b"<html>", b'{"a":1} x', b"\xff\xfe", b"[" * 100_000]
)
def test_what_is_no_object_is_a_value_error(body: bytes) -> None:
    """Also what is nested without end."""
    with pytest.raises(ValueError, match=r"."):
        kept_body.parse(body)


def test_halves_of_characters_are_replaced() -> None:
    """Half a surrogate pair is legal JSON, and no file could be written with it; whole pairs are one character."""
    parsed = kept_body.parse(rb'{"a": "\ud83d", "b": "\ud83d\ude00", "\uDE00": "c", "d": "\\ud", "e": "\u003c"}')
    assert parsed == {"a": "?", "b": "😀", "?": "c", "d": "\\ud", "e": "<"}


def test_bytes_that_are_no_utf_8_are_replaced() -> None:
    """One odd byte does not hide a container."""
    assert kept_body.parse(b'{"a": "\xff"}') == {"a": "\N{REPLACEMENT CHARACTER}"}
