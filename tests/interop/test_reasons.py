# SPDX-License-Identifier: MIT
"""One word for one thing: what the gateway logs and counts of an exchange is
what `countersign inspect` says of it, which works it out by itself."""
import pytest

from support import digest, wire
from support.gateway import login
from support.inspecting import inspect


def said(got):
    """A response as raw text."""
    lines = [f"{got.version} {got.status} {got.reason}"]
    lines += [f"{name}: {value}" for name, value in got.fields]
    return "\r\n".join(lines) + "\r\n\r\n" + got.body.decode()


def change(**changes):
    def edit(fields):
        for name, value in changes.items():
            if value is None:
                del fields[name]
            else:
                fields[name] = value
        return digest.render(fields)
    return edit


def twice(fields):
    return digest.render(fields) + ', uri="/"'


def cut(fields):
    return digest.render(fields)[:-12] + '"'


ROWS = {
    "wrong-response": change(response=digest.quote("0" * 64)),
    "unknown-user": change(username='"mallory"'),
    "uri-mismatch": change(uri='"/elsewhere"'),
    "nonce-unknown": change(nonce=digest.quote("A" * 56)),
    "realm-not-offered": change(realm='"elsewhere"'),
    "algorithm-not-offered": change(
        algorithm="MD5", response=digest.quote("0" * 32)),
    "qop-not-offered": change(qop="auth-int"),
    "qop-missing": change(qop=None, nc=None, cnonce=None),
    "missing-parameter": change(nc=None),
    "repeated-parameter": twice,
    "malformed": change(response='"'),
}


@pytest.mark.parametrize("word", ROWS)
def test_log_metrics_and_inspect_agree(gateway, origin, word):
    """The same word for the same request, from both."""
    gate = gateway(origin=origin.url)
    with wire.Connection(gate.origin) as connection:
        first = connection.exchange(target="/")
        session = digest.Session(first.all("WWW-Authenticate"))
        sent = ("Authorization", ROWS[word](session.fields("GET", "/")))
        got = connection.exchange(target="/", fields=[sent])
    text = (wire.request().decode() + said(first) +
            wire.request(fields=[sent]).decode() + said(got))
    assert gate.wait_log(word)["status"] == got.status
    assert gate.refused("origin", word) == 1
    report = inspect(text, password="secret")
    found = [finding["reason"] for finding in report.findings("wrong")]
    # It has one login and no user file: nobody is unknown to it.
    same = {"unknown-user": "wrong-response"}.get(word, word)
    assert same in found, report.text


def test_replay_and_stale(gateway, origin):
    """Used counts and nonces past their age: likewise."""
    gate = gateway(origin=origin.url)
    session = login(gate.origin)
    challenge = ("HTTP/1.1 401 Unauthorized\r\nWWW-Authenticate: " +
                 digest.render(session.params | {
                     name: digest.quote(session.params[name])
                     for name in ("realm", "nonce", "qop")}) +
                 "\r\nContent-Length: 0\r\n\r\n")
    used = ("Authorization", session.credentials("GET", "/"))
    text = wire.request().decode() + challenge
    for _ in range(2):
        with wire.Connection(gate.origin) as connection:
            got = connection.exchange(fields=[used])
        text += wire.request(fields=[used]).decode() + said(got)
    assert got.status == 401
    assert gate.wait_log("replay")
    report = inspect(text, password="secret")
    assert "replay" in [f["reason"] for f in report.findings("wrong")]
