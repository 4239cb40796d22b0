# SPDX-License-Identifier: MIT
"""--open: the settings that it goes with, and those that it refuses."""
import os
import re
import subprocess

import pytest

from support import wire
from support.gateway import PROGRAM, countersign, until
from support.next_hop import PASSWORD, USER, Hop
from support.via import PAGE, write_login

VIA = ["--forward", "--via-proxy", "http://127.0.0.1:1", "--via-user-file"]
UID = str(os.geteuid())

# What is left out of, or added to, settings that are good.
ROWS = {
    "no next proxy": (["--forward", "--open", UID], "goes with --forward and "
                      "one of --via-proxy and --present"),
    "an application": (["--open", UID, "--origin", "http://127.0.0.1:1"],
                       "without --origin"),
    "every address": (["--open", UID, "--listen", "0.0.0.0:0"],
                      "0.0.0.0:0 is none"),
    "every address, v6": (["--open", UID, "--listen", "[::]:0"],
                          "[::]:0 is none"),
    "an address of the network": (["--open", UID, "--listen", "10.1.2.3:0"],
                                  "10.1.2.3:0 is none"),
    "one of two addresses": (
        ["--open", UID, "--listen", "127.0.0.1:0", "--listen", "[::]:0"],
        "[::]:0 is none"),
    "a realm": (["--open", UID, "--realm", "x"], "nobody logs in"),
    "users": (["--open", UID, "--users", "/etc/passwd"], "nobody logs in"),
    "a load balancer": (["--open", UID, "--source", "forwarded",
                         "--trust-source", "127.0.0.1"], "without --source"),
    "nobody": (["--open", "65534"], "is no one user"),
    "all users": (["--open", "4294967295"], "is no user's number"),
    "a name": (["--open", "root"], "is no user's number"),
    "too many": (["--open", UID] * 9, "more than 8 times"),
}


def check(folder, *more):
    via = [] if "--forward" in more else [*VIA, write_login(folder)]
    return countersign("gateway", "--check", "--state", folder / "state",
                       *via, *more)


@pytest.mark.parametrize("name", ROWS)
def test_refused(tmp_path, name):
    more, words = ROWS[name]
    done = check(tmp_path, *more)
    assert done.returncode == 2, done.stdout
    assert words in done.stderr


@pytest.mark.parametrize("more", [
    [], ["--listen", "[::1]:0"], ["--listen", "127.0.0.9:0"],
    ["--open", "1", "--connect-ports", "443"]], ids=str)
def test_accepted(tmp_path, more):
    done = check(tmp_path, "--open", UID, *more)
    assert (done.returncode, done.stderr) == (0, "")


@pytest.fixture
def opened(tmp_path):
    hop = Hop()
    said = open(tmp_path / "said", "w+", encoding="utf-8")
    process = subprocess.Popen(
        [PROGRAM, "gateway", "--state", tmp_path / "state", "--open", UID,
         "--forward", "--via-proxy", hop.url, "--via-user-file",
         write_login(tmp_path, f"{USER}:{PASSWORD}\n"), "--listen",
         "127.0.0.1:0", "--admin-listen", "127.0.0.1:0", "--connect-ports",
         "443"], stdout=said, stderr=said)

    def lines():
        return (tmp_path / "said").read_text(encoding="utf-8")

    until(lambda: f"  through  {hop.url}\n" in lines(), 40)
    yield [("127.0.0.1", int(port))
           for port in re.findall(r"(?:forward|admin) +http://127\.0\.0\.1:(\d+)", lines())], hop
    process.terminate()
    process.terminate()
    process.wait(30)
    hop.close()


def test_counts_and_ports(opened):
    """E-01: who is not asked gets no proof, and none is counted; ports that
    are named hold here too."""
    (proxy, admin), hop = opened
    with wire.Connection(proxy) as connection:
        assert connection.exchange("GET", PAGE).status == 200
    with wire.Connection(proxy) as connection:
        assert connection.exchange("CONNECT", "a.test:443").status == 200
    with wire.Connection(proxy) as connection:
        got = connection.exchange("CONNECT", "a.test:22")
    assert (got.status, got.all("Proxy-Status")) == (403, [
        'countersign; error=http_request_denied; details="connect-port"'])
    with wire.Connection(admin) as connection:
        metrics = connection.exchange(target="/metrics").body.decode()
    assert 'countersign_proofs_sent_total{layer="proxy"} 0\n' in metrics
    assert ('countersign_decisions_total{layer="proxy",result="allow",'
            'reason="none"} 2\n') in metrics
    assert len(hop.accepted) == 2
