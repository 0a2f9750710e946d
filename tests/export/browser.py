"""Chromium without a window, spoken to over two pipes in its DevTools protocol."""

import base64
import json
import os
import shutil
import subprocess
import time

NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
FLAGS = ("--headless", "--no-sandbox", "--disable-gpu", "--hide-scrollbars", "--no-first-run")


def executable() -> str | None:
    """Where there is one."""
    return next((path for name in NAMES if (path := shutil.which(name))), None)


class Browser:
    """One page. Messages end with a zero byte; the browser reads file 3 and writes file 4."""

    def __init__(self, profile, size=(1000, 900)):
        to_browser, self._write = os.pipe()
        self._read, from_browser = os.pipe()
        command = [executable(), *FLAGS, f"--user-data-dir={profile}", "--remote-debugging-pipe"]
        # A shell, because these two pipes have to become exactly the files 3 and 4.
        shell = f'exec "$0" "$@" 3<&{to_browser} 4>&{from_browser}'
        self._process = subprocess.Popen(
            ["bash", "-c", shell, *command, f"--window-size={size[0]},{size[1]}"],
            pass_fds=(to_browser, from_browser),
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        os.close(to_browser)
        os.close(from_browser)
        self._count, self._rest, self._session = 0, b"", None
        target = self.do("Target.createTarget", url="about:blank")["targetId"]
        attached = self.do("Target.attachToTarget", targetId=target, flatten=True)
        self._session = attached["sessionId"]

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self._process.kill()
        self._process.wait()
        os.close(self._write)
        os.close(self._read)

    def do(self, method, **parameters):
        """One command's result."""
        self._count += 1
        message = {"id": self._count, "method": method, "params": parameters}
        if self._session:
            message["sessionId"] = self._session
        os.write(self._write, json.dumps(message).encode() + b"\0")
        while True:
            while b"\0" not in self._rest:
                chunk = os.read(self._read, 1 << 16)
                assert chunk, "the browser has ended"
                self._rest += chunk
            line, self._rest = self._rest.split(b"\0", 1)
            answer = json.loads(line)
            if answer.get("id") == self._count:
                assert "error" not in answer, answer
                return answer["result"]

    def open(self, address):
        """Go to an address and wait until it is there."""
        self.do("Page.navigate", url=address)
        self.until("document.readyState === 'complete' && location.href !== 'about:blank'")

    def value(self, expression):
        """What a JavaScript expression is."""
        options = {"returnByValue": True, "awaitPromise": True}
        return self.do("Runtime.evaluate", expression=expression, **options)["result"].get("value")

    def until(self, expression, seconds=60):
        """Wait until it is true."""
        ends = time.monotonic() + seconds
        while not self.value(expression):
            assert time.monotonic() < ends, f"{expression} did not come true"
            time.sleep(0.1)

    def choose(self, selector, path):
        """Choose a file in a file input."""
        document = self.do("DOM.getDocument")["root"]["nodeId"]
        node = self.do("DOM.querySelector", nodeId=document, selector=selector)["nodeId"]
        self.do("DOM.setFileInputFiles", nodeId=node, files=[str(path)])

    def become(self, width, dark=False):
        """A window of this width, for somebody who prefers dark pages or not."""
        size = {"width": width, "height": 900, "deviceScaleFactor": 1, "mobile": width < 600}
        self.do("Emulation.setDeviceMetricsOverride", **size)
        scheme = {"name": "prefers-color-scheme", "value": "dark" if dark else "light"}
        self.do("Emulation.setEmulatedMedia", features=[scheme])

    def sideways(self):
        """By how many pixels the page is wider than its window."""
        return self.value(
            "document.documentElement.scrollWidth - document.documentElement.clientWidth"
        )

    def screenshot(self, path):
        """A picture of the whole page, PNG."""
        taken = self.do("Page.captureScreenshot", captureBeyondViewport=True)
        path.write_bytes(base64.b64decode(taken["data"]))
