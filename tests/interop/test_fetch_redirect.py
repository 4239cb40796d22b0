# SPDX-License-Identifier: MIT
"""fetch -L, and proxies named by the environment: what may go where."""
import pytest

from support import raw
from support.fetching import LOGIN, OK, PROOF, USAGE, fetch
from support.fixtures import authority, peers  # pylint: disable=unused-import

LOGIN_ARGS = ["-u", f"{raw.USER}:{raw.PASSWORD}"]
PROXY_LOGIN = ["-U", f"{raw.USER}:{raw.PASSWORD}"]


def redirecting(digest, places, hurt=None):
    """Right credentials, then redirects by path: {path: (status, to)}."""
    def answer(request):
        path = request.target.split("?")[0]
        if path in places:
            status, to = places[path]
            return status, [("Location", to)], b"moved\n"
        return 200, [], b"here\n"
    return raw.guard(digest, answer, hurt=hurt)


def test_F_48_redirect_within_an_origin_goes_on_with_the_session(peers):
    """F-48 redirect within an origin goes on with the session."""
    digest = raw.Digest()
    peer = peers(redirecting(digest, {"/1": (302, "/2?"), "/2": (301, "3")}))
    done = fetch(*LOGIN_ARGS, "--proof", "require", "-L", peer.url + "/1",
                 check=OK)
    assert done.out == b"here\n"
    assert [r.target for r in peer.requests] == ["/1", "/1", "/2?", "/3"]
    assert [int(c, 16) for _, c in digest.seen] == [1, 2, 3]


def test_redirects_are_followed_only_when_asked(peers):
    digest = raw.Digest()
    peer = peers(redirecting(digest, {"/1": (302, "/2")}))
    done = fetch(*LOGIN_ARGS, peer.url + "/1", check=OK)
    assert done.out == b"moved\n" and len(peer.requests) == 2


def test_F_49_nothing_of_one_origin_goes_to_another(peers):
    """F-49 nothing of one origin goes to another."""
    digest = raw.Digest()
    other = peers(lambda request: raw.response(200, [], b"there\n"))
    peer = peers(redirecting(digest, {"/1": (302, other.url + "/x")}))
    done = fetch(*LOGIN_ARGS, "-L", "-b", "session=1", "-H", "X-Kept: 1", "-H",
                 "Cookie: other=2", peer.url + "/1", check=OK)
    assert done.out == b"there\n"
    arrived = other.requests[0]
    assert not arrived.all("Authorization") and not arrived.all("Cookie")
    assert arrived.all("X-Kept") == ["1"]
    assert peer.requests[-1].get("Cookie")


def test_F_49_own_authorization_stays_with_its_origin(peers):
    """F-49 own authorization stays with its origin."""
    other = peers(lambda request: raw.response(200, [], b"there\n"))
    peer = peers(lambda request: raw.response(302, [("Location", other.url)]))
    fetch("-L", "-H", "Authorization: Bearer secret", peer.url, check=OK)
    assert peer.requests[0].all("Authorization") == ["Bearer secret"]
    assert not other.requests[0].all("Authorization")


def test_F_49_another_origin_that_asks_gets_nothing(peers):
    """F-49 another origin that asks gets nothing.

    It may even use the same realm and nonce."""
    digest, theirs = raw.Digest(), raw.Digest()
    thief = peers(raw.guard(theirs))
    peer = peers(redirecting(digest, {"/1": (302, thief.url)}))
    done = fetch(*LOGIN_ARGS, "-L", peer.url + "/1")
    assert done.code == LOGIN and not theirs.seen
    assert [r.all("Authorization") for r in thief.requests] == [[]]


def test_F_49_an_origin_of_the_command_line_may_be_redirected_to(peers):
    """F-49 an origin of the command line may be redirected to."""
    one, two = raw.Digest(), raw.Digest()
    second = peers(raw.guard(two))
    first = peers(redirecting(one, {"/1": (302, second.url + "/x")}))
    done = fetch(*LOGIN_ARGS, "-L", "--proof", "require", first.url + "/1",
                 second.url + "/y", check=OK)
    assert done.out == b"secret\n" * 2 and len(two.seen) == 2


def test_F_46_https_to_http_takes_nothing_along(peers, authority):
    """F-46 https to http takes nothing along."""
    digest = raw.Digest()
    plain = peers(raw.guard(raw.Digest()))
    secure = peers(redirecting(digest, {"/1": (302, plain.url)}),
                   tls=authority.server())
    done = fetch(*LOGIN_ARGS, "-L", "--cacert", authority.ca,
                 secure.url + "/1")
    assert done.code == LOGIN
    assert [r.all("Authorization") for r in plain.requests] == [[]]


def test_F_46_https_to_http_on_the_same_port(peers, authority):
    """F-46 https to http on the same port: another origin all the same."""
    digest = raw.Digest()
    place = []
    inner = redirecting(digest, {"/1": (302, "http://127.0.0.1:PORT/2")})

    def handle(request):
        answer = inner(request)
        return answer.replace(b"PORT", str(place[0]).encode())

    peer = peers(handle, tls=authority.server(), either=True)
    place.append(peer.port)
    done = fetch(*LOGIN_ARGS, "-L", "--cacert", authority.ca, peer.url + "/1")
    assert done.code == LOGIN
    assert [(r.target, r.secure, bool(r.all("Authorization")))
            for r in peer.requests] == [
        ("/1", True, False), ("/1", True, True), ("/2", False, False)]


def test_H_30_origin_and_proxy_at_one_address(peers):
    """H-30 origin and proxy at one address: each login in its own layer."""
    digest = raw.Digest(proxy=True)
    peer = peers(raw.guard(digest))
    done = fetch(*LOGIN_ARGS, "-x", peer.url, "--noproxy", "x", peer.url)
    assert done.code == LOGIN
    assert [(r.all("Authorization"), r.all("Proxy-Authorization"))
            for r in peer.requests] == [([], [])]


def test_F_49_behind_an_own_authorization_the_next_origin_may_ask(peers):
    """F-49 what is left behind with an Authorization of one's own is only
    that: an origin of the command line is logged in to."""
    digest = raw.Digest()
    inner = raw.guard(digest)
    second = peers(lambda request: raw.response(401)
                   if request.target == "/y" else inner(request))
    first = peers(lambda request: raw.response(
        302, [("Location", second.url + "/x")]))
    done = fetch(*LOGIN_ARGS, "-L", "-H", "Authorization: Bearer x",
                 first.url, second.url + "/y")
    assert done.out.startswith(b"secret\n") and len(digest.seen) == 1
    assert digest.credentials(second.requests[1])["uri"] == "/x"


def test_C_46_a_chosen_target_is_for_one_request(peers):
    """C-46 a chosen request-target is not sent on to a redirect's URL."""
    digest = raw.Digest()
    peer = peers(redirecting(digest, {"/odd": (302, "/2")}))
    fetch(*LOGIN_ARGS, "-L", "--request-target", "/odd?", peer.url, check=OK)
    assert [r.target for r in peer.requests] == ["/odd?", "/odd?", "/2"]


def test_H_17_one_login_for_https_and_http_needs_consent(peers, authority):
    """H-17 one login for https and http needs consent."""
    digests = raw.Digest(), raw.Digest()
    plain = peers(raw.guard(digests[0]))
    secure = peers(raw.guard(digests[1]), tls=authority.server())
    args = [*LOGIN_ARGS, "--cacert", authority.ca, secure.url, plain.url]
    done = fetch(*args)
    assert done.code == USAGE and "--allow-plain-secrets" in done.err
    assert not plain.requests and not secure.requests
    fetch("--allow-plain-secrets", *args, check=OK)
    assert all(d.seen for d in digests)


@pytest.mark.parametrize("hurt", ["gone", "rspauth-changed"])
def test_F_21_unproved_redirects_are_not_followed(peers, hurt):
    """F-21 unproved redirects are not followed."""
    digest = raw.Digest()
    other = peers(lambda request: raw.response(200, [], b"there\n"))
    peer = peers(redirecting(digest, {"/1": (302, other.url)}, hurt))
    done = fetch(*LOGIN_ARGS, "-L", "--proof", "require", peer.url + "/1")
    assert (done.code, done.out) == (PROOF, b"")
    assert not other.requests


def test_F_21_unasked_redirects_are_not_followed_under_require(peers):
    """F-21 unasked redirects are not followed under require.

    A middle that never challenges cannot lead elsewhere."""
    other = peers(lambda request: raw.response(200, [], b"there\n"))
    peer = peers(lambda request: raw.response(302, [("Location", other.url)]))
    done = fetch(*LOGIN_ARGS, "-L", "--proof", "require", peer.url)
    assert (done.code, done.out) == (PROOF, b"")
    assert not other.requests


METHODS = [
    # (status, options, method before, method after)
    (301, ["-d", "x"], "POST", "GET"),
    (302, ["-d", "x"], "POST", "GET"),
    (303, ["-d", "x"], "POST", "GET"),
    (307, ["-d", "x"], "POST", "POST"),
    (308, ["-d", "x"], "POST", "POST"),
    (303, ["-T", "-"], "PUT", "GET"),
    (307, ["-T", "-"], "PUT", "PUT"),
    (302, ["-I"], "HEAD", "HEAD"),
    (303, ["-I"], "HEAD", "HEAD"),
    (302, ["-X", "DELETE"], "DELETE", "DELETE"),
]


@pytest.mark.parametrize("status,args,before,after", METHODS)
def test_C_18_method_after_a_redirect(peers, status, args, before, after):
    """C-18 method after a redirect."""
    digest = raw.Digest()
    peer = peers(redirecting(digest, {"/1": (status, "/2")}))
    fetch(*LOGIN_ARGS, "--proof", "require", "-L", *args, peer.url + "/1",
          stdin=b"content", check=OK)
    last = peer.requests[-1]
    assert peer.requests[1].method == before
    assert (last.target, last.method) == ("/2", after)
    assert bool(last.body_len) == (after in ("POST", "PUT"))
    assert len(digest.seen) == 2


def test_redirects_end(peers):
    digest = raw.Digest()
    peer = peers(redirecting(digest, {"/1": (302, "/1")}))
    done = fetch(*LOGIN_ARGS, "-L", peer.url + "/1")
    assert done.code == 47 and len(digest.seen) == 51
    digest.seen.clear()
    done = fetch(*LOGIN_ARGS, "-L", "--max-redirs", "3", peer.url + "/1")
    assert done.code == 47 and len(digest.seen) == 4


@pytest.mark.parametrize("to,code", [("file:///etc/passwd", 1),
                                     ("ftp://a.example/", 1),
                                     ("gopher://a.example/", 1),
                                     ("http://a.example:99999/", 3)])
def test_redirects_to_elsewhere_are_refused(peers, to, code):
    digest = raw.Digest()
    peer = peers(redirecting(digest, {"/1": (302, to)}))
    done = fetch(*LOGIN_ARGS, "-L", peer.url + "/1")
    assert (done.code, done.out) == (code, b"")


def test_redirects_do_not_bring_logins(peers):
    """User and password in a Location are not used, nor Basic sent."""
    digest = raw.Digest()
    theirs = raw.Digest(user="x", password="y")
    other = peers(raw.guard(theirs))
    peer = peers(redirecting(digest, {
        "/1": (302, other.url.replace("//", "//x:y@"))}))
    assert fetch(*LOGIN_ARGS, "-L", peer.url + "/1").code == LOGIN
    assert [r.all("Authorization") for r in other.requests] == [[]]


def plain_proxy(digest, answer):
    def handle(request):
        if not digest.accepts(request):
            return raw.response(407, [("Proxy-Authenticate",
                                       digest.challenge())])
        status, fields, body = answer(request)
        return raw.response(status, [*fields, digest.info_line(request)], body)
    return handle


def test_F_51_proxies_of_the_environment(peers):
    """F-51 proxies of the environment."""
    digest = raw.Digest(proxy=True)
    peer = peers(plain_proxy(digest, lambda request: (200, [], b"by proxy\n")))
    direct = peers(lambda request: raw.response(200, [], b"direct\n"))
    env = {"http_proxy": peer.url, "no_proxy": "127.0.0.1"}
    done = fetch(*PROXY_LOGIN, "--proxy-proof", "require",
                 "http://a.example/", env=env, check=OK)
    assert done.out == b"by proxy\n"
    assert fetch(direct.url, env=env, check=OK).out == b"direct\n"
    assert fetch("--noproxy", "a.example", "http://a.example/",
                 env=env).code == 6
    # no_proxy counts for -x too, as in curl.
    assert fetch("-x", peer.url, direct.url, env={"no_proxy": "127.0.0.1"},
                 check=OK).out == b"direct\n"
    # HTTP_PROXY could come from a request to a CGI program: not looked at.
    assert fetch(direct.url, env={"HTTP_PROXY": peer.url},
                 check=OK).out == b"direct\n"
    assert fetch("http://a.example/", env={"ALL_PROXY": peer.url}).code == \
        LOGIN


def test_F_51_a_redirect_to_another_proxy_takes_no_login_along(peers):
    """F-51 a redirect to another proxy takes no login along.

    http goes by one proxy, https by another; both ask."""
    mine, theirs = raw.Digest(proxy=True), raw.Digest(proxy=True)
    second = peers(plain_proxy(theirs, lambda request: (200, [], b"")))
    first = peers(plain_proxy(mine, lambda request: (
        302, [("Location", "https://b.example/")], b"")))
    done = fetch(*PROXY_LOGIN, "-L", "http://a.example/",
                 env={"http_proxy": first.url, "https_proxy": second.url})
    assert done.code == LOGIN and mine.seen
    assert [r.all("Proxy-Authorization") for r in second.requests] == [[]]


def test_F_51_one_login_for_two_proxies_must_be_said(peers):
    """F-51 one login for two proxies must be said."""
    done = fetch(*PROXY_LOGIN, "http://a.example/", "https://a.example/",
                 env={"http_proxy": "http://127.0.0.1:1",
                      "https_proxy": "http://127.0.0.1:2"})
    assert done.code == USAGE and "-x" in done.err


def test_F_51_a_proxy_with_its_own_login(peers):
    """F-51 a proxy with its own login."""
    digest = raw.Digest(proxy=True, user="me", password="p:w")
    peer = peers(plain_proxy(digest, lambda request: (200, [], b"ok\n")))
    url = peer.url.replace("//", "//me:p%3Aw@")
    fetch("-x", url, "--proxy-proof", "require", "http://a.example/", check=OK)
    fetch("http://a.example/", env={"http_proxy": url}, check=OK)
    assert len(digest.seen) == 2


def test_G_29_a_proxy_password_is_no_origin_password(peers):
    """G-29 a proxy password is no origin password."""
    digest = raw.Digest()
    peer = peers(raw.guard(digest))
    assert fetch(*PROXY_LOGIN, peer.url).code == LOGIN
    proxy = raw.Digest(proxy=True)
    peer = peers(plain_proxy(proxy, lambda request: (200, [], b"")))
    assert fetch(*LOGIN_ARGS, "-x", peer.url, "http://a.example/").code == \
        LOGIN
    assert not digest.seen and not proxy.seen
