# SPDX-License-Identifier: MIT
"""HTTP/1.1 over a plain socket: octets out, a response in."""
import socket
import ssl

TIMEOUT = 10


class Response:
    def __init__(self, version, status, reason, fields, body):
        self.version = version
        self.status = status
        self.reason = reason
        self.fields = fields  # [(name, value)], as received
        self.body = body

    def all(self, name):
        return [v for n, v in self.fields if n.lower() == name.lower()]

    def one(self, name):
        values = self.all(name)
        assert len(values) == 1, f"{name}: {values} in {self}"
        return values[0]

    def __repr__(self):
        return f"<{self.status} {self.fields} {self.body[:200]!r}>"


class Connection:
    """One connection; `exchange` as often as the server keeps it open."""

    def __init__(self, address, tls=None, source=None):
        """`address`: (host, port). `tls`: an SSLContext."""
        self.address = address
        self.socket = socket.create_connection(address, TIMEOUT,
                                               source_address=source)
        self.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        if tls is not None:
            self.socket = tls.wrap_socket(self.socket,
                                          server_hostname="localhost")
        self.buffer = b""
        self.trailer = []

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()

    def close(self):
        self.socket.close()

    def send(self, data):
        self.socket.sendall(data)

    def more(self):
        got = self.socket.recv(65536)
        self.buffer += got
        return bool(got)

    def take(self, length):
        parts = [self.buffer[:length]]
        self.buffer = self.buffer[length:]
        left = length - len(parts[0])
        while left > 0:
            parts.append(self.socket.recv(min(left, 1 << 18)))
            if not parts[-1]:
                raise ConnectionError(
                    f"closed {left} octets before the end of {length}")
            left -= len(parts[-1])
        return b"".join(parts)

    def until(self, mark):
        while mark not in self.buffer:
            if not self.more():
                raise ConnectionError(f"closed after {self.buffer[:300]!r}")
        taken, self.buffer = self.buffer.split(mark, 1)
        return taken

    def is_closed(self, within=2.0):
        """Whether the other side closes, without sending more."""
        self.socket.settimeout(within)
        try:
            return self.buffer == b"" and self.socket.recv(1) == b""
        except (TimeoutError, socket.timeout, ssl.SSLWantReadError):
            return False
        except ConnectionResetError:
            return True
        finally:
            self.socket.settimeout(TIMEOUT)

    def response(self, method="GET"):
        """The next final response; 1xx ones are kept in `interim`."""
        self.interim = []
        while True:
            head = self.until(b"\r\n\r\n").decode("latin-1")
            start, *lines = head.split("\r\n")
            version, status, *reason = start.split(" ", 2)
            fields = [tuple(part.strip() for part in line.split(":", 1))
                      for line in lines]
            got = Response(version, int(status), " ".join(reason), fields,
                           b"")
            if 100 <= got.status < 200 and got.status != 101:
                self.interim.append(got)
                continue
            got.body = self.body(method, got)
            return got

    def body(self, method, got):
        if (method == "HEAD" or got.status in (101, 204, 304) or
                (method == "CONNECT" and got.status // 100 == 2)):
            return b""
        if "chunked" in ",".join(got.all("Transfer-Encoding")):
            return self.chunks()
        if got.all("Content-Length"):
            return self.take(int(got.one("Content-Length")))
        while self.more():
            pass
        rest, self.buffer = self.buffer, b""
        return rest

    def chunks(self):
        """A chunked body; the trailer's fields are kept in `trailer`."""
        parts = []
        self.trailer = []
        while True:
            size = int(self.until(b"\r\n").split(b";")[0], 16)
            if size == 0:
                while line := self.until(b"\r\n").decode("latin-1"):
                    self.trailer.append(tuple(
                        part.strip() for part in line.split(":", 1)))
                return b"".join(parts)
            parts.append(self.take(size))
            assert self.take(2) == b"\r\n"

    def exchange(self, method="GET", target="/", fields=(), body=b"",
                 version="HTTP/1.1", host=None):
        self.send(request(method, target, fields, body, version,
                          host or "%s:%d" % self.address[:2]))
        return self.response(method)


def request(method="GET", target="/", fields=(), body=b"",
            version="HTTP/1.1", host="localhost"):
    """A request's octets; a body gets its Content-Length."""
    lines = [f"{method} {target} {version}"]
    if not any(name.lower() == "host" for name, _ in fields):
        lines.append(f"Host: {host}")
    lines += [f"{name}: {value}" for name, value in fields]
    if body:
        lines.append(f"Content-Length: {len(body)}")
    return "\r\n".join(lines).encode("latin-1") + b"\r\n\r\n" + body
