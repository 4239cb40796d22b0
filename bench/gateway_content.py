#!/usr/bin/python3
# SPDX-License-Identifier: MIT
"""Many clients with auth-int bodies at once: failures, and the memory it takes.

    COUNTERSIGN_BUILD=build/plain /usr/bin/python3 bench/gateway_content.py

Each client has a connection and a session of its own. A request is a POST of
1 MiB, alternately with a length and chunked; its answer has 1 MiB too. It
fails when the answer is not 200 with the whole content and a right proof, or
when the application did not get what was signed. Every fourth request is then
sent with an octet changed, and fails when that is not refused. Told are
failures, time, and the peak of the engine's resident memory, also of a run
with qop=auth, where nothing is held.
"""
import argparse
import hashlib
import pathlib
import sys
import tempfile
import threading
import time

TOP = pathlib.Path(__file__).resolve().parent.parent
sys.path.insert(0, str(TOP / "tests" / "interop"))

from support import wire  # noqa: E402
from support.gateway import Gateway  # noqa: E402
from support.origin import Origin, response  # noqa: E402
from support.whole import ask, chunked, content, login  # noqa: E402


def dechunk(octets):
    parts = []
    while octets:
        size, octets = octets.split(b"\r\n", 1)
        parts.append(octets[:int(size, 16)])
        octets = octets[int(size, 16) + 2:]
    return b"".join(parts)


class Application(Origin):
    """Answers with what was sent, and says what that was."""

    def respond(self, seen):
        self.seen.clear()
        body = seen.body
        if seen.all("Transfer-Encoding"):
            body = dechunk(body)
        return response(200, body, [
            ("X-Content", hashlib.sha256(body).hexdigest())])


class Peak(threading.Thread):
    """The most that a process had resident, looked at fifty times a second."""

    def __init__(self, pid):
        super().__init__(daemon=True)
        self.pid = pid
        self.most = 0
        self.done = threading.Event()

    def run(self):
        while not self.done.wait(0.02):
            text = pathlib.Path(f"/proc/{self.pid}/status").read_text("ascii")
            now = int(text.split("VmRSS:")[1].split()[0])
            self.most = max(self.most, now)


def client(gate, options, qop, number, failures):
    session = login(gate.origin, qop=qop)
    connection = wire.Connection(gate.origin)
    connection.socket.settimeout(60)
    for turn in range(options.requests):
        body = content(options.size - 8) + b"%08d" % (number * 1000 + turn)
        framing = {}
        if turn % 2:
            framing = {"fields": [("Transfer-Encoding", "chunked")],
                       "framed": chunked([body])}
        try:
            got = ask(connection, session, "POST", "/", body, **framing)
            good = (got.status == 200 and got.proved and got.body == body and
                    got.got.one("X-Content") ==
                    hashlib.sha256(body).hexdigest())
            if qop == "auth-int" and turn % 4 == 0:
                bad = body[:-1] + b"x"
                got = ask(connection, session, "POST", "/", bad, signed=body)
                good = good and got.status == 401
            if not good:
                failures.append((number, turn, got.got))
        except OSError as error:
            failures.append((number, turn, repr(error)))
            connection = wire.Connection(gate.origin)
    connection.close()


def run(options, qop):
    application = Application()
    with tempfile.TemporaryDirectory(prefix="countersign-bench-") as name:
        gate = Gateway(name, "--qop", "auth,auth-int", "--log", "/dev/null",
                       "--max-failures", "0", "--nonce-life", "1h",
                       origin=application.url)
        try:
            peak = Peak(gate.engine_pid())
            peak.start()
            failures = []
            clients = [threading.Thread(
                target=client, args=(gate, options, qop, n, failures))
                for n in range(options.clients)]
            start = time.monotonic()
            for thread in clients:
                thread.start()
            for thread in clients:
                thread.join()
            took = time.monotonic() - start
            peak.done.set()
            held = gate.metrics()["countersign_content_held_bytes"]
        finally:
            gate.end()
            application.close()
    print(f"{qop}: {options.clients} clients, {options.requests} requests "
          f"each of {options.size} octets: {len(failures)} failures, "
          f"{took:.1f} s, peak {peak.most / 1024:.0f} MiB resident, "
          f"{held:.0f} octets held at the end", flush=True)
    for failure in failures[:5]:
        print("  ", failure)
    return not failures and held == 0


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--clients", type=int, default=32)
    parser.add_argument("--requests", type=int, default=8)
    parser.add_argument("--size", type=int, default=1 << 20)
    options = parser.parse_args()
    results = [run(options, qop) for qop in ("auth", "auth-int")]
    sys.exit(0 if all(results) else 1)


if __name__ == "__main__":
    main()
