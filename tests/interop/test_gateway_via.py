# SPDX-License-Identifier: MIT
"""The forward proxy as a client of the next proxy: what goes out, what it
makes of what comes back, and what its own client gets to see."""
import collections
import threading

import pytest

from support import wire
from support.gateway import login, until
from support.next_hop import PASSWORD, USER, Hop
from support.origin import Last, response

PAGE = "http://example.test/page?q=1"
BODY = b"name=value&" * 90
WAYS = {"GET": (PAGE, b""), "HEAD": (PAGE, b""), "POST": (PAGE, BODY),
        "CONNECT": ("example.test:443", b"")}


def write_login(folder, text=f"{USER}:{PASSWORD}\n", mode=0o600):
    path = folder / "login"
    path.write_text(text)
    path.chmod(mode)
    return path


def make(maker, hop, folder, *more, **keywords):
    return maker("--via-proxy", hop.url, "--via-user-file",
                 write_login(folder), *more, forward=True, **keywords)


@pytest.fixture(scope="module")
def shared(module_gateway, tmp_path_factory):
    hop = Hop()
    yield make(module_gateway, hop, tmp_path_factory.mktemp("login")), hop
    hop.close()


@pytest.fixture
def via(shared):
    shared[1].forget()
    return shared


def session(gate):
    return login(gate.proxy, PAGE, layer="proxy")


def ask(gate, own, method="GET", connection=None, **more):
    """One request, and whether the gateway proved itself in its answer."""
    target, body = WAYS[method]
    sent = own.credentials(method, target)
    fields = [*more.pop("fields", ()), ("Proxy-Authorization", sent)]
    opened = connection or wire.Connection(gate.proxy)
    try:
        got = opened.exchange(method, target, fields,
                              **{"body": body, **more})
    finally:
        if connection is None:
            opened.close()
    assert not got.all("Proxy-Authenticate")
    info = got.one("Proxy-Authentication-Info")
    return got, own.proves(info, sent, target)


@pytest.mark.parametrize("status", [200, 204, 302, 304, 401, 404, 500])
@pytest.mark.parametrize("method", ["GET", "HEAD", "POST"])
def test_g_12_own_credentials(via, method, status):
    """G-12 G-13 G-15: the next proxy is answered with the gateway's own
    credentials; the client sees no 407 and one Info field, the gateway's."""
    gate, hop = via
    hop.answer = lambda seen: response(status, b"" if status in (
        204, 304) else b"from inside\n", [
            ("Proxy-Authenticate", 'Basic realm="inside"')], seen.method)
    got, proved = ask(gate, session(gate), method)
    assert (got.status, proved) == (status, True)
    assert [seen.body for seen in hop.seen][-1] == WAYS[method][1]
    assert len(hop.accepted) == 1
    for seen in hop.seen:
        assert seen.line == f"{method} {PAGE} HTTP/1.1"
        assert "alice" not in str(seen.fields)


def test_connect(via):
    """G-22 F-52: CONNECT is asked of the next proxy with credentials for its
    authority, and that alone stands in Host (RFC 9112, 3.2)."""
    gate, hop = via
    got, proved = ask(gate, session(gate), "CONNECT")
    assert (got.status, proved) == (200, True)
    for seen in hop.seen:
        assert seen.line == "CONNECT example.test:443 HTTP/1.1"
        assert seen.all("Host") == ["example.test:443"]


@pytest.mark.parametrize("status", [403, 404, 500, 502, 504])
@pytest.mark.parametrize("how", ["length", "chunked", "closed"])
def test_connect_refused(via, status, how):
    """A CONNECT the next proxy refuses ends with its status, however its
    answer is framed; nothing waits."""
    gate, hop = via
    octets = {"length": b"Content-Length: 3\r\n\r\nno\n",
              "chunked": b"Transfer-Encoding: chunked\r\n\r\n"
                         b"3\r\nno\n\r\n0\r\n\r\n",
              "closed": b"\r\nno\n"}[how]
    hop.answer = lambda seen: Last(b"HTTP/1.1 %d No\r\n" % status + octets)
    got, proved = ask(gate, session(gate), "CONNECT")
    assert (got.status, proved) == (status, True)


FAULTS = {
    "no-info": lambda seen, info: None,
    "no-rspauth": lambda seen, info: 'nextnonce="abcdefgh"',
    "rspauth-wrong": lambda seen, info: info.replace(
        info[9:13], "".join("%x" % (int(c, 16) ^ 1) for c in info[9:13]), 1),
    "nc-wrong": lambda seen, info: info.replace("nc=", "nc=1").replace(
        "nc=10", "nc=1", 1),
    "cnonce-wrong": lambda seen, info: info.replace('cnonce="', 'cnonce="x'),
    "info-incomplete": lambda seen, info: info.split(", nc=")[0] + ", qop=auth",
    "info-malformed": lambda seen, info: info + ', "',
    "qop-wrong": lambda seen, info: info.replace("qop=auth", "qop=auth-int"),
}


@pytest.mark.parametrize("method", WAYS)
@pytest.mark.parametrize("word", FAULTS)
def test_f_56_unproved(via, word, method):
    """F-53 F-56: what does not prove itself is 502 with the reason, in the
    log and in the metrics; nothing of it reaches the client."""
    gate, hop = via
    own = session(gate)
    assert ask(gate, own, method)[0].status == 200
    hop.info = FAULTS[word]
    hop.fields = [("X-Impostor", "yes")]
    before = gate.refused("proxy", word)
    seen = len(hop.seen)
    got, proved = ask(gate, own, method)
    assert (got.status, proved) == (502, True)
    assert not got.all("X-Impostor")
    assert b"page" not in got.body
    assert len(hop.seen) == seen + 1, "it was sent again"
    assert gate.refused("proxy", word) == before + 1
    entry = gate.wait_log(word)
    assert (entry["status"], entry["user"]) == (502, "alice")
    hop.info, hop.fields = None, []
    assert ask(gate, own, method)[0].status == 200


@pytest.mark.parametrize("method", WAYS)
def test_unasked(via, method):
    """F-22: a proxy that asks for nothing is one that proves nothing."""
    gate, hop = via
    hop.judge = lambda seen: (None, None)
    try:
        ask(gate, session(gate), method)
        got, proved = ask(gate, session(gate), method)
        assert (got.status, proved) == (502, True)
    finally:
        del hop.judge


@pytest.mark.parametrize("method", WAYS)
def test_f_35_stale(via, method):
    """F-35 F-37: a nonce that grew old costs one repeat, with the content,
    and no client notices."""
    gate, hop = via
    own = session(gate)
    assert ask(gate, own, method)[0].status == 200
    hop.retire()
    seen = len(hop.seen)
    got, proved = ask(gate, own, method)
    assert (got.status, proved) == (200, True)
    assert len(hop.seen) == seen + 2
    assert [s.body for s in hop.seen[seen:]] == [WAYS[method][1]] * 2
    assert hop.accepted[-1][1] == "00000001"


@pytest.mark.parametrize("method", WAYS)
def test_f_36_always_stale(via, method):
    """F-36: a proxy that finds every nonce stale is asked three times."""
    gate, hop = via
    own = session(gate)
    hop.judge = lambda seen: (hop.challenge(
        seen, stale=bool(seen.all("Proxy-Authorization"))), None)
    try:
        got, proved = ask(gate, own, method)
    finally:
        del hop.judge
    assert (got.status, proved) == (502, True)
    assert len(hop.seen) <= 4
    assert gate.wait_log("retries-used")["status"] == 502


@pytest.mark.parametrize("method", WAYS)
def test_f_34_refused(via, method):
    """F-34 G-12: credentials that are not taken are not sent again, and the
    client gets 502, not a 407 it could take for the gateway's."""
    gate, hop = via
    own = session(gate)
    hop.password = "another"
    try:
        got, proved = ask(gate, own, method)
    finally:
        hop.password = PASSWORD
    assert (got.status, proved) == (502, True)
    assert gate.wait_log("credentials-refused")["status"] == 502
    seen = len(hop.seen)
    assert ask(gate, own, method)[0].status == 200
    assert not hop.seen[seen].all("Proxy-Authorization"), "a new login"


@pytest.mark.parametrize("line, word", [
    (None, "no-challenge"),
    ('Basic realm="x"', "downgrade"),
    ('Digest realm="x", nonce="y"', "downgrade")])
def test_f_42_weaker(via, line, word):
    """F-38 F-42: a 407 that offers less than before ends in 502."""
    gate, hop = via
    own = session(gate)
    assert ask(gate, own)[0].status == 200
    added = [] if line is None else [("Proxy-Authenticate", line)]
    hop.judge = lambda seen: (response(407, b"no\n", added), None)
    try:
        got, proved = ask(gate, own)
    finally:
        del hop.judge
    assert (got.status, proved) == (502, True)
    assert gate.wait_log(word)["status"] == 502


def in_parallel(gate, count, each, method="GET"):
    """Every status that `count` clients get, `each` on its connection."""
    own = session(gate)
    found = []

    def client():
        with wire.Connection(gate.proxy) as connection:
            for _ in range(each):
                found.append(ask(gate, own, method, connection)[0].status)

    threads = [threading.Thread(target=client) for _ in range(count)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    assert len(found) == count * each
    return set(found)


@pytest.mark.parametrize("method", ["GET", "POST"])
def test_c_28_one_challenge_for_all(gateway, tmp_path, method):
    """C-28: sixteen clients at once, before any session: one asks."""
    hop = Hop()
    gate = make(gateway, hop, tmp_path)
    assert in_parallel(gate, 16, 4, method) == {200}
    assert hop.challenged == 1
    assert len(set(hop.accepted)) == 64
    hop.close()


def test_f_12_rollover(gateway, tmp_path):
    """F-12 F-13: nextnonce is followed under load: many nonces, one
    challenge."""
    hop = Hop(life=40)
    hop.rolls = True
    gate = make(gateway, hop, tmp_path)
    assert in_parallel(gate, 16, 30) == {200}
    assert len({nonce for nonce, _ in hop.accepted}) > 10
    assert hop.challenged == 1
    hop.close()


@pytest.mark.parametrize("life, rolls", [(1, True), (1, False), (20, False)])
def test_short_lives(gateway, tmp_path, life, rolls):
    """Nonces for one request or few, used up by others before a request gets
    there, cost repeats, and no request."""
    hop = Hop(life=life)
    hop.rolls = rolls
    gate = make(gateway, hop, tmp_path)
    assert in_parallel(gate, 8, 8) == {200}
    assert max(collections.Counter(n for n, _ in hop.accepted).values()) == (
        life)
    hop.close()


def test_expect(via):
    """A client that waits for 100 (Continue) sends its content once, after
    the challenge was answered, however long it is."""
    gate, hop = via
    own = session(gate)
    assert ask(gate, own)[0].status == 200
    hop.retire()
    body = b"long" * (1 << 19)
    sent = own.credentials("POST", PAGE)
    with wire.Connection(gate.proxy) as connection:
        connection.send(wire.request("POST", PAGE, [
            ("Proxy-Authorization", sent), ("Expect", "100-continue"),
            ("Content-Length", str(len(body)))]))
        assert connection.until(b"\r\n\r\n").startswith(b"HTTP/1.1 100 ")
        connection.send(body)
        got = connection.response("POST")
    assert got.status == 200
    assert [len(seen.body) for seen in hop.seen[-2:]] == [0, len(body)]


def test_challenge_behind_100(via):
    """A content that was waited for and came is not sent again."""
    gate, hop = via
    own = session(gate)
    assert ask(gate, own)[0].status == 200
    hop.judge = lambda seen: (hop.challenge(seen, stale=True), None)
    body = b"long" * (1 << 19)
    sent = own.credentials("POST", PAGE)
    try:
        with wire.Connection(gate.proxy) as connection:
            connection.send(wire.request("POST", PAGE, [
                ("Proxy-Authorization", sent), ("Expect", "100-continue"),
                ("Content-Length", str(len(body)))]))
            connection.until(b"\r\n\r\n")
            connection.send(body)
            got = connection.response("POST")
    finally:
        del hop.judge
    assert got.status == 502
    assert [len(s.body) for s in hop.seen if s.method == "POST"] == [len(body)]


def test_restart_of_the_next_proxy(gateway, tmp_path):
    """What can be sent again survives a new process there, with other
    nonces and no old connections."""
    hop = Hop()
    gate = make(gateway, hop, tmp_path)
    own = session(gate)
    assert ask(gate, own)[0].status == 200
    port = hop.port
    hop.close()
    got, proved = ask(gate, own)
    assert (got.status, proved) == (502, True)
    hop = Hop(port=port)
    for method in WAYS:
        assert ask(gate, own, method)[0].status == 200
    hop.close()


def test_no_silent_repeat(via):
    """A POST whose answer never came is not sent again: it may have taken
    effect."""
    gate, hop = via
    own = session(gate)
    assert ask(gate, own, "POST")[0].status == 200
    seen = len(hop.seen)
    hop.answer = lambda seen: Last(b"")
    hop.judge = lambda seen: (Last(b""), None)
    try:
        got, proved = ask(gate, own, "POST")
    finally:
        del hop.judge
    assert (got.status, proved) == (502, True)
    assert len(hop.seen) == seen + 1


@pytest.mark.parametrize("framing", ["long", "chunked"])
def test_content_that_is_not_kept(gateway, tmp_path, framing):
    """Content that was not kept is not sent again: 502, said in the log; the
    next request finds a session."""
    hop = Hop()
    gate = make(gateway, hop, tmp_path, "--content-limit", "1k")
    own = session(gate)
    assert ask(gate, own)[0].status == 200
    hop.retire()
    if framing == "long":
        more = {"body": b"x" * 1025}
    else:
        more = {"body": b"", "fields": [("Transfer-Encoding", "chunked")]}
    with wire.Connection(gate.proxy) as connection:
        send = connection.send
        if framing == "chunked":
            connection.send = lambda data: send(data + b"3\r\nabc\r\n0\r\n\r\n")
        got, proved = ask(gate, own, "POST", connection, **more)
    assert (got.status, proved) == (502, True)
    assert gate.wait_log("content-too-large")["status"] == 502
    assert ask(gate, own, "POST")[0].status == 200
    hop.close()


def test_policies(gateway, tmp_path):
    """F-20 F-22: under `expect` silence passes until the proxy proved
    itself once; under `off` it always does."""
    hop = Hop()
    hop.info = lambda seen, info: None
    gate = make(gateway, hop, tmp_path, "--via-proof", "expect")
    own = session(gate)
    assert ask(gate, own)[0].status == 200
    hop.info = None
    assert ask(gate, own)[0].status == 200
    hop.info = lambda seen, info: None
    assert ask(gate, own)[0].status == 502
    gate = make(gateway, hop, tmp_path, "--via-proof", "off")
    own = session(gate)
    assert ask(gate, own)[0].status == 200
    hop.info = FAULTS["rspauth-wrong"]
    got, proved = ask(gate, own)
    assert (got.status, proved) == (200, True)
    hop.close()


def test_reload_takes_a_new_password(gateway, tmp_path):
    """A reload reads the login anew; what is wrong with it changes
    nothing."""
    hop = Hop()
    gate = make(gateway, hop, tmp_path)
    own = session(gate)
    assert ask(gate, own)[0].status == 200
    hop.password = "changed"
    hop.retire()
    assert ask(gate, own)[0].status == 502
    write_login(tmp_path, "no colon")
    assert gate.reload().returncode != 0
    write_login(tmp_path, f"{USER}:changed\n")
    assert gate.reload().returncode == 0
    assert ask(gate, own)[0].status == 200
    hop.close()


def test_h_23_secret_stays_hidden(gateway, tmp_path, monkeypatch):
    """H-23: neither the process list nor the state directory shows the
    password, from a file or from the environment."""
    hop = Hop(password="Zq7-hidden")
    monkeypatch.setenv("COUNTERSIGN_VIA_PASSWORD", "Zq7-hidden")
    gate = gateway("--via-proxy", hop.url, "--via-user", USER, forward=True)
    assert ask(gate, session(gate))[0].status == 200
    for pid in (gate.process.pid, gate.engine_pid()):
        with open(f"/proc/{pid}/cmdline", "rb") as file:
            assert b"Zq7" not in file.read()
    for path in gate.state.rglob("*"):
        if path.is_file():
            assert b"Zq7" not in path.read_bytes(), path
    assert "Zq7" not in str(gate.err + gate.said)
    hop.close()


@pytest.mark.parametrize("method, target", [
    ("GET", "http://127.0.0.1/"), ("CONNECT", "127.0.0.1:443")])
def test_localhost(via, method, target):
    """127.0.0.1 is no address to ask another machine for: 403, at once."""
    gate, hop = via
    own = session(gate)
    sent = own.credentials(method, target)
    with wire.Connection(gate.proxy) as connection:
        got = connection.exchange(method, target,
                                  [("Proxy-Authorization", sent)])
    assert got.status == 403
    assert own.proves(got.one("Proxy-Authentication-Info"), sent, target)
    assert not hop.seen
    assert gate.wait_log("destination-denied")["user"] == "alice"


def test_own_loop(gateway, tmp_path):
    """RFC 9110, 7.6.3: what comes back to the gateway goes no further, plain
    and CONNECT."""
    hop = Hop(user="alice", password="proxy-secret")
    port = hop.port
    hop.close()
    gate = gateway("--via-proxy", f"http://127.0.0.1:{port}",
                   "--via-user-file",
                   write_login(tmp_path, "alice:proxy-secret\n"), "--listen",
                   f"forward=127.0.0.1:{port}", forward=True)
    own = session(gate)
    for method in WAYS:
        got, proved = ask(gate, own, method)
        assert (got.status, proved) == (508, True), method
        assert gate.wait_log("loop")["status"] == 508
    until(lambda: gate.refused("proxy", "loop") == len(WAYS), 5)
