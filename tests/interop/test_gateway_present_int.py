# SPDX-License-Identifier: MIT
"""Hops that take auth-int alone: the gateway covers the content it kept, and
shows no content before it is proved."""
import contextlib
import socket
import threading

import pytest

from support import wire
from support.gateway import login
from support.origin import Origin, response

PATH = "/page"
BODY = b"a=b&" * 2000


class Between:
    """Passes octets on; `change` may make others of what comes back."""

    def __init__(self, port):
        self.to = ("127.0.0.1", port)
        self.change = None
        self.listener = socket.create_server(("127.0.0.2", 0))
        self.port = self.listener.getsockname()[1]
        threading.Thread(target=self.accept, daemon=True).start()

    def accept(self):
        with contextlib.suppress(OSError):
            while True:
                client, _ = self.listener.accept()
                server = socket.create_connection(self.to)
                for pair in ((client, server, False), (server, client, True)):
                    threading.Thread(target=self.pump, args=pair,
                                     daemon=True).start()

    def pump(self, source, sink, back):
        with contextlib.suppress(OSError):
            while got := source.recv(65536):
                sink.sendall(self.change(got) if back and self.change
                             else got)
        with contextlib.suppress(OSError):
            sink.shutdown(socket.SHUT_WR)

    def close(self):
        self.listener.shutdown(socket.SHUT_RDWR)
        self.listener.close()


class Rig:
    """A gateway that asks for auth-int, one before it that logs in there, and
    somebody between the two."""

    def __init__(self, layer, maker, folder):
        self.layer = layer
        self.behind = Origin(host="127.0.0.2")
        self.target = PATH if layer == "origin" else self.behind.url + PATH
        inner = maker("--qop", "auth-int", "--allow-dest", "127.0.0.2",
                      "--connect-ports", self.behind.port,
                      origin=self.behind.url if layer == "origin" else None,
                      forward=layer == "proxy")
        self.between = Between(getattr(inner, layer)[1])
        where = f"http://127.0.0.2:{self.between.port}"
        login_file = folder / "login"
        more = ["--connect-ports", self.behind.port, "--proof-limit", "64k",
                "--content-limit", "64k"]
        if layer == "origin":
            login_file.write_text(f"{where}=bob:hunter2\n")
            more += ["--present", f"{where}=bob", "--present-user-file",
                     login_file]
        else:
            login_file.write_text("bob:proxy-hunter2\n")
            more += ["--via-proxy", where, "--via-user-file", login_file]
        login_file.chmod(0o600)
        self.gate = maker(*more, origin=where if layer == "origin" else None,
                          forward=layer == "proxy")
        self.address = getattr(self.gate, layer)

    def ask(self, method="GET", body=b"", target=None, chunked=False):
        target = target or self.target
        own = login(self.address, self.target, layer=self.layer)
        prefix = "" if self.layer == "origin" else "Proxy-"
        sent = own.credentials(method, target)
        fields = [(prefix + "Authorization", sent)]
        with wire.Connection(self.address) as connection:
            if chunked:
                connection.send(wire.request(method, target, [
                    *fields, ("Transfer-Encoding", "chunked")]) +
                    b"%x\r\n%s\r\n0\r\n\r\n" % (len(body), body))
                got = connection.response(method)
            else:
                got = connection.exchange(method, target, fields, body)
        return got, own.proves(got.one(prefix + "Authentication-Info"), sent,
                               target)

    def close(self):
        self.between.close()
        self.behind.close()


@pytest.fixture(scope="module", params=["origin", "proxy"])
def shared(request, module_gateway, tmp_path_factory):
    made = Rig(request.param, module_gateway, tmp_path_factory.mktemp("login"))
    yield made
    made.close()


@pytest.fixture
def rig(shared):
    shared.behind.forget()
    shared.between.change = None
    return shared


@pytest.mark.parametrize("status", [200, 204, 304, 404, 500])
@pytest.mark.parametrize("method", ["GET", "HEAD", "POST"])
def test_c_21_content_both_ways(rig, method, status):
    """C-21 F-25: the content that goes out is covered, and that which comes
    back proved before it is shown, whatever the status."""
    rig.behind.answer = lambda seen: response(status, b"" if status in (
        204, 304) else b"from inside\n" * 500, [("X-Kept", "yes")],
        seen.method)
    body = BODY if method == "POST" else b""
    for _ in range(2):
        got, proved = rig.ask(method, body)
        assert (got.status, proved) == (status, True)
        assert got.all("X-Kept") == ["yes"]
        if method != "HEAD" and status not in (204, 304):
            assert got.body == b"from inside\n" * 500
        assert rig.behind.seen[-1].body == body
    assert len(rig.behind.seen) == 2


def test_no_content_comes_back(rig):
    """A content of length zero is proved by the header alone."""
    rig.behind.answer = lambda seen: response(200, b"")
    got, proved = rig.ask()
    assert (got.status, proved, got.body) == (200, True, b"")


@pytest.mark.parametrize("method", ["GET", "POST"])
def test_content_that_was_changed(rig, method):
    """One octet that somebody between changed: 502, and nothing of it."""
    rig.behind.answer = lambda seen: response(200, b"from inside\n" * 500, [
        ("X-Impostor", "yes"), ("Set-Cookie", "a=b")])
    assert rig.ask(method, b"x" if method == "POST" else b"")[0].status == 200
    rig.between.change = lambda octets: octets.replace(
        b"inside\nfrom", b"onside\nfrom", 1)
    before = rig.gate.refused(rig.layer, "rspauth-wrong")
    got, proved = rig.ask(method, b"x" if method == "POST" else b"")
    assert (got.status, proved) == (502, True)
    assert got.body == b"502 Bad Gateway\n"
    assert not got.all("X-Impostor") and not got.all("Set-Cookie")
    assert rig.gate.refused(rig.layer, "rspauth-wrong") == before + 1
    rig.between.change = None
    assert rig.ask(method, b"x" if method == "POST" else b"")[0].status == 200


def test_content_that_is_too_long_to_hold(rig):
    """More than --proof-limit cannot be held until it is proved: 502."""
    rig.behind.answer = lambda seen: response(200, b"x" * 200000)
    got, proved = rig.ask()
    assert (got.status, proved) == (502, True)
    assert b"xx" not in got.body
    rig.behind.answer = None
    assert rig.ask()[0].status == 200


def test_content_that_cannot_be_kept(rig):
    """A request's content that was not taken in cannot be covered: 502, and
    the hop takes none of it."""
    got, proved = rig.ask("POST", BODY, chunked=True)
    assert (got.status, proved) == (502, True)
    assert not rig.behind.seen


def test_tunnel(rig):
    """CONNECT has no content to cover; an application opens none."""
    place = f"127.0.0.2:{rig.behind.port}"
    if rig.layer == "origin":
        with wire.Connection(rig.address) as connection:
            assert connection.exchange("CONNECT", place).status == 405
        return
    got, proved = rig.ask("CONNECT", target=place)
    assert (got.status, proved) == (200, True)
