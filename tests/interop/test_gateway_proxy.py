# SPDX-License-Identifier: MIT
"""The gateway as a forward proxy: plain requests and CONNECT."""
import pytest

from support import digest, wire
from support.gateway import PROXY_REALM, login
from support.origin import Origin

STATUSES = [200, 204, 206, 302, 304, 401, 403, 404, 500]


@pytest.fixture(scope="module")
def shared(module_gateway, module_origin):
    gate = module_gateway(
        "--allow-dest", "127.0.0.0/8", "--deny-dest", "127.0.0.9",
        "--connect-ports", f"443,{module_origin.port}", forward=True)
    return gate, module_origin


@pytest.fixture
def served(shared):
    """A gateway and an origin it may reach, shared by the tests here."""
    shared[1].forget()
    return shared


def ask(connection, session, method="GET", target="/", fields=(), **more):
    sent = session.credentials(method, target)
    got = connection.exchange(
        method, target, [*fields, ("Proxy-Authorization", sent)], **more)
    infos = got.all("Proxy-Authentication-Info")
    assert len(infos) <= 1, infos
    return got, bool(infos) and session.proves(infos[0], sent, target)


def log_in(gate, user="alice"):
    return login(gate.proxy, "http://example.invalid/", layer="proxy",
                 user=user)


def test_b_02_challenge_and_login(served):
    """B-02 B-23 E-02: 407 with a challenge, then the page with a proof."""
    gate, origin = served
    with wire.Connection(gate.proxy) as connection:
        got = connection.exchange(target=origin.url + "/a")
        assert got.status == 407
        assert not got.all("WWW-Authenticate")
        params = digest.challenge(got.one("Proxy-Authenticate"))
        assert params["realm"] == PROXY_REALM
        assert "domain" not in params
        assert not origin.seen
        got, proved = ask(connection, digest.Session(
            got.one("Proxy-Authenticate"), password="proxy-secret"),
            target=origin.url + "/a")
        assert (got.status, proved) == (200, True)
    assert origin.seen[0].target == "/a"


def test_challenge_keeps_connection(served):
    """A 407 leaves the connection open, for CONNECT too."""
    gate, origin = served
    with wire.Connection(gate.proxy) as connection:
        for method, target in (("GET", origin.url + "/"),
                               ("CONNECT", f"127.0.0.1:{origin.port}")) * 2:
            got = connection.exchange(method, target)
            assert got.status == 407
        session = digest.Session(got.one("Proxy-Authenticate"),
                                 password="proxy-secret")
        got, proved = ask(connection, session, "CONNECT",
                          f"127.0.0.1:{origin.port}")
        assert (got.status, proved) == (200, True)


@pytest.mark.parametrize("status", STATUSES)
@pytest.mark.parametrize("method", ["GET", "HEAD", "POST"])
def test_e_05_proof_on_every_status(served, status, method):
    """E-05 E-08: the proof stands in every final response, a 401 of the
    origin's too."""
    gate, origin = served
    with wire.Connection(gate.proxy) as connection:
        got, proved = ask(connection, log_in(gate), method,
                          f"{origin.url}/status/{status}",
                          body=b"data" if method == "POST" else b"")
    assert (got.status, proved) == (status, True)


def test_e_12_connect_proves(served):
    """E-12 G-22 G-23: the 200 to CONNECT proves the proxy; the tunnel is
    the client's."""
    gate, origin = served
    authority = f"127.0.0.1:{origin.port}"
    with wire.Connection(gate.proxy) as connection:
        got, proved = ask(connection, log_in(gate), "CONNECT", authority)
        assert (got.status, proved) == (200, True)
        inner = connection.exchange(target="/in?x=1", host=authority, fields=[
            ("Proxy-Authorization", "left alone"),
            ("Authorization", "left alone")])
        assert inner.status == 200
    seen = origin.seen[0]
    assert seen.target == "/in?x=1"
    assert seen.all("Proxy-Authorization") == ["left alone"]
    assert not inner.all("Proxy-Authentication-Info")


def test_d_33_connect_uri(served):
    """D-33: for CONNECT uri is host:port, host without case."""
    gate, origin = served
    good = f"127.0.0.1:{origin.port}"
    for uri, status in ((good, 200), ("127.0.0.1", 400), ("/", 400),
                        (f"http://{good}/", 400), ("127.0.0.1:1", 400),
                        (f"{good}/", 400)):
        session = log_in(gate)
        with wire.Connection(gate.proxy) as connection:
            got = connection.exchange("CONNECT", good, [
                ("Proxy-Authorization", session.credentials("CONNECT", uri))])
        assert got.status == status, uri


@pytest.mark.parametrize("port", [80, 22, 25, 8443])
def test_connect_ports(served, port):
    """CONNECT to another port: 403, with the proof and the reason."""
    gate, _ = served
    before = gate.refused("proxy", "connect-port")
    with wire.Connection(gate.proxy) as connection:
        got, proved = ask(connection, log_in(gate), "CONNECT",
                          f"192.0.2.1:{port}")
        assert (got.status, proved) == (403, True)
    assert gate.refused("proxy", "connect-port") == before + 1


def test_connect_without_port(served):
    """CONNECT without a port is one to port 80 for the engine: refused."""
    gate, _ = served
    with wire.Connection(gate.proxy) as connection:
        session = log_in(gate)
        got = connection.exchange("CONNECT", "127.0.0.1", [
            ("Proxy-Authorization",
             session.credentials("CONNECT", "127.0.0.1"))])
    assert got.status in (400, 403)


def test_d_32_browsers_uri(served):
    """D-32: browsers sign path and query of an absolute-form target."""
    gate, origin = served
    target = origin.url + "/a?b=c"
    for uri, status in ((target, 200), ("/a?b=c", 200), ("/a", 400),
                        ("/a?b=d", 400), ("http://127.0.0.1:1/a?b=c", 400)):
        session = log_in(gate)
        with wire.Connection(gate.proxy) as connection:
            got = connection.exchange(target=target, fields=[
                ("Proxy-Authorization", session.credentials("GET", uri))])
        assert got.status == status, uri


def test_g_08_proxy_fields_stay(served):
    """G-08 G-11: the origin sees no proxy credentials, in no spelling."""
    gate, origin = served
    with wire.Connection(gate.proxy) as connection:
        got, _ = ask(connection, log_in(gate), target=origin.url + "/",
                     fields=[("Proxy_Authorization", "Basic eDp5"),
                             ("Connection", "Proxy-Authorization")])
    assert got.status == 200
    assert "proxy" not in str(origin.seen[0].fields).lower()


def test_g_01_origins_fields_pass(served):
    """G-01 G-02 G-04: the origin's own fields are left alone, line by line."""
    gate, origin = served
    origin.fields = [("WWW-Authenticate", 'Digest realm="a", nonce="1"'),
                     ("WWW-Authenticate", 'Basic realm="b"'),
                     ("Authentication-Info", 'nextnonce="x"'),
                     ("Authentication-Info", 'rspauth="y"')]
    mine = 'Digest username="carol", uri="/", response="0"'
    with wire.Connection(gate.proxy) as connection:
        got, proved = ask(connection, log_in(gate),
                          target=origin.url + "/status/401",
                          fields=[("Authorization", mine),
                                  ("X-Remote-User", "carol")])
    assert (got.status, proved) == (401, True)
    for name in ("WWW-Authenticate", "Authentication-Info"):
        assert got.all(name) == [v for n, v in origin.fields if n == name]
    assert origin.seen[0].all("Authorization") == [mine]
    assert origin.seen[0].all("X-Remote-User") == ["carol"]


def test_g_15_upstream_proof_stops_here(served):
    """G-13 G-15 G-16: an upstream's Proxy-Authentication-Info does not
    arrive, in no number of lines and no spelling."""
    gate, origin = served
    origin.fields = [("Proxy-Authentication-Info", 'nextnonce="evil"'),
                     ("proxy-authentication-info", 'rspauth="evil"'),
                     ("Proxy_Authentication_Info", 'rspauth="evil"'),
                     ("Proxy-Authenticate", 'Digest realm="evil"')]
    with wire.Connection(gate.proxy) as connection:
        got, proved = ask(connection, log_in(gate), target=origin.url + "/")
    assert (got.status, proved) == (200, True)
    assert "evil" not in str(got.fields)


def test_g_15_not_in_trailers(served):
    """G-15: nor can it arrive in trailers."""
    gate, origin = served
    origin.answer = lambda seen: (
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n"
        b"Trailer: Proxy-Authentication-Info\r\n\r\n"
        b"4\r\nbody\r\n0\r\n"
        b"Proxy-Authentication-Info: nextnonce=\"evil\"\r\n\r\n")
    with wire.Connection(gate.proxy) as connection:
        session = log_in(gate)
        sent = session.credentials("GET", origin.url + "/")
        connection.send(wire.request("GET", origin.url + "/", [
            ("Proxy-Authorization", sent), ("TE", "trailers")]))
        octets = b""
        while b"\r\n0\r\n" not in octets or octets[-4:] != b"\r\n\r\n":
            octets += connection.socket.recv(65536)
    assert b"body" in octets
    assert b"evil" not in octets
    assert b"Connection: close" in octets
    assert not origin.seen[0].all("TE")


def test_g_18_connection_is_obeyed(served):
    """G-18: what the origin's Connection names is removed."""
    gate, origin = served
    origin.fields = [("Authentication-Info", 'nextnonce="x"'),
                     ("Connection", "Authentication-Info")]
    with wire.Connection(gate.proxy) as connection:
        got, proved = ask(connection, log_in(gate), target=origin.url + "/")
    assert (got.status, proved) == (200, True)
    assert not got.all("Authentication-Info")


def test_g_12_upstream_407(served):
    """G-12 G-30: a 407 from upstream is answered with 502."""
    gate, origin = served
    with wire.Connection(gate.proxy) as connection:
        got, proved = ask(connection, log_in(gate),
                          target=origin.url + "/status/407")
    assert (got.status, proved) == (502, True)


def test_e_06_engine_errors_prove_too(gateway, origin):
    """E-06: the proof stands in the engine's own errors."""
    gate = gateway("--allow-dest", "127.0.0.1", forward=True)
    session = log_in(gate)
    origin.close()
    for target in (origin.url + "/", "http://name.invalid/"):
        with wire.Connection(gate.proxy) as connection:
            got, proved = ask(connection, session, target=target)
        assert got.status in (500, 502) and proved, target


def test_not_a_proxy_request(served):
    """An origin-form target at the proxy is refused, and named so."""
    gate, origin = served
    before = gate.refused("proxy", "not-a-proxy-request")
    with wire.Connection(gate.proxy) as connection:
        got = connection.exchange(target="/", host=f"127.0.0.1:{origin.port}")
    assert got.status == 400
    assert gate.refused("proxy", "not-a-proxy-request") == before + 1
    assert not origin.seen


@pytest.mark.parametrize("target", ["https://127.0.0.1/", "ftp://127.0.0.1/"])
def test_other_schemes(served, target):
    """Only http is asked for on behalf of others; the rest is CONNECT's."""
    gate, _ = served
    with wire.Connection(gate.proxy) as connection:
        got, _ = ask(connection, log_in(gate), target=target)
    assert got.status in (400, 403)


def test_no_client_address_goes_out(served):
    """The network does not learn who asked."""
    gate, origin = served
    with wire.Connection(gate.proxy) as connection:
        ask(connection, log_in(gate), target=origin.url + "/")
    names = {name.lower() for name, _ in origin.seen[0].fields}
    assert not names & {"x-forwarded-for", "client-ip", "forwarded"}


def test_no_client_address_goes_out_beside_an_application(gateway, origin):
    """Nor does it when the gateway serves an application too, which learns
    it."""
    gate = gateway("--allow-dest", "127.0.0.1", origin=origin.url,
                   forward=True)
    session = login(gate.origin)
    with wire.Connection(gate.origin) as connection:
        connection.exchange(fields=[
            ("Authorization", session.credentials("GET", "/"))])
    with wire.Connection(gate.proxy) as connection:
        ask(connection, log_in(gate), target=origin.url + "/")
    assert [seen.all("X-Forwarded-For") for seen in origin.seen] == [
        ["127.0.0.1"], []]


# Everything that leads back to this machine, unless allowed. `{port}` is an
# origin that listens on every address and would answer.
DENIED = ["127.0.0.1:{port}", "localhost:{port}", "127.1.2.3:{port}",
          "2130706433:{port}", "0x7f.1:{port}", "0177.0.0.1:{port}",
          "0.0.0.0:{port}", "[::1]:{port}", "[::ffff:127.0.0.1]:{port}",
          "[::]:{port}", "[::127.0.0.1]:{port}", "[64:ff9b::7f00:1]:{port}",
          "[2002:7f00:1::]:{port}", "169.254.169.254:{port}",
          "[fe80::1]:{port}", "[ff02::1]:{port}", "224.0.0.1:{port}"]


@pytest.fixture(scope="module")
def closed(module_gateway):
    everywhere = Origin("0.0.0.0")
    gate = module_gateway("--connect-ports", everywhere.port, forward=True)
    yield gate, everywhere
    everywhere.close()


@pytest.mark.parametrize("method", ["GET", "CONNECT"])
@pytest.mark.parametrize("where", DENIED)
def test_destinations_denied(closed, where, method):
    """Loopback, link-local and their disguises are denied by default."""
    gate, everywhere = closed
    authority = where.format(port=everywhere.port)
    target = authority if method == "CONNECT" else f"http://{authority}/"
    everywhere.forget()
    session = log_in(gate)
    with wire.Connection(gate.proxy) as connection:
        connection.socket.settimeout(5)
        got, proved = ask(connection, session, method, target)
    assert got.status // 100 in (4, 5), got
    assert proved
    assert not everywhere.seen


def test_destination_reason_and_log(closed):
    """A denied destination is 403, counted, and logged with its user."""
    gate, everywhere = closed
    before = gate.refused("proxy", "destination-denied")
    with wire.Connection(gate.proxy) as connection:
        got, _ = ask(connection, log_in(gate),
                     target=f"http://127.0.0.1:{everywhere.port}/p?secret=1")
        assert got.status == 403
    with wire.Connection(gate.proxy) as connection:
        got, _ = ask(connection, log_in(gate), "CONNECT",
                     f"127.0.0.1:{everywhere.port}")
        assert got.status == 403
        assert got.one("Content-Length")
    assert gate.refused("proxy", "destination-denied") == before + 2
    entry = gate.wait_log("destination-denied")
    assert entry["user"] == "alice" and entry["status"] == 403
    assert "secret" not in entry["target"]


def test_own_ports_denied(gateway, origin):
    """No way to the gateway's own ports, even when loopback is allowed."""
    gate = gateway("--allow-dest", "127.0.0.0/8", origin=origin.url,
                   forward=True)
    for address in (gate.origin, gate.proxy, gate.admin):
        with wire.Connection(gate.proxy) as connection:
            got, proved = ask(
                connection, log_in(gate),
                target=f"http://127.0.0.1:{address[1]}/metrics")
        assert (got.status, proved) == (403, True)
        assert b"countersign_" not in got.body


def test_deny_wins(served):
    """--deny-dest takes out of what --allow-dest lets in."""
    gate, origin = served
    for host, status in (("127.0.0.1", 200), ("127.0.0.9", 403)):
        with wire.Connection(gate.proxy) as connection:
            got, _ = ask(connection, log_in(gate),
                         target=f"http://{host}:{origin.port}/")
        assert got.status == status, host


def test_allow_one_port(gateway, origin):
    """--allow-dest with a port allows that port alone."""
    other = Origin()
    gate = gateway("--allow-dest", f"127.0.0.1:{origin.port}", forward=True)
    for port, status in ((origin.port, 200), (other.port, 403)):
        with wire.Connection(gate.proxy) as connection:
            got, _ = ask(connection, log_in(gate),
                         target=f"http://127.0.0.1:{port}/")
        assert got.status == status
    other.close()


def test_f_52_both_layers(gateway, origin):
    """F-52 B-10 G-29: one request through both layers, each its own proof;
    a nonce of one layer means nothing to the other."""
    gate = gateway("--allow-dest", "127.0.0.0/8", origin=origin.url)
    out = gateway("--allow-dest", f"127.0.0.1:{gate.origin[1]}", forward=True)
    target = "http://%s:%d/both" % gate.origin
    outer, inner = log_in(out), login(gate.origin)
    with wire.Connection(out.proxy) as connection:
        pz = outer.credentials("GET", target)
        az = inner.credentials("GET", target)
        got = connection.exchange(target=target, fields=[
            ("Proxy-Authorization", pz), ("Authorization", az)],
            host="%s:%d" % gate.origin)
        assert got.status == 200
        assert outer.proves(got.one("Proxy-Authentication-Info"), pz, target)
        assert inner.proves(got.one("Authentication-Info"), az, target)
    assert origin.seen[0].target == "/both"


def test_b_10_nonce_of_the_other_layer(gateway, origin):
    """B-10 H-29: with both ways in one gateway, under equal keys, a nonce of
    the origin's layer is unknown to the proxy."""
    gate = gateway("--allow-dest", "127.0.0.0/8", origin=origin.url,
                   forward=True)
    inner, outer = login(gate.origin), log_in(gate)
    outer.take_nonce(inner.nonce)
    with wire.Connection(gate.proxy) as connection:
        got, _ = ask(connection, outer, target="http://example.invalid/")
    assert got.status == 407
    assert "stale" not in digest.challenge(got.one("Proxy-Authenticate"))
    assert gate.refused("proxy", "nonce-unknown") == 1
