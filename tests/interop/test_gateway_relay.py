# SPDX-License-Identifier: MIT
"""A gateway that lets its clients log in at the next proxy: what goes through
it, as received, and what does not."""
import socket

import pytest

from support import wire
from support.fixtures import authority  # noqa: F401 # pylint: disable=W0611
from support.gateway import login
from support.next_hop import Hop
from support.origin import Last, Origin, response
from support.via import BODY, PAGE, WAYS, write_login

ASK, TELL, PROVE = ("Proxy-Authenticate", "Proxy-Authorization",
                    "Proxy-Authentication-Info")


def sent(lines):
    """As the next proxy's octets are read here: it speaks UTF-8."""
    return [line.encode().decode("latin-1") for line in lines]


class Hops:
    """The relaying gateway, and the next proxy, which says what a test
    wants. With TLS to that one the gateway serves one place by itself,
    which nobody asks for."""

    def __init__(self, maker, authority=None):
        secure = authority is not None
        self.next = Origin(tls=authority.server() if secure else None)
        self.url = (f"https://localhost:{self.next.port}" if secure
                    else self.next.url)
        more = (["--tls-ca", authority.ca, "--via-bypass", "none.test"]
                if secure else [])
        self.relay = maker("--via-proxy", self.url, "--via-relay", *more,
                           forward=True, asks=secure)

    def answer(self, status, fields=(), body=b"inside\n"):
        """What the next proxy says to all requests."""
        self.next.forget()
        self.next.answer = lambda seen: response(
            status, body if status not in (204, 304) else b"", fields,
            "HEAD" if seen.method == "CONNECT" and status // 100 == 2
            else seen.method)

    def ask(self, method="GET", fields=(), target=None, body=None):
        where, content = WAYS[method]
        with wire.Connection(self.relay.proxy) as connection:
            return connection.exchange(
                method, target or where, fields,
                content if body is None else body)


@pytest.fixture(scope="module", params=["plain", "TLS"])
def hops(request, module_gateway, authority):
    made = Hops(module_gateway,
                authority if request.param == "TLS" else None)
    yield made
    made.next.close()


CREDENTIALS = [
    [],
    ['Digest username="alice", realm="x", nonce="n", uri="/", nc=00000001, '
     'response="0", cnonce="c", qop=auth'],
    ['dIGEST   username="a\\"l" ,realm=x,\t nonce="\xe9" , ,a=b'],
    ["Basic YWxpY2U6c2VjcmV0"],
    ["Negotiate TlRMTVNTUAAB=="],
    ["Digest a=1", "Digest a=2", "Basic eDp5"],
]


@pytest.mark.parametrize("lines", CREDENTIALS, ids=[
    "none", "usual", "odd", "Basic", "another", "three"])
@pytest.mark.parametrize("method", WAYS)
def test_g_09_credentials(hops, method, lines):
    """G-09 F-53: what a client says for the next proxy arrives there octet
    by octet, once, and nothing else does in its place."""
    hops.answer(200)
    got = hops.ask(method, [(TELL, line) for line in lines])
    assert got.status == 200
    assert len(hops.next.seen) == 1
    seen = hops.next.seen[0]
    assert seen.all(TELL) == lines
    assert seen.body == WAYS[method][1]
    if method == "CONNECT":
        assert seen.line == "CONNECT example.test:443 HTTP/1.1"
        assert seen.all("Host") == ["%s:%d" % hops.relay.proxy]
    else:
        assert seen.line == f"{method} {PAGE} HTTP/1.1"


CHALLENGES = [
    ['Digest realm="the way out", nonce="abc", algorithm=SHA-256, '
     'qop="auth", charset=UTF-8'],
    ['Digest realm="a\\"b",  nonce=n , ,stale=TRUE', 'Basic realm="\xfc"',
     "Negotiate", 'Digest realm="x", nonce="y", algorithm=MD5'],
    [],
]


@pytest.mark.parametrize("lines", CHALLENGES, ids=["usual", "four", "none"])
@pytest.mark.parametrize("method", WAYS)
def test_g_12_challenges(hops, method, lines):
    """G-12 G-14 G-30: the next proxy's 407 is the client's, with all
    challenges as they came and in their order, and none of the gateway's."""
    hops.answer(407, [(ASK, line) for line in lines])
    got = hops.ask(method)
    assert (got.status, got.all(ASK)) == (407, sent(lines))
    assert not got.all(PROVE)
    assert len(hops.next.seen) == 1, "it was asked again"


@pytest.mark.parametrize("method", ["GET", "HEAD", "POST"])
def test_challenged_again(hops, method):
    """Connections outlive a challenge that is passed on."""
    hops.answer(407, [(ASK, "Digest a=b")])
    with wire.Connection(hops.relay.proxy) as connection:
        for _ in range(3):
            got = connection.exchange(method, PAGE, body=WAYS[method][1])
            assert got.status == 407


INFOS = [
    ['rspauth="00", qop=auth, cnonce="c", nc=00000001'],
    ['rspauth="0\\"0" ,\t nextnonce=n, ,x="\xe9"'],
    ["a=1", "b=2"],
    [],
]


@pytest.mark.parametrize("status", [200, 204, 302, 304, 401, 403, 404, 407,
                                    500, 502])
@pytest.mark.parametrize("lines", INFOS, ids=["usual", "odd", "two", "none"])
@pytest.mark.parametrize("method", ["GET", "HEAD", "POST"])
def test_g_14_proofs(hops, method, lines, status):
    """G-14 G-15 G-01: the next proxy's proof goes through unchanged on every
    status, and the gateway adds none; nor is the origin's own touched."""
    own = [("Authentication-Info", "rspauth=\"1\""),
           ("WWW-Authenticate", "Digest a=b")]
    hops.answer(status, [(PROVE, line) for line in lines] + own)
    got = hops.ask(method)
    assert (got.status, got.all(PROVE)) == (status, sent(lines))
    for name, value in own:
        assert got.all(name) == [value]
    if method != "HEAD" and status not in (204, 304):
        assert got.body == b"inside\n"


@pytest.mark.parametrize("status, becomes", [
    (200, 200), (302, 502), (401, 502), (403, 403), (407, 407), (503, 503)])
@pytest.mark.parametrize("lines", INFOS, ids=["usual", "odd", "two", "none"])
def test_g_14_connect(hops, lines, status, becomes):
    """G-14: also in answer to CONNECT, where the engine cannot pass on what
    is no tunnel; what cannot be an answer to CONNECT becomes 502, and that
    the next proxy did not prove."""
    hops.answer(status, [(PROVE, line) for line in lines])
    got = hops.ask("CONNECT")
    assert got.status == becomes
    assert got.all(PROVE) == (sent(lines) if status == becomes else [])


def test_g_18_withdrawn(hops):
    """G-18: a next proxy that lists its proof in Connection takes it back."""
    line = INFOS[0][0]
    hops.answer(200, [("Connection", "Proxy-Authentication-Info"),
                      (PROVE, line)])
    assert not hops.ask().all(PROVE)
    hops.answer(200, [("Connection", "X-Other"), (PROVE, line)])
    assert hops.ask().all(PROVE) == [line]


def test_trailers(hops):
    """G-05: trailers are dropped, so none are asked for, and the client is
    told that the connection ends."""
    def chunked(seen):
        assert not seen.all("TE")
        return (b"HTTP/1.1 200 OK\r\nTrailer: Proxy-Authentication-Info\r\n"
                b"Transfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n0\r\n"
                b"Proxy-Authentication-Info: rspauth=\"00\"\r\n\r\n")
    hops.next.forget()
    hops.next.answer = chunked
    with wire.Connection(hops.relay.proxy) as connection:
        got = connection.exchange("GET", PAGE, [("TE", "trailers")])
        assert (got.body, connection.trailer) == (b"abc", [])
    assert got.all("Connection") == ["close"]
    assert not got.all(PROVE) and not got.all("Trailer")


def test_expect(hops):
    """A content that waits for 100 (Continue) is asked for by the next
    proxy."""
    hops.next.forget()
    with wire.Connection(hops.relay.proxy) as connection:
        connection.send(wire.request("POST", PAGE, [
            (TELL, "Digest a=b"), ("Expect", "100-continue"),
            ("Content-Length", str(len(BODY)))]))
        assert connection.until(b"\r\n\r\n").startswith(b"HTTP/1.1 100 ")
        connection.send(BODY)
        assert connection.response("POST").status == 200
    assert hops.next.seen[0].body == BODY


def test_sent_anew(hops):
    """G-09: where the engine has to connect anew, the credentials go once
    with each attempt, and a POST that may have arrived is not sent again."""
    for method, attempts in (("GET", 2), ("POST", 1)):
        hops.next.forget()
        hops.next.answer = lambda seen: (
            Last(b"") if len(hops.next.seen) == 1 else None)
        hops.ask(method, [(TELL, "Digest a=b")])
        assert [seen.all(TELL) for seen in hops.next.seen] == [
            ["Digest a=b"]] * attempts, method


@pytest.mark.parametrize("method, target, status, reason", [
    ("CONNECT", "example.test:25", 403, "connect-port"),
    ("GET", "ftp://example.test/", 403, "scheme-not-forwarded"),
    ("GET", "http://127.0.0.1/", 403, "destination-denied"),
    ("CONNECT", "127.0.0.1:443", 403, "destination-denied"),
    ("GET", "/page", 400, "not-a-proxy-request")])
def test_refused_here(hops, method, target, status, reason):
    """What no login would open is refused here, and goes no further."""
    hops.answer(200)
    before = hops.relay.refused("proxy", reason)
    got = hops.ask(method, [(TELL, "Digest a=b")], target, b"")
    assert (got.status, hops.next.seen) == (status, [])
    assert not got.all(ASK) and not got.all(PROVE)
    assert hops.relay.refused("proxy", reason) == before + 1


def test_loop(hops):
    """What comes back is refused with 508."""
    hops.answer(200)
    hops.ask()
    via = hops.next.seen[0].all("Via")
    assert hops.ask(fields=[("Via", via[0])]).status == 508
    assert len(hops.next.seen) == 1


def test_away(gateway):
    """A next proxy that is away is 502, which nobody proves; and as soon as
    it is back it is asked again."""
    with socket.create_server(("127.0.0.1", 0)) as nobody:
        port = nobody.getsockname()[1]
    gate = gateway("--via-proxy", f"http://127.0.0.1:{port}", "--via-relay",
                   forward=True, asks=False)
    for method, (target, body) in WAYS.items():
        for _ in range(4):
            with wire.Connection(gate.proxy) as connection:
                got = connection.exchange(method, target, [
                    (TELL, "Digest a=b")], body)
            assert got.status == 502
            assert not got.all(ASK) and not got.all(PROVE)
    back = Origin(port=port)
    with wire.Connection(gate.proxy) as connection:
        assert connection.exchange("GET", PAGE).status == 200
    back.close()


SAID = [("X-Forwarded-For", "192.0.2.1"), ("Forwarded", "for=192.0.2.1")]


def test_addresses(gateway, hops):
    """The next proxy learns clients' addresses where that was said, and from
    this gateway alone: what a client says of itself is taken out."""
    hops.answer(200)
    hops.ask(fields=SAID)
    assert not any(hops.next.seen[0].all(name) for name, _ in SAID)
    command = hops.relay.command
    tells = gateway(*command[command.index("--via-proxy"):], "--via-address",
                    forward=True, asks="--users" in command)
    for method, (target, body) in WAYS.items():
        hops.answer(200)
        with wire.Connection(tells.proxy, source=("127.0.0.5", 0)) as client:
            client.exchange(method, target, SAID, body)
        seen = hops.next.seen[0]
        last = seen.all("X-Forwarded-For")[-1].rpartition(",")[2].strip()
        assert (last, seen.all("Forwarded")) == ("127.0.0.5", []), method


def test_trusted(gateway, origin):
    """The next proxy's side of it: what a trusted gateway says of a client is
    believed, in the log, and goes no further; what others say does."""
    gate = gateway("--source", "x-forwarded-for", "--trust-source",
                   "127.0.0.5", "--allow-dest", "127.0.0.1", forward=True)
    target = origin.url + "/"
    own = login(gate.proxy, target, layer="proxy")
    for address, named in (("127.0.0.5", []), ("127.0.0.6", ["192.0.2.1"])):
        origin.forget()
        with wire.Connection(gate.proxy, source=(address, 0)) as client:
            got = client.exchange("GET", target, [
                *SAID, (TELL, own.credentials("GET", target))])
            assert got.status == 200
            assert client.exchange("GET", target, SAID).status == 407
        assert origin.seen[0].all("X-Forwarded-For") == named
        assert origin.seen[0].all("Forwarded") == ["for=192.0.2.1"]
    assert [entry["client"] for entry in gate.log()[-2:]] == [
        "192.0.2.1", "127.0.0.6"]


@pytest.mark.parametrize("method", WAYS)
def test_g_10_not_told_to(gateway, tmp_path, method):
    """G-10 G-11 G-12: a gateway that was not told to relay drops what a
    client says for another proxy, and a 407 of that one is 502."""
    hop = Hop()
    gate = gateway("--via-proxy", hop.url, "--via-user-file",
                   write_login(tmp_path, "office:wrong\n"), forward=True)
    target, body = WAYS[method]
    own = login(gate.proxy, PAGE, layer="proxy")
    sent = own.credentials(method, target)
    with wire.Connection(gate.proxy) as connection:
        got = connection.exchange(method, target, [(TELL, sent)], body)
    hop.close()
    assert got.status == 502
    assert not got.all(ASK)
    assert own.proves(got.one(PROVE), sent, target)
    assert hop.seen and not any("alice" in line for seen in hop.seen
                                for line in seen.all(TELL))
