# SPDX-License-Identifier: MIT
"""`countersign bridge`, running or for one command."""
import os
import re
import signal
import subprocess
import threading
import time

from support.gateway import PROGRAM, PROXY_REALM

LOGIN = "alice:proxy-secret"
START_S = 40
STOP_S = 30


def surroundings(**more):
    """The tester's own, without his proxies, logins and Java options."""
    clean = {name: value for name, value in os.environ.items()
             if not name.lower().endswith("_proxy")
             and name not in ("JAVA_TOOL_OPTIONS", "COUNTERSIGN_PROXY_USER")}
    clean.update(LC_ALL="C.UTF-8", COUNTERSIGN_PROXY_USER=LOGIN)
    clean.update(more)
    return clean


def command(proxy, *arguments):
    return [str(PROGRAM), "bridge", "--proxy", proxy, *map(str, arguments)]


def once(proxy, *arguments, env=None, **keywords):
    """`arguments`: options, "--once", and the command."""
    return subprocess.run(command(proxy, *arguments), text=True,
                          capture_output=True, timeout=60, check=False,
                          env=surroundings(**(env or {})), **keywords)


class Bridge:
    """One that stays; `address` is where programs come in."""

    def __init__(self, proxy, *arguments, env=None):
        self.said, self.err = [], []
        self.process = subprocess.Popen(
            command(proxy, "--listen", "127.0.0.1:0", *arguments), text=True,
            stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
            stderr=subprocess.PIPE, env=surroundings(**(env or {})))
        for stream, lines in ((self.process.stdout, self.said),
                              (self.process.stderr, self.err)):
            threading.Thread(target=self.read, args=(stream, lines),
                             daemon=True).start()
        self.url = self.wait_for(self.said, r"ready: (http://\S+) leads")[1]
        host, port = self.url.removeprefix("http://").rsplit(":", 1)
        self.address = (host.strip("[]"), int(port))

    @staticmethod
    def read(stream, lines):
        for line in stream:
            lines.append(line.rstrip("\n"))

    def wait_for(self, lines, pattern, within=START_S):
        end = time.monotonic() + within
        while True:
            for line in list(lines):
                found = re.search(pattern, line)
                if found:
                    return found
            assert self.process.poll() is None, self.err
            assert time.monotonic() < end, (pattern, self.said, self.err)
            time.sleep(0.02)

    def stop(self, how=signal.SIGTERM):
        if self.process.poll() is None:
            self.process.send_signal(how)
        return self.process.wait(STOP_S)

    def end(self):
        """At once."""
        while self.process.poll() is None:
            self.process.send_signal(signal.SIGTERM)
            time.sleep(0.05)


def corporate(maker, *more):
    """A Countersign gateway as the proxy that asks for a login."""
    return maker("--allow-dest", "127.0.0.0/8", *more, forward=True,
                 users=[(*LOGIN.split(":")[:1], PROXY_REALM,
                         LOGIN.split(":")[1])])


def url(gate):
    return f"http://127.0.0.1:{gate.proxy[1]}"
