# SPDX-License-Identifier: MIT
"""Network namespaces: made, entered, emptied of processes, removed."""
import contextlib
import ctypes
import json
import os
import pathlib
import re
import signal
import subprocess
import time

RUN = pathlib.Path("/run/netns")
CLONE_NEWNET = 0x40000000
PR_SET_CHILD_SUBREAPER = 36
NAME = re.compile(r"vg-(\d+)-.*")
LIBC = ctypes.CDLL(None, use_errno=True)


def run(*command, stdin=None, check=True, timeout=30):
    """Runs a command to its end; its standard output. What it complained about is in the error."""
    done = subprocess.run(command, input=stdin, capture_output=True, text=True, timeout=timeout,
                          check=False)
    if check and done.returncode != 0:
        raise RuntimeError(f"{' '.join(command)}: exit {done.returncode}: {done.stderr.strip()}")
    return done.stdout


class Netns:
    """One network namespace, by its name below /run/netns."""

    def __init__(self, name):
        self.name = name
        run("ip", "netns", "add", name)

    def command(self, *command):
        """The command line that runs `command` inside. nsenter becomes it: the pid is its own."""
        return ["nsenter", f"--net={RUN / self.name}", *command]

    def run(self, *command, **options):
        return run(*self.command(*command), **options)

    def ip(self, *lines):
        """Runs lines of ip(8) inside, in one process."""
        run("ip", "-n", self.name, "-batch", "-", stdin="\n".join(lines) + "\n")

    def json(self, *command):
        """What `ip -j` says inside."""
        return json.loads(run("ip", "-n", self.name, "-j", *command) or "[]")

    def mac(self, interface="eth0"):
        return self.json("link", "show", interface)[0]["address"]

    def sysctl(self, **values):
        self.run("sysctl", "-q", "-w", *(f"{key.replace('__', '.')}={value}"
                                        for key, value in values.items()))

    @contextlib.contextmanager
    def inside(self):
        """The calling thread is inside; a socket made there stays there."""
        with open("/proc/thread-self/ns/net", "rb") as home, \
                open(RUN / self.name, "rb") as there:
            enter(there)
            try:
                yield
            finally:
                enter(home)

    def remove(self):
        empty(self.name)
        run("ip", "netns", "del", self.name, check=False)


def adopt_orphans():
    """A daemon's children become this process's own when it is killed, and can be collected: not
    every machine has an init that does so."""
    LIBC.prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0)


def collect_orphans():
    """For when every child of this process's own has been waited for."""
    with contextlib.suppress(ChildProcessError):
        while os.waitpid(-1, os.WNOHANG)[0] != 0:
            pass


def enter(file):
    if LIBC.setns(file.fileno(), CLONE_NEWNET) != 0:
        raise OSError(ctypes.get_errno(), "setns")


def empty(name):
    """Kills every process inside, and waits until none is left."""
    deadline = time.monotonic() + 5
    while time.monotonic() < deadline:
        pids = [int(pid) for pid in run("ip", "netns", "pids", name, check=False).split()]
        if not pids:
            return
        for pid in pids:
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
            with contextlib.suppress(ChildProcessError):
                os.waitpid(pid, os.WNOHANG)
        time.sleep(0.01)


def sweep():
    """Removes what a laboratory left behind that was itself killed."""
    if not RUN.is_dir():
        return
    for path in RUN.iterdir():
        match = NAME.fullmatch(path.name)
        if match and not pathlib.Path("/proc", match.group(1)).exists():
            empty(path.name)
            run("ip", "netns", "del", path.name, check=False)
