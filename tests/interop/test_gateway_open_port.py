# SPDX-License-Identifier: MIT
"""--open: a port is not a user. Who breaks off may leave his to somebody."""
import os
import socket
import struct

import pytest

from support import via
from support.next_hop import Hop

OWNER, OTHER = 1000, 1001
ROUNDS = 400
ASKED = b"GET http://example.test/%s HTTP/1.1\r\nHost: example.test\r\n\r\n"

pytestmark = pytest.mark.skipif(
    os.geteuid() != 0, reason="only root may be two users")


def bound(user, port=0):
    """A socket of that user's, whose end leaves its port free at once."""
    os.seteuid(user)
    try:
        made = socket.socket()
        made.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        made.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER,
                        struct.pack("ii", 1, 0))
        made.bind(("127.0.0.1", port))
        return made
    finally:
        os.seteuid(0)


def ask(address, user, path):
    with bound(user) as own:
        own.connect(address)
        own.sendall(ASKED % path)
        return own.recv(12)


def test_port_of_another(gateway, tmp_path):
    """A request whose sender broke off is not that of the user who has the
    port next."""
    hop = Hop()
    gate = gateway("--via-proxy", hop.url, "--via-user-file",
                   via.write_login(tmp_path), "--open", OWNER, forward=True,
                   asks=False)
    assert ask(gate.proxy, OWNER, b"mine") == b"HTTP/1.1 200"
    assert ask(gate.proxy, OTHER, b"not-mine") == b"HTTP/1.1 403"
    for _ in range(ROUNDS):
        with bound(OTHER) as before:
            with bound(OWNER, before.getsockname()[1]) as after:
                before.connect(gate.proxy)
                before.sendall(ASKED % b"not-mine")
                before.close()
                after.connect(gate.proxy)
    assert ask(gate.proxy, OWNER, b"mine") == b"HTTP/1.1 200"
    assert {s.target.rpartition("/")[2] for s in hop.seen} == {"mine"}
    hop.close()
