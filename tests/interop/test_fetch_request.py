# SPDX-License-Identifier: MIT
"""What fetch sends: request-targets, contents, and where its output goes."""
import hashlib
import os
import subprocess
import threading

import pytest

from support import raw
from support.fetching import (HTTP, LOGIN, OK, PROGRAM, PROOF, USAGE,
                              clean_env, fetch)
from support.fixtures import peers  # pylint: disable=unused-import

LOGIN_ARGS = ["-u", f"{raw.USER}:{raw.PASSWORD}", "--proof", "require"]

TARGETS = [
    # (ID and words, options, what follows the authority, request-target)
    ("C-47 empty path", [], "", "/"),
    ("C-46 query", [], "/a?b=c&d", "/a?b=c&d"),
    ("C-46 empty query", [], "/a?", "/a?"),
    ("C-47 query without path", [], "?q", "/?q"),
    ("C-46 semicolon", [], "/a;", "/a;"),
    ("C-46 two slashes", [], "//b//c", "//b//c"),
    ("C-46 fragment stays here", [], "/a?b#c", "/a?b"),
    ("C-46 fragment after nothing", [], "/a?#c", "/a?"),
    ("C-46 escapes stay", [], "/%7e%2F%zz", "/%7e%2F%zz"),
    ("C-46 octets above 127", [], "/\u00fc?\u00fc", "/\u00fc?\u00fc"),
    ("C-46 quotation mark", [], '/a"b\\c', '/a"b\\c'),
    ("C-46 dot segments", [], "/a/../b/./c", "/b/c"),
    ("C-46 dot segments as they are", ["--path-as-is"], "/a/../b/./c",
     "/a/../b/./c"),
    ("C-46 long", [], "/" + "x" * 3000, "/" + "x" * 3000),
    ("C-50 asterisk", ["-X", "OPTIONS", "--request-target", "*"], "/", "*"),
    ("C-46 chosen target", ["--request-target", "/x?"], "/", "/x?"),
    ("C-46 -G", ["-G", "-d", "a=b", "-d", "c"], "/p", "/p?a=b&c"),
    ("C-46 -G behind a query", ["-G", "-d", "a=b"], "/p?q#f", "/p?q&a=b"),
]


@pytest.mark.parametrize("args,rest,target", [
    pytest.param(*row[1:], id=row[0]) for row in TARGETS])
def test_uri_is_the_request_target(peers, args, rest, target):
    digest = raw.Digest()
    peer = peers(raw.guard(digest))
    fetch(*LOGIN_ARGS, *args, peer.url + rest, check=OK)
    wire = raw.on_wire(target)
    assert peer.requests[-1].target == wire
    assert digest.credentials(peer.requests[-1])["uri"] == wire
    assert len(digest.seen) == 1


@pytest.mark.parametrize("rest,target", [
    pytest.param("/a?", "/a?", id="C-48 empty query"),
    pytest.param("", "/", id="C-48 empty path"),
    pytest.param("//b?c#d", "//b?c", id="C-48 fragment")])
def test_uri_through_a_proxy(peers, rest, target):
    origin = raw.Digest()
    peer = peers(raw.guard(origin))
    for name, sent in (("A.example", "a.example"),
                       ("a.example:80", "a.example"),
                       ("a.example:8080", "a.example:8080"),
                       ("[::1]:81", "[::1]:81")):
        fetch(*LOGIN_ARGS, "-x", peer.url, f"http://{name}{rest}", check=OK)
        last = peer.requests[-1]
        assert last.target == f"http://{sent}{target}"
        assert last.get("Host") == sent
        assert origin.credentials(last)["uri"] == last.target


@pytest.mark.parametrize("method", ["DELETE", "PROPFIND", "get", "M-X"])
def test_C_18_method_with_its_case(peers, method):
    """C-18 method with its case."""
    digest = raw.Digest()
    fetch(*LOGIN_ARGS, "-X", method, peers(raw.guard(digest)).url, check=OK)
    assert len(digest.seen) == 1


def test_D_37_method_and_content_agree(peers):
    """D-37 method and content agree.

    POST by -d, PUT by -T, HEAD by -I: each hashed as it is sent."""
    digest = raw.Digest()
    peer = peers(raw.guard(digest))
    fetch(*LOGIN_ARGS, "-d", "x", peer.url, check=OK)
    fetch(*LOGIN_ARGS, "-I", peer.url, check=OK)
    fetch(*LOGIN_ARGS, "-T", "-", peer.url, stdin=b"put", check=OK)
    assert [r.method for r in peer.requests] == [
        "POST", "POST", "HEAD", "HEAD", "PUT", "PUT"]
    assert len(digest.seen) == 3


CONTENTS = [
    # (words, options, standard input, what arrives, its Content-Type)
    ("F-40 text", ["-d", "a=b"], b"", b"a=b", "x-www-form-urlencoded"),
    ("F-40 joined", ["-d", "a", "-d", "b"], b"", b"a&b", "urlencoded"),
    ("F-40 empty", ["-d", ""], b"", b"", "urlencoded"),
    ("F-40 file stripped", ["-d", "@FILE"], b"", b"oneTwo", "urlencoded"),
    ("F-40 file whole", ["--data-binary", "@FILE"], b"", b"one\r\nT\0wo\n",
     "urlencoded"),
    ("F-40 standard input", ["--data-binary", "@-"], b"in\nput", b"in\nput",
     "urlencoded"),
    ("F-40 text and file", ["-d", "x=1", "--data-binary", "@FILE"], b"",
     b"x=1&one\r\nT\0wo\n", "urlencoded"),
    ("F-40 raw", ["--data-raw", "@FILE"], b"", b"@FILE", "urlencoded"),
    ("F-40 json", ["--json", '{"a":', "--json", "1}"], b"", b'{"a":1}',
     "application/json"),
    ("F-40 json file", ["--json", "@FILE"], b"", b"one\r\nT\0wo\n",
     "application/json"),
    ("F-40 json of another type", ["--json", "1", "-H",
                                   "Content-Type: text/x"], b"", b"1",
     "text/x"),
    ("F-40 upload", ["-T", "FILE"], b"", b"one\r\nT\0wo\n", None),
    ("F-40 upload from standard input", ["-T", "-"], b"in\0put", b"in\0put",
     None),
]


@pytest.mark.parametrize("args,stdin,arrives,kind", [
    pytest.param(*row[1:], id=row[0]) for row in CONTENTS])
def test_content_is_sent_again(peers, tmp_path, args, stdin, arrives, kind):
    """Twice: before and after the challenge; then once for the second URL."""
    file = tmp_path / "content"
    file.write_bytes(b"one\r\nT\0wo\n")
    args = [a.replace("FILE", str(file)) if a != "@FILE" or
            "--data-raw" not in args else a for a in args]
    digest = raw.Digest()
    peer = peers(raw.guard(digest))
    fetch(*LOGIN_ARGS, *args, peer.url + "/1", stdin=stdin, check=OK)
    assert [r.body for r in peer.requests] == [arrives] * 2
    types = {r.get("Content-Type") for r in peer.requests}
    assert all((kind or "None") in str(t) for t in types)
    if kind == "application/json":
        assert peer.requests[0].get("Accept") == "application/json"


def test_F_40_several_urls_share_a_content(peers, tmp_path):
    """F-40 several urls share a content."""
    file = tmp_path / "content"
    file.write_bytes(os.urandom(200000))
    digest = raw.Digest()
    peer = peers(raw.guard(digest))
    fetch(*LOGIN_ARGS, "-Z", "--data-binary", f"@{file}",
          *[f"{peer.url}/{i}" for i in range(6)], check=OK)
    want = hashlib.sha256(file.read_bytes()).digest()
    assert {r.body_hash.digest() for r in peer.requests} == {want}
    assert not digest.replays


def test_F_40_expect_saves_the_first_sending(peers, tmp_path):
    """F-40 expect saves the first sending.

    A server that refuses at once gets the content once only."""
    file = tmp_path / "content"
    file.write_bytes(b"x" * 3_000_000)
    digest = raw.Digest()
    peer = peers(raw.guard(digest), expect=lambda request: None
                 if request.get("Authorization") else raw.response(
                     401, [("WWW-Authenticate", digest.challenge()),
                           ("Connection", "close")]))
    fetch(*LOGIN_ARGS, "-T", file, peer.url + "/x", check=OK)
    assert [r.body_len for r in peer.requests] == [0, 3_000_000]


def test_F_40_a_file_that_is_cut_meanwhile_is_an_error(peers, tmp_path):
    """F-40 a file that is cut meanwhile is an error."""
    file = tmp_path / "content"
    file.write_bytes(b"x" * 500_000)
    digest = raw.Digest()
    inner = raw.guard(digest)

    def handle(request):
        os.truncate(file, 1000)
        return inner(request)

    peer = peers(handle)
    done = fetch(*LOGIN_ARGS, "-T", file, peer.url + "/x")
    assert done.code == 42 and "cut" in done.err


# The kernel's peak of a process counts the one it was forked from: a small one.
PEAK = """
import os, sys
pid = os.spawnv(os.P_NOWAIT, sys.argv[1], sys.argv[1:])
_, status, usage = os.wait4(pid, 0)
print(usage.ru_maxrss)
sys.exit(os.waitstatus_to_exitcode(status))
"""


def peak_kib(command):
    done = subprocess.run(["/usr/bin/python3", "-c", PEAK, *map(str, command)],
                          env=clean_env(), stdout=subprocess.PIPE, check=True)
    return int(done.stdout)


def test_F_40_one_gibibyte_is_sent_again_in_little_memory(peers, tmp_path):
    """F-40 one gibibyte is sent again in little memory."""
    file = tmp_path / "big"
    with open(file, "wb") as out:
        out.truncate(1 << 30)
    digest = raw.Digest()
    peer = peers(raw.guard(digest), hash_bodies=False)
    kib = peak_kib([PROGRAM, "fetch", *LOGIN_ARGS, "-s", "-H", "Expect:",
                    "-o", tmp_path / "out", "-T", file, peer.url + "/x"])
    assert [r.body_len for r in peer.requests] == [1 << 30] * 2
    assert kib < 64 * 1024
    assert len(digest.seen) == 1


def test_output_goes_where_it_should(peers, tmp_path):
    digest = raw.Digest()
    peer = peers(raw.guard(digest, lambda request: (
        200, [("X-Path", request.target)], request.target.encode())))
    fetch(*LOGIN_ARGS, "--output-dir", tmp_path, "--create-dirs", "-o",
          "a/one", "-O", peer.url + "/1", peer.url + "/two?x", peer.url + "/3",
          check=OK)
    assert (tmp_path / "a/one").read_bytes() == b"/1"
    assert (tmp_path / "two").read_bytes() == b"/two?x"
    done = fetch(*LOGIN_ARGS, "-i", peer.url + "/4", check=OK)
    assert done.out.startswith(b"HTTP/1.1 200 ")
    assert done.out.endswith(b"\r\n\r\n/4") and b"X-Path: /4\r\n" in done.out
    # The header of the challenge is not the response's.
    assert done.out.count(b"HTTP/1.1") == 1


def test_output_of_nothing_is_an_empty_file(peers, tmp_path):
    digest = raw.Digest()
    peer = peers(raw.guard(digest, lambda request: (200, [], b"")))
    fetch(*LOGIN_ARGS, "-o", tmp_path / "x", peer.url, check=OK)
    assert (tmp_path / "x").read_bytes() == b""


def test_output_that_cannot_be_written(peers, tmp_path):
    digest = raw.Digest()
    peer = peers(raw.guard(digest))
    done = fetch(*LOGIN_ARGS, "-o", tmp_path / "no/such/dir", peer.url)
    assert done.code == 23 and "No such file" in done.err
    done = fetch(*LOGIN_ARGS, "-o", "/dev/full", peer.url)
    assert done.code == 23
    assert fetch(*LOGIN_ARGS, "-O", peer.url).code == 23


def test_range_is_asked_for(peers):
    digest = raw.Digest()
    peer = peers(raw.guard(digest, lambda request: (
        206, [("Content-Range", "bytes 0-3/10")], b"0123")))
    done = fetch(*LOGIN_ARGS, "-r", "0-3", peer.url, check=OK)
    assert done.out == b"0123"
    assert peer.requests[-1].get("Range") == "bytes=0-3"


def test_headers_are_sent_and_left_out(peers):
    digest = raw.Digest()
    peer = peers(raw.guard(digest))
    fetch(*LOGIN_ARGS, "-H", "X-One: 1", "-H", "Accept:", "-H", "X-Empty;",
          "-A", "me", "-e", "http://from/", "-b", "a=b", peer.url, check=OK)
    last = peer.requests[-1]
    assert last.get("X-One") == "1" and last.get("Accept") is None
    assert last.all("X-Empty") == [""] and last.get("User-Agent") == "me"
    assert last.get("Referer") == "http://from/"
    assert last.get("Cookie") == "a=b"


def test_own_authorization_turns_the_layer_off(peers):
    digest = raw.Digest()
    peer = peers(lambda request: raw.response(
        401, [("WWW-Authenticate", digest.challenge())], b"no\n"))
    done = fetch("-u", "a:b", "-H", "Authorization: Bearer x", peer.url)
    assert done.code == LOGIN and len(peer.requests) == 1
    assert peer.requests[0].all("Authorization") == ["Bearer x"]
    done = fetch("-H", "Authorization: Bearer x", "--proof", "require",
                 peer.url)
    assert (done.code, done.out) == (LOGIN, b"")


def test_F_57_own_proxy_authorization_is_refused(peers):
    """F-57 own proxy authorization is refused."""
    peer = peers(lambda request: raw.response(200))
    for name in ("-H", "--proxy-header"):
        done = fetch(name, "Proxy-Authorization: Basic eDp5", "-x", peer.url,
                     "http://a.example/")
        assert done.code == USAGE
    assert not peer.requests


def test_fail_withholds_the_body(peers):
    digest = raw.Digest()
    peer = peers(raw.guard(digest, lambda request: (404, [], b"not here\n")))
    done = fetch(*LOGIN_ARGS, "-f", peer.url)
    assert (done.code, done.out) == (HTTP, b"") and "404" in done.err
    assert fetch(*LOGIN_ARGS, peer.url, check=OK).out == b"not here\n"


@pytest.mark.parametrize("answer,code", [
    pytest.param(b"HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nshort", 18,
                 id="body cut off"),
    pytest.param(b"HTTP/1.1 200 OK\r\nContent-Le", None, id="header cut off"),
    pytest.param(b"not http at all\r\n\r\n", 1, id="HTTP/0.9"),
    pytest.param(b"", 52, id="nothing"),
    pytest.param(b"HTTP/1.1 200 OK\r\nX: " + b"y" * 400000 + b"\r\n\r\n",
                 None, id="a huge field"),
])
def test_broken_responses_are_errors(peers, answer, code):
    peer = peers(lambda request: raw.Last(answer))
    done = fetch("-u", "a:b", "-m", "10", peer.url)
    assert done.code not in (OK, LOGIN, PROOF)
    assert done.code == code if code else done.code != 28


def test_max_time_holds_for_all_repeats(peers):
    digest = raw.Digest()
    inner = raw.guard(digest)

    def slow(request):
        threading.Event().wait(0.4)
        return inner(request)

    peer = peers(slow)
    done = fetch(*LOGIN_ARGS, "-m", "0.6", peer.url)
    assert done.code == 28 and done.out == b""
    fetch(*LOGIN_ARGS, "-m", "20", peer.url, check=OK)


def test_exit_codes_of_curl(peers, tmp_path):
    peer = peers(lambda request: raw.response(200))
    peer.close()
    assert fetch(peer.url).code == 7
    assert fetch("http://no.such.host.invalid/").code == 6
    assert fetch("http://a b/").code == 3
    assert fetch("ftp://a.example/").code == 1
    assert fetch("-x", "ftp://a.example", "http://b.example/").code == 1
    assert fetch("-d", f"@{tmp_path}/none", "http://a.example/").code == 37


def test_a_login_body_beyond_the_bound_is_not_read(peers):
    """An endless 401 does not hold a client that has its answer ready."""
    digest = raw.Digest()
    inner = raw.guard(digest)

    def handle(request):
        if not request.get("Authorization"):
            return raw.response(401, [
                ("WWW-Authenticate", digest.challenge()),
                ("Content-Length", str(1 << 40))]) + b"x" * (1 << 20)
        return inner(request)

    assert fetch(*LOGIN_ARGS, peers(handle).url, check=OK).out == b"secret\n"


def test_a_connection_cut_while_sending_ends_nothing(peers, tmp_path):
    """A write to a closed connection is an error, not a signal's death."""
    file = tmp_path / "content"
    with open(file, "wb") as out:
        out.truncate(50_000_000)
    peer = peers(lambda request: raw.CLOSE, expect=lambda request: b"\r\n")
    for how in (["-H", "Expect:"], []):
        done = fetch(*LOGIN_ARGS, *how, "-T", file, peer.url + "/x",
                     peer.url + "/y")
        assert done.code > 0


def test_a_reader_that_goes_away(peers):
    """`countersign fetch ... | head -c 1`: ends, and leaves no trace."""
    digest = raw.Digest()
    peer = peers(raw.guard(digest, lambda request: (
        200, [], b"x" * 5_000_000)))
    run = subprocess.Popen([PROGRAM, "fetch", "-s", *LOGIN_ARGS, peer.url],
                           env=clean_env(), stdout=subprocess.PIPE,
                           stderr=subprocess.DEVNULL)
    assert run.stdout.read(1) == b"x"
    run.stdout.close()
    assert run.wait(20) in (23, -13)
