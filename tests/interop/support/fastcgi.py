# SPDX-License-Identifier: MIT
"""A small FastCGI application: it notes what it was given, and says so."""
import socket
import struct
import threading

BEGIN, END, PARAMS, STDIN, STDOUT = 1, 3, 4, 5, 6


def length(data, at):
    if data[at] < 128:
        return data[at], at + 1
    return struct.unpack_from(">I", data, at)[0] & 0x7fffffff, at + 4


def pairs(data):
    """Names and values of a PARAMS stream."""
    found = {}
    at = 0
    while at < len(data):
        names, at = length(data, at)
        values, at = length(data, at)
        name = data[at:at + names].decode()
        found[name] = data[at + names:at + names + values].decode("latin-1")
        at += names + values
    return found


class FastCgi:
    """Serves on 127.0.0.1 until `close`; `/status/NNN` answers with that."""

    def __init__(self):
        self.socket = socket.create_server(("127.0.0.1", 0))
        self.address = "127.0.0.1:%d" % self.socket.getsockname()[1]
        self.seen = []  # (parameters, content)
        threading.Thread(target=self.accept, daemon=True).start()

    def close(self):
        self.socket.shutdown(socket.SHUT_RDWR)
        self.socket.close()

    def accept(self):
        while True:
            try:
                peer, _ = self.socket.accept()
            except OSError:
                return
            with peer:
                self.serve(peer.makefile("rwb"))

    def serve(self, stream):
        streams = {PARAMS: b"", STDIN: b""}
        while True:
            _, kind, number, size, padding = struct.unpack(
                ">BBHHBx", stream.read(8))
            data = stream.read(size)
            stream.read(padding)
            if kind in streams:
                streams[kind] += data
            if kind == STDIN and not data:
                break
        given = pairs(streams[PARAMS])
        self.seen.append((given, streams[STDIN]))
        status = given["REQUEST_URI"].rpartition("/status/")[2]
        status = status if status.isdigit() else "200"
        self.put(stream, STDOUT, number,
                 f"Status: {status}\r\nContent-Type: text/plain\r\n\r\n"
                 "from the application\n".encode())
        self.put(stream, END, number, bytes(8))
        stream.flush()

    @staticmethod
    def put(stream, kind, number, data):
        stream.write(struct.pack(">BBHHBx", 1, kind, number, len(data), 0))
        stream.write(data)
