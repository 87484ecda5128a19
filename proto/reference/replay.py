# SPDX-License-Identifier: MIT
"""Which datagrams came before: SPEC.md, D5."""

WINDOW = 64


class Window:
    """The counters of one incarnation of one sender."""

    def __init__(self, incarnation=0):
        self.incarnation = incarnation
        self.newest = 0
        self._seen = set()

    def is_new(self, counter):
        if counter == 0:
            return False
        return counter > self.newest or (
            self.newest - counter < WINDOW and counter not in self._seen)

    def remember(self, counter):
        self.newest = max(self.newest, counter)
        self._seen.add(counter)
        self._seen = {seen for seen in self._seen if self.newest - seen < WINDOW}


class Windows:
    """The windows of one sender. `confirmed` is its confirmed incarnation, 0 if there is none."""

    def __init__(self):
        self._confirmed = Window()
        self._other = Window()
        self._ended = Window()  # of the incarnation that was confirmed before

    def follow(self, confirmed):
        """A window moves with its incarnation in the moment in which that is confirmed."""
        if confirmed in (0, self._confirmed.incarnation):
            return
        if self._confirmed.incarnation != 0:
            self._ended = self._confirmed
        self._confirmed = Window(confirmed)
        if self._other.incarnation == confirmed:
            self._confirmed, self._other = self._other, Window()

    def is_new_of_ended(self, incarnation, counter):
        """Is it the incarnation before the confirmed one, and the counter new? [SPEC R24]"""
        return incarnation == self._ended.incarnation and self._ended.is_new(counter)

    def remember_ended(self, counter):
        self._ended.remember(counter)

    def _window(self, incarnation, confirmed):
        """The window that judges `incarnation`; an empty one if it is neither that is kept."""
        window = self._confirmed if incarnation == confirmed else self._other
        return window if window.incarnation == incarnation else Window(incarnation)

    def is_new(self, incarnation, counter, confirmed):
        return self._window(incarnation, confirmed).is_new(counter)

    def remember(self, incarnation, counter, confirmed):
        window = self._window(incarnation, confirmed)
        window.remember(counter)
        if incarnation == confirmed:
            self._confirmed = window
        else:
            self._other = window
