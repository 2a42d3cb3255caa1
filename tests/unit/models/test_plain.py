"""Model values as plain data."""

from __future__ import annotations

import json
from typing import Any

from models.plain import plain
from models.snapshot import Snapshot
from tests.unit.models.bodies import NETWORK_ID, attrs, read


def test_a_container_is_a_dictionary_of_its_fields() -> None:
    """Without `raw`, and plain all the way down: JSON can be written of it."""
    container = read()
    found = plain(container)
    assert set(found) == set(container) - {"raw"}
    assert json.loads(json.dumps(found)) == found
    assert found["networks"][0]["id"] == NETWORK_ID
    assert found["ports"] == {"sctp": [], "tcp": [80, 443], "udp": [53]}
    assert found["compose"] == {"project": "shop", "service": "web", "number": 1}


def test_raw_is_its_attrs() -> None:
    """As the engine wrote them."""
    assert plain(read().raw) == plain(read().raw.attrs) == attrs()


def test_lists_and_other_values() -> None:
    """A list of containers is a list, and what is plain stays as it is."""
    assert [each["name"] for each in plain(Snapshot.of([read()]).containers)] == ["shop-web-1"]
    assert plain({"a": (1, read().networks[0].aliases)}) == {"a": [1, ["web", "a1b2c3d4e5f6"]]}
    assert [plain(value) for value in ("x", 5, None, True)] == ["x", 5, None, True]


def test_a_copy_is_nobody_elses() -> None:
    """Changing it changes nothing that the next template sees."""
    found: Any = plain(read().raw)
    found["Config"]["Env"].append("A=b")
    found["State"].clear()
    assert plain(read().raw) == attrs()
