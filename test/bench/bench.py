#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""vipgossip beside keepalived: the same network, the same interval, the same run, round by round
in turn. Started by scripts/bench, which installs and builds first."""
import argparse
import datetime
import json
import os
import pathlib
import platform
import signal
import statistics
import subprocess
import sys
import time

ROOT = pathlib.Path(__file__).resolve().parents[2]
sys.path[:0] = [str(ROOT / "integration"), str(pathlib.Path(__file__).parent)]

import scenarios  # noqa: E402
import subject  # noqa: E402
from lab import netns, paths  # noqa: E402

STALL_MS = 20  # a round in which the machine slept so long says little

# Scenario, how often of the rounds asked for (1: once), and whether it runs unasked.
TABLE = [
    ("node_dies", None, True), ("node_dies_quorum", None, True), ("ordered_stop", None, True),
    ("false_takeover", None, True),
    ("preferred_returns", None, True), ("worker_killed", None, True), ("all_killed", 1, True),
    ("worker_killed_busy", None, False), ("worker_frozen", None, True), ("all_frozen", 1, True),
    ("cut_from_second", 1, True),
    ("many_addresses", 3, True), ("idle_3", 1, True), ("idle_5", 1, True),
    ("loss_20", 1, False), ("loss_30", 1, False), ("loss_40", 1, False),
]


def arguments():
    names = [name for name, _, _ in TABLE]
    parser = argparse.ArgumentParser(prog="bench", description=__doc__)
    parser.add_argument("--rounds", type=int, default=7, help="of each scenario [7]")
    parser.add_argument("--only", help="scenarios, separated by commas: " + ", ".join(names))
    parser.add_argument("--minutes", type=float, default=20, help="begin no round after [20]")
    parser.add_argument("--json", type=pathlib.Path, default=paths.BUILD / "bench.json",
                        help="where the figures go [build/bench.json]")
    parser.add_argument("--write", action="store_true", help="write docs/BENCH.md")
    options = parser.parse_args()
    only = options.only.split(",") if options.only else [n for n, _, default in TABLE if default]
    unknown = set(only) - set(names)
    if unknown or options.rounds < 1:
        parser.error(f"unknown: {', '.join(sorted(unknown))}" if unknown else "at least one round")
    options.only = only
    return options


def progress(text):
    """One line that overwrites itself, on a terminal only."""
    if sys.stderr.isatty():
        print(f"\r\033[K{text}", end="", file=sys.stderr, flush=True)


def measure(options):
    """Scenario to program to figure to values, one per round."""
    results = {}
    end = time.monotonic() + options.minutes * 60
    for name, rounds_max, _ in TABLE:
        if name not in options.only:
            continue
        rounds = min(options.rounds, rounds_max or options.rounds)
        for number in range(1, rounds + 1):
            for program in subject.BOTH:
                if time.monotonic() > end:
                    print(f"bench: {options.minutes:g} minutes are over; the rest is left out",
                          file=sys.stderr)
                    return results
                progress(f"{name} {number}/{rounds} {program.label}")
                figures = getattr(scenarios, name)(program, (number - 0.5) / rounds)
                store = results.setdefault(name, {}).setdefault(program.label, {})
                for figure, value in figures.items():
                    store.setdefault(figure, []).append(value)
    return results


def number(value):
    return f"{value:.0f}" if value >= 100 else f"{value:.1f}" if value >= 10 else f"{value:.2f}"


def cell(values):
    if not values:
        return "-"
    if len(values) == 1:
        return number(values[0])
    return f"{number(statistics.median(values))} / {number(max(values))}"


def rows(results):
    """(scenario, figure, rounds, keepalived, vipgossip, ratio of medians, disturbed rounds)"""
    for name, programs in results.items():
        ours, theirs = programs.get("vipgossip", {}), programs.get("keepalived", {})
        stalls = ours.get("_stall_ms_max", []) + theirs.get("_stall_ms_max", [])
        disturbed = sum(1 for value in stalls if value > STALL_MS)
        for figure in dict.fromkeys([*theirs, *ours]):
            if figure.startswith("_"):
                continue
            a, b = theirs.get(figure, []), ours.get(figure, [])
            base = statistics.median(a) if a else 0
            ratio = f"{statistics.median(b) / base:.2f}" if b and base > 0 else "-"
            yield (name, figure, str(max(len(a), len(b))), cell(a), cell(b), ratio,
                   f"{disturbed}/{len(stalls)}" if stalls else "-")


HEAD = ("scenario", "figure", "rounds", "keepalived", "vipgossip", "ratio", "disturbed")


def print_table(results):
    table = [HEAD, *rows(results)]
    widths = [max(len(row[i]) for row in table) for i in range(len(HEAD))]
    for row in table:
        print("  ".join(text.ljust(width) for text, width in zip(row, widths)).rstrip())


def machine():
    keepalived = subprocess.run(["keepalived", "--version"], capture_output=True, text=True,
                                check=False).stderr.splitlines()[0]
    return {"date": datetime.date.today().isoformat(), "kernel": platform.release(),
            "processors": os.cpu_count(), "keepalived": keepalived,
            "vipgossip": subprocess.run([paths.DAEMON, "-V"], capture_output=True, text=True,
                                        check=False).stdout.strip()}


def write_markdown(path, results, about, options):
    lines = ["# vipgossip beside keepalived", "",
             f"Written by `scripts/bench --rounds {options.rounds} --write` on {about['date']}: "
             f"{about['keepalived']}, {about['vipgossip']}, Linux {about['kernel']}, "
             f"{about['processors']} processors; hosts are network namespaces on one bridge, the "
             f"interval is {subject.INTERVAL_MS} ms in both, VRRPv3 over unicast. Figures are "
             "median and maximum over the rounds, in which the fault falls on evenly spread "
             "moments of the interval; the ratio is that of the medians. *disturbed* "
             f"counts the runs in which the machine itself slept longer than {STALL_MS} ms.", "",
             "| " + " | ".join(HEAD) + " |", "|" + "---|" * len(HEAD)]
    lines += ["| " + " | ".join(row) + " |" for row in rows(results)]
    lines += ["", "What was done in each scenario:", ""]
    lines += [f"- `{name}`: {' '.join(getattr(scenarios, name).__doc__.split())}"
              for name in results]
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")


def stop(_number, _frame):
    raise KeyboardInterrupt


def main():
    options = arguments()
    signal.signal(signal.SIGTERM, stop)
    netns.sweep()
    about = machine()
    try:
        results = measure(options)
    except KeyboardInterrupt:
        print("\nbench: interrupted", file=sys.stderr)
        return 130
    progress("")
    print_table(results)
    options.json.write_text(json.dumps({"machine": about, "results": results}, indent=1) + "\n",
                            encoding="utf-8")
    if options.write:
        write_markdown(ROOT / "docs" / "BENCH.md", results, about, options)
    return 0


if __name__ == "__main__":
    sys.exit(main())
