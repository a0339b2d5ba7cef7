# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A headless Chromium for tests of pages, by its DevTools protocol: https://chromedevtools.github.io/devtools-protocol/

    with start(tmp_path / "profile") as browser:
        page = browser.open(file, PHONE, "dark")
        assert page.evaluate("document.title") == "Audit"

The browser reaches nothing but files: a page that asks a server for something finds none, and ``requests`` tells.
"""

from __future__ import annotations

import base64
import json
import os
import signal
import subprocess
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import websocket

from kumo_sandbox.toolchain import browser as program

PATIENCE = 60.0  # seconds: a browser that takes longer hangs
OFFLINE = ("--host-resolver-rules=MAP * ~NOTFOUND", "--disable-background-networking", "--disable-component-update")

Row = dict[str, Any]


@dataclass(frozen=True)
class Screen:
    """A screen in CSS pixels."""

    name: str
    width: int
    height: int
    is_phone: bool = False


DESKTOP, PHONE = Screen("desktop", 1280, 900), Screen("phone", 390, 844, True)


@dataclass
class Page:
    """An open page, and what it has asked for and complained about since."""

    browser: Browser
    session: str
    requests: list[str] = field(default_factory=list)
    complaints: list[str] = field(default_factory=list)

    def send(self, method: str, **parameters: Any) -> Row:
        return self.browser.send(method, self.session, **parameters)

    def evaluate(self, expression: str) -> Any:
        """The value of a JavaScript expression; a promise is awaited."""
        found = self.send("Runtime.evaluate", expression=expression, returnByValue=True, awaitPromise=True)
        assert "exceptionDetails" not in found, found["exceptionDetails"]
        return found["result"].get("value")

    def click(self, selector: str) -> None:
        self.evaluate(f"document.querySelector({json.dumps(selector)}).click()")

    def go(self, url: str) -> None:
        """Another page in the same tab, when it is loaded."""
        self.send("Page.navigate", url=url)
        self.browser.wait_for_load(self.session)

    def wait_until(self, expression: str) -> Any:
        """The value of a JavaScript expression as soon as there is one; what is there after PATIENCE, if there is none."""
        end = time.monotonic() + PATIENCE
        while not (found := self.evaluate(expression)) and time.monotonic() < end:
            time.sleep(0.05)
        return found

    def emulate(self, media: str = "", scheme: str = "light") -> None:
        """See it as on paper (print), or in a light or dark scheme."""
        features = [{"name": "prefers-color-scheme", "value": scheme}]
        self.send("Emulation.setEmulatedMedia", media=media, features=features)

    def find_barriers(self) -> list[str]:
        """What axe-core finds wrong: WCAG A and AA, and good practice. Each with the first elements."""
        self.evaluate(program.ensure_axe().read_text(encoding="utf-8") + ";0")
        found = self.evaluate("axe.run(document, {resultTypes: ['violations']}).then(found => found.violations)")
        return [f"{row['id']}: {row['help']}: {[node['html'][:200] for node in row['nodes'][:3]]}" for row in found]

    def find_wide(self) -> list[str]:
        """The elements that make the page scroll sideways: those beyond its right edge, and not in a box that scrolls.

        What has a fixed place, like a menu that waits beside the screen, makes no page scroll.
        """
        return self.evaluate(FIND_WIDE)

    def keep_screenshot(self, path: Path, most: int = 6000) -> None:
        """The page from its top, ``most`` pixels at most."""
        size = self.send("Page.getLayoutMetrics")["cssContentSize"]
        clip = {"x": 0, "y": 0, "width": size["width"], "height": min(size["height"], most), "scale": 1}
        shot = self.send("Page.captureScreenshot", clip=clip, captureBeyondViewport=True)
        _keep(path, shot["data"])

    def keep_pdf(self, path: Path) -> None:
        _keep(path, self.send("Page.printToPDF", preferCSSPageSize=True)["data"])

    def note(self, event: Row) -> None:
        """Keep what an event tells of requests and errors."""
        kind, about = event["method"], event["params"]
        if kind == "Network.requestWillBeSent":
            self.requests.append(about["request"]["url"])
        elif kind == "Runtime.exceptionThrown":
            self.complaints.append(str(about["exceptionDetails"]))
        elif kind == "Runtime.consoleAPICalled" and about["type"] in ("error", "warning", "assert"):
            self.complaints.append(str(about["args"]))
        elif kind == "Log.entryAdded" and about["entry"]["level"] in ("error", "warning"):
            self.complaints.append(about["entry"]["text"])


FIND_WIDE = """(() => {
  const width = document.documentElement.clientWidth;
  const scrolls = one => ['auto', 'scroll', 'hidden', 'clip'].includes(getComputedStyle(one).overflowX);
  const fixed = one => getComputedStyle(one).position === 'fixed';
  const inside = one => { if (fixed(one)) return true;
    for (let up = one.parentElement; up && up !== document.body; up = up.parentElement) if (scrolls(up) || fixed(up)) return true; };
  const wide = [...document.body.querySelectorAll('*')].filter(one => one.getBoundingClientRect().right > width + 1 && !inside(one));
  const page = document.documentElement.scrollWidth > width ? ['page ' + document.documentElement.scrollWidth + ' > ' + width] : [];
  return [...page, ...wide.slice(0, 5).map(one => one.outerHTML.slice(0, 200))];
})()"""


class Browser:
    """A running browser, whose pages share one connection."""

    def __init__(self, connection: websocket.WebSocket) -> None:
        self._connection, self._number = connection, 0
        self._pages: dict[str, Page] = {}
        self._events: list[Row] = []

    def open(self, file: Path, screen: Screen = DESKTOP, scheme: str = "light", scale: float = 1) -> Page:
        """A file in a tab of its own, when it is loaded; ``scale`` is how many pixels a CSS pixel has."""
        target = self.send("Target.createTarget", url="about:blank")["targetId"]
        session = self.send("Target.attachToTarget", targetId=target, flatten=True)["sessionId"]
        page = self._pages[session] = Page(self, session)
        for domain in ("Page", "Network", "Runtime", "Log"):
            page.send(f"{domain}.enable")
        size = {"width": screen.width, "height": screen.height, "mobile": screen.is_phone}
        page.send("Emulation.setDeviceMetricsOverride", deviceScaleFactor=scale, **size)
        page.emulate(scheme=scheme)
        page.go(file.absolute().as_uri())
        return page

    def wait_for_load(self, session: str) -> None:
        self._wait(lambda event: event["method"] == "Page.loadEventFired" and event.get("sessionId") == session)

    def send(self, method: str, session: str = "", **parameters: Any) -> Row:
        """The result of a method. What happens meanwhile is noted."""
        self._number += 1
        call = {"id": self._number, "method": method, "params": parameters}
        self._connection.send(json.dumps({**call, **({"sessionId": session} if session else {})}))
        while True:
            answer = self._read()
            if answer.get("id") == self._number:
                assert "error" not in answer, (method, answer["error"])
                return answer["result"]

    def _wait(self, is_it: Callable[[Row], bool]) -> None:
        while not any(map(is_it, self._events)):
            self._read()
        self._events.clear()

    def _read(self) -> Row:
        message = json.loads(self._connection.recv())
        if "method" in message:
            self._events.append(message)
            if page := self._pages.get(message.get("sessionId", "")):
                page.note(message)
        return message


@contextmanager
def start(profile: Path) -> Iterator[Browser]:
    """A browser with an empty profile. It is ended with all its processes."""
    found = program.ensure()
    profile.mkdir(parents=True, exist_ok=True)
    options = ("--remote-debugging-port=0", f"--user-data-dir={profile}", *OFFLINE, "about:blank")
    with (profile / "log").open("wb") as log:
        process = subprocess.Popen(
            [*found.command, *options],
            env=os.environ | found.environment,
            stdout=log,
            stderr=log,
            start_new_session=True,
        )
        try:
            address = _read_address(process, profile)
            connection = websocket.create_connection(address, timeout=PATIENCE, suppress_origin=True)
            yield Browser(connection)
            connection.close()
        finally:
            os.killpg(process.pid, signal.SIGKILL)
            process.wait()


def _read_address(process: subprocess.Popen[bytes], profile: Path) -> str:
    """Where it listens: it writes a port and a path into its profile."""
    file, end = profile / "DevToolsActivePort", time.monotonic() + PATIENCE
    while time.monotonic() < end and process.poll() is None:
        lines = file.read_text().split() if file.exists() else []
        if len(lines) == 2:
            return f"ws://127.0.0.1:{lines[0]}{lines[1]}"
        time.sleep(0.05)
    raise AssertionError(f"the browser did not start: {(profile / 'log').read_text(errors='replace')[-2000:]}")


def _keep(path: Path, data: str) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(base64.b64decode(data))
