# SPDX-License-Identifier: MIT
"""fetch with several URLs over one session: nonces and their counts."""
import base64
import itertools
import os
import threading

import pytest

from support import raw
from support.fetching import LOGIN, OK, PROOF, fetch
from support.fixtures import peers  # pylint: disable=unused-import

LOGIN_ARGS = ["-u", f"{raw.USER}:{raw.PASSWORD}", "--proof", "require"]


def by_nonce(digest):
    found = {}
    for nonce, nc in digest.seen:
        found.setdefault(nonce, []).append(int(nc, 16))
    return found


def test_C_26_one_nonce_for_all_urls(peers):
    """C-26, F-16 one nonce for all URLs, a new cnonce for each."""
    digest = raw.Digest()
    peer = peers(raw.guard(digest))
    fetch(*LOGIN_ARGS, *[f"{peer.url}/{i}" for i in range(20)], check=OK)
    assert list(by_nonce(digest).values()) == [list(range(1, 21))]
    assert len(peer.requests) == 21 and peer.connections == 1
    cnonces = {digest.credentials(r)["cnonce"] for r in peer.requests[1:]}
    assert len(cnonces) == 20


def test_C_28_sixty_in_parallel_never_share_a_count(peers):
    """C-28 sixty in parallel never share a count."""
    digest = raw.Digest()
    peer = peers(raw.guard(digest))
    done = fetch(*LOGIN_ARGS, "-Z", "--parallel-max", "12",
                 *[f"{peer.url}/{i}" for i in range(60)], check=OK)
    assert done.out == b"secret\n" * 60
    assert not digest.replays and len(digest.seen) == 60
    assert [sorted(c) for c in by_nonce(digest).values()] == [
        list(range(1, 61))]
    assert 1 < peer.connections <= 12
    # One challenge began the session, not one for each URL.
    assert len(peer.requests) == 61


def test_F_15_parallel_requests_on_one_time_nonces(peers):
    """F-15 parallel requests on one time nonces.

    Every nonce is good for one request: the others are told `stale`, and
    each then has the first count of a nonce of its own."""
    digest = raw.Digest()
    used = set()
    lock = threading.Lock()

    def handle(request):
        if not digest.accepts(request):
            return raw.response(401, [("WWW-Authenticate",
                                       digest.challenge())])
        nonce = digest.credentials(request)["nonce"]
        with lock:
            fresh = nonce not in used
            used.add(nonce)
        if not fresh:
            return raw.response(401, [("WWW-Authenticate",
                                       digest.challenge(stale=True))])
        return raw.response(200, [digest.info_line(
            request, nextnonce=digest.new_nonce())], b"secret\n")

    peer = peers(handle)
    done = fetch(*LOGIN_ARGS, "-Z", "--parallel-max", "8",
                 *[f"{peer.url}/{i}" for i in range(40)], check=OK)
    assert done.out == b"secret\n" * 40 and not digest.replays


def test_F_10_nextnonce_is_followed(peers):
    """F-10 nextnonce is followed."""
    digest = raw.Digest()
    peer = peers(raw.guard(digest, nextnonce=digest.new_nonce))
    fetch(*LOGIN_ARGS, *[f"{peer.url}/{i}" for i in range(4)], check=OK)
    # F-11: each begins at 1, and no challenge was needed in between.
    assert list(by_nonce(digest).values()) == [[1], [1], [1], [1]]
    assert len(peer.requests) == 5


def test_F_12_nextnonce_that_is_the_nonce_in_use(peers):
    """F-12 nextnonce that is the nonce in use."""
    digest = raw.Digest()
    fixed = digest.new_nonce()

    def handle(request):
        if not digest.accepts(request):
            return raw.response(401, [("WWW-Authenticate",
                                       digest.challenge(nonce=fixed))])
        return raw.response(200, [digest.info_line(request, nextnonce=fixed)],
                            b"secret\n")

    peer = peers(handle)
    fetch(*LOGIN_ARGS, *[f"{peer.url}/{i}" for i in range(3)], check=OK)
    assert by_nonce(digest) == {fixed: [1, 2, 3]}


def test_F_13_an_empty_nextnonce_changes_nothing(peers):
    """F-13 an empty nextnonce changes nothing."""
    digest = raw.Digest()

    def answer(request):
        name, value = digest.info_line(request)
        return 200, [(name, value + ', nextnonce=""')], b"secret\n"

    peer = peers(raw.guard(digest, answer, hurt="gone"))
    fetch(*LOGIN_ARGS, *[f"{peer.url}/{i}" for i in range(3)], check=OK)
    assert list(by_nonce(digest).values()) == [[1, 2, 3]]


@pytest.mark.parametrize("policy", ["require", "expect", "off"])
def test_F_14_no_nextnonce_under_a_wrong_proof(peers, policy):
    """F-14 no nextnonce under a wrong proof.

    The session is dropped (F-19): the next request asks anew."""
    digest = raw.Digest()
    wrong = raw.guard(digest, hurt="nextnonce-under-wrong-rspauth")
    right = raw.guard(digest)
    peer = peers(lambda request: (
        wrong if request.target == "/1" else right)(request))
    done = fetch(*LOGIN_ARGS, "--proof", policy, peer.url + "/1",
                 peer.url + "/2")
    assert done.code == (OK if policy == "off" else PROOF)
    sent = [digest.credentials(r) for r in peer.requests]
    assert all(c is None or c["nonce"] != "a-nonce-of-the-tamperer"
               for c in sent)
    assert [r.target for r in peer.requests] == ["/1", "/1", "/2", "/2"]
    assert sent[2] is None


def test_F_33_a_nonce_that_ages_between_urls(peers):
    """F-33 a nonce that ages between urls."""
    digest = raw.Digest()
    inner = raw.guard(digest)

    def handle(request):
        c = digest.credentials(request)
        if c and c["nonce"] not in digest.nonces:
            return raw.response(401, [("WWW-Authenticate",
                                       digest.challenge(stale=True))])
        answer = inner(request)
        if request.target == "/1" and c:
            digest.retire()
        return answer

    peer = peers(handle)
    done = fetch(*LOGIN_ARGS, *[f"{peer.url}/{i}" for i in (1, 2, 3)],
                 check=OK)
    assert done.out == b"secret\n" * 3
    assert len(peer.requests) == 5
    assert list(by_nonce(digest).values()) == [[1], [1, 2]]


def test_F_34_refused_credentials_are_not_sent_again_unasked(peers):
    """F-34 refused credentials are not sent again unasked.

    The account is closed after the first URL."""
    digest = raw.Digest()
    inner = raw.guard(digest)

    def handle(request):
        if request.target == "/1":
            return inner(request)
        return raw.response(401, [("WWW-Authenticate", digest.challenge())])

    peer = peers(handle)
    done = fetch(*LOGIN_ARGS, peer.url + "/1", peer.url + "/2",
                 peer.url + "/3")
    assert (done.code, done.out) == (LOGIN, b"secret\n")
    # /2 goes out with the open session and is refused; /3 asks first.
    assert [(r.target, r.get("Authorization") is not None)
            for r in peer.requests] == [
        ("/1", False), ("/1", True), ("/2", True), ("/3", False),
        ("/3", True)]


def test_F_45_no_credentials_outside_the_domain(peers):
    """F-45 no credentials outside the domain."""
    digest = raw.Digest()

    def handle(request):
        if request.target.startswith("/in") and not digest.accepts(request):
            return raw.response(401, [("WWW-Authenticate",
                                       digest.challenge(domain='"/in"'))])
        fields = ([digest.info_line(request)]
                  if request.get("Authorization") else [])
        return raw.response(200, fields, b"x\n")

    peer = peers(handle)
    fetch("-u", f"{raw.USER}:{raw.PASSWORD}", peer.url + "/in/1",
          peer.url + "/inside", peer.url + "/out", peer.url + "/in/2",
          check=OK)
    sent = {r.target: r.get("Authorization") is not None
            for r in peer.requests}
    assert sent == {"/in/1": True, "/inside": True, "/out": False,
                    "/in/2": True}


def test_F_43_other_port_other_session(peers):
    """F-43 other port other session.

    Same realm, same nonce even: nothing is carried over."""
    one, two = raw.Digest(), raw.Digest()
    first, second = peers(raw.guard(one)), peers(raw.guard(two))
    fetch(*LOGIN_ARGS, first.url, second.url, first.url, second.url, check=OK)
    assert list(by_nonce(one).values()) == [[1, 2]]
    assert list(by_nonce(two).values()) == [[1, 2]]
    assert second.requests[0].get("Authorization") is None


def test_F_51_origin_and_proxy_with_one_realm_and_nonce(peers):
    """F-51 origin and proxy with one realm and nonce.

    Both layers count for themselves though nothing tells them apart."""
    origin, proxy = raw.Digest(), raw.Digest(proxy=True)
    nonce = base64.b64encode(os.urandom(20)).decode()
    for digest in (origin, proxy):
        digest.nonces.add(nonce)

    def handle(request):
        for digest in (proxy, origin):
            if not digest.accepts(request):
                fields = [(digest.challenge_name,
                           digest.challenge(nonce=nonce))]
                if digest is origin:
                    fields.append(proxy.info_line(request))
                return raw.response(digest.status, fields)
        return raw.response(200, [origin.info_line(request),
                                  proxy.info_line(request)], b"secret\n")

    peer = peers(handle)
    fetch(*LOGIN_ARGS, "--proxy-proof", "require", "-x", peer.url, "-U",
          f"{raw.USER}:{raw.PASSWORD}", "http://a.example/1",
          "http://a.example/2", check=OK)
    assert [c for _, c in proxy.seen] == ["00000001", "00000002", "00000003"]
    assert [c for _, c in origin.seen] == ["00000001", "00000002"]


def test_parallel_gravest_failure_is_the_exit_code(peers):
    digest = raw.Digest()
    inner = {
        "/wrong": raw.guard(digest, hurt="rspauth-changed"),
        "/refused": lambda request: raw.response(401),
        "/fine": raw.guard(digest),
    }
    peer = peers(lambda request: inner[request.target](request))
    for order in itertools.permutations(inner):
        done = fetch("-u", f"{raw.USER}:{raw.PASSWORD}", "-Z",
                     *[peer.url + path for path in order])
        assert done.code == PROOF
    assert fetch("-u", f"{raw.USER}:{raw.PASSWORD}", peer.url + "/refused",
                 peer.url + "/fine").code == LOGIN
