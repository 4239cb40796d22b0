# SPDX-License-Identifier: MIT
"""fetch and the gateway prove themselves to one another."""
import pytest

from support.fetching import LOGIN, OK, PROOF, fetch
from support.gateway import Gateway
from support.origin import Origin

ORIGIN_LOGIN = {"COUNTERSIGN_USER": "alice:secret"}
PROXY_LOGIN = {"COUNTERSIGN_PROXY_USER": "alice:proxy-secret"}
BOTH = {**ORIGIN_LOGIN, **PROXY_LOGIN}
REQUIRED = ["--proof", "require", "--proxy-proof", "require"]


class Place:
    """An origin, a gateway before it, and another as the way there."""

    def __init__(self, folder):
        self.behind = Origin()
        (folder / "gate").mkdir()
        (folder / "out").mkdir()
        self.gate = Gateway(folder / "gate", origin=self.behind.url)
        port = self.gate.origin[1]
        self.out = Gateway(folder / "out", "--allow-dest", f"127.0.0.1:{port}",
                           "--connect-ports", port, forward=True)
        self.url = f"http://127.0.0.1:{port}"
        self.proxy = ["-x", f"http://127.0.0.1:{self.out.proxy[1]}"]

    def close(self):
        self.out.stop()
        self.gate.stop()
        self.behind.close()


@pytest.fixture(scope="module")
def place(tmp_path_factory):
    made = Place(tmp_path_factory.mktemp("gateway"))
    yield made
    made.close()


WAYS = [pytest.param([], id="plain"), pytest.param(["-p"], id="CONNECT")]


@pytest.mark.parametrize("status", [200, 204, 302, 304, 403, 404, 500])
@pytest.mark.parametrize("how", [[], ["-I"], ["-d", "x=1"]],
                         ids=["GET", "HEAD", "POST"])
@pytest.mark.parametrize("way", WAYS)
def test_both_layers(place, tmp_path, way, how, status):
    """E-05, F-04, F-53: proved on every status and method, by both layers."""
    done = fetch(*REQUIRED, *place.proxy, *way, *how,
                 f"{place.url}/status/{status}", env=BOTH, check=OK,
                 report=tmp_path / "report")
    assert done.first["status"] == status
    assert done.first["origin"]["proof"] == "proved"
    assert done.first["proxy"]["proof"] == "proved"


@pytest.mark.parametrize("way", WAYS)
def test_many_in_parallel(place, tmp_path, way):
    """D-24, C-28: sixty requests side by side on one nonce of each layer, and
    no refusal but the first."""
    done = fetch(*REQUIRED, *place.proxy, *way, "-Z", "--parallel-max", "6",
                 *[f"{place.url}/{i}" for i in range(60)], env=BOTH, check=OK,
                 report=tmp_path / "report")
    transfers = done.report["transfers"]
    assert {t["origin"]["proof"] for t in transfers} == {"proved"}
    assert {t["proxy"]["proof"] for t in transfers} == {"proved"}
    again = [t for t in transfers if t["requests"] > (2 if way else 1)]
    assert len(again) == 1


def test_a_wrong_password_at_either_layer(place):
    """D-21: refused once, without a body under require."""
    for env in ({**BOTH, "COUNTERSIGN_USER": "alice:wrong"},
                {**BOTH, "COUNTERSIGN_PROXY_USER": "alice:wrong"}):
        done = fetch(*REQUIRED, *place.proxy, place.url, env=env)
        assert (done.code, done.out) == (LOGIN, b"")


def test_the_origin_behind_is_no_prover(place):
    """F-21: gone around the gateway there is no proof."""
    done = fetch("--proof", "require", place.behind.url, env=ORIGIN_LOGIN)
    assert (done.code, done.out) == (PROOF, b"")


def test_a_content_goes_through(place):
    """F-40: sent again after each layer's challenge, and arrives whole."""
    place.behind.forget()
    fetch(*REQUIRED, *place.proxy, "-T", "-", place.url + "/put", env=BOTH,
          stdin=b"x" * 300_000, check=OK)
    assert [len(seen.body) for seen in place.behind.seen] == [300_000]


def test_one_time_nonces(tmp_path):
    """D-28, F-10: every response brings the next nonce, one by one and in
    parallel."""
    behind = Origin()
    gateway = Gateway(tmp_path, "--one-time", origin=behind.url)
    try:
        url = "http://127.0.0.1:%d" % gateway.origin[1]
        done = fetch("--proof", "require", *[f"{url}/{i}" for i in range(8)],
                     env=ORIGIN_LOGIN, check=OK, report=tmp_path / "report")
        transfers = done.report["transfers"]
        assert [t["requests"] for t in transfers] == [2] + [1] * 7
        assert all(t["origin"]["nextnonce"] for t in transfers)
        fetch("--proof", "require", "-Z", "--parallel-max", "8",
              *[f"{url}/{i}" for i in range(40)], env=ORIGIN_LOGIN, check=OK)
    finally:
        gateway.stop()
        behind.close()
