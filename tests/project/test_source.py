# SPDX-License-Identifier: MIT
"""What review forgets: who includes whom, licence lines, links, paths."""
import fnmatch
import os
import pathlib
import re

import pytest

TOP = pathlib.Path(__file__).resolve().parents[2]
INCLUDE = re.compile(r'^\s*#\s*include\s*([<"])([^>"]+)[>"]', re.M)

# What a folder below src/ may include besides itself (core <- http <-
# digest <- server, client; server and client know nothing of each other).
MAY_INCLUDE = {
    "core": set(),
    "http": {"core"},
    "digest": {"core", "http"},
    "server": {"core", "http", "digest"},
    "client": {"core", "http", "digest"},
}

# Public headers, by the lowest folder that may know them.
PUBLIC = {
    "core": {"algorithm", "crypto", "export", "limits", "span", "status"},
    "http": {"field"},
    "digest": {"counts", "digest", "key", "layer"},
    "server": {"server"},
    "client": {"client"},
}
# Nothing else of the system is needed below src/ (the core is a calculator).
FREESTANDING = {"limits.h", "stdalign.h", "stdatomic.h", "stdbool.h",
                "stddef.h", "stdint.h", "string.h"}


def files_of_the_project(*patterns):
    """All files but those that are built or cached."""
    found = []
    for folder, folders, names in os.walk(TOP):
        folders[:] = [f for f in folders if f not in {
            ".git", ".cache", "__pycache__", ".pytest_cache"}
            and not (folder == str(TOP) and f.startswith("build"))]
        found += [pathlib.Path(folder, name) for name in names
                  if any(fnmatch.fnmatch(name, p) for p in patterns)]
    return sorted(found)


def includes(path):
    return INCLUDE.findall(path.read_text(encoding="utf-8"))


def source_files(folder):
    return sorted((TOP / "src" / folder).glob("*.[ch]"))


def allowed_public(folder):
    folders = {folder, *MAY_INCLUDE[folder]}
    names = set().union(*(PUBLIC[f] for f in folders))
    return {f"countersign/{name}.h" for name in names}


def wrong_includes(folder, found):
    """Those of `found` (as `includes` gives them) the folder may not have."""
    wrong = []
    for mark, name in found:
        first = name.split("/")[0]
        if first == "countersign":
            good = name in allowed_public(folder)
        elif mark == "<":
            good = name in FREESTANDING
        elif "/" in name:
            good = first == folder or first in MAY_INCLUDE[folder]
        else:
            good = (TOP / "src" / folder / name).exists()
        if not good:
            wrong.append(name)
    return wrong


@pytest.mark.parametrize("folder", MAY_INCLUDE)
def test_includes_point_inward_only(folder):
    files = source_files(folder)
    assert files, f"src/{folder} is empty"
    wrong = {f.name: bad for f in files
             if (bad := wrong_includes(folder, includes(f)))}
    assert not wrong


@pytest.mark.parametrize("folder, include", [
    ("core", ("<", "openssl/evp.h")),
    ("core", ("<", "stdio.h")),
    ("core", ("<", "time.h")),
    ("core", ('"', "http/cursor.h")),
    ("http", ('"', "digest/nonce.h")),
    ("digest", ("<", "countersign/server.h")),
    ("server", ('"', "client/space.h")),
    ("server", ("<", "countersign/client.h")),
    ("client", ('"', "server/config.h")),
    ("client", ("<", "curl/curl.h")),
    ("server", ("<", "countersign/stores/memory.h")),
    ("server", ('"', "no_such_file.h")),
])
def test_a_wrong_include_is_noticed(folder, include):
    assert wrong_includes(folder, [include]) == [include[1]]


def test_src_has_no_other_folder():
    folders = {p.name for p in (TOP / "src").iterdir() if p.is_dir()}
    assert folders == set(MAY_INCLUDE)


def test_every_source_file_names_its_licence():
    files = files_of_the_project("*.c", "*.h", "*.py", "meson.build",
                                 "meson_options.txt")
    files += [f for f in files_of_the_project("*") if os.access(f, os.X_OK)]
    assert len(files) > 20
    bare = [f.relative_to(TOP).as_posix() for f in files
            if "SPDX-License-Identifier: MIT"
            not in "".join(f.open(encoding="utf-8").readlines()[:3])]
    assert not bare


def test_no_file_names_a_home_of_some_machine():
    # Written in two parts, or this line would name one.
    homes = re.compile(r"/(?:home/[a-z]+|roo" r"t|wor" r"k|tmp/[a-z]/)/")
    named = [f.relative_to(TOP).as_posix() for f in files_of_the_project("*")
             if homes.search(f.read_text(encoding="utf-8",
                                         errors="replace"))]
    assert not named


LINK = re.compile(r"\[[^]]*\]\(([^)#\s]+)(?:#[^)]*)?\)")


def test_links_in_the_documents_lead_somewhere():
    dead = []
    for document in files_of_the_project("*.md"):
        for target in LINK.findall(document.read_text(encoding="utf-8")):
            if "://" not in target and not target.startswith("mailto:"):
                if not (document.parent / target).exists():
                    dead.append((document.name, target))
    assert not dead


def test_no_unfinished_work_is_marked_in_the_code():
    mark = re.compile(r"\b(TO" r"DO|FIX" r"ME|XX" r"X|HA" r"CK)\b|#if" r" 0\b")
    marked = [f.relative_to(TOP).as_posix()
              for f in files_of_the_project("*.c", "*.h", "*.py", "*.build")
              if mark.search(f.read_text(encoding="utf-8"))]
    assert not marked
