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
    1800222: "core: a claimant was not run once its kernel had the address; nobody waited for it",
    1820075: "judge: what a node said before it fell silent was read only when its reader was run",
    1870052: "core: the next one, found not to be due, was not asked on beside its holder",
    820712: "core: the VIP went to a node behind a young cut, and somebody else claimed it, too",
    227: "judge: a holder that restarts at once asks the wire before it claims",
    3800378: "judge: two met that a cut had parted, after it had healed and before a heartbeat",
    820296: "core: a claimant told of its address after its deadline said that it holds it",
}

QUORUM = {
    51: "judge: a cut between two nodes can cost all that are left the majority",
    1000022: "judge: a slewed clock ends preempt_delay earlier",
    1000150: "core: its own vote waited for the next heartbeat after a release",
    7000019: "judge: where the keeper gives up before the deadline, it is not overdue yet",
    1000678: "keeper: a lifetime in the kernel outlived the lease of one that was frozen",
    10000495: "core: a path that has healed was not used to ask about a node behind another cut",
    80000037: "core: who asked about a node that had left got no answer, and took it for dead",
    90000920: "judge: while a kernel refused to remove, the health of the two changed places",
    90001365: "simulator: a node that woke was told news before what had waited for it",
    91000664: "judge: a node that stops was counted as one that passes on",
    1000365: "judge: a slewed voter that has started abstains for longer",
}


def run(mode, seeds):
    for seed, story in seeds.items():
        done = subprocess.run([sys.argv[1], "--mode", mode, "--seed", str(seed), "--runs", "1",
                               "--hours", "0.05", "--cheap-signatures"],
                              capture_output=True, text=True, timeout=120, check=False)
        if done.returncode != 0:
            sys.exit(f"seed {seed} ({story}) breaks a rule again:\n{done.stdout}{done.stderr}")


def main():
    run("available", SEEDS)
    run("quorum", QUORUM)
    print(f"{len(SEEDS) + len(QUORUM)} seeds run clean")


if __name__ == "__main__":
    main()
