# SPDX-License-Identifier: MIT
"""The gateway logs in to an origin for its callers, who log in to it with
credentials of their own: what goes out, and what they get to see."""
import pytest

from support import wire
from support.next_hop import PASSWORD, Hop
from support.origin import Last, response
from support.presenting import BODY, METHODS, PATH, WAYS, Caller, make
from support.via import FAULTS


@pytest.fixture(scope="module")
def shared(module_gateway, tmp_path_factory):
    hop = Hop(layer="origin")
    yield make(module_gateway, hop, tmp_path_factory.mktemp("login")), hop
    hop.close()


@pytest.fixture(params=WAYS)
def rig(shared, request):
    gate, hop = shared
    hop.forget()
    return gate, hop, Caller(gate, request.param, hop)


@pytest.mark.parametrize("status", [200, 204, 302, 304, 404, 500])
@pytest.mark.parametrize("method", METHODS)
def test_g_29_own_credentials(rig, method, status):
    """G-28 G-29: the origin is answered with the gateway's login, not
    with the caller's; its challenge and its Info field go no further, and the
    caller gets the gateway's own proof."""
    gate, hop, caller = rig
    hop.answer = lambda seen: response(status, b"" if status in (
        204, 304) else b"from inside\n", [], seen.method)
    got, proved = caller.ask(method, fields=[] if caller.way == "origin" else [
        ("Authorization", "Basic Y2FsbGVyOmhlcnM=")])
    assert (got.status, proved) == (status, True)
    assert hop.seen[-1].body == (BODY if method == "POST" else b"")
    assert len(hop.accepted) == 1
    for seen in hop.seen:
        assert seen.line == f"{method} {PATH} HTTP/1.1"
        assert "alice" not in "".join(seen.all("Authorization"))
        assert "Basic" not in str(seen.fields)
        assert not seen.all("Proxy-Authorization")
    if caller.way == "forward":
        assert hop.seen[-1].all("Host") == [hop.url[7:]]


@pytest.mark.parametrize("method", METHODS)
@pytest.mark.parametrize("word", FAULTS)
def test_f_56_unproved(rig, word, method):
    """F-53 F-56: an origin that does not prove itself is 502 with the
    reason in the log and the metrics, and with the gateway's own proof; nothing
    of its answer reaches the caller."""
    gate, hop, caller = rig
    assert caller.ask(method)[0].status == 200
    hop.info = FAULTS[word]
    hop.fields = [("X-Impostor", "yes")]
    before = gate.refused(caller.layer, word)
    seen = len(hop.seen)
    got, proved = caller.ask(method)
    assert (got.status, proved) == (502, True)
    assert not got.all("X-Impostor")
    assert b"page" not in got.body
    assert len(hop.seen) == seen + 1, "it was sent again"
    assert gate.refused(caller.layer, word) == before + 1
    entry = gate.wait_log(word)
    assert (entry["status"], entry["user"]) == (502, "alice")
    hop.info, hop.fields = None, []
    assert caller.ask(method)[0].status == 200


@pytest.mark.parametrize("method", METHODS)
def test_f_22_unasked(rig, method):
    """F-22: an origin that asks for nothing is one that proves nothing."""
    gate, hop, caller = rig
    hop.judge = lambda seen: (None, None)
    try:
        got, proved = caller.ask(method)
    finally:
        del hop.judge
    assert (got.status, proved) == (502, True)
    assert b"page" not in got.body


@pytest.mark.parametrize("method", METHODS)
def test_f_35_stale(rig, method):
    """F-35 F-37: a nonce that grew old costs one repeat, with the content,
    and no caller notices."""
    gate, hop, caller = rig
    assert caller.ask(method)[0].status == 200
    hop.retire()
    seen = len(hop.seen)
    got, proved = caller.ask(method)
    assert (got.status, proved) == (200, True)
    body = BODY if method == "POST" else b""
    assert [s.body for s in hop.seen[seen:]] == [body] * 2
    assert hop.accepted[-1][1] == "00000001"


@pytest.mark.parametrize("method", METHODS)
def test_f_36_always_stale(rig, method):
    """F-36: an origin that finds every nonce stale is asked three times."""
    gate, hop, caller = rig
    hop.judge = lambda seen: (hop.challenge(
        seen, stale=bool(seen.all("Authorization"))), None)
    try:
        got, proved = caller.ask(method)
    finally:
        del hop.judge
    assert (got.status, proved) == (502, True)
    assert len(hop.seen) <= 4
    assert gate.wait_log("retries-used")["status"] == 502


@pytest.mark.parametrize("method", METHODS)
def test_f_34_refused(rig, method):
    """F-34: credentials that are not taken are not sent again; the caller
    gets 502, not a 401 it could take for the gateway's."""
    gate, hop, caller = rig
    hop.password = "another"
    try:
        got, proved = caller.ask(method)
    finally:
        hop.password = PASSWORD
    assert (got.status, proved) == (502, True)
    assert gate.wait_log("credentials-refused")["status"] == 502
    seen = len(hop.seen)
    assert caller.ask(method)[0].status == 200
    assert not hop.seen[seen].all("Authorization"), "a new login"


@pytest.mark.parametrize("line, word", [
    (None, "no-challenge"), ('Basic realm="x"', "downgrade"),
    ('Digest realm="x", nonce="y"', "downgrade"),
    ('Digest realm="x", nonce="y", qop="auth", algorithm=MD5', "downgrade")])
def test_f_42_weaker(rig, line, word):
    """F-38 F-42: a 401 that offers less than before ends in 502."""
    gate, hop, caller = rig
    assert caller.ask()[0].status == 200
    added = [] if line is None else [("WWW-Authenticate", line)]
    hop.judge = lambda seen: (response(401, b"no\n", added), None)
    try:
        got, proved = caller.ask()
    finally:
        del hop.judge
    assert (got.status, proved) == (502, True)
    assert gate.wait_log(word)["status"] == 502


def test_expect(rig):
    """A caller that waits for 100 (Continue) sends its content once, after
    the challenge was answered, however long it is."""
    gate, hop, caller = rig
    assert caller.ask()[0].status == 200
    hop.retire()
    body = b"long" * (1 << 19)
    target = caller.before + PATH
    sent = caller.own.credentials("POST", target)
    with wire.Connection(caller.address) as connection:
        connection.send(wire.request("POST", target, [
            (caller.sends, sent), ("Expect", "100-continue"),
            ("Content-Length", str(len(body)))]))
        assert connection.until(b"\r\n\r\n").startswith(b"HTTP/1.1 100 ")
        connection.send(body)
        got = connection.response("POST")
    assert got.status == 200
    assert [len(seen.body) for seen in hop.seen[-2:]] == [0, len(body)]


@pytest.mark.parametrize("octets", [b"", b"not HTTP\r\n\r\n"])
def test_no_silent_repeat(rig, octets):
    """A POST whose answer never came, or cannot be read, is not sent again:
    it may have taken effect. Nor is its content what the caller gets."""
    gate, hop, caller = rig
    assert caller.ask("POST")[0].status == 200
    seen = len(hop.seen)
    hop.judge = lambda seen: (Last(octets), None)
    try:
        got, proved = caller.ask("POST")
    finally:
        del hop.judge
    assert (got.status, proved) == (502, True)
    assert got.body == b"502 Bad Gateway\n"
    assert len(hop.seen) == seen + 1


def test_stranger(rig):
    """G-29: who does not log in to the gateway is not logged in anywhere."""
    gate, hop, caller = rig
    hop.seen.clear()
    with wire.Connection(caller.address) as connection:
        got = connection.exchange("GET", caller.before + PATH)
    assert got.status == (401 if caller.way == "origin" else 407)
    assert not hop.seen


def test_metrics(rig):
    """What the origins asked and proved is counted, apart from the next
    proxy's."""
    gate, hop, caller = rig
    before = gate.metrics()
    hop.retire()
    assert caller.ask()[0].status == 200
    after = gate.metrics()
    for name in ("countersign_present_challenges_total",
                 "countersign_present_proofs_total"):
        assert after[name] == before[name] + 1
    for name in ("countersign_via_challenges_total",
                 "countersign_via_proofs_total"):
        assert after[name] == before[name]
