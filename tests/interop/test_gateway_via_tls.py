# SPDX-License-Identifier: MIT
"""A next proxy behind TLS, and one at an IPv6 address."""
import pytest

from support import wire
from support.fixtures import Authority
from support.gateway import login
from support.next_hop import Hop
from support.origin import Last, Origin
from support.via import WAYS, ask, in_parallel, make, session, write_login

LONG = b"x" * 3_000_000


@pytest.fixture(scope="module")
def authority(tmp_path_factory):
    return Authority(tmp_path_factory.mktemp("authority"))


@pytest.fixture(scope="module")
def shared(module_gateway, authority, tmp_path_factory):
    hop = Hop(tls=authority.server(), host="localhost")
    yield make(module_gateway, hop, tmp_path_factory.mktemp("login"),
               "--tls-ca", authority.ca), hop
    hop.close()


@pytest.fixture
def via(shared):
    shared[1].forget()
    return shared


@pytest.mark.parametrize("method", WAYS)
def test_as_without_tls(via, method):
    """F-35 F-52 G-22: requests and tunnels go out as they would without TLS:
    address, Host, credentials, content; a stale nonce costs one repeat."""
    gate, hop = via
    own = session(gate)
    for _ in range(2):
        got, proved = ask(gate, own, method)
        assert (got.status, proved) == (200, True)
        hop.retire()
    target, body = WAYS[method]
    assert len(hop.seen) == 4
    for seen in hop.seen:
        assert seen.line == f"{method} {target} HTTP/1.1"
        assert seen.all("Host") == [target.replace("http://", "").split(
            "/")[0]]
        assert seen.body == body


def test_content_that_is_not_kept(gateway, authority, tmp_path):
    """It meets a session that was asked for, over TLS too."""
    hop = Hop(tls=authority.server(), host="localhost")
    gate = make(gateway, hop, tmp_path, "--tls-ca", authority.ca)
    got, proved = ask(gate, session(gate), "POST", body=LONG)
    assert (got.status, proved) == (200, True)
    assert [s.body for s in hop.seen if s.method == "POST"] == [LONG]
    hop.close()


def test_connection_that_broke(via):
    """A request whose connection broke is made anew, by TLS again."""
    gate, hop = via
    own = session(gate)
    assert ask(gate, own)[0].status == 200
    left = [1]
    right = hop.judge
    hop.judge = lambda seen: (
        (Last(b""), None) if left and left.pop() else right(seen))
    try:
        got, proved = ask(gate, own)
    finally:
        del hop.judge
    assert (got.status, proved) == (200, True)


def test_many(via):
    """Many at once, on connections that are used again."""
    gate, hop = via
    assert ask(gate, session(gate))[0].status == 200
    challenged = hop.challenged
    assert in_parallel(gate, 8, 8, "POST") == {200}
    assert hop.challenged == challenged


@pytest.mark.parametrize("method", WAYS)
@pytest.mark.parametrize("fault", ["authority", "name"])
def test_refused(gateway, tmp_path, fault, method):
    """A certificate nobody vouches for, and one of another name, get nothing;
    the client gets 502, with its address in the log as it asked for it."""
    made = Authority(tmp_path, "DNS:" + (
        "a.example" if fault == "name" else "localhost"))
    hop = Hop(tls=made.server(), host="localhost")
    more = [] if fault == "authority" else ["--tls-ca", made.ca]
    gate = make(gateway, hop, tmp_path, *more, "--via-patience", "0")
    got, proved = ask(gate, session(gate), method)
    assert (got.status, proved) == (502, True)
    assert not hop.seen
    if method != "CONNECT":
        assert gate.wait_log("hop-away")["target"] == (
            "http://example.test/page")
    hop.close()


def test_two_gateways(gateway, authority, tmp_path):
    """G-11 G-13: a gateway behind a gateway, TLS between them: a request, and
    a tunnel with octets through it."""
    origin = Origin(host="127.0.0.2")
    b = gateway("--allow-dest", "127.0.0.2", "--connect-ports", origin.port,
                "--listen", "forward=https://127.0.0.1:0", "--tls-cert",
                authority.cert, "--tls-key", authority.key, forward=True)
    gate = gateway(
        "--via-proxy", f"https://localhost:{b.proxy[1]}", "--via-user-file",
        write_login(tmp_path, "alice:proxy-secret\n"), "--tls-ca",
        authority.ca, "--connect-ports", origin.port, forward=True)
    target = origin.url + "/a"
    own = login(gate.proxy, target, layer="proxy")
    sent = own.credentials("GET", target)
    with wire.Connection(gate.proxy) as connection:
        got = connection.exchange("GET", target,
                                  [("Proxy-Authorization", sent)])
    assert (got.status, got.body) == (200, b"GET /a HTTP/1.1\n")
    assert own.proves(got.one("Proxy-Authentication-Info"), sent, target)
    place = f"127.0.0.2:{origin.port}"
    sent = own.credentials("CONNECT", place)
    with wire.Connection(gate.proxy) as connection:
        got = connection.exchange("CONNECT", place,
                                  [("Proxy-Authorization", sent)])
        assert got.status == 200
        connection.send(wire.request("GET", "/inside"))
        assert connection.response().body == b"GET /inside HTTP/1.1\n"
    assert gate.metrics()["countersign_via_proofs_total"] == 2
    origin.close()


@pytest.mark.parametrize("method", WAYS)
def test_ipv6(gateway, tmp_path, method):
    """A next proxy at [::1]."""
    hop = Hop(host="::1")
    hop.url = f"http://[::1]:{hop.port}"
    gate = make(gateway, hop, tmp_path)
    got, proved = ask(gate, session(gate), method)
    assert (got.status, proved) == (200, True)
    hop.close()


@pytest.mark.parametrize("method", WAYS)
def test_relay(gateway, authority, method):
    """G-09: clients that log in at the next proxy do so through TLS too."""
    hop = Hop(tls=authority.server(), host="localhost", user="alice",
              password="proxy-secret")
    gate = gateway("--via-proxy", hop.url, "--via-relay", "--tls-ca",
                   authority.ca, forward=True, asks=False)
    got, proved = ask(gate, session(gate), method)
    assert (got.status, proved) == (200, True)
    assert hop.seen[-1].line.startswith(f"{method} {WAYS[method][0]} ")
    hop.close()
