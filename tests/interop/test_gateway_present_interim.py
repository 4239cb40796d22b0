# SPDX-License-Identifier: MIT
"""Interim responses of a hop that the gateway logs in to: nothing proves
them, so nothing that the hop says in them goes further."""
import pytest

from support import presenting, via, wire
from support.next_hop import Hop
from support.origin import Last

WORD = b"of-an-attacker"


def interim(status):
    return b"HTTP/1.1 %d %s\r\nLink: </%s>\r\nContent-Length: %d\r\n\r\n" % (
        status, WORD, WORD, len(WORD))


class Hinting(Hop):
    """Says `first` before each answer that proves it, or, `alone`, in its
    place."""

    first, alone = b"", False

    def respond(self, seen, added=()):
        octets = super().respond(seen, added)
        if octets.startswith(b"HTTP/1.1 %d" % self.status):
            return octets
        return Last(self.first + (b"" if self.alone else octets))


@pytest.fixture(scope="module")
def next_proxy(module_gateway, tmp_path_factory):
    hop = Hinting()
    gate = via.make(module_gateway, hop, tmp_path_factory.mktemp("login"),
                    "--via-patience", "0")
    own = via.session(gate)
    yield hop, gate.proxy, "Proxy-Authorization", own
    hop.close()


@pytest.fixture(scope="module")
def origins(module_gateway, tmp_path_factory):
    hop = Hinting(layer="origin", host="127.0.0.2")
    gate = presenting.make(module_gateway, hop,
                           tmp_path_factory.mktemp("login"))
    yield hop, gate
    hop.close()


@pytest.fixture(params=["GET", "CONNECT", "origin", "forward"])
def asked(request, next_proxy, origins):
    """The hop, and all octets that a caller gets."""
    if request.param in ("GET", "CONNECT"):
        hop, address, name, own = next_proxy
        method, target = request.param, via.WAYS[request.param][0]
    else:
        hop, gate = origins
        caller = presenting.Caller(gate, request.param, hop)
        address, name, own = caller.address, caller.sends, caller.own
        method, target = "GET", caller.before + "/"
    hop.forget()

    def ask():
        with wire.Connection(address) as connection:
            connection.send(wire.request(method, target, [
                (name, own.credentials(method, target)),
                ("Connection", "close")]))
            while connection.more():
                pass
            return connection.buffer
    return hop, ask


@pytest.mark.parametrize("status", [100, 102, 103, 110, 199])
def test_g_16_interim_alone(asked, status):
    """G-16 F-06: whatever kind of 1xx it is, it does not pass for the answer,
    and its fields and its reason go no further."""
    hop, ask = asked
    hop.first, hop.alone = interim(status) + WORD, True
    got = ask()
    assert b"HTTP/1.1 502 " in got
    assert WORD not in got


def test_f_06_interim_then_proved(asked):
    """F-06: a proved answer behind an interim one arrives, and the interim
    one's fields do not."""
    hop, ask = asked
    hop.first, hop.alone = interim(103), False
    got = ask()
    assert b"HTTP/1.1 200 " in got
    assert WORD not in got
