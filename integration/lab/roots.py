# SPDX-License-Identifier: MIT
"""Root directories with a Debian of their own, made by debootstrap once and kept for the next run.
Whoever changes one does it in an overlay."""
import fcntl
import hashlib
import os
import pathlib
import shutil
import subprocess

CACHE = pathlib.Path(os.environ.get("VG_ROOTS", "/var/cache/vipgossip-test"))
SUITE = "bookworm"
SCRIPT = pathlib.Path(__file__).resolve().parents[2] / "scripts" / "install-deps"
BOOTSTRAP_SECONDS = 1500


def group(name):
    """The packages that `scripts/install-deps NAME` wants."""
    done = subprocess.run([SCRIPT, "--list", name], capture_output=True, text=True, timeout=10,
                          check=True)
    return done.stdout.split()


def missing():
    """Why there can be none here, or None."""
    if shutil.which("debootstrap") is None:
        return "debootstrap is not installed"
    return None


def debian(packages):
    """The directory of a minimal Debian with these packages. Raises what debootstrap said."""
    digest = hashlib.sha256(" ".join([SUITE, *sorted(packages)]).encode()).hexdigest()[:12]
    CACHE.mkdir(parents=True, exist_ok=True)
    root = CACHE / digest
    with open(CACHE / f"{digest}.lock", "w", encoding="ascii") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not root.is_dir():
            bootstrap(packages, root)
    return root


def bootstrap(packages, root):
    draft = root.with_suffix(".draft")
    shutil.rmtree(draft, ignore_errors=True)
    done = subprocess.run(
        ["debootstrap", "--variant=minbase", f"--include={','.join(packages)}", SUITE, draft],
        stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, timeout=BOOTSTRAP_SECONDS,
        check=False)
    if done.returncode != 0:
        raise RuntimeError("\n".join(done.stdout.splitlines()[-20:]))
    for package in (draft / "var/cache/apt/archives").glob("*.deb"):
        package.unlink()
    draft.rename(root)
