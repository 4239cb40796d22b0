# SPDX-License-Identifier: MIT
"""Bad credentials on the wire: each with its status and its reason, from the
gateway and from nginx."""
import pytest

from support import digest, wire
from support.gateway import Gateway, login
from support.guards import module_guard  # pylint: disable=unused-import


@pytest.fixture(scope="module")
def shared(module_guard, module_origin):
    gate = module_guard(origin=module_origin.url)
    return gate, module_origin


@pytest.fixture
def served(shared):
    shared[1].forget()
    return shared


def change(**new):
    """Replace parameters; None takes one out."""
    def edit(fields):
        fields.update(new)
        return digest.render({k: v for k, v in fields.items()
                              if v is not None})
    return edit


def text(build):
    """Any text, given the fields of right credentials."""
    return lambda fields: build(digest.render(fields))


def twice(name, value):
    return lambda fields: digest.render(fields) + f", {name}={value}"


BAD = {
    "parameter twice": (twice("nc", "00000002"), 400, "repeated-parameter"),
    "parameter twice, other case": (twice("NC", "00000001"), 400,
                                    "repeated-parameter"),
    "unknown parameter twice": (
        lambda f: digest.render(f) + ", x=1, x=1", 400, "repeated-parameter"),
    "username and username*": (twice("username*", "UTF-8''alice"), 400, None),
    "unclosed quote": (change(cnonce='"abc'), 400, "malformed"),
    "lone backslash": (text(lambda t: t + ', x="a\\'), 400, "malformed"),
    "no comma": (text(lambda t: t.replace(", nc", " nc")), 400, "malformed"),
    "no value": (text(lambda t: t + ", x="), 400, "malformed"),
    "no equals": (text(lambda t: t + ", x"), 400, "malformed"),
    "control octet": (change(cnonce='"a\x01b"'), 400, "engine"),
    "DEL": (change(cnonce='"a\x7fb"'), 400, "engine"),
    "nc of seven": (change(nc="0000001"), 400, "malformed"),
    "nc of nine": (change(nc="000000001"), 400, "malformed"),
    "nc not hex": (change(nc="0000000g"), 400, "malformed"),
    "nc signed": (change(nc="-0000001"), 400, "malformed"),
    "nc zero": (change(nc="00000000"), 400, "malformed"),
    "nc empty": (change(nc='""'), 400, "malformed"),
    "response of 31": (change(response='"' + "0" * 31 + '"'), 400,
                       "malformed"),
    "response not hex": (change(response='"' + "g" * 64 + '"'), 400,
                         "malformed"),
    "no nc": (change(nc=None), 400, "missing-parameter"),
    "no cnonce": (change(cnonce=None), 400, "missing-parameter"),
    "no uri": (change(uri=None), 400, "missing-parameter"),
    "no nonce": (change(nonce=None), 400, "missing-parameter"),
    "no response": (change(response=None), 400, "missing-parameter"),
    "no username": (change(username=None), 400, "missing-parameter"),
    "no realm": (change(realm=None), 400, "missing-parameter"),
    "no qop": (change(qop=None), 400, None),
    "no qop, cnonce, nc": (change(qop=None, cnonce=None, nc=None), 400,
                           "qop-missing"),
    "qop auth-int": (change(qop="auth-int"), 400, "qop-not-offered"),
    "other scheme": (text(lambda t: "Basic YWxpY2U6c2VjcmV0"), 401,
                     "scheme-not-offered"),
    "other realm": (change(realm='"elsewhere"'), 401, "realm-not-offered"),
    "other algorithm": (change(algorithm="MD5"), 400, None),
    "no algorithm": (change(algorithm=None), 400, None),
    "unknown algorithm": (change(algorithm="SHA-1"), 401,
                          "algorithm-not-offered"),
    "forged nonce": (change(nonce='"' + "A" * 56 + '"'), 401,
                     "nonce-unknown"),
    "short nonce": (change(nonce='"AAAA"'), 401, "nonce-unknown"),
    "unknown user": (change(username='"mallory"'), 401, "unknown-user"),
    "wrong response": (change(response='"' + "0" * 64 + '"'), 401,
                       "wrong-response"),
    "other count": (change(nc="00000002"), 401, "wrong-response"),
    "another path": (change(uri='"/b"'), 400, "uri-mismatch"),
    "another host": (change(uri='"http://other.example/a?q"'), 400,
                     "uri-mismatch"),
    "without its query": (change(uri='"/a"'), 400, "uri-mismatch"),
    "scheme only": (text(lambda t: "Digest"), 400, None),
    "token68": (text(lambda t: "Digest abcd=="), 400, None),
    "9 KiB field": (twice("x", "a" * 9000), 431, "too-large"),
    "64 KiB field": (twice("x", "a" * 65536), 431, "too-large"),
    "5 KiB value": (twice("x", "a" * 5000), 400, None),
    "40 parameters": (lambda f: digest.render(f) + "".join(
        f", x{n}=1" for n in range(40)), 400, None),
    "70 empty elements": (text(lambda t: t + "," * 70), 400, None),
    "high octets in the name": (change(username='"\xe4\xff"'), 401,
                                "unknown-user"),
}


@pytest.mark.parametrize("name", BAD)
def test_bad_credentials(served, name):
    """A-41 A-43 A-46 A-51 D-01 D-02 D-03 D-05 D-07 D-08 D-09 D-10 D-15 D-38:
    refused, named, not forwarded."""
    gate, origin = served
    build, status, reason = BAD[name]
    session = login(gate.origin)
    before = gate.refused("origin", reason) if reason else 0
    with wire.Connection(gate.origin) as connection:
        got = connection.exchange(target="/a?q", fields=[
            ("Authorization", build(session.fields("GET", "/a?q")))])
        assert got.status == status, got
        assert bool(got.all("WWW-Authenticate")) == (status == 401)
        for line in got.all("WWW-Authenticate"):
            assert "stale" not in digest.challenge(line)
        assert not got.all("Authentication-Info")
        # The session itself is unharmed, and so is the gateway.
        sent = session.credentials("GET", "/a?q")
    with wire.Connection(gate.origin) as connection:
        assert connection.exchange(target="/a?q", fields=[
            ("Authorization", sent)]).status == 200
    assert len(origin.seen) == 1
    if reason:
        assert gate.refused("origin", reason) == before + 1


def test_a_05_two_lines(served):
    """A-05 H-32: two Authorization lines are refused, good as each may be."""
    gate, origin = served
    session = login(gate.origin)
    with wire.Connection(gate.origin) as connection:
        got = connection.exchange(fields=[
            ("Authorization", session.credentials("GET", "/")),
            ("authorization", session.credentials("GET", "/"))])
        assert got.status == 400
    if isinstance(gate, Gateway):  # nginx refuses it before it asks us
        assert gate.refused("origin", "repeated-field") == 1
    assert not origin.seen


def test_a_28_folded_line(served):
    """A-28: the engine replaces a fold by blanks before the plugin sees it,
    as RFC 9112, 5.2 allows: what is judged is what is forwarded. nginx
    answers 400, as it allows too."""
    gate, origin = served
    session = login(gate.origin)
    sent = session.credentials("GET", "/").replace(", nonce", ",\r\n nonce")
    with wire.Connection(gate.origin) as connection:
        got = connection.exchange(fields=[("Authorization", sent),
                                          ("X-Fold", "a\r\n b")])
    if not isinstance(gate, Gateway):
        assert got.status == 400 and not origin.seen
        return
    assert got.status == 200
    assert "\r\n " not in str(origin.seen[0].fields)
    assert origin.seen[0].all("X-Fold")[0].split() == ["a", "b"]


@pytest.mark.parametrize("place", [b"cnonce=\"", b"X-Other: a", b"X-Ot"])
@pytest.mark.parametrize("octet", [b"\0", b"\r"])
def test_a_27_bare_controls(served, octet, place):
    """A-27: NUL and a lone CR end in 400, wherever they stand: behind the
    latter an application could read a field of its own."""
    gate, origin = served
    session = login(gate.origin)
    octets = wire.request(fields=[
        ("Authorization", session.credentials("GET", "/")),
        ("X-Other", "aX-Remote-User: root")])
    assert octets.count(place) == 1
    octets = octets.replace(place, place + octet)
    with wire.Connection(gate.origin) as connection:
        connection.send(octets)
        assert b" 400 " in connection.until(b"\r\n")
    assert not origin.seen


def test_header_section_too_large(served):
    """A header section beyond the engine's limit is refused."""
    gate, origin = served
    with wire.Connection(gate.origin) as connection:
        try:
            got = connection.exchange(fields=[
                (f"X-{number}", "x" * 30000) for number in range(8)])
        except (ConnectionError, BrokenPipeError):
            got = None  # it closed before everything was sent
    assert got is None or got.status in (400, 431)
    assert not origin.seen
    assert login(gate.origin)


def test_b_29_unknown_user_looks_the_same(served):
    """B-29 D-39: the answers to a wrong password and to an unknown name
    differ in nothing but nonce and date."""
    gate, _ = served
    answers = []
    for edit in (change(response='"' + "0" * 64 + '"'),
                 change(username='"mallory"')):
        session = login(gate.origin)
        with wire.Connection(gate.origin) as connection:
            got = connection.exchange(fields=[
                ("Authorization", edit(session.fields("GET", "/")))])
        answers.append((got.status, got.body, [
            (n, v) for n, v in got.fields
            if n not in ("Date", "WWW-Authenticate", "X-Worker")]))
    assert answers[0] == answers[1]


def test_h_18_secrets_stay_out_of_logs(served):
    """H-18 H-19: no digest, nonce or unknown name in the log; a known name
    is there; one line for each refusal, and the gateway's is JSON."""
    gate, _ = served
    session = login(gate.origin)
    fields = session.fields("GET", "/?token=geheim")
    sent = []
    for edit in (change(username='"my\tpassw0rd"'),
                 change(response='"' + "ab" * 32 + '"')):
        sent.append(edit(dict(fields)))
        with wire.Connection(gate.origin) as connection:
            connection.exchange(target="/?token=geheim",
                                fields=[("Authorization", sent[-1])])
    entry = gate.wait_log("wrong-response")
    assert entry["user"] == "alice"
    assert entry["client"] == "127.0.0.1"
    assert gate.wait_log("unknown-user")["user"] == "***"
    everything = "\n".join(gate.err)
    if isinstance(gate, Gateway):  # nginx writes down request lines
        assert (entry["status"], entry["layer"]) == (401, "origin")
        assert "geheim" not in everything
    for word in ("passw0rd", "ab" * 32, session.nonce, session.ha1,
                 fields["response"].strip('"'), fields["cnonce"].strip('"')):
        assert word not in everything
    for name, text in gate.written().items():
        assert session.ha1.encode() not in text, name
