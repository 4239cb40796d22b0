# SPDX-License-Identifier: MIT
"""countersign passwd and other programs: import, export, writers at once,
many users."""
import fcntl
import os
import socket
import sqlite3
import subprocess
import time

import pytest

from support import digest
from support.passwd import (PROGRAM, REALM, Terminal, listed, passwd,
                            set_password, verify)

FORMS = pytest.mark.parametrize("name", ["users.db", "users.htdigest"])


def line(user, password, algorithm="MD5", realm=REALM, userhash=False):
    """A line as Apache's htdigest or lighttpd's users write it."""
    text = f"{user}:{realm}:{digest.ha1(user, realm, password, algorithm)}"
    if userhash:
        text += ":" + digest.digest(algorithm, f"{user}:{realm}")
    return text + "\n"


def write(path, text):
    path.write_bytes(text if isinstance(text, bytes) else text.encode())
    os.chmod(path, 0o600)
    return path


def htdigest(path, user, password, *options):
    """Apache's own program, answered on a terminal."""
    one = Terminal("htdigest", *options, path, REALM, user)
    try:
        for prompt in (b"New password: ", b"Re-type new password: "):
            one.expect(prompt)
            one.send(password.encode() + b"\n")
        assert one.finish() == 0
    finally:
        one.stop()


# --- import and export -------------------------------------------------------

@FORMS
def test_import_of_a_file_that_htdigest_made(tmp_path, name):
    made = tmp_path / "made"
    htdigest(made, "alice", "one", "-c")
    htdigest(made, "bob", "two")
    os.chmod(made, 0o600)
    path = tmp_path / name
    done = passwd("--import", made, path)
    assert done.returncode == 0
    assert b"2 added, 0 changed, 0 the same" in done.stderr
    assert b"warning: 2 are MD5" in done.stderr
    assert listed(path) == [("alice", REALM, {"MD5"}), ("bob", REALM, {"MD5"})]
    assert verify(path, "alice", "one") == 0
    assert verify(path, "bob", "one") == 1


@FORMS
def test_import_of_a_lighttpd_file(tmp_path, name):
    """SHA-256 lines, and a fourth field with the user's hash."""
    made = write(tmp_path / "made", "# lighttpd\n" +
                 line("alice", "one", "SHA-256", userhash=True) +
                 line("alice", "one", "MD5", userhash=True) +
                 line("bob", "two", "SHA-256"))
    path = tmp_path / name
    done = passwd("--import", made, path)
    assert b"3 added, 0 changed, 0 the same" in done.stderr
    assert listed(path) == [("alice", REALM, {"MD5", "SHA-256"}),
                            ("bob", REALM, {"SHA-256"})]
    assert verify(path, "alice", "one") == 0
    assert verify(path, "bob", "two") == 0
    done = passwd("--import", made, path)
    assert b"0 added, 0 changed, 3 the same" in done.stderr


@FORMS
def test_import_brings_new_passwords_and_no_old_one_stays(tmp_path, name):
    path = tmp_path / name
    for user in ("alice", "bob", "carol"):
        set_password(path, user, "old", "-a", "MD5", "-a", "SHA-256",
                     realm=REALM)
    made = write(tmp_path / "made", line("alice", "new") + line("bob", "old"))
    done = passwd("--import", made, path)
    assert b"0 added, 1 changed, 1 the same" in done.stderr
    assert b"removed 1 entries of other algorithms" in done.stderr
    assert listed(path) == [("alice", REALM, {"MD5"}),
                            ("bob", REALM, {"MD5", "SHA-256"}),
                            ("carol", REALM, {"MD5", "SHA-256"})]
    assert verify(path, "alice", "new") == 0
    assert verify(path, "bob", "old") == 0


@FORMS
@pytest.mark.parametrize("bad, words", [
    ("bob:realm\n", b"line 3: "),
    ("bob:realm:" + "0" * 31 + "\n", b"line 3: "),
    (line("alice", "x"), b"line 3: the same"),
    (b"Jos\xe9:realm:" + b"0" * 32, b"line 3: the user name is not UTF-8"),
])
def test_H_34_import_of_a_bad_file_changes_nothing(tmp_path, name, bad, words):
    path = tmp_path / name
    set_password(path, "alice", "old", realm=REALM)
    before = path.read_bytes()
    bad = bad if isinstance(bad, bytes) else bad.encode()
    made = write(tmp_path / "made",
                 (line("alice", "new") + "\n").encode() + bad)
    done = passwd("--import", made, path)
    assert done.returncode == 37
    assert words in done.stderr
    assert path.read_bytes() == before


def test_import_of_what_text_cannot_hold_changes_nothing(tmp_path):
    database = tmp_path / "users.db"
    set_password(database, "alice", "x", realm=REALM)
    set_password(database, "#bob", "x")
    path = tmp_path / "users.htdigest"
    set_password(path, "carol", "x", realm=REALM)
    before = path.read_bytes()
    assert passwd("--import", database, path).returncode == 2
    assert path.read_bytes() == before
    out = tmp_path / "out"
    done = passwd("--export", out, database)
    assert done.returncode == 2
    assert b"#bob" in done.stderr
    assert not out.exists()


def test_C_12_export_and_import_give_the_same_users(tmp_path):
    database = tmp_path / "users.db"
    set_password(database, "alice", "one", "-a", "MD5", "-a", "SHA-256", "-a",
                 "SHA-512-256", realm=REALM)
    set_password(database, "Łukasz", "two", realm="b:8443")
    out = tmp_path / "out.htdigest"
    assert passwd("--export", out, database).returncode == 0
    assert out.stat().st_mode & 0o777 == 0o600
    assert out.read_text().splitlines() == [
        line("alice", "one").strip(),
        line("alice", "one", "SHA-256").strip(),
        line("alice", "one", "SHA-512-256").strip() + ":SHA-512-256",
        line("Łukasz", "two", "SHA-256", "b:8443").strip(),
        line("Łukasz", "two", "SHA-512-256", "b:8443").strip() +
        ":SHA-512-256",
    ] or listed(database)[0][1] == "b:8443"
    again = tmp_path / "again.db"
    assert passwd("--import", out, again).returncode == 0
    with sqlite3.connect(again) as one, sqlite3.connect(database) as other:
        query = "SELECT * FROM users ORDER BY 1, 2, 3"
        assert one.execute(query).fetchall() == \
            other.execute(query).fetchall()


def test_export_does_not_write_over_a_file_unasked(tmp_path):
    database = tmp_path / "users.db"
    set_password(database, "alice", "one", realm=REALM)
    out = write(tmp_path / "out", "something of yours\n")
    os.chmod(out, 0o640)
    done = passwd("--export", out, database)
    assert done.returncode == 2
    assert b"--force" in done.stderr
    assert out.read_text() == "something of yours\n"
    assert passwd("--export", out, database, "--force").returncode == 0
    assert out.read_text().startswith("alice:the realm:")
    assert out.stat().st_mode & 0o777 == 0o640
    assert sorted(os.listdir(tmp_path)) == ["out", "users.db"]


def test_htdigest_goes_on_with_an_exported_file(tmp_path):
    """It reads MD5 lines and takes a user's first line for his."""
    database = tmp_path / "users.db"
    set_password(database, "alice", "one", "-a", "MD5", realm=REALM)
    set_password(database, "bob", "two", "-a", "MD5", "-a", "SHA-256")
    out = tmp_path / "out"
    assert passwd("--export", out, database).returncode == 0
    htdigest(out, "bob", "new")
    htdigest(out, "carol", "three")
    os.chmod(out, 0o600)
    assert passwd("--import", out, database).returncode == 0
    assert verify(database, "alice", "one") == 0
    assert verify(database, "bob", "new", "-a", "MD5") == 0
    assert verify(database, "bob", "two", "-a", "SHA-256") == 0
    assert verify(database, "carol", "three") == 0


def test_a_changed_text_file_keeps_what_is_not_ours(tmp_path):
    path = write(tmp_path / "users", "# mine\n\n" +
                 line("alice", "one", "SHA-256", userhash=True) +
                 "# the end")
    set_password(path, "alice", "two", "-a", "SHA-256")
    set_password(path, "bob", "three", "-a", "MD5")
    assert path.read_text() == (
        "# mine\n\n" + line("alice", "two", "SHA-256", userhash=True) +
        "# the end\n" + line("bob", "three"))


class Lighttpd:
    """lighttpd with Digest over a user file, on a port of the system's."""

    def __init__(self, folder, users, algorithm):
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            self.port = probe.getsockname()[1]
        (folder / "www").mkdir()
        (folder / "www" / "index.html").write_text("inside\n")
        conf = folder / "conf"
        conf.write_text(f'''
server.modules = ("mod_auth", "mod_authn_file")
server.document-root = "{folder}/www"
server.bind = "127.0.0.1"
server.port = {self.port}
index-file.names = ("index.html")
auth.backend = "htdigest"
auth.backend.htdigest.userfile = "{users}"
auth.require = ("/" => ("method" => "digest", "algorithm" => "{algorithm}",
                        "realm" => "{REALM}", "require" => "valid-user"))
''')
        self.log = open(folder / "log", "wb")
        self.process = subprocess.Popen(
            ["/usr/sbin/lighttpd", "-D", "-f", str(conf)],
            stdout=self.log, stderr=self.log)
        deadline = time.monotonic() + 20
        while True:
            try:
                socket.create_connection(("127.0.0.1", self.port), 1).close()
                return
            except OSError:
                assert self.process.poll() is None and \
                    time.monotonic() < deadline, (folder / "log").read_text()
                time.sleep(0.05)

    def status(self, user, password):
        done = subprocess.run(
            ["curl", "-s", "--digest", "-u", f"{user}:{password}", "-o",
             "/dev/null", "-w", "%{http_code}", "--noproxy", "*",
             f"http://127.0.0.1:{self.port}/"],
            capture_output=True, check=True, timeout=30)
        return int(done.stdout)

    def stop(self):
        self.process.terminate()
        self.process.wait(20)
        self.log.close()


@pytest.mark.parametrize("algorithm", ["MD5", "SHA-256"])
def test_lighttpd_lets_users_of_an_exported_file_in(tmp_path, algorithm):
    database = tmp_path / "users.db"
    set_password(database, "alice", "one", "-a", "MD5", "-a", "SHA-256", "-a",
                 "SHA-512-256", realm=REALM)
    out = tmp_path / "out"
    assert passwd("--export", out, database).returncode == 0
    server = Lighttpd(tmp_path, out, algorithm)
    try:
        assert server.status("alice", "one") == 200
        assert server.status("alice", "two") == 401
        assert server.status("bob", "one") == 401
    finally:
        server.stop()


# --- several at once ---------------------------------------------------------

@FORMS
@pytest.mark.parametrize("is_there", [True, False])
def test_writers_at_once_lose_no_user(tmp_path, name, is_there):
    path = tmp_path / name
    users = {f"user{i}" for i in range(16)}
    if is_there:
        set_password(path, "first", "x", realm=REALM)
    processes = {user: subprocess.Popen(
        [PROGRAM, "passwd", path, user, "--stdin", "--realm", REALM],
        stdin=subprocess.PIPE, stderr=subprocess.PIPE) for user in users}
    for user, process in processes.items():
        process.stdin.write(user.encode())
        process.stdin.close()
    for process in processes.values():
        assert process.wait(60) == 0, process.stderr.read()
        process.stderr.close()
    assert {user for user, _, _ in listed(path)} - {"first"} == users
    assert all(verify(path, user, user) == 0 for user in sorted(users)[:3])
    assert os.listdir(tmp_path) == [name]


@FORMS
def test_a_writer_waits_for_another(tmp_path, name):
    path = tmp_path / name
    set_password(path, "alice", "old", realm=REALM)
    if name == "users.db":
        held = sqlite3.connect(path, isolation_level=None)
        held.execute("BEGIN IMMEDIATE")
    else:
        held = open(path, "rb")
        fcntl.flock(held, fcntl.LOCK_EX)
    process = subprocess.Popen(
        [PROGRAM, "passwd", path, "alice", "--stdin"], stdin=subprocess.PIPE,
        stderr=subprocess.DEVNULL)
    process.stdin.write(b"new\n")
    process.stdin.close()
    with pytest.raises(subprocess.TimeoutExpired):
        process.wait(0.5)
    assert verify(path, "alice", "old") == 0
    held.close()
    assert process.wait(30) == 0
    assert verify(path, "alice", "new") == 0


def test_a_hundred_thousand_users(tmp_path):
    """Import, one change and one look at them: each in a few seconds."""
    made = tmp_path / "made"
    with open(made, "w", encoding="ascii") as out:
        for i in range(100000):
            out.write(f"user{i}:{REALM}:{i:064x}\n")
    os.chmod(made, 0o600)
    for name in ("users.db", "users.htdigest"):
        path = tmp_path / name
        started = time.monotonic()
        done = passwd("--import", made, path)
        assert b"100000 added" in done.stderr
        set_password(path, "user77777", "new")
        assert verify(path, "user77777", "new", "-a", "SHA-256") == 0
        assert len(listed(path)) == 100000
        assert time.monotonic() - started < 60
