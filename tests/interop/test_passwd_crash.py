# SPDX-License-Identifier: MIT
"""countersign passwd ended at any moment, and on a full disk."""
import os
import re
import resource
import shutil
import signal
import subprocess

import pytest

from support.passwd import (PROGRAM, REALM, listed, passwd, set_password,
                            verify)

FORMS = pytest.mark.parametrize("name", ["users.db", "users.htdigest"])

# Calls that change a file, a name or what is on disk; and how many a change
# of each kind makes at least: (SQLite new, there; text new, there).
CALLS = {
    "write": (2, 1, 2, 2),
    "pwrite64": (0, 4, 0, 0),
    "fsync": (2, 0, 2, 2),
    "fdatasync": (0, 5, 0, 0),
    "rename": (0, 0, 0, 1),
    "link": (1, 0, 1, 0),
    "unlink": (1, 1, 1, 0),
    "fchmod": (0, 0, 0, 1),
}


def cut_off(call, number, *arguments):
    """Run until just before the `number`-th such call; False when the program
    came to its end."""
    done = subprocess.run(
        ["strace", "-qq", "-o", "/dev/null", "-e", f"trace={call}", "-e",
         f"inject={call}:signal=KILL:when={number}", str(PROGRAM), "passwd",
         *arguments], input=b"new\n", capture_output=True, check=False,
        timeout=60)
    assert done.returncode in (0, -signal.SIGKILL), done.stderr
    return done.returncode != 0


def check_whole(path, is_there):
    """The file has the change or has nothing of it."""
    if not path.exists():
        assert not is_there
        return
    assert [row[0] for row in listed(path)] == (
        ["alice", "bob"] if is_there else ["alice"])
    assert verify(path, "alice", "new") == 0 or (
        is_there and verify(path, "alice", "old") == 0)
    assert not is_there or verify(path, "bob", "same") == 0


@FORMS
@pytest.mark.parametrize("is_there", [False, True])
@pytest.mark.parametrize("call", CALLS)
def test_killed_at_any_call_the_file_is_whole(tmp_path, name, is_there, call):
    model = tmp_path / "model"
    folder = tmp_path / "folder"
    if is_there:
        form = ["--format", "htdigest"] if name == "users.htdigest" else []
        set_password(model, "alice", "old", *form, realm=REALM)
        set_password(model, "bob", "same")
    number = 0
    killed = True
    while killed:
        number += 1
        shutil.rmtree(folder, ignore_errors=True)
        folder.mkdir()
        path = folder / name
        if is_there:
            shutil.copy(model, path)
        killed = cut_off(call, number, path, "alice", "--stdin", "--realm",
                         REALM)
        check_whole(path, is_there)
        if killed and number % 3 == 1:
            set_password(path, "alice", "newer", realm=REALM)
            assert verify(path, "alice", "newer") == 0
    assert verify(path, "alice", "new") == 0
    assert os.listdir(folder) == [name]
    kind = 2 * (name == "users.htdigest") + is_there
    assert number - 1 >= CALLS[call][kind]


def small_files():
    """No file may grow beyond 64 octets; writing more gives an error."""
    signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    resource.setrlimit(resource.RLIMIT_FSIZE, (64, 64))


@FORMS
@pytest.mark.parametrize("is_there", [True, False])
def test_a_full_disk_changes_nothing(tmp_path, name, is_there):
    path = tmp_path / name
    if is_there:
        set_password(path, "alice", "old", realm=REALM)
    before = {entry.name: entry.read_bytes() for entry in tmp_path.iterdir()}
    done = passwd(path, "alice", "--stdin", "--realm", REALM, stdin=b"new\n",
                  preexec_fn=small_files)
    assert done.returncode == 37
    assert re.search(rb"File too large|disk|I/O", done.stderr)
    assert {entry.name: entry.read_bytes()
            for entry in tmp_path.iterdir()} == before
