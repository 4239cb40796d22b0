# SPDX-License-Identifier: MIT
"""curl logs in at the gateway, as an origin and as a proxy, and at nginx."""
import re

import pytest

from support.guards import guard  # pylint: disable=unused-import
from support.origin import response
from support.peers import run, url

WRITE = ["-w", "%{http_code} %{num_connects}\\n", "-o", "/dev/null"]


def curl(*arguments, cwd):
    return run("curl", "-q", "-sS", "--max-time", "30", *arguments, cwd=cwd)


@pytest.mark.parametrize("algorithm", ["SHA-256", "MD5"])
def test_it_logs_in_at_the_origin(algorithm, origin, guard, tmp_path):
    """D-46 D-30 with both algorithms this curl has."""
    gw = guard("--algorithm", algorithm, origin=origin.url,
                 users=[("alice", "the application", "secret", algorithm)])
    done = curl("--digest", "-u", "alice:secret", "-i",
                url(gw.origin, "/page?a=b"), cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    assert "GET /page?a=b" in done.stdout
    assert "\nAuthentication-Info: " in done.stdout.replace("\r", "")
    assert origin.seen[-1].all("X-Remote-User") == ["alice"]


def test_it_takes_the_first_of_several_challenges(origin, guard, tmp_path):
    """B-15 B-16 the strongest first, each on its own line."""
    rows = [("alice", "the application", "secret", algorithm)
            for algorithm in ("SHA-256", "MD5")]
    gw = guard("--algorithm", "SHA-256", "--algorithm", "MD5",
                 origin=origin.url, users=rows)
    done = curl("--digest", "-u", "alice:secret", "-v", url(gw.origin),
                cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    assert done.stderr.count("< WWW-Authenticate: Digest") == 2
    sent = [line for line in done.stderr.splitlines()
            if line.startswith("> Authorization: Digest")
            and "response" in line and 'response=""' not in line]
    assert "algorithm=SHA-256" in sent[-1]


@pytest.mark.parametrize("user", ["alice:wrong", "nobody:secret"])
def test_a_wrong_login_stays_outside(user, origin, guard, tmp_path):
    """D-39 the same answer for a wrong password and an unknown user."""
    gw = guard(origin=origin.url)
    done = curl("--digest", "-u", user, *WRITE, url(gw.origin), cwd=tmp_path)
    assert done.stdout.startswith("401 ")
    assert origin.seen == []


def walk(seen):
    """Two redirects on the origin's own site, then a page: curl keeps its
    Digest session within one transfer alone."""
    steps = {"/1": "/2", "/2": "/3"}
    if seen.target in steps:
        return response(302, fields=[("Location", steps[seen.target])])
    return None


def test_one_connection_serves_challenge_and_answers(origin, guard,
                                                     tmp_path):
    """C-26 D-46 one nonce, counts 1 to 3, one connection."""
    origin.answer = walk
    gw = guard(origin=origin.url)
    done = curl("--digest", "-u", "alice:secret", "-L", "-v", *WRITE,
                url(gw.origin, "/1"), cwd=tmp_path)
    assert done.stdout.split() == ["200", "1"]
    counts = re.findall(r"> Authorization: .* nc=(\d+)", done.stderr)
    assert counts == ["00000001", "00000002", "00000003"]
    assert [seen.target for seen in origin.seen] == ["/1", "/2", "/3"]


@pytest.mark.parametrize("method, how", [
    ("HEAD", ["-I"]), ("PUT", ["-X", "PUT", "-d", "x"]),
    ("DELETE", ["-X", "DELETE"]), ("OPTIONS", ["-X", "OPTIONS"])])
def test_any_method_goes(method, how, origin, guard, tmp_path):
    """D-37 the method as received."""
    gw = guard(origin=origin.url)
    done = curl("--digest", "-u", "alice:secret", *WRITE, *how,
                url(gw.origin), cwd=tmp_path)
    assert done.stdout.startswith("200 ")
    assert origin.seen[-1].method == method


def test_a_body_arrives_whole_after_the_challenge(origin, guard, tmp_path):
    """F-40 curl asks with an empty body first, then sends it."""
    gw = guard(origin=origin.url)
    body = "x" * 200000
    (tmp_path / "body").write_text(body)
    done = curl("--digest", "-u", "alice:secret", *WRITE, "--data-binary",
                f"@{tmp_path}/body", url(gw.origin), cwd=tmp_path)
    assert done.stdout.startswith("200 ")
    assert origin.seen[-1].body == body.encode()


def forward(gateway, address, *options):
    return gateway("--allow-dest", "127.0.0.1:%d" % address[1],
                   "--connect-ports", str(address[1]), *options, forward=True)


@pytest.mark.parametrize("tunnel", [[], ["-p"]], ids=["plain", "CONNECT"])
def test_it_logs_in_at_the_proxy(tunnel, origin, gateway, tmp_path):
    """G-22 D-33 plain requests and CONNECT."""
    gw = forward(gateway, origin.address)
    done = curl("--proxy-digest", "-U", "alice:proxy-secret", "-x",
                url(gw.proxy), *tunnel, "-i", origin.url + "/x",
                cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    assert "GET /x" in done.stdout
    assert "\nProxy-Authentication-Info: " in done.stdout.replace("\r", "")
    assert not origin.seen[-1].all("Proxy-Authorization")


@pytest.mark.parametrize("tunnel", [[], ["-p"]], ids=["plain", "CONNECT"])
def test_a_wrong_login_does_not_pass_the_proxy(tunnel, origin, gateway,
                                               tmp_path):
    """G-29 the origin's password is not the proxy's."""
    gw = forward(gateway, origin.address)
    done = curl("--proxy-digest", "-U", "alice:secret", "-x", url(gw.proxy),
                *tunnel, "-o", "/dev/null", "-w",
                "%{http_code} %{http_connect}", origin.url, cwd=tmp_path)
    assert "407" in done.stdout
    assert origin.seen == []


def test_it_logs_in_at_both(origin, gateway, tmp_path):
    """F-52 D-31 both layers in one request, the absolute form in both."""
    inner = gateway(origin=origin.url)
    outer = forward(gateway, inner.origin)
    done = curl("--proxy-digest", "-U", "alice:proxy-secret", "-x",
                url(outer.proxy), "--digest", "-u", "alice:secret", "-i",
                url(inner.origin, "/both?q"), cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    last = done.stdout.replace("\r", "").split("HTTP/1.1 ")[-1]
    assert last.startswith("200 OK")
    assert "\nAuthentication-Info: " in last
    assert "\nProxy-Authentication-Info: " in last
    assert origin.seen[-1].all("X-Remote-User") == ["alice"]


def test_a_nonce_used_up_costs_one_round_trip(origin, guard, tmp_path):
    """D-19 D-28 curl follows no nextnonce; stale=true spares its user."""
    origin.answer = walk
    gw = guard("--one-time", origin=origin.url)
    done = curl("--digest", "-u", "alice:secret", "-L", *WRITE,
                url(gw.origin, "/2"), cwd=tmp_path)
    assert done.stdout.split() == ["200", "1"]
    assert gw.refused("origin", "one-time-used") == 1
