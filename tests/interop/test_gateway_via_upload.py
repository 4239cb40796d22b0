# SPDX-License-Identifier: MIT
"""Content that cannot be sent twice waits until the hop was asked, but not for
others, nor for what a hop says without an end."""
import threading

import pytest

from support import via, wire
from support.gateway import until
from support.origin import Origin, response

SLOW = "http://example.test/slow"


class Open(Origin):
    """A next proxy that asks for no login, and is slow at one address until
    it is `released`."""

    def __init__(self):
        self.released = threading.Event()
        super().__init__()

    def respond(self, seen, added=()):
        if seen.target == SLOW:
            self.released.wait(wire.TIMEOUT + 5)
        return response(200, b"inside\n", method=seen.method)


@pytest.fixture
def hop():
    made = Open()
    yield made
    made.released.set()
    made.close()


def upload(gate, own):
    target = via.PAGE
    with wire.Connection(gate.proxy) as connection:
        connection.send(wire.request("POST", target, [
            ("Proxy-Authorization", own.credentials("POST", target)),
            ("Transfer-Encoding", "chunked")]) + b"1\r\na\r\n0\r\n\r\n")
        return connection.response().status


def test_upload_behind_a_slow_answer(gateway, hop, tmp_path):
    """One user's slow answer does not keep another one's upload waiting."""
    gate = via.make(gateway, hop, tmp_path, "--via-proof", "off")
    own = via.session(gate)
    with wire.Connection(gate.proxy) as slow:
        slow.send(wire.request("GET", SLOW, [
            ("Proxy-Authorization", own.credentials("GET", SLOW))]))
        until(lambda: [s.target for s in hop.seen] == [SLOW], 10)
        assert upload(gate, own) == 200
        assert not hop.released.is_set()
        hop.released.set()
        assert slow.response().status == 200


def test_a_probe_ends_with_the_header(gateway, hop, tmp_path):
    """What the hop answers when it is asked for a nonce may go on for ever:
    nobody waits for it, and the connection is closed."""
    gate = via.make(gateway, hop, tmp_path, "--via-proof", "off")
    own = via.session(gate)
    plain = hop.respond
    hop.respond = lambda seen, added=(): (
        b"HTTP/1.1 200 OK\r\n\r\nand so on" if seen.method == "OPTIONS"
        else plain(seen, added))
    assert upload(gate, own) == 200
    assert [s.method for s in hop.seen] == ["OPTIONS", "POST"]
    until(lambda: not hop.open, 10)
