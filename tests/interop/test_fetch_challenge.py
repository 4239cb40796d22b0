# SPDX-License-Identifier: MIT
"""Which challenges fetch answers, how often, and with what."""
import pytest

from support import raw
from support.fetching import LOGIN, OK, fetch
from support.fixtures import peers  # pylint: disable=unused-import

LOGIN_ARGS = ["-u", f"{raw.USER}:{raw.PASSWORD}"]


@pytest.mark.parametrize("policy,body", [("require", b""), ("expect", b"no\n"),
                                         ("off", b"no\n")])
def test_F_34_refused_password_is_sent_once(peers, policy, body):
    """F-34 refused password is sent once."""
    digest = raw.Digest(password="another")
    peer = peers(raw.guard(digest))
    done = fetch(*LOGIN_ARGS, "--proof", policy, peer.url)
    assert (done.code, done.out) == (LOGIN, body)
    assert len(peer.requests) == 2


def test_F_38_refusal_without_challenge_is_final(peers):
    """F-38 refusal without challenge is final."""
    peer = peers(lambda request: raw.response(401, [], b"no\n"))
    done = fetch(*LOGIN_ARGS, peer.url)
    assert done.code == LOGIN and "no-challenge" in done.err
    assert len(peer.requests) == 1


def test_F_39_challenge_on_another_status_is_no_refusal(peers):
    """F-39 challenge on another status is no refusal."""
    digest = raw.Digest()
    peer = peers(lambda request: raw.response(
        200, [("WWW-Authenticate", digest.challenge())], b"open\n"))
    assert fetch(*LOGIN_ARGS, peer.url, check=OK).out == b"open\n"
    assert len(peer.requests) == 1


def test_F_41_basic_is_never_answered(peers):
    """F-41 basic is never answered."""
    peer = peers(lambda request: raw.response(
        401, [("WWW-Authenticate", 'Basic realm="test@host"')], b"no\n"))
    done = fetch(*LOGIN_ARGS, "--proof", "require", peer.url)
    assert (done.code, done.out) == (LOGIN, b"")
    assert [r.get("Authorization") for r in peer.requests] == [None]


def test_F_28_digest_is_chosen_beside_basic(peers):
    """F-28 digest is chosen beside basic."""
    digest = raw.Digest()
    inner = raw.guard(digest)

    def handle(request):
        if request.get("Authorization"):
            return inner(request)
        return raw.response(401, [
            ("WWW-Authenticate", 'Basic realm="test@host"'),
            ("WWW-Authenticate", "Negotiate"),
            ("WWW-Authenticate", digest.challenge())])

    done = fetch(*LOGIN_ARGS, "--proof", "require", peers(handle).url,
                 check=OK)
    assert done.out == b"secret\n"


def test_F_41_basic_in_place_of_digest_is_noticed(peers):
    """F-41 basic in place of digest is noticed.

    A middle that swaps the challenge gets no password, and no body of its
    is delivered."""
    digest = raw.Digest()
    inner = raw.guard(digest)

    def handle(request):
        if request.target == "/2":
            return raw.response(401, [
                ("WWW-Authenticate", 'Basic realm="test@host"')], b"fake\n")
        return inner(request)

    peer = peers(handle)
    done = fetch(*LOGIN_ARGS, "--proof", "require", peer.url + "/1",
                 peer.url + "/2")
    assert (done.code, done.out) == (LOGIN, b"secret\n")
    assert all((r.get("Authorization") or "Digest").startswith("Digest")
               for r in peer.requests)


def test_H_11_md5_only_when_allowed(peers):
    """H-11 md5 only when allowed."""
    digest = raw.Digest(algorithm="MD5")
    peer = peers(raw.guard(digest))
    done = fetch(*LOGIN_ARGS, peer.url)
    assert done.code == LOGIN and not digest.seen
    assert len(peer.requests) == 1
    done = fetch(*LOGIN_ARGS, "--allow-md5", "--proof", "require", peer.url,
                 check=OK)
    assert done.out == b"secret\n"


def test_F_42_no_step_down_to_md5(peers):
    """F-42 no step down to md5."""
    strong = raw.Digest()
    weak = raw.Digest(algorithm="MD5")
    inner = {"/1": raw.guard(strong), "/2": raw.guard(weak)}
    peer = peers(lambda request: inner[request.target](request))
    urls = [peer.url + "/1", peer.url + "/2"]
    done = fetch(*LOGIN_ARGS, "--allow-md5", *urls)
    assert done.code == LOGIN and done.out == b"secret\nno\n"
    assert not weak.seen
    # The same peer from the other end: allowed, it is answered at once.
    done = fetch(*LOGIN_ARGS, "--allow-md5", "--allow-step-down",
                 *reversed(urls))
    assert weak.seen


@pytest.mark.parametrize("algorithm", ["SHA-256", "SHA-512-256"])
def test_C_02_algorithms(peers, algorithm):
    """C-02 algorithms."""
    digest = raw.Digest(algorithm=algorithm)
    done = fetch(*LOGIN_ARGS, "--proof", "require",
                 peers(raw.guard(digest)).url, check=OK)
    assert done.out == b"secret\n"


def test_F_36_stale_for_ever_ends(peers):
    """F-36 stale for ever ends."""
    digest = raw.Digest()
    peer = peers(lambda request: raw.response(
        401, [("WWW-Authenticate", digest.challenge(stale=True))], b"no\n"))
    done = fetch(*LOGIN_ARGS, peer.url)
    assert done.code == LOGIN and "retries-used" in done.err
    assert len(peer.requests) == 3


def test_F_33_stale_once_is_retried(peers):
    """F-33 stale once is retried."""
    digest = raw.Digest()
    inner = raw.guard(digest)
    stale = iter([True])

    def handle(request):
        if request.get("Authorization") and next(stale, False):
            return raw.response(401, [
                ("WWW-Authenticate", digest.challenge(stale=True))])
        return inner(request)

    peer = peers(handle)
    done = fetch(*LOGIN_ARGS, "-v", "--proof", "require", peer.url, check=OK)
    assert "right password, old nonce" in done.err
    assert len(peer.requests) == 3


def test_F_35_stale_without_credentials_is_a_first_challenge(peers):
    """F-35 stale without credentials is a first challenge."""
    digest = raw.Digest()
    inner = raw.guard(digest)

    def handle(request):
        if request.get("Authorization"):
            return inner(request)
        return raw.response(401, [
            ("WWW-Authenticate", digest.challenge(stale=True))])

    done = fetch(*LOGIN_ARGS, "-v", "--proof", "require", peers(handle).url,
                 check=OK)
    assert "old nonce" not in done.err


def test_F_35_stale_with_another_algorithm_is_a_refusal(peers):
    """F-35 stale with another algorithm is a refusal."""
    digest = raw.Digest()
    other = raw.Digest(algorithm="SHA-512-256")

    def handle(request):
        chosen = other if request.get("Authorization") else digest
        return raw.response(401, [
            ("WWW-Authenticate", chosen.challenge(stale=True))])

    peer = peers(handle)
    assert fetch(*LOGIN_ARGS, peer.url).code == LOGIN
    assert len(peer.requests) == 2


def test_F_43_another_realm_is_another_space(peers):
    """F-43 another realm is another space."""
    spaces = {"/a": raw.Digest(realm="A"), "/b": raw.Digest(realm="B")}
    inner = {path: raw.guard(d) for path, d in spaces.items()}
    peer = peers(lambda request: inner[request.target](request))
    urls = [peer.url + path for path in ("/a", "/b", "/a", "/b")]
    done = fetch(*LOGIN_ARGS, "--proof", "require", *urls, check=OK)
    assert done.out == b"secret\n" * 4
    assert not spaces["/a"].replays and not spaces["/b"].replays


def test_F_36_realms_without_end_end(peers):
    """F-36 realms without end end."""
    numbers = iter(range(1000))
    peer = peers(lambda request: raw.response(401, [
        ("WWW-Authenticate",
         raw.Digest(realm=f"realm {next(numbers)}").challenge())]))
    done = fetch(*LOGIN_ARGS, peer.url)
    assert done.code == LOGIN and len(peer.requests) == 3
