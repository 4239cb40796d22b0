# SPDX-License-Identifier: MIT
"""fetch hashes what it sends: qop auth-int in requests, at either layer."""
import gzip

import pytest

from support import raw
from support.fetching import LOGIN, OK, PROOF, USAGE, fetch
from support.fixtures import authority, peers  # pylint: disable=unused-import

LOGIN_ARGS = ["-u", f"{raw.USER}:{raw.PASSWORD}"]
PROXY_LOGIN = ["-U", f"{raw.USER}:{raw.PASSWORD}"]

# What is offered, what is asked for -> what is sent; None: no login at all.
CHOICES = [
    ("auth", "off", "auth", "C-20"),
    ("auth", "prefer", "auth", "C-20"),
    ("auth", "require", None, "C-21"),
    ("auth,auth-int", "off", "auth", "C-21"),
    ("auth,auth-int", "prefer", "auth-int", "C-21"),
    ("auth,auth-int", "require", "auth-int", "C-21"),
    ("auth-int", "off", "auth-int", "C-20"),
    ("auth-int", "prefer", "auth-int", "C-20"),
    ("auth-int", "require", "auth-int", "C-20"),
]


@pytest.mark.parametrize("layer", ["origin", "proxy"])
@pytest.mark.parametrize("offered,wanted,sent", [
    pytest.param(o, w, s, id=f"{id_} {o} offered, {w}")
    for o, w, s, id_ in CHOICES])
def test_qop(peers, tmp_path, layer, offered, wanted, sent):
    digest = raw.Digest(qop=offered, proxy=layer == "proxy")
    if layer == "proxy":
        peer = peers(raw.plain_proxy(digest))
        args = [*PROXY_LOGIN, "-x", peer.url, "--proxy-integrity", wanted,
                "--proxy-proof", "require", "http://a.example/"]
    else:
        peer = peers(raw.guard(digest))
        args = [*LOGIN_ARGS, "--integrity", wanted, "--proof", "require",
                peer.url]
    done = fetch("-d", "to=Mufasa", *args, *[args[-1]] * 2,
                 report=tmp_path / "report")
    assert done.code == (LOGIN if sent is None else OK), done
    assert digest.qops == ([] if sent is None else [sent] * 3)
    assert not digest.replays
    if sent is None:
        assert done.first["failure"]["reason"] == "no-acceptable-challenge"
        assert "auth-int" in done.err
    else:
        assert done.first[layer]["qop"] == sent
        assert done.first[layer]["content_proved"] == (sent == "auth-int")


def test_C_21_a_realm_without_auth_int_is_not_logged_in_to(peers):
    """C-21 a realm without auth-int is not logged in to, beside one of the
    same origin that has it and goes on."""
    weak = raw.Digest(realm="weak")
    strong = raw.Digest(realm="strong", qop="auth-int")

    def handle(request):
        digest = strong if request.target.startswith("/s") else weak
        return raw.guard(digest)(request)

    peer = peers(handle)
    done = fetch(*LOGIN_ARGS, "--integrity", "require", peer.url + "/s",
                 peer.url + "/w", peer.url + "/s")
    assert (done.code, done.out) == (LOGIN, b"secret\nno\nsecret\n")
    assert not weak.seen and strong.qops == ["auth-int"] * 2


@pytest.mark.parametrize("algorithm", ["SHA-256", "SHA-512-256",
                                       "SHA-256-sess", "SHA-512-256-sess",
                                       "MD5", "MD5-sess"])
def test_C_15_every_algorithm(peers, algorithm):
    """C-15 every algorithm: H(content) is made with the challenge's hash, in
    both directions."""
    digest = raw.Digest(qop="auth-int", algorithm=algorithm)
    url = peers(raw.guard(digest, lambda request: (200, [], b"x" * 70000))).url
    done = fetch(*LOGIN_ARGS, "--allow-md5", "--proof", "require", "-d",
                 "a=b", url, url, check=OK)
    assert done.out == b"x" * 140000 and len(digest.seen) == 2


MULTIPART = (b"--b0undary\r\nContent-Disposition: form-data; name=\"f\"; "
             b"filename=\"x\"\r\nContent-Type: text/plain\r\n\r\nhello\r\n"
             b"--b0undary--\r\n")
LONG = bytes(range(256)) * 8192  # 2 MiB: more than a pipe or a buffer holds

CONTENTS = {
    "C-55 GET": ([], b"", b""),
    "C-55 HEAD": (["-I"], b"", b""),
    "C-55 DELETE": (["-X", "DELETE"], b"", b""),
    "C-55 POST of nothing": (["-d", ""], b"", b""),
    "C-15 text": (["-d", "a=b", "-d", "c=d"], b"", b"a=b&c=d"),
    "C-15 JSON": (["--json", '{"a":1}'], b"", b'{"a":1}'),
    "C-15 standard input": (["--data-binary", "@-"], LONG, LONG),
    "C-15 standard input, empty": (["--data-binary", "@-"], b"", b""),
    "C-15 upload from standard input": (["-T", "-"], LONG, LONG),
    "C-15 text and standard input": (
        ["-d", "x", "--data-binary", "@-"], LONG, b"x&" + LONG),
    "C-54 multipart, with boundaries and part headers": (
        ["-H", "Content-Type: multipart/form-data; boundary=b0undary",
         "--data-binary", "@-"], MULTIPART, MULTIPART),
    "C-53 with a content coding": (
        ["-H", "Content-Encoding: gzip", "--data-binary", "@-"],
        gzip.compress(LONG, mtime=0), gzip.compress(LONG, mtime=0)),
}


@pytest.mark.parametrize("args,stdin,content", CONTENTS.values(),
                         ids=CONTENTS.keys())
def test_contents(peers, args, stdin, content):
    """Challenged first, then unasked: the same hash both times."""
    digest = raw.Digest(qop="auth-int")
    peer = peers(raw.guard(digest))
    peer_url = peer.url + "/x"
    done = fetch(*LOGIN_ARGS, "--proof", "require", *args, peer_url,
                 stdin=stdin)
    assert done.code == OK, done
    assert digest.qops == ["auth-int"]
    last = peer.requests[-1]
    assert last.body_hash.hexdigest() == digest.hash_octets(content)
    assert last.body_len == len(content)


def test_C_53_a_chunked_request_is_hashed_without_its_chunks(peers, tmp_path):
    """C-53 a chunked request is hashed without its chunks."""
    digest = raw.Digest(qop="auth-int")
    content = tmp_path / "content"
    content.write_bytes(LONG)

    peer = peers(raw.guard(digest))
    fetch(*LOGIN_ARGS, "--proof", "require", "--http1.1", "-H",
          "Transfer-Encoding: chunked", "-H", "Content-Length:", "-H",
          "Expect:", "-T", content, peer.url + "/x", check=OK)
    last = peer.requests[-1]
    assert last.all("Transfer-Encoding") == ["chunked"]
    assert last.body_len == len(LONG) and digest.qops == ["auth-int"]


@pytest.mark.parametrize("status,method", [(307, "POST"), (308, "POST"),
                                           (302, "GET"), (303, "GET")])
def test_C_55_the_content_after_a_redirect(peers, status, method):
    """C-55 the content after a redirect: sent on with 307 and 308, and left
    behind, and so hashed as empty, with the others."""
    digest = raw.Digest(qop="auth-int")

    def answer(request):
        if request.target == "/from":
            return status, [("Location", "/to")], b"over there\n"
        return 200, [], request.method.encode() + b" " + request.body

    url = peers(raw.guard(digest, answer)).url
    done = fetch(*LOGIN_ARGS, "--proof", "require", "-L", "-d", "a=b",
                 url + "/from", check=OK)
    assert done.out == f"{method} ".encode() + (
        b"a=b" if method == "POST" else b"")
    assert digest.qops == ["auth-int"] * 2


def test_C_27_a_content_on_a_connection_that_died(peers, tmp_path):
    """C-27 a content on a connection that died: hashed once more with a count
    of its own, and the proof is asked of the second attempt."""
    digest = raw.Digest(qop="auth-int")
    content = tmp_path / "content"
    content.write_bytes(LONG)
    dead = iter([True])
    guard = raw.guard(digest)

    def handle(request):
        if request.number > 1 and request.target == "/2" and next(dead,
                                                                  False):
            return raw.CLOSE
        return guard(request)

    peer = peers(handle)
    fetch(*LOGIN_ARGS, "--proof", "require", "--data-binary", f"@{content}",
          "-H", "Expect:", peer.url + "/1", peer.url + "/2", check=OK)
    assert not digest.replays and len(digest.seen) == 2
    assert {r.body_len for r in peer.requests} == {len(LONG)}


def test_C_46_content_and_uri_through_a_proxy_at_both_layers(peers,
                                                             tmp_path):
    """F-52, C-15: each layer hashes the one content with its own algorithm,
    and each proof covers the response."""
    origin = raw.Digest(qop="auth-int", algorithm="SHA-512-256")
    proxy = raw.Digest(qop="auth-int,auth", proxy=True)
    body = b"x" * 100000

    def handle(request):
        if not proxy.accepts(request):
            return raw.response(407, [("Proxy-Authenticate",
                                       proxy.challenge())], b"no\n")
        if not origin.accepts(request):
            no = b"no\n"
            return raw.response(401, [
                ("WWW-Authenticate", origin.challenge()),
                proxy.info_line(request, content=no)], no)
        return raw.response(200, [origin.info_line(request, content=body),
                                  proxy.info_line(request, content=body)],
                            body)

    peer = peers(handle)
    done = fetch(*LOGIN_ARGS, *PROXY_LOGIN, "-x", peer.url, "--integrity",
                 "require", "--proxy-integrity", "require", "--proof",
                 "require", "--proxy-proof", "require", "-d", "a=b",
                 "http://a.example/1", "http://a.example/2", check=OK,
                 report=tmp_path / "report")
    assert done.out == body * 2
    assert origin.qops == ["auth-int"] * 2 and set(proxy.qops) == {"auth-int"}
    assert done.first["origin"]["content_proved"]
    assert done.first["proxy"]["content_proved"]
    te = [r.all("TE") for r in peer.requests]
    assert te[0] == [] and te[-1] == ["trailers"]
    assert all(r.all("Connection") == ["TE"] for r in peer.requests if
               r.all("TE"))


def test_F_53_a_proxy_that_does_not_prove_the_401_is_not_passed(peers):
    """F-53: the proxy's proof covers the 401's content; where that is wrong
    the origin's challenge is not answered."""
    origin = raw.Digest()
    proxy = raw.Digest(qop="auth-int", proxy=True)

    def handle(request):
        if not proxy.accepts(request):
            return raw.response(407, [("Proxy-Authenticate",
                                       proxy.challenge())], b"no\n")
        return raw.response(401, [("WWW-Authenticate", origin.challenge()),
                                  proxy.info_line(request, content=b"no\n")],
                            b"NO\n")

    peer = peers(handle)
    done = fetch(*LOGIN_ARGS, *PROXY_LOGIN, "-x", peer.url,
                 "http://a.example/")
    assert (done.code, done.out) == (PROOF, b"")
    assert not any(r.all("Authorization") for r in peer.requests)


def test_F_05_a_refusal_is_no_verdict(peers):
    """F-05 a refusal is no verdict, neither the 401 nor the 407 of a nonce
    that aged; nor is a 407 a word of the origin's."""
    origin = raw.Digest(qop="auth-int")
    proxy = raw.Digest(qop="auth-int", proxy=True)

    def handle(request):
        for digest, aged in ((proxy, "/2"), (origin, "/3")):
            if request.target.endswith(aged) and len(digest.nonces) == 1 and \
                    not hasattr(digest, "aged"):
                digest.aged = digest.retire()
            if not digest.accepts(request):
                fields = [(digest.challenge_name, digest.challenge(
                    stale=hasattr(digest, "aged")))]
                if digest is origin:
                    fields.append(proxy.info_line(request, content=b"no\n"))
                return raw.response(digest.status, fields, b"no\n")
        return raw.response(200, [origin.info_line(request, content=b"in\n"),
                                  proxy.info_line(request, content=b"in\n")],
                            b"in\n")

    peer = peers(handle)
    done = fetch(*LOGIN_ARGS, *PROXY_LOGIN, "-x", peer.url, "-v", "--proof",
                 "require", "--proxy-proof", "require",
                 *[f"http://a.example/{i}" for i in range(1, 5)], check=OK)
    assert done.err.count("old nonce") == 2
    verdicts = [line for line in done.err.splitlines() if "proved" in line]
    assert [(line.split()[1], line.split()[3]) for line in verdicts] == [
        ("proxy", "(401):"), ("proxy", "(200):"), ("origin", "(200):"),
        ("proxy", "(200):"), ("origin", "(200):"),
        ("proxy", "(401):"), ("proxy", "(200):"), ("origin", "(200):"),
        ("proxy", "(200):"), ("origin", "(200):")]
    assert all("itself, and the content" in line for line in verdicts)


@pytest.mark.parametrize("policy,code", [("expect", 56), ("require", PROOF)])
def test_C_55_a_refused_connect_has_a_content_that_is_not_seen(peers, policy,
                                                               code):
    """C-55 a refused connect has a content that is not seen: libcurl drops
    it, and what cannot be checked is neither right nor wrong."""
    digest = raw.Digest(qop="auth-int", proxy=True)

    def handle(request):
        if not digest.accepts(request):
            return raw.response(407, [("Proxy-Authenticate",
                                       digest.challenge())])
        return raw.response(503, [digest.info_line(request, content=b"no\n")],
                            b"no\n")

    done = fetch(*PROXY_LOGIN, "-x", peers(handle).url, "-v", "--proxy-proof",
                 policy, "https://a.example/")
    assert done.code == code and "content-incomplete" in done.err


@pytest.mark.parametrize("hurt,code", [(None, OK), ("rspauth-changed", PROOF)])
def test_C_55_connect_has_no_content(peers, authority, hurt, code):
    """C-55 connect has no content, nor has the 200 to it, whatever is sent
    through the tunnel."""
    inside = peers(lambda request: raw.response(200, [], request.body),
                   tls=authority.server())
    digest = raw.Digest(qop="auth-int", proxy=True)

    def handle(request):
        if not digest.accepts(request):
            return raw.response(407, [("Proxy-Authenticate",
                                       digest.challenge())])
        return raw.Tunnel(raw.response(200, [digest.info_line(request, hurt)]),
                          inside.address)

    peer = peers(handle)
    done = fetch(*PROXY_LOGIN, "-x", peer.url, "--proxy-integrity", "require",
                 "--proxy-proof", "require", "--cacert", authority.ca, "-d",
                 "a=b", inside.url)
    assert (done.code, done.out) == (code, b"a=b" if code == OK else b"")
    assert digest.qops == ["auth-int"]
    assert bool(peer.tunnels[0].received) == (code == OK)


def test_F_40_a_file_that_changes_between_hash_and_sending(peers, tmp_path):
    """F-40 a file that changes between hash and sending is not sent to its
    end, so that no server can take it for the one that was hashed."""
    content = tmp_path / "content"
    content.write_bytes(LONG)
    digest = raw.Digest(qop="auth-int")

    def expected(request):
        """Between hash and content: the 100 is waited for."""
        if request.all("Authorization"):
            content.write_bytes(LONG[:-1] + b"?")

    guard = raw.guard(digest)
    peer = peers(guard, expect=expected)
    done = fetch(*LOGIN_ARGS, "-T", content, "-H", "Expect: 100-continue",
                 peer.url + "/x", report=tmp_path / "report")
    assert done.code == 26 and "content-changed" in done.err, done
    assert done.first["failure"]["reason"] == "content-changed"
    assert not digest.seen
    assert peer.requests[-1].body_len < len(LONG)


def test_integrity_is_one_of_three_words():
    for args in (["--integrity", "maybe"], ["--proxy-integrity", ""],
                 ["--max-held", "0"], ["--max-held", "1X"],
                 ["--max-held", "-1"], ["--max-held", "9999999999T"],
                 ["--max-held", "1KB"]):
        done = fetch(*args, "http://127.0.0.1:1/")
        assert done.code == USAGE and done.err, args
