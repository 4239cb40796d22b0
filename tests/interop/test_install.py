# SPDX-License-Identifier: MIT
"""The libraries as a packager installs them and a program uses them."""
import os
import pathlib
import re
import shutil
import subprocess

import pytest

TOP = pathlib.Path(__file__).resolve().parents[2]
BUILD = pathlib.Path(os.environ.get("COUNTERSIGN_BUILD", TOP / "build/plain"))

# Library, its public headers, and what else it may load besides the C
# library. libcountersign itself loads nothing.
LIBRARIES = {
    "countersign": {"needs": set()},
    "countersign-openssl": {"needs": {"crypto"}},
    "countersign-prepare": {"needs": {"unistring"}},
    "countersign-stores": {"needs": {"sqlite3", "unistring"}},
    "countersign-curl": {"needs": {"countersign", "countersign-openssl",
                                   "countersign-prepare", "curl", "z"}},
}

# All that libcountersign may call: it has no heap, clock, I/O or locale.
MAY_CALL = {"memcpy", "memmove", "memset", "memcmp"}


def out(*command, **keywords):
    done = subprocess.run([str(c) for c in command], capture_output=True,
                          text=True, check=False, **keywords)
    assert done.returncode == 0, f"{command}\n{done.stdout}\n{done.stderr}"
    return done.stdout


class Installed:
    """An installation below a folder of its own."""

    def __init__(self, root):
        self.root = root
        out("/usr/bin/meson", "install", "--no-rebuild", "-C", BUILD,
            "--destdir", root)
        self.include = self.only("**/include/countersign").parent
        self.lib = self.only("**/libcountersign.a").parent
        self.env = {
            **os.environ,
            "PKG_CONFIG_PATH": str(self.lib / "pkgconfig"),
            "PKG_CONFIG_SYSROOT_DIR": str(root),
            "LD_LIBRARY_PATH": str(self.lib),
        }

    def only(self, pattern):
        found = sorted(self.root.glob(pattern))
        assert len(found) == 1, (pattern, found)
        return found[0]

    def pkg_config(self, *args):
        return out("pkg-config", *args, env=self.env).split()

    def shared(self, name):
        return self.lib / f"lib{name}.so"

    def static(self, name):
        return self.lib / f"lib{name}.a"

    def headers_of(self, name):
        headers = self.include / "countersign"
        own = {
            "countersign-openssl": [headers / "crypto_openssl.h"],
            "countersign-curl": [headers / "curl.h"],
            "countersign-prepare": [headers / "prepare.h"],
            "countersign-stores": sorted((headers / "stores").glob("*.h")),
        }
        if name in own:
            return own[name]
        others = {path for paths in own.values() for path in paths}
        return [p for p in sorted(headers.glob("*.h")) if p not in others]


@pytest.fixture(scope="module")
def installed(tmp_path_factory):
    assert (BUILD / "build.ninja").exists(), f"nothing is built in {BUILD}"
    return Installed(tmp_path_factory.mktemp("root"))


def project_version():
    text = (TOP / "meson.build").read_text(encoding="utf-8")
    return re.search(r"version: '([^']+)'", text)[1]


def declared(headers):
    """Names that headers mark CSN_API."""
    names = set()
    for header in headers:
        text = re.sub(r"/\*.*?\*/", " ", header.read_text(encoding="utf-8"),
                      flags=re.S)
        text = re.sub(r"^\s*#.*|//.*", " ", text, flags=re.M)
        for declaration in re.findall(r"\bCSN_API\b([^;{]*)[;{]", text):
            call = re.search(r"(\w+)\s*\(", declaration)
            names.add(call[1] if call else declaration.split()[-1])
    return names


def symbols(path, *options):
    """(type, name) of what nm lists."""
    found = []
    for line in out("nm", *options, path).splitlines():
        parts = line.split()
        if len(parts) >= 2 and len(parts[-2]) == 1:
            found.append((parts[-2], parts[-1]))
    return found


# --- what is there -----------------------------------------------------------

@pytest.mark.parametrize("name", LIBRARIES)
def test_pkg_config_knows_the_version(installed, name):
    assert installed.pkg_config("--modversion", name) == [project_version()]


@pytest.mark.parametrize("name", LIBRARIES)
def test_the_soname_has_the_abi_number(installed, name):
    dynamic = out("readelf", "-d", installed.shared(name))
    assert f"Library soname: [lib{name}.so.0]" in dynamic


@pytest.mark.parametrize("name", LIBRARIES)
def test_no_library_loads_more_than_it_says(installed, name):
    dynamic = out("readelf", "-d", installed.shared(name))
    loads = set(re.findall(r"\(NEEDED\).*\[lib([a-z0-9_-]+)\.so", dynamic))
    assert loads - {"c"} <= LIBRARIES[name]["needs"]
    assert "(RUNPATH)" not in dynamic and "(RPATH)" not in dynamic


@pytest.mark.parametrize("name", LIBRARIES)
def test_exported_is_exactly_what_the_headers_mark(installed, name):
    exported = {symbol for _, symbol in
                symbols(installed.shared(name), "-D", "--defined-only")}
    assert exported == declared(installed.headers_of(name))
    assert len(exported) > 0


@pytest.mark.parametrize("name", LIBRARIES)
def test_a_static_program_keeps_its_names(installed, name):
    """What one file of ours calls in another must not clash with a
    program's own functions."""
    foreign = {symbol for _, symbol in
               symbols(installed.static(name), "-g", "--defined-only")
               if not symbol.startswith("csn_")}
    assert not foreign


def test_every_header_of_the_tree_is_installed(installed):
    tree = {p.relative_to(TOP / "include").as_posix()
            for p in (TOP / "include").rglob("*.h")}
    there = {p.relative_to(installed.include).as_posix()
             for p in installed.include.rglob("*.h")}
    assert there == tree


# --- the core is a calculator ------------------------------------------------

def test_the_archive_calls_four_functions_and_nothing_else(installed):
    archive = installed.static("countersign")
    own = {symbol for _, symbol in symbols(archive, "--defined-only")}
    called = {symbol for _, symbol in symbols(archive, "--undefined-only")}
    # How position-independent code finds its own data: not a function.
    called.discard("_GLOBAL_OFFSET_TABLE_")
    assert called - own <= MAY_CALL
    assert "csn_server_begin" in own


def test_the_archive_has_no_writable_state(installed):
    sections = out("size", "-A", installed.static("countersign"))
    sizes = re.findall(r"^(\.(?:data|bss|tdata|tbss)\S*)\s+(\d+)", sections,
                       re.M)
    assert sizes, "size -A shows no section"
    # .data.rel.ro is constant once the program is loaded.
    writable = {name: size for name, size in sizes
                if size != "0" and not name.startswith(".data.rel.ro")}
    assert not writable


# --- headers -----------------------------------------------------------------

LANGUAGES = {
    "C11": ["gcc", "-x", "c", "-std=c11"],
    "C17": ["gcc", "-x", "c", "-std=c17"],
    "C17 by clang": ["clang", "-x", "c", "-std=c17"],
    "C++11": ["g++", "-x", "c++", "-std=c++11"],
    "C++20": ["g++", "-x", "c++", "-std=c++20"],
}


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_header_stands_alone(installed, language):
    for header in sorted(installed.include.rglob("*.h")):
        name = header.relative_to(installed.include).as_posix()
        out(*LANGUAGES[language], "-Wall", "-Wextra", "-Wpedantic", "-Werror",
            "-fsyntax-only", f"-I{installed.include}", "-",
            input=f"#include <{name}>\nint anything;\n")


def test_cxx_programs_link(installed, tmp_path):
    program = tmp_path / "cxx"
    out("g++", "-x", "c++", "-", "-o", program,
        *installed.pkg_config("--cflags", "--libs", "countersign"),
        env=installed.env, input="""
            #include <countersign/countersign.h>
            #include <cstdio>
            int main() { std::puts(csn_status_name(CSN_E_SYNTAX)); }
        """)
    assert out(program, env=installed.env) == "syntax\n"


# --- the examples, over what is installed -------------------------------------

EXAMPLES = {
    "server": ["countersign-openssl", "countersign-stores"],
    "client": ["countersign-openssl"],
}


def compile_example(installed, name, linkage, folder):
    """Compile examples/NAME.c as a stranger would; the program's path."""
    program = folder / name
    modules = EXAMPLES[name]
    flags = installed.pkg_config("--cflags", *modules)
    if linkage == "shared":
        flags += installed.pkg_config("--libs", *modules)
    else:
        flags += [f"-l:lib{flag[2:]}.a" if flag[2:] in LIBRARIES else flag
                  for flag in installed.pkg_config("--static", "--libs",
                                                   *modules)]
    out("gcc", "-Wall", "-Wextra", "-Werror", TOP / "examples" / f"{name}.c",
        "-o", program, *flags, env=installed.env)
    loaded = out("ldd", program, env=installed.env)
    assert ("libcountersign" in loaded) == (linkage == "shared")
    return program


@pytest.fixture(scope="module", params=["shared", "static"])
def examples(installed, request, tmp_path_factory):
    folder = tmp_path_factory.mktemp(request.param)
    return {name: compile_example(installed, name, request.param, folder)
            for name in EXAMPLES}


def test_the_example_server_challenges(installed, examples):
    done = subprocess.run(
        [examples["server"], "ada", "secret"], env=installed.env, text=True,
        input="GET / HTTP/1.1\r\nHost: localhost\r\n\r\n",
        capture_output=True, check=True)
    assert done.stdout.startswith("HTTP/1.1 401")
    assert 'WWW-Authenticate: Digest realm="example"' in done.stdout
    assert "no-credentials" in done.stderr


def converse(installed, examples, password):
    """Server and client, each the other's input and output."""
    to_server, to_client = os.pipe(), os.pipe()
    server = subprocess.Popen(
        [examples["server"], "ada", "secret"], env=installed.env,
        stdin=to_server[0], stdout=to_client[1], stderr=subprocess.PIPE,
        text=True)
    client = subprocess.Popen(
        [examples["client"], "ada", password], env=installed.env,
        stdin=to_client[0], stdout=to_server[1], stderr=subprocess.PIPE,
        text=True)
    for end in to_server + to_client:
        os.close(end)
    said = client.communicate(timeout=60)[1]
    heard = server.communicate(timeout=60)[1]
    return client.returncode, said, heard


def test_the_examples_prove_themselves_to_one_another(installed, examples):
    code, said, heard = converse(installed, examples, "secret")
    assert (code, said) == (0, "client: status 200, server proved (none)\n")
    assert "allowed" in heard


def test_the_examples_part_over_a_wrong_password(installed, examples):
    code, said, heard = converse(installed, examples, "guess")
    assert code == 1 and "credentials-refused" in said
    assert "wrong-response" in heard and "allowed" not in heard


@pytest.mark.parametrize("info", ["", "Authentication-Info: nextnonce=x\r\n"])
def test_the_example_client_withholds_what_nobody_proved(installed, examples,
                                                         info):
    done = subprocess.run(
        [examples["client"], "ada", "secret"], env=installed.env, text=True,
        input=f"HTTP/1.1 200 OK\r\n{info}Content-Length: 5\r\n\r\nbogus",
        capture_output=True, check=False)
    assert done.returncode == 90
    assert "not-challenged" in done.stderr and "bogus" not in done.stderr
