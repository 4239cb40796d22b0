# SPDX-License-Identifier: MIT
"""examples/curl.c, as a stranger builds it: over the installed libraries."""
import subprocess

import pytest

from support import raw
from support.fetching import clean_env
from support.fixtures import peers  # pylint: disable=unused-import
from test_install import TOP, Installed, out


@pytest.fixture(scope="module", params=["shared", "static"])
def example(request, tmp_path_factory):
    """The program and its environment."""
    installed = Installed(tmp_path_factory.mktemp("root"))
    modules = ["countersign-curl", "countersign-openssl"]
    program = tmp_path_factory.mktemp("example") / "curl"
    flags = installed.pkg_config("--cflags", *modules)
    if request.param == "shared":
        flags += installed.pkg_config("--libs", *modules)
    else:
        flags += [f"-l:lib{flag[2:]}.a"
                  if flag.startswith("-lcountersign") else flag
                  for flag in installed.pkg_config("--libs", *modules)]
        flags += ["-lunistring", "-lz", "-lcrypto", "-pthread"]
    out("gcc", "-Wall", "-Wextra", "-Werror", TOP / "examples" / "curl.c",
        "-o", program, *flags, env=installed.env)
    loaded = out("ldd", program, env=installed.env)
    assert ("libcountersign" in loaded) == (request.param == "shared")
    assert "libcurl" in loaded
    return program, clean_env(
        LD_LIBRARY_PATH=installed.env["LD_LIBRARY_PATH"])


@pytest.mark.parametrize("hurt,password,code,body", [
    (None, raw.PASSWORD, 0, b"secret\n"),
    ("gone", raw.PASSWORD, 90, b""),
    ("rspauth-changed", raw.PASSWORD, 90, b""),
    (None, "guess", 67, b""),
])
def test_example(peers, example, hurt, password, code, body):
    """F-21: the smallest libcurl program insists on a proof."""
    program, env = example
    peer = peers(raw.guard(raw.Digest(), hurt=hurt))
    done = subprocess.run([program, peer.url + "/x", raw.USER, password],
                          env=env, capture_output=True, check=False)
    assert (done.returncode, done.stdout) == (code, body), done.stderr
