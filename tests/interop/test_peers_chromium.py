# SPDX-License-Identifier: MIT
"""Chromium logs in at the gateway, as an origin and as a proxy, and at
nginx."""
import re
import subprocess

import pytest

from support.browser import Browser
from support.guards import guard  # pylint: disable=unused-import
from support.origin import response
from support.peers import url

ORIGIN_LOGIN = {"Server": ("alice", "secret")}
PROXY_LOGIN = {"Proxy": ("alice", "proxy-secret")}


def through(address):
    """Flags: this proxy, also for what stands on this machine."""
    return ["--proxy-server=%s:%d" % address,
            "--proxy-bypass-list=<-loopback>"]


def uris(browser, field):
    """What the browser wrote as uri into that field, request by request."""
    return [re.search(r'uri="([^"]*)"', sent[field])[1]
            for sent in browser.sent if field in sent]


def test_it_logs_in_at_the_origin(origin, guard, tmp_path):
    """D-46 one dialog, then every page goes through."""
    gw = guard(origin=origin.url)
    with Browser(tmp_path, ORIGIN_LOGIN) as browser:
        first = browser.get(url(gw.origin, "/page?a=b"))
        second = browser.get(url(gw.origin, "/other"))
    assert (first.status, second.status) == (200, 200)
    assert "GET /page?a=b" in first.text
    assert "rspauth=" in first.headers["authentication-info"]
    assert browser.asked == {"Server": 1, "Proxy": 0}
    assert origin.seen[-1].all("X-Remote-User") == ["alice"]


def test_a_wrong_password_is_asked_for_again(origin, guard, tmp_path):
    """D-21 no stale=true, or the browser would not ask its user."""
    gw = guard(origin=origin.url)
    with Browser(tmp_path, {"Server": ("alice", "wrong")}) as browser:
        page = browser.get(url(gw.origin))
    assert page.status == 401
    assert browser.asked["Server"] == 2
    assert origin.seen == []


GALLERY = 40


def gallery(seen):
    """A page with many pictures, fetched in parallel on one nonce."""
    if seen.target == "/gallery":
        body = "".join(f'<img src="/picture/{i}">' for i in range(GALLERY))
        return response(200, body.encode(), [("Content-Type", "text/html")])
    if seen.target.startswith("/picture/"):
        return response(200, b"GIF89a", [("Content-Type", "image/gif")])
    return None


def test_many_pictures_at_once_cost_no_refusal(origin, guard, tmp_path):
    """D-24 counts over several connections, in any order: none refused."""
    origin.answer = gallery
    gw = guard(origin=origin.url)
    with Browser(tmp_path, ORIGIN_LOGIN) as browser:
        page = browser.get(url(gw.origin, "/gallery"))
    assert page.status == 200
    pictures = [s for s in origin.seen if s.target.startswith("/picture/")]
    assert len(pictures) == GALLERY
    # The first request of all, and at most what was under way before the
    # first 401 came (a favicon).
    assert gw.refusals() == {"no-credentials"}
    assert browser.asked["Server"] == 1


def test_an_old_nonce_does_not_trouble_its_user(origin, guard, tmp_path):
    """D-19 Chromium follows no nextnonce; stale=true spares its user."""
    gw = guard("--one-time", origin=origin.url)
    with Browser(tmp_path, ORIGIN_LOGIN) as browser:
        pages = [browser.get(url(gw.origin, f"/{i}")) for i in range(3)]
    assert [page.status for page in pages] == [200] * 3
    assert browser.asked["Server"] == 1
    assert gw.refused("origin", "one-time-used") >= 2


def test_it_logs_in_at_the_proxy(origin, gateway, tmp_path):
    """D-32 plain requests: the browser's uri is in origin form."""
    gw = gateway("--allow-dest", "127.0.0.1:%d" % origin.port, forward=True)
    with Browser(tmp_path, PROXY_LOGIN, *through(gw.proxy)) as browser:
        first = browser.get(origin.url + "/1")
        second = browser.get(origin.url + "/2")
    assert (first.status, second.status) == (200, 200)
    assert "rspauth=" in first.headers["proxy-authentication-info"]
    assert browser.asked == {"Server": 0, "Proxy": 1}
    assert "/2" in uris(browser, "proxy-authorization")
    assert not any(s.all("Proxy-Authorization") for s in origin.seen)


def test_a_wrong_password_does_not_pass_the_proxy(origin, gateway, tmp_path):
    """G-29 the browser is told 407 and asks again."""
    gw = gateway("--allow-dest", "127.0.0.1:%d" % origin.port, forward=True)
    with Browser(tmp_path, {"Proxy": ("alice", "secret")},
                 *through(gw.proxy)) as browser:
        browser.get(origin.url)
    assert browser.asked["Proxy"] == 2
    assert origin.seen == []


@pytest.fixture(scope="module")
def certificate(tmp_path_factory):
    """A certificate of a moment for localhost; (certificate, key)."""
    folder = tmp_path_factory.mktemp("tls")
    subprocess.run(
        ["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days",
         "2", "-subj", "/CN=localhost", "-keyout", folder / "key.pem",
         "-out", folder / "cert.pem"], check=True, capture_output=True)
    return folder / "cert.pem", folder / "key.pem"


def test_it_logs_in_at_proxy_and_origin_over_https(origin, gateway,
                                                   certificate, tmp_path):
    """G-22 D-33 CONNECT, and behind it a login at the origin over HTTP/2."""
    cert, key = certificate
    inner = gateway("--tls-cert", cert, "--tls-key", key, "--listen",
                    "origin=https://127.0.0.1:0", origin=origin.url)
    host, port = inner.origin
    outer = gateway("--allow-dest", f"127.0.0.1:{port}", "--connect-ports",
                    str(port), forward=True)
    with Browser(tmp_path, {**ORIGIN_LOGIN, **PROXY_LOGIN},
                 *through(outer.proxy)) as browser:
        page = browser.get(f"https://{host}:{port}/inside")
        again = browser.get(f"https://{host}:{port}/again")
    assert (page.status, again.status) == (200, 200)
    assert page.protocol == "h2"
    assert "rspauth=" in page.headers["authentication-info"]
    assert browser.asked == {"Server": 1, "Proxy": 1}
    assert [s.target for s in origin.seen if "favicon" not in s.target] == [
        "/inside", "/again"]
