# SPDX-License-Identifier: MIT
"""Three proxies and a protected origin, each a login of its own: every way
through them, and what stood on the wires between them."""
import hashlib
import os
import re
import ssl

import pytest

from support import peers, wire
from support.chain import LOGIN, REQUIRED, Client, look_at_wires, via
from support.chain import users as hop_users
from support.fetching import OK, PROOF, fetch
from support.gateway import login

CURL = ["curl", "-sS", "--digest", "-u", "alice:secret", "--proxy-digest",
        "-U", "alice:proxy-secret"]
SIZE = 50 << 20
BOUND_KIB = 24 << 10  # what the three may grow by; the content is twice that


def high_water(chain):
    """KiB that each hop has held at most since the last look."""
    found = []
    for hop in chain.hops:
        pid = hop.engine_pid()
        with open(f"/proc/{pid}/status", encoding="ascii") as status:
            found.append(int(re.search(r"VmHWM:\s+(\d+)", status.read())[1]))
        with open(f"/proc/{pid}/clear_refs", "w", encoding="ascii") as clear:
            clear.write("5")
    return found


@pytest.fixture(scope="module")
def big(tmp_path_factory):
    path = tmp_path_factory.mktemp("big") / "content"
    piece = hashlib.shake_128(b"content").digest(1 << 20)
    path.write_bytes(piece * (SIZE >> 20))
    return path


@pytest.mark.parametrize("status", [200, 204, 302, 304, 403, 404, 500])
@pytest.mark.parametrize("how", [[], ["-I"], ["-d", "x=1"]],
                         ids=["GET", "HEAD", "POST"])
@pytest.mark.parametrize("way", [[], ["-p"]], ids=["plain", "CONNECT"])
def test_g_13_every_hop(chain, tmp_path, way, how, status):
    """G-01 G-02 G-07 G-08 G-11 G-13 G-15 G-16 G-23 F-53: each proxy is proved
    to the one before it, for every method and status; the origin's login and
    proof pass them all, unchanged."""
    before = chain.proofs()
    done = fetch(*REQUIRED, *chain.proxy, *way, *how,
                 f"{chain.url}/status/{status}", env=LOGIN, check=OK,
                 report=tmp_path / "report")
    assert done.first["status"] == status
    assert done.first["origin"]["proof"] == "proved"
    assert done.first["proxy"]["proof"] == "proved"
    assert all(b > a for a, b in zip(before, chain.proofs()))
    assert look_at_wires(chain) == (0 if way else 2)
    assert len(chain.wires[3].exchanges) == 2


@pytest.mark.parametrize("how, status", [
    ([], 200), (["-I"], 404), (["-d", "x=1"], 500), (["-p"], 200)],
    ids=["GET", "HEAD", "POST", "CONNECT"])
def test_curl(chain, how, status):
    """curl takes the same way; that each hop proved itself to it and to the
    others stands on the wires."""
    done = peers.run(*CURL, *chain.proxy, *how, "-w", "%{http_code}",
                     "-o", os.devnull, f"{chain.url}/status/{status}")
    assert (done.returncode, done.stdout) == (0, str(status)), done
    assert look_at_wires(chain) == (0 if "-p" in how else 2)
    assert chain.behind.seen[-1].all("X-Remote-User") == ["alice"]


@pytest.mark.parametrize("client", ["fetch", "curl"])
def test_tls_inside(chain, tmp_path, client):
    """G-23: TLS from end to end in a tunnel through all three."""
    if client == "fetch":
        done = fetch(*REQUIRED, *chain.proxy, "--cacert", chain.authority,
                     chain.secure + "/a", env=LOGIN, check=OK,
                     report=tmp_path / "report").first
        assert (done["status"], done["origin"]["proof"],
                done["proxy"]["proof"]) == (200, "proved", "proved")
    else:
        done = peers.run(*CURL, *chain.proxy, "--cacert", chain.authority,
                         chain.secure + "/a")
        assert (done.returncode, done.stdout) == (0, "GET /a HTTP/1.1\n")
    look_at_wires(chain)
    opened = [e for e in chain.wires[2].exchanges if e.tunnels]
    assert opened and all(b"\x16\x03" in e.inside for e in opened)
    assert not chain.wires[3].exchanges


def put(chain, client, line, path):
    """Without Expect, fetch would be answered 401 in the midst of it; curl
    asks with an empty request first, and the socket's client is known."""
    if client == "fetch":
        fetch(*REQUIRED, *chain.proxy, "-H", line, "-T", path,
              chain.url + "/put", env=LOGIN, check=OK)
    elif client == "curl":
        done = peers.run(*CURL, *chain.proxy, "-H", line, "-T", path,
                         chain.url + "/put")
        assert done.returncode == 0, done
    else:
        known = Client(chain)
        with wire.Connection(chain.wires[0].address) as connection:
            known.log_in(connection)
            got = known.ask("PUT", "/put", path.read_bytes(),
                            connection=connection)
        assert (got.status, got.proved, got.shown) == (200, True, True)


@pytest.mark.parametrize("client, line", [
    ("fetch", "Expect: 100-continue"), ("curl", "Expect: 100-continue"),
    ("curl", "Expect:"), ("socket", None)])
def test_long_content(chain, big, client, line):
    """50 MiB arrive whole behind everybody, waited for or sent at once, and no
    hop holds them."""
    assert Client(chain).ask(end_to_end=False).status == 401  # sessions stand
    high_water(chain)
    before = high_water(chain)
    put(chain, client, line, big)
    body = chain.behind.seen[-1].body
    assert hashlib.sha256(body).digest() == hashlib.sha256(
        big.read_bytes()).digest()
    look_at_wires(chain)
    assert any(e.request.all("Expect") for e in chain.wires[1].exchanges) == (
        line == "Expect: 100-continue")
    grown = [b - a for a, b in zip(before, high_water(chain))]
    assert max(grown) < BOUND_KIB, grown


@pytest.mark.parametrize("size", [1, 1 << 16, 1 << 20, (1 << 20) + 1])
def test_content_through_all(chain, size):
    """A content arrives whole at the other end, kept on its way or not."""
    body = hashlib.shake_128(b"content").digest(size)
    client = Client(chain)
    with wire.Connection(chain.wires[0].address) as connection:
        client.log_in(connection)
        got = client.ask("POST", "/take", body, connection=connection)
    assert (got.status, got.proved, got.shown) == (200, True, True)
    assert chain.behind.seen[-1].body == body
    look_at_wires(chain)


def test_many_in_parallel(chain, tmp_path):
    """Two hundred requests side by side: no hop asks again."""
    fetch(*REQUIRED, *chain.proxy, chain.url, env=LOGIN, check=OK)
    before = [gate.metrics()["countersign_via_challenges_total"]
              for gate in (chain.a, chain.b)]
    done = fetch(*REQUIRED, *chain.proxy, "-Z", "--parallel-max", "8",
                 *[f"{chain.url}/{i}" for i in range(200)], env=LOGIN,
                 check=OK, report=tmp_path / "report")
    assert {t["proxy"]["proof"] for t in done.report["transfers"]} == {
        "proved"}
    assert before == [gate.metrics()["countersign_via_challenges_total"]
                      for gate in (chain.a, chain.b)]
    look_at_wires(chain)


@pytest.mark.parametrize("length", [100, 1 << 20], ids=["short", "long"])
@pytest.mark.parametrize("way", ["plain", "CONNECT"])
def test_g_05_trailer(chain, tmp_path, way, length):
    """G-05 G-01: a proof that is in the header passes. One that would stand in
    a trailer is dropped, and never moves to the header: the client says so. In
    a tunnel there are trailers as before."""
    chain.behind.fields = [("X-Fill", "x")]
    chain.behind.answer = lambda seen: (
        b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n" % length +
        b"x" * length)
    through = ["-p"] if way == "CONNECT" else []
    good = way == "CONNECT" or length == 100
    done = fetch(*REQUIRED, "--integrity", "require", *chain.proxy, *through,
                 chain.url + "/long", env=LOGIN, report=tmp_path / "report",
                 check=OK if good else PROOF)
    assert done.first["proxy"]["proof"] == "proved"
    assert (done.first["origin"]["proof"] == "proved") == good
    look_at_wires(chain)
    if way == "plain":
        assert not any(e.trailer for w in chain.wires for e in w.exchanges)
        assert not any(e.request.all("TE") for e in chain.wires[3].exchanges)


@pytest.mark.parametrize("method", ["GET", "HEAD", "POST", "CONNECT"])
def test_g_12_inner_407(chain, module_gateway, tmp_path, method):
    """G-12 G-30: a proxy further in that does not take its credentials (here:
    C those of B) is never asked for by A: the client gets 502, with A's proof
    and without a challenge, and B's log says why."""
    login_at_c = tmp_path / "login"
    login_at_c.write_text("region:wrong\n")
    login_at_c.chmod(0o600)
    wrong = module_gateway(
        "--via-proxy", chain.wires[2].url, "--via-user-file", login_at_c,
        "--connect-ports", chain.wires[3].port, "--max-failures", "0",
        forward=True, users=hop_users("office"))
    a = via(module_gateway, tmp_path, wrong.proxy[1], "office",
            "--connect-ports", chain.wires[3].port)
    target = (f"127.0.0.2:{chain.wires[3].port}" if method == "CONNECT"
              else chain.url + "/")
    own = login(a.proxy, target, method=method, layer="proxy")
    with wire.Connection(a.proxy) as connection:
        sent = own.credentials(method, target)
        got = connection.exchange(method, target, [
            ("Proxy-Authorization", sent)], b"x" if method == "POST" else b"")
    assert got.status == 502
    assert not got.all("Proxy-Authenticate")
    assert own.proves(got.one("Proxy-Authentication-Info"), sent, target)
    assert wrong.wait_log("credentials-refused")["status"] == 502
    assert all(e.response.status == 407 for e in chain.wires[2].exchanges)
    assert not chain.wires[3].exchanges


def test_tls_to_the_first(chain, tmp_path):
    """The first proxy over TLS: plain requests and CONNECT, over HTTP/1.1,
    since no tunnel goes through the engine's HTTP/2."""
    to = ["-x", "https://127.0.0.1:%d" % chain.secure_proxy[1],
          "--proxy-cacert", chain.authority]
    for url in (chain.url + "/a", chain.secure + "/a"):
        done = fetch(*REQUIRED, *to, "--cacert", chain.authority, url,
                     env=LOGIN, check=OK, report=tmp_path / "report").first
        assert done["proxy"]["proof"] == done["origin"]["proof"] == "proved"
        done = peers.run(*CURL, *to, "--cacert", chain.authority, url)
        assert (done.returncode, done.stdout) == (0, "GET /a HTTP/1.1\n"), done
    tls = ssl.create_default_context(cafile=chain.authority)
    tls.set_alpn_protocols(["h2", "http/1.1"])
    with wire.Connection(chain.secure_proxy, tls=tls) as connection:
        assert connection.socket.selected_alpn_protocol() == "http/1.1"
