#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""completion.py DIRECTORY: the completion for bash knows every command and option that the programs
in DIRECTORY tell of in their help, and no other; and the manual has every check of the doctor.
"""
import os
import pathlib
import re
import subprocess
import sys
import tempfile
import unittest

ROOT = pathlib.Path(__file__).resolve().parents[2]
SCRIPT = ROOT / "scripts/completion/vipgossip.bash"
BUILD = None
EVERYWHERE = {"--socket", "--help", "--version", "-h", "-V"}


def output(*command, env=None):
    return subprocess.run(command, capture_output=True, text=True, timeout=20, check=False, env=env)


def complete(line, path=None):
    """What the completion offers for the last word of the line."""
    words = line.split(" ")
    quoted = " ".join(f"'{word}'" for word in words)
    program = (f"source {SCRIPT}; COMP_WORDS=({quoted}); COMP_CWORD={len(words) - 1}; "
               f"$(complete -p {words[0]} | sed 's/.*-F \\([^ ]*\\) .*/\\1/'); "
               "printf '%s\\n' \"${COMPREPLY[@]}\"")
    env = {**os.environ, "PATH": f"{path or BUILD}:{os.environ['PATH']}"}
    done = output("bash", "-c", program, env=env)
    assert done.returncode == 0, done.stderr
    return set(done.stdout.split())


def usage(command):
    return output(BUILD / "vipgossip", "help", command).stdout.splitlines()[0]


def options_of(text):
    """Options as they stand in a help: --long and -s."""
    return set(re.findall(r"(?<![\w-])(--[a-z][a-z-]*|-[a-zA-Z])(?![\w-])", text))


class Completion(unittest.TestCase):
    def commands(self):
        text = output(BUILD / "vipgossip", "--help").stdout
        return set(re.findall(r"^  ([a-z]+)", text, re.M))

    def test_every_command_of_the_help_is_offered_and_no_other(self):
        self.assertGreaterEqual(len(self.commands()), 10)
        self.assertEqual(complete("vipgossip "), self.commands())
        self.assertEqual(complete("vipgossip help "), self.commands())
        self.assertEqual(complete("vipgossip --socket x "), self.commands())
        self.assertEqual(complete("vipgossip un"), {"undrain"})

    def test_every_option_of_a_command_is_offered_and_no_other(self):
        for command in self.commands():
            wanted = options_of(usage(command)) | EVERYWHERE
            offered = complete(f"vipgossip {command} -")
            if "--config" in offered:  # -c is its short form
                self.assertTrue({"-c", "--config"} & wanted, command)
                wanted |= {"-c", "--config"}
            self.assertEqual(offered, wanted, command)

    def test_options_of_the_daemon_and_the_simulator_are_those_of_their_help(self):
        text = output(BUILD / "vipgossipd", "--help").stdout.partition("\n\n")[2]
        self.assertEqual(complete("vipgossipd -"), options_of(text))
        text = output(BUILD / "vipgossip-sim", "--help").stderr.split("usage:")[1]
        self.assertEqual(complete("vipgossip-sim -"), options_of(text))
        self.assertEqual(complete("vipgossip-sim --mode "), {"available", "quorum"})

    def test_names_of_vips_are_asked_of_the_daemon(self):
        answer = """{
  "vips": [
    {
      "name": "web",
      "addresses": [
        "10.0.0.1/32"
      ]
    },
    {
      "name": "mail"
    }
  ],
  "nodes": [
    {
      "name": "one"
    }
  ]
}"""
        with tempfile.TemporaryDirectory() as directory:
            program = pathlib.Path(directory, "vipgossip")
            program.write_text(f"#!/bin/sh\n[ \"$2\" = /s ] && cat <<'E'\n{answer}\nE\n",
                               encoding="ascii")
            program.chmod(0o755)
            self.assertEqual(complete("vipgossip drain --socket /s --vip ", directory),
                             {"web", "mail"})

    def test_files_are_offered_where_a_file_is_meant(self):
        self.assertEqual(complete(f"vipgossip doctor -c {SCRIPT}"), {str(SCRIPT)})
        self.assertEqual(complete(f"vipgossip decode {SCRIPT}"), {str(SCRIPT)})
        self.assertEqual(complete(f"vipgossipd -c {SCRIPT}"), {str(SCRIPT)})


class Manual(unittest.TestCase):
    def test_every_check_of_the_doctor_is_in_the_manual_in_its_order(self):
        text = output(BUILD / "vipgossip", "help", "doctor").stdout.partition("checks are:")[2]
        told = re.findall(r"^  (\w+)", text, re.M)
        manual = (ROOT / "src/man/vipgossip.8").read_text(encoding="utf-8")
        manual = manual.partition(".It Cm doctor")[2].partition(".It Fl c")[0]
        self.assertGreaterEqual(len(told), 15)
        self.assertEqual(re.findall(r"^\.It Cm (\w+)$", manual, re.M), told)


if __name__ == "__main__":
    BUILD = pathlib.Path(sys.argv.pop(1)).resolve()
    unittest.main()
