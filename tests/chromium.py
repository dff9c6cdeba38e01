"""A headless Chromium, operated through the DevTools protocol over a pipe: https://chromedevtools.github.io/devtools-protocol/"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
PATIENCE = 60.0
OPTIONS = (
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--proxy-server=127.0.0.1:9",  # nothing may leave; loopback never goes by a proxy
    "--remote-debugging-pipe",
)
KEYS = {"Enter": 13, "Escape": 27, "ArrowUp": 38, "ArrowDown": 40, "End": 35, "Home": 36, "Tab": 9}


class Browser:
    """One page of a browser."""

    def __init__(self, reading: int, writing: int) -> None:
        self._reading, self._writing = reading, writing
        self._buffer = b""
        self._number = 0
        self._session: str | None = None
        self.events: list[dict] = []
        target = self.send("Target.createTarget", url="about:blank")["targetId"]
        self._session = self.send("Target.attachToTarget", targetId=target, flatten=True)["sessionId"]
        for domain in ("Page", "Runtime", "Log", "Network"):
            self.send(f"{domain}.enable")
        self.shape(1280, 800)

    def send(self, method: str, **parameters: object) -> dict:
        self._number += 1
        message = {"id": self._number, "method": method, "params": parameters}
        if self._session is not None:
            message["sessionId"] = self._session
        os.write(self._writing, json.dumps(message).encode() + b"\0")
        while (answer := self._next()).get("id") != self._number:
            self.events.append(answer)
        assert "error" not in answer, answer["error"]
        return answer["result"]

    def _next(self) -> dict:
        while b"\0" not in self._buffer:
            data = os.read(self._reading, 1 << 20)
            assert data, "the browser has ended"
            self._buffer += data
        message, _, self._buffer = self._buffer.partition(b"\0")
        return json.loads(message)

    def open(self, url: str) -> None:
        """Load a page, from nothing: an address that differs in its fragment only would not load it anew."""
        for each in ("about:blank", url):
            self.events.clear()
            self.send("Page.navigate", url=each)
            while not any(event.get("method") == "Page.loadEventFired" for event in self.events):
                self.events.append(self._next())

    def run(self, expression: str) -> object:
        """The value of an expression of JavaScript, awaited."""
        done = self.send("Runtime.evaluate", expression=expression, awaitPromise=True, returnByValue=True)
        assert "exceptionDetails" not in done, done["exceptionDetails"]
        return done["result"].get("value")

    def until(self, expression: str) -> object:
        """The value of an expression, once it is true."""
        end = time.monotonic() + PATIENCE
        while not (
            found := self.run(f"(() => {{ const found = {expression}; return found instanceof Node || found; }})()")
        ):
            assert time.monotonic() < end, f"never true: {expression}"
            time.sleep(0.05)
        return found

    def text(self, selector: str = "body") -> str:
        """What a reader sees of an element."""
        return str(self.run(f"document.querySelector({json.dumps(selector)}).innerText"))

    def texts(self, selector: str) -> list[str]:
        return list(self.run(f"[...document.querySelectorAll({json.dumps(selector)})].map((each) => each.innerText)"))  # type: ignore[call-overload]

    def press(self, key: str) -> None:
        """A key, and what the page makes of it."""
        known = {"key": key} | ({"windowsVirtualKeyCode": KEYS[key]} if key in KEYS else {"text": key})
        self.send("Input.dispatchKeyEvent", type="keyDown", **known)
        self.send("Input.dispatchKeyEvent", type="keyUp", **known)
        self.run("new Promise(requestAnimationFrame)")

    def shape(self, width: int, height: int, *, scheme: str = "light", medium: str = "") -> None:
        self.send("Emulation.setDeviceMetricsOverride", width=width, height=height, deviceScaleFactor=1, mobile=False)
        features = [{"name": "prefers-color-scheme", "value": scheme}]
        self.send("Emulation.setEmulatedMedia", media=medium, features=features)

    def complaints(self) -> list[str]:
        """What the page threw, and what the browser forbade it."""
        thrown = [each["params"]["exceptionDetails"]["text"] for each in self._seen("Runtime.exceptionThrown")]
        return thrown + [each["params"]["entry"]["text"] for each in self._seen("Log.entryAdded")]

    def asked(self) -> list[str]:
        """The addresses that the page asked for, itself included."""
        return [each["params"]["request"]["url"] for each in self._seen("Network.requestWillBeSent")]

    def _seen(self, method: str) -> list[dict]:
        self.run("0")
        return [each for each in self.events if each.get("method") == method]


@contextmanager
def browser(folder: Path) -> Iterator[Browser]:
    """A browser with a profile of its own in a folder."""
    (to_it, ours), (from_it, its) = os.pipe(), os.pipe()
    words = [
        "sh",
        "-c",
        f'exec "$0" "$@" 3</dev/fd/{to_it} 4>/dev/fd/{its}',
        str(CHROMIUM),
        *OPTIONS,
        f"--user-data-dir={folder}",
    ]
    process = subprocess.Popen(words, pass_fds=(to_it, its), stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    os.close(to_it)
    os.close(its)
    try:
        page = Browser(from_it, ours)
        yield page
        page._session = None
        page.send("Browser.close")
    finally:
        os.close(ours)
        try:
            process.wait(PATIENCE)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
        os.close(from_it)
