# SPDX-License-Identifier: MIT
"""The programs of an earlier version, built once and kept for the next run: that of the commit in
integration/earlier-version."""
import fcntl
import os
import pathlib
import shutil
import subprocess

from lab import paths, roots

FILE = paths.ROOT / "integration" / "earlier-version"
PROGRAMS = ("vipgossipd", "vipgossip", "libexec/vipgossip-engine", "libexec/vipgossip-checker")
BUILD_SECONDS = 600


def commit():
    """The hash in the file."""
    lines = FILE.read_text(encoding="ascii").splitlines()
    return next(line for line in lines if not line.startswith("#"))


def git(*arguments, **options):
    # Of whomever the tree is: what is asked of it is what the file beside this one says.
    return subprocess.run(["git", "-c", f"safe.directory={paths.ROOT}", "-C", paths.ROOT,
                           *arguments], capture_output=True, timeout=60, check=False, **options)


def directory():
    return roots.CACHE / f"earlier-{commit()[:12]}"


def missing():
    """Why its programs cannot be had here, or None."""
    if (directory() / "vipgossipd").exists():
        return None
    if shutil.which("git") is None:
        return "git is not installed"
    if git("cat-file", "-e", f"{commit()}^{{commit}}").returncode != 0:
        return (f"commit {commit()[:12]} is not here: this tree is no clone, or a shallow one "
                "(git fetch --unshallow)")
    return None


def programs():
    """A directory that has them where a build has them. Raises what the compiler said."""
    target = directory()
    roots.CACHE.mkdir(parents=True, exist_ok=True)
    with open(target.with_suffix(".lock"), "w", encoding="ascii") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not target.is_dir():
            build(target)
    return target


def build(target):
    draft = target.with_suffix(".draft")
    shutil.rmtree(draft, ignore_errors=True)
    source, made, kept = draft / "source", draft / "build", draft / "kept"
    source.mkdir(parents=True)
    run("tar", "-x", "-C", source, input=git("archive", commit()).stdout)
    run("cmake", "-S", source, "-B", made, "-G", "Ninja", "-DCMAKE_BUILD_TYPE=RelWithDebInfo",
        "-DCMAKE_C_FLAGS=-g0")
    run("cmake", "--build", made, "--target", *(pathlib.Path(name).name for name in PROGRAMS))
    for name in PROGRAMS:
        (kept / name).parent.mkdir(parents=True, exist_ok=True)
        shutil.copy2(made / name, kept / name)
    # The laboratory's daemons give up their rights; they have to reach their programs.
    kept.chmod(0o755)
    os.rename(kept, target)
    shutil.rmtree(draft)


def run(*command, **options):
    done = subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
                          timeout=BUILD_SECONDS, check=False, **options)
    if done.returncode != 0:
        text = done.stdout.decode(errors="replace").splitlines()
        raise RuntimeError("\n".join([f"{command[0]} failed:", *text[-20:]]))
