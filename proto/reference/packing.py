# SPDX-License-Identifier: MIT
"""The part of msgpack that may stand in a datagram, read strictly: SPEC.md, D7.

Writing is python3-msgpack's work, which always takes the shortest form; reading is not, because it
takes every form.
"""
import msgpack

U64_MAX = 2**64 - 1


class Malformed(ValueError):
    """Bytes that no node may have sent."""


def pack(value):
    """An int, bytes, list, None or bool."""
    return msgpack.packb(value, use_bin_type=True)


class Reader:
    """Steps through `data` from `start`; raises Malformed where it is not as expected."""

    # First byte -> (bytes of the number behind it, the least number that needs so many).
    _INTEGERS = {0xCC: (1, 2**7), 0xCD: (2, 2**8), 0xCE: (4, 2**16), 0xCF: (8, 2**32)}
    _STRINGS = {0xC4: (1, 0), 0xC5: (2, 2**8)}
    _ARRAYS = {0xDC: (2, 16)}
    _SIMPLE = (0xC0, 0xC2, 0xC3)

    def __init__(self, data, start=0):
        self.data = data
        self.at = start

    def at_end(self):
        return self.at == len(self.data)

    def _take(self, count):
        if count > len(self.data) - self.at:
            raise Malformed(f"{count} bytes do not follow")
        self.at += count
        return self.data[self.at - count:self.at]

    def _number(self, width, least):
        number = int.from_bytes(self._take(width), "big")
        if number < least:
            raise Malformed(f"{number} in {width} bytes is not the shortest form")
        return number

    def _head(self, wide, fix_first=None, fix_count=0):
        first = self._take(1)[0]
        if fix_first is not None and fix_first <= first < fix_first + fix_count:
            return first - fix_first
        if first not in wide:
            raise Malformed(f"{first:02x} does not belong here")
        return self._number(*wide[first])

    def integer(self, least=0, most=U64_MAX):
        number = self._head(self._INTEGERS, 0, 128)
        if not least <= number <= most:
            raise Malformed(f"{number} is not in {least} to {most}")
        return number

    def string(self, least, most):
        length = self._head(self._STRINGS)
        if not least <= length <= most:
            raise Malformed(f"a string of {length} bytes, not {least} to {most}")
        return self._take(length)

    def array(self, least, most):
        count = self._head(self._ARRAYS, 0x90, 16)
        if not least <= count <= most:
            raise Malformed(f"an array of {count}, not {least} to {most}")
        if count > len(self.data) - self.at:
            raise Malformed(f"an array of {count}, but no bytes for it")
        return count

    def skip(self, count):
        """Steps over `count` values, whatever they are."""
        while count > 0:
            count -= 1
            first = self._take(1)[0]
            if first < 0x80 or first in self._SIMPLE:
                continue
            if first in self._INTEGERS:
                self._number(*self._INTEGERS[first])
            elif first in self._STRINGS:
                self._take(self._number(*self._STRINGS[first]))
            elif 0x90 <= first <= 0x9F:
                count += first - 0x90
            elif first in self._ARRAYS:
                count += self._number(*self._ARRAYS[first])
            else:
                raise Malformed(f"{first:02x} is of no type that is allowed")
