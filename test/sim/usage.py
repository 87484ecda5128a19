#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""vipgossip-sim as its users meet it: exit codes, the last line, the same history from the same
seed, and the rehearsal of a failure.

Usage: usage.py VIPGOSSIP-SIM. Exit 1 at the first thing that is not so.
"""
import json
import subprocess
import sys
import tempfile

CONFIG = """cluster = "swarm"
key_file = "/etc/vipgossip/cluster.key"
node "swarm-1" { address = {"192.168.4.1"}  priority = 200 }
node "swarm-2" { address = {"192.168.4.2"}  priority = 100 }
node "swarm-3" { address = {"192.168.4.5"}  witness = true }
vip "ingress" { address = {"192.168.4.3"} }
"""
SCENARIO = "at 5s kill swarm-1; at 9s start swarm-1; at 12s cut swarm-1 > swarm-2; at 20s heal"

BAD = [
    ["--mode", "other"],
    ["--seed", "x"],
    ["--seed", "-1"],
    ["--runs", "0"],
    ["--nodes", "1"],
    ["--nodes", "65"],
    ["--hours", "0"],
    ["--no-such-option"],
    ["argument"],
    ["--scenario", "at 5s heal"],
    ["--config", "a", "--scenario", "at 5s heal", "--runs", "2"],
    ["--config", "a", "--scenario", "at 5s heal", "--nodes", "3"],
]
BAD_SCENARIOS = [
    "",
    "kill swarm-1",
    "at 5 kill swarm-1",
    "at 5s",
    "at 5s explode swarm-1",
    "at 5s kill",
    "at 5s kill swarm-9",
    "at 5s cut swarm-1",
    "at 5s cut swarm-1 swarm-1",
    "at 5s cut swarm-1 < swarm-2",
    "at 5s loss 101",
    "at 5s link swarm-1 sideways",
    "at 5s stall swarm-1",
    "at 5s kill swarm-1; at 4s start swarm-1",
]


def run(program, *arguments):
    return subprocess.run([program, *arguments], capture_output=True, text=True, timeout=120,
                          check=False)


def last_line(done):
    return json.loads(done.stdout.splitlines()[-1])


def expect(condition, what, done):
    if not condition:
        sys.exit(f"{what}\nexit {done.returncode}\n{done.stdout}{done.stderr}")


def check_usage(program):
    for arguments in BAD:
        done = run(program, *arguments)
        expect(done.returncode == 2, f"{arguments} is not refused", done)
        expect(done.stderr and not done.stdout, f"{arguments}: no word on standard error", done)


def check_history(program):
    campaign = ["--seed", "7", "--runs", "4", "--hours", "0.02"]
    first = run(program, *campaign)
    expect(first.returncode == 0, "a campaign fails", first)
    facts = last_line(first)
    expect(set(facts) == {"runs", "simulated_hours", "violations", "history_hash"},
           "the last line has other keys", first)
    expect(facts["runs"] == 4 and facts["violations"] == 0 and facts["simulated_hours"] >= 0.08,
           "the last line does not say what was run", first)
    cheap = run(program, *campaign, "--cheap-signatures")
    expect(last_line(cheap) == facts, "a cheap signature changes the history", cheap)
    other = run(program, "--seed", "8", *campaign[2:])
    expect(last_line(other)["history_hash"] != facts["history_hash"],
           "another seed has the same history", other)
    quorum = run(program, "--mode", "quorum", *campaign)
    expect(quorum.returncode == 0, "mode quorum is not simulated", quorum)
    five = run(program, "--nodes", "5", "--mode", "available", *campaign)
    expect(five.returncode == 0, "five nodes fail", five)


def check_rehearsal(program):
    with tempfile.NamedTemporaryFile("w", suffix=".conf", encoding="utf-8") as file:
        file.write(CONFIG)
        file.flush()
        done = run(program, "--config", file.name, "--scenario", SCENARIO)
        expect(done.returncode == 0, "the rehearsal fails", done)
        for words in ("* kill swarm-1", "swarm-2 holds ingress: its holder died",
                      "swarm-1 holds ingress: this node is preferred",
                      "in the end swarm-1 holds ingress"):
            expect(words in done.stdout, f"the rehearsal does not say: {words}", done)
        last_line(done)
        for scenario in BAD_SCENARIOS:
            done = run(program, "--config", file.name, "--scenario", scenario)
            expect(done.returncode == 2 and "cut NODE NODE" in done.stderr,
                   f"scenario {scenario!r} is not refused with what is allowed", done)
        expect("the nodes are swarm-1 swarm-2 swarm-3" in
               run(program, "--config", file.name, "--scenario", "at 5s kill swarm-9").stderr,
               "an unknown node is refused without the names of those that are there", done)
        traced = run(program, "--config", file.name, "--scenario", SCENARIO, "--trace")
        expect("swarm-2: node swarm-1 suspect -> dead" in traced.stdout,
               "--trace does not say who was declared dead", traced)
        expect(run(program, "--config", file.name).returncode == 2, "no scenario is allowed", done)
        file.write('vip "second" { address = {"192.168.4.4"} mode = "quorum" }\n')
        file.flush()
        done = run(program, "--config", file.name, "--scenario", SCENARIO)
        expect(done.returncode == 0 and "second" in done.stdout,
               "a VIP in mode quorum is not rehearsed", done)
    done = run(program, "--config", "/nonexistent", "--scenario", SCENARIO)
    expect(done.returncode == 2, "a missing file is not refused", done)


def main():
    program = sys.argv[1]
    check_usage(program)
    check_history(program)
    check_rehearsal(program)
    print("usage, history and rehearsal are as they should be")


if __name__ == "__main__":
    main()
