"""Values with fixed fields."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import FrozenInstanceError, dataclass
from typing import Any

import pytest

from models.record import Record, field_names


@dataclass(frozen=True, slots=True)
class Place(Record):
    """A record for these tests."""

    ip_address: str
    Port: int
    _kept: str = "hidden"


PLACE: Any = Place("10.0.0.1", 80)


def test_fields_are_attributes_and_keys_in_any_case() -> None:
    """The four spellings are one thing."""
    assert PLACE.ip_address == PLACE.IP_Address == PLACE["ip_address"] == PLACE["IP_ADDRESS"] == "10.0.0.1"
    assert PLACE.Port == PLACE.port == PLACE["port"] == 80


def test_reads_as_a_mapping_of_its_public_fields() -> None:
    """In the order of their definition."""
    assert isinstance(PLACE, Mapping)
    assert dict(PLACE) == {"ip_address": "10.0.0.1", "Port": 80}
    assert list(PLACE.items()) == [("ip_address", "10.0.0.1"), ("Port", 80)]
    assert len(PLACE) == 2
    assert field_names(Place) == {"ip_address": "ip_address", "port": "Port"}


@pytest.mark.parametrize("key", ["missing", "_kept", "_KEPT", 3, None])
def test_other_keys_are_missing(key: Any) -> None:
    """What is no public field is a KeyError."""
    with pytest.raises(KeyError):
        PLACE[key]
    assert PLACE.get(key, "default") == "default"


@pytest.mark.parametrize("name", ["missing", "_Kept", "__html__"])
def test_other_attributes_are_missing(name: str) -> None:
    """A private field's other spellings do not lead to it."""
    assert not hasattr(PLACE, name)


def test_is_true_and_comparable_and_frozen() -> None:
    """A value, equal by its fields."""
    assert PLACE
    assert Place("10.0.0.1", 80) == PLACE
    assert hash(Place("10.0.0.1", 80)) == hash(PLACE)
    with pytest.raises(FrozenInstanceError):
        PLACE.Port = 81
