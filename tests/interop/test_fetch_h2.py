# SPDX-License-Identifier: MIT
"""fetch over HTTP/2: many requests on one connection, in any order."""
from support import raw
from support.fetching import OK, PROOF, fetch
# pylint: disable-next=unused-import
from support.fixtures import authority, h2_peers

LOGIN_ARGS = ["-u", f"{raw.USER}:{raw.PASSWORD}", "--proof", "require"]


def test_one_request(h2_peers, authority):
    """C-51, A-06: `:path` is hashed, names are in lower case."""
    digest = raw.Digest()
    peer = h2_peers(digest)
    done = fetch(*LOGIN_ARGS, "--cacert", authority.ca, "-i", "-X", "POST",
                 peer.url + "/a?", check=OK)
    assert done.out.startswith(b"HTTP/2 200")
    last = peer.requests[-1]
    assert last.pseudo[":path"] == "/a?" and last.method == "POST"
    assert "authorization" in [n for n, _ in last.fields]
    assert digest.credentials(last)["uri"] == "/a?"


def test_streams(h2_peers, authority, tmp_path):
    """F-01, C-28: each answer goes to the request of its stream, also when
    they come in the opposite order; no count is used twice."""
    digest = raw.Digest()
    peer = h2_peers(digest, batch=8)
    urls = [f"{peer.url}/{i}" for i in range(17)]
    done = fetch(*LOGIN_ARGS, "--cacert", authority.ca, "-Z",
                 "--parallel-max", "8", *urls, check=OK,
                 report=tmp_path / "report")
    assert sorted(done.out.split()) == sorted(
        f"/{i}".encode() for i in range(17))
    assert {t["origin"]["proof"] for t in done.report["transfers"]} == {
        "proved"}
    assert len(digest.seen) == 17 and not digest.replays
    assert peer.connections == 1


def test_one_stream_of_an_impostor(h2_peers, authority):
    """F-19: one stream's wrong proof withholds that body and no other."""
    digest = raw.Digest()
    peer = h2_peers(digest, hurt="rspauth-changed")
    done = fetch(*LOGIN_ARGS, "--cacert", authority.ca, peer.url + "/1",
                 peer.url + "/bad", peer.url + "/2")
    assert (done.code, done.out) == (PROOF, b"/1\n/2\n")


def test_C_53_auth_int_of_a_stream(h2_peers, authority, tmp_path):
    """C-53 auth-int of a stream: both contents are hashed without frames, and
    `te` says that a trailer is welcome (RFC 9113, 8.2.2)."""
    digest = raw.Digest(qop="auth-int")
    peer = h2_peers(digest)
    content = b"x" * 100000
    done = fetch(*LOGIN_ARGS, "--cacert", authority.ca, "--data-binary", "@-",
                 peer.url + "/a", stdin=content, check=OK,
                 report=tmp_path / "report")
    assert done.out == b"/a\n" and done.first["origin"]["content_proved"]
    last = peer.requests[-1]
    assert last.body == content and digest.qops == ["auth-int"]
    assert last.all("te") == ["trailers"] and not last.all("connection")


def test_F_07_a_proof_in_the_trailer_of_a_stream(h2_peers, authority,
                                                 tmp_path):
    """F-07 a proof in the trailer of a stream is taken; a wrong one there
    withholds the body."""
    digest = raw.Digest(qop="auth-int")
    peer = h2_peers(digest, hurt="rspauth-changed", trailer=True)
    kept = tmp_path / "kept"
    done = fetch(*LOGIN_ARGS, "--cacert", authority.ca, peer.url + "/1",
                 check=OK)
    assert done.out == b"/1\n"
    done = fetch(*LOGIN_ARGS, "--cacert", authority.ca, "-o", kept,
                 peer.url + "/bad")
    assert done.code == PROOF and not kept.exists()
