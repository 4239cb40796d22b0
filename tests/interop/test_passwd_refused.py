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
    ("a\uff1ab", b"colon"),
    (" alice", b"begins or ends with a space"),
    ("alice ", b"begins or ends with a space"),
    ("alice\u3000", b"begins or ends with a space"),
    ("", b"is empty"),
    ("a\tb", b"control"),
    ("a\nb", b"control"),
    ("a\x7fb", b"control"),
    ("a\u0085b", b"control"),
    ("a\u2028b", b"may not be in it"),
    (b"a\xffb", b"UTF-8"),
    (b"a\xed\xa0\x80b", b"UTF-8"),
    ("a\u00a0b", b"a space other than U+0020"),
    ("a\u200bb", b"invisible"),
    ("a\u202eb", b"invisible"),
    ("a\u0378b", b"Unicode did not assign"),
    ("\U0001f600", b"a symbol or an emoji"),
    ("a\u20ac", b"a symbol or an emoji"),
    ("\u00aba\u00bb", b"punctuation"),
    ("\ufb01x", b"stands for others"),
    ("a\u30fbb", b"may not stand where it does"),
    ("a\u05d0", b"mixes right-to-left"),
    ("a" * 1025, b"too long"),
])
def test_C_38_C_39_C_43_user_names_that_are_refused(tmp_path, user, words):
    """C-38 C-39 C-43 user names that are refused."""
    path = tmp_path / "users"
    done = passwd(path, user, "--stdin", "--realm", REALM, stdin=b"x\n")
    assert done.returncode == 2
    assert words in done.stderr
    assert not path.exists()


@pytest.mark.parametrize("user", [
    "alice", "a b", "1", "jürgen", "Łukasz", "Σωκράτης", "李明", "עברית",
    "محمد", "ก็", "क्\u200dष", "한글", "Jäsøn Doe", "a" * 1024,
    "!\"#$%&'()*+,-./;<=>?@[\\]^_`{|}~",
])
@FORMS
def test_C_42_user_names_that_are_accepted(tmp_path, user, name):
    """C-42 user names that are accepted, and change in nothing."""
    path = tmp_path / name
    done = set_password(path, user, SECRET, realm=REALM)
    assert b"RFC 8265" not in done.stderr
    assert rows_of(path) == expected(user, SECRET)
    assert verify(path, user, SECRET) == 0


@pytest.mark.parametrize("typed, kept, is_told", [
    ("Ju\u0308rgen", "J\u00fcrgen", False),
    ("\uff21lice\uff11", "Alice1", True),
    ("\uff76\uff9e", "\u30ac", True),
    ("\u5c71\u7530\u3000\u592a\u90ce", "\u5c71\u7530 \u592a\u90ce", True),
    ("\u1112\u1161\u11ab", "\ud55c", False),
    ("\u212b", "\u00c5", False),
])
@FORMS
def test_C_43_names_are_enrolled_in_one_form(tmp_path, typed, kept, is_told,
                                             name):
    """C-43 names are enrolled in one form, found by all, and told of where
    a client that knows NFC alone would not send it."""
    path = tmp_path / name
    done = set_password(path, typed, SECRET, realm=REALM)
    assert rows_of(path) == expected(kept, SECRET)
    assert (f"is kept as {kept},".encode() in done.stderr) == is_told
    for user in (typed, kept):
        assert verify(path, user, SECRET) == 0
    assert verify(path, kept.swapcase() + "x", SECRET) == 1
    assert passwd("--remove", path, typed).returncode == 0
    assert rows_of(path) == {}


@pytest.mark.parametrize("enrolled, other", [
    ("Alice", "alice"), ("Σίσυφος", "Σίσυφοσ"), ("straße", "strasse"),
    ("å", "a"), ("İ", "i"), ("ﺍ".replace("ﺍ", "ا"), "أ"), ("李", "季"),
])
def test_C_45_another_letter_is_another_user(tmp_path, enrolled, other):
    """C-45 upper and lower case, and letters alike, are different users."""
    path = tmp_path / "users"
    set_password(path, enrolled, SECRET, realm=REALM)
    set_password(path, other, "other")
    assert verify(path, enrolled, SECRET) == 0
    assert verify(path, other, SECRET) == 1
    assert verify(path, other, "other") == 0


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
    ("a\u2029".encode(), b"may not be in it"),
    (b"a\xff", b"UTF-8"),
    (b"a\x00b", b"NUL"),
    ("a\u200bb".encode(), b"invisible"),
    ("\U0001f468\u200d\U0001f469".encode(), b"may not stand where it does"),
    ("\u0378".encode(), b"Unicode did not assign"),
    (b"a" * 1025, b"at most 1024"),
    ("\U0001d160".encode() * 255, b"too long"),
])
def test_C_39_C_43_passwords_that_are_refused(tmp_path, password, words):
    """C-39 C-43 passwords that are refused, and never repeated."""
    path = tmp_path / "users"
    done = passwd(path, "alice", "--stdin", "--realm", REALM,
                  stdin=password + b"\n")
    assert done.returncode == 2
    assert words in done.stderr
    assert len(password) < 2 or password not in done.stderr
    assert not path.exists()


@pytest.mark.parametrize("password", [
    "x", " ", " a  b ", "a:b", "päßword", "Σ", "密码", "كلمة السر", "😀👍🏽",
    "\uff21", "ﬁ²Ⅳ€", "x" * 1024, "\"\\",
])
def test_C_42_passwords_that_are_accepted(tmp_path, password):
    """C-42 passwords that are accepted, and change in nothing."""
    path = tmp_path / "users"
    done = set_password(path, "alice", password, realm=REALM)
    assert b"RFC 8265" not in done.stderr
    assert rows_of(path) == expected("alice", password)
    assert verify(path, "alice", password) == 0


@pytest.mark.parametrize("typed, kept, is_told", [
    ("pa\u0308ss\u212b", "p\u00e4ss\u00c5", False),
    ("a\u00a0b\u3000c", "a b c", True),
    ("\u2003", " ", True),
])
def test_C_43_passwords_are_enrolled_in_one_form(tmp_path, typed, kept,
                                                 is_told):
    """C-43 passwords are enrolled in one form, in which all are tried."""
    path = tmp_path / "users"
    done = set_password(path, "alice", typed, realm=REALM)
    assert rows_of(path) == expected("alice", kept)
    assert (b"kept with U+0020" in done.stderr) == is_told
    for password in (typed, kept):
        assert verify(path, "alice", password) == 0
    assert verify(path, "alice", kept + " ") == 1


def test_C_40_what_others_enrolled_stays_as_it_is(tmp_path):
    """C-40 names that no profile has, imported: found as they stand there,
    and by NFC."""
    path = tmp_path / "users"
    other = tmp_path / "other.htdigest"
    names = ["😀", "\ufb01", "\uff21lice", "e\u0301"]
    other.write_text("".join(
        f"{user}:{REALM}:{value}\n"
        for user in names for value in
        [expected(user, SECRET, {"SHA-256"})[user, REALM, "SHA-256"]]),
        encoding="utf-8")
    other.chmod(0o600)
    assert passwd("--import", other, path).returncode == 0
    for user in names:
        assert verify(path, user, SECRET) == 0
        assert verify(path, user, "wrong") == 1
    # Neither of these is the one that stands there.
    assert verify(path, "Alice", SECRET) == 1
    assert verify(path, "\u00e9", SECRET) == 1


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
