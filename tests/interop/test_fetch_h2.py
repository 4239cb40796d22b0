# SPDX-License-Identifier: MIT
"""fetch over HTTP/2: many requests on one connection, in any order."""
import contextlib
import hashlib
import socket
import threading

import h2.config
import h2.connection
import h2.events
import pytest

from support import raw
from support.fetching import OK, PROOF, fetch
from support.fixtures import authority  # pylint: disable=unused-import

LOGIN_ARGS = ["-u", f"{raw.USER}:{raw.PASSWORD}", "--proof", "require"]


class H2Request(raw.Request):
    """A request of a stream, in the form the others have."""

    def __init__(self, headers):  # pylint: disable=super-init-not-called
        self.pseudo = {n: v for n, v in headers if n.startswith(":")}
        self.fields = [(n, v) for n, v in headers if not n.startswith(":")]
        self.method = self.pseudo[":method"]
        self.target = self.pseudo[":path"]
        self.body = b""
        self.body_hash = hashlib.sha256()


class H2Peer:
    """Answers streams in batches of `batch`, the last one first. `hurt`
    names what is wrong with the Info field of `/bad`."""

    def __init__(self, tls, digest, batch=1, hurt=None):
        tls.set_alpn_protocols(["h2"])
        self.tls = tls
        self.digest = digest
        self.batch = batch
        self.hurt = hurt
        self.requests = []
        self.connections = 0
        self.errors = []
        self.listener = socket.create_server(("127.0.0.1", 0))
        self.url = f"https://127.0.0.1:{self.listener.getsockname()[1]}"
        threading.Thread(target=self.accept, daemon=True).start()

    def close(self):
        self.listener.close()

    def accept(self):
        with contextlib.suppress(OSError):
            while True:
                client, _ = self.listener.accept()
                self.connections += 1
                threading.Thread(target=self.serve, args=(client,),
                                 daemon=True).start()

    def serve(self, plain):
        try:
            with self.tls.wrap_socket(plain, server_side=True) as client:
                client.settimeout(30)
                self.talk(client)
        except (OSError, EOFError):
            pass
        except Exception as error:  # pylint: disable=broad-except
            self.errors.append(repr(error))

    def talk(self, client):
        http = h2.connection.H2Connection(h2.config.H2Configuration(
            client_side=False, header_encoding="utf-8"))
        http.initiate_connection()
        client.sendall(http.data_to_send())
        waiting = []
        while data := client.recv(65536):
            for event in http.receive_data(data):
                if isinstance(event, h2.events.RequestReceived):
                    request = H2Request(event.headers)
                    self.requests.append(request)
                    if request.get("authorization") is None:
                        self.ask(http, event.stream_id)
                    else:
                        waiting.append((event.stream_id, request))
            if len(waiting) >= self.batch or (
                    waiting and len(self.digest.seen) + len(waiting) == 1):
                for stream, request in reversed(waiting):
                    self.answer(http, stream, request)
                waiting.clear()
            client.sendall(http.data_to_send())

    def ask(self, http, stream):
        http.send_headers(stream, [
            (":status", "401"),
            ("www-authenticate", self.digest.challenge())], end_stream=True)

    def answer(self, http, stream, request):
        if not self.digest.accepts(request):
            self.ask(http, stream)
            return
        hurt = self.hurt if request.target == "/bad" else None
        name, value = self.digest.info_line(request, hurt)
        http.send_headers(stream, [(":status", "200"),
                                   (name.lower(), value)])
        http.send_data(stream, request.target.encode() + b"\n",
                       end_stream=True)


@pytest.fixture
def h2_peers(authority):
    made = []

    def make(*args, **keywords):
        made.append(H2Peer(authority.server(), *args, **keywords))
        return made[-1]

    yield make
    for peer in made:
        peer.close()
    assert [e for peer in made for e in peer.errors] == []


def test_one_request(h2_peers, authority):
    """C-51, A-06: `:path` is hashed, names are in lower case."""
    digest = raw.Digest()
    peer = h2_peers(digest)
    done = fetch(*LOGIN_ARGS, "--cacert", authority.ca, "-i", "-X", "POST",
                 peer.url + "/a?", check=OK)
    assert done.out.startswith(b"HTTP/2 200")
    last = peer.requests[-1]
    assert last.pseudo[":path"] == "/a?" and last.method == "POST"
    assert "authorization" in [n for n, _ in last.fields]
    assert digest.credentials(last)["uri"] == "/a?"


def test_streams(h2_peers, authority, tmp_path):
    """F-01, C-28: each answer goes to the request of its stream, also when
    they come in the opposite order; no count is used twice."""
    digest = raw.Digest()
    peer = h2_peers(digest, batch=8)
    urls = [f"{peer.url}/{i}" for i in range(17)]
    done = fetch(*LOGIN_ARGS, "--cacert", authority.ca, "-Z",
                 "--parallel-max", "8", *urls, check=OK,
                 report=tmp_path / "report")
    assert sorted(done.out.split()) == sorted(
        f"/{i}".encode() for i in range(17))
    assert {t["origin"]["proof"] for t in done.report["transfers"]} == {
        "proved"}
    assert len(digest.seen) == 17 and not digest.replays
    assert peer.connections == 1


def test_one_stream_of_an_impostor(h2_peers, authority):
    """F-19: one stream's wrong proof withholds that body and no other."""
    digest = raw.Digest()
    peer = h2_peers(digest, hurt="rspauth-changed")
    done = fetch(*LOGIN_ARGS, "--cacert", authority.ca, peer.url + "/1",
                 peer.url + "/bad", peer.url + "/2")
    assert (done.code, done.out) == (PROOF, b"/1\n/2\n")
