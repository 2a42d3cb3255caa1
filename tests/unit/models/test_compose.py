"""What Compose says of a container."""

from __future__ import annotations

import pytest

from models.compose import NOT_COMPOSE, NUMBER_LABEL, PROJECT_LABEL, SERVICE_LABEL, Compose


def test_reads_composes_labels() -> None:
    """Project, service and number."""
    labels = {PROJECT_LABEL: "shop", SERVICE_LABEL: "web", NUMBER_LABEL: "2", "else": "x"}
    assert Compose.from_labels(labels) == Compose("shop", "web", 2)


def test_is_false_for_what_is_not_composes() -> None:
    """So that a template can ask `if container.compose`."""
    assert Compose.from_labels({NUMBER_LABEL: "2"}) is NOT_COMPOSE
    assert not NOT_COMPOSE
    assert Compose(service="web")
    assert Compose(project="shop")


@pytest.mark.parametrize(
    ("text", "number"), [("1", 1), ("12", 12), ("", 0), ("one", 0), ("-1", 0), ("1.5", 0), ("²", 0), ("9" * 5000, 0)]
)
def test_a_number_that_is_none_is_0(text: str, number: int) -> None:
    """Labels are anybody's."""
    assert Compose.from_labels({SERVICE_LABEL: "web", NUMBER_LABEL: text}).number == number


def test_is_read_as_a_mapping() -> None:
    """In any case."""
    compose = Compose("shop", "web", 1)
    assert dict(compose) == {"project": "shop", "service": "web", "number": 1}
    assert compose["Project"] == "shop"
