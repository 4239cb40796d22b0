# SPDX-License-Identifier: MIT
"""The gateway under auth-int, by every way in: HTTP/2, the forward proxy,
CONNECT, a load balancer; and what it leaves alone."""
import pytest

from support import digest_whole, http2, wire
from support.fixtures import authority  # pylint: disable=unused-import
from support.int_gateway import (  # pylint: disable=unused-import
    CHUNKED, LIMIT, log_in, open_to, served, shared)
from support.whole import MIB, ask, chunked, content, login


@pytest.mark.parametrize("method,body", [
    ("GET", b""), ("POST", b""), ("POST", b"hello"), ("PUT", b"x" * 16000),
    ("HEAD", b""), ("DELETE", b"why")])
@pytest.mark.parametrize("with_length", [True, False])
def test_c_57_http2(served, method, body, with_length):
    """C-53 C-57 E-42: the same in HTTP/2, where content needs no length."""
    gate, origin = served
    session = log_in(gate)
    fields = [("content-length", str(len(body)))] if with_length else []
    with http2.Connection(gate.address("origin", 1)) as connection:
        for signed, status in ((body, 200), (body + b"x", 401)):
            sent = session.credentials(method, "/h2", content=signed)
            got = connection.exchange(
                method, "/h2", [("authorization", sent), *fields], body)
            assert got.status == status, got
        assert [seen.body for seen in origin.seen] == [body]
        sent = session.credentials(method, "/h2", content=body)
        got = connection.exchange(
            method, "/h2", [("authorization", sent), *fields], body)
        assert session.proves(got.one("authentication-info"), sent, "/h2",
                              got.body)


def test_proxy_layer(served):
    """C-57 G-24 G-27 D-32: the forward proxy too, in both forms of uri."""
    gate, origin = served
    session = login(gate.proxy, "proxy")
    target = origin.url + "/p?q"
    with wire.Connection(gate.proxy) as connection:
        got = ask(connection, session, "POST", target, b"hello",
                  layer="proxy")
        assert (got.status, got.header) == (200, True)
        assert (origin.seen[0].line, origin.seen[0].body) == (
            "POST /p?q HTTP/1.1", b"hello")
        got = ask(connection, session, "POST", target, b"hell0",
                  signed=b"hello", layer="proxy")
        assert got.status == 407
        sent = session.credentials("POST", "/p?q", content=b"hello")
        connection.send(wire.request(
            "POST", target, [("Proxy-Authorization", sent)], b"hello",
            host=origin.url[7:]))
        assert connection.response("POST").status == 200
    assert len(origin.seen) == 2
    for seen in origin.seen:
        assert not seen.all("Proxy-Authorization")
        assert not seen.all("X-Remote-User")
        assert not seen.all("X-Forwarded-For")


@pytest.mark.parametrize("body", [b"", b"hello"])
def test_proxy_layer_denies(served, body):
    """What a user may not reach he may not reach with content either; the
    403 is proved, and logged for him."""
    gate, origin = served
    session = login(gate.proxy, "proxy")
    method = "POST" if body else "GET"
    target = f"http://127.0.0.1:{gate.address('origin', 0)[1]}/"
    with wire.Connection(gate.proxy) as connection:
        got = ask(connection, session, method, target, body, layer="proxy")
    assert (got.status, got.header) == (403, True)
    entry = gate.wait_log("destination-denied")
    assert (entry["user"], entry["client"]) == ("alice", "127.0.0.1")
    assert not origin.seen


def test_c_55_connect(served):
    """C-55 E-12 G-22 G-23: CONNECT hashes nothing, and inside the tunnel
    nobody looks."""
    gate, origin = served
    session = login(gate.proxy, "proxy")
    target = "127.0.0.1:%d" % origin.port
    with wire.Connection(gate.proxy) as connection:
        got = ask(connection, session, "CONNECT", target, signed=b"x",
                  layer="proxy")
        assert got.status == 407
        got = ask(connection, session, "CONNECT", target, layer="proxy")
        assert (got.status, got.header) == (200, True)
        inner = connection.exchange("GET", "/in", [("Authorization", "a")])
        assert inner.status == 200
        assert not inner.all("Proxy-Authentication-Info")
    assert origin.seen[0].all("Authorization") == ["a"]


def test_big_content(gateway, origin):
    """1 MiB goes by default, and one octet more does not."""
    gate = gateway("--qop", "auth,auth-int", origin=origin.url)
    session = login(gate.origin)
    with wire.Connection(gate.origin) as connection:
        assert ask(connection, session, "POST", "/", content(MIB)).proved
    assert origin.seen[0].body == content(MIB)
    with wire.Connection(gate.origin) as connection:
        got = ask(connection, session, "POST", "/", content(MIB + 1),
                  CHUNKED, framed=chunked([content(MIB + 1)]))
    assert got.status == 413 and len(origin.seen) == 1


def test_auth_is_not_held(served):
    """Under auth content streams: nothing waits, and no limit holds."""
    gate, origin = served
    session = log_in(gate, qop="auth")
    body = content(2 * LIMIT)
    with open_to(gate) as connection:
        got = ask(connection, session, "POST", "/", body)
        assert (got.status, got.header) == (200, True)
        got = ask(connection, session, "POST", "/", body, signed=b"")
        assert (got.status, got.header) == (200, True)
    assert [seen.body for seen in origin.seen] == [body, body]


@pytest.mark.parametrize("header", [
    b"PROXY TCP4 192.0.2.7 127.0.0.1 4711 80\r\n",
    b"\r\n\r\n\0\r\nQUIT\n\x21\x11\0\x0c" +
    bytes([192, 0, 2, 7, 127, 0, 0, 1, 0, 0, 0, 80])])
def test_behind_a_balancer(gateway, origin, header):
    """Behind a PROXY header too a held request is its client's, who is named
    to the application once; its port may be 0."""
    gate = gateway("--qop", "auth-int", "--source", "proxy-protocol",
                   "--trust-source", "127.0.0.0/8", origin=origin.url)
    with wire.Connection(gate.origin) as connection:
        connection.send(header)
        session = digest_whole.Session(
            connection.exchange().all("WWW-Authenticate"))
        assert ask(connection, session, "POST", "/", b"hello").proved
        got = ask(connection, session, "POST", "/", b"hell0", signed=b"hello")
        assert got.status == 401
    [seen] = origin.seen
    assert seen.body == b"hello"
    assert seen.all("X-Forwarded-For") == ["192.0.2.7"]
    assert gate.wait_log("wrong-response")["client"] == "192.0.2.7"


def test_field_is_the_gateways(served):
    """The field a held request is found by means nothing from outside."""
    gate, origin = served
    with open_to(gate) as connection:
        got = connection.exchange(fields=[("Countersign-Held", "1")])
        assert got.status == 401
        assert ask(connection, log_in(gate), fields=[
            ("Countersign-Held", "1")]).proved
    assert len(origin.seen) == 1
