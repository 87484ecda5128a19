#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""The rules of CONTRIBUTING.md that a machine can check, over every source of the tree.

Usage: tidy.py ROOT. One line per breach, FILE:LINE: what is wrong; exit 1 if there is one.
"""
import ast
import pathlib
import re
import sys

COLUMNS_MAX = 100
FUNCTION_LINES_MAX = 70
FILE_LINES_SOFT = 500
FILE_LINES_MAX = 700
LICENCE_WITHIN_LINES = 3
# Spelt apart, or this file would break its own rule.
BANNED = re.compile(r"\b(" + "|".join(("TO" + "DO", "X" + "XX", "FIX" + "ME")) + r")\b")
SKIPPED = {".git", "__pycache__", ".pytest_cache", ".hypothesis", "corpus"}
SUFFIXES = {".c", ".h", ".py", ".sh", ".cmake", ".pml", ".lua"}


def is_source(path):
    if path.suffix in SUFFIXES or path.name == "CMakeLists.txt":
        return True
    with path.open("rb") as file:
        return file.read(2) == b"#!"


def sources(root):
    for path in sorted(root.rglob("*")):
        parts = path.relative_to(root).parts
        if any(part in SKIPPED or part.startswith("build") for part in parts):
            continue
        if path.is_file() and not path.is_symlink() and is_source(path):
            yield path


def c_functions(lines):
    """(line, length) of each function: from a brace in column 0 to the next closing one."""
    start = None
    for number, line in enumerate(lines, 1):
        if line == "{":
            start = number
        elif line == "}" and start is not None:
            yield start, number - start + 1
            start = None


def python_functions(text):
    for node in ast.walk(ast.parse(text)):
        if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef)):
            yield node.lineno, node.end_lineno - node.lineno + 1


def functions(path, text, lines):
    if path.suffix in (".c", ".h"):
        return c_functions(lines)
    first = lines[0] if lines else ""
    if path.suffix == ".py" or (first.startswith("#!") and "python" in first):
        return python_functions(text)
    return ()


def breaches(path):
    text = path.read_text(encoding="utf-8")
    lines = text.splitlines()
    if not any("SPDX-License-Identifier: MIT" in line for line in lines[:LICENCE_WITHIN_LINES]):
        yield 1, "no SPDX-License-Identifier line at the top"
    if len(lines) > FILE_LINES_MAX:
        yield len(lines), f"file of {len(lines)} lines, at most {FILE_LINES_MAX}"
    for number, line in enumerate(lines, 1):
        if len(line) > COLUMNS_MAX:
            yield number, f"{len(line)} columns, at most {COLUMNS_MAX}"
        if BANNED.search(line):
            yield number, "a note to self; do it, or write down in docs/ why not"
        if "\t" in line and path.suffix in (".c", ".h", ".py"):
            yield number, "a tab"
        if line != line.rstrip():
            yield number, "blanks at the end of the line"
    for number, length in functions(path, text, lines):
        if length > FUNCTION_LINES_MAX:
            yield number, f"function of {length} lines, at most {FUNCTION_LINES_MAX}"
    if path.suffix == ".h" and path.name != "config.h" and "#ifndef" not in text:
        yield 1, "header without an include guard"


def main():
    root = pathlib.Path(sys.argv[1]).resolve()
    count = 0
    files = 0
    for path in sources(root):
        files += 1
        name = path.relative_to(root)
        for number, what in breaches(path):
            print(f"{name}:{number}: {what}")
            count += 1
        length = len(path.read_text(encoding="utf-8").splitlines())
        if FILE_LINES_SOFT < length <= FILE_LINES_MAX:
            print(f"{name}: note: {length} lines; better at most {FILE_LINES_SOFT}")
    print(f"{files} files, {count} breaches")
    return 1 if count > 0 or files == 0 else 0


if __name__ == "__main__":
    sys.exit(main())
