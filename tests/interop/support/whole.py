# SPDX-License-Identifier: MIT
"""Gateways under auth-int for tests: sessions, requests, contents."""
import random

from support import digest_whole, wire

KIB = 1 << 10
MIB = 1 << 20
INFO = {"origin": "Authentication-Info", "proxy": "Proxy-Authentication-Info"}
FIELD = {"origin": "Authorization", "proxy": "Proxy-Authorization"}
CHALLENGE = {"origin": "WWW-Authenticate", "proxy": "Proxy-Authenticate"}


def login(address, layer="origin", target="/", **how):
    """A session from a fresh challenge; by default under auth-int."""
    if layer == "proxy":
        how.setdefault("password", "proxy-secret")
        target = "http://example.invalid/"
    with wire.Connection(address) as connection:
        got = connection.exchange(target=target)
    assert got.status == {"origin": 401, "proxy": 407}[layer], got
    return digest_whole.Session(got.all(CHALLENGE[layer]), **how)


def chunked(parts, trailer=b""):
    return b"".join(b"%x\r\n%s\r\n" % (len(p), p) for p in parts if p) + \
        b"0\r\n" + trailer + b"\r\n"


# A prime length: no buffer's size is a multiple of it.
BLOCK = random.Random(5).randbytes(65521)


def content(length):
    """So many octets; a longer one begins with a shorter one."""
    return (BLOCK * (length // len(BLOCK) + 1))[:length]


class Answer:
    """A response, and what it proves: `header` and `trailer` are None
    without an Info field there, else whether it is right for the content;
    `proved` when one of them is."""

    def __init__(self, session, sent, target, got, trailer, layer):
        self.got = got
        self.status = got.status
        self.body = got.body
        self.header = self.look(session, sent, target, got.all(INFO[layer]))
        lines = [v for n, v in trailer if n.lower() == INFO[layer].lower()]
        self.trailer = self.look(session, sent, target, lines)
        self.proved = self.header is True or self.trailer is True

    def look(self, session, sent, target, lines):
        assert len(lines) <= 1, lines
        return session.proves(lines[0], sent, target, self.body) if lines \
            else None


def ask(connection, session, method="GET", target="/", body=b"", fields=(),
        signed=None, layer="origin", framed=None):
    """One exchange. `signed`: the content that credentials are made for, when
    it is another. `framed`: octets to send for `body`, with `fields` that
    frame them."""
    sent = session.credentials(method, target,
                               content=body if signed is None else signed)
    fields = [(FIELD[layer], sent), *fields]
    if framed is None:
        octets = wire.request(method, target, fields, body)
    else:
        octets = wire.request(method, target, fields) + framed
    connection.send(octets)
    got = connection.response(method)
    return Answer(session, sent, target, got, connection.trailer, layer)
