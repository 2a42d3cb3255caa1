"""The two pages: `/` for people, `/status.json` for programs. Called in the threads that answer requests."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from reconciler.status.values import Status

Page = tuple[str, bytes]
Check = tuple[bool, str]

HTML = "text/html; charset=utf-8"
JSON = "application/json"


def status_pages(
    read: Callable[[], Status], *, healthy: Callable[[], Check], ready: Callable[[], Check]
) -> Mapping[str, Callable[[], Page]]:
    """By path, what answers it.

    Args:
        read: gives the status.
        healthy: as `/healthz` answers, and a reason.
        ready: as `/readyz` answers, and a reason.
    """
    return {"/": page, "/status.json": lambda: (JSON, encoded(read(), healthy=healthy(), ready=ready()))}


def encoded(status: Status, *, healthy: Check, ready: Check) -> bytes:
    """The status as JSON in ASCII, with what only the moment of the question can tell."""
    import json  # no start waits for them: see the module's docstring
    from dataclasses import asdict

    checks = {name: {"ok": ok, "reason": why} for name, (ok, why) in (("healthy", healthy), ("ready", ready))}
    return json.dumps(asdict(status) | checks).encode()


def page() -> Page:
    """The page, whole: style and script are in it, so that `/` and `/status.json` are the only paths."""
    from importlib.resources import files  # the same

    folder = files("reconciler.status")
    text = {name: (folder / name).read_text(encoding="utf-8") for name in ("page.html", "page.css", "page.js")}
    filled = text["page.html"].replace("/* page.css */", text["page.css"]).replace("/* page.js */", text["page.js"])
    return HTML, filled.encode()
