# SPDX-License-Identifier: MIT
"""What fails, fails closed: 5xx, never access (H-34)."""
import os
import re
import struct
import time

import pytest

from support import wire
from support.gateway import login, send

# How the table of counts lies in memory (stores/memory/layout.h): a header,
# then buckets that each begin with their lock, whose first word says which
# thread holds it. A change there makes the tests below fail.
HEADER = 128
BUCKET = 128 + 32 * 64
MIB = 11  # a size that no stack of a thread has

pytestmark = pytest.mark.skipif(
    os.geteuid() != 0, reason="only root may write into the engine's memory")


class Counts:
    """The engine's table of counts, from outside."""

    def __init__(self, gate):
        self.pid = gate.engine_pid()
        with open(f"/proc/{self.pid}/maps", encoding="ascii") as maps:
            spans = [[int(n, 16) for n in m.groups()] for m in (
                re.match(r"([0-9a-f]+)-([0-9a-f]+) rw-p 0+ 00:00 0 *\n", line)
                for line in maps) if m]
        found = [a for a, b in spans if b - a == MIB << 20]
        assert len(found) == 1, spans
        self.start = found[0]

    def memory(self):
        try:
            return open(f"/proc/{self.pid}/mem", "r+b", buffering=0)
        except PermissionError:
            pytest.skip("this machine lets nobody into another's memory")

    def write_locks(self, old, new):
        """Change the first word of every lock, where it is `old`."""
        changed = 0
        with self.memory() as memory:
            for at in range(HEADER, (MIB << 20) - BUCKET, BUCKET):
                memory.seek(self.start + at)
                if struct.unpack("<I", memory.read(4))[0] & 0x3fffffff == old:
                    memory.seek(self.start + at)
                    memory.write(struct.pack("<I", new))
                    changed += 1
        return changed

    def hold(self):
        """As if a thread that stands still held every lock."""
        return self.write_locks(0, 1)

    def release(self):
        return self.write_locks(1, 0)


def test_h_34_counts_that_do_not_answer(gateway, origin):
    """H-34: with every lock of the counts held a right answer gets 503 in
    bounded time and goes no further; when they are free, service is back."""
    gate = gateway("--counts-size", str(MIB), origin=origin.url)
    session = login(gate.origin)
    assert send(gate.origin, session.credentials("GET", "/")).status == 200
    counts = Counts(gate)
    held = counts.hold()
    assert held > 3000
    origin.forget()
    for _ in range(3):
        started = time.monotonic()
        got = send(gate.origin, session.credentials("GET", "/"))
        assert got.status == 503
        assert time.monotonic() - started < 2
        assert not got.all("Authentication-Info")
    # Strangers and wrong answers need no count, and get what they always do.
    assert send(gate.origin, "Digest").status == 400
    wrong = login(gate.origin, password="wrong")
    got = send(gate.origin, wrong.credentials("GET", "/"))
    assert got.status == 401
    assert origin.seen == []
    assert counts.release() == held
    assert send(gate.origin, session.credentials("GET", "/")).status == 200
    assert gate.refused("origin", "counts-failed") == 3
    entry = gate.wait_log("counts-failed")
    assert (entry["status"], entry["user"]) == (503, "alice")


def test_h_34_the_proxy_too(gateway, origin):
    """H-34: likewise at the proxy, for CONNECT as well: no tunnel."""
    target = f"127.0.0.1:{origin.port}"
    gate = gateway("--counts-size", str(MIB), "--allow-dest", target,
                   "--connect-ports", str(origin.port), forward=True)
    plain = login(gate.proxy, origin.url + "/", layer="proxy")
    tunnel = login(gate.proxy, target, method="CONNECT", layer="proxy")
    counts = Counts(gate)
    counts.hold()
    for session, method, uri in ((plain, "GET", origin.url + "/"),
                                 (tunnel, "CONNECT", target)):
        with wire.Connection(gate.proxy) as connection:
            got = connection.exchange(method, uri, fields=[
                ("Proxy-Authorization", session.credentials(method, uri))])
            assert got.status == 503, method
            assert not got.all("Proxy-Authentication-Info")
    assert origin.seen == []
    counts.release()
    with wire.Connection(gate.proxy) as connection:
        sent = tunnel.credentials("CONNECT", target)
        got = connection.exchange("CONNECT", target, fields=[
            ("Proxy-Authorization", sent)])
        assert got.status == 200
        assert tunnel.proves(got.one("Proxy-Authentication-Info"), sent,
                             target)
