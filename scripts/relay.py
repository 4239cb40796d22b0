# SPDX-License-Identifier: MIT
"""A listener on the wire: passes octets on and keeps the message heads."""
import re
import socket
import threading
import urllib.parse

HEAD = re.compile(rb"((?:[A-Z]+ [^\r\n]* HTTP/1\.1|HTTP/1\.1 [^\r\n]*)\r\n"
                  rb"(?:[^\r\n]+\r\n)*)\r\n")


class Message:
    """The head of a request or response."""

    def __init__(self, octets):
        self.start, *lines = octets.decode("latin-1").rstrip().split("\r\n")
        self.fields = {}
        for line in lines:
            name, _, value = line.partition(":")
            self.fields[name.lower()] = value.strip()

    @property
    def status(self):
        return self.start.split(" ")[1]


class Relay:
    """Stands before the server at `url` and has a `url` of its own."""

    def __init__(self, url):
        parts = urllib.parse.urlsplit(url)
        self.server = (parts.hostname, parts.port)
        self.listener = socket.create_server(("127.0.0.1", 0))
        self.url = "http://127.0.0.1:%d" % self.listener.getsockname()[1]
        self.connections = []
        threading.Thread(target=self.accept, daemon=True).start()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.listener.close()

    def accept(self):
        while True:
            try:
                client, _ = self.listener.accept()
            except OSError:
                return
            server = socket.create_connection(self.server)
            heard = (bytearray(), bytearray())
            self.connections.append(heard)
            for source, sink, kept in ((client, server, heard[0]),
                                       (server, client, heard[1])):
                threading.Thread(target=self.copy, args=(source, sink, kept),
                                 daemon=True).start()

    @staticmethod
    def copy(source, sink, kept):
        try:
            while octets := source.recv(65536):
                kept += octets
                sink.sendall(octets)
        except OSError:
            pass
        try:
            sink.shutdown(socket.SHUT_WR)
        except OSError:
            pass

    def exchanges(self):
        """(request, response) heads, connection by connection."""
        pairs = []
        for requests, responses in self.connections:
            pairs += zip(map(Message, HEAD.findall(bytes(requests))),
                         map(Message, HEAD.findall(bytes(responses))))
        return pairs
