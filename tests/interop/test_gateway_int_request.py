# SPDX-License-Identifier: MIT
"""The gateway under auth-int: requests take effect once their whole content
was hashed and agreed, and never before."""
import time

import pytest

from support import wire
from support.fixtures import authority  # pylint: disable=unused-import
from support.gateway import USERS, write_users
from support.int_gateway import (  # pylint: disable=unused-import
    CHUNKED, LIMIT, log_in, open_to, served, shared)
from support.whole import KIB, ask, chunked, content, login


@pytest.mark.parametrize("length", [0, 1, 4095, LIMIT - 1, LIMIT])
@pytest.mark.parametrize("framing", ["length", "chunks", "one chunk"])
def test_c_53_content_reaches_the_application(served, length, framing):
    """C-15 C-53 D-41: what was signed arrives, framed either way."""
    gate, origin = served
    body = content(length)
    framed = {"length": body, "one chunk": chunked([body]),
              "chunks": chunked([body[i:i + 997]
                                 for i in range(0, length, 997)])}[framing]
    fields = CHUNKED if framing != "length" else [
        ("Content-Length", str(length))]
    with open_to(gate) as connection:
        session = log_in(gate)
        got = ask(connection, session, "POST", "/p?q", body, fields,
                  framed=framed)
        assert (got.status, got.header) == (200, True), got.got
        [seen] = origin.seen
        assert (seen.line, seen.body) == ("POST /p?q HTTP/1.1", body)
        assert seen.all("X-Remote-User") == ["alice"]
        assert seen.all("Content-Length") == [str(length)]
        for name in ("Authorization", "Transfer-Encoding", "Countersign-Held"):
            assert not seen.all(name), name
        assert ask(connection, session).proved, "the connection goes on"


@pytest.mark.parametrize("framing", ["length", "chunks"])
@pytest.mark.parametrize("sent,signed", [
    (b"amount=900", b"amount=100"), (b"amount=100 ", b"amount=100"),
    (b"amount=10", b"amount=100"), (b"x", b""), (b"", b"x"),
    (b"x" * LIMIT, b"x" * (LIMIT - 1))])
def test_c_57_other_content_takes_no_effect(served, sent, signed, framing):
    """C-57 D-41 D-38: content that was not signed gets 401, reaches nobody,
    and leaves the connection and the count as they are."""
    gate, origin = served
    session = log_in(gate)
    fields = CHUNKED if framing == "chunks" else [
        ("Content-Length", str(len(sent)))]
    framed = chunked([sent]) if framing == "chunks" else sent
    with open_to(gate) as connection:
        got = ask(connection, session, "POST", "/pay", sent, fields,
                  signed=signed, framed=framed)
        assert got.status == 401 and got.header is None
        assert "stale" not in got.got.one("WWW-Authenticate")
        assert not origin.seen
        session.count -= 1
        assert ask(connection, session, "POST", "/pay", b"amount=100").proved
    assert len(origin.seen) == 1
    assert gate.wait_log("wrong-response")["user"] == "alice"


def test_c_54_trailers_are_no_content(served):
    """C-54: chunk framing, extensions and trailers are left out."""
    gate, origin = served
    framed = b"5;a=b\r\nhello\r\n1 \r\n!\r\n0\r\nX-Trailer: 1\r\n\r\n"
    with open_to(gate) as connection:
        got = ask(connection, log_in(gate), "POST", "/", b"hello!", CHUNKED,
                  framed=framed)
    assert got.proved and origin.seen[0].body == b"hello!"
    assert not origin.seen[0].all("X-Trailer")


@pytest.mark.parametrize("framing", ["length", "chunks", "no length yet"])
def test_d_41_too_large(served, framing):
    """D-41: 413 beyond the limit, by length at once, by chunks when there."""
    gate, origin = served
    body = content(LIMIT + 1)
    before = gate.refused("origin", "content-too-large")
    with open_to(gate) as connection:
        if framing == "length":
            sent = log_in(gate).credentials("POST", "/", content=body)
            connection.send(wire.request("POST", "/", [
                ("Authorization", sent), ("Content-Length", str(len(body)))]))
            got = connection.response("POST")  # without a word of it
        else:
            parts = [body] if framing == "chunks" else [body[:-1], body[-1:]]
            got = ask(connection, log_in(gate), "POST", "/", body, CHUNKED,
                      framed=chunked(parts))
    assert got.status == 413
    assert not origin.seen
    assert gate.refused("origin", "content-too-large") == before + 1


@pytest.mark.parametrize("framed", [
    b"5\r\nhelloX\r\n0\r\n\r\n", b"5\r\nhello\r\nz\r\n\r\n",
    b"-5\r\nhello\r\n0\r\n\r\n", b"fffffffffffffffff\r\nhello\r\n",
    b"\r\n"])
def test_c_57_bad_chunks(served, framed):
    """C-57: chunks that are none take no effect."""
    gate, origin = served
    with open_to(gate) as connection:
        try:
            got = ask(connection, log_in(gate), "POST", "/", b"hello",
                      CHUNKED, framed=framed)
            assert got.status in (400, 401), got.got
        except ConnectionError:
            pass
    assert not origin.seen
    assert ask(open_to(gate), log_in(gate)).proved


def test_c_57_framing_without_end(served):
    """C-57 H-25: extensions beyond all measure make no content of what stands
    before them, though it was signed."""
    gate, origin = served
    framed = b"5\r\nhello\r\n0;" + b"x" * 20000 + b"\r\n\r\n"
    with open_to(gate) as connection:
        got = ask(connection, log_in(gate), "POST", "/", b"hello", CHUNKED,
                  framed=framed)
    assert got.status == 400
    assert not origin.seen
    assert gate.wait_log("content-incomplete")["user"] == "alice"


@pytest.mark.parametrize("body,cut", [
    (b"hello", 3), (b"hello", 0), (content(LIMIT), LIMIT - 1)])
@pytest.mark.parametrize("framing", ["length", "chunks"])
def test_c_57_content_cut_off(served, body, cut, framing):
    """C-57: what does not arrive whole reaches nobody, and holds nothing."""
    gate, origin = served
    session = log_in(gate)
    sent = session.credentials("POST", "/", content=body)
    connection = open_to(gate)
    if framing == "chunks":
        fields, framed = CHUNKED, chunked([body])[:cut + 3]
    else:
        fields, framed = [("Content-Length", str(len(body)))], body[:cut]
    connection.send(wire.request(
        "POST", "/", [("Authorization", sent), *fields]) + framed)
    time.sleep(0.05)
    assert not origin.seen
    connection.close()
    end = time.monotonic() + 5
    while gate.metrics()["countersign_requests_active"] > 1:
        assert time.monotonic() < end
        time.sleep(0.02)
    assert not origin.seen
    assert gate.metrics()["countersign_content_held_bytes"] == 0


@pytest.mark.parametrize("method", ["POST", "PUT", "PATCH"])
def test_expect_100(served, method):
    """The 100 comes when content is waited for; without it, and for somebody
    without credentials, nothing of the content is asked for."""
    gate, origin = served
    before = gate.refused("origin", "engine")
    fields = [("Expect", "100-continue"), ("Content-Length", "5")]
    with open_to(gate) as connection:
        connection.send(wire.request(method, "/", fields))
        assert connection.response(method).status == 401
        assert not connection.interim
    session = log_in(gate)
    with open_to(gate) as connection:
        sent = session.credentials(method, "/", content=b"hello")
        connection.send(wire.request(
            method, "/", [("Authorization", sent), *fields]))
        assert connection.until(b"\r\n\r\n").startswith(b"HTTP/1.1 100 ")
        assert not origin.seen
        connection.send(b"hello")
        got = connection.response(method)
        assert got.status == 200
        assert session.proves(got.one("Authentication-Info"), sent, "/",
                              got.body)
    assert origin.seen[0].body == b"hello"
    assert not origin.seen[0].all("Expect")
    assert gate.refused("origin", "engine") == before


def test_pipelined(served):
    """Content of one request is not another's header."""
    gate, origin = served
    session = log_in(gate)
    body = b"GET /smuggled HTTP/1.1\r\nHost: x\r\n\r\n"
    one = session.credentials("POST", "/1", content=body)
    two = session.credentials("GET", "/2")
    with open_to(gate) as connection:
        connection.send(
            wire.request("POST", "/1", [("Authorization", one)], body) +
            wire.request("GET", "/2", [("Authorization", two)]))
        for method, sent, target in (("POST", one, "/1"), ("GET", two, "/2")):
            got = connection.response(method)
            assert session.proves(got.one("Authentication-Info"), sent,
                                  target, got.body)
    assert [seen.target for seen in origin.seen] == ["/1", "/2"]
    assert origin.seen[0].body == body


@pytest.mark.parametrize("method", ["GET", "HEAD", "DELETE", "OPTIONS"])
def test_c_55_no_content(served, method):
    """C-55: without content the hash is of nothing."""
    gate, origin = served
    with open_to(gate) as connection:
        session = log_in(gate)
        assert ask(connection, session, method).proved
        assert ask(connection, session, method, signed=b" ").status == 401
    assert len(origin.seen) == 1


def test_d_43_headers_first(served):
    """D-43 C-57: nothing happens before the header section is whole."""
    gate, origin = served
    octets = wire.request("POST", "/", [
        ("Authorization", log_in(gate).credentials("POST", "/",
                                                   content=b"hello"))],
        b"hello")
    with open_to(gate) as connection:
        connection.send(octets[:-len(b"\r\n\r\nhello")])
        time.sleep(0.1)
        assert not origin.seen
        connection.send(octets[-len(b"\r\n\r\nhello"):])
        assert connection.response("POST").status == 200


def test_d_23_held_requests_are_replayed_in_vain(served):
    """D-23 D-25: of one signed request sent ten times at once, one counts."""
    gate, origin = served
    sent = log_in(gate).credentials("POST", "/", content=b"pay")
    octets = wire.request("POST", "/", [("Authorization", sent)], b"pay")
    connections = [open_to(gate) for _ in range(10)]
    for connection in connections:
        connection.send(octets[:-1])
    for connection in connections:
        connection.send(octets[-1:])
    got = [connection.response("POST") for connection in connections]
    assert sorted(g.status for g in got) == [200] + [401] * 9
    assert all("stale=true" in g.one("WWW-Authenticate") for g in got
               if g.status == 401)
    assert len(origin.seen) == 1
    for connection in connections:
        connection.close()


def test_world_changes_meanwhile(gateway, origin):
    """A user who is taken out while his content comes is not let in."""
    gate = gateway("--qop", "auth-int", origin=origin.url)
    session = login(gate.origin)
    sent = session.credentials("POST", "/", content=b"hello")
    octets = wire.request("POST", "/", [("Authorization", sent)], b"hello")
    with wire.Connection(gate.origin) as connection:
        connection.send(octets[:-1])
        time.sleep(0.1)
        write_users(gate.users, [u for u in USERS if u[0] != "alice"])
        assert gate.reload().returncode == 0
        connection.send(octets[-1:])
        assert connection.response("POST").status == 401
    assert not origin.seen


def test_h_25_memory_is_bounded(gateway, origin):
    """H-25: all that is held fits --content-memory; beyond that 503. Who has
    no nonce of ours holds nothing."""
    gate = gateway("--qop", "auth-int", "--content-limit", "32k",
                   "--proof-limit", "0", "--content-memory", "64k",
                   origin=origin.url)
    session = login(gate.origin)
    body = content(32 * KIB)
    fields = [("Content-Length", str(len(body)))]

    def start(nonce=None):
        session.take_nonce(nonce or session.nonce)
        sent = session.credentials("POST", "/", content=body)
        connection = wire.Connection(gate.origin)
        connection.send(wire.request(
            "POST", "/", [("Authorization", sent), *fields]) + body[:-1])
        return connection

    nonce = session.nonce
    strange = [start("A" * 56) for _ in range(4)]
    assert {c.response("POST").status for c in strange} == {401}
    held = [start(nonce)]
    session.take_nonce(nonce)
    held.append(start())
    end = time.monotonic() + 5
    while gate.metrics()["countersign_content_held_bytes"] < 2 * 32 * KIB - 2:
        assert time.monotonic() < end
        time.sleep(0.02)
    third = start()
    got = third.response("POST")
    assert got.status == 503 and got.one("Retry-After") == "1"
    assert gate.wait_log("content-memory")["status"] == 503
    for connection in held:
        connection.close()
    while gate.metrics()["countersign_content_held_bytes"] > 0:
        assert time.monotonic() < end
        time.sleep(0.02)
    third.close()
    with wire.Connection(gate.origin) as connection:
        assert ask(connection, session, "POST", "/", body).status == 200
