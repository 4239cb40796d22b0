# SPDX-License-Identifier: MIT
"""A gateway's settings, and the directory it keeps its state in."""
import os
import pathlib
import socket
import stat
import subprocess

import pytest

from support import digest, wire
from support.gateway import (ORIGIN_REALM, PROGRAM, countersign, enters,
                             write_users)


# --- settings -------------------------------------------------------------

GOOD = ["--origin", "http://127.0.0.1:9", "--realm", "r", "--state", "state",
        "--users", "users"]
WRONG = {
    "nothing to do": (["--state", "s", "--users", "users", "--realm", "r"],
                      "give --origin URL, --forward, or both"),
    "no state": (["--forward", "--users", "users", "--realm", "r"],
                 "give --state DIR"),
    "no realm": (["--forward", "--users", "users", "--state", "s"],
                 "give --realm"),
    "no users": (["--forward", "--realm", "r", "--state", "s"],
                 "give --users"),
    "users not there": (GOOD[:-1] + ["nobody"],
                        "nobody: No such file or directory; "
                        "'countersign passwd' makes it"),
    "origin without scheme": (GOOD + ["--origin", "localhost:80"],
                              "does not start with http://"),
    "origin with path": (GOOD + ["--origin", "http://a/b"],
                         "is more than http[s]://HOST[:PORT]"),
    "origin port": (GOOD + ["--origin", "http://a:99999"], "no port"),
    "listen name": (GOOD + ["--listen", "example.org:80"],
                    "is not an address to listen on"),
    "listen nonsense": (GOOD + ["--listen", "x"], "is not HOST:PORT"),
    "listen twice": (GOOD + ["--listen", "127.0.0.1:81", "--listen",
                             "0.0.0.0:81"], "share a port"),
    "listen for another way": (GOOD + ["--listen", "forward=127.0.0.1:0"],
                               "is for a way not in use"),
    "https without certificate": (
        GOOD + ["--listen", "https://127.0.0.1:0"],
        "needs --tls-cert and --tls-key"),
    "certificate alone": (GOOD + ["--tls-cert", "users"],
                          "the key is missing"),
    "both ways, one realm": (GOOD + ["--forward"], "--forward-realm"),
    "both ways, equal realms": (GOOD + ["--forward", "--forward-realm", "r"],
                                "must differ"),
    "both ways, listen for which": (
        GOOD + ["--forward", "--forward-realm", "p", "--listen",
                "127.0.0.1:0"], "say origin="),
    "algorithm": (GOOD + ["--algorithm", "SHA-1"], "is not SHA-256"),
    "algorithm twice": (GOOD + ["--algorithm", "MD5", "--algorithm", "md5"],
                        "named twice"),
    "nonce life": (GOOD + ["--nonce-life", "5 minutes"], "is no time"),
    "nonce life of nothing": (GOOD + ["--nonce-life", "0"], "or nothing"),
    "nonce life of years": (GOOD + ["--nonce-life", "9000h"], "24 days"),
    "strict uri without a proxy": (GOOD + ["--strict-uri"],
                                   "is for the forward proxy"),
    "destination": (GOOD + ["--allow-dest", "example.org"],
                    "is not ADDRESS"),
    "prefix": (GOOD + ["--deny-dest", "10.0.0.0/33"], "is not ADDRESS"),
    "connect ports": (GOOD + ["--connect-ports", "443,https"],
                      "is no port"),
    "user header": (GOOD + ["--user-header", "X Remote"], "no field name"),
    "user header taken": (GOOD + ["--user-header", "Authorization"],
                          "a meaning of its own"),
    "admin in the open": (GOOD + ["--admin-listen", "0.0.0.0:0"],
                          "not a loopback address"),
    "realm with control": (GOOD + ["--realm", "a\tb"], "control character"),
    "users with a line end": (GOOD + ["--users", "a\nforward=yes"],
                              "control character"),
    "log with a line end": (GOOD + ["--log", "a\nforward=yes"],
                            "control character"),
    "no such option": (GOOD + ["--orgin", "x"], "unrecognized option"),
    "an argument": (GOOD + ["x"], "'x' is no option"),
    "config not there": (GOOD + ["--config", "nothing"], "No such file"),
    "threads": (GOOD + ["--threads", "0"], "no number from 1"),
    "drain": (GOOD + ["--drain", "x"], "no number from 1"),
    "source": (GOOD + ["--source", "via"], "is not direct, proxy-protocol"),
    "source without trust": (GOOD + ["--source", "forwarded"],
                             "needs --trust-source"),
    "trust without source": (GOOD + ["--trust-source", "10.0.0.1"],
                             "of no use without --source"),
    "trust of nobody": (GOOD + ["--source", "forwarded", "--trust-source",
                                "balancer"], "is not ADDRESS"),
    "trust with a port": (GOOD + ["--source", "forwarded", "--trust-source",
                                  "10.0.0.1:80"], "has a port"),
    "trust too often": (GOOD + ["--source", "forwarded"] +
                        ["--trust-source", "10.0.0.1"] * 17,
                        "more than 16 times"),
    "failures": (GOOD + ["--max-failures", "6001"], "no number from 0"),
}


@pytest.mark.parametrize("name", WRONG)
def test_settings_refused(tmp_path, name):
    """Each wrong setting ends with 2 and says what is wrong."""
    write_users(tmp_path / "users", [("alice", "r", "secret")])
    arguments, words = WRONG[name]
    done = countersign("gateway", *arguments, "--check", cwd=tmp_path)
    assert done.returncode == 2, done
    assert words in done.stderr
    assert not (tmp_path / "state").exists()


def test_settings_accepted(tmp_path):
    """--check of good settings says so and touches nothing."""
    write_users(tmp_path / "users", [("alice", "r", "secret")])
    done = countersign("gateway", *GOOD, "--check", cwd=tmp_path)
    assert (done.returncode, done.stderr) == (0, "")
    assert not (tmp_path / "state").exists()


@pytest.mark.parametrize("more, noted", [
    (["--listen", "0.0.0.0:0"], ["0.0.0.0:0"]),
    (["--listen", "[::]:0"], ["[::]:0"]),
    (["--listen", "127.0.0.1:0"], []),
    (["--listen", "[::1]:0", "--admin-listen", "127.0.0.1:0"], []),
    (["--listen", "https://0.0.0.0:0", "--tls-cert", "users", "--tls-key",
      "users"], []),
    (["--listen", "http://0.0.0.0:0", "--listen", "https://0.0.0.0:1",
      "--tls-cert", "users", "--tls-key", "users"], ["0.0.0.0:0"]),
    (["--listen", "0.0.0.0:0", "--source", "forwarded", "--trust-source",
      "10.0.0.1"], []),
], ids=lambda value: " ".join(value) or "nothing")
def test_h_16_logins_without_tls_are_noted(tmp_path, more, noted):
    """H-16 H-28: an address that others reach, without TLS, is noted at the
    start; nothing else is."""
    write_users(tmp_path / "users", [("alice", "r", "secret")])
    done = countersign("gateway", *GOOD, *more, "--check", cwd=tmp_path)
    assert done.returncode == 0, done
    lines = [line for line in done.stderr.splitlines() if "TLS" in line]
    assert len(lines) == len(noted) == len(done.stderr.splitlines())
    for line, address in zip(lines, noted):
        assert f"{address} is without TLS" in line


def test_check_notes_missing_users(tmp_path):
    """A realm nobody can log in to is noted."""
    write_users(tmp_path / "users", [("alice", "other", "secret")])
    done = countersign("gateway", *GOOD, "--check", cwd=tmp_path)
    assert done.returncode == 0
    assert "no user with SHA-256" in done.stderr


@pytest.mark.parametrize("line, words", [
    ("orgin = http://a", "there is no setting 'orgin'"),
    ("[other]\nrealm = x", "there is no section"),
    ("forward = maybe", "is yes or no"),
    ("realm", "is not NAME = VALUE"),
    (" realm = x", "begins with a blank"),
    ("\trealm = x", "begins with a blank"),
    ("  of mine", "begins with a blank"),
    ("realm = " + "x" * 4000, "is longer than"),
    ("listen = " + "x" * 150 + " " * 45 + "realm = y", "is longer than"),
])
def test_config_refused(tmp_path, line, words):
    """A wrong line in a configuration file is named with its number."""
    config = tmp_path / "gateway.ini"
    config.write_text("# a comment\nrealm = r\n" + line + "\n")
    done = countersign("gateway", "--config", config, "--check", cwd=tmp_path)
    assert done.returncode == 2
    number = 4 if line.startswith("[") else 3
    assert f"{config}:{number}: " in done.stderr
    assert words in done.stderr


def test_config_blank_lines_and_comments(tmp_path):
    """Blank lines and comments may stand anywhere, indented too; the last
    line need not end."""
    write_users(tmp_path / "users", [("alice", "r", "secret")])
    config = tmp_path / "gateway.ini"
    config.write_text("\n  \n\t\n  # one\n\t; two\nrealm = r\n   \r\n"
                      "  ; not more of it\n[gateway]\nusers = users\n"
                      "state = state\norigin = http://127.0.0.1:9")
    done = countersign("gateway", "--config", config, "--check", cwd=tmp_path)
    assert (done.returncode, done.stderr) == (0, "")


def test_config_of_the_first_wrong_line(tmp_path):
    """Of several wrong lines the first is named."""
    config = tmp_path / "gateway.ini"
    config.write_text("orgin = x\n realm = r\nfoo\n")
    done = countersign("gateway", "--config", config, "--check", cwd=tmp_path)
    assert f"{config}:1: " in done.stderr
    config.write_text("realm = r\nfoo\n realm = r\norgin = x\n")
    done = countersign("gateway", "--config", config, "--check", cwd=tmp_path)
    assert f"{config}:2: is not NAME" in done.stderr


def test_config_file(gateway, origin, tmp_path):
    """A file says the same as the command line, and is overruled by it."""
    config = tmp_path / "gateway.ini"
    config.write_text(f"""[gateway]
origin = {origin.url}
listen = origin=127.0.0.1:0
realm = not this one
algorithm = SHA-512-256
algorithm = SHA-256
one-time = yes
user-header = Remote-Name
""")
    gate = gateway("--config", config, "--realm", ORIGIN_REALM, "--listen",
                   "origin=127.0.0.1:0")
    with wire.Connection(gate.address("origin", 1)) as connection:
        lines = connection.exchange().all("WWW-Authenticate")
        assert [digest.challenge(line)["algorithm"] for line in lines] == [
            "SHA-512-256", "SHA-256"]
        assert digest.challenge(lines[0])["realm"] == ORIGIN_REALM
        session = digest.Session(lines[1])
        got = connection.exchange(fields=[
            ("Authorization", session.credentials("GET", "/"))])
    assert got.status == 200
    assert "nextnonce" in got.one("Authentication-Info")
    assert origin.seen[0].all("Remote-Name") == ["alice"]


# --- state ----------------------------------------------------------------

def test_state_is_locked(gateway, origin):
    """A second gateway on one state directory is refused, and says so."""
    gate = gateway(origin=origin.url)
    done = subprocess.run(gate.command, capture_output=True, text=True,
                          timeout=20, check=False)
    assert done.returncode == 2
    assert "another gateway uses it" in done.stderr
    assert enters(gate) == 200


def test_state_of_others(tmp_path):
    """A state directory that others can write to is refused."""
    write_users(tmp_path / "users", [("alice", "r", "secret")])
    (tmp_path / "state").mkdir()
    (tmp_path / "state").chmod(0o777)
    done = countersign("gateway", *GOOD, "--listen", "0", cwd=tmp_path)
    assert done.returncode == 2
    assert "others can write to it" in done.stderr


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can give files away")
def test_state_of_another_user(tmp_path):
    """A state directory that another user owns is refused: he could have put
    symbolic links where the gateway writes."""
    write_users(tmp_path / "users", [("alice", "r", "secret")])
    victim = tmp_path / "victim"
    victim.write_text("precious")
    (tmp_path / "state" / "etc").mkdir(parents=True, mode=0o755)
    (tmp_path / "state" / "etc" / "records.config").symlink_to(victim)
    os.chown(tmp_path / "state", 65534, 65534)
    done = subprocess.run(
        [PROGRAM, "gateway", *GOOD, "--listen", "0"], cwd=tmp_path,
        capture_output=True, text=True, timeout=20, check=False)
    assert done.returncode == 2
    assert "belongs to another user" in done.stderr
    assert victim.read_text() == "precious"


def test_port_is_taken(tmp_path):
    """A port in use is told at once."""
    write_users(tmp_path / "users", [("alice", "r", "secret")])
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        done = countersign("gateway", *GOOD, "--listen", port, cwd=tmp_path)
    assert done.returncode == 2
    assert f"cannot listen on 127.0.0.1:{port}" in done.stderr


def test_key_file(gateway, origin):
    """The nonce key is made at the first start, for its owner alone, and
    kept; one that others can read is refused."""
    gate = gateway(origin=origin.url)
    keys = gate.state / "nonce.keys"
    assert stat.S_IMODE(keys.stat().st_mode) == 0o600
    before = keys.read_text()
    gate.stop()
    gate.start()
    assert keys.read_text() == before
    gate.stop()
    keys.chmod(0o644)
    done = subprocess.run(gate.command, capture_output=True, text=True,
                          timeout=60, check=False)
    assert done.returncode == 2
    assert "others than its owner may read" in done.stderr
    assert "the engine ended" not in done.stderr


def test_writes_in_state_alone(gateway, origin, tmp_path):
    """Files the gateway has open for writing lie in its state directory,
    for its owner alone."""
    gate = gateway(origin=origin.url, forward=True)
    assert enters(gate) == 200
    open_for_writing = []
    for pid in (gate.process.pid, gate.engine_pid()):
        try:
            fds = list(pathlib.Path(f"/proc/{pid}/fd").iterdir())
        except PermissionError:
            # The engine is not dumpable: only root may look into it.
            assert os.geteuid() != 0 and pid != gate.process.pid
            continue
        for fd in fds:
            path = os.readlink(fd)
            flags = pathlib.Path(f"/proc/{pid}/fdinfo/{fd.name}").read_text()
            mode = int(flags.split("flags:")[1].split()[0], 8) & 3
            if path.startswith("/") and mode:
                open_for_writing.append(path)
    assert open_for_writing
    for path in open_for_writing:
        assert path.startswith((str(gate.state.resolve()), "/dev/")), path
    for path in gate.state.rglob("*"):
        if not path.is_symlink() and "log" not in path.parts[-2:]:
            assert not stat.S_IMODE(path.stat().st_mode) & 0o077 or (
                path.parent.name in ("run", "log", "cache")), path
    assert not stat.S_IMODE(gate.state.stat().st_mode) & 0o077
