# SPDX-License-Identifier: MIT
"""The nginx module under auth-int: what a response's proof covers, where it
stands, and when there is none."""
import gzip

import pytest

from support import digest_whole, http2
from support.engines import LOGIN, PASSWORD, USER
from support.fastcgi import FastCgi
from support.fetching import OK, PROOF, fetch
from support.fixtures import authority  # pylint: disable=unused-import
from support.int_nginx import (  # pylint: disable=unused-import
    LIMIT, TRAILERS, Whole, connection, served, shared)
from support.int_responses import TE
from support.nginx import MODULE
from support.origin import response
from support.whole import KIB, MIB, ask, chunked, content
from support.verifying import verify

if not MODULE.exists():
    pytest.skip("this build has no nginx module", allow_module_level=True)

INFO = "Authentication-Info"
LENGTHS = [0, 1, LIMIT - 1, LIMIT, LIMIT + 1, MIB]


@pytest.mark.parametrize("length", LENGTHS)
@pytest.mark.parametrize("kind", ["length", "chunked", "unframed"])
@pytest.mark.parametrize("way", ["app", "now"])
def test_e_15_proof_of_content(served, connection, way, kind, length):
    """E-15 E-27 E-38 E-39 E-40: what fits is held and proved in the header,
    also to who takes trailers; to him the proof of the rest comes behind it,
    to others not at all."""
    server, _ = served
    session = server.whole()
    target = f"/{way}/{kind}/{length}"
    for fields in ([], TE):
        got = ask(connection, session, target=target, fields=fields)
        assert got.status == 200 and got.body == content(length)
        if length <= LIMIT:
            assert got.header is True and got.trailer is None
            assert not got.got.all("Trailer")
            assert got.got.all("Content-Length") == (
                [str(length)] if kind == "length" else [])
        else:
            assert got.header is None
            assert got.trailer is (True if fields else None)
            assert got.got.all("Trailer") == ([INFO] if fields else [])
        said = got.got.one("Cache-Control")
        assert said == "private, no-transform"


@pytest.mark.parametrize("target, length", [
    ("/limit", LIMIT), ("/over", LIMIT + 1), ("/none/limit", LIMIT),
    ("/threads/limit", LIMIT), ("/threads/over", LIMIT + 1),
    ("/direct/limit", LIMIT), ("/direct/over", LIMIT + 1),
    ("/page", 7), ("/none/page", 7)])
def test_e_26_files(served, connection, target, length):
    """E-26 E-27: files of nginx's own; with the limit 0 all but nothing
    flows."""
    server, _ = served
    held = length <= LIMIT and "none" not in target
    if target == "/none/page":
        length = 0
    for fields in ([], TE):
        got = ask(connection, server.whole(), target=target, fields=fields)
        if not length:
            assert (got.status, got.trailer) == (404, fields == TE or None)
            continue
        assert got.status == 200 and len(got.body) == length
        assert got.header is (True if held else None)
        assert got.trailer is (None if held or not fields else True)


@pytest.mark.parametrize("te, takes", [
    ("trailers", True), ("deflate, Trailers", True), ("trailers;q=0.5", True),
    ("gzip", False), ("trailers2", False), ("", False)])
def test_e_38_trailer(served, connection, te, takes):
    """E-37 E-38: only to who says that he takes them."""
    server, _ = served
    got = ask(connection, server.whole(), target="/long",
              fields=[("TE", te)])
    assert got.body == content(300 * KIB) and got.header is None
    assert got.trailer is (True if takes else None)


def test_e_38_no_chunks_no_trailer(served):
    """E-38: nor where there are no chunks to put it behind."""
    server, _ = served
    got = server.ask(target="/plain/long", fields=TE)
    assert got.body == content(300 * KIB)
    assert got.header is None and not got.got.all("Trailer")
    session = server.whole()
    sent = session.credentials("GET", "/long")
    got = server.send(target="/long", version="HTTP/1.0",
                      credentials=sent, fields=TE)
    assert got.body == content(300 * KIB)
    assert not got.all(INFO) and not got.all("Trailer")
    sent = session.credentials("GET", "/app/chunked/100")
    got = server.send(target="/app/chunked/100", version="HTTP/1.0",
                      credentials=sent)
    assert session.proves(got.one(INFO), sent, "/app/chunked/100", got.body)


def test_c_56_ranges_and_codings(served, connection):
    """C-53 C-56 E-26: what this very message carries, coded as it is sent."""
    server, _ = served
    session = server.whole()

    def get(target, *fields):
        got = ask(connection, session, target=target, fields=fields)
        assert got.header is True, (target, fields, got.got)
        return got

    got = get("/limit", ("Range", "bytes=3-9"))
    assert (got.status, got.body) == (206, content(LIMIT)[3:10])
    got = get("/limit", ("Range", "bytes=0-1,9-9"))
    assert got.status == 206 and b"Content-Range" in got.body
    assert get("/limit", ("Range", "bytes=99999-")).status == 416
    got = get("/zipped", ("Accept-Encoding", "gzip"))
    assert got.got.one("Content-Encoding") == "gzip"
    assert gzip.decompress(got.body) == b"squeeze me " * 2000
    long = ask(connection, session, target="/long",
               fields=[("Range", "bytes=1-99999"), *TE])
    assert (long.status, long.header, long.trailer) == (206, None, True)


@pytest.mark.parametrize("target, method, status", [
    ("/page", "HEAD", 200), ("/long", "HEAD", 200), ("/empty", "GET", 200),
    ("/app/status/204", "GET", 204), ("/page", "GET", 304),
    ("/page", "DELETE", 405), ("/nowhere", "GET", 404),
    ("/gone", "GET", 404), ("/return", "GET", 302),
    ("/app/status/500", "GET", 500), ("/include", "GET", 200),
    ("/errors/status/500", "GET", 500), ("/%00", "GET", 400)])
def test_c_55_every_status(served, target, method, status):
    """C-55 E-05 E-07: statuses and methods, with content or without; error
    pages, and what other modules put together; but not what nginx refuses
    before it asks who is there."""
    server, origin = served
    origin.answer = None
    fields = []
    if status == 304:
        got = server.ask(target="/page")
        fields = [("If-Modified-Since", got.got.one("Last-Modified"))]
    got = server.ask(method, target, fields=fields)
    assert got.status == status, got.got
    if target == "/include":
        assert got.body == b"inside\n+" + content(300 * KIB)
        assert got.header is None
    else:
        assert got.header is (None if status == 400 else True), got.got


def test_c_55_fastcgi():
    """C-55 E-26: an application that says no length, whatever the status: 204
    and 304 have no content, though it sends some."""
    application = FastCgi()
    server = Whole(f"""countersign "test.example"; countersign_qop auth-int;
        location / {{ fastcgi_pass {application.address};
        fastcgi_param REQUEST_URI $request_uri;
        fastcgi_param REQUEST_METHOD $request_method;
        fastcgi_param CONTENT_LENGTH $content_length; }}""")
    try:
        with server.connection() as made:
            session = server.whole()
            for status in (200, 204, 304, 404):
                target = f"/status/{status}"
                for method in ("GET", "HEAD"):
                    got = ask(made, session, method, target)
                    assert (got.status, got.header) == (status, True), got.got
                    assert bool(got.body) == (
                        method == "GET" and status in (200, 404))
            assert ask(made, session, "POST", "/", b"hello").header is True
            assert application.seen[-1][1] == b"hello"
            count = len(application.seen)
            assert ask(made, session, "POST", "/", b"hello",
                       signed=b"hullo").status == 401
        assert len(application.seen) == count
    finally:
        server.close()
        application.close()


def test_e_06_a_401_of_the_application(served):
    """E-06: passes without our proof; and G-28: its own Info does not
    pass."""
    server, origin = served
    theirs = [(INFO, 'rspauth="00"'), ("Cache-Control", "public")]
    for status in (401, 403):
        origin.answer = lambda seen, status=status: response(
            status, b"no", theirs)
        got = server.ask(target="/app/x")
        assert (got.status, got.body) == (status, b"no")
        assert got.header is (None if status == 401 else True)


def test_e_10_no_proof_in_101(served):
    """E-10: nor in 101, which is no final status."""
    server, origin = served
    origin.answer = lambda seen: (
        b"HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\n"
        b"Upgrade: x\r\nAuthentication-Info: rspauth=\"00\"\r\n\r\n")
    upgrade = [("Upgrade", "x"), ("Connection", "Upgrade")]
    for session in (server.whole(), server.whole(qop="auth")):
        sent = session.credentials("GET", "/app/")
        got = server.send(target="/app/", credentials=sent, fields=upgrade)
        assert got.status == 101 and not got.all(INFO), got


def test_e_04_no_proof_of_a_refusal(served):
    """E-04: to nobody whom we did not let in."""
    server, _ = served
    session = server.whole()
    session.ha1 = "0" * 64
    got = server.ask(session=session, target="/page")
    assert got.status == 401 and got.header is None
    assert len(got.got.all("WWW-Authenticate")) == 1
    assert 'qop="auth, auth-int"' in got.got.one("WWW-Authenticate")
    assert not server.send(target="/open/length/3").all(INFO)


@pytest.mark.parametrize("length", [10, LIMIT, MIB])
@pytest.mark.parametrize("kind", ["cut-length", "cut-chunked", "bad-chunked"])
@pytest.mark.parametrize("way", ["app", "now"])
def test_e_26_cut_off(served, way, kind, length):
    """E-26: a response cut off on its way is neither whole nor proved."""
    server, _ = served
    for fields in ([], TE):
        try:
            got = server.ask(target=f"/{way}/{kind}/{length}", fields=fields)
            assert not got.proved or got.status == 502
        except ConnectionError:
            pass
    assert server.ask(target="/app/length/9").proved


def test_g_15_trailer_of_upstream(served, connection):
    """G-15 G-28: an Info field in an upstream's trailer does not pass, where
    nginx passes trailers; others do."""
    server, origin = served
    passes = [("X-Other", "a")] if TRAILERS else []

    def answer(size):
        return lambda _: (
            b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n"
            b"Trailer: Authentication-Info\r\n\r\n" + chunked(
                [content(size)], b"Authentication-Info: rspauth=\"00\"\r\n"
                b"X-Other: a\r\n"))

    for size in (10, LIMIT + 1):
        origin.answer = answer(size)
        for fields in ([], TE):
            got = ask(connection, server.whole(), target="/app/",
                      fields=fields)
            assert got.body == content(size)
            assert got.header is (True if size <= LIMIT else None)
            assert got.trailer is (True if size > LIMIT and fields else None)
            assert [line for line in connection.trailer
                    if line[0] != INFO] == passes
            connection.trailer = []


def test_e_40_nextnonce_stays_in_the_header(shared):
    """E-21 E-27 E-40: nextnonce alone in the header; it is good."""
    server = Whole('countersign "test.example"; countersign_qop auth-int; '
                   'countersign_one_time on; countersign_proof_limit 8;')
    try:
        (server.folder / "www" / "long").write_bytes(content(KIB))
        session = server.whole()
        for fields in ([], TE):
            with server.connection() as connection:
                sent = session.credentials("GET", "/long")
                got = connection.exchange(target="/long", fields=[
                    ("Authorization", sent), *fields])
                info = got.one(INFO)
                assert info.startswith('nextnonce="') and "," not in info
                if fields:
                    [(name, value)] = connection.trailer
                    assert name == INFO and "nextnonce" not in value
                    assert session.proves(value, sent, "/long", got.body)
            session.take_nonce(info.split('"')[1])
        got = server.ask(session=session, target="/page")
        assert got.header is True
        assert "nextnonce" in got.got.one(INFO)
    finally:
        server.close()


def test_h_25_memory_is_bounded(module_origin):
    """H-25: beyond countersign_proof_memory nothing more is held back."""
    server = Whole('countersign "test.example"; countersign_qop auth-int;',
                   http="countersign_proof_memory 100k;", workers=1)
    try:
        www = server.folder / "www"
        (www / "fits").write_bytes(content(100 * KIB))
        (www / "over").write_bytes(content(101 * KIB))
        for _ in range(3):  # what was in use is given back
            assert server.ask(target="/fits").header is True
            got = server.ask(target="/over", fields=TE)
            assert (got.header, got.trailer) == (None, True)
            assert server.ask(target="/over").header is None
    finally:
        server.close()


@pytest.mark.parametrize("algorithm", ["SHA-512-256", "SHA-256-sess", "MD5"])
def test_algorithms(algorithm):
    """Proofs and contents under the others; a session's lasts."""
    hash_name = algorithm.replace("-sess", "")
    row = digest_whole.digest.ha1(USER, "test.example", PASSWORD, hash_name)
    if hash_name == "SHA-512-256":
        row += ":" + hash_name
    server = Whole('countersign "test.example"; countersign_qop auth-int; '
                   f'countersign_algorithms {algorithm};',
                   http="countersign_allow_md5 on;",
                   users=f"{USER}:test.example:{row}\n")
    try:
        session = server.whole()
        for body in (b"", b"x", content(KIB)):
            got = server.ask("POST", "/page", body, session=session)
            assert got.status == 405 and got.header is True
        assert server.ask("POST", "/page", b"x", signed=b"y",
                          session=session).status == 401
    finally:
        server.close()


def test_fetch_demands_integrity(served):
    """And an answer whose content nobody proved is refused."""
    server, _ = served
    for target, code in (("/page", OK), ("/app/chunked/1000", OK),
                         ("/long", OK), ("/open/length/3", PROOF)):
        done = fetch("--user", LOGIN, "--proof", "require", "--integrity",
                     "require", server.url + target, check=code)
        assert (done.out != b"") == (code == OK)


def test_verify_strict(served):
    server, _ = served
    report = verify("--strict", "--basic", server.url + "/page", user=LOGIN)
    assert report.named("fail", "warn") == set(), report.said("fail", "warn")
    passed = report.named("pass")
    assert {"auth-int-proof", "auth-int-content",
            "auth-int-changed"} <= passed, report.said("skipped")
    assert report.code == OK


def test_http2(authority):
    """C-51 E-42: the same over HTTP/2; trailers too."""
    server = Whole(
        'countersign "test.example"; countersign_qop auth-int; '
        f"ssl_certificate {authority.cert}; countersign_proof_limit 64k; "
        f"ssl_certificate_key {authority.key};", listen="ssl http2")
    try:
        (server.folder / "www" / "long").write_bytes(content(LIMIT + 1))
        with http2.Connection(server.address) as connection:
            got = connection.exchange(path="/page")
            assert got.status == 401
            session = digest_whole.Session(
                got.all("WWW-Authenticate"), USER, PASSWORD)

            def get(method, path, fields=(), body=b"", signed=None):
                sent = session.credentials(
                    method, path, content=body if signed is None else signed)
                got = connection.exchange(method, path, [
                    ("authorization", sent), *fields], body)
                lines = got.all("authentication-info")
                proved = [session.proves(line, sent, path, got.body)
                          for line in lines]
                lines = [v for n, v in connection.trailers
                         if n == "authentication-info"]
                return got, proved, [session.proves(
                    line, sent, path, got.body) for line in lines]

            got, header, trailer = get("GET", "/page")
            assert got.status == 200 and header == [True] and not trailer
            got, header, trailer = get("GET", "/long")
            assert got.body == content(LIMIT + 1)
            assert not header and not trailer
            got, header, trailer = get("GET", "/long", [("te", "trailers")])
            assert got.body == content(LIMIT + 1)
            assert not header and trailer == [True]
            got, header, _ = get("POST", "/page", body=b"hello")
            assert got.status == 405 and header == [True]
            got, header, _ = get("POST", "/page", body=b"hello",
                                 signed=b"hullo")
            assert got.status == 401 and not header
    finally:
        server.close()
