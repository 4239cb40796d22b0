# SPDX-License-Identifier: MIT
"""`countersign inspect` as a command: refusals, secrets, escapes, limits."""
import base64
import subprocess

import pytest

from support.inspecting import (PASSWORD, USER, Login, environment, exchange,
                                ha1_of, inspect, quote, run, sent)
from support.passwd import PROGRAM, Terminal


@pytest.mark.parametrize("text, word", [
    (b"", "no HTTP message"), (b"just words\n", "no HTTP message"),
    (b"{\"log\": 1}", "no HAR"), (b"{\"log\": ", "line 1"),
    (b"{\"log\": {\"entries\": []}}", "no HTTP message"),
    (b"GET / HTTP/1.1\n\n" * 10001, "more messages"),
    (b"GET / HTTP/1.1\n" + b"a: b\n" * 1001, "more fields"),
    (b"x" * (8 * 1024 * 1024 + 1), "larger than 8 MiB"),
], ids=lambda value: value if isinstance(value, str) else "")
def test_what_cannot_be_read(text, word):
    done = run(text)
    assert (done.returncode, done.stdout) == (2, b"")
    assert word in done.stderr.decode()
    assert done.stderr.count(b"\n") == 1


def test_a_file_that_is_not_there(tmp_path):
    done = run(b"", tmp_path / "none")
    assert done.returncode == 2
    assert b"No such file" in done.stderr
    assert run(b"", tmp_path).returncode == 2


@pytest.mark.parametrize("options", [
    ["--no-such"], ["a", "b"], ["--ha1", "xyz"], ["--ha1", "ab"],
    ["--ha1", "SHA-1:" + "0" * 64], ["--ha1", "MD5:" + "0" * 64],
    ["--ha1", "SHA-256-sess:" + "0" * 64], ["--method", "a b"],
    ["--password-stdin", "--password-prompt"], ["-u", ""],
    ["--password-file", "/nonexistent"],
])
def test_a_command_line_that_makes_no_sense(options):
    done = run(exchange(Login()), *options)
    assert (done.returncode, done.stdout) == (2, b"")
    assert done.stderr != b""


# ----------------------------------------------------------------- secrets

def everywhere(text, *options, **keywords):
    done = run(text, *options, **keywords)
    return done.returncode, (done.stdout + done.stderr).decode()


def test_where_the_password_comes_from(tmp_path):
    text = exchange(Login())
    path = tmp_path / "password"
    path.write_text(PASSWORD + "\n")
    path.chmod(0o600)
    ways = [([], text, {"COUNTERSIGN_PASSWORD": PASSWORD}),
            (["--password-file", path], text, {}),
            (["--password-stdin"], f"{PASSWORD}\n".encode() + text, {}),
            (["-u", f"{USER}:{PASSWORD}"], text, {})]
    for options, data, env in ways:
        code, output = everywhere(data, *options, env=env)
        assert code == 0
        assert output.count("is right") == 2, output
        assert PASSWORD not in output
    assert "warning" in output  # of the last, on the command line


def test_what_is_given_counts_more_than_the_environment():
    login = Login()
    code, output = everywhere(exchange(login), "--ha1", ha1_of(login),
                              env={"COUNTERSIGN_PASSWORD": "another"})
    assert code == 0
    assert output.count("is right") == 2


def test_the_password_asked_for_at_the_terminal(tmp_path):
    """neither echoed nor in the report."""
    path = tmp_path / "exchange"
    path.write_bytes(exchange(Login()))
    terminal = Terminal(PROGRAM, "inspect", "--password-prompt", path,
                        env={"TERM": "xterm"})
    try:
        terminal.expect(b"Password: ")
        terminal.send(PASSWORD.encode() + b"\n")
        terminal.expect(b"response is right")
        assert terminal.finish() == 0
    finally:
        terminal.stop()
    assert PASSWORD.encode() not in terminal.output
    assert b"\x1b[" in terminal.output


def test_no_colour_where_it_is_not_wanted(tmp_path):
    path = tmp_path / "exchange"
    path.write_bytes(exchange(Login()))
    terminal = Terminal(PROGRAM, "inspect", path,
                        env={"TERM": "xterm", "NO_COLOR": "1"})
    try:
        assert terminal.finish() == 0
    finally:
        terminal.stop()
    assert b"\x1b" not in terminal.output
    assert b"\x1b" not in run(exchange(Login())).stdout


def test_no_secret_is_printed():
    """neither password nor H(A1) nor a session key, right or wrong."""
    login = Login("SHA-256-sess")
    text = exchange(login, credentials={"response": quote("0" * 64)})
    for options in ([], ["--json"]):
        for given in ({"env": {"COUNTERSIGN_PASSWORD": PASSWORD}}, {}):
            extra = [] if given else ["--ha1", ha1_of(login)]
            _, output = everywhere(text, *options, *extra, **given)
            assert "wrong" in output
            for secret in (PASSWORD, ha1_of(login), login.ha1()):
                assert secret not in output


def test_basic_credentials_are_not_shown():
    """they are the password."""
    secret = base64.b64encode(b"alice:secret").decode()
    _, output = everywhere("GET / HTTP/1.1\nAuthorization: Basic "
                           f"{secret}\n\n")
    assert secret not in output and "Basic" in output
    _, output = everywhere("GET / HTTP/1.1\nAuthorization: Custom "
                           f'key="{secret}"\n\n')
    assert secret not in output


@pytest.mark.parametrize("octets", [
    b"\x1b]0;title\x07", b"\x9b31m", "\u202egnp".encode(), b"\xff\xfe",
    "\x85".encode(), b"\\x1b"])
def test_untrusted_text_moves_no_cursor(octets):
    """controls, what turns writing round, and what looks escaped."""
    text = (b"GET /" + octets + b" HTTP/1.1\n\n"
            b"HTTP/1.1 401 No\nWWW-Authenticate: Digest realm=\"" +
            octets.replace(b"\\", b"\\\\") + b"\", nonce=\"n\"\n\n")
    for options in ([], ["--json"]):
        output = run(text, *options).stdout
        assert octets not in output
        assert all(c in b"\n" or 0x20 <= c for c in output)
        assert output.decode()
        assert b"\\x" in output


def test_the_text_says_what_the_json_says():
    login = Login()
    text = exchange(login, info={"rspauth": quote(login.response())})
    done = run(text, env={"COUNTERSIGN_PASSWORD": PASSWORD})
    output = done.stdout.decode()
    assert done.returncode == 1
    for word in ("1. GET /a?b=c -> 401", "2. GET /a?b=c -> 200",
                 "origin asks (challenge)", "origin proves itself (info)",
                 "method-in-rspauth", "rspauth-wrong", login.response(),
                 login.rspauth(), "2 exchanges: 2 right, 1 wrong, 0 odd"):
        assert word in output
    found = inspect(text, password=PASSWORD)
    assert found.json["version"] == 1
    assert found.json["totals"] == {"right": 2, "note": 0, "odd": 0,
                                    "wrong": 1}


def test_a_full_disk_is_told():
    with open("/dev/full", "wb") as full:
        done = subprocess.run([PROGRAM, "inspect", "--json"],
                              input=exchange(Login()), stdout=full,
                              stderr=subprocess.PIPE, check=False,
                              env=environment(), timeout=60)
    assert done.returncode == 23


def test_many_wrong_values_take_bounded_time():
    """pairs, then everything, are left out beyond a limit."""
    text = b"".join(sent(Login(nc=f"{i:08x}"), response=quote("0" * 64))
                    for i in range(1, 2000))
    found = inspect(text, password=PASSWORD)
    assert found.code == 1
    assert len(found.findings("wrong", about="response")) == 1999
