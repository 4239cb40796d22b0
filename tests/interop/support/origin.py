# SPDX-License-Identifier: MIT
"""A small real origin: it tells what it was asked, and answers as told."""
import socket
import threading

REASONS = {200: "OK", 204: "No Content", 206: "Partial Content",
           302: "Found", 304: "Not Modified", 401: "Unauthorized",
           403: "Forbidden", 404: "Not Found", 407: "Proxy Auth",
           500: "Internal Server Error"}


class Last(bytes):
    """A response after which the origin closes the connection."""


class Seen:
    """A request as it arrived."""

    def __init__(self, head, body):
        self.line, *lines = head.decode("latin-1").split("\r\n")
        self.method, self.target, self.version = self.line.split(" ", 2)
        self.fields = [tuple(part.strip() for part in line.split(":", 1))
                       for line in lines]
        self.body = body

    def all(self, name):
        return [v for n, v in self.fields if n.lower() == name.lower()]


class Origin:
    """Serves on 127.0.0.1 (or `host`) until `close`.

    `/status/NNN` answers with that status; everything else with 200 and the
    request line. `answer`, when set, is called with the Seen and gives the
    response's octets, or None for the usual.
    """

    def __init__(self, host="127.0.0.1", port=0, tls=None):
        """`tls`: an SSLContext."""
        self.tls = tls
        self.socket = socket.create_server(
            (host, port), backlog=128,
            family=socket.AF_INET6 if ":" in host else socket.AF_INET)
        self.address = self.socket.getsockname()
        self.port = self.address[1]
        self.url = f"http{'s' if tls else ''}://{host}:{self.port}"
        self.seen = []
        self.fields = []  # [(name, value)] added to every response
        self.answer = None
        self.open = set()
        self.lock = threading.Lock()
        threading.Thread(target=self.accept, daemon=True).start()

    def forget(self):
        """As new, for the next test."""
        self.seen.clear()
        self.fields = []
        self.answer = None

    def close(self):
        if self.socket.fileno() != -1:
            self.socket.shutdown(socket.SHUT_RDWR)  # wakes accept
            self.socket.close()
        self.shut()

    def shut(self):
        """End every connection there is."""
        with self.lock:
            for peer in self.open:
                try:
                    peer.shutdown(socket.SHUT_RDWR)
                except OSError:
                    pass

    def accept(self):
        while True:
            try:
                peer, _ = self.socket.accept()
            except OSError:
                return
            with self.lock:
                self.open.add(peer)
            threading.Thread(target=self.serve, args=(peer,),
                             daemon=True).start()

    def serve(self, peer):
        peer.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        buffer = b""
        plain = peer
        try:
            if self.tls is not None:
                peer = self.tls.wrap_socket(peer, server_side=True)
            while True:
                while b"\r\n\r\n" not in buffer:
                    got = peer.recv(65536)
                    if not got:
                        return
                    buffer += got
                head, buffer = buffer.split(b"\r\n\r\n", 1)
                seen, buffer = self.read(peer, head, buffer)
                self.seen.append(seen)
                octets = self.respond(seen)
                peer.sendall(octets)
                if isinstance(octets, Last):
                    return
        except OSError:
            pass
        finally:
            with self.lock:
                self.open.discard(plain)
            peer.close()

    @staticmethod
    def read(peer, head, buffer):
        seen = Seen(head, b"")
        length = int((seen.all("Content-Length") or ["0"])[0])
        if "chunked" in "".join(seen.all("Transfer-Encoding")):
            while not buffer.endswith(b"0\r\n\r\n"):
                buffer += peer.recv(65536)
            seen.body, buffer = buffer, b""
            return seen, buffer
        if length and seen.all("Expect"):
            peer.sendall(b"HTTP/1.1 100 Continue\r\n\r\n")
        parts = [buffer[:length]]
        left = length - len(parts[0])
        while left > 0:
            got = peer.recv(min(left, 1 << 18))
            if not got:
                break
            parts.append(got)
            left -= len(got)
        seen.body = b"".join(parts)
        return seen, buffer[length:]

    def respond(self, seen, added=()):
        """`added`: fields of this response alone."""
        if self.answer is not None:
            octets = self.answer(seen)
            if octets is not None:
                return octets
        path = seen.target.split("?")[0]
        status = (int(path.rsplit("/", 1)[1])
                  if "/status/" in path else 200)
        body = b"" if status in (204, 304) else (seen.line + "\n").encode()
        return response(status, body, [*self.fields, *added], seen.method)


def response(status, body=b"", fields=(), method="GET"):
    lines = [f"HTTP/1.1 {status} {REASONS.get(status, 'Status')}"]
    lines += [f"{name}: {value}" for name, value in fields]
    if status not in (204, 304):
        lines.append(f"Content-Length: {len(body)}")
    head = "\r\n".join(lines).encode() + b"\r\n\r\n"
    return head if method == "HEAD" else head + body
