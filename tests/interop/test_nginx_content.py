# SPDX-License-Identifier: MIT
"""The nginx module under auth-int: contents of requests, hashed before anything
behind nginx sees them."""
import socket
import time

import pytest

from support import digest_whole, http2, wire
from support.engines import PASSWORD, USER
from support.fixtures import authority  # pylint: disable=unused-import
from support.int_nginx import (  # pylint: disable=unused-import
    Whole, connection, served, shared)
from support.nginx import MODULE
from support.origin import response
from support.whole import KIB, MIB, ask, chunked, content

if not MODULE.exists():
    pytest.skip("this build has no nginx module", allow_module_level=True)

BUFFER = 16 * KIB  # up to here in memory, by nginx's default
LENGTHS = [1, BUFFER, BUFFER + 1, 2 * MIB + 1]
CHUNKED = [("Transfer-Encoding", "chunked")]


def pieces(body):
    return chunked([body[i:i + 4999] for i in range(0, len(body), 4999)])


@pytest.fixture
def usual(served):
    """With the origin's usual answers."""
    served[1].answer = None
    return served


def post(made, session, body, target="/app/", framing="length", **how):
    if framing == "length":
        return ask(made, session, "POST", target, body, **how)
    return ask(made, session, "POST", target, body, CHUNKED,
               framed=pieces(body), **how)


@pytest.mark.parametrize("length", LENGTHS)
@pytest.mark.parametrize("framing", ["length", "chunks"])
@pytest.mark.parametrize("target", ["/app/", "/now/"])
def test_c_53_contents(usual, connection, target, framing, length):
    """C-53 C-54 C-15 C-57: the content without its framing; another one than
    was signed reaches nobody, and the connection goes on."""
    server, origin = usual
    session = server.whole()
    body = content(length)
    got = post(connection, session, body, target, framing)
    assert (got.status, got.header) == (200, True), server.said()
    assert origin.seen[-1].body == body
    assert origin.seen[-1].all("Content-Length") == [str(length)]
    for signed in (body[:-1] + b"?", body + b"x", body[:-1], b""):
        got = post(connection, session, body, target, framing, signed=signed)
        assert got.status == 401 and got.header is None
    assert len(origin.seen) == 1
    assert ask(connection, session, target="/page").header is True


def test_c_57_not_before_it_is_whole(usual):
    """C-57 D-43: nothing is even connected to before the last octet came."""
    server, origin = usual
    for framing in ("length", "chunks"):
        session = server.whole()
        body = content(40 * KIB)
        sent = session.credentials("POST", "/now/", content=body)
        fields, framed = ([("Content-Length", str(len(body)))], body) \
            if framing == "length" else (CHUNKED, pieces(body))
        octets = wire.request("POST", "/now/", [
            ("Authorization", sent), *fields]) + framed
        origin.forget()
        with server.connection() as made:
            made.send(octets[:-1])
            time.sleep(0.1)
            assert not origin.seen
            made.send(octets[-1:])
            assert made.response("POST").status == 200
        assert origin.seen[0].body == body


@pytest.mark.parametrize("framing", ["length", "chunks"])
@pytest.mark.parametrize("length, cut", [(5, 3), (40 * KIB, 39 * KIB)])
def test_c_57_cut_off(usual, framing, length, cut):
    """C-57: what does not arrive whole reaches nobody."""
    server, origin = usual
    session = server.whole()
    body = content(length)
    sent = session.credentials("POST", "/app/", content=body)
    fields, framed = ([("Content-Length", str(length))], body[:cut]) \
        if framing == "length" else (CHUNKED, pieces(body)[:cut + 3])
    with server.connection() as made:
        made.send(wire.request("POST", "/app/", [
            ("Authorization", sent), *fields]) + framed)
        made.socket.shutdown(socket.SHUT_WR)
        try:
            assert made.response("POST").status == 400
        except ConnectionError:
            pass
    assert not origin.seen
    assert server.ask("POST", "/app/", body, session=session).header is True


@pytest.mark.parametrize("framed", [
    b"zz\r\nhello\r\n0\r\n\r\n", b"5\r\nhelloXX0\r\n\r\n",
    b"-5\r\nhello\r\n0\r\n\r\n", b"fffffffffffffffff\r\nhello\r\n"])
def test_c_57_bad_chunks(usual, connection, framed):
    """C-57: chunks that are none take no effect."""
    server, origin = usual
    got = ask(connection, server.whole(), "POST", "/app/", b"hello", CHUNKED,
              framed=framed)
    assert got.status == 400 and not origin.seen


@pytest.mark.parametrize("framing", ["length", "chunks"])
@pytest.mark.parametrize("target, length", [
    ("/app/", 3 * MIB + 1), ("/small/", KIB + 1), ("/small/", 40 * KIB)])
def test_d_41_too_large(usual, framing, target, length):
    """D-41: 413 is nginx's own, for a length or when it is there; its error
    page, under the same lock, does not make another answer of it."""
    server, origin = usual
    with server.connection() as made:
        try:
            got = post(made, server.whole(), content(length), target, framing)
            assert got.status == 413 and got.header is None
        except (BrokenPipeError, ConnectionResetError):
            assert length > MIB  # closed while we still sent
    assert not origin.seen
    got = server.ask("POST", target, content(KIB))
    assert got.header is True and len(origin.seen) == 1


def test_d_41_nobody_reads_for_strangers(usual):
    """Without credentials, or with a nonce that is not ours, the answer does
    not wait for the content; the connection is in order then."""
    server, origin = usual
    session = server.whole()
    session.take_nonce("A" * 56)
    strange = session.credentials("POST", "/app/", content=b"hello")
    for fields in ([], [("Authorization", strange)]):
        with server.connection() as made:
            made.send(wire.request("POST", "/app/", [
                *fields, ("Content-Length", "5")]) + b"hel")
            assert made.response("POST").status == 401
            made.send(b"lo")
            assert ask(made, server.whole(), target="/page").header is True
    assert not origin.seen


@pytest.mark.parametrize("method", ["POST", "PUT", "PATCH"])
def test_expect_100(usual, method):
    """The 100 comes when content is waited for; somebody without credentials
    is not asked for it."""
    server, origin = usual
    fields = [("Expect", "100-continue"), ("Content-Length", "5")]
    with server.connection() as made:
        made.send(wire.request(method, "/app/", fields))
        assert made.response(method).status == 401 and not made.interim
    session = server.whole()
    with server.connection() as made:
        sent = session.credentials(method, "/app/", content=b"hello")
        made.send(wire.request(method, "/app/", [
            ("Authorization", sent), *fields]))
        assert made.until(b"\r\n\r\n").startswith(b"HTTP/1.1 100 ")
        assert not origin.seen
        made.send(b"hello")
        got = made.response(method)
        assert session.proves(got.one("Authentication-Info"), sent, "/app/",
                              got.body)
    assert origin.seen[0].body == b"hello"


def test_pipelined(usual):
    """Content of one request is not another's header."""
    server, origin = usual
    session = server.whole()
    body = b"GET /smuggled HTTP/1.1\r\nHost: x\r\n\r\n"
    one = session.credentials("POST", "/app/1", content=body)
    two = session.credentials("GET", "/app/2")
    with server.connection() as made:
        made.send(
            wire.request("POST", "/app/1", [("Authorization", one)], body) +
            wire.request("GET", "/app/2", [("Authorization", two)]))
        for method, sent, target in (("POST", one, "/app/1"),
                                     ("GET", two, "/app/2")):
            got = made.response(method)
            assert session.proves(got.one("Authentication-Info"), sent,
                                  target, got.body)
    assert [seen.target for seen in origin.seen] == ["/1", "/2"]
    assert origin.seen[0].body == body


@pytest.mark.parametrize("method", ["GET", "HEAD", "DELETE", "OPTIONS"])
@pytest.mark.parametrize("fields", [[], [("Content-Length", "0")],
                                    [("Content-Length", "00")]])
def test_c_55_no_content(usual, connection, method, fields):
    """C-55: without content the hash is of nothing; and nothing is waited
    for."""
    server, origin = usual
    session = server.whole()
    got = ask(connection, session, method, "/app/", fields=fields)
    assert got.header is True, got.got
    assert ask(connection, session, method, "/app/", fields=fields,
               signed=b" ").status == 401
    assert len(origin.seen) == 1


def test_c_55_empty_chunks(usual, connection):
    server, origin = usual
    session = server.whole()
    assert ask(connection, session, "POST", "/app/", b"", CHUNKED,
               framed=b"0\r\n\r\n").header is True
    assert ask(connection, session, "POST", "/app/", b"", CHUNKED,
               signed=b"x", framed=b"0\r\n\r\n").status == 401
    assert len(origin.seen) == 1


def test_d_23_one_of_many(usual):
    """D-23 D-25: of one signed request sent ten times at once, one counts."""
    server, origin = usual
    sent = server.whole().credentials("POST", "/app/", content=b"pay")
    octets = wire.request("POST", "/app/", [("Authorization", sent)], b"pay")
    made = [server.connection() for _ in range(10)]
    for connection in made:  # pylint: disable=redefined-outer-name
        connection.send(octets[:-1])
    for connection in made:
        connection.send(octets[-1:])
    got = [connection.response("POST") for connection in made]
    assert sorted(g.status for g in got) == [200] + [401] * 9
    assert all("stale=true" in g.one("WWW-Authenticate") for g in got
               if g.status == 401)
    assert len(origin.seen) == 1
    for connection in made:
        connection.close()


@pytest.mark.parametrize("length", [5, 100 * KIB])
def test_redirects_within(usual, length):
    """An error page under another lock judges by the content that was read,
    and so does the first lock behind a location that is open."""
    server, origin = usual
    origin.answer = lambda seen: response(500, b"x") \
        if seen.target.startswith("/first") else None
    body = content(length)
    for target in ("/errors/first", "/unlocked/first"):
        session = server.whole()
        got = server.ask("POST", target, body, session=session)
        assert got.status == 500 and got.header is True, server.said()
        got = server.ask("POST", target, body, session=session,
                         signed=body + b"x")
        assert got.status == 401


@pytest.mark.parametrize("length", [0, 5, BUFFER + 1])
def test_satisfy_any(usual, connection, length):
    """The address is refused, and remembered as that while the content is
    read: then the login decides."""
    server, origin = usual
    session, body = server.whole(), content(length)
    assert post(connection, session, body, "/any/").header is True
    got = post(connection, session, body, "/any/", signed=body + b"x")
    assert got.status == 401 and len(got.got.all("WWW-Authenticate")) == 1
    assert len(origin.seen) == 1


def test_small_contents_stay_in_memory(usual, connection):
    """What is for nginx's own WebDAV alone stays that."""
    server, origin = usual
    for method in ("POST", "PUT"):
        for length, in_file in ((5, False), (BUFFER + 1, True)):
            got = ask(connection, server.whole(), method, "/app/",
                      content(length))
            assert got.header is True
            assert bool(origin.seen[-1].all("X-File")) == in_file


@pytest.mark.parametrize("length", [0, 5, BUFFER + 1, MIB])
def test_dav(shared, length):
    """A PUT to nginx's own WebDAV, which wants the content in a file."""
    server, _ = shared
    body = content(length)
    session = server.whole("/dav/")
    target = f"/dav/put-{length}"
    place = server.folder / "www" / target[1:]
    got = server.ask("PUT", target, body, session=session,
                     signed=body + b"x")
    assert got.status == 401 and not place.exists()
    got = server.ask("PUT", target, body, session=session,
                     fields=[] if body else [("Content-Length", "0")])
    assert got.status == 201 and got.header is True, server.said()
    assert place.read_bytes() == body
    # Nor does what was refused stay behind.
    server.until(lambda: not any(
        path.is_file() for path in (server.folder / "a").rglob("*")))


def test_http2(authority, module_origin):
    """C-51: over HTTP/2, in memory and in a file; what was refused does not
    hold the connection up."""
    module_origin.forget()
    server = Whole(
        'countersign "test.example"; countersign_qop auth-int; '
        f"proxy_pass {module_origin.url}; client_body_buffer_size 1k; "
        f"ssl_certificate {authority.cert}; client_max_body_size 20k; "
        f"ssl_certificate_key {authority.key};".replace(
            "proxy_pass", "location / { proxy_pass", 1).replace(
                "client_body", "} client_body", 1), listen="ssl http2")
    try:
        with http2.Connection(server.address) as made:
            got = made.exchange(path="/")
            session = digest_whole.Session(
                got.all("WWW-Authenticate"), USER, PASSWORD)

            def post_it(body, signed=None):
                sent = session.credentials(
                    "POST", "/", content=body if signed is None else signed)
                return made.exchange("POST", "/", [
                    ("authorization", sent)], body), sent

            for length in (1, 900, 10 * KIB):
                body = content(length)
                got, sent = post_it(body)
                assert got.status == 200, server.said()
                assert session.proves(got.one("authentication-info"), sent,
                                      "/", got.body)
                assert module_origin.seen[-1].body == body
                count = len(module_origin.seen)
                assert post_it(body, body + b"x")[0].status == 401
                assert len(module_origin.seen) == count
    finally:
        server.close()
