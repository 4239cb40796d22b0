# SPDX-License-Identifier: MIT
"""The log of refusals: one line of JSON each, whatever clients send."""
import json
import time

import pytest

from support import digest, wire
from support.gateway import login

FORGED = '{"event":"refused","reason":"forged","client":"192.0.2.1"}'
WORDS = {
    "line end": "a\n" + FORGED,
    "carriage return": "a\r" + FORGED,
    "both": "a\r\n" + FORGED + "\r\n",
    "quotation marks": '","reason":"forged","x":"',
    "backslash at the end": "a\\",
    "escaped line end": "a\\n" + FORGED,
    "zero": "a\0b",
    "escape sequence": "\x1b[2J\x1b[1;31mforged",
    "delete and C1": "a\x7f\x85\x9b31m",
    "line separators": "a\u2028\u2029b",
    "not UTF-8": "a\udcff\udcc0\udcaf\udced\udca0\udc80b",
    "right to left": "a\u202egnorw",
    "blanks": "  \t ",
    "long": "A" * 3000,
    "percent": "%0a%0d%s%n",
}


def octets(text):
    return text.encode("utf-8", "surrogateescape")


def poke(gate, data):
    """Send octets as they are; whatever comes back is all right."""
    with wire.Connection(gate.origin) as connection:
        connection.send(data)
        connection.socket.settimeout(5)
        try:
            return connection.response().status
        except (ConnectionError, OSError, ValueError):
            return None


def place(kind, word, session):
    """A request with `word` in one place."""
    target, method, more = b"/", b"GET", b""
    fields = session.fields("GET", "/")
    fields["response"] = digest.quote("0" * 64)
    if kind == "target":
        target += word
    elif kind == "query":
        target += b"?" + word
    elif kind == "method":
        method += word
    elif kind == "field":
        more = b"X-Any: " + word + b"\r\n"
    sent = digest.render(fields).encode()
    if kind == "user":
        sent = sent.replace(b'"alice"', b'"' + word + b'"')
    elif kind == "alice and more":
        sent = sent.replace(b'"alice"', b'"alice' + word + b'"')
    elif kind == "uri":
        sent = sent.replace(b'uri="/"', b'uri="/' + word + b'"')
    elif kind == "algorithm":
        sent = sent.replace(b"algorithm=SHA-256", b"algorithm=" + word)
    return (method + b" " + target + b" HTTP/1.1\r\nHost: localhost\r\n" +
            more + b"Authorization: " + sent + b"\r\n\r\n")


def wait_lines(gate):
    """All lines of the log, once none is left to come."""
    end = time.monotonic() + 5
    while True:
        refusals = sum(count for name, count in gate.metrics().items()
                       if 'result="refuse"' in name)
        lines = [line for line in list(gate.err) if line]
        if len(lines) >= refusals:
            return lines, refusals
        assert time.monotonic() < end, (len(lines), refusals)
        time.sleep(0.02)


@pytest.mark.parametrize("kind", ["target", "query", "method", "field",
                                  "user", "alice and more", "uri",
                                  "algorithm"])
def test_h_19_nothing_forges_a_line(gateway, origin, kind):
    """H-19 H-18: each refusal is one line, and it says what happened; what
    the client wrote is shown where it belongs, in printable ASCII, or not at
    all."""
    gate = gateway("--max-failures", "0", origin=origin.url)
    session = login(gate.origin)
    asked = sum(poke(gate, place(kind, octets(word), session)) is not None
                for word in WORDS.values())
    lines, refusals = wait_lines(gate)
    assert len(lines) == refusals, "one line for each, and no other"
    # A line end makes two requests of one, and the second is refused too.
    assert 1 + asked <= refusals <= 1 + 2 * len(WORDS)
    for line in lines:
        assert line.isascii() and line.isprintable(), line
        entry = json.loads(line)
        assert list(entry) == ["time", "event", "layer", "status", "reason",
                               "client", "user", "method", "target"]
        assert entry["event"] == "refused"
        assert entry["reason"] != "forged"
        assert entry["client"] == "127.0.0.1"
        assert entry["user"] in (None, "alice", "***")
        assert len(entry["target"]) < 256 and len(entry["method"]) < 32
        for shown in entry["method"] + entry["target"]:
            assert " " <= shown <= "~", entry
        assert "?" not in entry["target"] or kind == "target", entry
    assert origin.seen == []


def test_h_19_names_of_users_are_shown_whole(gateway, origin):
    """H-19: a known name beyond ASCII, or with marks in it, stands in the
    log as JSON writes it."""
    names = ["jürgen", "a\"b\\c", "名前", "a\u2028b"]
    gate = gateway(origin=origin.url, users=[
        (name, "the application", "secret") for name in names])
    for number, name in enumerate(names):
        session = login(gate.origin, user=name, password="wrong")
        sent = session.credentials("GET", "/").encode()
        with wire.Connection(gate.origin) as connection:
            connection.send(b"GET / HTTP/1.1\r\nHost: a\r\nAuthorization: " +
                            sent + b"\r\n\r\n")
            assert connection.response().status == 401
        lines, _ = wait_lines(gate)
        entry = json.loads(lines[-1])
        assert entry["reason"] == "wrong-response", name
        assert entry["user"] == name, number
        assert lines[-1].isascii()
