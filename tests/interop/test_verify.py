# SPDX-License-Identifier: MIT
"""`countersign verify` as a command: exit codes, options, output, and
servers that mean it ill."""
import base64
import re
import socket
import threading
import time

import pytest

from support.fixtures import authority, peers  # noqa: F401
from support.raw import CLOSE, Last, response
from support.strict_server import PASSWORD, USER, StrictServer
from support.verifying import FAILED, LOGIN, OK, USAGE, listed, run, verify

NAMED = f"{USER}:{PASSWORD}"


@pytest.fixture
def server():
    made = StrictServer()
    yield made
    made.close()
    assert made.peer.errors == []


def page(server):
    return server.url + "/page?a=b"


def free_port():
    with socket.socket() as one:
        one.bind(("127.0.0.1", 0))
        return one.getsockname()[1]


def test_the_report_for_a_person(server):
    report = run(page(server), user=NAMED)
    assert report.code == OK
    lines = report.text.splitlines()
    assert lines[0] == f"{page(server)}, as {USER}"
    assert [line for line in lines if line and line[0] != " "][1:4] == [
        "Offers", "Proves", "Lets through"]
    counts = [int(n) for n in re.findall(r"\d+", lines[-1])]
    assert sum(counts) == len(listed()) and counts[1:3] == [0, 0]
    assert re.search(r"^  pass     replay +the same request again: 401$",
                     report.text, re.M)


def test_a_failure_names_its_requirement():
    server = StrictServer("replay")
    report = run(page(server), user=NAMED)
    server.close()
    assert report.code == FAILED
    assert "  fail     replay  " in report.text
    assert "must: the same request is let in once on a connection " \
        "(D-23 H-07; replay)" in report.text


def test_json(server):
    report = verify(page(server), user=NAMED)
    assert report.json["version"] == 1
    assert report.json["url"] == page(server)
    assert report.json["proxy"] is None
    assert report.json["layer"] == "origin"
    assert report.json["exchanges"] == len(server.peer.requests)
    assert [one["algorithm"] for one in report.json["offers"]] == [
        "SHA-256", "SHA-256-sess"]
    assert report.json["offers"][0] == {
        "scheme": "Digest", "algorithm": "SHA-256", "realm": "test.example",
        "qop": ["auth", "auth-int"], "opaque": True, "domain": False,
        "userhash": True, "charset": True}
    totals = report.json["totals"]
    for verdict in totals:
        assert totals[verdict] == len(report.named(verdict))
    for check in report.json["checks"]:
        assert check["text"] and check["sentence"] and check["ids"]


def test_the_list_is_the_report_without_verdicts(server):
    report = verify(page(server), user=NAMED)
    wanted = [{k: v for k, v in check.items()
               if k not in ("verdict", "text")}
              for check in report.json["checks"]]
    assert listed() == wanted
    names = [check["name"] for check in wanted]
    assert len(set(names)) == len(names)
    text = run("--list").text
    assert all(f"  {name} " in text for name in names)


@pytest.mark.parametrize("only, names", [
    (["--only=replay"], {"replay"}),
    (["--only=D-29"], {"uri-other", "uri-query", "uri-other-host", "connect-host",
                "connect-port", "host-other"}),
    (["--only=nc-zero", "--only=C-45"], {"nc-zero", "user-case"}),
])
def test_only(server, only, names):
    report = verify(*only, page(server), user=NAMED)
    assert set(report.checks) == names
    assert report.code == OK
    assert sum(report.json["totals"].values()) == len(names)


@pytest.mark.parametrize("arguments", [
    [], ["http://127.0.0.1/", "http://127.0.0.1/"], ["ftp://127.0.0.1/"],
    ["http://a:b@127.0.0.1/"], ["--only", "nothing", "http://127.0.0.1/"],
    ["--only=D-2", "http://127.0.0.1/"], ["--timeout", "0", "http://a/"],
    ["--timeout", "x", "http://a/"], ["--proxytunnel", "http://a/"],
    ["-x", "socks5://127.0.0.1", "http://a/"], ["-u", ":x", "http://a/"],
    ["--no-such-option"],
], ids=" ".join)
def test_usage(arguments):
    done = run(*arguments)
    assert done.code == USAGE
    assert done.err and not done.text


def test_without_a_user_only_offers_are_looked_at(server):
    report = verify(page(server))
    assert report.code == OK
    assert {"challenge", "nonce-unique", "algorithm-strong"} <= \
        report.named("pass")
    assert not report.named("fail", "warn")
    assert report.checks["replay"]["text"] == "no user was given (-u)"
    assert not any(r.get("Authorization") for r in server.peer.requests)


@pytest.mark.parametrize("login", [f"{USER}:wrong", f"nobody:{PASSWORD}"])
def test_a_refused_login(server, login):
    report = verify(page(server), user=login)
    assert report.code == LOGIN
    assert "refused" in report.err
    assert report.checks["challenge"]["verdict"] == "pass"
    assert report.checks["replay"]["text"] == "a right login is refused"


def test_nobody_listens():
    report = run(f"http://127.0.0.1:{free_port()}/", user="a:b")
    assert report.code == 7
    assert not report.text


def test_no_digest():
    server = StrictServer("digest")
    report = run(page(server), user=NAMED)
    server.close()
    assert report.code == FAILED
    assert "no Digest challenge that could be answered" in report.text
    assert len(server.peer.requests) == 1


def test_nothing_is_asked(peers):  # noqa: F811
    peer = peers(lambda request: response(200, body=b"open\n"))
    report = verify(peer.url, user=NAMED)
    assert report.code == FAILED
    assert report.named("fail") == {"challenge"}
    assert report.checks["challenge"]["text"] == "200, and no challenge"


def test_tls(authority):  # noqa: F811
    server = StrictServer(tls=authority.server())
    try:
        assert run(page(server), user=NAMED).code == 60
        for trust in (["--cacert", authority.ca], ["--insecure"]):
            report = verify("--strict", *trust, page(server), user=NAMED)
            assert report.code == OK, report
            assert report.checks["transport"]["text"] == "TLS"
    finally:
        server.close()


def test_safe_sends_no_post(server):
    report = verify("--safe", page(server), user=NAMED)
    assert report.code == OK
    assert {r.method for r in server.peer.requests} == {"GET", "HEAD"}
    assert report.checks["proof-post"]["text"] == "--safe"


def test_the_password_is_sent_by_leave_alone(server):
    verify(page(server), user=NAMED)
    sent = b"".join(r.raw for r in server.peer.requests)
    assert b"Basic" not in sent and PASSWORD.encode() not in sent
    verify("--basic", "--only", "basic-let-in", page(server), user=NAMED)
    assert server.peer.requests[-1].get("Authorization") == \
        "Basic " + base64.b64encode(NAMED.encode()).decode()


def test_verbose_hides_what_is_secret(server):
    report = run("-v", "--basic", page(server), user=NAMED)
    assert "> GET /page?a=b HTTP/1.1" in report.err
    assert "< HTTP/1.1 401 " in report.err
    assert 'response=(hidden)' in report.err
    assert 'rspauth=(hidden)' in report.err
    assert "> Authorization: (hidden)" in report.err  # Basic
    for request in server.peer.requests:
        for line in request.all("Authorization"):
            secret = re.search(r'response="?([0-9a-fA-F]{32,64})', line)
            assert not secret or secret[1] not in report.err
    assert base64.b64encode(NAMED.encode()).decode() not in report.err
    assert PASSWORD not in report.err + report.text
    # What is sent to try the other end's mind must not reach a terminal.
    assert not re.search(r"[\x00-\x08\x0b-\x1f\x7f]", report.err)


def test_a_user_that_is_not_ascii(server):
    server.user = "Käthe".encode().decode("latin-1")
    server.password = "Äpfel".encode().decode("latin-1")
    report = verify("--strict", page(server), user="Käthe:Äpfel")
    assert report.code == OK, report.said("fail", "warn")
    # The form NFD means the same (C-40).
    report = verify("--only", "proof", page(server),
                    user="Käthe:A\u0308pfel")
    assert report.named("pass") == {"proof"}


def challenged(extra=b""):
    return (b"HTTP/1.1 401 No\r\nWWW-Authenticate: Digest realm=\"r\", "
            b"nonce=\"n\", qop=\"auth\", algorithm=SHA-256\r\n" + extra)


# What a server may answer to everything, and the exit code.
ILL = {
    "no HTTP": (b"SSH-2.0-x\r\n\r\n", 8),
    "a head without an end": (b"HTTP/1.1 200 OK\r\n" + b"A: b\r\n" * 20000,
                              8),
    "too many fields": (b"HTTP/1.1 200 OK\r\n" + b"A:b\r\n" * 300 + b"\r\n",
                        8),
    "a field without a name": (b"HTTP/1.1 200 OK\r\n: b\r\n\r\n", 8),
    "a length that is no number":
        (b"HTTP/1.1 200 OK\r\nContent-Length: 1x\r\n\r\n", 8),
    "a length below nothing":
        (b"HTTP/1.1 200 OK\r\nContent-Length: -1\r\n\r\n", 8),
    "a length beyond everything":
        (b"HTTP/1.1 200 OK\r\nContent-Length: 99999999999999999999\r\n\r\n",
         8),
    "a chunk that is none":
        (b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n", 8),
    "chunks of fantastic size":
        (b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"
         b"ffffffffffffffff\r\n", 8),
    "1xx without end": (b"HTTP/1.1 102 On\r\n\r\n" * 100, 8),
    "nothing": (b"", 52),
    "half a head": (b"HTTP/1.1 401 No\r\nWWW-Auth", 52),
    "half a body": (b"HTTP/1.1 401 No\r\nContent-Length: 10\r\n\r\nabc", 52),
    "a body of 3 MiB without a login":
        (b"HTTP/1.1 200 OK\r\n\r\n" + b"x" * (3 << 20), FAILED),
    "a challenge of 64 KiB":
        (b"HTTP/1.1 401 No\r\nWWW-Authenticate: Digest realm=\"" +
         b"x" * 60000 + b"\"\r\nContent-Length: 0\r\n\r\n", FAILED),
    "control octets in a challenge":
        (b"HTTP/1.1 401 No\r\nWWW-Authenticate: Digest realm=\"\x1b[2J\", "
         b"nonce=\"\0\"\r\nContent-Length: 0\r\n\r\n", FAILED),
    "a login that leads nowhere":
        (challenged(b"Content-Length: 0\r\n\r\n"), LOGIN),
}


@pytest.mark.parametrize("name", ILL)
def test_a_server_that_means_it_ill(peers, name):  # noqa: F811
    octets, code = ILL[name]
    peer = peers(lambda request: Last(octets) if octets else CLOSE)
    start = time.monotonic()
    report = run("--timeout", "2", peer.url, user=NAMED)
    assert report.code == code, report
    assert time.monotonic() - start < 20
    assert "\x1b" not in report.text + report.err


def slow_server(write, started):
    """Accepts, reads, and hands the connection to `write`."""
    listener = socket.create_server(("127.0.0.1", 0))

    def serve():
        while True:
            try:
                client, _ = listener.accept()
            except OSError:
                return
            started.append(client)
            threading.Thread(target=write, args=(client,),
                             daemon=True).start()
    threading.Thread(target=serve, daemon=True).start()
    return listener


def drip(client):
    try:
        client.sendall(b"HTTP/1.1 401 No\r\nA: ")
        while True:
            client.sendall(b"x")
            time.sleep(0.01)
    except OSError:
        pass


@pytest.mark.parametrize("write", [lambda client: None, drip],
                         ids=["silence", "octet by octet"])
def test_a_server_that_takes_its_time(write):
    started = []
    listener = slow_server(write, started)
    start = time.monotonic()
    report = run("--timeout", "0.5", f"http://127.0.0.1:"
                 f"{listener.getsockname()[1]}/", user=NAMED)
    assert time.monotonic() - start < 5
    assert report.code == 28
    listener.close()
    for client in started:
        client.close()


def test_a_server_that_falls_silent_on_the_way(server):
    """The run ends after a few exchanges without an answer."""
    usual = server.peer.handler

    def handler(request):
        if len(server.peer.requests) > 40:
            time.sleep(1.5)
            return CLOSE
        return usual(request)
    server.peer.handler = handler
    start = time.monotonic()
    report = verify("--timeout", "0.3", page(server), user=NAMED)
    assert report.code == 28
    assert time.monotonic() - start < 10
    assert "the server answers no more, or time is up" in {
        check["text"] for check in report.json["checks"]}


def test_a_login_that_lasts_as_long_as_its_connection():
    """All other checks go on on connections of their own."""
    server = StrictServer("state-carried-over")
    report = verify(page(server), user=NAMED)
    server.close()
    assert report.named("fail") == {"state-carried-over"}
    assert "no challenge came" not in {
        check["text"] for check in report.json["checks"]}


def test_guesses_that_are_limited(server):
    """429 leaves checks open; it is no verdict."""
    usual = server.peer.handler

    def handler(request):
        if len(server.peer.requests) > 100:
            return response(429, [("Retry-After", "60")])
        return usual(request)
    server.peer.handler = handler
    report = verify(page(server), user=NAMED)
    assert report.code == OK
    assert not report.named("fail", "warn"), report.said("fail", "warn")
    assert len(report.named("skipped")) > 20
