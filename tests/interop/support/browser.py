# SPDX-License-Identifier: MIT
"""Chromium without a window, driven over its DevTools pipe.

One message is one JSON object, ended by NUL; the browser reads file
descriptor 3 and writes descriptor 4. A login that a page asks for comes as
the event Fetch.authRequired and is answered here, as a person would.
"""
import json
import os
import queue
import shutil
import subprocess
import threading
import time

FLAGS = [
    "--headless=new", "--no-sandbox", "--disable-gpu", "--disable-quic",
    "--no-first-run", "--disable-background-networking",
    "--disable-component-update", "--disable-sync", "--disable-extensions",
    "--disable-default-apps", "--disable-dev-shm-usage", "--mute-audio",
    "--ignore-certificate-errors", "--remote-debugging-pipe",
]
PATIENCE_S = 60


class Page:
    """What became of a navigation."""

    def __init__(self):
        self.status = None
        self.protocol = None
        self.headers = {}
        self.error = None
        self.text = ""


class Browser:
    """One Chromium with a fresh profile below `folder`.

    `logins`: {"Server": (user, password), "Proxy": ...}. Each realm is
    answered once; asked again it gives up, as a person at the second dialog.
    `asked` counts the dialogs a person would have seen, by source; `sent`
    holds the fields of every request.
    """

    def __init__(self, folder, logins, *flags):
        self.logins = logins
        self.asked = {"Server": 0, "Proxy": 0}
        self.sent = []
        self.events = queue.Queue()
        self.number = 0
        self.page = Page()
        ours_in, theirs_out = os.pipe()
        theirs_in, ours_out = os.pipe()
        # The browser expects 3 and 4; a shell puts them there.
        command = [shutil.which("chromium"), *FLAGS, *flags,
                   f"--user-data-dir={folder}/profile", "about:blank"]
        env = {k: v for k, v in os.environ.items()
               if not k.lower().endswith("_proxy")}
        self.process = subprocess.Popen(
            ["bash", "-c", f'exec 3<&{theirs_in} 4>&{theirs_out} "$@"',
             "bash", *command], pass_fds=[theirs_in, theirs_out],
            env={**env, "HOME": str(folder)}, stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=open(f"{folder}/chromium.txt", "wb"))
        os.close(theirs_in)
        os.close(theirs_out)
        self.out = ours_out
        self.reader = open(ours_in, "rb")
        threading.Thread(target=self.read, daemon=True).start()
        self.session = None
        target = self.call("Target.createTarget", url="about:blank")
        self.session = self.call("Target.attachToTarget", flatten=True,
                                 targetId=target["targetId"])["sessionId"]
        self.call("Network.enable")
        self.call("Page.enable")
        self.call("Fetch.enable", handleAuthRequests=True)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()

    def close(self):
        """End it by its own means, or by process id."""
        self.session = None
        self.post("Browser.close")
        try:
            self.process.wait(15)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()
        os.close(self.out)

    def read(self):
        buffer = b""
        while octets := self.reader.read1(65536):
            *messages, buffer = (buffer + octets).split(b"\0")
            for message in messages:
                self.events.put(json.loads(message))
        self.events.put(None)

    def post(self, method, **params):
        self.number += 1
        message = {"id": self.number, "method": method, "params": params}
        if self.session:
            message["sessionId"] = self.session
        try:
            os.write(self.out, json.dumps(message).encode() + b"\0")
        except BrokenPipeError:
            pass
        return self.number

    def take(self, end):
        """The next message, events handled on the way."""
        try:
            message = self.events.get(timeout=max(end - time.monotonic(), 0))
        except queue.Empty:
            raise AssertionError("chromium does not answer") from None
        assert message is not None, "chromium ended"
        if message.get("method"):
            self.handle(message["method"], message["params"])
        return message

    def call(self, method, **params):
        number = self.post(method, **params)
        end = time.monotonic() + PATIENCE_S
        while True:
            message = self.take(end)
            if message.get("id") == number:
                assert "error" not in message, message
                return message["result"]

    def handle(self, event, params):
        if event == "Fetch.requestPaused":
            self.post("Fetch.continueRequest", requestId=params["requestId"])
        elif event == "Fetch.authRequired":
            self.answer(params)
        elif event == "Network.requestWillBeSentExtraInfo":
            self.sent.append({name.lower(): value for name, value
                              in params["headers"].items()})
        elif event == "Network.responseReceived":
            if params["type"] == "Document":
                self.page.status = params["response"]["status"]
                self.page.protocol = params["response"]["protocol"]
                self.page.headers = {
                    name.lower(): value for name, value
                    in params["response"]["headers"].items()}
        elif event == "Network.loadingFailed":
            if params["type"] == "Document":
                self.page.error = params["errorText"]

    def answer(self, params):
        source = params["authChallenge"]["source"]
        self.asked[source] += 1
        reply = {"response": "CancelAuth"}
        if source in self.logins and self.asked[source] == 1:
            user, password = self.logins[source]
            reply = {"response": "ProvideCredentials", "username": user,
                     "password": password}
        self.post("Fetch.continueWithAuth", requestId=params["requestId"],
                  authChallengeResponse=reply)

    def get(self, url):
        """Navigate and wait until everything on the page was loaded."""
        self.page = page = Page()
        end = time.monotonic() + PATIENCE_S
        number = self.post("Page.navigate", url=url)
        answered = loaded = False
        while not (answered and (loaded or page.error)):
            message = self.take(end)
            answered |= message.get("id") == number
            loaded |= message.get("method") == "Page.loadEventFired"
        result = self.call("Runtime.evaluate",
                           expression="document.documentElement.outerHTML")
        page.text = result["result"].get("value", "")
        return page
