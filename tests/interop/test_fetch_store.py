# SPDX-License-Identifier: MIT
"""--proof-store: who proved himself once must go on doing so (F-22)."""
import os
import stat
import subprocess

import pytest

from support import raw
from support.fetching import LOGIN, OK, PROGRAM, PROOF, clean_env, fetch
from support.fixtures import peers  # pylint: disable=unused-import

LOGIN_ARGS = ["-u", f"{raw.USER}:{raw.PASSWORD}"]


class Switch:
    """A peer whose behaviour changes between runs, its port the same."""

    def __init__(self, peers):
        self.digest = raw.Digest(realm='a "realm", ü')
        self.handler = raw.guard(self.digest)
        self.peer = peers(lambda request: self.handler(request))
        self.url = self.peer.url

    def silent(self):
        self.handler = raw.guard(self.digest, hurt="gone")

    def open(self):
        self.handler = lambda request: raw.response(200, [], b"fake\n")


@pytest.fixture
def switch(peers):
    return Switch(peers)


@pytest.fixture
def store(tmp_path):
    return tmp_path / "store"


def test_F_22_silence_after_a_proof(switch, store):
    """F-22 silence after a proof."""
    args = [*LOGIN_ARGS, "--proof-store", store, switch.url]
    fetch(*args, check=OK)
    switch.silent()
    done = fetch(*args)
    assert (done.code, done.out) == (PROOF, b"")
    assert "proof-missed" in done.err
    # A named leniency, and a run that remembers nothing.
    assert fetch(*args, "--proof", "off", check=OK).out == b"secret\n"
    fetch(*LOGIN_ARGS, switch.url, check=OK)


def test_F_22_no_challenge_after_a_proof(switch, store):
    """F-22 no challenge after a proof.

    An impostor that asks for nothing is noticed as well."""
    args = [*LOGIN_ARGS, "--proof-store", store, switch.url]
    fetch(*args, check=OK)
    switch.open()
    done = fetch(*args)
    assert (done.code, done.out) == (PROOF, b"")


def test_F_22_silence_within_one_run(switch):
    """F-22 silence within one run."""
    silent = raw.guard(switch.digest, hurt="gone")
    right = switch.handler
    switch.handler = lambda request: (
        silent if request.target == "/2" else right)(request)
    done = fetch(*LOGIN_ARGS, switch.url + "/1", switch.url + "/2")
    assert (done.code, done.out) == (PROOF, b"secret\n")


def test_F_22_silence_in_another_realm(switch, store):
    """F-22 silence in another realm.

    The realm is the impostor's to choose: it does not make him another
    server. One that proves itself there is none."""
    args = [*LOGIN_ARGS, "--proof-store", store, switch.url]
    fetch(*args, check=OK)
    other = raw.Digest(realm="another")
    switch.handler = raw.guard(other, hurt="gone")
    done = fetch(*args)
    assert (done.code, done.out) == (PROOF, b"")
    assert "proof-missed" in done.err
    assert fetch(*args, "--proof", "off", check=OK).out == b"secret\n"
    switch.handler = raw.guard(other)
    assert fetch(*args, check=OK).out == b"secret\n"


def test_F_22_no_proof_is_remembered_that_was_not_given(switch, store):
    """F-22 no proof is remembered that was not given."""
    switch.silent()
    args = [*LOGIN_ARGS, "--proof-store", store, switch.url]
    fetch(*args, check=OK)
    fetch(*args, check=OK)
    assert not store.exists()


def test_F_22_another_user_and_another_port_are_other_spaces(switch, store,
                                                             peers):
    """F-22 another user and another port are other spaces."""
    fetch(*LOGIN_ARGS, "--proof-store", store, switch.url, check=OK)
    switch.silent()
    switch.digest.user = "Nala"
    fetch("-u", f"Nala:{raw.PASSWORD}", "--proof-store", store, switch.url,
          check=OK)
    switch.digest.user = raw.USER
    other = peers(raw.guard(switch.digest, hurt="gone"))
    fetch(*LOGIN_ARGS, "--proof-store", store, other.url, check=OK)


def test_F_22_refusals_of_a_remembered_server_stay_refusals(switch, store):
    """F-22 refusals of a remembered server stay refusals."""
    fetch(*LOGIN_ARGS, "--proof-store", store, switch.url, check=OK)
    assert fetch("-u", f"{raw.USER}:wrong", "--proof-store", store,
                 switch.url).code == LOGIN


def test_F_42_a_remembered_server_does_not_step_down(switch, store):
    """F-42 a remembered server does not step down."""
    args = [*LOGIN_ARGS, "--proof-store", store, "--allow-md5", switch.url]
    fetch(*args, check=OK)
    weak = raw.Digest(algorithm="MD5", realm='a "realm", ü')
    switch.handler = raw.guard(weak)
    done = fetch(*args)
    assert done.code == LOGIN and "downgrade" in done.err
    assert not weak.seen
    fetch(*args, "--allow-step-down", check=OK)


def test_F_22_proxies_are_remembered_too(peers, store):
    """F-22 proxies are remembered too."""
    digest = raw.Digest(proxy=True)
    state = {"hurt": None}

    def handle(request):
        if not digest.accepts(request):
            return raw.response(407, [("Proxy-Authenticate",
                                       digest.challenge())])
        fields = [] if state["hurt"] else [digest.info_line(request)]
        return raw.response(200, fields, b"ok\n")

    peer = peers(handle)
    args = ["-U", f"{raw.USER}:{raw.PASSWORD}", "--proof-store", store, "-x",
            peer.url, "http://a.example/"]
    fetch(*args, check=OK)
    assert "proxy http 127.0.0.1" in store.read_text()
    state["hurt"] = "gone"
    assert fetch(*args).code == PROOF


def test_store_is_private_and_written_in_one_step(switch, store):
    fetch(*LOGIN_ARGS, "--proof-store", store, switch.url, check=OK)
    assert stat.S_IMODE(store.stat().st_mode) == 0o600
    before = store.stat().st_ino
    text = store.read_text()
    assert text.startswith("# countersign proof store 1\n")
    assert raw.PASSWORD not in text and "a%20%22realm%22" in text
    # Nothing new: nothing is written.
    fetch(*LOGIN_ARGS, "--proof-store", store, switch.url, check=OK)
    assert store.stat().st_ino == before
    assert os.listdir(store.parent) == ["store"]


def test_store_keeps_what_others_wrote(peers, store):
    """Twelve runs at once, each with a space of its own."""
    made = [Switch(peers) for _ in range(12)]
    runs = [subprocess.Popen(
        [PROGRAM, "fetch", *LOGIN_ARGS, "-s", "--proof-store", store, s.url],
        env=clean_env(), stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL) for s in made]
    assert [run.wait(60) for run in runs] == [OK] * 12
    lines = store.read_text().splitlines()[1:]
    assert sorted(int(line.split()[3]) for line in lines) == sorted(
        s.peer.port for s in made)


def test_store_behind_a_link_stays_behind_it(switch, store, tmp_path):
    link = tmp_path / "link"
    link.symlink_to(store)
    fetch(*LOGIN_ARGS, "--proof-store", store, switch.url, check=OK)
    store.write_text("# countersign proof store 1\n")
    fetch(*LOGIN_ARGS, "--proof-store", link, switch.url, check=OK)
    assert link.is_symlink() and "origin http" in store.read_text()


@pytest.mark.parametrize("text", [
    "something else\n",
    "# countersign proof store 2\n",
    "# countersign proof store 1\norigin http a 80 realm\n",
    "# countersign proof store 1\norigin http a 80 r u proof more\n",
    "# countersign proof store 1\norigin http a 0 r u proof\n",
    "# countersign proof store 1\norigin http a 80 r%0 u proof\n",
    "# countersign proof store 1\norigin http a 80 r%00 u proof\n",
    "# countersign proof store 1\norigin http a 80 r u prove\n",
    "# countersign proof store 1\nneither http a 80 r u proof\n",
    "# countersign proof store 1\norigin http a 80 r u proof",
    "# countersign proof store 1\norigin http a 80 r u pro\0of\n",
])
def test_store_that_is_damaged_is_an_error(switch, store, text):
    """Starting over in silence would be a downgrade."""
    store.write_text(text)
    done = fetch(*LOGIN_ARGS, "--proof-store", store, switch.url)
    assert done.code == 37 and "not a proof store" in done.err
    assert store.read_text() == text and not switch.peer.requests


def test_store_that_cannot_be_read_or_written(switch, tmp_path):
    done = fetch(*LOGIN_ARGS, "--proof-store", tmp_path, switch.url)
    assert done.code == 37
    done = fetch(*LOGIN_ARGS, "--proof-store", tmp_path / "no/dir/store",
                 switch.url)
    assert done.code == 23 and "could not be written" in done.err
