# SPDX-License-Identifier: MIT
"""Attacks on a client that need the wire, each under its name: who gets to
see a login, and what an impostor can make a client do."""
import re

import pytest

from support import raw
from support.fetching import LOGIN, OK, PROOF, fetch
from support.fixtures import authority, peers  # pylint: disable=unused-import

PAIR = f"{raw.USER}:{raw.PASSWORD}"
LOGIN_ARGS = ["-u", PAIR]
PROXY_LOGIN = ["-U", PAIR]
ANY_PROOF = ["--proof", "off", "--proxy-proof", "off"]


def asks(digest):
    """A peer that only ever asks for a login."""
    return lambda request: raw.response(
        digest.status, [(digest.challenge_name, digest.challenge())], b"no\n")


def credentials(peer):
    """Everything in the shape of a login that a peer was sent."""
    return [(r.line, f) for r in peer.requests for f in r.fields
            if f[0].lower() in ("authorization", "proxy-authorization")]


def connect_proxy(origin, digest):
    """Opens tunnels to `origin`, for those who log in."""
    def handle(request):
        if not digest.accepts(request):
            return raw.response(407, [("Proxy-Authenticate",
                                       digest.challenge())])
        return raw.Tunnel(raw.response(200, [digest.info_line(request)]),
                          origin.address)
    return handle


def test_a_407_from_an_origin_is_never_answered(peers):
    """H-30: a 407 from an origin is never answered, neither with the login of
    the proxy nor with its own, whichever challenge it carries."""
    for name in ("Proxy-Authenticate", "WWW-Authenticate"):
        peer = peers(lambda request, name=name: raw.response(
            407, [(name, raw.Digest().challenge())]))
        done = fetch(*LOGIN_ARGS, *PROXY_LOGIN, *ANY_PROOF, peer.url)
        assert done.code == LOGIN and not credentials(peer)
        assert len(peer.requests) == 1


@pytest.mark.parametrize("stale", [False, True])
def test_a_407_inside_a_tunnel_is_never_answered(peers, authority, stale):
    """F-54: a 407 inside a tunnel is never answered: it is the origin's,
    though it speaks of the nonce that opened the tunnel."""
    inside = peers(lambda request: raw.response(407, [
        ("Proxy-Authenticate", raw.Digest(proxy=True).challenge(stale))]),
        tls=authority.server())
    peer = peers(connect_proxy(inside, raw.Digest(proxy=True)))
    done = fetch(*LOGIN_ARGS, *PROXY_LOGIN, *ANY_PROOF, "-x", peer.url,
                 "--cacert", authority.ca, inside.url)
    assert done.code == LOGIN and not credentials(inside)
    assert len(inside.requests) == 1


def test_a_401_to_connect_is_never_answered(peers):
    """H-30: a 401 to connect is never answered, with either login, whichever
    challenge it carries."""
    peer = peers(lambda request: raw.response(401, [
        ("WWW-Authenticate", raw.Digest().challenge()),
        ("Proxy-Authenticate", raw.Digest(proxy=True).challenge())]))
    done = fetch(*LOGIN_ARGS, *PROXY_LOGIN, *ANY_PROOF, "-x", peer.url,
                 "https://a.example/")
    assert done.code != OK and not credentials(peer)
    assert len(peer.requests) == 1


def test_origin_credentials_never_in_connect_octets(peers, authority):
    """F-57: origin credentials never in connect octets, not even those of a
    session that stands, nor a header that is meant for the origin; and
    nothing of the proxy's login inside."""
    origin, proxy = raw.Digest(), raw.Digest(proxy=True)
    guard = raw.guard(origin)

    def once(request):
        answer = guard(request)
        return raw.Last(answer.replace(b"\r\n", b"\r\nConnection: close\r\n",
                                       1))

    inside = peers(once, tls=authority.server())
    peer = peers(connect_proxy(inside, proxy))
    fetch(*LOGIN_ARGS, *PROXY_LOGIN, "--proof", "require", "--proxy-proof",
          "require", "-H", "X-Secret: of the origin", "-x", peer.url,
          "--cacert", authority.ca, *[f"{inside.url}/{i}" for i in range(3)],
          check=OK)
    assert len(peer.requests) == 5 and len(origin.seen) == 3
    for request in peer.requests:
        assert not request.all("Authorization")
        assert b"of the origin" not in request.raw
    for nonce, _ in origin.seen:
        assert all(nonce.encode() not in r.raw for r in peer.requests)
    assert not any(r.all("Proxy-Authorization") for r in inside.requests)


@pytest.mark.parametrize("hurt", ["gone", "rspauth-changed", "rspauth-cut"])
def test_the_close_of_a_tunnel_that_is_not_proved(peers, authority, hurt):
    """F-56: the close of a tunnel that is not proved: not one octet into it,
    and the connection ends."""
    digest = raw.Digest(proxy=True)
    ended = []

    class Watched(raw.Tunnel):
        """Notes that the client went away."""

        def __init__(self, head):
            super().__init__(head)
            ended.append(self)

    def handle(request):
        if not digest.accepts(request):
            return raw.response(407, [("Proxy-Authenticate",
                                       digest.challenge())])
        fields = [] if hurt == "gone" else [digest.info_line(request, hurt)]
        return Watched(raw.response(200, fields))

    peer = peers(handle)
    done = fetch(*PROXY_LOGIN, "--proxy-proof", "require", "-x", peer.url,
                 "--cacert", authority.ca, "https://a.example/",
                 "https://a.example/2")
    assert done.code == PROOF and len(ended) == 2
    assert [t.received for t in ended] == [b"", b""]


def test_a_redirect_takes_nothing_to_another_origin(peers):
    """F-49: a redirect takes nothing to another origin: another port, though
    it asks in the same realm, with the same nonce."""
    digest = raw.Digest()
    other = peers(asks(digest))
    peer = peers(raw.guard(digest, lambda request: (
        307, [("Location", other.url + "/x")], b"")))
    done = fetch(*LOGIN_ARGS, *ANY_PROOF, "-L", "-b", "a=b", "-d", "x",
                 peer.url)
    assert done.code == LOGIN and not credentials(other)
    assert not other.requests[0].all("Cookie")


def test_a_redirect_from_https_to_http_takes_nothing_along(peers, authority):
    """F-46: a redirect from https to http takes nothing along, on the same
    host and port too."""
    digest = raw.Digest()

    def handle(request):
        if request.secure:
            return raw.guard(digest, lambda request: (
                302, [("Location", f"http://127.0.0.1:{peer.port}/x")],
                b""))(request)
        return asks(digest)(request)

    peer = peers(handle, tls=authority.server(), either=True)
    done = fetch(*LOGIN_ARGS, *ANY_PROOF, "-L", "--cacert", authority.ca,
                 peer.url)
    assert done.code == LOGIN
    assert all(r.secure for r in peer.requests if r.all("Authorization"))
    assert not peer.requests[-1].secure


def test_a_changed_environment_takes_no_login_along(peers):
    """F-51: a changed environment takes no login along: -U goes to the proxy
    it was given for, and COUNTERSIGN_PROXY_USER to the one the environment
    names for these URLs, however many other ones it names."""
    own, other = peers(asks(raw.Digest(proxy=True))), peers(
        asks(raw.Digest(proxy=True)))
    env = {"http_proxy": other.url, "all_proxy": other.url,
           "https_proxy": other.url}
    fetch(*PROXY_LOGIN, "-x", own.url, "http://a.example/", env=env)
    assert credentials(own) and not other.requests
    # Two proxies for the URLs of one command line: whose would it be?
    done = fetch(*PROXY_LOGIN, "http://a.example/", "https://a.example/",
                 env={"http_proxy": own.url, "https_proxy": other.url})
    assert done.code == 2 and not credentials(other)


def test_a_changed_environment_leads_a_redirect_elsewhere(peers):
    """F-51: a changed environment leads a redirect elsewhere: by another
    proxy, which is shown no login at all."""
    other = peers(asks(raw.Digest(proxy=True)))
    digest = raw.Digest(proxy=True)
    own = peers(raw.plain_proxy(digest, origin=lambda request: (
        302, [("Location", "https://b.example/")], b"")))
    done = fetch(*LOGIN_ARGS, *PROXY_LOGIN, *ANY_PROOF, "-L",
                 "http://a.example/", env={"http_proxy": own.url,
                                           "https_proxy": other.url})
    assert done.code == LOGIN and len(digest.seen) == 1
    assert other.requests and not credentials(other)


def test_state_never_crosses_realm_or_user_of_one_origin(peers):
    """F-43: state never crosses realm or user of one origin: neither nonce
    nor count nor name of one is ever sent to the other."""
    one = raw.Digest(realm="one")
    two = raw.Digest(realm="two", user="Simba", password="other")
    peer = peers(lambda request: raw.guard(
        two if request.target.startswith("/two") else one)(request))
    fetch(*LOGIN_ARGS, *[peer.url + p for p in ("/1", "/two", "/1")])
    fetch("-u", "Simba:other", *[peer.url + p for p in ("/1", "/two", "/1")])
    for digest, name in ((one, raw.USER), (two, "Simba")):
        for request in peer.requests:
            c = digest.credentials(request)
            if c and c["realm"] == digest.realm and c["username"] == name:
                assert c["nonce"] in digest.nonces
    assert {c["username"] for c in map(one.credentials, peer.requests) if c
            and c["nonce"] in one.nonces and c["response"] == one.kd(
                c, f"GET:{c['uri']}")} == {raw.USER}
    assert not one.replays and not two.replays


@pytest.mark.parametrize("line", [
    'Digest realm="r", nonce="n", qop="auth", algorithm=SHA-256, realm="r"',
    'Digest realm="r, nonce="n", qop="auth", algorithm=SHA-256',
    'Digest realm="r", nonce="n", qop="auth", algorithm=',
    'Digest realm=, nonce="n", qop="auth", algorithm=SHA-256',
    'Digest', 'Digest abc==', 'Digest realm="r" nonce="n" qop="auth"'])
def test_malformed_digest_never_leads_to_another_scheme(peers, line):
    """F-41: malformed digest never leads to another scheme."""
    peer = peers(lambda request: raw.response(401, [
        ("WWW-Authenticate", line),
        ("WWW-Authenticate", 'Basic realm="r"'),
        ("WWW-Authenticate", "Negotiate"),
        ("WWW-Authenticate", "Bearer")]))
    assert fetch(*LOGIN_ARGS, *ANY_PROOF, "--allow-md5", "--allow-no-qop",
                 "--allow-step-down", peer.url).code == LOGIN
    assert not credentials(peer)


@pytest.mark.parametrize("missing", ["realm", "nonce", "qop", "algorithm"])
def test_a_challenge_with_any_parameter_missing(peers, missing):
    """F-31: a challenge with any parameter missing is not answered as if it
    were there; without algorithm it is MD5, which is not allowed."""
    whole = raw.Digest().challenge()
    line = re.sub(missing + r'=("[^"]*"|[^,]*)(, )?', "", whole)
    assert missing not in line and len(line) < len(whole)
    peer = peers(lambda request: raw.response(401, [
        ("WWW-Authenticate", line)]))
    assert fetch(*LOGIN_ARGS, *ANY_PROOF, peer.url).code == LOGIN
    assert not credentials(peer)


def test_the_nonce_of_one_challenge_never_with_the_algorithm_of_another(
        peers):
    """F-28, F-29: the strongest is chosen, among challenges of mixed schemes
    on one line and on several, and the nonce of one challenge never goes with
    the algorithm of another."""
    digest = raw.Digest(algorithm="SHA-512-256")
    md5 = raw.Digest(algorithm="MD5")

    def handle(request):
        if digest.accepts(request):
            return raw.response(200, [digest.info_line(request)], b"in\n")
        return raw.response(401, [
            ("WWW-Authenticate", 'Basic realm="test@host", Negotiate abc=='),
            ("WWW-Authenticate", md5.challenge() + ", Other x=1, y=2, " +
             digest.challenge() + ', Digest realm="z", nonce="later", '
             'qop="auth", algorithm=SHA-256')])

    peer = peers(handle)
    fetch(*LOGIN_ARGS, "--allow-md5", "--proof", "require", peer.url,
          check=OK)
    (_, (_, sent)), = credentials(peer)
    nonce = re.search(r'nonce="([^"]*)"', sent)[1]
    assert nonce in digest.nonces and "SHA-512-256" in sent


def test_one_retry_per_challenge_and_stale_loops_end(peers):
    """F-36: one retry per challenge, and stale loops end, each with a nonce
    of its own."""
    digest = raw.Digest()
    peer = peers(lambda request: raw.response(401, [
        ("WWW-Authenticate", digest.challenge(stale=True))]))
    assert fetch(*LOGIN_ARGS, *ANY_PROOF, peer.url).code == LOGIN
    assert [bool(r.get("Authorization")) for r in peer.requests] == [
        False, True, True]


@pytest.mark.parametrize("domain,inside", [
    pytest.param('""', True, id="empty"),
    pytest.param('"   "', True, id="blank"),
    pytest.param('"/in /else"', True, id="two"),
    pytest.param('"%s /in"' % " ".join(f"/{i}" for i in range(15)), True,
                 id="the last of sixteen"),
    pytest.param('"/other"', False, id="elsewhere"),
    pytest.param('"//127.0.0.1/in"', False, id="another origin"),
])
def test_odd_domains(peers, domain, inside):
    """F-45: an odd domain neither ends the program nor widens the space."""
    digest = raw.Digest()
    peer = peers(lambda request: raw.guard(digest)(request)
                 if request.get("Authorization") else raw.response(
                     401, [("WWW-Authenticate",
                            digest.challenge(domain=domain))]))
    fetch(*LOGIN_ARGS, peer.url + "/in/1", peer.url + "/in/2", check=OK)
    assert len(peer.requests) == (3 if inside else 4)


def test_ten_thousand_uris_in_a_domain_are_no_challenge(peers):
    """H-26: ten thousand uris in a domain are no challenge, nor is a lone
    quote: both are refused in bounded time."""
    for domain in ('"%s"' % " ".join(f"/{i}" for i in range(10000)), '"'):
        peer = peers(lambda request, domain=domain: raw.response(401, [
            ("WWW-Authenticate", raw.Digest().challenge(domain=domain))]))
        done = fetch(*LOGIN_ARGS, *ANY_PROOF, peer.url, timeout=20)
        assert done.code == LOGIN and not credentials(peer)


POLICIES = {"require": (OK, PROOF, PROOF), "expect": (OK, OK, PROOF)}


@pytest.mark.parametrize("policy", POLICIES)
@pytest.mark.parametrize("hurt", [None, "gone", "only-nextnonce",
                                  "rspauth-changed", "unclosed-quote"])
@pytest.mark.parametrize("form", ["auth", "auth-int", "sess", "no qop"])
def test_the_require_matrix(peers, policy, hurt, form):
    """F-21, F-23: wrong, missing, stripped and unverifiable proofs, with
    auth, auth-int, -sess and the old form without qop, which proves
    nothing."""
    digest = raw.Digest(
        algorithm={"sess": "SHA-256-sess", "no qop": "MD5"}.get(form,
                                                                "SHA-256"),
        qop="auth-int" if form == "auth-int" else "auth")

    def old(request):
        c = digest.credentials(request)
        if c is None:
            return raw.response(401, [("WWW-Authenticate",
                                       digest.challenge(qop=None))])
        rspauth = digest.hash(f"{digest.ha1()}:{c['nonce']}:" +
                              digest.hash(f":{c['uri']}"))
        params = {"rspauth": f'"{rspauth}"'}
        raw.HURTS[None if hurt == "gone" else hurt](params, rspauth)
        field = ("Authentication-Info",
                 ", ".join(f"{k}={v}" for k, v in params.items()))
        return raw.response(200, [] if hurt == "gone" else [field],
                            b"secret\n")

    peer = peers(old if form == "no qop" else raw.guard(digest, hurt=hurt))
    done = fetch(*LOGIN_ARGS, "--allow-md5", "--allow-no-qop", "--proof",
                 policy, peer.url)
    right, absent, wrong = POLICIES[policy]
    if form == "no qop":
        code = wrong if hurt == "unclosed-quote" else absent
    else:
        code = {None: right, "gone": absent,
                "only-nextnonce": absent}.get(hurt, wrong)
    assert (done.code, done.out) == (code, b"secret\n" if code == OK else b"")


@pytest.mark.parametrize("place", ["header", "trailer"])
@pytest.mark.parametrize("qop", ["auth", "auth-int"])
@pytest.mark.parametrize("line", ["HTTP/1.1 401 No", "HTTP/2 401",
                                  "HTTP/1.1 100 Go"])
def test_a_field_that_looks_like_a_status_line(peers, line, qop, place):
    """F-22: a field named like a status line does not make a refusal, which
    needs no proof, out of the response of one who proved himself before."""
    digest = raw.Digest(qop=qop)

    def handle(request):
        if not digest.accepts(request):
            return asks(digest)(request)
        if request.target == "/first":
            return raw.response(200, [digest.info_line(
                request, None, content=b"right")], b"right")
        fields = [("Trailer", "Authentication-Info")]
        extra = [(line, "x")]
        return raw.response(200, fields + extra * (place == "header"),
                            b"wrong", trailer=extra * (place == "trailer"))

    url = peers(handle).url
    done = fetch(*LOGIN_ARGS, url + "/first", url + "/second")
    assert (done.code, done.out) == (PROOF, b"right"), done
    assert "proof-missed" in done.err
