# SPDX-License-Identifier: MIT
"""An attacker between any two hops of a chain: noticed at that hop, and told
to the client by the first, in an answer that the first proves."""
import pytest

from support.chain import (LOGIN, REQUIRED, WHO, Client, look_at_wires,
                           via)
from support.fetching import OK, PROOF, fetch
from support.gateway import login, until
from support.impostor import (PA, PI, PZ, Impostor, challenge, hurt, last, put,
                              send)
from support.via import FAULTS

BETWEEN = pytest.mark.parametrize("at", [1, 2], ids=["A-B", "B-C"])
METHODS = pytest.mark.parametrize("method", ["GET", "POST", "CONNECT"])


class Attacked:
    """A client of the chain, the wire that is attacked, and who is at its two
    ends."""

    def __init__(self, chain, at):
        self.chain = chain
        self.client = Client(chain, chain.behind.url)
        self.wire = chain.wires[at]
        self.outer, self.inner = chain.hops[at - 1:at + 1]
        self.at = at
        assert self.ask().status == 200  # sessions stand everywhere

    def ask(self, method="GET", path="/"):
        if method == "CONNECT":
            path = self.chain.behind.url.partition("://")[2]
        got = self.client.ask(method, path,
                              b"body" if method == "POST" else b"")
        assert got.proved, got
        assert not got.all("Proxy-Authenticate")
        return got

    def noticed(self, reason, method="GET"):
        """502 for the client, with A's proof; its reason at the hop before the
        attacker; nothing of what the attacker sent; and then honesty."""
        before = self.outer.refused("proxy", reason)
        logged = len(self.logged(reason))
        got = self.ask(method)
        assert got.status == 502
        assert got.body in (b"502 Bad Gateway\n", b"")
        assert not got.all("X-Attacker")
        assert self.outer.refused("proxy", reason) == before + 1
        until(lambda: len(self.logged(reason)) > logged, 5)
        found = self.logged(reason)[-1]
        assert (found["status"], found["user"]) == (502, WHO[self.at - 1][0])
        self.honest(method)

    def logged(self, reason):
        return [e for e in self.outer.log() if e["reason"] == reason]

    def honest(self, method="GET"):
        """The attacker is gone: all is as before."""
        self.chain.forget()
        assert self.ask(method).status == 200
        look_at_wires(self.chain)


@pytest.fixture
def attacked(chain):
    return lambda at: Attacked(chain, at)


@METHODS
@BETWEEN
@pytest.mark.parametrize("fault", FAULTS)
def test_f_56_changed_proof(attacked, fault, at, method):
    """F-53 F-56 G-13: an Info field that was removed or changed."""
    it = attacked(at)
    it.wire.response = hurt(fault)
    it.noticed(fault, method)


@METHODS
@BETWEEN
def test_proof_of_another_request(attacked, at, method):
    """F-13: the Info field of the request before, recorded at this hop."""
    it = attacked(at)
    it.wire.response = put(PI, last(it.wire, "response", PI))
    it.noticed("cnonce-wrong", method)


@METHODS
@pytest.mark.parametrize("at, of", [(1, 0), (1, 2), (2, 1), (2, 0)])
def test_g_16_proof_of_another_hop(attacked, at, of, method):
    """G-16 F-53: the Info field of another hop, of the same user agent's
    request, in place of this hop's."""
    it = attacked(at)
    it.wire.response = put(PI, last(it.chain.wires[of], "response", PI))
    before = {r: it.outer.refused("proxy", r)
              for r in ("nc-wrong", "cnonce-wrong")}
    assert it.ask(method).status == 502
    assert sum(it.outer.refused("proxy", r) - before[r] for r in before) == 1
    it.honest(method)


@METHODS
@BETWEEN
@pytest.mark.parametrize("order", [1, -1], ids=["behind", "before"])
def test_a_44_second_proof(attacked, order, at, method):
    """A-44 F-53: a second Info field, behind or before the right one. Lines of
    one name are one list (RFC 9110, 5.3), in which rspauth stands twice."""
    it = attacked(at)
    old = last(it.wire, "response", PI)

    def add(_exchange, message):
        if message.all(PI):
            message.put(PI, *[message.one(PI), old][::order])
    it.wire.response = add
    it.noticed("info-malformed", method)


@METHODS
@BETWEEN
@pytest.mark.parametrize("name", ["Authentication-Info",
                                  "Proxy-Authentication-Inf0"])
def test_proof_under_another_name(attacked, name, at, method):
    """F-53: a proof in the field of another layer is none."""
    it = attacked(at)

    def rename(_exchange, message):
        if message.all(PI):
            value = message.one(PI)
            message.put(PI)
            message.put(name, value)
    it.wire.response = rename
    it.noticed("no-info", method)


@BETWEEN
def test_changed_nextnonce(attacked, at):
    """A nextnonce is not part of the proof: who forges one costs one round
    trip, and learns nothing; for the next challenge the login is made anew."""
    it = attacked(at)

    def forge(_exchange, message):
        if message.all(PI):
            message.put(PI, message.one(PI) + ', nextnonce="of-an-attacker"')
    it.wire.response = forge
    assert it.ask().status == 200
    it.chain.forget()
    assert it.ask().status == 200
    first, second = it.wire.exchanges
    assert 'nonce="of-an-attacker"' in first.request.one(PZ)
    assert first.response.status == 407
    assert "of-an-attacker" not in second.request.one(PZ)
    it.honest()


@METHODS
@BETWEEN
@pytest.mark.parametrize("guess", ["a guess", None])
def test_impostor(attacked, guess, at, method):
    """F-56: the right address and name, and no secret. The login that it sees
    is for that one request, and good for no other at the hop it stands for."""
    it = attacked(at)
    impostor = Impostor()
    impostor.guess = guess
    it.wire.to, honest = impostor.address, it.wire.to
    it.wire.drop()
    try:
        reason = "no-info" if guess is None else "rspauth-wrong"
        before = it.outer.refused("proxy", reason)
        got = it.ask(method)
        assert got.status == 502
        assert b"inside" not in got.body
        assert it.outer.refused("proxy", reason) == before + 1
    finally:
        it.wire.to = honest
        it.wire.drop()
        impostor.close()
    sent = impostor.seen[-1].all(PZ)[0]
    assert send(it.inner, "DELETE", it.chain.behind.url + "/",
                sent).status in (400, 407)
    it.honest(method)


WEAKER = {
    "MD5": (challenge(algorithm="MD5"), "downgrade"),
    "MD5, stale": (challenge(algorithm="MD5", stale="true"), "downgrade"),
    "Basic": ('Basic realm="the way out"', "downgrade"),
    "qop removed": (challenge(qop=None), "no-acceptable-challenge"),
    "qop removed, stale": (challenge(qop=None, stale="true"),
                           "no-acceptable-challenge"),
    "auth-int alone": (challenge(qop='"auth-int"'), "credentials-refused"),
    "none": (None, "no-challenge"),
}


def weaken(relay, offer):
    relay.response = lambda _, message: message.put(
        PA, *[line for line in [WEAKER[offer][0]] if line])


@BETWEEN
@pytest.mark.parametrize("offer", WEAKER)
def test_f_42_downgrade(attacked, offer, at):
    """F-38 F-42 H-12: a login that is lost on its way, and a weaker challenge
    for it, or none that can be answered; one that is no less is, once."""
    it = attacked(at)
    it.wire.request = lambda message: message.put(PZ)
    weaken(it.wire, offer)
    reason = WEAKER[offer][1]
    refused = it.outer.refused("proxy", reason)
    before = len(it.wire.exchanges)
    got = it.ask()
    assert got.status == 502
    answered = len(it.wire.exchanges) - before - 1
    assert answered == (offer == "auth-int alone")
    assert it.outer.refused("proxy", reason) == refused + 1
    it.honest()


@pytest.mark.parametrize("offer", [o for o in WEAKER if o !=
                                   "auth-int alone"])  # which is no less
def test_f_42_downgrade_at_first(chain, module_gateway, tmp_path, offer):
    """F-29 F-30 F-41: a gateway that never saw a better offer gives no weaker
    login either: neither the password nor an MD5 response is sent."""
    gate = via(module_gateway, tmp_path, chain.wires[1].port, "office")
    weaken(chain.wires[1], offer)
    own = login(gate.proxy, chain.behind.url, layer="proxy")
    got = send(gate, "GET", chain.behind.url,
               own.credentials("GET", chain.behind.url))
    assert got.status == 502
    assert not [e.request.octets for e in chain.wires[1].exchanges
                if e.request.all(PZ)]


@BETWEEN
def test_d_23_replay(attacked, at):
    """D-23 D-29 G-08: what was recorded before a hop is good for nothing
    there: not again, not elsewhere, not for another method."""
    it = attacked(at)
    sent = last(it.wire, "request", PZ)
    url = it.chain.behind.url
    seen = len(it.chain.behind.seen)
    for method, target, status, reason in (
            ("GET", url + "/", 407, "replay"),
            ("GET", url + "/other", 400, "uri-mismatch"),
            ("DELETE", url + "/", 407, "wrong-response")):
        before = it.inner.refused("proxy", reason)
        assert send(it.inner, method, target, sent).status == status
        assert it.inner.refused("proxy", reason) == before + 1
    assert len(it.chain.behind.seen) == seen
    it.honest()


@pytest.mark.parametrize("at, of", [(0, 1), (0, 2), (1, 0), (1, 2), (2, 0),
                                    (2, 1)])
def test_g_16_login_of_another_hop(attacked, at, of):
    """G-07 G-16 D-13: a login at one hop is none at another, though realms
    and targets are the same."""
    it = attacked(1)
    sent = last(it.chain.wires[of], "request", PZ)
    hop = it.chain.hops[at]
    before = hop.refused("proxy", "nonce-unknown")
    seen = len(it.chain.behind.seen)
    got = send(hop, "GET", it.chain.behind.url + "/", sent)
    assert got.status == 407
    assert not got.all(PI)
    assert hop.refused("proxy", "nonce-unknown") == before + 1
    assert len(it.chain.behind.seen) == seen


CHANGES = {
    "login removed": (lambda it, m: m.put(PZ), "credentials-refused"),
    "login replayed": (lambda it, m: m.put(
        PZ, it.recorded), "retries-used"),
    "login of another hop": (lambda it, m: m.put(
        PZ, it.foreign), "credentials-refused"),
    "user changed": (lambda it, m: m.put(PZ, m.one(PZ).replace(
        'username="', 'username="x')), "credentials-refused"),
    "response changed": (lambda it, m: m.put(PZ, m.one(PZ).replace(
        "response=\"", "response=\"00").replace("\", algorithm", "\", a=b, "
        "algorithm", 1)), "no-info"),
    "path changed": (lambda it, m: setattr(
        m, "line", m.line.replace("/ HTTP", "/admin HTTP")), "no-info"),
    "method changed": (lambda it, m: setattr(
        m, "line", m.line.replace("GET", "DELETE")), "credentials-refused"),
}


@BETWEEN
@pytest.mark.parametrize("change", CHANGES)
def test_d_29_changed_request(attacked, change, at):
    """D-29 D-37 D-38 G-27: what is changed on its way into a hop takes no
    effect behind it, and the answer is 502 at the client: the hop before
    learns it by an answer that is no answer to its own request."""
    it = attacked(at)
    it.recorded = last(it.wire, "request", PZ)
    it.foreign = last(it.chain.wires[0], "request", PZ)
    alter, reason = CHANGES[change]
    it.wire.request = lambda message: alter(it, message)
    seen = len(it.chain.behind.seen)
    before = it.outer.refused("proxy", reason)
    assert it.ask().status == 502
    assert it.outer.refused("proxy", reason) == before + 1
    assert len(it.chain.behind.seen) == seen
    it.honest()


def test_what_no_proof_covers(attacked):
    """Under qop=auth a hop proves who it is, for this request. What the
    response says is not covered between proxies: status, fields, content."""
    it = attacked(1)

    def change(_exchange, message):
        message.line = "HTTP/1.1 404 Not Found"
        message.put("X-Attacker", "yes")
    it.wire.response = change
    got = it.ask()
    assert (got.status, got.all("X-Attacker")) == (404, ["yes"])
    it.honest()


@pytest.mark.parametrize("at", [0, 1, 2, 3])
@pytest.mark.parametrize("integrity", [[], ["--integrity", "require"]],
                         ids=["auth", "auth-int"])
def test_content_changed_on_its_way(chain, tmp_path, integrity, at):
    """C-15 F-25: what covers the content is the application's own proof, with
    auth-int from end to end, wherever on its way it is changed."""
    def change(_exchange, message):
        if message.all("Authentication-Info"):
            message.put("Content-Length", "5")
    chain.behind.answer = lambda seen: (
        b"HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\n0123456789")
    chain.wires[at].response = change
    fetch(*REQUIRED, *integrity, *chain.proxy, chain.url + "/a", env=LOGIN,
          check=PROOF if integrity else OK, report=tmp_path / "report")
    for relay in chain.wires:
        relay.forget()
        relay.drop()


END_TO_END = {
    "removed": [],
    "of another request": None,
    "another hop's": PI,
}


@pytest.mark.parametrize("at", [0, 1, 2, 3])
@pytest.mark.parametrize("change", END_TO_END)
def test_g_01_the_applications_proof(chain, tmp_path, change, at):
    """G-01 F-53: the application's own proof, changed anywhere on its way: the
    client notices, and its proxy is proved all the same."""
    fetch(*REQUIRED, *chain.proxy, chain.url + "/a", env=LOGIN, check=OK)
    old = chain.wires[3].exchanges[-1].response.one("Authentication-Info")
    hop = last(chain.wires[1], "response", PI)

    def alter(_exchange, message):
        if message.all("Authentication-Info"):
            message.put("Authentication-Info", *{
                "removed": [], "of another request": [old],
                "another hop's": [hop]}[change])
    chain.wires[at].response = alter
    done = fetch(*REQUIRED, *chain.proxy, chain.url + "/a", env=LOGIN,
                 check=PROOF, report=tmp_path / "report")
    assert done.out == b""
    assert done.first["proxy"]["proof"] == "proved"


@pytest.mark.parametrize("fault", ["no-info", "rspauth-wrong"])
def test_f_56_between_client_and_first(chain, tmp_path, fault):
    """F-56: before A it is the client who notices."""
    chain.wires[0].response = hurt(fault)
    done = fetch(*REQUIRED, *chain.proxy, chain.behind.url, env=LOGIN,
                 check=PROOF, report=tmp_path / "report")
    assert done.out == b""
