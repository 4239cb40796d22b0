# SPDX-License-Identifier: MIT
"""The gateway under auth-int: what a response's proof covers, where it
stands, and when there is none."""
import pathlib
import threading
import time

import pytest

from support import digest_whole, http2, wire
from support.fixtures import authority  # pylint: disable=unused-import
from support.int_responses import (  # pylint: disable=unused-import
    LENGTHS, LIMIT, TE, answer, log_in, open_to, proofs, served, shared)
from support.origin import Last, response
from support.whole import KIB, MIB, ask, chunked, content, login


@pytest.mark.parametrize("length", LENGTHS)
@pytest.mark.parametrize("kind", ["length", "chunked"])
@pytest.mark.parametrize("method,body", [("GET", b""), ("POST", b"hello")])
def test_e_15_proof_of_content(served, method, body, kind, length):
    """E-15 E-27 E-39: what fits is held and proved in the header, also to who
    takes trailers; the rest flows, and says nothing it does not know."""
    gate, _ = served
    before = proofs(gate)
    with open_to(gate) as connection:
        session = log_in(gate)
        target = f"/{kind}/{length}"
        for fields in ([], TE):
            got = ask(connection, session, method, target, body, fields)
            assert got.status == 200 and got.body == content(length)
            if length <= LIMIT:
                assert got.header is True and got.trailer is None
                assert not got.got.all("Trailer")
            elif not fields:
                assert got.header is None and got.trailer is None
    assert proofs(gate) == before + (2 if length <= LIMIT else 1)


@pytest.mark.parametrize("kind", ["length", "chunked"])
@pytest.mark.parametrize("method,body", [("GET", b""), ("POST", b"hello")])
@pytest.mark.parametrize("te,takes", [
    ("trailers", True), ("deflate, Trailers", True), ("gzip", False),
    ("trailers2", False), ("", False)])
def test_e_38_trailer(served, method, body, kind, te, takes):
    """E-37 E-38 E-40: the proof follows long content when TE says trailers,
    named in Trailer; then it is nowhere else."""
    gate, _ = served
    with open_to(gate) as connection:
        got = ask(connection, log_in(gate), method, f"/{kind}/{LIMIT + 1}",
                  body, [("TE", te)])
        assert got.body == content(LIMIT + 1)
        assert got.header is None
        assert got.trailer is (True if takes else None)
        assert got.got.all("Trailer") == (
            ["Authentication-Info"] if takes else [])
        assert len(got.got.all("Content-Length")) + len(
            got.got.all("Transfer-Encoding")) == 1
    session = log_in(gate)
    with open_to(gate) as connection:  # its client takes no chunks
        sent = session.credentials("GET", f"/{kind}/{LIMIT + 1}")
        got = connection.exchange(
            target=f"/{kind}/{LIMIT + 1}", version="HTTP/1.0",
            fields=[("Authorization", sent), ("TE", te)])
        assert got.body == content(LIMIT + 1)
        assert not got.all("Transfer-Encoding")
        assert not got.all("Authentication-Info")


def test_e_40_nextnonce_stays_in_the_header(gateway, origin):
    """E-27 E-40 E-21: nextnonce alone in the header; it is good."""
    gate = gateway("--qop", "auth-int", "--proof-limit", "0", "--nonce-life",
                   "4s", origin=origin.url)
    for fields in ([], TE):
        session = login(gate.origin)
        with wire.Connection(gate.origin) as connection:
            time.sleep(3.2)
            sent = session.credentials("GET", "/")
            connection.send(wire.request(
                fields=[("Authorization", sent), *fields]))
            got = connection.response()
            info = got.one("Authentication-Info")
            assert info.startswith('nextnonce="') and "," not in info
            if fields:
                [(name, value)] = connection.trailer
                assert name == "Authentication-Info"
                assert "nextnonce" not in value
                assert session.proves(value, sent, "/", got.body)
            session.take_nonce(info.split('"')[1])
        with wire.Connection(gate.origin) as connection:
            assert ask(connection, session).status == 200


@pytest.mark.parametrize("te", [[], TE])
@pytest.mark.parametrize("length", [0, 10, LIMIT + 1])
@pytest.mark.parametrize("method,body", [("GET", b""), ("POST", b"hello")])
def test_e_27_unframed(served, method, body, length, te):
    """E-27: content that only its connection ends may be a part; it is not
    proved."""
    gate, _ = served
    with open_to(gate) as connection:
        got = ask(connection, log_in(gate), method, f"/unframed/{length}",
                  body, te)
    assert (got.status, got.body) == (200, content(length))
    assert got.header is None and got.trailer is None


@pytest.mark.parametrize("te", [[], TE])
@pytest.mark.parametrize("length", [10, LIMIT, MIB])
@pytest.mark.parametrize("kind", ["cut-length", "cut-chunked", "bad-chunked"])
@pytest.mark.parametrize("method,body", [("GET", b""), ("POST", b"hello")])
def test_e_26_cut_off(served, method, body, kind, length, te):
    """E-26: a response cut off on its way is neither whole nor proved, and
    nobody waits for the rest."""
    gate, _ = served
    before = proofs(gate)
    start = time.monotonic()
    with open_to(gate) as connection:
        try:
            got = ask(connection, log_in(gate), method, f"/{kind}/{length}",
                      body, te)
        except ConnectionError:
            got = None
    assert time.monotonic() - start < 8
    assert proofs(gate) == before + (got is not None and got.proved)
    if got is not None:  # the gateway's own word, and that is whole
        assert (got.status, got.body) == (502, b"502 Bad Gateway\n")
    with open_to(gate) as connection:
        assert ask(connection, log_in(gate), target="/length/9").proved


@pytest.mark.parametrize("method,body", [("GET", b""), ("POST", b"hello")])
def test_e_41_proxy(served, method, body):
    """E-41 E-08 G-02 G-04 G-16: the same at the proxy, in header and trailer;
    the origin's own fields pass as they are."""
    gate, origin = served
    session = login(gate.proxy, "proxy")
    with wire.Connection(gate.proxy) as connection:
        got = ask(connection, session, method, origin.url + "/length/100",
                  body, layer="proxy")
        assert got.header is True
        assert not got.got.all("Cache-Control")
    with wire.Connection(gate.proxy) as connection:
        got = ask(connection, session, method,
                  origin.url + f"/length/{LIMIT + 1}", body, TE, layer="proxy")
        assert got.header is None and got.trailer is True
        assert got.got.one("Trailer") == "Proxy-Authentication-Info"
    given = [("Authentication-Info", 'nextnonce="a"'),
             ("Authentication-Info", "b=c"),
             ("Proxy-Authentication-Info", 'nextnonce="evil"'),
             ("WWW-Authenticate", "Basic realm=x")]
    origin.answer = lambda _: response(401, b"no", given)
    with wire.Connection(gate.proxy) as connection:
        got = ask(connection, session, method, origin.url + "/", body,
                  layer="proxy")
        assert (got.status, got.header) == (401, True)
        assert got.got.all("Authentication-Info") == ['nextnonce="a"', "b=c"]
        assert got.got.all("WWW-Authenticate") == ["Basic realm=x"]


def test_g_15_trailer_of_upstream(served):
    """G-05 G-15 G-28: an Info field in an upstream's trailer is dropped, and
    ours stands alone."""
    gate, origin = served
    origin.answer = lambda _: Last(
        b"HTTP/1.1 200 OK\r\nTrailer: Authentication-Info\r\n"
        b"Transfer-Encoding: chunked\r\n\r\n" +
        chunked([b"page"], b'Authentication-Info: nextnonce="evil"\r\n'))
    for method, body in (("GET", b""), ("POST", b"hello")):
        with open_to(gate) as connection:
            got = ask(connection, log_in(gate), method, "/", body, TE)
            assert (got.body, got.header, got.trailer) == (b"page", True, None)
            assert not got.got.all("Trailer")


@pytest.mark.parametrize("method,body", [("GET", b""), ("POST", b"hello")])
def test_e_42_http2(served, method, body):
    """E-42 E-27: in HTTP/2 the header holds the proof; the engine has no
    trailers there, so long content has none."""
    gate, _ = served
    session = log_in(gate)
    with http2.Connection(gate.address("origin", 1)) as connection:
        for length, proved in ((0, True), (1, True), (LIMIT, True),
                               (LIMIT + 1, False), (MIB, False)):
            for target in (f"/length/{length}", f"/chunked/{length}"):
                sent = session.credentials(method, target, content=body)
                got = connection.exchange(
                    method, target,
                    [("authorization", sent), ("te", "trailers")], body)
                assert got.body == content(length)
                infos = got.all("authentication-info")
                assert [session.proves(i, sent, target, got.body)
                        for i in infos] == [True] * proved


@pytest.mark.parametrize("kind", ["cut-length", "cut-chunked", "bad-chunked"])
def test_e_26_cut_off_stream(served, kind):
    """E-26: one response cut off in HTTP/2 ends no other, of whatever user."""
    gate, origin = served

    def be_slow(seen):
        if seen.target == "/length/9":
            time.sleep(0.5)
        return answer(seen)

    origin.answer = be_slow
    session, other = log_in(gate), log_in(gate, user="bob", password="hunter2")
    sent = other.credentials("GET", "/length/9")
    with http2.Connection(gate.address("origin", 1)) as connection:
        stream = connection.send(path="/length/9",
                                 fields=[("authorization", sent)])
        path = f"/{kind}/10"
        connection.send(path=path, fields=[
            ("authorization", session.credentials("GET", path))])
        got = connection.receive([stream])[stream]
    assert other.proves(got.one("authentication-info"), sent, "/length/9",
                        got.body)


@pytest.mark.parametrize("line", [0, 1, 2])
def test_e_09_algorithm_of_the_request(served, line):
    """E-09 E-16 C-02: content is hashed with the algorithm of the request's
    credentials, whatever stands first in the challenge."""
    gate, _ = served
    with open_to(gate) as connection:
        lines = connection.exchange().all("WWW-Authenticate")
        session = digest_whole.Session(lines[line])
        got = ask(connection, session, target="/length/99")
        assert (got.status, got.header) == (200, True)
        got = ask(connection, session, "POST", "/length/99", b"hello")
        assert (got.status, got.header) == (200, True)


def test_parallel_streams(served):
    """Each of many requests at once gets the proof of its own content."""
    gate, _ = served
    wrong = []

    def run(number):
        session = log_in(gate)
        with open_to(gate) as connection:
            for turn in range(10):
                body = b"%d-%d" % (number, turn)
                got = ask(connection, session, "POST",
                          f"/length/{number * 100 + turn}", body)
                if not got.proved:
                    wrong.append((number, turn, got.got))

    threads = [threading.Thread(target=run, args=(n,)) for n in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert not wrong


def resident(gate):
    text = pathlib.Path(f"/proc/{gate.engine_pid()}/status").read_text()
    return int(text.split("VmRSS:")[1].split()[0]) * KIB


@pytest.mark.parametrize("te", [[], TE])
def test_memory_is_flat(served, te):
    """50 MiB flow through at the pace of the client, whole and, where it
    takes trailers, proved; the gateway grows by little."""
    gate, _ = served
    target = f"/length/{50 * MIB}"
    session = log_in(gate)
    with open_to(gate) as connection:
        ask(connection, session, target=f"/length/{MIB}")
    before = resident(gate)
    idle = open_to(gate)
    sent = session.credentials("GET", target)
    idle.send(wire.request(target=target,
                           fields=[("Authorization", sent), *te]))
    time.sleep(0.5)
    assert resident(gate) - before < 8 * MIB
    got = idle.response()
    assert got.body == content(50 * MIB)
    assert resident(gate) - before < 8 * MIB
    if te:
        [(_, info)] = idle.trailer
        assert session.proves(info, sent, target, got.body)
    idle.close()
