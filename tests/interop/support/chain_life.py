# SPDX-License-Identifier: MIT
"""A chain of gateways under load, to be reloaded, restarted and killed."""
import collections
import os
import pathlib
import signal
import threading

from support import digest, wire
from support.gateway import PROXY_REALM, USERS, countersign, until
from support.origin import Origin, response

HOPS = ["office", "region"]  # who A is at B, and B at C
NAMES = {"A": 0, "B": 1, "C": 2}  # and where they stand in `gates`
HOST = "127.0.0.3"  # nobody connects from there, so its ports stay free
REPEATABLE = ("GET", "HEAD", "PUT", "DELETE")  # RFC 9110, 9.2.2
WITH_CONTENT = ("POST", "PUT")


class Counting(Origin):
    """Knows how often each request took effect."""

    def __init__(self):
        self.done = collections.Counter()
        super().__init__("127.0.0.2")

    def respond(self, seen, added=()):
        with self.lock:
            self.seen.clear()
            self.done[seen.method, seen.target] += 1
        return response(200, seen.target.encode(), added, seen.method)


class LifeChain:
    """A asks alice, B asks office, C asks region; behind is an application
    that counts. `gates`: A, B, C."""

    def __init__(self, maker, folder, *more):
        self.behind = Counting()
        self.gates = []
        for user in [*reversed(HOPS), None]:
            arguments = ["--listen", f"forward={HOST}:0",
                         "--max-failures", "0", *more]
            if self.gates:
                arguments += self.via(folder, HOPS[len(HOPS) -
                                                   len(self.gates)])
            else:
                arguments += ["--allow-dest", "127.0.0.2"]
            gate = maker(*arguments, forward=True, users=USERS if user is None
                         else [(user, PROXY_REALM, f"{user}-secret")])
            self.keep_port(gate)
            self.gates.insert(0, gate)

    def via(self, folder, user):
        path = folder / user
        path.write_text(f"{user}:{user}-secret\n")
        path.chmod(0o600)
        return ["--via-proxy", "http://%s:%d" % self.gates[0].proxy,
                "--via-user-file", path]

    @staticmethod
    def keep_port(gate):
        """The next start listens where this one does."""
        at = gate.command.index(f"forward={HOST}:0")
        gate.command[at] = "forward=%s:%d" % gate.proxy

    def challenges(self):
        return sum(gate.metrics()["countersign_via_challenges_total"]
                   for gate in self.gates[:-1])

    def close(self):
        self.behind.close()


def rotate(gate):
    """A new nonce key, taken into use."""
    done = countersign("gateway", "rotate-keys", "--state", gate.state)
    assert done.returncode == 0, done


def restart(gate):
    """As an operator does: it finishes what runs, and comes back."""
    gate.stop()
    gate.start()


def kill(gate):
    """Launcher and engine, with all they know; and start it again."""
    pid = gate.engine_pid()
    os.kill(pid, signal.SIGKILL)
    gate.process.kill()
    gate.process.wait()
    until(lambda: is_gone(pid), 20)
    gate.start()


def is_gone(pid):
    """Whether it holds nothing any more, its last thread too."""
    place = pathlib.Path(f"/proc/{pid}")
    try:
        text = (place / "stat").read_text("ascii")
        tasks = len(list((place / "task").iterdir()))
    except OSError:
        return True
    return text.rsplit(")", 1)[1].split()[0] == "Z" and tasks == 1


def crash(gate):
    """The engine alone: the launcher starts another."""
    pid = gate.engine_pid()
    os.kill(pid, signal.SIGKILL)
    until(lambda: is_another(gate, pid), 20)


def is_another(gate, pid):
    try:
        return gate.engine_pid() != pid
    except AssertionError:  # nobody answers yet
        return False


class Client(threading.Thread):
    """Asks until told to end; logs in anew when it has to. `told`: method,
    target, and the status or how the connection broke."""

    def __init__(self, load, number):
        super().__init__(daemon=True)
        self.load = load
        self.number = number
        self.connection = None
        self.session = None
        self.told = []

    def run(self):
        methods = self.load.methods
        while not self.load.ended.is_set():
            turn = len(self.told)
            method = methods[(self.number + turn) % len(methods)]
            target = f"{self.load.url}/{self.number}/{turn}"
            self.told.append((method, target, self.answer(method, target)))
        self.leave()

    def answer(self, method, target):
        """The status; a broken connection to A is ours to deal with."""
        while True:
            try:
                return self.ask(method, target)
            except OSError as error:
                self.leave()
                if method not in REPEATABLE or self.load.ended.is_set():
                    return type(error).__name__

    def leave(self):
        if self.connection is not None:
            self.connection.close()
        self.connection = None

    def connect(self):
        """As soon as somebody listens: nothing was sent yet."""
        while True:
            try:
                return wire.Connection(self.load.door)
            except OSError:
                if self.load.ended.wait(0.02):
                    raise

    def ask(self, method, target):
        """Challenges are answered as a client should, stale or not."""
        while True:
            if self.connection is None:
                self.connection = self.connect()
            got = self.send(method, target)
            if "close" in got.all("Connection"):
                self.leave()
            if got.status != 407:
                return got.status
            self.load.refusals += 1
            self.session = digest.Session(got.all("Proxy-Authenticate"),
                                          "alice", "proxy-secret")

    def send(self, method, target):
        fields = []
        if self.session is not None:
            sent = self.session.credentials(method, target)
            fields = [("Proxy-Authorization", sent)]
        body = self.load.body if method in WITH_CONTENT else b""
        got = self.connection.exchange(method, target, fields, body)
        for info in got.all("Proxy-Authentication-Info"):
            assert self.session.proves(info, sent, target)
            nonce = digest.parameters(info).get("nextnonce")
            if nonce:
                self.session.take_nonce(nonce)
        return got


class Load:
    """`count` clients at once, while the block runs."""

    def __init__(self, chain, count=8, methods=("GET", "POST", "PUT", "HEAD",
                                                "POST", "DELETE")):
        self.chain = chain
        self.door = chain.gates[0].proxy
        self.url = chain.behind.url
        self.methods = methods
        self.body = b"name=value&" * 200
        self.refusals = 0
        self.ended = threading.Event()
        self.clients = [Client(self, number) for number in range(count)]

    def __enter__(self):
        self.chain.behind.done.clear()
        for client in self.clients:
            client.start()
        self.wait(2)
        return self

    def __exit__(self, *_):
        self.ended.set()
        for client in self.clients:
            client.join(60)
        assert not any(client.is_alive() for client in self.clients)

    def wait(self, each=3):
        """Until every client was answered that often from now on."""
        before = [len(client.told) for client in self.clients]
        until(lambda: all(len(client.told) >= b + each for client, b in
                          zip(self.clients, before)), 60)

    def told(self):
        return [one for client in self.clients for one in client.told]

    def not_answered(self, repeatable=True):
        """What was not answered as if nothing had happened."""
        return [one for one in self.told()
                if one[2] != 200 and (one[0] in REPEATABLE) == repeatable]

    def count(self, method, target):
        """How often it took effect."""
        path = target[len(self.url):]
        return self.chain.behind.done[method, path]

    def done_twice(self):
        """Of what must not be."""
        return [one for one in self.told()
                if one[0] not in REPEATABLE and self.count(*one[:2]) > 1]

    def done_in_vain(self):
        """Answered by 200 without having taken effect."""
        return [one for one in self.told()
                if one[2] == 200 and self.count(*one[:2]) == 0]
