"""A headless Chromium, driven through chromedriver's plain HTTP interface (W3C WebDriver): no library is needed."""

from __future__ import annotations

import base64
import contextlib
import json
import os
import shutil
import signal
import subprocess
import tempfile
import urllib.error
import urllib.request
from typing import TYPE_CHECKING, Any, Literal

from tests.support.ports import reserve_port
from tests.support.waiting import wait_for

if TYPE_CHECKING:
    from types import TracebackType

TAB, ENTER = "\ue004", "\ue007"
_OPENER = urllib.request.build_opener(urllib.request.ProxyHandler({}))
#: Root has no sandbox; the rest keeps the browser from talking to anybody on its own.
_ARGUMENTS = (
    "--headless=new",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-dev-shm-usage",
    "--disable-extensions",
    "--disable-background-networking",
    "--disable-component-update",
    "--no-first-run",
    "--force-device-scale-factor=1",
    "--hide-scrollbars",
)


class BrowserError(Exception):
    """The browser did not do what it was asked; the message is its own."""


class Browser:
    """One browser with one page. A context manager: chromedriver, Chromium and their folder go with it."""

    def __init__(self) -> None:
        self._folder = ""
        self._driver: subprocess.Popen[bytes] | None = None
        self._base = ""
        self._session = ""

    def __enter__(self) -> Browser:
        self._folder = tempfile.mkdtemp(prefix="pgb", dir="/tmp")
        try:
            self._start()
        except BaseException:
            self.close()
            raise
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def _start(self) -> None:
        port = reserve_port()
        log = f"{self._folder}/driver.log"
        self._base = f"http://127.0.0.1:{port}"
        self._driver = subprocess.Popen(
            ["chromedriver", f"--port={port}", f"--log-path={log}"],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            env={**os.environ, "HOME": self._folder, "TMPDIR": self._folder},
            start_new_session=True,
        )
        wait_for(self._answers, what="chromedriver to answer")
        options = {"args": [*_ARGUMENTS, f"--user-data-dir={self._folder}/profile"]}
        wanted = {"goog:chromeOptions": options, "goog:loggingPrefs": {"performance": "ALL", "browser": "ALL"}}
        made = self._request("POST", "/session", {"capabilities": {"alwaysMatch": wanted}})
        self._session = f"/session/{made['sessionId']}"

    def close(self) -> None:
        """End the browser; by force, if it does not go by itself."""
        if self._session:
            with contextlib.suppress(BrowserError, OSError):
                self._request("DELETE", self._session)
        if self._driver is not None:
            # The browser is in chromedriver's own process group, and in no other.
            with contextlib.suppress(ProcessLookupError):
                os.killpg(self._driver.pid, signal.SIGKILL)
            self._driver.wait()
        self._session, self._driver = "", None
        shutil.rmtree(self._folder, ignore_errors=True)

    # The page

    def open(self, address: str) -> None:
        """Load a page, and wait for it."""
        self._post("url", {"url": address})

    def run(self, script: str, *arguments: Any) -> Any:
        """Run a function's body in the page, and return what it returns."""
        return self._post("execute/sync", {"script": script, "args": list(arguments)})

    def text(self) -> str:
        """What a reader of the page sees."""
        return str(self.run("return document.body.innerText"))

    def press(self, *keys: str) -> None:
        """Press and release keys, one after the other, on whatever has the focus."""
        strokes = [{"type": kind, "value": key} for key in keys for kind in ("keyDown", "keyUp")]
        self._post("actions", {"actions": [{"type": "key", "id": "keyboard", "actions": strokes}]})

    def screenshot(self) -> bytes:
        """The visible part of the page as PNG."""
        return base64.b64decode(self._request("GET", f"{self._session}/screenshot"))

    def whole_screenshot(self, width_px: int) -> bytes:
        """The whole page as PNG, as high as it is at this width."""
        self.resize(width_px, 800)
        height_px = int(self.run("return Math.ceil(document.documentElement.scrollHeight)"))
        self.resize(width_px, height_px)
        return self.screenshot()

    # How it is seen

    def resize(self, width_px: int, height_px: int, *, phone: bool = False) -> None:
        """Give the page a size, as a window's or a phone's."""
        metrics = {"width": width_px, "height": height_px, "deviceScaleFactor": 0, "mobile": phone}
        self.command("Emulation.setDeviceMetricsOverride", **metrics)

    def prefer(self, scheme: Literal["light", "dark"]) -> None:
        """Ask for a light or a dark page."""
        self.command("Emulation.setEmulatedMedia", features=[{"name": "prefers-color-scheme", "value": scheme}])

    def command(self, name: str, **parameters: Any) -> Any:
        """Send a command of the DevTools protocol."""
        return self._post("goog/cdp/execute", {"cmd": name, "params": parameters})

    # What it did

    def requested(self) -> list[str]:
        """The addresses of all requests since the last call, in order."""
        entries = self._post("se/log", {"type": "performance"})
        messages = [json.loads(entry["message"])["message"] for entry in entries]
        return [m["params"]["request"]["url"] for m in messages if m["method"] == "Network.requestWillBeSent"]

    def complaints(self) -> list[str]:
        """What the console complained of since the last call: errors, refused loads."""
        return [str(entry["message"]) for entry in self._post("se/log", {"type": "browser"})]

    # The wire

    def _answers(self) -> bool:
        try:
            return bool(self._request("GET", "/status")["ready"])
        except OSError:
            return False

    def _post(self, path: str, body: dict[str, Any]) -> Any:
        return self._request("POST", f"{self._session}/{path}", body)

    def _request(self, method: str, path: str, body: dict[str, Any] | None = None) -> Any:
        data = None if body is None else json.dumps(body).encode()
        request = urllib.request.Request(
            self._base + path, data=data, method=method, headers={"Content-Type": "application/json"}
        )
        try:
            with _OPENER.open(request, timeout=120) as answer:
                return json.load(answer)["value"]
        except urllib.error.HTTPError as error:
            with error:
                raise BrowserError(json.load(error)["value"]["message"]) from None
