#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Runs the model of the votes through spin, and says what came of it.

Usage: check.py [short|long|NAME...]     [short]: what holds, and that every mutant is found
       check.py --list                   the names
       check.py --story NAME             the shortest counterexample of a mutant, as a story

Exit 0 if every check came out as it has to, 1 if not, 2 usage, 77 without spin.
One core, at most 3 GB. README.md says what the checks and their bounds mean.
"""
import argparse
import pathlib
import re
import resource
import shutil
import subprocess
import sys
import tempfile
import time

MODEL = pathlib.Path(__file__).resolve().parent / "lease.pml"
MEMORY_MB = 3000
ADDRESS_SPACE_BYTES = 4_000_000 * 1024
TIMEOUT_S = 6 * 3600

# How spin looks at the states: each kept whole; a hash of 64 bits of each; three bits in a big
# field, for as long as is allowed; level by level, which finds the shortest story.
EXHAUSTIVE = ["-DSAFETY", "-DNOREDUCE"]
HASHED = ["-DSAFETY", "-DNOREDUCE", "-DHC4"]
BITSTATE = ["-DSAFETY", "-DNOREDUCE", "-DBITSTATE"]
BREADTH = ["-DSAFETY", "-DNOREDUCE", "-DHC4", "-DBFS"]
FAIR = ["-DNOREDUCE", "-DCOLLAPSE", "-DNFAIR=4"]

SMALL = ["-DAGES=2"]
UNEQUAL = [*SMALL, "-DLEASE_STEP=1"]
FROZEN = [*SMALL, "-DFROZEN", "-DRESTARTS=0"]
PROGRESS = [*SMALL, "-DPROGRESS"]

# name: (kinds, defines, way, arguments of pan)
CHECKS = {
    "safety": ("short", SMALL, EXHAUSTIVE, ["-m8000000"]),
    "progress-bound": ("short", [*PROGRESS, "-DANY_START"], EXHAUSTIVE, ["-m1000000"]),
    "progress-fair": ("short", [*PROGRESS, "-DANY_START", "-DLTL"], FAIR,
                      ["-a", "-f", "-m2000000"]),
    "safety-unequal": ("long", UNEQUAL, HASHED, ["-m20000000"]),
    "safety-late": ("long", ["-DAGES=3"], HASHED, ["-m20000000"]),
    "safety-frozen": ("long", FROZEN, HASHED, ["-m10000000"]),
    "safety-five": ("long", ["-DAGES=3", "-DVOTERS=5"], BITSTATE, ["-w34", "-m2000000", "-Q20"]),
    "progress-reached": ("long", [*PROGRESS, "-DRESTARTS=1"], HASHED, ["-m20000000"]),
}

# Each takes one rule away. name: (defines for a story, more defines)
QUIET = ["-DRESTARTS=0"]
ONE = ["-DRESTARTS=1"]
MUTANTS = {
    "half-is-enough": (SMALL, QUIET),
    "voters-not-distinct": (SMALL, QUIET),
    "second-promise": (SMALL, QUIET),
    "counts-from-receipt": (SMALL, QUIET),
    "drift-ignored": (SMALL, QUIET),
    "removal-takes-no-time": (SMALL, QUIET),
    "keeper-adds-late": (SMALL, QUIET),
    "released-before-removed": (SMALL, QUIET),
    "old-claim-counts": (SMALL, QUIET),
    "seq-ignored": (SMALL, QUIET),
    "own-lease": (UNEQUAL, QUIET),
    "restarted-voter-votes": (SMALL, ONE),
    "abstains-for-own-lease": (UNEQUAL, ONE),
    "lifetime-outlives-lease": (FROZEN, []),
}


def define(mutant):
    return "-DBUG_" + mutant.upper().replace("-", "_")


def limit_memory():
    resource.setrlimit(resource.RLIMIT_AS, (ADDRESS_SPACE_BYTES, ADDRESS_SPACE_BYTES))


def run(command, directory):
    done = subprocess.run(command, cwd=directory, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
                          text=True, timeout=TIMEOUT_S, preexec_fn=limit_memory, check=False)
    return done.stdout


def build(directory, defines, way, optimize="-O2"):
    out = run(["spin", *defines, "-a", str(MODEL)], directory)
    if "Error" in out:
        sys.exit(out)
    out = run(["gcc", "-w", optimize, f"-DMEMLIM={MEMORY_MB}", *way, "-o", "pan", "pan.c"],
              directory)
    if out:
        sys.exit(out)


def number(pattern, text):
    found = re.search(pattern, text)
    return float(found.group(1)) if found else 0.0


def search(directory, arguments, to_the_end=True):
    """What pan found: (assertions broken, line to print); None for any other end."""
    before = resource.getrusage(resource.RUSAGE_CHILDREN).ru_utime
    out = run(["./pan", "-n", *arguments], directory)
    spent = resource.getrusage(resource.RUSAGE_CHILDREN).ru_utime - before
    errors = int(number(r"errors: (\d+)", out)) if "errors: " in out else None
    cut_short = "max search depth too small" in out or "Search not completed" in out
    if (errors == 0 and cut_short and to_the_end) or (errors and "assertion violated" not in out):
        errors = None
    line = (f"{number(r'([0-9.e+]+) states, stored', out):11.0f} states, "
            f"depth {number(r'depth reached ([0-9]+)', out):8.0f}, "
            f"{number(r'([0-9.]+).total actual memory', out):6.0f} MB, {spent:6.1f} s")
    if "hash factor" in out:
        line += f", hash factor {number(r'hash factor: ([0-9.]+)', out):.0f}"
    return errors, line


def check(name):
    _, defines, way, arguments = CHECKS[name]
    with tempfile.TemporaryDirectory() as directory:
        build(directory, defines, way)
        errors, line = search(directory, arguments, way is not BITSTATE)
    good = errors == 0
    verdict = "UNKNOWN" if errors is None else "holds" if good else "VIOLATED"
    if good and way is BITSTATE:
        verdict = "so far"
    print(f"{name:24s} {verdict:8s} {line}", flush=True)
    return good


def check_mutant(name):
    defines, _ = MUTANTS[name]
    with tempfile.TemporaryDirectory() as directory:
        build(directory, [*defines, define(name)], EXHAUSTIVE, "-O0")
        errors, line = search(directory, ["-m4000000"])
    good = errors is not None and errors > 0
    print(f"{name:24s} {'found' if good else 'SURVIVES':8s} {line}", flush=True)
    return good


def tell(name):
    defines, more = MUTANTS[name]
    with tempfile.TemporaryDirectory() as directory:
        build(directory, [*defines, *more, define(name)], BREADTH)
        errors, line = search(directory, [])
        print(f"{name:24s} {'found' if errors else 'SURVIVES':8s} {line}\n", flush=True)
        if not errors:
            return False
        out = run(["spin", *defines, *more, define(name), "-k", MODEL.name + ".trail", "-t",
                   str(MODEL)], directory)
    for said in out.splitlines():
        if said.startswith("spin:"):
            break
        print(said.strip())
    print("two holders")
    return True


def names_of(arguments):
    names = []
    for argument in arguments or ["short"]:
        if argument in ("short", "long"):
            names += [name for name in CHECKS if CHECKS[name][0] in (argument, "short")]
            names += list(MUTANTS)
        elif argument == "mutants":
            names += list(MUTANTS)
        else:
            names.append(argument)
    return names


def main():
    parser = argparse.ArgumentParser(description=__doc__,
                                     formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("names", nargs="*")
    parser.add_argument("--list", action="store_true")
    parser.add_argument("--story", choices=list(MUTANTS))
    options = parser.parse_args()
    names = names_of(options.names)
    unknown = [name for name in names if name not in CHECKS and name not in MUTANTS]
    if unknown:
        parser.error(f"there is no check named {unknown[0]}; --list names them")
    if options.list:
        print("\n".join([*CHECKS, *MUTANTS]))
        return 0
    if shutil.which("spin") is None:
        print("check.py: there is no spin; scripts/install-deps model installs it")
        return 77
    if options.story:
        return 0 if tell(options.story) else 1
    started = time.monotonic()
    bad = [name for name in names
           if not (check(name) if name in CHECKS else check_mutant(name))]
    print(f"{len(names) - len(bad)} as they have to be, {len(bad)} not, "
          f"{time.monotonic() - started:.0f} s")
    return 1 if bad else 0


if __name__ == "__main__":
    sys.exit(main())
