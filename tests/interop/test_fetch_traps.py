# SPDX-License-Identifier: MIT
"""Three things libcurl does by itself with a program's own headers, each of
which would break Digest: it sends them again on a new connection when a
reused one turns out dead, it sends them with each new CONNECT, and it lends
tunnels without asking who opened them (test_curl_adapter_pool.c)."""
import pytest

from support import raw
from support.fetching import OK, PROOF, fetch
from support.fixtures import authority, peers  # pylint: disable=unused-import

LOGIN_ARGS = ["-u", f"{raw.USER}:{raw.PASSWORD}"]
PROXY_LOGIN = ["-U", f"{raw.USER}:{raw.PASSWORD}"]
BOTH_REQUIRED = ["--proof", "require", "--proxy-proof", "require"]


def counts(digest):
    """Counts that came, per nonce, in order of arrival."""
    found = {}
    for nonce, nc in digest.seen:
        found.setdefault(nonce, []).append(int(nc, 16))
    return list(found.values())


def dies_once(handler, target, digest):
    """Reads the first request for `target` on a reused connection, credentials
    and all, and drops the connection without an answer."""
    state = {"left": 1}

    def handle(request):
        if request.target == target and request.number > 1 and state["left"]:
            state["left"] -= 1
            assert digest.accepts(request)
            return raw.CLOSE
        return handler(request)
    return handle


def test_C_27_dead_connection_to_an_origin(peers):
    """C-27 dead connection to an origin."""
    digest = raw.Digest()
    peer = peers(dies_once(raw.guard(digest), "/2", digest))
    done = fetch(*LOGIN_ARGS, "--proof", "require", peer.url + "/1",
                 peer.url + "/2", peer.url + "/3", check=OK)
    assert done.out == b"secret\n" * 3
    # /2 arrived twice, by libcurl's own doing, and not with the same count.
    assert [r.target for r in peer.requests] == [
        "/1", "/1", "/2", "/2", "/3"]
    assert counts(digest) == [[1, 2, 3, 4]] and not digest.replays


def test_C_27_dead_connection_with_a_content(peers):
    """C-27 dead connection with a content."""
    digest = raw.Digest()
    peer = peers(dies_once(raw.guard(digest), "/2", digest))
    done = fetch(*LOGIN_ARGS, "--proof", "require", "-d", "a=b",
                 peer.url + "/1", peer.url + "/2", check=OK)
    assert done.out == b"secret\n" * 2
    assert not digest.replays and len(digest.seen) == 3
    assert all(r.body == b"a=b" for r in peer.requests)


def test_C_27_dead_connection_with_a_content_from_a_file(peers, tmp_path):
    """C-27 dead connection with a content from a file."""
    digest = raw.Digest()
    peer = peers(dies_once(raw.guard(digest), "/2", digest))
    content = tmp_path / "content"
    content.write_bytes(b"x" * 300000)
    done = fetch(*LOGIN_ARGS, "--proof", "require", "--data-binary",
                 f"@{content}", peer.url + "/1", peer.url + "/2", check=OK)
    assert done.out == b"secret\n" * 2
    assert not digest.replays and len(digest.seen) == 3
    assert {r.body_len for r in peer.requests} == {300000}


def test_C_27_dead_connection_to_a_proxy_renews_both_layers(peers):
    """C-27 dead connection to a proxy renews both layers."""
    origin, proxy = raw.Digest(), raw.Digest(proxy=True)
    dead = iter([True])

    def handle(request):
        if not proxy.accepts(request):
            return raw.response(407, [("Proxy-Authenticate",
                                       proxy.challenge())])
        if not origin.accepts(request):
            return raw.response(401, [("WWW-Authenticate", origin.challenge()),
                                      proxy.info_line(request)])
        if request.target.endswith("/2") and next(dead, False):
            return raw.CLOSE
        return raw.response(200, [origin.info_line(request),
                                  proxy.info_line(request)], b"secret\n")

    peer = peers(handle)
    done = fetch(*LOGIN_ARGS, *PROXY_LOGIN, *BOTH_REQUIRED, "-x", peer.url,
                 "http://a.example/1", "http://a.example/2", check=OK)
    assert done.out == b"secret\n" * 2
    assert not origin.replays and not proxy.replays
    assert len(counts(origin)[0]) == 3 and len(counts(proxy)[0]) == 4


def tunnel_proxy(digest, origin, hurt=None):
    def handle(request):
        if not digest.accepts(request):
            return raw.response(407, [(digest.challenge_name,
                                       digest.challenge())])
        fields = [] if hurt == "gone" else [digest.info_line(request, hurt)]
        return raw.Tunnel(raw.response(200, fields), origin.address)
    return handle


def test_C_27_every_new_connect_has_its_own_count(peers, authority):
    """C-27 every new connect has its own count.

    The origin closes after each response, so each URL needs a tunnel."""
    origin = peers(lambda request: raw.response(
        200, [("Connection", "close")], b"inside\n"), tls=authority.server())
    digest = raw.Digest(proxy=True)
    peer = peers(tunnel_proxy(digest, origin))
    urls = [f"{origin.url}/{i}" for i in range(5)]
    done = fetch(*PROXY_LOGIN, "-x", peer.url, "--cacert", authority.ca,
                 "--proxy-proof", "require", *urls, check=OK)
    assert done.out == b"inside\n" * 5
    assert counts(digest) == [[1, 2, 3, 4, 5]] and not digest.replays


def test_C_27_dead_tunnel_is_replaced_with_a_new_count(peers, authority):
    """C-27 dead tunnel is replaced with a new count.

    libcurl opens the second tunnel by itself, in the middle of a run."""
    dead = iter([True])

    def inside(request):
        if request.target == "/2" and next(dead, False):
            return raw.CLOSE
        return raw.response(200, [], b"inside\n")

    origin = peers(inside, tls=authority.server())
    digest = raw.Digest(proxy=True)
    peer = peers(tunnel_proxy(digest, origin))
    done = fetch(*PROXY_LOGIN, "-x", peer.url, "--cacert", authority.ca,
                 "--proxy-proof", "require", origin.url + "/1",
                 origin.url + "/2", check=OK)
    assert done.out == b"inside\n" * 2
    assert [r.method for r in peer.requests] == ["CONNECT"] * 3
    assert counts(digest) == [[1, 2]] and not digest.replays


def test_F_55_the_tunnel_libcurl_opens_by_itself_is_judged_too(peers,
                                                               authority):
    """F-55 the tunnel libcurl opens by itself is judged too."""
    dead = iter([True])

    def inside(request):
        if request.target == "/2" and next(dead, False):
            return raw.CLOSE
        return raw.response(200, [], b"inside\n")

    origin = peers(inside, tls=authority.server())
    digest = raw.Digest(proxy=True)
    right = tunnel_proxy(digest, origin)
    wrong = tunnel_proxy(digest, origin, "rspauth-changed")
    peer = peers(lambda request: (
        wrong if len(digest.seen) else right)(request))
    done = fetch(*PROXY_LOGIN, "-x", peer.url, "--cacert", authority.ca,
                 origin.url + "/1", origin.url + "/2")
    assert (done.code, done.out) == (PROOF, b"inside\n")
    assert bool(peer.tunnels[0].received)
    assert peer.tunnels[1].received == b""


@pytest.mark.parametrize("policy", ["require", "expect"])
def test_F_56_not_one_octet_enters_a_tunnel_of_an_impostor(peers, policy,
                                                           authority):
    """F-56 not one octet enters a tunnel of an impostor.

    The impostor says 200 and waits: a TLS hello would show."""
    digest = raw.Digest(proxy=True)

    def handle(request):
        if not digest.accepts(request):
            return raw.response(407, [("Proxy-Authenticate",
                                       digest.challenge())])
        return raw.Tunnel(raw.response(
            200, [digest.info_line(request, "rspauth-changed")]))

    for how in (["https://a.example/"],
                ["-p", "-d", "password=secret", "http://a.example/"]):
        peer = peers(handle)
        done = fetch(*PROXY_LOGIN, "-x", peer.url, "--proxy-proof", policy,
                     "--cacert", authority.ca, *how)
        assert (done.code, done.out) == (PROOF, b"")
        assert [t.received for t in peer.tunnels] == [b""]


def test_F_57_proxy_credentials_stay_out_of_the_tunnel(peers, authority):
    """F-57 proxy credentials stay out of the tunnel."""
    origin = peers(lambda request: raw.response(200, [], b"inside\n"),
                   tls=authority.server())
    digest = raw.Digest(proxy=True)
    peer = peers(tunnel_proxy(digest, origin))
    fetch(*PROXY_LOGIN, "-x", peer.url, "--cacert", authority.ca,
          "--proxy-header", "X-For-Proxy: 1", origin.url + "/", check=OK)
    assert not origin.requests[0].all("Proxy-Authorization")
    assert not origin.requests[0].all("X-For-Proxy")
    assert peer.requests[-1].all("X-For-Proxy") == ["1"]
    # And the origin's credentials are no business of the proxy's.
    assert all(not r.all("Authorization") for r in peer.requests)


def test_C_49_connect_hashes_host_and_port_as_sent(peers):
    """C-49 connect hashes host and port as sent."""
    digest = raw.Digest(proxy=True)
    peer = peers(lambda request: raw.response(
        407, [("Proxy-Authenticate", digest.challenge())])
        if not digest.accepts(request) else raw.response(503))
    for url, wanted in (("https://A.Example/", "a.example:443"),
                        ("https://a.example:8443/", "a.example:8443"),
                        ("https://[::1]/", "[::1]:443")):
        peer.requests.clear()
        digest.seen.clear()
        fetch(*PROXY_LOGIN, "-x", peer.url, url)
        last = peer.requests[-1]
        assert last.target == wanted
        assert digest.credentials(last)["uri"] == wanted
        assert len(digest.seen) == 1
