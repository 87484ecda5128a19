# SPDX-License-Identifier: MIT
"""Whether the processes of a node need more and more."""
import contextlib
import os
import statistics

from lab import chaos, memory

SAMPLES_MIN = 48  # of a process that lived that long; a young one still comes to what it needs
NEVER_KILLED = ("vipgossipd", "vipgossip-engine")
GROWTH_KB_MAX = 512


class Growth:
    """What the processes of a node have over time: pages of their own, not of files, which come
    and go as the kernel likes; and descriptors."""

    def __init__(self, node):
        self.node = node
        self.samples = {}

    def sample(self):
        for pid in self.node.pids():
            # A hook may have ended since.
            with contextlib.suppress(OSError, KeyError):
                name = f"{chaos.program(pid)} {pid}"
                own_kb = int(memory.status(pid)["RssAnon"].split()[0])
                fds = len(os.listdir(f"/proc/{pid}/fd"))
                self.samples.setdefault(name, []).append((own_kb, fds))

    def found(self):
        """Name to KiB and descriptors that came from the second third to the last, KiB in the
        last, and samples."""
        result = {}
        for name, own in self.samples.items():
            third = len(own) // 3
            if len(own) >= SAMPLES_MIN:
                parts = [own[third:2 * third], own[2 * third:]]
                kb, fds = ([statistics.median(one[i] for one in part) for part in parts]
                           for i in (0, 1))
                result[name] = (kb[1] - kb[0], fds[1] - fds[0], kb[1], len(own))
        return result

    def complaints(self):
        """Who grew; and whose growth nobody could judge."""
        found = self.found()
        for name, (kb, fds, _, _) in found.items():
            if kb > GROWTH_KB_MAX or fds > 0:
                yield f"{self.node.host.name}: {name} grew by {kb} KiB and {fds} descriptors"
        for program in NEVER_KILLED:
            if not any(name.startswith(f"{program} ") for name in found):
                yield f"{self.node.host.name}: too few samples of {program}: run for longer"
