#!/bin/sh
# SPDX-License-Identifier: MIT
# with_packages.sh PYTHON ARGUMENT...: runs it, or exits 77 (ctest: skipped) where a package that
# proto/reference needs is not installed.
set -eu

if ! "$1" -c 'import msgpack, nacl' 2>/dev/null; then
    echo "python3-msgpack or python3-nacl is not installed: scripts/install-deps test"
    exit 77
fi
exec "$@"
