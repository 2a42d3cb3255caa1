"""The tests' own socket proxy decides as the documentation of the real one says."""

from __future__ import annotations

from http import HTTPStatus

import pytest

from tests.support.socket_proxy import settings_of, verdict

LINES = ["-allowGET=/version", "-allowGET=(/v1.41)?/containers/[a-z]+/json", "-allowfrom=pygen"]


@pytest.mark.parametrize(
    ("method", "target", "refusal"),
    [
        ("GET", "/version", None),
        ("GET", "/v1.41/containers/web/json?size=1", None),
        ("GET", "/version/more", HTTPStatus.FORBIDDEN),
        ("GET", "/x/version", HTTPStatus.FORBIDDEN),
        ("GET", "/containers/web%2Fx/json", HTTPStatus.FORBIDDEN),
        ("POST", "/version", HTTPStatus.METHOD_NOT_ALLOWED),
        ("HEAD", "/version", HTTPStatus.METHOD_NOT_ALLOWED),
    ],
)
def test_a_whole_path_has_to_match_a_line_of_its_method(method: str, target: str, refusal: HTTPStatus | None) -> None:
    """A method without a line is 405, a path that no line is for 403; the query does not count."""
    assert verdict(settings_of(LINES), method, target) == refusal


def test_an_argument_that_it_does_not_know_ends_it() -> None:
    """So that a test cannot pass with one that the real one would not take."""
    with pytest.raises(SystemExit, match="-allowEverything"):
        settings_of(["-allowEverything=.*"])
