# SPDX-License-Identifier: MIT
"""The gateway, and nginx, before an application: who gets in, what the
application sees, what the client gets back."""
import re
import socket

import pytest

from support import digest, wire
from support.gateway import ORIGIN_REALM, Gateway, login
from support.guards import guard, module_guard  # pylint: disable=unused-import
from support.origin import response

STATUSES = [200, 204, 206, 302, 304, 403, 404, 500]


@pytest.fixture(scope="module")
def shared(module_guard, module_origin):
    return module_guard(origin=module_origin.url), module_origin


@pytest.fixture
def served(shared):
    """A gateway or nginx and the application behind it, shared by the tests
    here."""
    shared[1].forget()
    return shared


@pytest.fixture(scope="module")
def gateway_alone(module_gateway, module_origin):
    return module_gateway(origin=module_origin.url), module_origin


@pytest.fixture
def by_gateway(gateway_alone):
    """The gateway, for what nginx does in its own way."""
    gateway_alone[1].forget()
    return gateway_alone


def ask(connection, session, method="GET", target="/", fields=(), **more):
    """One exchange with credentials; also says whether it was proved."""
    sent = session.credentials(method, target)
    got = connection.exchange(method, target,
                              [*fields, ("Authorization", sent)], **more)
    infos = got.all("Authentication-Info")
    assert len(infos) <= 1, infos
    return got, bool(infos) and session.proves(infos[0], sent, target)


def test_b_01_challenge_and_login(served):
    """B-01 B-04 B-20 E-22: 401 with a challenge, then 200 with a proof."""
    gate, origin = served
    with wire.Connection(gate.origin) as connection:
        got = connection.exchange()
        assert got.status == 401
        params = digest.challenge(got.one("WWW-Authenticate"))
        assert params["realm"] == ORIGIN_REALM
        assert params["algorithm"] == "SHA-256"
        assert params["qop"] == "auth" and params["charset"] == "UTF-8"
        assert not got.all("Authentication-Info")
        assert not origin.seen
        got, proved = ask(connection, digest.Session(
            got.one("WWW-Authenticate")))
        assert (got.status, proved) == (200, True)
        assert len(origin.seen) == 1


def test_b_05_challenges_differ(served):
    """B-05: no two challenges carry one nonce."""
    gate, _ = served
    with wire.Connection(gate.origin) as connection:
        nonces = {digest.challenge(connection.exchange().one(
            "WWW-Authenticate"))["nonce"] for _ in range(50)}
    assert len(nonces) == 50


@pytest.mark.parametrize("method", ["GET", "HEAD", "OPTIONS", "DELETE",
                                    "PROPFIND"])
def test_challenge_keeps_connection(served, method):
    """A challenge to a request without a body leaves the connection open."""
    gate, _ = served
    with wire.Connection(gate.origin) as connection:
        for _ in range(3):
            got = connection.exchange(method)
            assert got.status == 401
            assert got.one("Connection") == "keep-alive"
        got, proved = ask(connection, digest.Session(
            got.one("WWW-Authenticate")), method)
        assert (got.status, proved) == (200, True)


def test_refused_body(by_gateway):
    """A challenge to a request with a body arrives and closes."""
    gate, origin = by_gateway
    with wire.Connection(gate.origin) as connection:
        got = connection.exchange("POST", body=b"x" * 1000)
        assert got.status == 401
        assert got.one("Connection") == "close"
        assert connection.is_closed()
    assert not origin.seen


@pytest.mark.parametrize("status", STATUSES)
@pytest.mark.parametrize("method", ["GET", "HEAD", "POST"])
def test_e_05_proof_on_every_status(served, status, method):
    """E-05 E-07 E-11: the proof stands in every final response."""
    gate, _ = served
    session = login(gate.origin)
    with wire.Connection(gate.origin) as connection:
        got, proved = ask(connection, session, method, f"/status/{status}",
                          body=b"data" if method == "POST" else b"")
        assert (got.status, proved) == (status, True)


def test_e_06_engine_errors_prove_too(guard, origin):
    """E-06: an origin that is down gives 502, with the proof."""
    gate = guard(origin=origin.url)
    session = login(gate.origin)
    origin.close()
    with wire.Connection(gate.origin) as connection:
        got, proved = ask(connection, session)
        assert (got.status, proved) == (502, True)


def test_e_10_not_in_1xx(served):
    """E-10: 100 (Continue) carries no Info field, the final one does."""
    gate, _ = served
    session = login(gate.origin)
    with wire.Connection(gate.origin) as connection:
        sent = session.credentials("POST", "/")
        connection.send(wire.request(
            "POST", "/", [("Authorization", sent),
                          ("Expect", "100-continue"),
                          ("Content-Length", "4")]))
        while b"\r\n\r\n" not in connection.buffer:
            assert connection.more()
        connection.send(b"data")
        got = connection.response("POST")
        assert [i.status for i in connection.interim] == [100]
        assert not connection.interim[0].all("Authentication-Info")
        assert got.status == 200
        assert session.proves(got.one("Authentication-Info"), sent, "/")


def test_e_10_early_hints(by_gateway):
    """E-10 an application's 103 is dropped by the engine, and with it an Info
    field in it; the final response has its proof."""
    gate, origin = by_gateway
    origin.answer = lambda seen: (
        b"HTTP/1.1 103 Early Hints\r\nLink: </x>\r\n"
        b'Authentication-Info: nextnonce="early"\r\n\r\n' +
        response(200, b"done"))
    session = login(gate.origin)
    with wire.Connection(gate.origin) as connection:
        sent = session.credentials("GET", "/")
        got = connection.exchange(fields=[("Authorization", sent)])
        assert got.status == 200
        assert session.proves(got.one("Authentication-Info"), sent, "/")
        assert connection.interim == []


def test_e_04_application_401(served):
    """E-04 E-06: a 401 of the application's own carries no proof of ours."""
    gate, origin = served
    origin.fields = [("WWW-Authenticate", 'Other realm="x"')]
    session = login(gate.origin)
    with wire.Connection(gate.origin) as connection:
        got, _ = ask(connection, session, target="/status/401")
        assert got.status == 401
        assert got.all("WWW-Authenticate") == ['Other realm="x"']
        assert not got.all("Authentication-Info")


def test_b_03_application_407(by_gateway):
    """B-03 G-12: a 407 from behind reaches nobody; 502 does, proved."""
    gate, _ = by_gateway
    with wire.Connection(gate.origin) as connection:
        got, proved = ask(connection, login(gate.origin),
                          target="/status/407")
        assert (got.status, proved) == (502, True)
        assert not got.all("Proxy-Authenticate")


def test_g_28_one_info_field(served):
    """G-28 G-15: what the application sends under these names goes."""
    gate, origin = served
    origin.fields = [("Authentication-Info", 'rspauth="forged"'),
                     ("authentication-info", 'nextnonce="forged"'),
                     ("Proxy-Authentication-Info", 'nextnonce="forged"')]
    with wire.Connection(gate.origin) as connection:
        got, proved = ask(connection, login(gate.origin))
        assert proved
        assert "forged" not in str(got.fields)


@pytest.mark.parametrize("given, wanted", [
    (None, ["private"]),
    ("max-age=60", ["max-age=60, private"]),
    ("public, max-age=60", ["max-age=60, private"]),
    ("max-age=5, S-MaxAge=900, must-revalidate",
     ["max-age=5, must-revalidate, private"]),
    ('s-maxage="900", publican', ["publican, private"]),
    ("no-store", ["no-store"]),
    ("private, max-age=5", ["private, max-age=5"]),
    ("max-age=5 ,\tPrivate", ["max-age=5, Private"]),
    ('private="X-A, private", max-age=5',
     ['private="X-A, private", max-age=5, private']),
    ('x="\\", private", public', ['x="\\", private", private']),
    ("not-private, no-stores", ["not-private, no-stores, private"]),
])
def test_e_44_responses_are_private(served, given, wanted):
    """E-44, E-45: no shared cache keeps a response that has an Info field,
    whatever the application says for them."""
    gate, origin = served
    origin.fields = [("Cache-Control", given)] if given else []
    with wire.Connection(gate.origin) as connection:
        got, _ = ask(connection, login(gate.origin))
    assert got.all("Cache-Control") == wanted


def test_cache_stays_off(served):
    """Two users, one URL, max-age from the origin: each his own page."""
    gate, origin = served
    origin.answer = lambda seen: response(
        200, seen.all("X-Remote-User")[0].encode(),
        [("Cache-Control", "public, max-age=3600")])
    for user in ("alice", "bob", "alice"):
        with wire.Connection(gate.origin) as connection:
            got, proved = ask(connection, login(gate.origin, user=user),
                              target="/page")
        assert (got.body, proved) == (user.encode(), True)
    assert len(origin.seen) == 3


FORGERIES = [
    [("X-Remote-User", "root")],
    [("x-remote-user", "root"), ("X-REMOTE-USER", "root")],
    [("X_Remote_User", "root")],
    [("X-Remote_User", "root"), ("X-Remote-User", "root")],
    [("X.Remote.User", "root")],
    [("X!Remote~User", "root"), ("x+remote.user", "root")],
    [("Connection", "X-Remote-User")],
    [("Connection", "keep-alive, x_remote_user"),
     ("X_Remote_User", "root")],
    [("Connection", "close, X-Remote-User,X-Remote-User")],
]


@pytest.mark.parametrize("forged", FORGERIES,
                         ids=[str(i) for i in range(len(FORGERIES))])
def test_user_header_cannot_be_forged(served, forged):
    """The application reads the verified name and no other."""
    gate, origin = served
    with wire.Connection(gate.origin) as connection:
        got, proved = ask(connection, login(gate.origin), fields=forged)
    assert (got.status, proved) == (200, True)
    names = [(name, value) for name, value in origin.seen[-1].fields
             if re.sub("[^a-z0-9]", "-", name.lower()) == "x-remote-user"]
    assert names == [("X-Remote-User", "alice")]
    assert "root" not in str(origin.seen[-1].fields)
    assert "remote" not in str(origin.seen[-1].all("Connection")).lower()


def test_credentials_stay_here(by_gateway):
    """Neither Authorization nor Proxy-Authorization reaches the
    application, also when Connection lists it."""
    gate, origin = by_gateway
    with wire.Connection(gate.origin) as connection:
        got, _ = ask(connection, login(gate.origin), fields=[
            ("Proxy-Authorization", "Basic eDp5"),
            ("Proxy_Authorization", "Basic eDp5"),
            ("Connection", "Authorization, Proxy-Authorization")])
    assert got.status == 200
    names = {name.lower().replace("_", "-")
             for name, _ in origin.seen[-1].fields}
    assert not names & {"authorization", "proxy-authorization"}


def test_user_header_option(gateway, origin):
    """--user-header NAME renames it, - leaves it out."""
    named = gateway("--user-header", "Remote-Name", origin=origin.url)
    without = gateway("--user-header", "-", origin=origin.url)
    for gate in (named, without):
        with wire.Connection(gate.origin) as connection:
            ask(connection, login(gate.origin),
                fields=[("Remote-Name", "root")])
    assert origin.seen[0].all("Remote-Name") == ["alice"]
    assert origin.seen[1].all("X-Remote-User") == []


def test_d_47_each_request_alone(served):
    """D-47: a connection that logged in gives nothing to the next request."""
    gate, origin = served
    with wire.Connection(gate.origin) as connection:
        got, _ = ask(connection, login(gate.origin))
        assert got.status == 200
        assert connection.exchange().status == 401
    assert len(origin.seen) == 1


def test_origin_by_name(gateway, origin):
    """An application named as the hosts file has it is found from the first
    request on."""
    gate = gateway(origin=f"http://localhost:{origin.port}")
    with wire.Connection(gate.origin) as connection:
        got, proved = ask(connection, login(gate.origin))
    assert (got.status, proved) == (200, True)


def test_host_and_body_pass(served):
    """Host, body and query reach the application as they were sent."""
    gate, origin = served
    body = bytes(range(256)) * 500
    with wire.Connection(gate.origin) as connection:
        got, proved = ask(connection, login(gate.origin), "POST", "/in?a=b",
                          host="shop.example", body=body)
    assert (got.status, proved) == (200, True)
    seen = origin.seen[-1]
    assert seen.body == body
    assert seen.target == "/in?a=b"
    assert seen.all("Host") == ["shop.example"]


def test_not_an_open_proxy(served):
    """An absolute-form target goes to the application, whatever it names."""
    gate, origin = served
    other = socket.create_server(("127.0.0.1", 0))
    port = other.getsockname()[1]
    other.settimeout(0.3)
    target = f"http://127.0.0.1:{port}/x"
    with wire.Connection(gate.origin) as connection:
        session = login(gate.origin)
        got, _ = ask(connection, session, target=target,
                     host=f"127.0.0.1:{port}")
    assert got.status == 200
    assert origin.seen[-1].target == "/x"
    with pytest.raises(socket.timeout):
        other.accept()
    other.close()


def test_connect_is_not_offered(by_gateway):
    """CONNECT at the application's address is refused."""
    gate, _ = by_gateway
    with wire.Connection(gate.origin) as connection:
        got = connection.exchange("CONNECT", "127.0.0.1:443")
    assert got.status == 405
    assert gate.refused("origin", "connect-not-here") == 1


def test_algorithms_in_order(guard, origin):
    """B-14 to B-16: one line for each algorithm, as ordered."""
    gate = guard("--algorithm", "SHA-512-256", "--algorithm", "SHA-256",
                   "--algorithm", "MD5", origin=origin.url, users=[
                       ("alice", ORIGIN_REALM, "secret", name)
                       for name in ("SHA-512-256", "SHA-256", "MD5")])
    with wire.Connection(gate.origin) as connection:
        lines = connection.exchange().all("WWW-Authenticate")
        assert [digest.challenge(line)["algorithm"] for line in lines] == [
            "SHA-512-256", "SHA-256", "MD5"]
        for number in range(3):
            line = connection.exchange().all("WWW-Authenticate")[number]
            got, proved = ask(connection, digest.Session(line))
            assert (got.status, proved) == (200, True), line
    if isinstance(gate, Gateway):
        assert any("MD5 is switched on" in line for line in gate.err)


UPGRADE = [("Connection", "Upgrade"), ("Upgrade", "websocket"),
           ("Sec-WebSocket-Key", "dGhlIHNhbXBsZSBub25jZQ=="),
           ("Sec-WebSocket-Version", "13")]


def test_e_10_upgrade(served):
    """E-10 G-28 a 101 passes, with no Info field, ours or another's."""
    gate, origin = served
    origin.answer = lambda seen: (
        b"HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\n"
        b"Upgrade: websocket\r\nAuthentication-Info: nextnonce=evil\r\n"
        b"Proxy-Authentication-Info: nextnonce=evil\r\n\r\nframes")
    with wire.Connection(gate.origin) as connection:
        got, _ = ask(connection, login(gate.origin), fields=UPGRADE)
        assert got.status == 101
        assert got.one("Upgrade") == "websocket"
        assert "evil" not in str(got.fields)
        assert connection.take(6) == b"frames"


def test_upgrade_needs_login(served):
    """An Upgrade request is no way round the challenge."""
    gate, origin = served
    with wire.Connection(gate.origin) as connection:
        got = connection.exchange(fields=UPGRADE)
    assert got.status == 401
    assert not origin.seen


@pytest.mark.parametrize("method", ["PURGE", "PUSH", "TRACE"])
def test_engine_methods_are_refused(by_gateway, method):
    """Methods that speak to the engine, or echo credentials, end here."""
    gate, origin = by_gateway
    session = login(gate.origin)
    with wire.Connection(gate.origin) as connection:
        got = connection.exchange(method, fields=[
            ("Authorization", session.credentials(method, "/"))])
    assert got.status == 403
    assert not origin.seen


@pytest.mark.parametrize("size", [100_000, 4_000_000])
def test_large_refused_body(served, size):
    """The challenge reaches a client that is still sending a large body."""
    gate, origin = served
    octets = wire.request("POST", "/", body=b"x" * size)
    with wire.Connection(gate.origin) as connection:
        try:
            connection.send(octets)
        except (BrokenPipeError, ConnectionResetError):
            pass  # it need not be read to the end
        got = connection.response("POST")
        assert got.status == 401
    assert not origin.seen


def test_large_body_passes(served):
    """A large body passes unchanged once the login is right."""
    gate, origin = served
    body = b"0123456789abcdef" * 300_000
    with wire.Connection(gate.origin) as connection:
        got, proved = ask(connection, login(gate.origin), "PUT", "/big",
                          body=body)
    assert (got.status, proved) == (200, True)
    assert origin.seen[-1].body == body
