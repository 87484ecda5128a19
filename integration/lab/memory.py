# SPDX-License-Identifier: MIT
"""What a process has in its memory, as root sees it."""
import re

HEAD = re.compile(r"([0-9a-f]+)-([0-9a-f]+) (\S+) \S+ \S+ \S+ *(.*)")


class Area:
    """One mapping of a process, with its bytes and the kernel's flags of it ("lo", "dd", ...)."""

    def __init__(self, match, flags, data):
        self.name = match.group(4)
        self.flags = flags
        self.data = data


def areas(pid):
    """Every mapping that can be read."""
    found = []
    head = None
    with open(f"/proc/{pid}/smaps", encoding="ascii", errors="replace") as smaps, \
            open(f"/proc/{pid}/mem", "rb") as memory:
        for line in smaps:
            match = HEAD.match(line)
            if match:
                head = match
            elif line.startswith("VmFlags:") and head.group(3)[0] == "r":
                start, end = (int(head.group(i), 16) for i in (1, 2))
                try:
                    memory.seek(start)
                    found.append(Area(head, line.split()[1:], memory.read(end - start)))
                except (OSError, ValueError, OverflowError):
                    pass  # [vvar] and its like
    return found


def status(pid):
    """/proc/PID/status as a dictionary of words."""
    with open(f"/proc/{pid}/status", encoding="ascii", errors="replace") as file:
        return {name: rest.strip() for name, _, rest in
                (line.partition(":") for line in file)}
