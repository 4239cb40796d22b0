# SPDX-License-Identifier: MIT
"""Gateways one behind the other, each a login of its own."""
import hashlib

import pytest

from support import wire
from support.fetching import OK, fetch
from support.gateway import PROXY_REALM, USERS, login
from support.origin import Origin

LOGIN = {"COUNTERSIGN_PROXY_USER": "alice:proxy-secret",
         "COUNTERSIGN_USER": "alice:secret"}
REQUIRED = ["--proof", "require", "--proxy-proof", "require"]
HOPS = {"office": "office-secret", "region": "region-secret"}


class Chain:
    """A (asks alice, is office), B (asks office, is region), C (asks region),
    and a protected origin with a gateway before it."""

    def __init__(self, maker, folder):
        self.behind = Origin("127.0.0.2")
        self.gate = maker("--listen", "origin=127.0.0.2:0",
                          origin=self.behind.url)
        port = self.gate.origin[1]
        self.url = f"http://127.0.0.2:{port}"
        self.c = maker("--allow-dest", "127.0.0.0/8", "--connect-ports",
                       f"443,{port}", forward=True,
                       users=self.users("region"))
        self.b = self.via(maker, folder, self.c, "region", port,
                          self.users("office"))
        self.a = self.via(maker, folder, self.b, "office", port, USERS)
        self.proxy = ["-x", f"http://127.0.0.1:{self.a.proxy[1]}"]

    @staticmethod
    def users(name):
        return [(name, PROXY_REALM, HOPS[name])]

    @staticmethod
    def via(maker, folder, to, name, port, users):
        path = folder / name
        path.write_text(f"{name}:{HOPS[name]}\n")
        path.chmod(0o600)
        return maker("--via-proxy", f"http://127.0.0.1:{to.proxy[1]}",
                     "--via-user-file", path, "--connect-ports",
                     f"443,{port}", forward=True, users=users)


@pytest.fixture(scope="module")
def chain(module_gateway, tmp_path_factory):
    made = Chain(module_gateway, tmp_path_factory.mktemp("logins"))
    yield made
    made.behind.close()


@pytest.mark.parametrize("status", [200, 204, 302, 304, 403, 404, 500])
@pytest.mark.parametrize("how", [[], ["-I"], ["-d", "x=1"]],
                         ids=["GET", "HEAD", "POST"])
@pytest.mark.parametrize("way", [[], ["-p"]], ids=["plain", "CONNECT"])
def test_g_13_every_hop(chain, tmp_path, way, how, status):
    """G-07 G-13 F-53: three proxies and an origin, each proved to the one
    before, for every method and status; the origin's login passes them."""
    before = [gate.metrics()["countersign_via_proofs_total"]
              for gate in (chain.a, chain.b)]
    done = fetch(*REQUIRED, *chain.proxy, *way, *how,
                 f"{chain.url}/status/{status}", env=LOGIN, check=OK,
                 report=tmp_path / "report")
    assert done.first["status"] == status
    assert done.first["origin"]["proof"] == "proved"
    assert done.first["proxy"]["proof"] == "proved"
    after = [gate.metrics()["countersign_via_proofs_total"]
             for gate in (chain.a, chain.b)]
    assert all(b > a for a, b in zip(before, after))


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


@pytest.mark.parametrize("size", [1, 1 << 16, 1 << 20, 50 << 20])
def test_content_through_all(chain, size):
    """A body arrives whole at the other end, kept on its way or not."""
    body = (hashlib.shake_128(b"content").digest(4096) * (size // 4096 + 1))[
        :size]
    target = chain.behind.url + "/take"
    own = login(chain.a.proxy, target, layer="proxy")
    with wire.Connection(chain.a.proxy) as connection:
        for method, content in (("GET", b""), ("POST", body)):
            sent = own.credentials(method, target)
            got = connection.exchange(method, target, [
                ("Proxy-Authorization", sent)], content)
            assert got.status == 200
            assert own.proves(got.one("Proxy-Authentication-Info"), sent,
                              target)
    assert hashlib.sha256(chain.behind.seen[-1].body).digest() == (
        hashlib.sha256(body).digest())


def test_g_12_inner_refusal(chain, tmp_path, module_gateway):
    """G-12 G-30: a hop further in that does not take its credentials is 502
    at the client, and that 502 is proved by the first."""
    bad = tmp_path / "login"
    bad.write_text("office:wrong\n")
    bad.chmod(0o600)
    gate = module_gateway("--via-proxy", f"http://127.0.0.1:{chain.b.proxy[1]}", "--via-user-file",
                          bad, forward=True)
    done = fetch(*REQUIRED, "-x", f"http://127.0.0.1:{gate.proxy[1]}",
                 "http://example.test/", env=LOGIN, report=tmp_path / "r")
    assert done.first["status"] == 502
    assert done.first["proxy"]["proof"] == "proved"
    assert gate.wait_log("credentials-refused")["status"] == 502
