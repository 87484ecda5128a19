#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""What `cmake --install` gives to systemd, as systemd's own programs read it.

Usage: installed.py BUILD. Installs into a directory of its own; must be root. Exit 0, or 1 with
what is wrong, or 77 (ctest: skipped) where systemd's programs are missing.
"""
import configparser
import os
import pathlib
import shutil
import subprocess
import sys
import tempfile

PROGRAMS = ("systemd-analyze", "systemd-sysusers", "systemd-tmpfiles")
SKIPPED = 77
EXPOSURE_TENTHS = 20


def run(*command, **options):
    """What the program printed, which must be nothing bad: some mistakes are warnings, exit 0."""
    done = subprocess.run([str(word) for word in command], stdout=subprocess.PIPE,
                          stderr=subprocess.STDOUT, text=True, timeout=60, check=False, **options)
    assert done.returncode == 0, f"{command[0]}: exit {done.returncode}: {done.stdout}"
    return done.stdout


def find(root, name):
    found = sorted(root.rglob(name))
    assert len(found) == 1, f"{name} is installed as {found}"
    return found[0]


def unit_has_no_mistake_and_names_programs_that_are_installed(root):
    """Copied with the paths of `root` before them: the programs have to be there."""
    text = find(root, "vipgossipd.service").read_text()
    for path in (next(root.rglob("sbin/vipgossipd")), next(root.rglob("bin/vipgossip"))):
        named = f"=/{path.relative_to(root)}"
        assert named in text, f"{named} is not in the unit"
        text = text.replace(named, f"={path}")
    copy = root / "vipgossipd.service"
    copy.write_text(text)
    assert run("systemd-analyze", "verify", "--man=no", copy) == ""
    run("systemd-analyze", "security", "--offline=true", "--no-pager",
        f"--threshold={EXPOSURE_TENTHS}", copy)
    copy.unlink()


def user_is_made(root):
    (root / "etc").mkdir()
    run("systemd-sysusers", f"--root={root}")
    entries = [line.split(":") for line in (root / "etc/passwd").read_text().splitlines()]
    users = {entry[0]: entry for entry in entries}
    assert users["vipgossip"][6].endswith("nologin"), users
    return int(users["vipgossip"][3])


def key_of_root_becomes_readable_for_the_group_and_for_nobody_else(root, group):
    key = root / "etc/vipgossip/cluster.key"
    key.parent.mkdir()
    key.touch(0o600)
    run("systemd-tmpfiles", f"--root={root}", "--create", "vipgossip.conf")
    status = key.stat()
    assert (status.st_uid, status.st_gid, status.st_mode & 0o7777) == (0, group, 0o640), status


def sysctls_exist(root):
    lines = find(root, "50-vipgossip.conf").read_text().splitlines()
    names = [line.split("=")[0].strip() for line in lines if line and line[0] not in "#;"]
    assert sorted(name.lstrip("-") for name in names) == [
        "net.ipv4.ip_nonlocal_bind", "net.ipv6.ip_nonlocal_bind"], names
    for name in names:
        path = pathlib.Path("/proc/sys") / name.lstrip("-").replace(".", "/")
        assert path.exists() or name.startswith("-"), path


def sections(path):
    parser = configparser.ConfigParser(interpolation=None)
    parser.optionxform = str
    parser.read(path)
    return {name: dict(parser[name]) for name in parser.sections()}


def what_is_the_administrators_choice_is_an_example_and_not_active(root):
    examples = find(root, "examples")
    assert {path.name for path in examples.iterdir()} == {
        "vipgossip.conf.example", "modules-load-ip_vs.conf", "networkd.conf",
        "NetworkManager.conf"}
    assert sections(examples / "networkd.conf") == {"Network": {"KeepConfiguration": "yes"}}
    assert sections(examples / "NetworkManager.conf") == {
        "device-vipgossip": {"match-device": "interface-name:eth0", "ignore-carrier": "yes"}}
    words = [line for line in (examples / "modules-load-ip_vs.conf").read_text().splitlines()
             if not line.startswith("#")]
    assert words == ["ip_vs"], words
    assert not list(root.rglob("modules-load.d"))


def main():
    missing = [name for name in PROGRAMS if shutil.which(name) is None]
    if missing or os.geteuid() != 0:
        print(f"skipped: {', '.join(missing) or 'not root'}")
        return SKIPPED
    with tempfile.TemporaryDirectory(prefix="vg-installed-") as directory:
        root = pathlib.Path(directory)
        run("cmake", "--install", sys.argv[1], env={**os.environ, "DESTDIR": directory})
        unit_has_no_mistake_and_names_programs_that_are_installed(root)
        group = user_is_made(root)
        key_of_root_becomes_readable_for_the_group_and_for_nobody_else(root, group)
        sysctls_exist(root)
        what_is_the_administrators_choice_is_an_example_and_not_active(root)
    return 0


if __name__ == "__main__":
    sys.exit(main())
