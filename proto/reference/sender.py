# SPDX-License-Identifier: MIT
"""What a node makes of a message to another: SPEC.md, I7."""
import datagram
import items
import keys
import record as records

WILL = 2**64 - 1  # counter, and seq, of a last will
ITEMS_BYTES_MAX = datagram.DATAGRAM_MAX - datagram.HEADER_BYTES


def age_us(age_ns):
    """[SPEC I2]"""
    return min(-(-age_ns // 1000), items.AGE_US_MAX)


class _Chunk:
    """The items of one datagram in the making."""

    def __init__(self):
        self.body = b""
        self._count = dict.fromkeys(items.KINDS, 0)

    def has_room(self, kind, item):
        return (len(self.body) + len(item) <= ITEMS_BYTES_MAX
                and self._count[kind] < items.KINDS[kind][1])

    def add(self, kind, item):
        self.body += item
        self._count[kind] += 1


class Sender:
    """Beside a Receiver, whose stored records it relays."""

    def __init__(self, receiver, own_record):
        self.receiver = receiver
        self.own_record = own_record
        self._counters = dict.fromkeys(receiver.keyring.ids, 0)

    def send(self, peer, message):
        """The datagrams that carry `message`, with the own record in front."""
        chunks = [_Chunk()]
        for kind, item in self._items(message):
            if not chunks[-1].has_room(kind, item):
                chunks.append(_Chunk())
            chunks[-1].add(kind, item)
        return [self._seal(peer, chunk.body) for chunk in chunks]

    def will(self, peer, record):
        """The datagram that is left with the keeper: `record` says that all ends [SPEC R44]."""
        data = records.encode(record)
        body = items.record_item(0, *self._keyring().sign(keys.PURPOSE_RECORD, data), data)
        header = {"incarnation": record["incarnation"], "counter": WILL}
        return datagram.seal(self._keyring(), peer, header, body)

    def _items(self, message):
        """(kind, bytes) of each item, in the order in which they are sent."""
        own = records.encode(self.own_record)
        yield items.RECORD, items.record_item(
            0, *self._keyring().sign(keys.PURPOSE_RECORD, own), own)
        if message.get("answer"):
            yield items.ANSWER, items.answer_item(message["answer"])
        if message.get("question"):
            about = message["question"]["about"]
            for first in range(0, max(len(about), 1), items.ABOUT_MAX):
                part = dict(message["question"], about=about[first:first + items.ABOUT_MAX])
                yield items.QUESTION, items.question_item(part)
        for ask in message.get("asks", ()):
            yield items.ASK, items.ask_item(ask)
        for echo in message.get("echoes", ()):
            yield items.ECHO, items.echo_item(self._signed(echo))
        if message.get("grant"):
            yield items.GRANT, items.grant_item(message["grant"])
        for relay in message.get("relays", ()):
            stored = self.receiver.stored.get(relay["node"])
            if stored is not None and self._is_newest(relay["node"], stored["record"]):
                yield items.RECORD, items.record_item(
                    age_us(relay["age_ns"]), stored["key_id"], stored["signature"],
                    stored["bytes"])

    def _is_newest(self, node, record):
        knowledge = self.receiver.knowledge
        return (record["incarnation"], record["seq"]) == (
            knowledge.incarnation[node], knowledge.seq[node])

    def _signed(self, echo):
        if echo["node"] != self._keyring().ids[self._keyring().self_name]:
            return echo
        number, signature = self._keyring().sign(keys.PURPOSE_ECHO, items.echo_bytes(echo))
        return dict(echo, key_id=number, signature=signature)

    def _seal(self, peer, body):
        self._counters[peer] += 1
        header = {"incarnation": self.own_record["incarnation"],
                  "counter": self._counters[peer]}
        return datagram.seal(self._keyring(), peer, header, body)

    def _keyring(self):
        return self.receiver.keyring
