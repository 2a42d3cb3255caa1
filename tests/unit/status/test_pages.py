"""The two pages as bytes."""

from __future__ import annotations

import json
import re

from reconciler.status.pages import status_pages
from reconciler.status.values import HeardEvent, Status

STATUS = Status("1.2.3", 1.0, 2.0, events=(HeardEvent(1.5, "container", "start", "</script>\N{SNOWMAN}"),))
PAGES = status_pages(lambda: STATUS, healthy=lambda: (True, "ok"), ready=lambda: (False, "not yet"))


def test_there_are_two_paths() -> None:
    """Style and script are in the page itself."""
    assert set(PAGES) == {"/", "/status.json"}


def test_the_data_is_json_with_the_checks_beside_it() -> None:
    """In ASCII, whatever names hold."""
    content_type, body = PAGES["/status.json"]()
    data = json.loads(body.decode("ascii"))
    assert content_type == "application/json"
    assert data["healthy"] == {"ok": True, "reason": "ok"}
    assert data["ready"] == {"ok": False, "reason": "not yet"}
    assert (data["version"], data["engines"], data["events"][0]["name"]) == ("1.2.3", [], "</script>\N{SNOWMAN}")


def test_the_page_names_no_address_of_anybody_else() -> None:
    """Neither a scheme nor a path that starts with two slashes; and it holds no data yet."""
    content_type, body = PAGES["/"]()
    text = body.decode()
    assert content_type == "text/html; charset=utf-8"
    assert "page.css" not in text
    assert "page.js" not in text
    assert not re.search(r"https?:|[\"'(]//", text)
    assert "1.2.3" not in text


def test_the_script_puts_nothing_in_as_markup() -> None:
    """Names come from containers, and may be hostile."""
    text = PAGES["/"]()[1].decode()
    assert not re.search(r"innerHTML|outerHTML|insertAdjacentHTML|document\.write|eval\(", text)
