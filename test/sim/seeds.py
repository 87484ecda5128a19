#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Seeds that once broke a rule, and what was wrong; each has to run clean. A seed tells the same
story only as long as nobody changes what is drawn: these are kept as seeds like any other, and what
was wrong in the core has a golden story or a unit test (docs/SIMULATOR.md names it).

Usage: seeds.py VIPGOSSIP-SIM. Exit 1 at the first violation.
"""
import subprocess
import sys

SEEDS = {
    20: "judge: a window of counters that was lost before its incarnation was confirmed",
    100041: "core: a holder was dead with the one it was asked beside, before its own deadline",
    200125: "judge: a window that began in the very moment in which the datagram was taken",
    200978: "core: an address that was put back got a deadline that no heartbeat had promised",
    201240: "judge: who died deaf is given five slow beats, and only then the VIP moves",
    201348: "judge: the same, and what follows from it, after a stall of the one that waits",
    201536: "core: a rival of a moment whose 'releasing' was overtaken; nobody announced again",
}


def main():
    for seed, story in SEEDS.items():
        done = subprocess.run([sys.argv[1], "--seed", str(seed), "--runs", "1", "--hours", "0.05",
                               "--cheap-signatures"],
                              capture_output=True, text=True, timeout=120, check=False)
        if done.returncode != 0:
            sys.exit(f"seed {seed} ({story}) breaks a rule again:\n{done.stdout}{done.stderr}")
    print(f"{len(SEEDS)} seeds run clean")


if __name__ == "__main__":
    main()
