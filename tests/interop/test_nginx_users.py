# SPDX-License-Identifier: MIT
"""The nginx module's users: changed while it serves, in files of either kind,
large ones, broken ones."""
import sqlite3

import pytest

from support import digest, passwd
from support.engines import PASSWORD, REALM, USER
from support.nginx import MODULE, Nginx

if not MODULE.exists():
    pytest.skip("this build has no nginx module", allow_module_level=True)

SERVER = f'countersign "{REALM}"; countersign_users %s;'
MANY = 100_000


@pytest.fixture
def make():
    """make(...): an Nginx that ends with the test."""
    made = []

    def start(*arguments, **keywords):
        made.append(Nginx(*arguments, **keywords))
        return made[-1]

    yield start
    for server in made:
        server.close()


def statuses(server, user, password):
    """What both workers answer him."""
    found = {}
    while len(found) < 2:
        got, _ = server.get(session=server.login(user=user,
                                                 password=password))
        found[got.one("X-Worker")] = got.status
    return set(found.values())


def enters(server, user, password):
    """Whether both workers let him in, or neither."""
    found = statuses(server, user, password)
    assert len(found) == 1, found
    return found == {200}


def replace(path, text):
    """At once: who reads it finds the old text or the new."""
    new = path.with_suffix(".new")
    new.write_text(text)
    new.rename(path)


def times(server, words):
    return server.said().count(words)


def row(user, password):
    return f"{user}:{REALM}:{digest.ha1(user, REALM, password)}\n"


def test_a_database_is_changed_by_the_program(make, tmp_path):
    """Added, changed and removed with `countersign passwd`, and by another
    program that keeps a journal beside the file."""
    path = tmp_path / "users.db"
    passwd.set_password(path, "bob", "first", realm=REALM)
    assert path.read_bytes().startswith(b"SQLite format 3")
    server = make(SERVER % path)
    assert enters(server, "bob", "first")
    passwd.set_password(path, "bob", "second", realm=REALM)
    server.until(lambda: times(server, "read anew") == 2)
    assert enters(server, "bob", "second")
    assert not enters(server, "bob", "first")
    database = sqlite3.connect(path)
    database.execute("PRAGMA journal_mode=WAL")
    database.execute("UPDATE users SET user = 'eve' WHERE user = 'bob'")
    database.commit()  # not closed: the change stands in the journal
    server.until(lambda: statuses(server, "bob", "second") == {401})
    database.close()


def test_many_users_change_while_requests_go_on(make, tmp_path):
    """A hundred thousand, read by a thread beside each worker: whoever is let
    in stays so, and the one who was added comes in."""
    path = tmp_path / "users"
    many = "".join(f"user{n}:{REALM}:{n:064x}\n" for n in range(MANY))
    replace(path, many + row(USER, PASSWORD))
    server = make(SERVER % path)
    session = server.login()
    replace(path, row("bob", "new") + many + row(USER, PASSWORD))
    served = 0
    while times(server, "read anew") < 2 or served < 100:
        got, proved = server.get(session=session)
        assert got.status == 200 and proved, server.said()
        served += 1
    assert enters(server, "bob", "new")
    assert enters(server, USER, PASSWORD)


def test_a_broken_file_is_spoken_of_once(make, tmp_path):
    """By each worker, which goes on with the users that it has; when the file
    is good again it is read, and what breaks next is told again."""
    path, clock = tmp_path / "users", tmp_path / "clock"
    replace(path, row(USER, PASSWORD))
    replace(clock, "")
    server = make(SERVER % path + f"""location /clock {{
        countersign_users {clock}; }}""")
    stay = "the users before stay"
    replace(path, row("bob", "new") + "nonsense\n")
    server.until(lambda: times(server, stay) == 2)
    for turn in (1, 2):  # both files are looked at in one turn
        replace(clock, f"# {turn}\n")
        server.until(lambda: times(server, f'"{clock}": read anew')
                     == 2 * turn)
    assert f'countersign_users "{path}": line 2: ' in server.said()
    assert enters(server, USER, PASSWORD)
    assert not enters(server, "bob", "new")
    replace(path, row("carol", "x"))
    server.until(lambda: times(server, f'"{path}": read anew') == 2)
    assert times(server, stay) == 2
    assert enters(server, "carol", "x")
    assert not enters(server, USER, PASSWORD)
    path.unlink()
    server.until(lambda: times(server, stay) == 4)
    assert enters(server, "carol", "x")
    assert not enters(server, USER, PASSWORD)
