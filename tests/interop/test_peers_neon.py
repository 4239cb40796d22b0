# SPDX-License-Identifier: MIT
"""neon, the one C client that verifies rspauth and follows nextnonce: a
program over it, and cadaver, log in at the gateway and at nginx."""
import pathlib
import re
import shutil
import subprocess

import pytest

from support import raw
from support.guards import guard  # pylint: disable=unused-import
from support.origin import response
from support.peers import run, url

SOURCE = pathlib.Path(__file__).parent / "support" / "neon_peer.c"


@pytest.fixture(scope="module")
def neon(tmp_path_factory):
    """Runs the program: neon(address, "user:password", requests, proxy=)."""
    program = tmp_path_factory.mktemp("neon") / "neon_peer"
    flags = subprocess.run(["pkg-config", "--cflags", "--libs", "neon"],
                           check=True, capture_output=True,
                           text=True).stdout.split()
    subprocess.run(["gcc", "-std=c11", "-Wall", "-Wextra", "-Werror", SOURCE,
                    "-o", program, *flags], check=True)

    def ask(address, login, requests, proxy=None):
        command = [program, *address, *login.split(":")]
        if proxy:
            command += [*proxy[0], *proxy[1].split(":")]
        done = run(*command, input="\n".join(requests) + "\n")
        assert done.returncode == 0, done.stderr
        return done.stdout.splitlines()

    return ask


# --- neon really checks: a peer that proves itself, rightly or not ------------

@pytest.fixture
def peer():
    made = []

    def make(hurt):
        digest = raw.Digest()

        def handle(request):
            if not digest.accepts(request):
                return raw.response(401, [(digest.challenge_name,
                                           digest.challenge())], b"no\n")
            return raw.response(200, [digest.info_line(request, hurt)])

        made.append(raw.Peer(handle))
        return made[-1]

    yield make
    for one in made:
        one.close()


LOGIN = f"{raw.USER}:{raw.PASSWORD}"


def test_neon_takes_a_right_proof(neon, peer):
    assert neon(peer(None).address, LOGIN, ["GET /"]) == ["200 origin"]


@pytest.mark.parametrize("hurt", ["rspauth-changed", "cnonce-swapped",
                                  "nc-swapped"])
def test_neon_notices_a_wrong_proof(hurt, neon, peer):
    """Without this, what follows would show nothing."""
    said = neon(peer(hurt).address, LOGIN, ["GET /"])
    assert len(said) == 1 and said[0].startswith("error "), said


# --- at the gateway -----------------------------------------------------------

@pytest.mark.parametrize("algorithm", ["SHA-256", "SHA-512-256", "MD5"])
def test_it_logs_in_and_takes_our_proof(algorithm, neon, origin, guard):
    """E-14 C-02 rspauth as another author computes it, on every request."""
    gw = guard("--algorithm", algorithm, origin=origin.url,
                 users=[("alice", "the application", "secret", algorithm)])
    said = neon(gw.origin, "alice:secret",
                ["GET /1?a=b", "HEAD /2", "OPTIONS /3", "GET /4"])
    assert said == ["200 origin"] * 4
    assert gw.refused("origin", "no-credentials") == 1
    assert origin.seen[-1].all("X-Remote-User") == ["alice"]


@pytest.mark.parametrize("status", [204, 206, 302, 304, 403, 404, 500])
def test_it_takes_our_proof_on_every_status(status, neon, origin, guard):
    """E-05 errors and redirects, too, carry the proof."""
    gw = guard(origin=origin.url)
    said = neon(gw.origin, "alice:secret", [f"GET /status/{status}"] * 2)
    assert said == [f"{status} origin"] * 2
    assert len(origin.seen) == 2


def test_it_follows_nextnonce_without_a_refusal(neon, origin, guard):
    """E-30 E-36 one-time nonces: each response brings the next one."""
    gw = guard("--one-time", origin=origin.url)
    said = neon(gw.origin, "alice:secret", ["GET /"] * 20)
    assert said == ["200 origin"] * 20
    assert gw.refused("origin", "no-credentials") == 1
    assert gw.refused("origin", "one-time-used") == 0


def test_a_wrong_password_stays_outside(neon, origin, guard):
    """D-38 refused, and neon does not ask twice."""
    gw = guard(origin=origin.url)
    said = neon(gw.origin, "alice:wrong", ["GET /"])
    assert said == ["401"] or "authenticate" in said[0], said
    assert origin.seen == []


def forward(gateway, address, *options):
    return gateway("--allow-dest", "127.0.0.1:%d" % address[1], *options,
                   forward=True)


def test_it_logs_in_at_the_proxy(neon, origin, gateway):
    """E-08 D-30 Proxy-Authentication-Info as another author computes it."""
    gw = forward(gateway, origin.address)
    said = neon(origin.address, "x:y", ["GET /1", "GET /status/404"],
                proxy=(gw.proxy, "alice:proxy-secret"))
    assert said == ["200 proxy", "404 proxy"]
    assert gw.refused("proxy", "no-credentials") == 1
    assert not origin.seen[-1].all("Proxy-Authorization")


def test_it_logs_in_at_both(neon, origin, gateway):
    """F-52 F-53 two proofs, each held against its own layer."""
    inner = gateway(origin=origin.url)
    outer = forward(gateway, inner.origin)
    said = neon(inner.origin, "alice:secret", ["GET /1", "GET /2"],
                proxy=(outer.proxy, "alice:proxy-secret"))
    assert said == ["200 origin proxy"] * 2
    assert [seen.target for seen in origin.seen] == ["/1", "/2"]


def test_a_wrong_password_does_not_pass_the_proxy(neon, origin, gateway):
    """G-29 the origin's password is not the proxy's."""
    gw = forward(gateway, origin.address)
    said = neon(origin.address, "x:y", ["GET /"],
                proxy=(gw.proxy, "alice:secret"))
    assert said == ["407"] or "authenticate" in said[0], said
    assert origin.seen == []


# --- cadaver ------------------------------------------------------------------

LISTING = b"""<?xml version="1.0" encoding="utf-8"?>
<D:multistatus xmlns:D="DAV:"><D:response><D:href>/</D:href><D:propstat>
<D:prop><D:resourcetype><D:collection/></D:resourcetype></D:prop>
<D:status>HTTP/1.1 200 OK</D:status></D:propstat></D:response>
<D:response><D:href>/notes.txt</D:href><D:propstat><D:prop>
<D:resourcetype/><D:getcontentlength>42</D:getcontentlength></D:prop>
<D:status>HTTP/1.1 200 OK</D:status></D:propstat></D:response>
</D:multistatus>"""


def webdav(seen):
    """As little WebDAV as cadaver's `ls` needs."""
    if seen.method == "PROPFIND":
        return response(207, LISTING, [("Content-Type", "text/xml")])
    if seen.method == "OPTIONS":
        return response(200, fields=[("DAV", "1")])
    return None


def test_cadaver_lists_a_folder(origin, guard, tmp_path):
    """D-37 E-07 PROPFIND and OPTIONS are methods like others."""
    if not shutil.which("cadaver"):
        pytest.fail("cadaver is not installed; run scripts/setup")
    origin.answer = webdav
    gw = guard(origin=origin.url)
    (tmp_path / ".netrc").write_text(
        f"machine {gw.origin[0]} login alice password secret\n")
    (tmp_path / ".netrc").chmod(0o600)
    done = run("cadaver", url(gw.origin), cwd=tmp_path, input="ls\nquit\n")
    assert re.search(r"notes\.txt\s+42", done.stdout), (done.stdout,
                                                        done.stderr)
    assert {seen.method for seen in origin.seen} >= {"OPTIONS", "PROPFIND"}
    assert {name for seen in origin.seen
            for name in seen.all("X-Remote-User")} == {"alice"}
