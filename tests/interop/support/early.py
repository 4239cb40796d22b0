# SPDX-License-Identifier: MIT
"""Peers that answer before they read, and read on (RFC 9110, 10.1.1)."""
from support.next_hop import Hop
from support.origin import Origin, Seen


class Early:
    """Answers a request whose path begins with /early at once, without 100
    (Continue), and then reads its content."""

    def read(self, peer, head, buffer):
        seen = Seen(head, b"")
        if "/early" not in seen.target:
            return super().read(peer, head, buffer)
        peer.sendall(super().respond(seen))
        length = int((seen.all("Content-Length") or ["0"])[0])
        while len(buffer) < length:
            got = peer.recv(65536)
            if not got:
                raise OSError("closed")
            buffer += got
        seen.body = buffer[:length]
        return seen, buffer[length:]

    def respond(self, seen):
        return b"" if "/early" in seen.target else super().respond(seen)


class EarlyOrigin(Early, Origin):
    """An application."""


class EarlyHop(Early, Hop):
    """A next proxy."""
