# SPDX-License-Identifier: MIT
"""HTTP/2 over TLS for tests, by way of the h2 package."""
import collections
import socket
import ssl

import h2.config
import h2.connection
import h2.events

from support.wire import TIMEOUT, Response


class Connection:
    """One HTTP/2 connection; `send` any number of requests, then `receive`
    them all."""

    def __init__(self, address, source=None):
        context = ssl.create_default_context()
        context.check_hostname = False
        context.verify_mode = ssl.CERT_NONE
        context.set_alpn_protocols(["h2"])
        self.socket = context.wrap_socket(
            socket.create_connection(address, TIMEOUT,
                                     source_address=source),
            server_hostname="localhost")
        assert self.socket.selected_alpn_protocol() == "h2"
        self.authority = "%s:%d" % address
        self.trailers = []  # of what was received last
        self.h2 = h2.connection.H2Connection(
            h2.config.H2Configuration(header_encoding="latin-1"))
        self.h2.initiate_connection()
        self.flush()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.socket.close()

    def flush(self):
        self.socket.sendall(self.h2.data_to_send())

    def send(self, method="GET", path="/", fields=(), body=b""):
        stream = self.h2.get_next_available_stream_id()
        headers = [(":method", method), (":scheme", "https"),
                   (":authority", self.authority), (":path", path)]
        headers += [(name.lower(), value) for name, value in fields]
        self.h2.send_headers(stream, headers, end_stream=not body)
        if body:
            self.h2.send_data(stream, body, end_stream=True)
        self.flush()
        return stream

    def receive(self, streams):
        """{stream: Response} for all of `streams`."""
        heads, open_ = {}, set(streams)
        self.trailers = []
        bodies = collections.defaultdict(bytes)  # others may be open too
        while open_:
            octets = self.socket.recv(65536)
            assert octets, "closed"
            for event in self.h2.receive_data(octets):
                if isinstance(event, h2.events.ResponseReceived):
                    heads[event.stream_id] = event.headers
                elif isinstance(event, h2.events.TrailersReceived):
                    self.trailers += event.headers
                elif isinstance(event, h2.events.DataReceived):
                    bodies[event.stream_id] += event.data
                    self.h2.acknowledge_received_data(
                        event.flow_controlled_length, event.stream_id)
                elif isinstance(event, (h2.events.StreamEnded,
                                        h2.events.StreamReset)):
                    open_.discard(event.stream_id)
            self.flush()
        return {s: Response("HTTP/2", int(dict(heads[s])[":status"]), "",
                            [h for h in heads[s] if h[0] != ":status"],
                            bodies[s]) for s in streams}

    def exchange(self, *arguments, **keywords):
        stream = self.send(*arguments, **keywords)
        return self.receive([stream])[stream]
