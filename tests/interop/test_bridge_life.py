# SPDX-License-Identifier: MIT
"""`countersign bridge` while it stays: who is let in, what they may ask, and
what they are told."""
import os
import pathlib
import pty
import shutil
import subprocess
import tempfile
import time

import pytest

from support import wire
from support.bridge import Bridge, command, surroundings
from support.gateway import until
from support.next_hop import PASSWORD, USER, Hop
from support.origin import response
from support.via import BODY, FAULTS, PAGE, WAYS

OFFICE = {"COUNTERSIGN_PROXY_USER": f"{USER}:{PASSWORD}"}


class Shared:
    """A bridge before a scripted proxy; a file has its login."""

    def __init__(self, folder):
        self.hop = Hop()
        self.login = folder / "login"
        self.write(PASSWORD)
        self.bridge = Bridge(self.hop.url, "--user-file", self.login)

    def write(self, password):
        self.login.write_text(f"{USER}:{password}\n")
        self.login.chmod(0o600)

    def ask(self, method="GET", fields=()):
        target, body = WAYS[method]
        with wire.Connection(self.bridge.address) as connection:
            return connection.exchange(method, target, fields, body=body)


@pytest.fixture(scope="module")
def module_shared(tmp_path_factory):
    made = Shared(tmp_path_factory.mktemp("bridge"))
    yield made
    made.bridge.end()
    made.hop.close()


@pytest.fixture
def shared(module_shared):
    module_shared.hop.forget()
    return module_shared


def test_says_what_to_set(shared):
    """The lines a person copies."""
    assert shared.bridge.said[:3] == [
        f"countersign bridge is ready: {shared.bridge.url} leads to "
        f"{shared.hop.url}",
        f"  export http_proxy={shared.bridge.url} "
        f"https_proxy={shared.bridge.url}",
        "  export no_proxy='localhost,127.0.0.1,::1'"]


@pytest.mark.parametrize("method", WAYS)
def test_g_12_asks_nobody(shared, method):
    """G-12 G-13 E-01: callers are asked for no login and get no proof of one;
    what they send for a proxy stays here, the bridge's own goes on."""
    got = shared.ask(method, [
        ("Proxy-Authorization", 'Digest username="somebody", realm="x"')])
    assert got.status == 200
    assert not got.all("Proxy-Authentication-Info")
    assert not got.all("Proxy-Status")
    assert [seen.body for seen in shared.hop.seen][-1] == WAYS[method][1]
    assert len(shared.hop.accepted) == 1
    for seen in shared.hop.seen:
        assert "somebody" not in str(seen.fields)


WORDS = {
    "no-info": "sends no proof that it knows the password",
    "rspauth-wrong": "does not know the password, so it is another than it "
                     "should be",
    "nc-wrong": "is not believed: nc is not the one sent",
}


@pytest.mark.parametrize("method", WAYS)
@pytest.mark.parametrize("word", WORDS)
def test_f_56_unproved(shared, word, method):
    """F-53 F-56: what is not proved is 502, in plain words and in RFC 9209's;
    nothing of it is passed on."""
    shared.hop.info = FAULTS[word]
    shared.hop.fields = [("X-Impostor", "yes")]
    got = shared.ask(method)
    assert got.status == 502
    assert got.all("Proxy-Status") == [
        f'countersign; error=http_protocol_error; details="{word}"']
    if method != "HEAD":
        port = shared.hop.port
        assert got.body.decode() == (
            f"502: the proxy 127.0.0.1:{port} {WORDS[word]} ({word})\n")
    assert not got.all("X-Impostor")


@pytest.mark.parametrize("method", WAYS)
def test_g_12_refused(shared, method):
    """G-12 F-34: a login that is not taken any more is 502 and never 407,
    which no caller could answer."""
    shared.hop.password = "another"
    try:
        got = shared.ask(method)
    finally:
        shared.hop.password = PASSWORD
    assert got.status == 502
    assert 'details="credentials-refused"' in got.one("Proxy-Status")
    assert not got.all("Proxy-Authenticate")


@pytest.mark.parametrize("method, target, status, word", [
    ("GET", "/page", 400, "not-a-proxy-request"),
    ("GET", "https://example.test/", 400, "engine"),
    ("GET", "ftp://example.test/", 403, "scheme-not-forwarded"),
    ("GET", "http://127.0.0.1/", 403, "destination-denied"),
    ("CONNECT", "127.0.0.1:443", 403, "destination-denied")])
def test_goes_no_further(shared, method, target, status, word):
    """What the bridge does not do is said, and the proxy hears none of it."""
    with wire.Connection(shared.bridge.address) as connection:
        got = connection.exchange(method, target)
    assert got.status == status
    assert got.all("Proxy-Status") == [
        f'countersign; error=http_request_denied; details="{word}"']
    assert f"({word})" in got.body.decode()
    assert not shared.hop.seen


@pytest.mark.parametrize("port", [443, 22, 5222, 8443])
def test_any_port(shared, port):
    """Where CONNECT may lead is the proxy's to judge."""
    with wire.Connection(shared.bridge.address) as connection:
        got = connection.exchange("CONNECT", f"example.test:{port}")
    assert got.status == 200
    shared.hop.answer = lambda seen: response(403, b"no\n", [], seen.method)
    with wire.Connection(shared.bridge.address) as connection:
        got = connection.exchange("CONNECT", f"example.test:{port}")
    assert (got.status, got.all("Proxy-Status")) == (403, [])


CLIENT = """
import socket, sys
with socket.create_connection((sys.argv[1], int(sys.argv[2]))) as peer:
    for _ in range(2):
        peer.sendall(b"GET http://example.test/ HTTP/1.1\\r\\n"
                     b"Host: example.test\\r\\n\\r\\n")
        got = b""
        while not got.endswith(b"\\n") or b"\\r\\n\\r\\n" not in got:
            got += peer.recv(4096)
        print(got.split(b"\\r\\n")[0].decode(), got.split()[-1].decode())
"""


@pytest.mark.skipif(os.geteuid() != 0, reason="only root is two users")
@pytest.mark.parametrize("way", ["127.0.0.1", "::ffff:127.0.0.1"])
def test_foreign_user(shared, way):
    """The proxy is the user's who started it: anybody else gets 403, each
    time; he himself is let in, however his program names the address."""
    port = str(shared.bridge.address[1])
    done = subprocess.run(
        ["/usr/bin/python3", "-c", CLIENT, way, port], user="nobody",
        cwd="/", text=True, capture_output=True, timeout=60, check=True)
    assert done.stdout.splitlines() == [
        "HTTP/1.1 403 Forbidden (foreign-user)"] * 2
    assert not shared.hop.seen
    done = subprocess.run(["/usr/bin/python3", "-c", CLIENT, way, port],
                          cwd="/", text=True, capture_output=True, timeout=60,
                          check=True)
    assert [line[:15] for line in done.stdout.splitlines()] == [
        "HTTP/1.1 200 OK"] * 2


@pytest.fixture
def daemons():
    """A folder for the user `daemon`, who must be able to run the program."""
    if os.geteuid() != 0:
        pytest.skip("only root is two users")
    folder = pathlib.Path(tempfile.mkdtemp(prefix="csn-bridge-"))
    folder.chmod(0o777)
    yield folder
    shutil.rmtree(folder)


def test_not_even_root(shared, daemons):
    """Another user's bridge lets root in no more than others."""
    script = ('curl -s -o /dev/null -w "%{http_code}\\n" http://example.test/;'
              ' echo $http_proxy; read x')
    try:
        process = subprocess.Popen(
            command(shared.hop.url, "--once", "sh", "-c", script),
            user="daemon", cwd="/", text=True, stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            env=surroundings(XDG_RUNTIME_DIR=str(daemons), **OFFICE))
    except PermissionError:
        pytest.skip("others cannot read the build directory")
    with process:
        assert process.stdout.readline() == "200\n"
        proxy = process.stdout.readline().strip()
        own = subprocess.run(
            ["curl", "-s", "-x", proxy, "http://example.test/"],
            env=surroundings(), text=True, capture_output=True, timeout=60,
            check=False)
        process.stdin.write("\n")
    assert own.stdout == (
        "403: this proxy is another user's (foreign-user)\n")


def test_login_read_anew(shared):
    """SIGHUP: the file with the login is read again."""
    assert shared.ask().status == 200
    shared.hop.password = "new secret"
    shared.hop.retire()
    assert shared.ask().status == 502
    shared.write("new secret")
    try:
        shared.bridge.process.send_signal(1)
        shared.bridge.wait_for(shared.bridge.err, '"reloaded":true')
        assert shared.ask().status == 200
    finally:
        shared.hop.password = PASSWORD
        shared.write(PASSWORD)
        shared.bridge.process.send_signal(1)
        until(lambda: shared.ask().status == 200, 10)


def test_content_twice(shared):
    """F-35: content that met a challenge goes out again, and once counts."""
    shared.hop.retire()
    assert shared.ask("POST").status == 200
    assert [seen.body for seen in shared.hop.seen] == [BODY, BODY]
    assert len(shared.hop.accepted) == 1


def test_not_tried():
    """--no-try: a proxy that is down is waited for; until then it is said
    that it does not answer."""
    first = Hop()
    port = first.port
    first.close()
    bridge = Bridge(first.url, "--no-try", "--patience", "0", env=OFFICE)
    try:
        with wire.Connection(bridge.address) as connection:
            got = connection.exchange("GET", PAGE)
        assert got.status == 502
        assert got.body.decode() == (
            f"502: the proxy 127.0.0.1:{port} does not answer\n")
        assert got.all("Proxy-Status") == [
            "countersign; error=destination_unavailable"]
        bridge.process.send_signal(1)
        bridge.wait_for(bridge.err, "the login is in no file")
        second = Hop(port=port)
        with wire.Connection(bridge.address) as connection:
            assert connection.exchange("GET", PAGE).status == 200
        second.close()
    finally:
        bridge.end()


def test_terminal_closed(shared, tmp_path):
    """A bridge ends with the terminal it was started in, and leaves
    nothing."""
    pid, terminal = pty.fork()
    if pid == 0:
        words = command(shared.hop.url, "--listen", "127.0.0.1:0")
        os.execve(words[0], words,
                  surroundings(XDG_RUNTIME_DIR=str(tmp_path), **OFFICE))
    said = b""
    while b"no_proxy" not in said:
        said += os.read(terminal, 4096)
    assert len(list(tmp_path.iterdir())) == 1
    os.close(terminal)
    assert os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]) == 0
    assert not list(tmp_path.iterdir())


def test_drains():
    """SIGTERM: what is in flight finishes, then it ends, with 0."""
    slow = Hop()
    slow.answer = lambda seen: time.sleep(0.5)
    bridge = Bridge(slow.url, "--no-try", env=OFFICE)
    with wire.Connection(bridge.address) as connection:
        connection.send(wire.request("GET", PAGE))
        until(lambda: slow.seen, 10)
        bridge.process.send_signal(15)
        assert connection.response("GET").status == 200
    assert bridge.stop() == 0
    slow.close()
