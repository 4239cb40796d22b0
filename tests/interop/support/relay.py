# SPDX-License-Identifier: MIT
"""Who sits between two hops: passes octets on, writes down what went by, and
changes it when told to."""
import contextlib
import queue
import socket
import threading

PIECE = 1 << 18
KEPT = 1 << 16  # of what went through a tunnel


class Message:
    """The head of a request or response. `text()` is what arrived, octet for
    octet, until somebody changes `line` or `fields`."""

    def __init__(self, octets):
        self.octets = octets
        self.line, *lines = octets.decode("latin-1").split("\r\n")
        self.fields = [tuple(line.split(":", 1)) for line in lines]
        self.fields = [(name, value.strip()) for name, value in self.fields]
        self.told = self.line, list(self.fields)

    def all(self, name):
        return [v for n, v in self.fields if n.lower() == name.lower()]

    def one(self, name):
        values = self.all(name)
        assert len(values) == 1, (name, self.octets)
        return values[0]

    def put(self, name, *values):
        """In place of all lines of that name; no value: take them out."""
        self.fields = [(n, v) for n, v in self.fields
                       if n.lower() != name.lower()]
        self.fields += [(name, value) for value in values]

    @property
    def status(self):
        return int(self.line.split(" ")[1])

    @property
    def method(self):
        return self.line.split(" ")[0]

    def text(self):
        if (self.line, self.fields) == self.told:
            return self.octets + b"\r\n\r\n"
        lines = [self.line, *(f"{n}: {v}" for n, v in self.fields)]
        return "\r\n".join(lines).encode("latin-1") + b"\r\n\r\n"


class Exchange:
    """One request and what came back; `trailer` as octets, `inside` what a
    tunnel carried."""

    def __init__(self, request):
        self.request = request
        self.interim = []
        self.response = None
        self.trailer = b""
        self.inside = b""
        self.answered = threading.Event()

    @property
    def tunnels(self):
        return (self.request.method == "CONNECT" and self.response is not None
                and self.response.status // 100 == 2)


class Stream:
    """Octets of one direction."""

    def __init__(self, source, sink):
        self.source, self.sink = source, sink
        self.buffer = b""

    def more(self):
        got = self.source.recv(PIECE)
        self.buffer += got
        return bool(got)

    def until(self, mark):
        """What stands before the mark; None at the end."""
        while mark not in self.buffer:
            if not self.more():
                return None
        taken, self.buffer = self.buffer.split(mark, 1)
        return taken

    def head(self):
        octets = self.until(b"\r\n\r\n")
        return None if octets is None else Message(octets)

    def pass_on(self, length):
        while length:
            if not self.buffer and not self.more():
                raise OSError("cut off")
            part, self.buffer = self.buffer[:length], self.buffer[length:]
            length -= len(part)
            self.sink.sendall(part)

    def pass_chunks(self):
        """The trailer's octets."""
        while True:
            line = self.until(b"\r\n")
            if line is None:
                raise OSError("cut off")
            self.sink.sendall(line + b"\r\n")
            size = int(line.split(b";")[0], 16)
            if size == 0:
                break
            self.pass_on(size + 2)
        trailer = b""
        while line := self.until(b"\r\n"):
            trailer += line + b"\r\n"
        self.sink.sendall(trailer + b"\r\n")
        return trailer

    def pass_rest(self, keep):
        while self.buffer or self.more():
            part, self.buffer = self.buffer, b""
            keep(part)
            self.sink.sendall(part)

    def pass_content(self, message, has_none):
        """True: another message may follow."""
        if has_none:
            return True, b""
        if "chunked" in ",".join(message.all("Transfer-Encoding")).lower():
            return True, self.pass_chunks()
        lengths = message.all("Content-Length")
        if lengths:
            self.pass_on(int(lengths[0]))
            return True, b""
        if message.line.startswith("HTTP/"):
            self.pass_rest(lambda part: None)
            return False, b""
        return True, b""


class Relay:
    """Listens on a port of its own for `to`, (host, port), which may be set
    later. `request(message)` and `response(exchange, message)` may change the
    head that is about to be passed on; the exchange keeps it as it came."""

    def __init__(self, to=None, host="127.0.0.1"):
        self.to = to
        self.listener = socket.create_server((host, 0), backlog=128)
        self.address = self.listener.getsockname()
        self.port = self.address[1]
        self.url = f"http://{host}:{self.port}"
        self.exchanges = []
        self.errors = []
        self.request = self.response = None
        self.open = set()
        self.lock = threading.Lock()
        threading.Thread(target=self.accept, daemon=True).start()

    def forget(self):
        """As new, for the next test; connections stay."""
        self.exchanges = []
        self.errors = []
        self.request = self.response = None

    def drop(self):
        """End every connection: the next ones go where `to` says."""
        with self.lock:
            for one in self.open:
                with contextlib.suppress(OSError):
                    one.shutdown(socket.SHUT_RDWR)

    def close(self):
        with contextlib.suppress(OSError):
            self.listener.shutdown(socket.SHUT_RDWR)
        self.listener.close()
        self.drop()

    def accept(self):
        while True:
            try:
                client, _ = self.listener.accept()
            except OSError:
                return
            threading.Thread(target=self.join, args=(client,),
                             daemon=True).start()

    def join(self, client):
        try:
            if self.to is None:
                raise OSError("nobody is there yet")
            server = socket.create_connection(self.to, 10)
        except OSError:
            client.close()
            return
        asked = queue.SimpleQueue()
        pair = client, server
        for one in pair:
            one.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            one.settimeout(None)
        with self.lock:
            self.open.update(pair)
        other = threading.Thread(target=self.guarded, daemon=True, args=(
            self.requests, Stream(client, server), asked, server))
        other.start()
        self.guarded(self.responses, Stream(server, client), asked, client)
        asked.put(None)
        with contextlib.suppress(OSError):
            server.shutdown(socket.SHUT_RDWR)
        other.join()
        self.linger(client)
        with self.lock:
            self.open.difference_update(pair)
        client.close()
        server.close()

    @staticmethod
    def linger(client):
        """What is still being sent is taken, or the reset that answers it
        would take the response along (RFC 9112, 9.6)."""
        client.settimeout(2)
        with contextlib.suppress(OSError):
            while client.recv(PIECE):
                pass

    def guarded(self, run, stream, asked, sink):
        try:
            run(stream, asked)
        except OSError:
            pass  # one of the two went away
        except Exception as error:  # pylint: disable=broad-except
            self.errors.append(repr(error))
            with contextlib.suppress(OSError):
                stream.source.shutdown(socket.SHUT_RDWR)
        with contextlib.suppress(OSError):
            sink.shutdown(socket.SHUT_WR)

    def requests(self, stream, asked):
        while (message := stream.head()) is not None:
            exchange = Exchange(message)
            self.exchanges.append(exchange)
            if self.request is not None:
                exchange.request = Message(message.octets)
                self.request(message)
            asked.put(exchange)
            stream.sink.sendall(message.text())
            stream.pass_content(message, False)
            if message.method == "CONNECT":
                exchange.answered.wait(30)
                if exchange.tunnels:
                    self.tunnel(stream, exchange)
                    return

    def responses(self, stream, asked):
        exchange = None
        while (message := stream.head()) is not None:
            if exchange is None:
                exchange = asked.get()
            if self.response is not None:
                kept = Message(message.octets)
                self.response(exchange, message)
            else:
                kept = message
            if message.status // 100 == 1:
                exchange.interim.append(kept)
                stream.sink.sendall(message.text())
                continue
            exchange.response = kept
            exchange.answered.set()
            stream.sink.sendall(message.text())
            if exchange.tunnels:
                self.tunnel(stream, exchange)
                return
            more, exchange.trailer = stream.pass_content(
                message, exchange.request.method == "HEAD" or
                message.status in (204, 304))
            if not more:
                return
            exchange = None

    @staticmethod
    def tunnel(stream, exchange):
        def keep(part):
            if len(exchange.inside) < KEPT:
                exchange.inside += part
        stream.pass_rest(keep)
