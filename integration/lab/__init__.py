# SPDX-License-Identifier: MIT
"""A small network laboratory: hosts are network namespaces, joined by a bridge in one more.

Used by the tests of this folder, by scripts/demo and by scripts/bench. Everything that it makes is
named vg-<pid>-..., and is taken away again when the laboratory is closed.
"""
