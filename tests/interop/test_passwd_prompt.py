# SPDX-License-Identifier: MIT
"""countersign passwd: where passwords come from, the terminal above all."""
import fcntl
import os
import pathlib
import signal
import subprocess
import termios
import time

import pytest

from support.passwd import (PROGRAM, REALM, Terminal, listed, passwd,
                            set_password, verify)

SECRET = b"s3cret"
ASK = b"New password for alice in the realm: "


@pytest.fixture
def terminal():
    """Start the program on a terminal; it ends with the test."""
    started = []

    def start(*arguments, **keywords):
        started.append(Terminal(PROGRAM, "passwd", *arguments, **keywords))
        return started[-1]

    yield start
    for one in started:
        one.stop()


def echoes(one):
    return bool(termios.tcgetattr(one.fd)[3] & termios.ECHO)


def test_a_prompt_asks_twice_without_echo(tmp_path, terminal):
    path = tmp_path / "users"
    one = terminal(path, "alice", "--realm", REALM)
    one.expect(ASK)
    assert not echoes(one)
    one.send(SECRET + b"\n")
    one.expect(b"Once more: ")
    assert not echoes(one)
    one.send(SECRET + b"\n")
    one.expect(b"added alice")
    assert one.finish() == 0
    assert SECRET not in one.output
    assert verify(path, "alice", SECRET.decode()) == 0


@pytest.mark.parametrize("again", [SECRET + b"!", SECRET[:-1],
                                   SECRET[:-1] + b"x"])
def test_two_that_differ_change_nothing(tmp_path, terminal, again):
    path = tmp_path / "users"
    set_password(path, "alice", "old", realm=REALM)
    one = terminal(path, "alice")
    one.expect(ASK)
    one.send(SECRET + b"\n")
    one.expect(b"Once more: ")
    one.send(again + b"\n")
    one.expect(b"not the same; nothing was changed")
    assert one.finish() == 2
    assert verify(path, "alice", "old") == 0


def test_an_empty_answer_is_refused(tmp_path, terminal):
    one = terminal(tmp_path / "users", "alice", "--realm", REALM)
    one.expect(ASK)
    one.send(b"\n")
    one.expect(b"Once more: ")
    one.send(b"\n")
    one.expect(b"is empty")
    assert one.finish() == 2
    assert os.listdir(tmp_path) == []


def test_the_end_of_input_is_no_password(tmp_path, terminal):
    one = terminal(tmp_path / "users", "alice", "--realm", REALM)
    one.expect(ASK)
    one.send(b"\x04")
    one.expect(b"no password there")
    assert one.finish() == 2
    assert os.listdir(tmp_path) == []


@pytest.mark.parametrize("answer, code", [(SECRET, 0), (b"wrong", 1)])
def test_verify_asks_once(tmp_path, terminal, answer, code):
    path = tmp_path / "users"
    set_password(path, "alice", SECRET.decode(), realm=REALM)
    one = terminal("--verify", path, "alice")
    one.expect(b"Password: ")
    assert not echoes(one)
    one.send(answer + b"\n")
    assert one.finish() == code
    assert answer not in one.output


@pytest.mark.parametrize("key, number", [
    (b"\x03", signal.SIGINT), (b"\x1c", signal.SIGQUIT)])
def test_an_interrupt_gives_the_terminal_back(tmp_path, terminal, key,
                                              number):
    path = tmp_path / "users"
    one = terminal(path, "alice", "--realm", REALM)
    one.expect(ASK)
    assert not echoes(one)
    one.send(SECRET[:3] + key)
    one.wait()
    assert one.code == -number
    assert echoes(one)
    assert os.listdir(tmp_path) == []


def test_a_stop_shows_and_asks_again(tmp_path, terminal):
    """Ctrl-Z and fg, from a shell that minds its jobs."""
    path = tmp_path / "users"
    one = Terminal("/bin/bash", "--norc", "--noprofile", "-i",
                   env={"PS1": "SH> ", "HISTFILE": "/dev/null"})
    try:
        one.expect(b"SH> ")
        one.send(f"{PROGRAM} passwd {path} alice --realm '{REALM}'\n"
                 .encode())
        one.expect(ASK)
        one.send(b"half\x1a")
        one.expect(b"Stopped")
        one.expect(b"SH> ")
        one.send(b"fg\n")
        one.expect(ASK)
        one.send(SECRET + b"\n")
        one.expect(b"Once more: ")
        one.send(SECRET + b"\n")
        one.expect(b"added alice")
        one.send(b"exit\n")
        one.finish()
    finally:
        one.stop()
    assert verify(path, "alice", SECRET.decode()) == 0
    assert SECRET not in one.output


def test_standard_input_may_be_the_terminal(tmp_path, terminal):
    path = tmp_path / "users"
    one = terminal(path, "alice", "--realm", REALM, "--stdin")
    one.expect(b"Password: ")
    assert not echoes(one)
    one.send(SECRET + b"\n")
    assert one.finish() == 0
    assert SECRET not in one.output
    assert verify(path, "alice", SECRET.decode()) == 0


def test_without_a_terminal_nobody_is_asked(tmp_path):
    path = tmp_path / "users"
    done = passwd(path, "alice", "--realm", REALM, stdin=SECRET)
    assert done.returncode == 2
    assert b"no terminal" in done.stderr
    assert not path.exists()


# --- standard input, files, environment, command line ------------------------

@pytest.mark.parametrize("given, password", [
    (b"s3cret\n", "s3cret"),
    (b"s3cret", "s3cret"),
    (b"s3cret\r\n", "s3cret"),
    (b"s3cret\nsecond line\n", "s3cret"),
    (b" s3 cret \n", " s3 cret "),
])
def test_standard_input_gives_its_first_line(tmp_path, given, password):
    path = tmp_path / "users"
    done = passwd(path, "alice", "--stdin", "--realm", REALM, stdin=given)
    assert done.returncode == 0
    assert verify(path, "alice", password) == 0


def test_standard_input_is_left_to_others_behind_its_line(tmp_path):
    done = subprocess.run(
        ["/bin/sh", "-c", '"$0" passwd "$1" alice --stdin --realm r; cat',
         str(PROGRAM), str(tmp_path / "users")],
        input=b"s3cret\nthe rest\n", capture_output=True, check=True)
    assert done.stdout == b"the rest\n"


def test_standard_input_without_a_line(tmp_path):
    done = passwd(tmp_path / "users", "alice", "--stdin", "--realm", REALM,
                  "--allow-empty")
    assert done.returncode == 2
    assert b"no password there" in done.stderr
    assert os.listdir(tmp_path) == []


def from_file(tmp_path, content, mode=0o600):
    path = tmp_path / "users"
    source = tmp_path / "secret"
    source.write_bytes(content)
    os.chmod(source, mode)
    done = passwd(path, "alice", "--realm", REALM, "--password-file", source)
    return path, done


def test_a_password_file(tmp_path):
    path, done = from_file(tmp_path, b"s3cret\n")
    assert done.returncode == 0
    assert b"warning" not in done.stderr
    assert verify(path, "alice", "s3cret") == 0


def test_a_password_file_that_others_can_read_is_warned_of(tmp_path):
    _, done = from_file(tmp_path, b"s3cret\n", 0o644)
    assert done.returncode == 0
    assert b"warning" in done.stderr and b"/secret" in done.stderr


@pytest.mark.parametrize("content, words", [
    (b"s3cret\nmore\n", b"has one line"),
    (b"s3cret\n\n", b"has one line"),
    (b"", b"no password there"),
    (b"x" * 2000, b"at most 1024"),
])
def test_password_files_that_are_refused(tmp_path, content, words):
    path, done = from_file(tmp_path, content)
    assert done.returncode == 2
    assert words in done.stderr
    assert not path.exists()


def test_a_password_file_that_is_not_there(tmp_path):
    done = passwd(tmp_path / "users", "alice", "--realm", REALM,
                  "--password-file", tmp_path / "none")
    assert done.returncode == 2
    assert b"No such file" in done.stderr
    assert os.listdir(tmp_path) == []


def test_an_environment_variable(tmp_path):
    path = tmp_path / "users"
    options = [path, "alice", "--realm", REALM, "--password-env", "PW_OF_A"]
    done = passwd(*options, env={**os.environ, "PW_OF_A": "s3cret"})
    assert done.returncode == 0
    assert verify(path, "alice", "s3cret") == 0
    done = passwd(*options)
    assert done.returncode == 2
    assert b"has no PW_OF_A" in done.stderr


@pytest.mark.parametrize("options, env", [
    (["--password-env", "PW"], {"PW": "x" * 1025}),
    (["--password", "x" * 1025], {}),
])
def test_long_passwords_from_there_are_refused(tmp_path, options, env):
    done = passwd(tmp_path / "users", "alice", "--realm", REALM, *options,
                  env={**os.environ, **env})
    assert done.returncode == 2
    assert b"at most 1024" in done.stderr
    assert os.listdir(tmp_path) == []


def test_H_23_a_password_on_the_command_line_goes_from_it(tmp_path):
    """While the program waits for a lock, others look at its arguments."""
    path = tmp_path / "users.htdigest"
    set_password(path, "alice", "old", realm=REALM)
    with open(path, "rb") as held:
        fcntl.flock(held, fcntl.LOCK_EX)
        process = subprocess.Popen(
            [PROGRAM, "passwd", path, "alice", "--password", "hunter2"],
            stderr=subprocess.PIPE)
        warning = process.stderr.readline()
        line = pathlib.Path(f"/proc/{process.pid}/cmdline")
        deadline = time.monotonic() + 10
        while b"hunter2" in line.read_bytes():
            assert time.monotonic() < deadline
            time.sleep(0.01)
        assert line.read_bytes() != b""
        fcntl.flock(held, fcntl.LOCK_UN)
        process.communicate(timeout=30)
    assert process.returncode == 0
    assert b"can be seen by others" in warning
    assert verify(path, "alice", "hunter2") == 0


def dumps_core(one):
    """End it as a crash would; whether the system wrote its memory."""
    os.kill(one.pid, signal.SIGSEGV)
    status = one.wait()
    os.close(one.fd)
    return os.WCOREDUMP(status)


def test_H_22_no_core_file_while_a_password_is_in_memory(tmp_path):
    """Beside a program that has none, on a system that writes them."""
    shell = ["/bin/sh", "-c", 'ulimit -c unlimited; cd "$1" && shift && '
             'exec "$@"', "sh", tmp_path]
    other = Terminal(*shell, "cat")
    other.send(b"there\n")
    other.expect(b"there\r\nthere")
    if not dumps_core(other):
        pytest.skip("no core files are written here")
    one = Terminal(*shell, PROGRAM, "passwd", tmp_path / "users", "alice",
                   "--realm", REALM)
    one.expect(ASK)
    one.send(SECRET + b"\n")
    one.expect(b"Once more: ")
    assert not dumps_core(one)


# --- notes -------------------------------------------------------------------

def test_H_19_a_note_cannot_be_forged_by_a_name(tmp_path):
    done = passwd("--list", tmp_path / "no\n\x1b[2J\u009bcountersign: é")
    assert done.returncode == 37
    assert done.stderr.count(b"\n") == 1
    assert "no\\x0a\\x1b[2J\\xc2\\x9bcountersign: é: No such".encode() \
        in done.stderr
    assert b"\x1b" not in done.stderr


def test_H_18_no_note_has_a_password_or_a_digest(tmp_path):
    path = tmp_path / "users"
    said = set_password(path, "alice", "hunter2", realm=REALM).stderr
    said += set_password(path, "alice", "hunter3", "-a", "MD5").stderr
    said += passwd("--verify", path, "alice", "--stdin",
                   stdin=b"hunter4\n").stderr
    said += set_password(path, "alice", "hunter5\t", check=False).stderr
    said += passwd("--list", path).stdout
    assert b"hunter" not in said
    digests = path.read_bytes()
    assert not any(digests[at:at + 32] in said
                   for at in range(len(digests) - 32)
                   if digests[at:at + 32].isalnum())
    assert listed(path)
