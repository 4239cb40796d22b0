# SPDX-License-Identifier: MIT
"""countersign passwd: names, passwords, command lines and files that it
refuses, beside those that it takes."""
import os

import pytest

from support.passwd import (REALM, expected, passwd, rows_of, set_password,
                            verify)

SECRET = "s3cret"
FORMS = pytest.mark.parametrize("name", ["users.db", "users.htdigest"])


@pytest.mark.parametrize("user, words", [
    ("a:b", b"colon"),
    (" alice", b"begins or ends with a space"),
    ("alice ", b"begins or ends with a space"),
    ("", b"is empty"),
    ("a\tb", b"control"),
    ("a\nb", b"control"),
    ("a\x7fb", b"control"),
    ("a\u0085b", b"control"),
    ("a\u2028b", b"control"),
    (b"a\xffb", b"UTF-8"),
    (b"a\xed\xa0\x80b", b"UTF-8"),
    ("a\u00a0b", b"U+0020"),
    ("a\u3000b", b"U+0020"),
    ("\uff21lice", b"full-width"),
    ("\uff76\uff9f", b"half-width"),
    ("a\u200bb", b"invisible"),
    ("a\u202eb", b"invisible"),
    ("a\u0378b", b"Unicode did not assign"),
    ("a" * 1025, b"too long"),
])
def test_C_38_C_39_C_44_user_names_that_are_refused(tmp_path, user, words):
    path = tmp_path / "users"
    done = passwd(path, user, "--stdin", "--realm", REALM, stdin=b"x\n")
    assert done.returncode == 2
    assert words in done.stderr
    assert not path.exists()


@pytest.mark.parametrize("user", [
    "alice", "a b", "1", "jürgen", "Łukasz", "Σωκράτης", "李明", "עברית",
    "मराठी\u200d", "😀", "a" * 1024, "!\"#$%&'()*+,-./;<=>?@[\\]^_`{|}~",
])
@FORMS
def test_C_42_user_names_that_are_accepted(tmp_path, user, name):
    path = tmp_path / name
    set_password(path, user, SECRET, realm=REALM)
    assert rows_of(path) == expected(user, SECRET)
    assert verify(path, user, SECRET) == 0


def test_a_text_file_cannot_hold_a_comment_as_a_name(tmp_path):
    done = set_password(tmp_path / "users.htdigest", "#alice", SECRET,
                        realm=REALM, check=False)
    assert done.returncode == 2
    assert b"cannot hold" in done.stderr
    assert list(tmp_path.iterdir()) == []
    set_password(tmp_path / "users.db", "#alice", SECRET, realm=REALM)


@pytest.mark.parametrize("password, words", [
    (b"", b"is empty"),
    (b"a\tb", b"control"),
    (b"a\x7f", b"control"),
    ("a\u009f".encode(), b"control"),
    ("a\u2029".encode(), b"control"),
    (b"a\xff", b"UTF-8"),
    (b"a\x00b", b"NUL"),
    ("a\u00a0b".encode(), b"U+0020"),
    ("\u0378".encode(), b"Unicode did not assign"),
    (b"a" * 1025, b"at most 1024"),
])
def test_C_39_C_44_passwords_that_are_refused(tmp_path, password, words):
    path = tmp_path / "users"
    done = passwd(path, "alice", "--stdin", "--realm", REALM,
                  stdin=password + b"\n")
    assert done.returncode == 2
    assert words in done.stderr
    assert not path.exists()


@pytest.mark.parametrize("password", [
    "x", " ", " a  b ", "a:b", "päßword", "Σ", "密码", "😀", "\uff21",
    "a\u200bb", "x" * 1024, "\"\\",
])
def test_C_42_passwords_that_are_accepted(tmp_path, password):
    path = tmp_path / "users"
    set_password(path, "alice", password, realm=REALM)
    assert rows_of(path) == expected("alice", password)
    assert verify(path, "alice", password) == 0


def test_C_44_names_and_passwords_are_brought_to_nfc(tmp_path):
    path = tmp_path / "users"
    set_password(path, "Ju\u0308rgen", "pa\u0308ss\u212b", realm=REALM)
    assert rows_of(path) == expected("J\u00fcrgen", "p\u00e4ss\u00c5")
    for user in ("Ju\u0308rgen", "J\u00fcrgen"):
        for password in ("pa\u0308ss\u212b", "p\u00e4ss\u00c5"):
            assert verify(path, user, password) == 0
    assert passwd("--remove", path, "Ju\u0308rgen").returncode == 0


def test_an_empty_password_when_it_is_wanted(tmp_path):
    path = tmp_path / "users"
    set_password(path, "alice", "", "--allow-empty", realm=REALM)
    assert rows_of(path) == expected("alice", "")
    assert verify(path, "alice", "") == 0


@pytest.mark.parametrize("arguments, words", [
    ([], b"no FILE"),
    (["F"], b"no USER"),
    (["F", "a", "b"], b"nothing behind"),
    (["--remove", "F"], b"no USER"),
    (["--verify", "F"], b"no USER"),
    (["--import", "G", "F", "a"], b"take no USER"),
    (["--list", "--remove", "F", "a"], b"only one of"),
    (["--stdin", "--password", "x", "F", "a"], b"one place only"),
    (["--list", "F", "--stdin"], b"no password"),
    (["--remove", "F", "a", "--password-file", "x"], b"no password"),
    (["--list", "F", "-a", "MD5"], b"--algorithm does not"),
    (["--export", "G", "F", "-r", "x"], b"--realm does not"),
    (["--remove", "F", "a", "--format", "sqlite"], b"--format does not"),
    (["--verify", "F", "a", "--allow-empty"], b"--allow-empty does not"),
    (["--remove", "F", "a", "--json"], b"--json goes"),
    (["F", "a", "--force"], b"--force goes"),
    (["F", "a", "-a", "SHA-1"], b"SHA-1: the algorithm is not one of"),
    (["F", "a", "-a", "SHA-256-sess"], b"the algorithm is not one of"),
    (["F", "a", "--format", "dbm"], b"sqlite or htdigest, not dbm"),
    (["F", "a", "--what"], b"unrecognized option"),
])
def test_command_lines_that_are_refused(tmp_path, arguments, words):
    done = passwd(*arguments, cwd=tmp_path)
    assert done.returncode == 2
    assert words in done.stderr
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("arguments", [
    ["--list", "F"], ["--verify", "F", "a"], ["--remove", "F", "a"],
    ["--export", "G", "F"], ["--import", "G", "F"], ["no/F", "a"],
])
def test_files_that_are_not_there(tmp_path, arguments):
    done = passwd(*arguments, cwd=tmp_path)
    assert done.returncode == 37
    assert b"No such file" in done.stderr
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("content, words", [
    (b"alice:r:0123\n", b"line 1: "),
    (b"# x\nalice\n", b"line 2: "),
    (b"SQLite format 3\0" + bytes(200), b"F: "),
])
@pytest.mark.parametrize("arguments", [
    ["--list", "F"], ["--verify", "F", "a", "--stdin"],
    ["--remove", "F", "a"], ["F", "a", "--stdin", "-r", "x"],
    ["--export", "G", "F"],
])
def test_H_34_damaged_files_are_refused_whole(tmp_path, content, words,
                                              arguments):
    path = tmp_path / "F"
    path.write_bytes(content)
    os.chmod(path, 0o600)
    done = passwd(*arguments, cwd=tmp_path, stdin=b"x\n")
    assert done.returncode == 37
    assert words in done.stderr
    assert path.read_bytes() == content
    assert os.listdir(tmp_path) == ["F"]
