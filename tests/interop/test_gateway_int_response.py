# SPDX-License-Identifier: MIT
"""The gateway under auth-int: what a response's proof covers, where it
stands, and when there is none."""
import gzip
import pathlib
import threading
import time

import pytest

from support import digest_whole, http2, wire
from support.fixtures import authority  # pylint: disable=unused-import
from support.gateway import ORIGIN_REALM, USERS
from support.origin import Last, Origin, response
from support.whole import KIB, MIB, ask, chunked, content, login

LIMIT = 64 * KIB
TE = [("TE", "trailers"), ("Connection", "TE")]
LENGTHS = [0, 1, LIMIT - 1, LIMIT, LIMIT + 1, MIB]


def answer(seen):
    """`/KIND/LENGTH`: so framed, that much; a cut one says one more."""
    _, kind, length = seen.target.split("?")[0].split("/")
    body = content(int(length))
    head = b"HTTP/1.1 200 OK\r\n"
    if kind == "chunked":
        return head + b"Transfer-Encoding: chunked\r\n\r\n" + chunked(
            [body[i:i + 4999] for i in range(0, len(body), 4999)])
    if kind == "unframed":
        return Last(head + b"Connection: close\r\n\r\n" + body)
    if kind == "cut-length":
        return Last(head + b"Content-Length: %d\r\n\r\n" % (len(body) + 1) +
                    body)
    if kind == "cut-chunked":
        return Last(head + b"Transfer-Encoding: chunked\r\n\r\n" +
                    chunked([body])[:-5])
    if kind == "bad-chunked":
        return Last(head + b"Transfer-Encoding: chunked\r\n\r\n" +
                    chunked([body])[:-5] + b"zz\r\n")
    return response(200, body, (), seen.method)


@pytest.fixture(scope="module")
def shared(module_gateway, module_origin, authority):
    gate = module_gateway(
        "--qop", "auth,auth-int", "--proof-limit", "64k", "--max-failures",
        "0", "--allow-dest", "127.0.0.0/8", "--algorithm", "SHA-256",
        "--algorithm", "SHA-512-256", "--algorithm", "SHA-256-sess",
        "--listen", "origin=http://127.0.0.1:0",
        "--listen", "origin=https://127.0.0.1:0",
        "--tls-cert", authority.cert, "--tls-key", authority.key,
        origin=module_origin.url, forward=True,
        users=[*USERS, ("alice", ORIGIN_REALM, "secret", "SHA-512-256")])
    engine = gate.engine_pid()
    yield gate, module_origin
    assert gate.engine_pid() == engine, gate.err


@pytest.fixture
def served(shared):
    shared[1].forget()
    shared[1].answer = answer
    return shared


def open_to(gate):
    return wire.Connection(gate.address("origin", 0))


def log_in(gate, **how):
    return login(gate.address("origin", 0), **how)


def proofs(gate):
    return gate.metrics()['countersign_proofs_sent_total{layer="origin"}']


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


STATUSES = [200, 201, 206, 302, 404, 412, 416, 500, 503]


@pytest.mark.parametrize("method,body", [
    ("GET", b""), ("HEAD", b""), ("POST", b"hello")])
@pytest.mark.parametrize("status", [*STATUSES, 204, 304])
def test_e_05_every_status(served, method, body, status):
    """C-55 E-05 E-07 E-11: with every status and method, with content, or
    with the hash of nothing."""
    gate, origin = served
    page = b"" if status in (204, 304) else b"page"
    origin.answer = lambda seen: response(status, page, (), seen.method)
    with open_to(gate) as connection:
        session = log_in(gate)
        for _ in range(2):
            got = ask(connection, session, method, "/", body)
            assert (got.status, got.header) == (status, True), got.got
            assert got.body == (b"" if method == "HEAD" else page)
            if "close" in got.got.all("Connection"):
                break


def test_e_06_application_401(served):
    """E-04 E-06: a 401 of the application has no proof of ours."""
    gate, origin = served
    origin.answer = lambda seen: response(401, b"no", [
        ("WWW-Authenticate", "Basic realm=x")])
    with open_to(gate) as connection:
        for method, body in (("GET", b""), ("POST", b"hello")):
            got = ask(connection, log_in(gate), method, "/", body)
            assert (got.status, got.header, got.body) == (401, None, b"no")


def test_e_26_coding_and_range(served):
    """C-53 C-56 E-26: coded as sent, and of a range that range."""
    gate, origin = served
    page = content(1000)
    coded = gzip.compress(page)
    parts = (b"--b\r\nContent-Range: bytes 0-1/1000\r\n\r\n01\r\n"
             b"--b\r\nContent-Range: bytes 5-5/1000\r\n\r\n5\r\n--b--\r\n")
    for fields, body, status in (
            ([("Content-Encoding", "gzip")], coded, 200),
            ([("Content-Range", "bytes 10-19/1000")], page[10:20], 206),
            ([("Content-Type", "multipart/byteranges; boundary=b")], parts,
             206)):
        origin.answer = lambda _, f=fields, b=body, s=status: response(s, b, f)
        with open_to(gate) as connection:
            got = ask(connection, log_in(gate), fields=[
                ("Range", "bytes=10-19"), ("Accept-Encoding", "gzip")])
            assert (got.status, got.body, got.header) == (status, body, True)
            assert got.got.one(fields[0][0]) == fields[0][1]
        assert origin.seen[-1].all("Range") == ["bytes=10-19"]


def test_e_28_no_transform(served):
    """E-28 G-26: intermediaries are told to leave the content as it is; under
    auth they are not, and what is said already stays."""
    gate, origin = served
    for given, want in ((None, "private, no-transform"),
                        ("no-transform, max-age=9",
                         "no-transform, max-age=9, private")):
        fields = [("Cache-Control", given)] if given else []
        origin.answer = lambda _, f=fields: response(200, b"x", f)
        with open_to(gate) as connection:
            got = ask(connection, log_in(gate))
            assert got.got.one("Cache-Control") == want
    origin.answer = None
    with open_to(gate) as connection:
        got = ask(connection, log_in(gate, qop="auth"))
        assert got.got.one("Cache-Control") == "private"


def test_e_06_pages_of_the_engine(gateway):
    """C-55 E-06 E-15: an error page the gateway makes is proved too."""
    gone = Origin()
    gate = gateway("--qop", "auth-int", origin=gone.url)
    gone.close()
    session = login(gate.origin)
    with wire.Connection(gate.origin) as connection:
        for method, body in (("GET", b""), ("HEAD", b""), ("POST", b"hello")):
            got = ask(connection, session, method, "/", body)
            assert (got.status, got.header) == (502, True)
            assert got.body == (
                b"" if method == "HEAD" else b"502 Bad Gateway\n")


@pytest.mark.parametrize("method,body", [("GET", b""), ("POST", b"hello")])
@pytest.mark.parametrize("octets,status", [
    (b"", 502), (b"garbage\r\n\r\n", 502),
    (b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\nContent-Length: 3\r\n\r\nokx",
     502)], ids=["nothing", "garbage", "two lengths"])
def test_e_05_upstream_without_an_answer(served, octets, status, method, body):
    """E-05 E-15: what the gateway says where the application said nothing
    that can be read is proved as well."""
    gate, origin = served
    origin.answer = lambda seen: Last(octets)
    with open_to(gate) as connection:
        got = ask(connection, log_in(gate), method, "/", body)
    assert (got.status, got.header) == (status, True)


@pytest.mark.parametrize("qop,body", [
    ("auth", b""), ("auth-int", b""), ("auth-int", b"hello")])
def test_unknown_host(served, qop, body):
    """A name nobody knows is 502, proved, at the forward proxy."""
    gate, _ = served
    session = login(gate.proxy, "proxy", qop=qop)
    with wire.Connection(gate.proxy) as connection:
        got = ask(connection, session, "POST" if body else "GET",
                  "http://nowhere.invalid/", body, layer="proxy")
    assert (got.status, got.header) == (502, True)
    assert got.body == b"502 Bad Gateway\n"


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
