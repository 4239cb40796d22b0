# SPDX-License-Identifier: MIT
"""A nonce is fetched before it is needed: for a content that can be sent only
once, and before those of a hop grow old."""
import threading
import time

import pytest

from support import wire
from support.gateway import until
from support.next_hop import Hop
from support.origin import response
from support.presenting import Caller, make
from support.via import PAGE, session
from support.via import make as make_via

LONG = b"x" * 5000
SHORT = ["--content-limit", "1k"]


class Rig:
    """A hop, a gateway before it, and a way to ask it."""

    def __init__(self, layer, maker, folder, **keywords):
        self.hop = Hop(layer=layer, **keywords)
        if layer == "proxy":
            self.gate = make_via(maker, self.hop, folder, *SHORT)
            self.own = session(self.gate)
        else:
            self.gate = make(maker, self.hop, folder, *SHORT)
            self.caller = Caller(self.gate, "origin", self.hop)

    def ask(self, method="GET", body=b"", chunked=False):
        if not chunked:
            more = {"body": body}
        else:
            more = {"body": b"", "fields": [("Transfer-Encoding", "chunked")]}
        target = PAGE if self.hop.status == 407 else "/page?q=1"
        own = self.own if self.hop.status == 407 else self.caller.own
        address = (self.gate.proxy if self.hop.status == 407
                   else self.gate.origin)
        name = ("Proxy-" if self.hop.status == 407 else "") + "Authorization"
        sent = own.credentials(method, target)
        with wire.Connection(address) as connection:
            octets = wire.request(
                method, target, [(name, sent), *more.get("fields", [])],
                more["body"])
            if chunked:
                octets += b"%x\r\n%s\r\n0\r\n\r\n" % (len(body), body)
            connection.send(octets)
            got = connection.response(method)
        info = got.one(name.replace("Authorization", "Authentication-Info"))
        return got, own.proves(info, sent, target)

    def probes(self):
        return [s for s in self.hop.seen if s.method in ("HEAD", "OPTIONS")]


@pytest.fixture(params=["proxy", "origin"])
def rig(request, gateway, tmp_path):
    made = []

    def new(**keywords):
        made.append(Rig(request.param, gateway, tmp_path, **keywords))
        return made[-1]

    yield new
    for one in made:
        one.hop.close()


@pytest.mark.parametrize("chunked", [False, True], ids=["long", "chunked"])
def test_content_meets_a_session(rig, chunked):
    """A content that cannot be kept, before any session: the gateway asks
    first, without content, and the content goes once."""
    one = rig()
    got, proved = one.ask("POST", LONG, chunked)
    assert (got.status, proved) == (200, True)
    posts = [s for s in one.hop.seen if s.method == "POST"]
    assert len(posts) == 1
    assert LONG in posts[0].body
    assert one.hop.challenged == 1
    want = "OPTIONS" if one.hop.status == 407 else "HEAD"
    assert [s.method for s in one.probes()] == [want]
    for seen in one.probes():
        assert not seen.body
        assert seen.all("Max-Forwards") == (
            ["0"] if want == "OPTIONS" else [])
        assert "Countersign" not in str(seen.fields)


def test_many_contents_one_probe(rig):
    """Twelve such contents at once, before any session: one challenge."""
    one = rig()
    found = []
    threads = [threading.Thread(target=lambda: found.append(
        one.ask("POST", LONG)[0].status)) for _ in range(12)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(30)
    assert found == [200] * 12
    assert one.hop.challenged == 1
    assert len(one.probes()) == 1


def test_probe_of_a_session_that_stands(rig):
    """A session that was not used for a moment is tried first: the hop
    that forgot it answers the probe, not the content."""
    one = rig()
    assert one.ask()[0].status == 200
    one.hop.retire()
    time.sleep(1.1)  # what counts as a moment
    got, proved = one.ask("POST", LONG)
    assert (got.status, proved) == (200, True)
    assert len([s for s in one.hop.seen if s.method == "POST"]) == 1


def test_probe_without_an_answer(rig):
    """A hop that refuses every login refuses the probe; the content goes, is
    refused too, and the caller is told: once, and nobody waits."""
    one = rig()
    one.hop.password = "another"
    got, proved = one.ask("POST", LONG)
    assert (got.status, proved) == (502, True)
    one.hop.judge = lambda seen: (response(500, b"broken\n", [],
                                           seen.method), None)
    got, proved = one.ask("POST", LONG)
    assert (got.status, proved) == (502, True)


def test_clients_cannot_probe(rig):
    """The mark of the gateway's own requests means nothing in a caller's."""
    one = rig()
    assert one.ask()[0].status == 200
    for number in range(1, 4):
        target = PAGE if one.hop.status == 407 else "/page?q=1"
        address = (one.gate.proxy if one.hop.status == 407
                   else one.gate.origin)
        with wire.Connection(address) as connection:
            got = connection.exchange(
                "POST", target, [("Countersign-Probe", str(number))], b"x")
        assert got.status == one.hop.status


def renewed(one, cycles=6, life=3.1):
    """Whether a nonce was fetched ahead while each lived for `life`."""
    for _ in range(cycles):
        time.sleep(life * 0.95)
        assert one.ask()[0].status == 200
        if one.probes():
            return True
        time.sleep(life * 0.05)
        one.hop.retire()
        assert one.ask()[0].status == 200
    return False


def test_nonces_that_grow_old(gateway, tmp_path):
    """A hop without nextnonce whose nonces were found stale at the same age,
    twice: the next is fetched before it gets there, without a login, and no
    request meets a challenge."""
    one = Rig("proxy", gateway, tmp_path)
    assert one.ask()[0].status == 200
    before = one.hop.challenged
    assert renewed(one)
    assert one.hop.challenged > before + 1, "it cannot know from one alone"
    probe = one.probes()[0]
    assert not probe.all("Authorization") + probe.all("Proxy-Authorization")
    challenged = one.hop.challenged
    with one.hop.guard:
        newest = list(one.hop.nonces)[-1]
    until(lambda: one.ask()[0].status == 200 and
          one.hop.accepted[-1][0] == newest, 5)
    with one.hop.guard:
        for nonce in [n for n in one.hop.nonces if n != newest]:
            del one.hop.nonces[nonce]
    assert one.ask()[0].status == 200
    assert one.hop.challenged == challenged
    one.hop.close()
