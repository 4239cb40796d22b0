# SPDX-License-Identifier: MIT
"""fetch and the gateway with auth-int at both layers: contents in both
directions, and every form of a name."""
import gzip
import os

import pytest

from support.fetching import LOGIN, OK, fetch
from support.gateway import Gateway
from support.origin import Origin, response

BOTH = {"COUNTERSIGN_USER": "alice:secret",
        "COUNTERSIGN_PROXY_USER": "alice:proxy-secret"}
REQUIRED = ["--proof", "require", "--proxy-proof", "require", "--integrity",
            "require", "--proxy-integrity", "require"]
LONG = bytes(range(256)) * 4096  # 1 MiB


class Place:
    """An origin, a gateway before it, and another as the way there."""

    def __init__(self, folder, *options):
        self.behind = Origin()
        (folder / "gate").mkdir()
        (folder / "out").mkdir()
        self.gate = Gateway(folder / "gate", *options,
                            origin=self.behind.url)
        port = self.gate.origin[1]
        self.out = Gateway(folder / "out", *options, "--allow-dest",
                           f"127.0.0.1:{port}", "--connect-ports", port,
                           forward=True)
        self.url = f"http://127.0.0.1:{port}"
        self.proxy = ["-x", f"http://127.0.0.1:{self.out.proxy[1]}"]

    def close(self):
        self.out.stop()
        self.gate.stop()
        self.behind.close()


@pytest.fixture(scope="module")
def place(tmp_path_factory):
    made = Place(tmp_path_factory.mktemp("int"), "--qop", "auth,auth-int")
    yield made
    made.close()


WAYS = [pytest.param([], id="plain"), pytest.param(["-p"], id="CONNECT")]


def echo(seen):
    return response(200, seen.body, method=seen.method)


@pytest.mark.parametrize("content", [b"", b"a=b", LONG],
                         ids=["empty", "short", "1 MiB"])
@pytest.mark.parametrize("way", WAYS)
def test_contents_both_ways(place, tmp_path, way, content):
    """C-15, F-24: covered by both layers' logins and proofs."""
    place.behind.forget()
    place.behind.answer = echo
    done = fetch(*REQUIRED, *place.proxy, *way, "--data-binary", "@-",
                 place.url + "/echo", place.url + "/echo", env=BOTH,
                 stdin=content, check=OK, report=tmp_path / "report")
    assert done.out == content * 2
    for transfer in done.report["transfers"]:
        # The second goes through the tunnel of the first.
        for layer in ("origin",) if way else ("origin", "proxy"):
            assert transfer[layer]["qop"] == "auth-int"
            assert transfer[layer]["content_proved"]
    assert done.first["proxy"]["content_proved"]


@pytest.mark.parametrize("status", [204, 206, 302, 304, 403, 404, 500])
@pytest.mark.parametrize("how", [[], ["-I"]], ids=["GET", "HEAD"])
@pytest.mark.parametrize("way", WAYS)
def test_every_status(place, tmp_path, way, how, status):
    """C-55, F-04: what has no content is proved to have none."""
    place.behind.forget()
    done = fetch(*REQUIRED, *place.proxy, *way, *how,
                 f"{place.url}/status/{status}", env=BOTH, check=OK,
                 report=tmp_path / "report")
    assert done.first["status"] == status
    assert done.first["origin"]["content_proved"]
    assert done.first["proxy"]["content_proved"]


def test_a_packed_response(place):
    """C-53: the gateway proves what it sends, packed as it is."""
    place.behind.forget()
    place.behind.answer = lambda seen: response(
        200, gzip.compress(LONG, mtime=0), [("Content-Encoding", "gzip")])
    done = fetch(*REQUIRED, *place.proxy, "--compressed", place.url, env=BOTH,
                 check=OK)
    assert done.out == LONG


def test_many_in_parallel(place, tmp_path):
    """C-28: side by side, each with a content of its own."""
    place.behind.forget()
    place.behind.answer = lambda seen: response(
        200, seen.target.encode() * 20000)
    done = fetch(*REQUIRED, *place.proxy, "-Z", "--parallel-max", "6",
                 *[f"{place.url}/{i:02}" for i in range(30)], env=BOTH,
                 check=OK, report=tmp_path / "report")
    assert len(done.out) == 30 * 3 * 20000
    transfers = done.report["transfers"]
    assert all(t["origin"]["content_proved"] for t in transfers)
    again = [t for t in transfers if t["requests"] > 1]
    assert len(again) == 1


def test_a_wrong_password_sends_nothing_through(place):
    """C-57: refused, and the content does not arrive behind the gateway."""
    place.behind.forget()
    done = fetch(*REQUIRED, *place.proxy, "-T", "-", place.url + "/put",
                 env={**BOTH, "COUNTERSIGN_USER": "alice:wrong"}, stdin=LONG)
    assert done.code == LOGIN and not place.behind.seen


def test_sess_and_hashed_names(tmp_path):
    """C-05, C-31, D-45: sessions and hashed names, with auth-int on top."""
    made = Place(tmp_path, "--qop", "auth-int", "--algorithm", "SHA-256-sess",
                 "--userhash")
    try:
        made.behind.answer = echo
        done = fetch(*REQUIRED, *made.proxy, "-v", "-d", "a=b",
                     *[f"{made.url}/{i}" for i in range(4)], env=BOTH,
                     check=OK)
        assert done.out == b"a=b" * 4
        assert done.err.count("old nonce") == 0
        assert "SHA-256-sess, auth-int, count 4" in done.err
    finally:
        made.close()


def test_much_waits_at_both_ends(place, tmp_path):
    """F-24: an upload of 32 MiB, within the gateway's limits or refused with
    413, but never half of it behind."""
    place.behind.forget()
    file = tmp_path / "file"
    with open(file, "wb") as out:
        out.truncate(32 << 20)
    done = fetch(*REQUIRED, "-T", file, place.url + "/put", env=BOTH,
                 report=tmp_path / "report")
    whole = [len(s.body) for s in place.behind.seen if s.method == "PUT"]
    assert (done.first["status"], whole) in (
        (200, [os.path.getsize(file)]), (413, []))
