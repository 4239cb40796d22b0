# SPDX-License-Identifier: MIT
"""fetch as a command: logins, secrets, words, the report, the meter."""
import json
import os
import pathlib
import pty
import re
import select
import subprocess
import threading
import time
import unicodedata

import pytest

from support import raw
from support.fetching import (LOGIN, OK, PROGRAM, PROOF, USAGE, clean_env,
                              fetch)
from support.fixtures import authority, peers  # pylint: disable=unused-import

PAIR = f"{raw.USER}:{raw.PASSWORD}"


class Terminal:
    """The program on a terminal of its own, output and all."""

    def __init__(self, *args, env=None):
        self.seen = b""
        self.pid, self.fd = pty.fork()
        if self.pid == 0:
            os.execve(PROGRAM, [str(PROGRAM), "fetch", *map(str, args)],
                      clean_env(**(env or {})))

    def until(self, pattern, timeout=20):
        end = time.monotonic() + timeout
        while not re.search(pattern, self.seen):
            ready, _, _ = select.select([self.fd], [], [],
                                        max(0, end - time.monotonic()))
            assert ready, self.seen
            try:
                more = os.read(self.fd, 4096)
            except OSError:
                more = b""
            assert more, self.seen
            self.seen += more

    def type(self, text):
        os.write(self.fd, text)

    def end(self):
        """The exit code, after everything was read."""
        while True:
            try:
                more = os.read(self.fd, 4096)
            except OSError:
                break
            if not more:
                break
            self.seen += more
        _, status = os.waitpid(self.pid, 0)
        os.close(self.fd)
        return os.waitstatus_to_exitcode(status)


def test_help_and_usage():
    done = fetch("--help", check=OK)
    for word in (b"--proof=POLICY", b"--proof-store=FILE", b"--user-file",
                 b"--report=FILE", b"-Z, --parallel", b"90", b"require"):
        assert word in done.out, word


@pytest.mark.parametrize("args", [
    [], ["--proof", "maybe", "http://a/"], ["--no-such-option", "http://a/"],
    ["-o", "x", "-o", "y", "http://a/"], ["-T", "x", "-d", "y", "http://a/"],
    ["-I", "-d", "x", "http://a/"], ["--http1.1", "--http2", "http://a/"],
    ["-4", "-6", "http://a/"], ["-m", "soon", "http://a/"],
    ["-m", "-1", "http://a/"], ["-m", "nan", "http://a/"],
    ["--parallel-max", "0", "http://a/"], ["-b", "jar.txt", "http://a/"],
    ["--report", "-", "http://a/"], ["-u", ":secret", "http://a/"],
    ["-G", "--json", "1", "http://a/"], ["-G", "-d", "@-", "http://a/"],
    ["-L", "--max-redirs", "0", "http://a/"],
    ["--max-redirs", "x", "http://a/"],
    ["-u", "a\x01b:c", "http://a/"], ["-u", "a:b\x7fc", "http://a/"],
    ["http://a:x@h/", "http://b:y@h/"],
], ids=lambda args: " ".join(args) or "nothing")
def test_usage_errors_end_with_2(args):
    done = fetch(*args)
    assert done.code == USAGE and done.err and done.out == b""


@pytest.mark.parametrize("user,password", [
    pytest.param("J\u00e4s\u00f8n Doe", "Secret, or not?", id="C-40 name"),
    pytest.param("plain", "p\u00e4ss:w\u00f6rd \u20ac", id="C-40 password"),
    pytest.param("plain", "", id="C-40 empty password"),
    pytest.param('q"uo\\te', '"\\', id="A-64 to be escaped")])
def test_names_and_passwords(peers, user, password):
    digest = raw.Digest(user=user, password=password)
    url = peers(raw.guard(digest)).url
    fetch("-u", f"{user}:{password}", "--proof", "require", url, check=OK)
    # The same in Unicode's other form is the same name: NFC (C-40).
    apart = unicodedata.normalize("NFD", f"{user}:{password}")
    fetch("-u", apart, "--proof", "require", url, check=OK)


def test_login_that_is_not_utf_8(peers):
    peer = peers(raw.guard(raw.Digest()))
    done = subprocess.run([PROGRAM, "fetch", "-u", b"a:\xff", peer.url],
                          env=clean_env(), capture_output=True, check=False)
    assert done.returncode == USAGE and not peer.requests


def test_login_from_the_environment(peers):
    digest = raw.Digest()
    url = peers(raw.guard(digest)).url
    done = fetch(url, env={"COUNTERSIGN_USER": PAIR}, check=OK)
    assert "warning" not in done.err
    assert fetch("-u", "other:x", url,
                 env={"COUNTERSIGN_USER": PAIR}).code == LOGIN
    assert fetch(url, env={"COUNTERSIGN_USER": "no colon"}).code == USAGE


def test_proxy_login_from_the_environment(peers):
    digest = raw.Digest(proxy=True)
    peer = peers(raw.guard(digest))
    fetch("-x", peer.url, "http://a.example/", check=OK,
          env={"COUNTERSIGN_PROXY_USER": PAIR})


def test_login_from_a_file(peers, tmp_path):
    digest = raw.Digest()
    url = peers(raw.guard(digest)).url
    secret = tmp_path / "secret"
    secret.write_text(PAIR + "\n")
    secret.chmod(0o600)
    assert fetch("--user-file", secret, url, check=OK).err == ""
    secret.chmod(0o644)
    assert "others than its owner" in fetch("--user-file", secret, url,
                                            check=OK).err
    fetch("--user-file", "-", url, stdin=PAIR.encode() + b"\n", check=OK)
    # What follows the first line of standard input is left for -d.
    fetch("--user-file", "-", "-d", "@-", url, check=OK,
          stdin=PAIR.encode() + b"\ncontent")
    assert fetch("--user-file", tmp_path / "none", url).code == USAGE
    secret.write_text("nocolon\n")
    assert fetch("--user-file", secret, url).code == USAGE


def test_login_of_a_url_belongs_to_its_origin(peers):
    digests = raw.Digest(user="me", password="p@w"), raw.Digest()
    own, other = (peers(raw.guard(d)) for d in digests)
    done = fetch("-u", PAIR, own.url.replace("//", "//me:p%40w@"), other.url,
                 check=OK)
    assert done.out == b"secret\n" * 2 and "p%40w" not in done.err


def test_password_is_asked_for_without_echo(peers):
    digest = raw.Digest()
    run = Terminal("-u", raw.USER, "--proof", "require",
                   peers(raw.guard(digest)).url)
    run.until(rb"Password for the server: ")
    run.type(raw.PASSWORD.encode() + b"\n")
    assert run.end() == OK
    assert raw.PASSWORD.encode() not in run.seen and b"secret" in run.seen


def test_password_that_cannot_be_asked_for(peers):
    peer = peers(raw.guard(raw.Digest()))
    done = subprocess.run(
        [PROGRAM, "fetch", "-u", raw.USER, peer.url], env=clean_env(),
        capture_output=True, check=False, start_new_session=True)
    assert done.returncode == USAGE and b"terminal" in done.stderr
    assert not peer.requests


def cmdline_while_waiting(peers, *args):
    """What `ps` shows while the program waits for an answer."""
    asked, go = threading.Event(), threading.Event()

    def handle(request):
        asked.set()
        go.wait(20)
        return raw.response(200)

    peer = peers(handle)
    run = subprocess.Popen(
        [PROGRAM, "fetch", *[a.replace("PEER", f"127.0.0.1:{peer.port}")
                             for a in args]],
        env=clean_env(), stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    try:
        assert asked.wait(20)
        return pathlib.Path(f"/proc/{run.pid}/cmdline").read_bytes()
    finally:
        go.set()
        run.wait(20)


@pytest.mark.parametrize("args", [
    ["-u", "me:hush-hush", "http://PEER/"],
    ["-U", "me:hush-hush", "-x", "http://PEER", "http://a.example/"],
    ["http://me:hush-hush@PEER/"],
    ["-x", "http://me:hush-hush@PEER", "http://a.example/"],
], ids=["H-18 -u", "H-18 -U", "H-18 URL", "H-18 proxy"])
def test_passwords_leave_the_command_line(peers, args):
    assert b"hush-hush" not in cmdline_while_waiting(peers, *args)


def test_H_18_verbose_shows_no_secret(peers):
    """H-18 verbose shows no secret.

    Neither password nor what it is hashed into, on either layer."""
    origin, proxy = raw.Digest(), raw.Digest(proxy=True)

    def handle(request):
        if not proxy.accepts(request):
            return raw.response(407, [("Proxy-Authenticate",
                                       proxy.challenge())])
        if not origin.accepts(request):
            return raw.response(401, [("WWW-Authenticate", origin.challenge()),
                                      proxy.info_line(request)])
        return raw.response(200, [origin.info_line(request),
                                  proxy.info_line(request)], b"ok\n")

    peer = peers(handle)
    done = fetch("-v", "-u", PAIR, "-U", PAIR, "-x", peer.url,
                 "http://a.example/", check=OK)
    for word in ("proxy", "origin", "asks for a login", "proved itself",
                 "Mu***", "SHA-256", "count 1"):
        assert word in done.err
    last = peer.requests[-1]
    secrets = [raw.PASSWORD, raw.USER]
    for digest in (origin, proxy):
        c = digest.credentials(last)
        secrets += [c["response"], c["nonce"], c["cnonce"], digest.ha1()]
    assert not [s for s in secrets if s in done.err]


def test_H_19_texts_of_the_network_cannot_forge_a_line(peers):
    """H-19 texts of the network cannot forge a line."""
    for realm in ("tab\tbed", "esc\u009b31m"):
        digest = raw.Digest(realm=realm)
        peer = peers(raw.guard(digest))
        done = fetch("-v", "-u", PAIR, peer.url)
        assert "\x1b" not in done.err and "\u009b" not in done.err
        assert "\t" not in done.err
    peer = peers(lambda request: raw.response(
        302, [("Location", "/a%0d%0ab\u009b1m")]))
    done = fetch("-v", "-L", "--max-redirs", "1", peer.url)
    assert "\u009b" not in done.err and "\n\n" not in done.err


def test_errors_tell_what_is_wrong_and_silence_is_silent(peers):
    digest = raw.Digest()
    url = peers(raw.guard(digest, hurt="rspauth-changed")).url
    done = fetch("-u", PAIR, url)
    assert done.code == PROOF and "did not prove itself (200):" in done.err
    assert "rspauth-wrong" in done.err
    env = {"COUNTERSIGN_USER": PAIR}
    assert fetch("-s", url, env=env).err == ""
    assert "rspauth-wrong" in fetch("-s", "-S", url, env=env).err
    assert "-u" in fetch(url).err


def test_report(peers, tmp_path):
    digest = raw.Digest()
    good = peers(raw.guard(digest, nextnonce=digest.new_nonce))
    bad = peers(raw.guard(digest, hurt="rspauth-changed"))
    gone = peers(lambda request: raw.response(200))
    gone.close()
    done = fetch("-u", PAIR, "-o", tmp_path / "one", good.url + "/x", bad.url,
                 gone.url, report=tmp_path / "report")
    assert done.code == PROOF
    report = done.report
    assert (report["schema"], report["version"], report["exit_code"]) == (
        "countersign-fetch-report", 1, PROOF)
    one, two, three = report["transfers"]
    assert one == {
        "url": good.url + "/x", "result": "delivered", "exit_code": 0,
        "status": 200, "output": str(tmp_path / "one"), "redirects": 0,
        "requests": 2, "octets": 7,
        "origin": {"credentials_sent": True, "qop": "auth",
                   "proof": "proved", "reason": "none",
                   "content_proved": False, "nextnonce": True},
        "proxy": None, "failure": None}
    assert two["result"] == "unproved" and two["exit_code"] == PROOF
    assert two["failure"]["reason"] == "rspauth-wrong"
    assert two["failure"]["layer"] == "origin" and two["octets"] == 0
    assert three["result"] == "transfer-error"
    assert three["failure"]["curl_code"] == three["exit_code"] == 7


def test_report_on_standard_output(peers, tmp_path):
    digest = raw.Digest()
    url = peers(raw.guard(digest)).url
    done = fetch("-u", PAIR, "-o", tmp_path / "x", "--report", "-", url,
                 check=OK)
    assert json.loads(done.out)["exit_code"] == 0
    done = fetch("-u", PAIR, "--report", tmp_path / "no/dir", url)
    assert done.code == 23


def slow_body(peers):
    """A long body that stops half way until the meter was seen."""
    go = threading.Event()
    digest = raw.Digest()

    def handle(request):
        if not digest.accepts(request):
            return raw.response(401, [("WWW-Authenticate",
                                       digest.challenge())])
        head = raw.response(200, [digest.info_line(request),
                                  ("Content-Length", "2000000")])
        return raw.Parts(head + b"x" * 1000000, go, b"x" * 1000000)

    return peers(handle), go


def test_progress_meter_on_a_terminal(peers, tmp_path):
    peer, go = slow_body(peers)
    env = {"COUNTERSIGN_USER": PAIR}
    run = Terminal("-o", tmp_path / "x", peer.url, env=env)
    run.until(rb"50%  976.6k of 1.9M")
    go.set()
    assert run.end() == OK
    assert (tmp_path / "x").stat().st_size == 2000000


@pytest.mark.parametrize("option", ["-s", "--no-progress-meter"])
def test_no_progress_meter_when_unwanted(peers, tmp_path, option):
    peer, go = slow_body(peers)
    threading.Timer(1.6, go.set).start()
    run = Terminal("-o", tmp_path / "x", option, peer.url,
                   env={"COUNTERSIGN_USER": PAIR})
    assert run.end() == OK and run.seen == b""


def test_a_terminal_is_spared_what_is_no_text(peers):
    digest = raw.Digest()
    peer = peers(raw.guard(digest, lambda request: (200, [], b"\0\1\2")))
    run = Terminal(peer.url, env={"COUNTERSIGN_USER": PAIR})
    assert run.end() == 23 and b"not text" in run.seen
    assert fetch(peer.url, env={"COUNTERSIGN_USER": PAIR},
                 check=OK).out == b"\0\1\2"


def test_H_16_certificates_are_checked(peers, authority):
    """H-16 certificates are checked."""
    peer = peers(raw.guard(raw.Digest()), tls=authority.server())
    env = {"COUNTERSIGN_USER": PAIR}
    assert fetch(peer.url, env=env).code == 60 and not peer.requests
    fetch("-k", peer.url, env=env, check=OK)
    fetch("--cacert", authority.ca, peer.url, env=env, check=OK)


def test_resolve_and_connect_to(peers, authority):
    digest = raw.Digest()
    peer = peers(raw.guard(digest), tls=authority.server())
    env = {"COUNTERSIGN_USER": PAIR}
    for how in (["--resolve", f"a.example:{peer.port}:127.0.0.1"],
                ["--connect-to", f"a.example:{peer.port}:127.0.0.1:"]):
        fetch(*how, "--cacert", authority.ca, "--proof", "require",
              f"https://a.example:{peer.port}/", env=env, check=OK)
    assert peer.requests[-1].get("Host") == f"a.example:{peer.port}"
