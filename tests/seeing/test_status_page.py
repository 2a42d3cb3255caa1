"""The status page as people see it: in a headless Chromium, from a running program."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest

from tests.support.browser import ENTER, TAB
from tests.support.waiting import wait_for

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from tests.support.browser import Browser
    from tests.support.fake_engine import FakeEngine
    from tests.support.process import PygenProcess

    Start = Callable[..., PygenProcess]

# The lines of text whose colour stands out too little from what is behind them (WCAG 2.2, 1.4.3: 4.5 to 1).
LOW_CONTRAST = """
const luminance = (rgb) => {
  const [r, g, b] = rgb.map((c) => (c /= 255) <= 0.04045 ? c / 12.92 : ((c + 0.055) / 1.055) ** 2.4);
  return 0.2126 * r + 0.7152 * g + 0.0722 * b;
};
const parts = (colour) => colour.match(/[\\d.]+/g).map(Number);
const ground = (node) => {
  for (; node; node = node.parentElement) {
    const [r, g, b, a = 1] = parts(getComputedStyle(node).backgroundColor);
    if (a === 1) return [r, g, b];
  }
  return null;
};
return [...document.querySelectorAll("body *")].filter((node) => node.checkVisibility()
    && [...node.childNodes].some((child) => child.nodeType === 3 && child.data.trim())
    && !node.matches("script, style, .skip")).map((node) => {
  const [a, b] = [luminance(parts(getComputedStyle(node).color).slice(0, 3)), luminance(ground(node))];
  return [(Math.max(a, b) + 0.05) / (Math.min(a, b) + 0.05), node.textContent];
}).filter(([ratio]) => ratio < 4.5);
"""

# What has the focus, in words, and whether one sees it.
FOCUS = """
const node = document.activeElement, style = getComputedStyle(node);
return [node === document.body ? "" : node.id || node.textContent.trim(), parseFloat(style.outlineWidth) > 0
  && style.outlineStyle !== "none"];
"""

# Where the page goes beyond the screen at its sides.
TOO_WIDE = """
const width = document.documentElement.clientWidth;
return [...document.querySelectorAll("body *")].filter((node) => node.checkVisibility()
    && !node.closest(".scroll") && !node.matches(".skip")
    && node.getBoundingClientRect().right > width + 1).map((node) => node.outerHTML.slice(0, 200));
"""


@pytest.fixture
def start(pygen: Start, fake_engine: FakeEngine, tmp_path: Path) -> Start:
    """Starts the program over the fake engine, ready."""

    def started(*arguments: str) -> PygenProcess:
        template = tmp_path / "names.j2"
        if not template.exists():
            template.write_text("{% for c in containers %}{{ c.name }} {{ c.env.KEY }}\n{% endfor %}")
        process = pygen(
            *("--template", template, "--target", tmp_path / "names.conf", "--docker-address", fake_engine.address),
            *("--interval", "0.1", *arguments),
        )
        process.wait_ready()
        return process

    return started


def _open(browser: Browser, process: PygenProcess) -> None:
    browser.open(f"http://127.0.0.1:{process.metrics_port}/")
    _wait_for_text(browser, "names.conf")


def _wait_for_text(browser: Browser, *wanted: str) -> None:
    wait_for(lambda: all(text in browser.text() for text in wanted), what=lambda: f"{wanted} in\n{browser.text()}")


def test_a_change_is_seen_without_a_reload(browser: Browser, start: Start, fake_engine: FakeEngine) -> None:
    """The containers that caused it, its counts, and the events that told of it."""
    fake_engine.add_container("web-1")
    process = start()
    _open(browser, process)
    browser.run("window.stayed = true")
    fake_engine.add_container("web-2")
    _wait_for_text(browser, "web-2 started (+1 −0 lines)", "2 running", "open since")
    fake_engine.stop_container("web-1")
    _wait_for_text(browser, "web-1 stopped (+0 −1 lines)", "1 exited, 1 running", "die")
    assert browser.run("return window.stayed")
    assert browser.complaints() == []


def test_a_notification_is_seen_failing_and_delivered(browser: Browser, start: Start, fake_engine: FakeEngine) -> None:
    """Who waits and why, then that nobody does."""
    fake_engine.add_container("proxy")
    fake_engine.fault("kill", times=None, status=500)
    _open(browser, start("--signal", "proxy", "HUP"))
    _wait_for_text(browser, "signal HUP to proxy is failing", "1 pending", "Failed")
    browser.run("document.querySelector('.notification details').open = true")
    _wait_for_text(browser, "the fake engine was told to fail")
    assert browser.run("return document.title") == "pygen: problems"
    fake_engine.heal()
    _wait_for_text(browser, "All targets are in sync", "nothing pending")
    assert browser.run("return document.title") == "pygen"


def test_a_broken_template_and_a_silent_engine_are_seen(
    browser: Browser, start: Start, fake_engine: FakeEngine, tmp_path: Path
) -> None:
    """Each with its reason; and a program that is gone is told from one that is well."""
    process = start()
    _open(browser, process)
    (tmp_path / "names.j2").write_text("{% for %}")
    _wait_for_text(browser, "not in sync", "names.j2, line 1")
    fake_engine.stop()
    _wait_for_text(browser, "failing", "down since")
    process.kill()
    _wait_for_text(browser, "pygen does not answer: the last known status is shown")


def test_a_note_is_seen_until_it_is_gone(
    browser: Browser, start: Start, fake_engine: FakeEngine, tmp_path: Path
) -> None:
    """As text, whatever it holds, and in the data."""
    (tmp_path / "names.j2").write_text(
        "{% for c in containers %}{{ note(c.name ~ ': <b id=evil>\n left out') }}{% endfor %}"
    )
    process = start()
    _open(browser, process)
    identity = fake_engine.add_container("web-1")
    _wait_for_text(browser, "1 note of the template", "web-1: <b id=evil>\\n left out")
    assert browser.run("return document.getElementById('evil')") is None
    (job,) = json.loads(process.get("/status.json")[1])["jobs"]
    assert (job["note_count"], job["notes"]) == (1, ["web-1: <b id=evil>\\n left out"])
    fake_engine.remove(identity)
    wait_for(lambda: "note of the template" not in browser.text(), what=lambda: f"no note in\n{browser.text()}")


def test_nothing_is_loaded_from_anybody_else(browser: Browser, start: Start) -> None:
    """The page and its data are all that is asked for."""
    process = start()
    _open(browser, process)
    own = f"http://127.0.0.1:{process.metrics_port}"
    seen: list[str] = []

    def polled() -> bool:
        seen.extend(browser.requested())
        return seen.count(f"{own}/status.json") >= 2

    wait_for(polled, what="a second poll")
    assert {address for address in seen if not address.startswith("data:")} == {f"{own}/", f"{own}/status.json"}


def test_no_value_of_a_template_is_shown(
    browser: Browser, start: Start, fake_engine: FakeEngine, tmp_path: Path
) -> None:
    """What containers say of themselves, beyond their names, is in the target only."""
    process = start()
    _open(browser, process)
    fake_engine.add_container("web-1", env={"KEY": "confidential-value"}, labels={"key": "confidential-label"})
    _wait_for_text(browser, "web-1 started", "create")
    assert "confidential-value" in (tmp_path / "names.conf").read_text()
    assert "confidential" not in browser.run("return document.documentElement.outerHTML")
    assert "confidential" not in process.get("/status.json")[1]


def test_hostile_names_stay_text(browser: Browser, start: Start, fake_engine: FakeEngine) -> None:
    """An engine could tell of any action; none becomes a part of the page."""
    process = start()
    _open(browser, process)
    identity = fake_engine.add_container("web-1")
    fake_engine.change(identity, "health_status: <img src=x onerror=window.hit=1><b id=evil>")
    _wait_for_text(browser, "<b id=evil>")
    assert browser.run("return [window.hit, document.getElementById('evil')]") == [None, None]


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_everything_is_legible(scheme: str, browser: Browser, start: Start, fake_engine: FakeEngine) -> None:
    """In a light and in a dark page, good news and bad, links and buttons: the contrast is enough."""
    fake_engine.add_container("proxy")
    fake_engine.add_container("app")
    fake_engine.fault("kill", times=None, status=500)
    browser.prefer("dark" if scheme == "dark" else "light")
    process = start("--signal", "proxy", "HUP", "--signal", "app", "HUP", "--restart", "nobody")
    _open(browser, process)
    _wait_for_text(browser, "1 pending", "no match", "reachable")
    ground = browser.run("return getComputedStyle(document.body).backgroundColor.match(/\\d+/g).map(Number)")
    assert (sum(ground) < 3 * 64) == (scheme == "dark")
    assert browser.run(LOW_CONTRAST) == []


def test_a_phone_shows_all_of_it(browser: Browser, start: Start, fake_engine: FakeEngine) -> None:
    """Nothing goes beyond the sides of a narrow screen, however long a name is."""
    fake_engine.add_container("a-" + "very-" * 20 + "long-name")
    browser.resize(320, 640, phone=True)
    _open(browser, start("--signal", "another-" + "very-" * 20 + "long-name", "HUP"))
    _wait_for_text(browser, "long-name", "no match")
    assert browser.run("return document.documentElement.scrollWidth") <= 320
    assert browser.run(TOO_WIDE) == []
    size = browser.run("return parseFloat(getComputedStyle(document.querySelector('dd')).fontSize)")
    assert size >= 16


def test_the_keyboard_reaches_everything(browser: Browser, start: Start, fake_engine: FakeEngine) -> None:
    """In the order of the page, each seen while it has the focus, and through updates."""
    fake_engine.add_container("proxy")
    fake_engine.fault("kill", times=None, status=500)
    process = start("--signal", "proxy", "HUP")
    _open(browser, process)
    fake_engine.add_container("web-2")
    _wait_for_text(browser, "Pending", "web-2")
    browser.run("document.activeElement.blur()")
    order = []
    for _ in range(6):
        browser.press(TAB)
        name, visible = browser.run(FOCUS)
        assert visible, name
        order.append(name)
    assert order == ["Skip to the jobs", "pause", "JSON", "Metrics", "Pending", "events-box"]
    browser.run("document.querySelector('.notification summary').focus()")
    browser.press(ENTER)
    fake_engine.add_container("web-3")
    _wait_for_text(browser, "web-3 started")
    assert browser.run(FOCUS)[0] == "Pending"
    assert browser.run("return document.querySelector('.notification details').open")


def test_updates_can_be_paused(browser: Browser, start: Start, fake_engine: FakeEngine) -> None:
    """Whoever reads slowly stops them, and lets them go on, by the keyboard alone."""
    process = start()
    _open(browser, process)
    browser.run("document.getElementById('pause').focus()")
    browser.press(ENTER)
    _wait_for_text(browser, "Resume updates")
    browser.run("window.polls = 0; const real = window.fetch; window.fetch = (...a) => (window.polls++, real(...a))")
    fake_engine.add_container("web-1")
    process.wait_for(lambda: "web-1 started" in process.get("/status.json")[1])
    # Longer than a poll takes, by the page's own clock: what does not happen has no state to wait for.
    browser.run("window.later = false; setTimeout(() => { window.later = true; }, 5000)")
    wait_for(lambda: browser.run("return window.later"))
    assert browser.run("return window.polls") == 0
    assert "web-1" not in browser.text()
    browser.press(ENTER)
    _wait_for_text(browser, "web-1 started", "Pause updates")


def test_the_page_says_what_it_is(browser: Browser, start: Start) -> None:
    """A language, one main heading, landmarks, and a place whose news are read out."""
    _open(browser, start())
    assert browser.run("return document.documentElement.lang") == "en"
    assert browser.run("return document.querySelectorAll('h1').length") == 1
    for landmark in ("header", "main", "nav[aria-label]", "footer", "[role=status]", "th[scope=col]"):
        assert browser.run("return document.querySelectorAll(arguments[0]).length", landmark) > 0, landmark


def test_it_can_be_turned_off(start: Start) -> None:
    """Both paths are gone then, and any other one always was."""
    on = start()
    assert {path: on.get(path)[0] for path in ("/", "/status.json")} == {"/": 200, "/status.json": 200}
    assert {on.get(path)[0] for path in ("/status", "/page.js", "/index.html", "//", "/status.json/")} == {404}
    assert {"version", "engines", "jobs", "events"} <= set(json.loads(on.get("/status.json")[1]))
    on.stop()
    off = start("--status", "off")
    assert [off.get(path)[0] for path in ("/", "/status.json", "/metrics")] == [404, 404, 200]
