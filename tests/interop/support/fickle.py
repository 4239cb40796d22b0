# SPDX-License-Identifier: MIT
"""A scripted hop that breaks connections in place of answers."""
import socket
import struct

from support.next_hop import Hop
from support.origin import Last, Seen


class Fickle(Hop):
    """Breaks connections in place of the next `cuts` answers, with an error
    when it `resets`, in the middle of a content when it is `early`. `done`:
    requests that took effect."""

    def __init__(self, **keywords):
        self.cuts, self.resets, self.early, self.done = 0, False, False, []
        super().__init__(**keywords)

    def forget(self):
        super().forget()
        self.cuts, self.resets, self.early, self.done = 0, False, False, []

    def read(self, peer, head, buffer):
        if self.early and self.cuts > 0:
            return Seen(head, b""), b""
        return super().read(peer, head, buffer)

    def serve(self, peer):
        if self.resets:
            peer.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER,
                            struct.pack("ii", 1, 0))
        super().serve(peer)

    def respond(self, seen, added=()):
        octets = super().respond(seen, added)
        if octets.startswith(b"HTTP/1.1 %d" % self.status):
            return octets
        self.done.append(seen)
        if self.cuts > 0:
            self.cuts -= 1
            return Last(b"")
        return octets
