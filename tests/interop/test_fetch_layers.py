# SPDX-License-Identifier: MIT
"""Origin and proxy at once: neither stands in for the other."""
import pytest

from support import raw
from support.fetching import LOGIN, OK, PROOF, fetch
from support.fixtures import peers  # pylint: disable=unused-import

LOGIN_ARGS = ["-u", f"{raw.USER}:{raw.PASSWORD}"]
PROXY_LOGIN = ["-U", f"{raw.USER}:{raw.PASSWORD}"]


@pytest.mark.parametrize("origin,proxy,body", [
    ("require", "expect", b""), ("expect", "require", b""),
    ("expect", "expect", b"no\n"), ("off", "off", b"no\n")])
def test_F_21_a_proxy_refusal_shows_its_body_as_both_policies_say(
        peers, origin, proxy, body):
    """F-21 a proxy's refusal shows its body as both policies say."""
    peer = peers(raw.plain_proxy(raw.Digest(proxy=True, password="another")))
    done = fetch(*PROXY_LOGIN, "--proof", origin, "--proxy-proof", proxy, "-x",
                 peer.url, "http://a.example/")
    assert (done.code, done.out) == (LOGIN, body)


def test_F_53_each_layer_proves_itself(peers, tmp_path):
    """F-53 each layer proves itself.

    One layer's right proof does not make up for the other's."""
    for bad in ("origin", "proxy"):
        origin, proxy = raw.Digest(), raw.Digest(proxy=True)

        def answer(request):
            if not origin.accepts(request):
                return 401, [("WWW-Authenticate", origin.challenge())], b""
            hurt = "rspauth-changed" if bad == "origin" else None
            return 200, [origin.info_line(request, hurt)], b"secret\n"

        hurt = "rspauth-changed" if bad == "proxy" else None
        peer = peers(raw.plain_proxy(proxy, hurt, answer))
        done = fetch(*LOGIN_ARGS, *PROXY_LOGIN, "-x", peer.url,
                     "http://a.example/", report=tmp_path / bad)
        assert (done.code, done.out) == (PROOF, b"")
        assert done.first["failure"]["layer"] == bad


def test_F_52_both_layers_in_one_request(peers, tmp_path):
    """E-08: the proxy proves itself on the origin's 401 too."""
    origin, proxy = raw.Digest(), raw.Digest(proxy=True)

    def answer(request):
        if not origin.accepts(request):
            return 401, [("WWW-Authenticate", origin.challenge())], b"no\n"
        return 200, [origin.info_line(request)], b"secret\n"

    peer = peers(raw.plain_proxy(proxy, None, answer))
    done = fetch(*LOGIN_ARGS, *PROXY_LOGIN, "-x", peer.url, "--proof",
                 "require", "--proxy-proof", "require", "http://a.example/x",
                 report=tmp_path / "report", check=OK)
    assert done.out == b"secret\n"
    assert done.first["proxy"]["proof"] == done.first["origin"]["proof"] == \
        "proved"
    last = peer.requests[-1]
    a, p = origin.credentials(last), proxy.credentials(last)
    assert a["uri"] == p["uri"] == "http://a.example/x"
    assert a["cnonce"] != p["cnonce"] and a["nonce"] != p["nonce"]


def test_G_30_a_proxy_that_is_silent_on_a_401_is_not_answered_through(peers):
    """G-30 a proxy that is silent on a 401 is not answered through.

    Under require the origin's challenge is not answered by way of a proxy
    that did not prove itself."""
    origin, proxy = raw.Digest(), raw.Digest(proxy=True)

    def answer(request):
        return 401, [("WWW-Authenticate", origin.challenge())], b"no\n"

    peer = peers(raw.plain_proxy(proxy, "gone", answer))
    done = fetch(*LOGIN_ARGS, *PROXY_LOGIN, "-x", peer.url, "--proxy-proof",
                 "require", "http://a.example/")
    assert (done.code, done.out) == (PROOF, b"")
    assert all(not r.all("Authorization") for r in peer.requests)


def test_H_30_a_407_from_an_origin_is_not_answered(peers):
    """H-30 a 407 from an origin is not answered."""
    proxy = raw.Digest(proxy=True)
    peer = peers(lambda request: raw.response(
        407, [("Proxy-Authenticate", proxy.challenge())], b"give\n"))
    done = fetch(*LOGIN_ARGS, *PROXY_LOGIN, peer.url)
    assert done.code == LOGIN and "wrong-layer" in done.err
    assert len(peer.requests) == 1


def test_H_30_a_401_to_connect_is_not_answered(peers):
    """H-30 a 401 to connect is not answered."""
    origin = raw.Digest()
    peer = peers(lambda request: raw.response(
        401, [("WWW-Authenticate", origin.challenge())], b"give\n"))
    done = fetch(*LOGIN_ARGS, *PROXY_LOGIN, "-x", peer.url, "-p",
                 "http://a.example/")
    assert done.code not in (OK, LOGIN, PROOF) and done.out == b""
    assert len(peer.requests) == 1


def test_F_54_proxy_fields_inside_a_tunnel_count_for_nothing(peers, tmp_path):
    """F-54 proxy fields inside a tunnel count for nothing.

    A 407 inside is no question of the proxy's; Proxy-Authentication-Info
    of the origin is no answer of the proxy's."""
    proxy = raw.Digest(proxy=True)
    inner = {
        "/info": lambda: raw.response(200, [
            ("Proxy-Authentication-Info", 'rspauth="00", nextnonce="evil", '
             'cnonce="x", nc=00000001, qop=auth')], b"inside\n"),
        "/ask": lambda: raw.response(407, [
            ("Proxy-Authenticate", proxy.challenge())], b"give\n"),
    }
    origin = peers(lambda request: inner[request.target]())

    def handle(request):
        if not proxy.accepts(request):
            return raw.response(407, [("Proxy-Authenticate",
                                       proxy.challenge())])
        return raw.Tunnel(raw.response(200, [proxy.info_line(request)]),
                          origin.address)

    peer = peers(handle)
    done = fetch(*PROXY_LOGIN, "-x", peer.url, "-p", "--proxy-proof",
                 "require", "http://a.example/info", check=OK,
                 report=tmp_path / "report")
    assert done.out == b"inside\n"
    assert done.first["proxy"]["proof"] == "proved"
    done = fetch(*PROXY_LOGIN, "-x", peer.url, "-p", "http://a.example/ask")
    assert done.code == LOGIN and "wrong-layer" in done.err
    assert all(not r.all("Proxy-Authorization") for r in origin.requests)


@pytest.mark.parametrize("status", [403, 502, 407])
def test_F_21_a_refused_connect_is_judged_too(peers, status):
    """F-21 a refused connect is judged too."""
    proxy = raw.Digest(proxy=True)
    wrong = raw.Digest(proxy=True, password="another")

    def handle(request, digest, hurt):
        if not digest.accepts(request):
            return raw.response(407, [("Proxy-Authenticate",
                                       digest.challenge())], b"no\n")
        fields = [] if hurt else [digest.info_line(request)]
        return raw.response(status, fields, b"no\n")

    url = "https://a.example/"
    args = [*PROXY_LOGIN, "--proxy-proof", "require", url]
    if status == 407:
        peer = peers(lambda request: handle(request, wrong, None))
        assert fetch("-x", peer.url, *args).code == LOGIN
        return
    proved = peers(lambda request: handle(request, proxy, None))
    done = fetch("-x", proved.url, *args)
    assert done.code == 56 and str(status) in done.err
    silent = peers(lambda request: handle(request, proxy, True))
    assert fetch("-x", silent.url, *args).code == PROOF
