# SPDX-License-Identifier: MIT
"""Peers over plain sockets, for tests of clients.

A Peer reads requests octet for octet and answers what its handler says, so it
can be right, wrong, or wrong in just one place (raw_digest).
"""
import contextlib
import hashlib
import itertools
import select
import socket
import ssl
import threading

from support.raw_digest import (HURTS, PASSWORD, USER, Digest, flip, on_wire,
                                quoted)

__all__ = ["CLOSE", "Digest", "HURTS", "Last", "PASSWORD", "Parts", "Peer",
           "Request", "Streamed", "Tunnel", "USER", "flip", "guard", "on_wire",
           "plain_proxy", "quoted", "response"]


class Request:
    """What a client sent: the request line and fields as they came."""

    def __init__(self, head, connection, number):
        lines = head.decode("latin-1").split("\r\n")
        self.line = lines[0]
        self.method, self.target, self.version = lines[0].split(" ", 2)
        self.fields = [tuple(s.strip() for s in line.split(":", 1))
                       for line in lines[1:]]
        self.connection = connection
        self.number = number
        self.raw = head
        self.secure = False
        self.body = b""
        self.body_len = 0
        self.body_hash = hashlib.sha256()

    def all(self, name):
        return [v for n, v in self.fields if n.lower() == name.lower()]

    def get(self, name):
        values = self.all(name)
        return values[0] if values else None


KEEP_BODY = 1 << 20  # of longer bodies only length and hash are kept


def response(status, fields=(), body=b"", reason="Because", trailer=()):
    """A whole response. With a trailer it is chunked."""
    head = [f"HTTP/1.1 {status} {reason}"]
    head += [f"{n}: {v}" for n, v in fields]
    names = {n.lower() for n, _ in fields}
    if trailer:
        head.append("Transfer-Encoding: chunked")
        tail = "".join(f"{n}: {v}\r\n" for n, v in trailer).encode()
        body = b"%x\r\n%s\r\n0\r\n%s\r\n" % (len(body), body, tail)
    elif "content-length" not in names and status not in (204, 304) and \
            not 100 <= status < 200:
        head.append(f"Content-Length: {len(body)}")
    return "\r\n".join(head).encode("latin-1") + b"\r\n\r\n" + body


class Tunnel:
    """An answer to CONNECT: `head`, then octets to and from `to`, or nothing
    but listening. `received` is what the client sent into it."""

    def __init__(self, head, to=None):
        self.head = head
        self.to = to
        self.received = b""


class Last(bytes):
    """Octets after which the connection ends."""


class Parts:
    """Octets, then others when the event is set."""

    def __init__(self, first, event, then):
        self.first = first
        self.event = event
        self.then = then


class Streamed:
    """`send(socket)` writes the whole response, however long it is."""

    def __init__(self, send):
        self.send = send


CLOSE = object()  # a handler's answer: drop the connection without a word


class Peer:
    """A server on a loopback port of its own. `handler(request)` returns
    octets, a Tunnel, or CLOSE; it runs on the connection's thread. With
    `either` connections that do not begin with TLS are served as they are."""

    def __init__(self, handler, tls=None, expect=None, hash_bodies=True,
                 either=False):
        self.handler = handler
        self.tls = tls
        self.expect = expect
        self.hash_bodies = hash_bodies
        self.either = either
        self.requests = []
        self.tunnels = []
        self.errors = []
        self.lock = threading.Lock()
        self.sockets = set()
        self.connections = 0
        self.listener = socket.socket()
        self.listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        self.listener.bind(("127.0.0.1", 0))
        self.listener.listen(128)
        self.port = self.listener.getsockname()[1]
        self.closing = False
        self.thread = threading.Thread(target=self._accept, daemon=True)
        self.thread.start()

    @property
    def url(self):
        return f"{'https' if self.tls else 'http'}://127.0.0.1:{self.port}"

    @property
    def address(self):
        return ("127.0.0.1", self.port)

    def close(self):
        self.closing = True
        with contextlib.suppress(OSError):
            self.listener.shutdown(socket.SHUT_RDWR)
        self.listener.close()
        with self.lock:
            for s in list(self.sockets):
                with contextlib.suppress(OSError):
                    s.shutdown(socket.SHUT_RDWR)
        self.thread.join(5)

    def _accept(self):
        while True:
            try:
                client, _ = self.listener.accept()
            except OSError:
                return
            with self.lock:
                self.connections += 1
                number = self.connections
                self.sockets.add(client)
            threading.Thread(target=self._serve, args=(client, number),
                             daemon=True).start()

    def _serve(self, client, number):
        plain = client
        try:
            client.settimeout(60)
            if self.tls and not (
                    self.either and
                    client.recv(1, socket.MSG_PEEK) != b"\x16"):
                client = self.tls.wrap_socket(client, server_side=True)
            self._talk(client, number, client is not plain)
        except (OSError, ssl.SSLError):
            pass  # the client went away, or trusts nobody: its own affair
        except Exception as error:  # pylint: disable=broad-except
            if not self.closing:
                self.errors.append(repr(error))
        finally:
            with self.lock:
                self.sockets.discard(plain)
            with contextlib.suppress(OSError):
                client.close()

    def _talk(self, client, connection, secure):
        rest = b""
        for number in itertools.count(1):
            request, rest = self._read(client, connection, number, rest)
            if request is None:
                return
            if isinstance(request, bytes):  # refused before its body came
                client.sendall(request)
                return
            request.secure = secure
            answer = self.handler(request)
            if answer is CLOSE:
                return
            if isinstance(answer, Tunnel):
                self._tunnel(client, answer, rest)
                return
            if isinstance(answer, Streamed):
                answer.send(client)
                continue
            if isinstance(answer, Parts):
                client.sendall(answer.first)
                answer.event.wait(30)
                answer = answer.then
            client.sendall(answer)
            head = answer.split(b"\r\n\r\n")[0].lower()
            if isinstance(answer, Last) or b"connection: close" in head:
                return

    def _read(self, client, connection, number, rest):
        while b"\r\n\r\n" not in rest:
            more = client.recv(65536)
            if not more:
                return None, b""
            rest += more
        head, rest = rest.split(b"\r\n\r\n", 1)
        request = Request(head, connection, number)
        with self.lock:
            self.requests.append(request)
        if (request.get("Expect") or "").lower() == "100-continue":
            early = self.expect(request) if self.expect else None
            if early:
                return early, b""
            client.sendall(b"HTTP/1.1 100 Continue\r\n\r\n")
        return request, self._read_body(client, request, rest)

    def _read_body(self, client, request, rest):
        if (request.get("Transfer-Encoding") or "").lower() == "chunked":
            return self._read_chunks(client, request, rest)
        return self._read_octets(client, request, rest,
                                 int(request.get("Content-Length") or 0))

    def _read_octets(self, client, request, rest, left):
        while left:
            if not rest:
                rest = client.recv(1 << 18)
                if not rest:
                    raise OSError("body was cut")
            part, rest = rest[:left], rest[left:]
            left -= len(part)
            request.body_len += len(part)
            if self.hash_bodies:
                request.body_hash.update(part)
            if request.body_len <= KEEP_BODY:
                request.body += part
        return rest

    def _read_chunks(self, client, request, rest):
        """The content without its chunks; a trailer is not looked at."""
        while True:
            while b"\r\n" not in rest:
                more = client.recv(65536)
                if not more:
                    raise OSError("body was cut")
                rest += more
            line, rest = rest.split(b"\r\n", 1)
            size = int(line or b"0", 16)
            if line and not size:
                return rest.partition(b"\r\n")[2]
            rest = self._read_octets(client, request, rest, size)

    def _tunnel(self, client, tunnel, rest):
        with self.lock:
            self.tunnels.append(tunnel)
        client.sendall(tunnel.head)
        tunnel.received += rest
        if tunnel.to is None:
            while more := client.recv(65536):
                tunnel.received += more
            return
        with socket.create_connection(tunnel.to) as server:
            if rest:
                server.sendall(rest)
            self._splice(client, server, tunnel)

    @staticmethod
    def _splice(client, server, tunnel):
        while True:
            ready, _, _ = select.select([client, server], [], [], 60)
            for one in ready:
                more = one.recv(65536)
                if not more:
                    return
                if one is client:
                    tunnel.received += more
                (server if one is client else client).sendall(more)
            if not ready:
                return


def guard(digest, answer=None, hurt=None, nextnonce=None, uri=None):
    """A handler that lets requests with right credentials through to
    `answer(request) -> (status, fields, body)` and proves itself to them.
    `hurt` is a name of HURTS, "gone" for no Info field at all."""
    def handle(request):
        if not digest.accepts(request, uri(request) if uri else None):
            return response(digest.status,
                            [(digest.challenge_name, digest.challenge())],
                            b"no\n")
        status, fields, body = answer(request) if answer else (
            200, [], b"secret\n")
        fields = list(fields)
        body = b"" if request.method == "HEAD" else body
        if hurt != "gone":
            fields.append(digest.info_line(
                request, hurt, nextnonce() if nextnonce else None, body))
        return response(status, fields, body)
    return handle


def plain_proxy(digest, hurt=None, origin=None):
    """A proxy for plain requests; `origin(request)` answers them."""
    def handle(request):
        if not digest.accepts(request):
            return response(407, [(digest.challenge_name,
                                   digest.challenge())], b"no\n")
        status, fields, body = origin(request) if origin else (
            200, [], b"secret\n")
        fields = list(fields)
        if hurt != "gone":
            fields.append(digest.info_line(request, hurt, content=body))
        return response(status, fields, body)
    return handle
