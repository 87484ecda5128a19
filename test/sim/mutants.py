#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Does the simulator find bugs? Each mutant is the program with one rule broken on purpose; it is
built from the objects of a build and the broken file, and run until the judge catches it.

Usage: mutants.py BUILD/test/sim/mutants.json [--mode available|quorum|voters] [--only NAME,...]
                  [--runs N] [--seconds N] [--markdown]
       mutants.py BUILD/test/sim/mutants.json --check
Prints a table: mutant, runs and seconds of user time until it was caught, and by which rule. A
mutant has N runs [2000], whatever the machine does meanwhile; --seconds only ends a program that
hangs. --check only looks whether each can be made of these sources. --mode takes the mutants of one
mode only; --markdown prints the rows of docs/SIMULATOR.md.
Exit 1 if one survives, or if the text that it replaces is gone: then the mutant has to be written
anew.
"""
import argparse
import json
import os
import pathlib
import re
import resource
import shlex
import subprocess
import sys
import tempfile

from mutations import MUTANTS, QUORUM, VOTERS

HOURS = "0.05"


def compile_command(database, source):
    for entry in database:
        if pathlib.Path(entry["file"]) == source:
            return shlex.split(entry["command"]), entry["directory"]
    raise SystemExit(f"{source} is not part of the build")


def break_file(source, replacements):
    text = source.read_text(encoding="utf-8")
    for before, after in replacements:
        if text.count(before) != 1:
            raise SystemExit(f"{source}: found {text.count(before)} times, not once:\n{before}")
        text = text.replace(before, after)
    return text


def build_object(build, database, source, text, directory):
    command, where = compile_command(database, source)
    broken = directory / source.name
    broken.write_text(text, encoding="utf-8")
    target = directory / (source.name + ".o")
    command[command.index("-o") + 1] = str(target)
    command[command.index("-c") + 1] = str(broken)
    for flag in ("-MF", "-MT"):
        if flag in command:
            command[command.index(flag) + 1] = str(directory / "dependencies")
    # Breaking a rule leaves unused names behind; headers beside the source are found all the same.
    command += ["-Wno-error", "-w", "-I", str(source.parent)]
    subprocess.run(command, cwd=where, check=True, timeout=120)
    return target


def build_mutant(build, changes, directory, objects_of):
    root = pathlib.Path(build["source"])
    database = json.loads((pathlib.Path(build["build"]) / "compile_commands.json").read_text())
    objects = []
    for name, replacements in changes.items():
        source = root / "src" / name
        text = break_file(source, replacements)
        objects.append(str(build_object(build, database, source, text, directory)))
    program = directory / "mutant"
    # Objects come before the libraries: what they define is not looked for there any more.
    command = [build["compiler"], *build["flags"].split(), "-o", str(program), *objects,
               *build[objects_of].split(";"), *build["libraries"].split(";"),
               "-Wl,--wrap=crypto_sign_detached,--wrap=crypto_sign_verify_detached",
               *build["links"].split(";")]
    subprocess.run(command, cwd=build["build"], check=True, timeout=120)
    return program


def catch(program, mode, runs, seconds):
    """(rule and sentence, runs, user seconds); (None, runs, ...): it survives; (None, None, ...):
    the time was over."""
    before = resource.getrusage(resource.RUSAGE_CHILDREN).ru_utime
    try:
        done = subprocess.run([str(program), "--mode", mode, "--seed", "1", "--runs", str(runs),
                               "--hours", HOURS, "--cheap-signatures"],
                              capture_output=True, text=True, timeout=seconds, check=False)
    except subprocess.TimeoutExpired:
        return None, None, seconds
    spent = resource.getrusage(resource.RUSAGE_CHILDREN).ru_utime - before
    facts = json.loads(done.stdout.splitlines()[-1])
    found = re.search(r"^VIOLATION of (\S+) \(seed \d+\): (.*)$", done.stdout, re.M)
    if done.returncode == 0 or found is None:
        return None, facts["runs"], spent
    return f"{found.group(1)}: {found.group(2)}", facts["runs"], spent


def catch_voters(program, runs, seconds):
    """The same of test/unit/core_voters.c, which tells the seed: its first is 1."""
    before = resource.getrusage(resource.RUSAGE_CHILDREN).ru_utime
    try:
        done = subprocess.run([str(program)], env=dict(os.environ, VG_RUNS=str(runs)),
                              capture_output=True, text=True, timeout=seconds, check=False)
    except subprocess.TimeoutExpired:
        return None, None, seconds
    spent = resource.getrusage(resource.RUSAGE_CHILDREN).ru_utime - before
    found = re.search(r"VIOLATION of (\S+) \(seed (\d+)\): (.*)$", done.stdout + done.stderr, re.M)
    if done.returncode == 0 or found is None:
        return None, runs, spent
    return f"{found.group(1)}: {found.group(3)}", int(found.group(2)), spent


def row(name, result, options):
    rule, runs, spent = result
    if runs is None:
        rule, runs = f"NOT CAUGHT within {options.seconds} s", "-"
    rule = rule or "SURVIVES"
    if options.markdown:
        return f"| {name} | {rule} | {runs} | {spent:.1f} |"
    return f"{name:44} {runs:>5} runs {spent:7.1f} s  {rule}"


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("build")
    parser.add_argument("--mode", choices=("available", "quorum", "voters"))
    parser.add_argument("--only", default="")
    parser.add_argument("--runs", type=int, default=2000)
    parser.add_argument("--seconds", type=int, default=3600)
    parser.add_argument("--markdown", action="store_true")
    parser.add_argument("--check", action="store_true")
    options = parser.parse_args()
    build = json.loads(pathlib.Path(options.build).read_text(encoding="utf-8"))
    wanted = [name for name in options.only.split(",") if name]
    mutants = {**MUTANTS, **QUORUM, **VOTERS}
    unknown = set(wanted) - mutants.keys()
    if unknown:
        raise SystemExit(f"no such mutant: {', '.join(sorted(unknown))}")
    chosen = {"available": MUTANTS, "quorum": QUORUM, "voters": VOTERS,
              None: mutants}[options.mode]
    names = wanted or list(chosen)
    if options.check:
        for name in names:
            for file, replacements in mutants[name].items():
                break_file(pathlib.Path(build["source"]) / "src" / file, replacements)
        return 0
    survivors = 0
    for name in names:
        with tempfile.TemporaryDirectory() as directory:
            objects_of = "voters" if name in VOTERS else "objects"
            program = build_mutant(build, mutants[name], pathlib.Path(directory), objects_of)
            if name in VOTERS:
                result = catch_voters(program, options.runs, options.seconds)
            else:
                mode = "quorum" if name in QUORUM else "available"
                result = catch(program, mode, options.runs, options.seconds)
        survivors += result[0] is None
        print(row(name, result, options), flush=True)
    print(f"{len(names)} mutants, {survivors} not caught")
    return 1 if survivors else 0


if __name__ == "__main__":
    sys.exit(main())
