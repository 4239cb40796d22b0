# SPDX-License-Identifier: MIT
"""The gateway logs in to real servers for its callers: Apache httpd, lighttpd,
and a gateway that stands before an application."""
import pytest

from support import engines, wire
from support.gateway import login
from support.origin import Origin

LOGIN = f"{engines.USER}:{engines.PASSWORD}"


def make(maker, url, folder, *more, who=LOGIN):
    logins = folder / "logins"
    logins.write_text(f"{url}={who}\n")
    logins.chmod(0o600)
    user = who.split(":", maxsplit=1)[0]
    return maker("--present", f"{url}={user}", "--present-user-file", logins,
                 *more, origin=url)


def ask(gate, method="GET", path="/page", count=3):
    own = login(gate.origin, path)
    found = []
    for _ in range(count):
        sent = own.credentials(method, path)
        with wire.Connection(gate.origin) as connection:
            got = connection.exchange(method, path, [("Authorization", sent)],
                                      b"x" if method == "POST" else b"")
        assert own.proves(got.one("Authentication-Info"), sent, path)
        found.append((got.status, got.body))
    return found


@pytest.mark.parametrize("proof", ["require", "off"])
def test_httpd(gateway, tmp_path, proof):
    """httpd has MD5 alone, and proves itself, but not in what it says of pages
    that are not there; without a word for MD5 it gets no login."""
    peer = engines.httpd()
    try:
        gate = make(gateway, peer.url, tmp_path, "--present-allow",
                    f"{peer.url}=md5", "--present-proof", proof)
        assert ask(gate) == [(200, b"inside\n")] * 3
        assert ask(gate, path="/none", count=1)[0][0] == (
            404 if proof == "off" else 502)
        assert gate.metrics()["countersign_present_challenges_total"] == 1
        assert ask(make(gateway, peer.url, tmp_path))[0][0] == 502
    finally:
        peer.close()


@pytest.mark.parametrize("algorithm", ["MD5", "SHA-256"])
def test_lighttpd(gateway, tmp_path, algorithm):
    """lighttpd takes logins and proves nothing: it passes with the proof off,
    and with `require` nothing of its page does."""
    peer = engines.lighttpd(algorithm)
    allow = (["--present-allow", f"{peer.url}=md5"] if algorithm == "MD5"
             else [])
    try:
        gate = make(gateway, peer.url, tmp_path, *allow, "--present-proof",
                    "off")
        assert ask(gate) == [(200, b"inside\n")] * 3
        gate = make(gateway, peer.url, tmp_path, *allow)
        for status, body in ask(gate):
            assert (status, body) == (502, b"502 Bad Gateway\n")
    finally:
        peer.close()


@pytest.mark.parametrize("method", ["GET", "HEAD", "POST"])
@pytest.mark.parametrize("more", [[], ["--one-time"],
                                  ["--nonce-life", "500ms"]])
def test_gateway(gateway, tmp_path, method, more):
    """Another gateway before the application: every nonce policy of its, with
    its proof, for callers who have no login there."""
    behind = Origin()
    inner = gateway(*more, origin=behind.url)
    url = f"http://127.0.0.1:{inner.origin[1]}"
    gate = make(gateway, url, tmp_path, who="bob:hunter2")
    for status, _ in ask(gate, method, count=6):
        assert status == 200
    assert {v for s in behind.seen for v in s.all("X-Remote-User")} == {"bob"}
    assert gate.metrics()["countersign_present_proofs_total"] == 6
    if "--nonce-life" not in more:
        assert gate.metrics()["countersign_present_challenges_total"] == 1
    behind.close()
