# SPDX-License-Identifier: MIT
"""Gateways for tests: a user file, a process, its addresses, its log."""
import json
import os
import pathlib
import re
import signal
import subprocess
import threading
import time

from support import digest, wire

TOP = pathlib.Path(__file__).resolve().parents[3]
BUILD = pathlib.Path(os.environ.get("COUNTERSIGN_BUILD", TOP / "build/plain"))
PROGRAM = BUILD / "tools" / "countersign"
START_S = 40
STOP_S = 30

ORIGIN_REALM = "the application"
PROXY_REALM = "the way out"


def countersign(*arguments, **keywords):
    return subprocess.run([str(PROGRAM), *map(str, arguments)], text=True,
                          capture_output=True, timeout=60, check=False,
                          **keywords)


def users_text(rows):
    """An htdigest-style file; `rows`: (user, realm, password[, algorithm])."""
    lines = []
    for user, realm, password, *rest in rows:
        algorithm = rest[0] if rest else "SHA-256"
        line = f"{user}:{realm}:{digest.ha1(user, realm, password, algorithm)}"
        if algorithm == "SHA-512-256":
            line += ":SHA-512-256"
        lines.append(line + "\n")
    return "".join(lines)


def write_users(path, rows):
    """Replaced as a whole, as editors and `countersign passwd` do."""
    temporary = path.with_suffix(".new")
    temporary.write_text(users_text(rows))
    temporary.chmod(0o600)
    temporary.rename(path)


USERS = [("alice", ORIGIN_REALM, "secret"), ("bob", ORIGIN_REALM, "hunter2"),
         ("alice", PROXY_REALM, "proxy-secret"),
         ("bob", PROXY_REALM, "proxy-hunter2")]


class Gateway:
    """A running gateway. `origin` and `proxy` are (host, port) to connect
    to; `admin` too, when asked for."""

    def __init__(self, directory, *arguments, origin=None, forward=False,
                 admin=True, users=None, wait=True, asks=True):
        """`asks` False: nobody logs in here, so there are no users."""
        self.directory = pathlib.Path(directory)
        self.state = self.directory / "state"
        self.users = self.directory / "users"
        if users is not None or not self.users.exists():
            write_users(self.users, USERS if users is None else users)
        command = [PROGRAM, "gateway", "--state", self.state, "--drain", "3",
                   "--counts-size", "8"]
        if asks:
            command += ["--users", self.users]
        if origin is not None:
            command += ["--origin", origin, "--realm", ORIGIN_REALM]
            if not any("origin=" in str(a) for a in arguments):
                command += ["--listen", "origin=127.0.0.1:0"]
        if forward:
            command += ["--forward"]
            if asks:
                command += ["--forward-realm", PROXY_REALM]
            if not any("forward=" in str(a) for a in arguments):
                command += ["--listen", "forward=127.0.0.1:0"]
        if admin:
            command += ["--admin-listen", "127.0.0.1:0"]
        self.command = [str(c) for c in [*command, *arguments]]
        self.said = []
        self.err = []
        self.process = None
        if wait:
            self.start()

    def start(self):
        self.said, self.err = [], []
        self.process = subprocess.Popen(
            self.command, text=True, stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE, stderr=subprocess.PIPE)
        for stream, lines in ((self.process.stdout, self.said),
                              (self.process.stderr, self.err)):
            threading.Thread(target=self.read, args=(stream, lines),
                             daemon=True).start()
        self.wait_ready()

    @staticmethod
    def read(stream, lines):
        for line in stream:
            lines.append(line.rstrip("\n"))

    def listeners(self):
        pattern = re.compile(r"  (origin|forward|admin) +(https?)://"
                             r"(\[[^]]+\]|[^:]+):(\d+)")
        return [pattern.match(line).groups() for line in list(self.said)
                if pattern.match(line)]

    def address(self, way, number=0):
        found = [(host.strip("[]"), int(port))
                 for name, _, host, port in self.listeners() if name == way]
        return found[number]

    def wait_ready(self):
        wanted = self.command.count("--listen") + self.command.count(
            "--admin-listen")
        end = time.monotonic() + START_S
        while len(self.listeners()) < wanted:
            assert self.process.poll() is None, self.err
            assert time.monotonic() < end, (self.said, self.err)
            time.sleep(0.02)

    @property
    def origin(self):
        return self.address("origin")

    @property
    def proxy(self):
        return self.address("forward")

    @property
    def admin(self):
        return self.address("admin")

    def status(self):
        done = countersign("gateway", "status", "--state", self.state)
        assert done.returncode == 0, done.stderr
        return json.loads(done.stdout)

    def engine_pid(self):
        return self.status()["pid"]

    def pids(self):
        """The processes that serve."""
        return [self.engine_pid()]

    def written(self):
        """What it wrote, by name: files, and what it said. Its nonce keys
        are no secret that anybody sent."""
        texts = {str(place): place.read_bytes()
                 for place in self.state.rglob("*")
                 if place.is_file() and place.name != "nonce.keys"}
        texts["said"] = "\n".join(self.said + self.err).encode()
        return texts

    def reload(self):
        return countersign("gateway", "reload", "--state", self.state)

    def metrics(self):
        """Every sample, as {'name{labels}': number}."""
        with wire.Connection(self.admin) as connection:
            got = connection.exchange(target="/metrics")
        assert got.status == 200, got
        samples = {}
        for line in got.body.decode().splitlines():
            if not line.startswith("#"):
                name, value = line.rsplit(" ", 1)
                samples[name] = float(value)
        return samples

    def refused(self, layer, reason):
        return self.metrics().get(
            f'countersign_decisions_total{{layer="{layer}",result="refuse",'
            f'reason="{reason}"}}', 0)

    def refusals(self):
        """The reasons of all refusals so far."""
        return {re.search('reason="([^"]*)"', name)[1]
                for name, number in self.metrics().items()
                if 'result="refuse"' in name and number}

    def log(self):
        """Refusals logged so far."""
        entries = [json.loads(line) for line in list(self.err)
                   if line.startswith("{")]
        return [entry for entry in entries if entry["event"] == "refused"]

    def wait_log(self, reason, within=5):
        end = time.monotonic() + within
        while time.monotonic() < end:
            for entry in self.log():
                if entry["reason"] == reason:
                    return entry
            time.sleep(0.02)
        raise AssertionError(f"no {reason} in {self.err}")

    def end(self):
        """Stop without waiting for what is in flight."""
        while self.process is not None and self.process.poll() is None:
            self.process.send_signal(signal.SIGTERM)
            time.sleep(0.05)

    def stop(self, how=signal.SIGTERM):
        if self.process is None or self.process.poll() is not None:
            return self.process and self.process.returncode
        self.process.send_signal(how)
        try:
            return self.process.wait(STOP_S)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()
            raise


def login(address, target="/", uri=None, method="GET", layer="origin",
          user="alice", password=None):
    """A session from a fresh challenge."""
    fields = {"origin": "WWW-Authenticate", "proxy": "Proxy-Authenticate"}
    if password is None:
        password = {"origin": "", "proxy": "proxy-"}[layer] + {
            "alice": "secret", "bob": "hunter2"}[user]
    with wire.Connection(address) as connection:
        got = connection.exchange(method, target)
    assert got.status == {"origin": 401, "proxy": 407}[layer], got
    return digest.Session(got.all(fields[layer]), user, password)


def send(address, credentials, target="/"):
    with wire.Connection(address) as connection:
        return connection.exchange(target=target, fields=[
            ("Authorization", credentials)])


def enters(gate, user="alice", password="secret"):
    """The status of a fresh login."""
    with wire.Connection(gate.origin) as connection:
        session = digest.Session(
            connection.exchange().all("WWW-Authenticate"), user, password)
        return connection.exchange(fields=[
            ("Authorization", session.credentials("GET", "/"))]).status


def until(check, within):
    end = time.monotonic() + within
    while not check():
        assert time.monotonic() < end, f"not within {within} s"
        time.sleep(0.06)  # below what --max-failures allows
