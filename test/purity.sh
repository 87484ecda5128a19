#!/bin/sh
# SPDX-License-Identifier: MIT
# The core is pure: its archive refers to nothing but the memory functions that a compiler emits by
# itself, and it has no writable data. Usage: purity.sh libvg_core.a
set -eu

archive=$1
allowed='memcpy memset memcmp memmove __memcpy_chk __memset_chk __memmove_chk
__stack_chk_fail _GLOBAL_OFFSET_TABLE_'

defined=$(nm --defined-only -P "$archive" | awk 'NF >= 2 { print $1 }' | sort -u)
impure=$(nm --undefined-only -P "$archive" | awk 'NF >= 2 { print $1 }' | sort -u |
    grep -vxF -e "$defined" | grep -vxF "$(echo "$allowed" | tr ' ' '\n')" || true)
# .data.rel.ro (tables of names in a position-independent program) is read-only once it is loaded.
globals=$(objdump -t "$archive" | awk '$2 == "O" || $3 == "O" { print }' |
    awk '{ for (i = 1; i <= NF; i++)
               if ($i ~ /^(\.data|\.bss|\*COM\*|\.tdata|\.tbss)$/) print $NF }')

[ -n "$defined" ] || { echo "no symbols in $archive"; exit 1; }
[ -z "$impure" ] || echo "the core calls: $impure"
[ -z "$globals" ] || echo "the core has writable globals: $globals"
[ -z "$impure$globals" ]
