#!/usr/bin/env python3
"""The least that full-page pictures of two environments can cost: no settling, no comparison, no report.

    bench-e2e.floor.py cdp|webdriver BROWSER OUT PAGES BASELINE_URL CANDIDATE_URL

`cdp` talks to one browser through a pipe, with a tab for each environment; `webdriver` talks to one chromedriver, with
a session for each. Both work on the two environments at the same time, use each tab for all pages, go on at the page's
load event and write the picture as it came. PAGES is a JSON file with a list of paths.
"""

import base64
import fcntl
import http.client
import itertools
import json
import os
import pathlib
import queue
import re
import subprocess
import sys
import tempfile
import threading

VIEWPORT = {"width": 1400, "height": 1000, "deviceScaleFactor": 1, "mobile": False}
FAST_FULL_PAGE = {"format": "png", "captureBeyondViewport": True, "optimizeForSpeed": True}


class Pipe:
    """A browser behind --remote-debugging-pipe, which reads from its descriptor 3 and writes to 4."""

    def __init__(self, browser, profile):
        self.numbers = itertools.count(1)
        self.waiting, self.writing = {}, threading.Lock()
        theirs_in, self.out = os.pipe()
        self.incoming, theirs_out = os.pipe()
        # Out of the way of 3 and 4, and one digit long, as plain shells want it.
        ends = [fcntl.fcntl(end, fcntl.F_DUPFD, 5) for end in (theirs_in, theirs_out)]
        flags = ["--headless", "--remote-debugging-pipe", f"--user-data-dir={profile}", "about:blank"]
        connect = f'exec "$@" 3<&{ends[0]} 4>&{ends[1]}'
        self.process = subprocess.Popen(["sh", "-c", connect, "sh", browser, *flags], pass_fds=ends)
        for end in (theirs_in, theirs_out, *ends):
            os.close(end)
        threading.Thread(target=self.receive, daemon=True).start()

    def receive(self):
        parts = []
        while chunk := os.read(self.incoming, 1 << 20):
            *ended, rest = chunk.split(b"\0")
            for end in ended:
                self.deliver(json.loads(b"".join([*parts, end])))
                parts = []
            parts.append(rest)

    def deliver(self, message):
        """An answer to who asked, an event to who waits for it."""
        key = message.get("id") or (message.get("sessionId"), message["method"])
        if key in self.waiting:
            self.waiting[key].put(message)

    def call(self, method, session=None, **parameters):
        number = next(self.numbers)
        answer = self.waiting[number] = queue.Queue()
        message = {"id": number, "method": method, "params": parameters}
        if session:
            message["sessionId"] = session
        with self.writing:
            os.write(self.out, json.dumps(message).encode() + b"\0")
        result = answer.get(timeout=60)
        del self.waiting[number]
        return result["result"] if "result" in result else sys.exit(f"{method}: {result['error']}")

    def tab(self):
        """A tab as a function that loads an address and one that gives the picture's base64."""
        target = self.call("Target.createTarget", url="about:blank")["targetId"]
        session = self.call("Target.attachToTarget", targetId=target, flatten=True)["sessionId"]
        loaded = self.waiting[session, "Page.loadEventFired"] = queue.Queue()
        ask = lambda method, **parameters: self.call(method, session, **parameters)
        ask("Page.enable")

        def load(address):
            while not loaded.empty():
                loaded.get()
            ask("Page.navigate", url=address)
            loaded.get(timeout=60)

        return ask, load


class Session:
    """A session of chromedriver."""

    def __init__(self, port, browser):
        self.connection = http.client.HTTPConnection("127.0.0.1", port, timeout=60)
        arguments = ["--headless", *(["--no-sandbox"] if os.getuid() == 0 else [])]
        options = {"binary": browser, "args": arguments}
        wanted = {"capabilities": {"alwaysMatch": {"goog:chromeOptions": options}}}
        self.path = "/session/" + self.request("POST", "/session", wanted)["sessionId"]

    def request(self, method, path, body=None):
        self.connection.request(method, path, json.dumps(body) if body is not None else None)
        value = json.loads(self.connection.getresponse().read())["value"]
        return value if not (isinstance(value, dict) and "error" in value) else sys.exit(f"{path}: {value['message']}")

    def ask(self, command, **parameters):
        return self.request("POST", f"{self.path}/goog/cdp/execute", {"cmd": command, "params": parameters})

    def load(self, address):
        self.request("POST", f"{self.path}/url", {"url": address})

    def close(self):
        self.request("DELETE", self.path)


def shoot(ask, load, address, pages, folder):
    """Full-page pictures of one environment."""
    folder.mkdir(parents=True, exist_ok=True)
    ask("Emulation.setDeviceMetricsOverride", **VIEWPORT)
    for number, page in enumerate(pages):
        load(address + page)
        size = ask("Page.getLayoutMetrics")["cssContentSize"]
        picture = ask("Page.captureScreenshot", clip={**size, "scale": 1}, **FAST_FULL_PAGE)["data"]
        (folder / f"{number:03}.png").write_bytes(base64.b64decode(picture))


def at_once(work):
    """Runs the functions in threads of their own and fails when one of them did."""
    failures = []

    def attempt(function):
        try:
            function()
        except BaseException as error:
            failures.append(error)

    threads = [threading.Thread(target=attempt, args=(function,)) for function in work]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    if failures:
        raise failures[0]


def cdp(browser, lanes):
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as profile:
        pipe = Pipe(browser, profile)
        try:
            at_once([lambda lane=lane: shoot(*pipe.tab(), *lane) for lane in lanes])
            pipe.call("Browser.close")
        finally:
            # Ends a browser that was not closed in order.
            os.close(pipe.out)
            pipe.process.wait(timeout=30)


def webdriver(browser, lanes):
    program = os.environ.get("TWINSHOT_CHROMEDRIVER") or "chromedriver"
    driver = subprocess.Popen([program, "--port=0"], stdout=subprocess.PIPE, text=True)
    try:
        started = (re.search(r"started successfully on port (\d+)", line) for line in driver.stdout)
        port = int(next(filter(None, started))[1])
        at_once([lambda lane=lane: drive(Session(port, browser), lane) for lane in lanes])
    finally:
        driver.terminate()
        driver.wait(timeout=30)


def drive(session, lane):
    try:
        shoot(session.ask, session.load, *lane)
    finally:
        session.close()


def main():
    kind, browser, out, pages, *addresses = sys.argv[1:]
    paths = json.loads(pathlib.Path(pages).read_text())
    names = ["baseline", "candidate"]
    lanes = [(address, paths, pathlib.Path(out) / name) for name, address in zip(names, addresses)]
    {"cdp": cdp, "webdriver": webdriver}[kind](browser, lanes)


if __name__ == "__main__":
    main()
