# SPDX-License-Identifier: MIT
"""Where the tree and its build are. VG_BUILD names another build directory."""
import os
import pathlib

ROOT = pathlib.Path(__file__).resolve().parents[2]
BUILD = pathlib.Path(os.environ.get("VG_BUILD", ROOT / "build")).resolve()
DAEMON = BUILD / "vipgossipd"
TOOL = BUILD / "vipgossip"


def filtered():
    """Whether the build has its filter of system calls, and memory that can be looked through."""
    cache = (BUILD / "CMakeCache.txt").read_text(encoding="utf-8")
    return not any(f"{option}:BOOL={value}" in cache for option, value in
                   (("VG_ASAN", "ON"), ("VG_COVERAGE", "ON"), ("VG_SECCOMP", "OFF")))


def tool(name):
    """An instrument of test/bench."""
    return str(BUILD / "test" / "bench" / name)


def missing():
    """The programs that have not been built, of those that every test needs."""
    wanted = [DAEMON, TOOL, BUILD / "libexec" / "vipgossip-engine",
              BUILD / "libexec" / "vipgossip-checker",
              *(pathlib.Path(tool(name)) for name in ("vg-ping", "vg-echo", "vg-watch"))]
    return [str(path) for path in wanted if not path.exists()]
