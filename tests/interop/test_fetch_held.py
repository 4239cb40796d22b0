# SPDX-License-Identifier: MIT
"""Contents that wait for their proof: in memory, in a file without a name,
up to a bound; packed ones, partial ones, and those of redirects."""
import gzip
import hashlib
import os
import pathlib
import re
import subprocess
import threading
import time

import pytest

from support import raw
from support.fetching import OK, PROGRAM, PROOF, clean_env, fetch
from support.fixtures import peers  # pylint: disable=unused-import

PAIR = f"{raw.USER}:{raw.PASSWORD}"
LOGIN_ARGS = ["-u", PAIR]
REQUIRE = [*LOGIN_ARGS, "--proof", "require"]
TOO_LARGE = "content-too-large"
MIB = 1 << 20


PEAK_KIB = 32 * 1024


def peak_kib(length, *args, **env):
    """Fetch `length` octets; the most memory the program had at once. Asked
    while it has more to write than a pipe takes."""
    with subprocess.Popen([PROGRAM, "fetch", *REQUIRE, "-s", *args],
                          stdout=subprocess.PIPE,
                          env=clean_env(**env)) as running:
        left = length - MIB
        while left:
            left -= len(running.stdout.read(min(left, MIB)))
        status = pathlib.Path(f"/proc/{running.pid}/status").read_text()
        assert len(running.stdout.read()) == MIB
        assert running.wait() == OK
    return int(re.search(r"VmHWM:\s*(\d+) kB", status)[1])


def guarded(peers, answer, qop="auth-int", **hurt):
    digest = raw.Digest(qop=qop)
    return peers(raw.guard(digest, answer, **hurt)).url


def late(peers, octets_of, announce=True, qop="auth-int", hurt=None):
    """A chunked response with its proof in the trailer."""
    digest = raw.Digest(qop=qop)

    def handle(request):
        if not digest.accepts(request):
            return raw.response(401, [("WWW-Authenticate",
                                       digest.challenge())], b"no\n")
        body = octets_of(request)
        fields = [("Trailer", "X-Else , authentication-info")]
        return raw.response(
            200, fields if announce else [], body,
            trailer=[digest.info_line(request, hurt, content=body)])

    return peers(handle).url


# -- which octets -----------------------------------------------------------

TEXT = b"the quick brown fox\n" * 5000


@pytest.mark.parametrize("qop", ["auth", "auth-int"])
@pytest.mark.parametrize("coding", ["gzip", "X-GZIP"])
@pytest.mark.parametrize("args,out", [
    pytest.param(["--compressed"], TEXT, id="unpacked"),
    pytest.param([], gzip.compress(TEXT, mtime=0), id="as sent")])
def test_C_53_the_hash_is_of_what_was_sent(peers, qop, coding, args, out):
    """C-53 the hash is of what was sent, content coding in place; it is
    unpacked behind that."""
    asked = []

    def answer(request):
        asked.append(request.get("Accept-Encoding"))
        return 200, [("Content-Encoding", coding)], gzip.compress(TEXT,
                                                                  mtime=0)

    done = fetch(*REQUIRE, *args, guarded(peers, answer, qop), check=OK)
    assert done.out == out and asked == ["gzip" if args else None]


PACKED = gzip.compress(TEXT, mtime=0)


@pytest.mark.parametrize("qop", ["auth", "auth-int"])
@pytest.mark.parametrize("coding,body,code,out", [
    pytest.param("gzip", PACKED[:-9], 61, None, id="cut"),
    pytest.param("gzip", b"<html>", 61, None, id="no gzip at all"),
    pytest.param("gzip", PACKED + b"more", 61, None, id="more behind it"),
    pytest.param("br", PACKED, 61, b"", id="another coding"),
    pytest.param("gzip, gzip", PACKED, 61, b"", id="twice"),
    pytest.param("gzip", PACKED + gzip.compress(b"end", mtime=0), OK,
                 TEXT + b"end", id="two members"),
    pytest.param("gzip", gzip.compress(b"", mtime=0), OK, b"", id="nothing"),
    pytest.param("gzip", b"", OK, b"", id="not even gzip of nothing"),
    pytest.param("identity", TEXT, OK, TEXT, id="identity")])
def test_unpacking(peers, qop, coding, body, code, out):
    url = guarded(peers, lambda request: (
        200, [("Content-Encoding", coding)], body), qop)
    done = fetch(*REQUIRE, "--compressed", url)
    assert done.code == code, done
    assert out is None or done.out == out


def test_a_small_packed_content_that_unpacks_to_much_is_streamed(peers):
    url = guarded(peers, lambda request: (
        200, [("Content-Encoding", "gzip")],
        gzip.compress(bytes(50 * MIB), mtime=0)))
    assert peak_kib(50 * MIB, "--compressed", url) < PEAK_KIB


RANGES = (b"--r\r\nContent-Range: bytes 0-1/9\r\n\r\nab\r\n"
          b"--r\r\nContent-Range: bytes 4-5/9\r\n\r\nef\r\n--r--\r\n")


@pytest.mark.parametrize("args,status,fields,body", [
    pytest.param(["-r", "0-1,4-5"], 206, [
        ("Content-Type", "multipart/byteranges; boundary=r")], RANGES,
        id="C-56 parts of a whole"),
    pytest.param(["-r", "0-1"], 206, [("Content-Range", "bytes 0-1/9")],
                 b"ab", id="C-56 a part"),
    pytest.param(["-I"], 200, [("Content-Length", "12345")], b"",
                 id="C-55 HEAD"),
    pytest.param([], 204, [], b"", id="C-55 204"),
    pytest.param(["-H", 'If-None-Match: "x"'], 304, [
        ("Content-Length", "12345")], b"", id="C-55 304"),
    pytest.param([], 200, [], b"", id="C-55 empty"),
    pytest.param([], 404, [], b"not here\n", id="F-04 404"),
    pytest.param([], 500, [], b"broken\n", id="F-04 500"),
    pytest.param([], 302, [("Location", "/x")], b"there\n", id="F-04 302"),
])
def test_what_the_message_carries(peers, args, status, fields, body):
    answer = (status, fields, body)
    done = fetch(*REQUIRE, *args, guarded(peers, lambda request: answer),
                 check=OK)
    assert done.out == body or args == ["-I"]
    bad = guarded(peers, lambda request: answer, hurt="rspauth-changed")
    assert fetch(*REQUIRE, *args, bad).code == PROOF


# -- when -------------------------------------------------------------------

@pytest.mark.parametrize("policy,shown", [
    pytest.param("require", False, id="F-24 require"),
    pytest.param("expect", False, id="F-24 expect"),
    pytest.param("off", True, id="off")])
def test_nothing_is_shown_before_the_proof(peers, tmp_path, policy, shown):
    digest = raw.Digest(qop="auth-int")
    sent, go_on = threading.Event(), threading.Event()
    body = b"x" * 2 * MIB

    def handle(request):
        if not digest.accepts(request):
            return raw.response(401, [("WWW-Authenticate",
                                       digest.challenge())])
        octets = raw.response(200, [], body, trailer=[
            digest.info_line(request, content=body)])
        at = octets.index(b"\r\n0\r\n")
        sent.set()
        return raw.Parts(octets[:at], go_on, octets[at:])

    url = peers(handle).url
    out, spool = tmp_path / "out", tmp_path / "spool"
    spool.mkdir()
    with subprocess.Popen(
            [PROGRAM, "fetch", *LOGIN_ARGS, "--proof", policy, "-s", "-o",
             out, url], env=clean_env(TMPDIR=str(spool))) as running:
        assert sent.wait(20)
        held = None
        for _ in range(2000):  # until it is there, not for a fixed time
            held = [f for f in pathlib.Path(
                f"/proc/{running.pid}/fd").iterdir()
                if str(spool) in os.readlink(f)]
            if (held and held[0].stat().st_size == len(body)) or (
                    out.exists() and out.stat().st_size):
                break
            time.sleep(0.01)
        assert out.exists() == shown and bool(held) != shown
        if held:
            info = held[0].stat()
            assert info.st_nlink == 0 and info.st_mode & 0o777 == 0o600
        assert not list(spool.iterdir())
        go_on.set()
        assert running.wait(20) == OK
    assert out.read_bytes() == body


@pytest.mark.parametrize("announce,hurt,code", [
    pytest.param(True, None, OK, id="F-07 announced and right"),
    pytest.param(True, "rspauth-changed", PROOF, id="F-18 announced, wrong"),
    pytest.param(False, None, PROOF, id="F-21 not announced")])
def test_a_trailer_under_qop_auth(peers, announce, hurt, code):
    """The content is not covered, but nothing of it comes before the server
    proved itself; only a trailer that was promised is waited for."""
    url = late(peers, lambda request: b"late\n", announce, "auth", hurt)
    done = fetch(*REQUIRE, url)
    assert (done.code, done.out) == (code, b"late\n" if code == OK else b"")


def test_F_07_a_promised_trailer_that_disagrees_withholds_the_body(peers):
    """F-07 a promised trailer that disagrees withholds the body."""
    digest = raw.Digest()

    def handle(request):
        if not digest.accepts(request):
            return raw.response(401, [("WWW-Authenticate",
                                       digest.challenge())])
        return raw.response(
            200, [digest.info_line(request),
                  ("Trailer", "Authentication-Info")], b"secret\n",
            trailer=[digest.info_line(request, "nc-swapped")])

    done = fetch(*LOGIN_ARGS, peers(handle).url)
    assert (done.code, done.out) == (PROOF, b"")
    assert "sections-differ" in done.err


def test_header_content_and_trailer_come_in_their_order(peers):
    url = late(peers, lambda request: b"late\n")
    done = fetch(*REQUIRE, "-v", "-i", url, check=OK)
    assert done.err.count("proved itself, and the content") == 1
    head, rest = done.out.split(b"\r\n\r\n", 1)
    assert head.startswith(b"HTTP/1.1 200 ")
    assert rest.startswith(b"late\nAuthentication-Info: ")


@pytest.mark.parametrize("own", ["TE: deflate", "TE:", "Connection: close"])
def test_fields_of_our_own_are_not_said_twice(peers, own):
    """Who sends TE or Connection says himself what he takes."""
    digest = raw.Digest(qop="auth-int")
    peer = peers(raw.guard(digest))
    fetch(*REQUIRE, "-H", own, peer.url, check=OK)
    last = peer.requests[-1]
    name, _, value = own.partition(": ")
    assert last.all(name.rstrip(":")) == ([value] if value else [])
    assert not last.all("Connection" if name.startswith("TE") else "TE")


def test_many_contents_wait_side_by_side(peers):
    """F-01: each proof is for the content of its own connection."""
    url = guarded(peers, lambda request: (
        200, [], request.target.encode() * 100000))
    done = fetch(*REQUIRE, "-Z", *[f"{url}/{i}" for i in range(10)], check=OK)
    for i in range(10):
        assert done.out.count(f"/{i}".encode() * 100000) == 1


@pytest.mark.parametrize("hurt,followed", [(None, True),
                                           ("rspauth-changed", False)])
def test_F_21_a_redirect_waits_for_the_proof_of_its_content(peers, hurt,
                                                            followed):
    """F-21 a redirect waits for the proof of its content."""
    digest = raw.Digest(qop="auth-int")
    guard = raw.guard(digest, lambda request: (
        302, [("Location", "/there")], b"x" * MIB) if request.target == "/"
        else (200, [], b"there\n"))
    bad = raw.guard(digest, lambda request: (
        302, [("Location", "/there")], b"y"), hurt=hurt)
    peer = peers(lambda request: (bad if hurt else guard)(request))
    done = fetch(*LOGIN_ARGS, "-L", peer.url)
    assert (done.code, done.out) == (
        (OK, b"there\n") if followed else (PROOF, b""))
    assert ("/there" in [r.target for r in peer.requests]) == followed


# -- how much ---------------------------------------------------------------

@pytest.mark.parametrize("chunked", [False, True])
@pytest.mark.parametrize("length,code", [(100_000, OK), (100_001, PROOF)])
def test_H_26_a_bound_on_what_waits(peers, tmp_path, chunked, length, code):
    """H-26 a bound on what waits: a server cannot fill the disk."""
    def body(_request):
        return b"x" * length

    url = (late(peers, body) if chunked else
           guarded(peers, lambda request: (200, [], body(request))))
    kept = tmp_path / "kept"
    done = fetch(*REQUIRE, "--max-held", "100000", "-o", kept, url,
                 report=tmp_path / "report")
    assert done.code == code
    assert kept.exists() == (code == OK)
    if code == PROOF:
        failure = done.first["failure"]
        assert (failure["layer"], failure["reason"]) == ("origin", TOO_LARGE)
        assert TOO_LARGE in done.err
    done = fetch(*LOGIN_ARGS, "--proof", "off", "--max-held", "1K", url,
                 check=OK)
    assert len(done.out) == length


def test_H_26_a_length_beyond_the_bound_is_not_read(peers):
    """H-26 a length beyond the bound is not read: the default is 1 GiB."""
    digest = raw.Digest(qop="auth-int")
    go_on = threading.Event()

    def handle(request):
        if not digest.accepts(request):
            return raw.response(401, [("WWW-Authenticate",
                                       digest.challenge())])
        octets = raw.response(200, [("Content-Length", (1 << 30) + 1)])
        return raw.Parts(octets + b"x", go_on, raw.Last(b""))

    done = fetch(*LOGIN_ARGS, peers(handle).url, timeout=20)
    go_on.set()
    assert done.code == PROOF and TOO_LARGE in done.err


def test_a_disk_that_is_full_or_gone(peers, tmp_path):
    url = guarded(peers, lambda request: (200, [], b"x" * 2 * MIB))
    kept = tmp_path / "kept"
    done = fetch(*REQUIRE, "-o", kept, url,
                 env={"TMPDIR": str(tmp_path / "gone")})
    assert done.code == 23 and not kept.exists() and done.err
    # What fits into memory needs no file.
    url = guarded(peers, lambda request: (200, [], b"x" * MIB))
    fetch(*REQUIRE, url, env={"TMPDIR": str(tmp_path / "gone")}, check=OK)


class Stream:
    """A response of `length` octets, sent from one piece, and its hash."""

    piece = bytes(MIB)

    def __init__(self, length):
        self.length = length
        state = hashlib.sha256()
        for _ in range(length // len(self.piece)):
            state.update(self.piece)
        self.hash = state.hexdigest()

    def __call__(self, digest, client, request):
        name, value = digest.info_line(request, content=self.hash)
        client.sendall((f"HTTP/1.1 200 OK\r\n{name}: {value}\r\n"
                        f"Content-Length: {self.length}\r\n\r\n").encode())
        for _ in range(self.length // len(self.piece)):
            client.sendall(self.piece)


def test_F_24_much_waits_in_little_memory(peers, tmp_path):
    """F-24 much waits in little memory: COUNTERSIGN_HELD_MIB says how much,
    1024 if it is not set."""
    length = int(os.environ.get("COUNTERSIGN_HELD_MIB", "1024")) * MIB
    digest = raw.Digest(qop="auth-int")
    stream = Stream(length)
    peer = peers(lambda request: raw.Streamed(
        lambda client: stream(digest, client, request))
        if digest.accepts(request) else raw.response(
            401, [("WWW-Authenticate", digest.challenge())]))
    assert peak_kib(length, "--max-held", str(length), peer.url,
                    TMPDIR=str(tmp_path)) < PEAK_KIB
    assert not list(tmp_path.iterdir())
