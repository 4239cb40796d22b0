# SPDX-License-Identifier: MIT
"""wget 1.21 logs in at the gateway and at nginx. It knows MD5 alone, takes the last of
several challenges, and at a proxy only knows Basic, which nobody offers."""
import re

import pytest

from support.guards import guard  # pylint: disable=unused-import
from support.peers import run, url

MD5 = [("alice", "the application", "secret", algorithm)
       for algorithm in ("SHA-256", "MD5")]
FAILED_LOGIN = 6  # wget's exit status


def wget(*arguments, cwd):
    return run("wget", "--no-config", "-S", "--tries=1", "--timeout=20",
               *arguments, cwd=cwd)


def both(guard, origin):
    return guard("--algorithm", "SHA-256", "--algorithm", "MD5",
                   origin=origin.url, users=MD5)


def test_it_logs_in_with_the_last_challenge(origin, guard, tmp_path):
    """B-15 B-16 SHA-256 first and MD5 last, each on a line of its own."""
    gw = both(guard, origin)
    done = wget("--user=alice", "--password=secret", "-O", "page",
                url(gw.origin, "/page?a=b"), cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    assert "GET /page?a=b" in (tmp_path / "page").read_text()
    assert done.stderr.count("WWW-Authenticate: Digest") == 2
    assert "Authentication-Info: " in done.stderr
    assert origin.seen[-1].all("X-Remote-User") == ["alice"]


def test_every_page_is_asked_for_on_a_new_nonce(origin, guard, tmp_path):
    """B-05 wget asks anew for each page; no nonce comes twice."""
    gw = both(guard, origin)
    done = wget("--user=alice", "--password=secret", "-O", "pages",
                url(gw.origin, "/1"), url(gw.origin, "/2"), cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    assert [seen.target for seen in origin.seen] == ["/1", "/2"]
    nonces = re.findall(r'WWW-Authenticate: .*nonce="([^"]+)".*MD5',
                        done.stderr)
    assert len(nonces) == len(set(nonces)) == 2


@pytest.mark.parametrize("user, password", [
    ("alice", "wrong"), ("nobody", "secret")])
def test_a_wrong_login_stays_outside(user, password, origin, guard,
                                     tmp_path):
    """D-39 the same end for a wrong password and an unknown user."""
    gw = both(guard, origin)
    done = wget(f"--user={user}", f"--password={password}", "-O", "page",
                url(gw.origin), cwd=tmp_path)
    assert done.returncode == FAILED_LOGIN
    assert origin.seen == []


def test_without_md5_it_cannot_log_in(origin, guard, tmp_path):
    """H-11 B-28 the default offers neither MD5 nor Basic."""
    gw = guard(origin=origin.url)
    done = wget("--user=alice", "--password=secret", "-O", "page",
                url(gw.origin), cwd=tmp_path)
    assert done.returncode == FAILED_LOGIN
    assert "Basic" not in done.stderr
    assert origin.seen == []


def test_its_basic_does_not_pass_the_proxy(origin, gateway, tmp_path):
    """D-01 B-28 Basic is answered by a Digest challenge, never let in."""
    gw = gateway("--allow-dest", "127.0.0.1:%d" % origin.port, forward=True)
    done = wget("-e", "http_proxy=" + url(gw.proxy), "--proxy-user=alice",
                "--proxy-password=proxy-secret", "-O", "page",
                origin.url + "/x", cwd=tmp_path)
    assert done.returncode != 0
    assert "407 Proxy Authentication Required" in done.stderr
    assert gw.refused("proxy", "scheme-not-offered") == 1
    assert origin.seen == []
