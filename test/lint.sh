#!/bin/sh
# SPDX-License-Identifier: MIT
# lint.sh CHECK BUILD: one static check over the tree, for ctest. CHECK is format, cppcheck,
# clang-tidy or shellcheck; BUILD holds compile_commands.json of a build with clang.
# Exit 77 (ctest: skipped) where the tool is not installed.
set -eu

check=$1
build=$2
cd "$(dirname "$0")/.."

need() {
    if ! command -v "$1" >/dev/null; then
        echo "$1 is not installed: scripts/install-deps test"
        exit 77
    fi
}

case $check in
format)
    need clang-format-14
    find src test -name '*.[ch]' -print0 | xargs -0 clang-format-14 --dry-run -Werror
    ;;
cppcheck)
    need cppcheck
    # It loses track of what a callback hands to libconfuse through a pointer to void.
    leak=--suppress=memleak:src/conf/conf_file.c
    set --
    for include in src/*/include; do
        set -- "$@" -I "$include"
    done
    cppcheck --quiet --std=c11 --error-exitcode=1 --inline-suppr --max-configs=4 -j 2 \
        --enable=warning,performance,portability --suppress=missingIncludeSystem "$leak" "$@" src
    ;;
clang-tidy)
    need clang-tidy-14
    find src -name '*.c' -print0 |
        xargs -0 -n 4 -P 2 clang-tidy-14 -p "$build" --quiet --warnings-as-errors='*'
    ;;
shellcheck)
    need shellcheck
    grep -lrIE '^#!/(bin/(ba)?sh|usr/bin/env (ba)?sh)' scripts test .ci | xargs shellcheck
    ;;
*)
    echo "lint.sh: unknown check $check"
    exit 2
    ;;
esac
