# SPDX-License-Identifier: MIT
"""An HTTP/2 server over TLS that logs clients in, for tests of clients."""
import contextlib
import hashlib
import socket
import threading

import h2.config
import h2.connection
import h2.events

from support import raw


class H2Request(raw.Request):
    """A request of a stream, in the form the others have."""

    def __init__(self, headers):  # pylint: disable=super-init-not-called
        self.pseudo = {n: v for n, v in headers if n.startswith(":")}
        self.fields = [(n, v) for n, v in headers if not n.startswith(":")]
        self.method = self.pseudo[":method"]
        self.target = self.pseudo[":path"]
        self.body = b""
        self.body_hash = hashlib.sha256()

    def take(self, data):
        self.body += data
        self.body_hash.update(data)


class H2Peer:
    """Answers streams in batches of `batch`, the last one first. `hurt`
    names what is wrong with the Info field of `/bad`; `trailer` puts the
    field behind the content."""

    def __init__(self, tls, digest, batch=1, hurt=None, trailer=False):
        tls.set_alpn_protocols(["h2"])
        self.tls = tls
        self.digest = digest
        self.batch = batch
        self.hurt = hurt
        self.trailer = trailer
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
        streams = {}
        while data := client.recv(65536):
            for event in http.receive_data(data):
                if isinstance(event, h2.events.RequestReceived):
                    streams[event.stream_id] = H2Request(event.headers)
                elif isinstance(event, h2.events.DataReceived):
                    streams[event.stream_id].take(event.data)
                    http.acknowledge_received_data(
                        event.flow_controlled_length, event.stream_id)
                elif isinstance(event, h2.events.StreamEnded):
                    request = streams.pop(event.stream_id)
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
        body = request.target.encode() + b"\n"
        name, value = self.digest.info_line(request, hurt, content=body)
        info = [(name.lower(), value)]
        http.send_headers(stream, [(":status", "200")] +
                          ([] if self.trailer else info))
        http.send_data(stream, body, end_stream=not self.trailer)
        if self.trailer:
            http.send_headers(stream, info, end_stream=True)
