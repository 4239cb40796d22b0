# SPDX-License-Identifier: MIT
"""Proxies of other kinds: over TLS, and SOCKS, which has no HTTP layer."""
import socket
import struct
import threading

import pytest

from support import raw
from support.fetching import LOGIN, OK, PROOF, fetch
from support.fixtures import authority, peers  # pylint: disable=unused-import

LOGIN_ARGS = ["-u", f"{raw.USER}:{raw.PASSWORD}"]
PROXY_LOGIN = ["-U", f"{raw.USER}:{raw.PASSWORD}"]


@pytest.mark.parametrize("hurt,code", [(None, OK), ("gone", PROOF)])
def test_F_51_a_proxy_over_tls(peers, authority, hurt, code):
    """F-51 a proxy over TLS: plain requests."""
    digest = raw.Digest(proxy=True)
    peer = peers(raw.guard(digest, hurt=hurt), tls=authority.server())
    done = fetch(*PROXY_LOGIN, "-x", peer.url, "--proxy-cacert", authority.ca,
                 "--proxy-proof", "require", "http://a.example/x")
    assert (done.code, done.out) == (code, b"secret\n" if not code else b"")
    assert peer.requests[-1].target == "http://a.example/x"


@pytest.mark.parametrize("hurt,code", [(None, OK), ("gone", PROOF)])
def test_F_56_a_tunnel_through_a_proxy_over_tls(peers, authority, hurt, code):
    """F-56 a tunnel through a proxy over TLS, to http."""
    origin = peers(lambda request: raw.response(200, [], b"inside\n"))
    digest = raw.Digest(proxy=True)

    def handle(request):
        if not digest.accepts(request):
            return raw.response(407, [("Proxy-Authenticate",
                                       digest.challenge())])
        fields = [] if hurt else [digest.info_line(request)]
        return raw.Tunnel(raw.response(200, fields), origin.address)

    peer = peers(handle, tls=authority.server())
    done = fetch(*PROXY_LOGIN, "-x", peer.url, "--proxy-cacert", authority.ca,
                 "--proxy-proof", "require", "-p", "http://a.example/1",
                 "http://a.example/2")
    assert done.code == code
    assert done.out == (b"" if code else b"inside\n" * 2)
    assert len(origin.requests) == (0 if code else 2)


def test_H_16_the_certificate_of_a_proxy_is_checked(peers, authority):
    """H-16 the certificate of a proxy is checked, apart from the server's."""
    peer = peers(raw.guard(raw.Digest(proxy=True)), tls=authority.server())
    args = [*PROXY_LOGIN, "-x", peer.url, "http://a.example/"]
    assert fetch("--cacert", authority.ca, "-k", *args).code == 60
    assert not peer.requests
    fetch("--proxy-insecure", *args, check=OK)


class Socks:
    """A SOCKS5 server without login that connects everything to one place."""

    def __init__(self, to):
        self.to = to
        self.asked = []
        self.listener = socket.create_server(("127.0.0.1", 0))
        self.port = self.listener.getsockname()[1]
        threading.Thread(target=self.accept, daemon=True).start()

    def accept(self):
        while True:
            try:
                client, _ = self.listener.accept()
            except OSError:
                return
            threading.Thread(target=self.serve, args=(client,),
                             daemon=True).start()

    def serve(self, client):
        with client:
            count = client.recv(2)[1]
            client.recv(count)
            client.sendall(b"\5\0")
            _, _, _, kind = client.recv(4)
            host = client.recv(4) if kind == 1 else client.recv(
                client.recv(1)[0])
            port = struct.unpack(">H", client.recv(2))[0]
            self.asked.append((host, port))
            client.sendall(b"\5\0\0\1\0\0\0\0\0\0")
            with socket.create_connection(self.to) as server:
                # pylint: disable=protected-access
                raw.Peer._splice(client, server, raw.Tunnel(b""))


def test_F_51_a_socks_proxy_is_no_layer(peers, tmp_path):
    """F-51 a SOCKS proxy is no layer: the origin's proof counts alone."""
    digest = raw.Digest()
    peer = peers(raw.guard(digest))
    socks = Socks(peer.address)
    done = fetch(*LOGIN_ARGS, *PROXY_LOGIN, "--proof", "require",
                 "--proxy-proof", "require", "-x",
                 f"socks5h://127.0.0.1:{socks.port}", "http://a.example/x?",
                 report=tmp_path / "report", check=OK)
    socks.listener.close()
    assert done.out == b"secret\n" and done.first["proxy"] is None
    assert socks.asked[0] == (b"a.example", 80)
    assert peer.requests[-1].target == "/x?"
    assert not peer.requests[-1].all("Proxy-Authorization")


def test_H_30_a_407_behind_a_socks_proxy_is_final(peers):
    """H-30 a 407 behind a SOCKS proxy is no question of a proxy's."""
    digest = raw.Digest(proxy=True)
    peer = peers(raw.guard(digest))
    socks = Socks(peer.address)
    done = fetch(*PROXY_LOGIN, "-x", f"socks5h://127.0.0.1:{socks.port}",
                 "http://a.example/")
    socks.listener.close()
    assert done.code == LOGIN and "wrong-layer" in done.err
    assert len(peer.requests) == 1
