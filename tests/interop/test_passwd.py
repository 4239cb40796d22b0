# SPDX-License-Identifier: MIT
"""countersign passwd: adding, changing, listing, removing, verifying."""
import json
import os
import re
import stat
import subprocess

import pytest

from support.passwd import (PROGRAM, REALM, STRONG, expected, listed, passwd,
                            rows_of, set_password, verify)

SECRET = "s3cret"
HEX = re.compile(rb"[0-9a-f]{32}")

FORMS = pytest.mark.parametrize("name", ["users.db", "users.htdigest"])


@FORMS
def test_C_12_a_user_is_kept_as_his_ha1(tmp_path, name):
    path = tmp_path / name
    done = set_password(path, "alice", SECRET, realm=REALM)
    assert done.stderr == b"countersign passwd: added alice in the realm\n"
    assert done.stdout == b""
    assert rows_of(path) == expected("alice", SECRET)
    assert SECRET.encode() not in path.read_bytes()


@FORMS
def test_C_13_one_value_for_each_algorithm(tmp_path, name):
    path = tmp_path / name
    done = set_password(path, "alice", SECRET, "-a", "MD5", "-a", "sha-256",
                        "--algorithm", "SHA-512-256", realm=REALM)
    assert b"warning: MD5" in done.stderr
    assert rows_of(path) == expected("alice", SECRET, STRONG | {"MD5"})


@pytest.mark.parametrize("algorithm", sorted(STRONG))
def test_C_13_only_the_algorithm_that_was_asked_for(tmp_path, algorithm):
    path = tmp_path / "users"
    done = set_password(path, "alice", SECRET, "-a", algorithm, realm=REALM)
    assert b"warning" not in done.stderr
    assert rows_of(path) == expected("alice", SECRET, {algorithm})


@FORMS
def test_a_changed_password_leaves_the_others_alone(tmp_path, name):
    path = tmp_path / name
    set_password(path, "alice", "old", realm=REALM)
    set_password(path, "bob", SECRET)
    done = set_password(path, "alice", "new")
    assert done.stderr == b"countersign passwd: changed alice in the realm\n"
    assert rows_of(path) == {**expected("alice", "new"),
                             **expected("bob", SECRET)}


@FORMS
def test_a_change_leaves_no_entry_with_the_old_password(tmp_path, name):
    path = tmp_path / name
    set_password(path, "alice", "old", "-a", "MD5", "-a", "SHA-256",
                 realm=REALM)
    done = set_password(path, "alice", "new")
    assert b"removed the MD5 entry" in done.stderr
    assert rows_of(path) == expected("alice", "new")


@FORMS
def test_C_45_case_is_not_folded(tmp_path, name):
    path = tmp_path / name
    set_password(path, "alice", "one", realm=REALM)
    set_password(path, "Alice", "two")
    assert rows_of(path) == {**expected("alice", "one"),
                             **expected("Alice", "two")}
    assert verify(path, "alice", "one") == 0
    assert verify(path, "Alice", "one") == 1
    assert verify(path, "ALICE", "one") == 1


# --- the realm ---------------------------------------------------------------

@FORMS
def test_a_new_file_needs_a_realm(tmp_path, name):
    path = tmp_path / name
    done = set_password(path, "alice", SECRET, check=False)
    assert done.returncode == 2
    assert b"--realm" in done.stderr
    assert not path.exists()


@FORMS
def test_the_only_realm_is_remembered(tmp_path, name):
    path = tmp_path / name
    set_password(path, "alice", SECRET, realm=REALM)
    set_password(path, "bob", SECRET)
    assert {realm for _, realm, _ in listed(path)} == {REALM}


@FORMS
def test_of_several_realms_one_must_be_said(tmp_path, name):
    path = tmp_path / name
    set_password(path, "alice", SECRET, realm=REALM)
    set_password(path, "alice", "other", realm="b:8443")
    before = rows_of(path) if name == "users.db" else path.read_bytes()
    for arguments in [(path, "alice", "--stdin"),
                      ("--verify", path, "alice", "--stdin"),
                      ("--remove", path, "alice")]:
        done = passwd(*arguments, stdin=b"x\n")
        assert done.returncode == 2
        assert b"several realms" in done.stderr
    after = rows_of(path) if name == "users.db" else path.read_bytes()
    assert after == before
    assert verify(path, "alice", "other", "--realm", "b:8443") == 0
    assert verify(path, "alice", SECRET, "--realm", "b:8443") == 1


@pytest.mark.parametrize("realm, words", [
    ("", b"the realm is empty"),
    ("a\nb", b"control"),
    ("a" * 257, b"too long"),
    (b"\xff", b"UTF-8"),
])
def test_C_39_realms_that_are_refused(tmp_path, realm, words):
    path = tmp_path / "users"
    done = passwd(path, "alice", "--stdin", "--realm", realm, stdin=b"x\n")
    assert done.returncode == 2
    assert words in done.stderr
    assert not path.exists()


# --- list --------------------------------------------------------------------

@FORMS
def test_list_shows_everything_but_digests(tmp_path, name):
    path = tmp_path / name
    set_password(path, "bob", SECRET, "-a", "MD5", realm="work")
    set_password(path, "bob", SECRET, realm="home")
    set_password(path, "al ice", SECRET, "-a", "SHA-256", realm="work")
    done = passwd("--list", path)
    assert done.returncode == 0
    assert done.stdout == (b"bob\thome\tSHA-256,SHA-512-256\n"
                           b"al ice\twork\tSHA-256\n"
                           b"bob\twork\tMD5\n")
    assert not HEX.search(done.stdout + done.stderr)
    assert done.stderr == b""


@FORMS
def test_list_as_json(tmp_path, name):
    path = tmp_path / name
    set_password(path, 'J"ürgen', SECRET, realm="work")
    done = passwd("--list", path, "--json")
    assert done.returncode == 0
    assert json.loads(done.stdout) == {"version": 1, "users": [
        {"user": 'J"ürgen', "realm": "work",
         "algorithms": ["SHA-256", "SHA-512-256"]}]}
    assert not HEX.search(done.stdout)


@FORMS
def test_list_of_one_user_or_realm(tmp_path, name):
    path = tmp_path / name
    set_password(path, "alice", SECRET, realm="home")
    set_password(path, "alice", SECRET, realm="work")
    set_password(path, "bob", SECRET, realm="work")
    assert [row[:2] for row in listed(path, "alice")] == [
        ("alice", "home"), ("alice", "work")]
    assert [row[:2] for row in listed(path, "--realm", "work")] == [
        ("alice", "work"), ("bob", "work")]
    done = passwd("--list", path, "carol")
    assert (done.returncode, done.stdout) == (1, b"")


def test_list_of_no_users(tmp_path):
    path = tmp_path / "users"
    path.write_bytes(b"# nobody\n")
    os.chmod(path, 0o600)
    assert listed(path) == []
    assert json.loads(passwd("--list", "--json", path).stdout)["users"] == []


def test_list_that_cannot_be_written(tmp_path):
    path = tmp_path / "users"
    set_password(path, "alice", SECRET, realm=REALM)
    for options in [(), ("--json",)]:
        with open("/dev/full", "wb") as full:
            done = subprocess.run([PROGRAM, "passwd", "--list", path,
                                   *options], stdout=full, check=False,
                                  stderr=subprocess.PIPE)
        assert done.returncode == 23
        assert b"No space left" in done.stderr


# --- remove ------------------------------------------------------------------

@FORMS
def test_remove(tmp_path, name):
    path = tmp_path / name
    set_password(path, "alice", SECRET, realm=REALM)
    set_password(path, "bob", SECRET)
    done = passwd("--remove", path, "alice")
    assert done.returncode == 0
    assert b"removed alice" in done.stderr
    assert rows_of(path) == expected("bob", SECRET)
    before = path.read_bytes()
    done = passwd("--remove", path, "alice")
    assert done.returncode == 1
    assert b"no such entry" in done.stderr
    assert path.read_bytes() == before


@FORMS
def test_remove_in_one_realm_or_of_one_algorithm(tmp_path, name):
    path = tmp_path / name
    set_password(path, "alice", SECRET, realm="home")
    set_password(path, "alice", SECRET, realm="work")
    assert passwd("--remove", path, "alice", "-r", "home").returncode == 0
    assert passwd("--remove", path, "alice", "-a",
                  "SHA-512-256").returncode == 0
    assert rows_of(path) == expected("alice", SECRET, {"SHA-256"}, "work")
    assert passwd("--remove", path, "alice", "-a", "MD5").returncode == 1


# --- verify ------------------------------------------------------------------

@FORMS
def test_verify(tmp_path, name):
    path = tmp_path / name
    set_password(path, "alice", SECRET, realm=REALM)
    before = path.read_bytes()
    assert verify(path, "alice", SECRET) == 0
    assert verify(path, "alice", SECRET + "x") == 1
    assert verify(path, "alice", "") == 1
    assert verify(path, "alice", SECRET, "-a", "SHA-256") == 0
    assert verify(path, "alice", SECRET, "-a", "MD5") == 1
    assert verify(path, "alice", SECRET, "-a", "SHA-256", "-a", "MD5") == 1
    assert verify(path, "alice", SECRET, "--realm", "none") == 1
    assert path.read_bytes() == before


@FORMS
def test_D_39_verify_says_the_same_of_nobody(tmp_path, name):
    path = tmp_path / name
    set_password(path, "alice", SECRET, realm=REALM)
    answers = {
        (done.returncode, done.stdout, done.stderr) for done in (
            passwd("--verify", path, user, "--stdin", stdin=b"wrong\n")
            for user in ("alice", "carol", "a"))}
    assert len(answers) == 1


@FORMS
def test_verify_wants_every_entry_to_agree(tmp_path, name):
    path = tmp_path / name
    set_password(path, "alice", "one", "-a", "SHA-256", realm=REALM)
    other = tmp_path / "other.htdigest"
    set_password(other, "alice", "two", "-a", "MD5", realm=REALM)
    assert passwd("--import", other, path).returncode == 0
    assert verify(path, "alice", "one") == 1
    assert verify(path, "alice", "two") == 1
    assert verify(path, "alice", "one", "-a", "SHA-256") == 0
    assert verify(path, "alice", "two", "-a", "MD5") == 0


# --- form and mode of files --------------------------------------------------

@pytest.mark.parametrize("name, options, is_sqlite", [
    ("users", [], True),
    ("users.db", [], True),
    ("users.htdigest", [], False),
    (".htdigest", [], False),
    ("htdigest", [], True),
    ("users", ["--format", "htdigest"], False),
    ("users.htdigest", ["--format", "sqlite"], True),
])
def test_the_format_of_a_new_file(tmp_path, name, options, is_sqlite):
    path = tmp_path / name
    set_password(path, "alice", SECRET, *options, realm=REALM)
    assert path.read_bytes().startswith(b"SQLite format 3") == is_sqlite
    assert rows_of(path) == expected("alice", SECRET)


@pytest.mark.parametrize("first, second", [("sqlite", "htdigest"),
                                           ("htdigest", "sqlite")])
def test_the_format_of_a_file_stays(tmp_path, first, second):
    path = tmp_path / "users"
    set_password(path, "alice", SECRET, "--format", first, realm=REALM)
    set_password(path, "bob", SECRET, "--format", first)
    before = path.read_bytes()
    done = set_password(path, "carol", SECRET, "--format", second, check=False)
    assert done.returncode == 2
    assert b"--format is for new files" in done.stderr
    assert path.read_bytes() == before


@FORMS
def test_H_22_only_the_owner_can_read_a_new_file(tmp_path, name):
    path = tmp_path / name
    old = os.umask(0)
    try:
        set_password(path, "alice", SECRET, realm=REALM)
        set_password(path, "bob", SECRET)
    finally:
        os.umask(old)
    assert stat.S_IMODE(path.stat().st_mode) == 0o600


@FORMS
@pytest.mark.parametrize("mode", [0o640, 0o604, 0o620, 0o602])
def test_H_22_a_file_for_others_is_warned_of_and_kept(tmp_path, name, mode):
    path = tmp_path / name
    set_password(path, "alice", SECRET, realm=REALM)
    os.chmod(path, mode)
    for arguments in [("--list", path), (path, "bob", "--stdin")]:
        done = passwd(*arguments, stdin=b"x\n")
        assert done.returncode == 0
        assert b"warning: " + bytes(path) in done.stderr
        assert f"{mode:04o}".encode() in done.stderr
    assert stat.S_IMODE(path.stat().st_mode) == mode


@pytest.mark.skipif(os.geteuid() != 0, reason="needs another owner's file")
@FORMS
def test_H_22_the_owner_stays(tmp_path, name):
    path = tmp_path / name
    set_password(path, "alice", SECRET, realm=REALM)
    os.chown(path, 12345, 23456)
    set_password(path, "alice", "new")
    assert (path.stat().st_uid, path.stat().st_gid) == (12345, 23456)
