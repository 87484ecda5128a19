# SPDX-License-Identifier: MIT
"""What a node does with a datagram that came: SPEC.md, D2 to D6."""
import collections
import copy

import datagram
import items
import keys
from packing import Malformed
from replay import Windows

DROPS = (
    "too_short", "too_long", "magic", "version", "unknown_cluster", "reflected", "unknown_sender",
    "wrong_receiver", "mac", "dead_incarnation", "replayed", "malformed", "echo_unasked",
    "echo_signature", "record_unknown_node", "record_unconfirmed_sender", "record_known",
    "record_dead_incarnation", "record_signature",
)


class Knowledge:
    """What a node knows of every node, itself included; the second half of the SPEC changes it."""

    def __init__(self, names):
        self.incarnation = dict.fromkeys(names, 0)  # confirmed; 0: none
        self.seq = dict.fromkeys(names, 0)  # newest of that incarnation
        self.dead = {name: set() for name in names}
        self.expected = set()  # (node, challenge) of the echoes that this node waits for


class Dropped(Exception):
    """The label is its argument."""


class Receiver:
    def __init__(self, keyring, knowledge):
        self.keyring = keyring
        self.knowledge = knowledge
        self.drops = collections.Counter()
        self.mac_failures = collections.Counter()  # by the node that was named as sender
        self.stored = {}  # node -> newest record item of its confirmed incarnation, as signed
        self._windows = {name: Windows() for name in keyring.ids}

    def receive(self, data):
        """The message, or None; then self.drops has counted why."""
        try:
            return self._receive(data)
        except Dropped as drop:
            self.drops[drop.args[0]] += 1
        except Malformed:
            self.drops["malformed"] += 1
        return None

    def _receive(self, data):
        header, parts = self._check_header(data)
        sender = self.keyring.names[header["sender"]]
        self._check_mac(sender, header["key_id"], parts)
        incarnation = header["incarnation"]
        if incarnation == 0:
            raise Malformed("incarnation 0")
        windows, confirmed = self._followed(sender), self.knowledge.incarnation[sender]
        if incarnation in self.knowledge.dead[sender]:
            return self._receive_ended(sender, header, parts[2])
        if not windows.is_new(incarnation, header["counter"], confirmed):
            raise Dropped("replayed")
        carried = self._decode(header, parts[2])
        windows.remember(incarnation, header["counter"], confirmed)
        self._windows[sender] = windows
        return {"peer": sender, "incarnation": incarnation,
                **self._hand_on(sender, incarnation, carried)}

    def _followed(self, sender):
        """The windows as the newest confirmation leaves them. What is dropped changes nothing."""
        windows = copy.deepcopy(self._windows[sender])
        windows.follow(self.knowledge.incarnation[sender])
        return windows

    @staticmethod
    def _decode(header, body):
        carried = items.decode(body)
        for item in carried["records"]:
            if (item["record"]["node"] == header["sender"]
                    and item["record"]["incarnation"] != header["incarnation"]):
                raise Malformed("a direct record of another incarnation")
        return carried

    def _receive_ended(self, sender, header, body):
        """[SPEC R24] Who runs though its incarnation has ended may ask who goes by its name."""
        windows, incarnation = self._followed(sender), header["incarnation"]
        if (incarnation == self.knowledge.incarnation[sender]
                or not windows.is_new_of_ended(incarnation, header["counter"])):
            raise Dropped("dead_incarnation")
        try:
            carried = self._decode(header, body)
        except Malformed as wrong:
            raise Dropped("dead_incarnation") from wrong
        windows.remember_ended(header["counter"])
        self._windows[sender] = windows
        self.drops["dead_incarnation"] += 1
        own = [ask for ask in carried["asks"]
               if ask["target"] == header["sender"] == ask["asker"]]
        return {"peer": sender, "incarnation": incarnation, "ended": True,
                **items.empty(), "asks": own}

    def _check_header(self, data):
        """[SPEC D2]"""
        if len(data) < datagram.HEADER_BYTES:
            raise Dropped("too_short")
        if len(data) > datagram.DATAGRAM_MAX:
            raise Dropped("too_long")
        header, *parts = datagram.parse(data)
        for wrong, label in (
                (header["magic"] != datagram.MAGIC, "magic"),
                (header["version"] != datagram.VERSION, "version"),
                (header["cluster"] != self.keyring.cluster_id, "unknown_cluster"),
                (header["sender"] == self._own_id(), "reflected"),
                (header["sender"] not in self.keyring.names, "unknown_sender"),
                (header["receiver"] != self._own_id(), "wrong_receiver")):
            if wrong:
                raise Dropped(label)
        return header, parts

    def _own_id(self):
        return self.keyring.ids[self.keyring.self_name]

    def _check_mac(self, sender, number, parts):
        """[SPEC D3]"""
        head, value, body = parts
        if not self.keyring.mac_is_good(sender, number, head, body, value):
            self.mac_failures[sender] += 1
            raise Dropped("mac")

    def _hand_on(self, sender, incarnation, carried):
        """[SPEC D6]"""
        proved = set()  # (node, incarnation): as good as confirmed for this datagram
        echoes = self._each(self._check_echo, carried["echoes"], proved)
        sender_is_confirmed = (incarnation == self.knowledge.incarnation[sender]
                               or (sender, incarnation) in proved)
        origin = (sender, sender_is_confirmed)
        records = self._each(self._check_record, carried["records"], origin, proved)
        if not sender_is_confirmed:
            carried = dict(carried, question=None, answer=0)
            carried.pop("grant", None)
        return dict(carried, echoes=echoes, records=records)

    def _each(self, check, candidates, *arguments):
        passed = []
        for item in candidates:
            try:
                check(item, *arguments)
                passed.append(item)
            except Dropped as drop:
                self.drops[drop.args[0]] += 1
        return passed

    def _check_echo(self, echo, proved):
        if echo["asker"] != self._own_id():
            return
        node = self.keyring.names.get(echo["node"])
        if ((node, echo["challenge"]) not in self.knowledge.expected
                or echo["incarnation"] in self.knowledge.dead[node]):
            raise Dropped("echo_unasked")
        if not self.keyring.verify(node, keys.PURPOSE_ECHO, items.echo_bytes(echo),
                                   echo["key_id"], echo["signature"]):
            raise Dropped("echo_signature")
        proved.add((node, echo["incarnation"]))

    def _check_record(self, item, origin, proved):
        sender, sender_is_confirmed = origin
        record = item["record"]
        node = self.keyring.names.get(record["node"])
        direct = node == sender
        if node is None:
            raise Dropped("record_unknown_node")
        if not direct and not sender_is_confirmed:
            raise Dropped("record_unconfirmed_sender")
        is_member = record["incarnation"] == self.knowledge.incarnation[node]
        if node == self.keyring.self_name and is_member:
            raise Dropped("record_known")
        if is_member and record["seq"] <= self.knowledge.seq[node]:
            if record["seq"] == self.knowledge.seq[node] and not self._is_stored(node, record):
                self._check_author(item, node, direct)
                self.stored[node] = item
            raise Dropped("record_known")
        if record["incarnation"] in self.knowledge.dead[node]:
            raise Dropped("record_dead_incarnation")
        self._check_author(item, node, direct)
        if is_member or (node, record["incarnation"]) in proved:
            self._store(node, item)

    def _check_author(self, item, node, direct):
        if not direct and not self.keyring.verify(node, keys.PURPOSE_RECORD, item["bytes"],
                                                  item["key_id"], item["signature"]):
            raise Dropped("record_signature")

    def _is_stored(self, node, record):
        stored = self.stored.get(node)
        return stored is not None and all(
            stored["record"][key] == record[key] for key in ("incarnation", "seq"))

    def _store(self, node, item):
        """Several of one node in a datagram: the newest is kept, of equals the first."""
        stored = self.stored.get(node)
        if (stored is None or stored["record"]["incarnation"] != item["record"]["incarnation"]
                or stored["record"]["seq"] < item["record"]["seq"]):
            self.stored[node] = item
