# SPDX-License-Identifier: MIT
"""The forward proxy as a client of the next proxy: what goes out, what it
makes of what comes back, and what its own client gets to see."""
import pytest

from support import wire
from support.next_hop import PASSWORD, Hop
from support.origin import Last, response
from support.via import FAULTS, PAGE, WAYS, ask, make, session


@pytest.fixture(scope="module")
def shared(module_gateway, tmp_path_factory):
    hop = Hop()
    yield make(module_gateway, hop, tmp_path_factory.mktemp("login")), hop
    hop.close()


@pytest.fixture
def via(shared):
    shared[1].forget()
    return shared


@pytest.mark.parametrize("status", [200, 204, 302, 304, 401, 404, 500])
@pytest.mark.parametrize("method", ["GET", "HEAD", "POST"])
def test_g_12_own_credentials(via, method, status):
    """G-12 G-13 G-15: the next proxy is answered with the gateway's own
    credentials; the client sees no 407 and one Info field, the gateway's."""
    gate, hop = via
    hop.answer = lambda seen: response(status, b"" if status in (
        204, 304) else b"from inside\n", [
            ("Proxy-Authenticate", 'Basic realm="inside"')], seen.method)
    got, proved = ask(gate, session(gate), method)
    assert (got.status, proved) == (status, True)
    assert [seen.body for seen in hop.seen][-1] == WAYS[method][1]
    assert len(hop.accepted) == 1
    for seen in hop.seen:
        assert seen.line == f"{method} {PAGE} HTTP/1.1"
        assert "alice" not in str(seen.fields)


def test_connect(via):
    """G-22 F-52: CONNECT is asked of the next proxy with credentials for its
    authority, and that alone stands in Host (RFC 9112, 3.2)."""
    gate, hop = via
    got, proved = ask(gate, session(gate), "CONNECT")
    assert (got.status, proved) == (200, True)
    for seen in hop.seen:
        assert seen.line == "CONNECT example.test:443 HTTP/1.1"
        assert seen.all("Host") == ["example.test:443"]


@pytest.mark.parametrize("status", [403, 404, 500, 502, 504])
@pytest.mark.parametrize("how", ["length", "chunked", "closed"])
def test_connect_refused(via, status, how):
    """A CONNECT the next proxy refuses ends with its status, however its
    answer is framed; nothing waits."""
    gate, hop = via
    octets = {"length": b"Content-Length: 3\r\n\r\nno\n",
              "chunked": b"Transfer-Encoding: chunked\r\n\r\n"
                         b"3\r\nno\n\r\n0\r\n\r\n",
              "closed": b"\r\nno\n"}[how]
    hop.answer = lambda seen: Last(b"HTTP/1.1 %d No\r\n" % status + octets)
    got, proved = ask(gate, session(gate), "CONNECT")
    assert (got.status, proved) == (status, True)


@pytest.mark.parametrize("method", WAYS)
@pytest.mark.parametrize("word", FAULTS)
def test_f_56_unproved(via, word, method):
    """F-53 F-56: what does not prove itself is 502 with the reason, in the
    log and in the metrics; nothing of it reaches the client."""
    gate, hop = via
    own = session(gate)
    assert ask(gate, own, method)[0].status == 200
    hop.info = FAULTS[word]
    hop.fields = [("X-Impostor", "yes")]
    before = gate.refused("proxy", word)
    seen = len(hop.seen)
    got, proved = ask(gate, own, method)
    assert (got.status, proved) == (502, True)
    assert not got.all("X-Impostor")
    assert b"page" not in got.body
    assert len(hop.seen) == seen + 1, "it was sent again"
    assert gate.refused("proxy", word) == before + 1
    entry = gate.wait_log(word)
    assert (entry["status"], entry["user"]) == (502, "alice")
    hop.info, hop.fields = None, []
    assert ask(gate, own, method)[0].status == 200


@pytest.mark.parametrize("method", WAYS)
def test_unasked(via, method):
    """F-22: a proxy that asks for nothing is one that proves nothing."""
    gate, hop = via
    hop.judge = lambda seen: (None, None)
    try:
        ask(gate, session(gate), method)
        got, proved = ask(gate, session(gate), method)
        assert (got.status, proved) == (502, True)
    finally:
        del hop.judge


@pytest.mark.parametrize("method", WAYS)
def test_f_35_stale(via, method):
    """F-35 F-37: a nonce that grew old costs one repeat, with the content,
    and no client notices."""
    gate, hop = via
    own = session(gate)
    assert ask(gate, own, method)[0].status == 200
    hop.retire()
    seen = len(hop.seen)
    got, proved = ask(gate, own, method)
    assert (got.status, proved) == (200, True)
    assert len(hop.seen) == seen + 2
    assert [s.body for s in hop.seen[seen:]] == [WAYS[method][1]] * 2
    assert hop.accepted[-1][1] == "00000001"


@pytest.mark.parametrize("method", WAYS)
def test_f_36_always_stale(via, method):
    """F-36: a proxy that finds every nonce stale is asked three times."""
    gate, hop = via
    own = session(gate)
    hop.judge = lambda seen: (hop.challenge(
        seen, stale=bool(seen.all("Proxy-Authorization"))), None)
    try:
        got, proved = ask(gate, own, method)
    finally:
        del hop.judge
    assert (got.status, proved) == (502, True)
    assert len(hop.seen) <= 4
    assert gate.wait_log("retries-used")["status"] == 502


@pytest.mark.parametrize("method", WAYS)
def test_f_34_refused(via, method):
    """F-34 G-12: credentials that are not taken are not sent again, and the
    client gets 502, not a 407 it could take for the gateway's."""
    gate, hop = via
    own = session(gate)
    hop.password = "another"
    try:
        got, proved = ask(gate, own, method)
    finally:
        hop.password = PASSWORD
    assert (got.status, proved) == (502, True)
    assert gate.wait_log("credentials-refused")["status"] == 502
    seen = len(hop.seen)
    assert ask(gate, own, method)[0].status == 200
    assert not hop.seen[seen].all("Proxy-Authorization"), "a new login"


@pytest.mark.parametrize("line, word", [
    (None, "no-challenge"),
    ('Basic realm="x"', "downgrade"),
    ('Digest realm="x", nonce="y"', "downgrade")])
def test_f_42_weaker(via, line, word):
    """F-38 F-42: a 407 that offers less than before ends in 502."""
    gate, hop = via
    own = session(gate)
    assert ask(gate, own)[0].status == 200
    added = [] if line is None else [("Proxy-Authenticate", line)]
    hop.judge = lambda seen: (response(407, b"no\n", added), None)
    try:
        got, proved = ask(gate, own)
    finally:
        del hop.judge
    assert (got.status, proved) == (502, True)
    assert gate.wait_log(word)["status"] == 502


def test_expect(via):
    """A client that waits for 100 (Continue) sends its content once, after
    the challenge was answered, however long it is."""
    gate, hop = via
    own = session(gate)
    assert ask(gate, own)[0].status == 200
    hop.retire()
    body = b"long" * (1 << 19)
    sent = own.credentials("POST", PAGE)
    with wire.Connection(gate.proxy) as connection:
        connection.send(wire.request("POST", PAGE, [
            ("Proxy-Authorization", sent), ("Expect", "100-continue"),
            ("Content-Length", str(len(body)))]))
        assert connection.until(b"\r\n\r\n").startswith(b"HTTP/1.1 100 ")
        connection.send(body)
        got = connection.response("POST")
    assert got.status == 200
    assert [len(seen.body) for seen in hop.seen[-2:]] == [0, len(body)]


def test_challenge_behind_100(via):
    """A content that was waited for and came is not sent again."""
    gate, hop = via
    own = session(gate)
    assert ask(gate, own)[0].status == 200
    hop.judge = lambda seen: (hop.challenge(seen, stale=True), None)
    body = b"long" * (1 << 19)
    sent = own.credentials("POST", PAGE)
    try:
        with wire.Connection(gate.proxy) as connection:
            connection.send(wire.request("POST", PAGE, [
                ("Proxy-Authorization", sent), ("Expect", "100-continue"),
                ("Content-Length", str(len(body)))]))
            connection.until(b"\r\n\r\n")
            connection.send(body)
            got = connection.response("POST")
    finally:
        del hop.judge
    assert got.status == 502
    assert [len(s.body) for s in hop.seen if s.method == "POST"] == [len(body)]


@pytest.mark.parametrize("octets", [b"", b"not HTTP\r\n\r\n"])
def test_no_silent_repeat(via, octets):
    """A POST whose answer never came, or cannot be read, is not sent again:
    it may have taken effect. Nor is its content what the client gets."""
    gate, hop = via
    own = session(gate)
    assert ask(gate, own, "POST")[0].status == 200
    seen = len(hop.seen)
    hop.judge = lambda seen: (Last(octets), None)
    try:
        got, proved = ask(gate, own, "POST")
    finally:
        del hop.judge
    assert (got.status, proved) == (502, True)
    assert got.body == b"502 Bad Gateway\n"
    assert len(hop.seen) == seen + 1


@pytest.mark.parametrize("method, target", [
    ("GET", "http://127.0.0.1/"), ("CONNECT", "127.0.0.1:443")])
def test_localhost(via, method, target):
    """127.0.0.1 is no address to ask another machine for: 403, at once."""
    gate, hop = via
    own = session(gate)
    sent = own.credentials(method, target)
    with wire.Connection(gate.proxy) as connection:
        got = connection.exchange(method, target,
                                  [("Proxy-Authorization", sent)])
    assert got.status == 403
    assert own.proves(got.one("Proxy-Authentication-Info"), sent, target)
    assert not hop.seen
    assert gate.wait_log("destination-denied")["user"] == "alice"
