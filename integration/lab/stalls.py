# SPDX-License-Identifier: MIT
"""When the machine itself stood still: what the tests of times subtract."""
import subprocess
import threading

from lab import paths

NS_PER_MS = 1e6


class Stalls:
    """Follows vg-stalls, a witness on each processor."""

    def __init__(self):
        self.lock = threading.Lock()
        self.spans = []
        self.process = subprocess.Popen([paths.tool("vg-stalls")], text=True,
                                        stdin=subprocess.PIPE, stdout=subprocess.PIPE)
        self.thread = threading.Thread(target=self.follow, daemon=True)
        self.thread.start()

    def follow(self):
        for line in self.process.stdout:
            start, end = map(int, line.split())
            with self.lock:
                self.spans.append((start, end))

    def close(self):
        self.process.stdin.close()
        self.process.wait(5)
        self.thread.join(5)

    def ms(self, since_ns, until_ns):
        """How long in all some processor did nothing in that time for programs of no priority."""
        with self.lock:
            spans = sorted((max(start, since_ns), min(end, until_ns))
                           for start, end in self.spans if end > since_ns and start < until_ns)
        total, reached = 0, since_ns
        for start, end in spans:
            total += max(0, end - max(start, reached))
            reached = max(reached, end)
        return total / NS_PER_MS

    def longest_ms(self, since_ns, until_ns):
        with self.lock:
            return max(((end - start) / NS_PER_MS for start, end in self.spans
                        if end > since_ns and start < until_ns), default=0.0)

    def forget(self, before_ns):
        with self.lock:
            self.spans = [span for span in self.spans if span[1] > before_ns]
