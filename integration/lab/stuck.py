# SPDX-License-Identifier: MIT
"""A process that is stuck in a loop: it runs, and does nothing that it should.

Its next instruction after the system call that it waits in becomes a jump to itself, in its own
copy of the page. That needs no other build of it, and nothing in it that could be left there.
"""
import contextlib
import os
import platform
import time

# "jump to here"
LOOPS = {"x86_64": b"\xeb\xfe", "aarch64": b"\x00\x00\x00\x14"}
PATIENCE_SECONDS = 5


def is_possible():
    return platform.machine() in LOOPS


def wait_address(pid):
    """Where it goes on after the system call that it waits in."""
    deadline = time.monotonic() + PATIENCE_SECONDS
    while time.monotonic() < deadline:
        with open(f"/proc/{pid}/syscall", encoding="ascii") as file:
            words = file.read().split()
        if len(words) == 9:
            return int(words[-1], 16)
        time.sleep(0.001)
    raise TimeoutError(f"process {pid} waits for nothing")


def ran_s(pid):
    with open(f"/proc/{pid}/schedstat", encoding="ascii") as file:
        return int(file.read().split()[0]) / 1e9


class Loop:
    """Process `pid` is stuck from now on, until end()."""

    def __init__(self, pid):
        self.pid = pid
        self.loop = LOOPS[platform.machine()]
        self.address = wait_address(pid)
        self.memory = os.open(f"/proc/{pid}/mem", os.O_RDWR)
        self.former = os.pread(self.memory, len(self.loop), self.address)
        before_s = ran_s(pid)
        os.pwrite(self.memory, self.loop, self.address)
        deadline = time.monotonic() + PATIENCE_SECONDS
        while ran_s(pid) - before_s < 0.005:
            if time.monotonic() > deadline:
                raise TimeoutError(f"process {pid} is not stuck")
            time.sleep(0.001)

    def end(self):
        with contextlib.suppress(OSError):
            os.pwrite(self.memory, self.former, self.address)
        os.close(self.memory)
