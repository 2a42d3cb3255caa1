"""Tests of agreeing on a version of the API."""

from __future__ import annotations

from typing import Any

import pytest

from reconciler.backend.api_version import choose, named_in_refusal, parse


@pytest.mark.parametrize(
    ("newest", "oldest", "expected"),
    [
        ("1.41", "1.12", (1, 41)),
        ("1.51", "1.24", (1, 51)),
        ("1.52", "1.44", (1, 51)),
        ("1.99", "1.60", (1, 60)),
        ("2.0", "1.44", (1, 51)),
        ("1.44", None, (1, 44)),
        ("1.44", 7, (1, 44)),
    ],
)
def test_the_version_is_one_that_both_have(newest: str, oldest: object, expected: tuple[int, int]) -> None:
    """The newest that we know and the engine has; its oldest where that is newer than all we know."""
    assert choose({"ApiVersion": newest, "MinAPIVersion": oldest}) == expected


@pytest.mark.parametrize("newest", ["1.40", "1.9", "0.99"])
def test_an_engine_that_is_too_old_is_refused(newest: str) -> None:
    """The message says which version it has and which is needed."""
    with pytest.raises(ValueError, match=rf"{newest} is too old: 1\.41 is needed"):
        choose({"ApiVersion": newest})


@pytest.mark.parametrize("answer", [{}, {"ApiVersion": None}, {"ApiVersion": 1.41}, {"ApiVersion": "new"}])
def test_an_answer_without_a_version_is_no_engines(answer: dict[str, Any]) -> None:
    """Something else answered."""
    with pytest.raises(ValueError, match="not from a Docker engine"):
        choose(answer)


@pytest.mark.parametrize("text", ["", "1", "1.", ".4", "1.4.1", "v1.41", "1.41 ", "١.٤", "1.99999", None, 1.41])
def test_what_is_no_version_reads_as_none(text: object) -> None:
    """Only two decimal numbers and a point are one."""
    assert parse(text) is None


@pytest.mark.parametrize(
    ("status", "body", "expected"),
    [
        (400, b'{"message":"client version 1.47 is too new. Maximum supported API version is 1.43"}', (1, 43)),
        (400, b"client version 1.41 is too old. Minimum supported API version is 1.44, please upgrade", (1, 44)),
        (400, b'{"message":"client version 1.47 is too new. Maximum supported API version is 1.40"}', None),
        (400, b'{"message":"client version 1.47 is too new. Maximum supported API version is ..."}', None),
        (400, b'{"message":"bad parameter"}', None),
        (200, b'{"x":"client version 1.47 is too new. Maximum supported API version is 1.43"}', None),
    ],
)
def test_a_refusal_names_the_version_to_speak(status: int, body: bytes, expected: tuple[int, int] | None) -> None:
    """Only a refusal does, and only a version that we speak."""
    assert named_in_refusal(status, body) == expected
