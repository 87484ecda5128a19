# SPDX-License-Identifier: MIT
"""What a node makes of a message to another: SPEC.md, I7."""
import datagram
import items
import keys
import record as records

ITEMS_BYTES_MAX = datagram.DATAGRAM_MAX - datagram.HEADER_BYTES


def age_us(age_ns):
    """[SPEC I2]"""
    return min(-(-age_ns // 1000), items.AGE_US_MAX)


class Sender:
    """Beside a Receiver, whose stored records it relays."""

    def __init__(self, receiver, own_record):
        self.receiver = receiver
        self.own_record = own_record
        self._counters = dict.fromkeys(receiver.keyring.ids, 0)

    def send(self, peer, message):
        """The datagrams that carry `message`, with the own record in front."""
        chunks = [[]]
        room = ITEMS_BYTES_MAX
        for item in self._items(message):
            if len(item) > room:
                chunks.append([])
                room = ITEMS_BYTES_MAX
            chunks[-1].append(item)
            room -= len(item)
        return [self._seal(peer, b"".join(chunk)) for chunk in chunks]

    def _items(self, message):
        own = records.encode(self.own_record)
        yield items.record_item(0, *self._keyring().sign(keys.PURPOSE_RECORD, own), own)
        if message.get("answer"):
            yield items.answer_item(message["answer"])
        if message.get("question"):
            yield items.question_item(message["question"])
        yield from map(items.ask_item, message.get("asks", ()))
        for echo in message.get("echoes", ()):
            yield items.echo_item(self._signed(echo))
        for relay in message.get("relays", ()):
            stored = self.receiver.stored.get(relay["node"])
            if stored is not None and self._is_newest(relay["node"], stored["record"]):
                yield items.record_item(age_us(relay["age_ns"]), stored["key_id"],
                                        stored["signature"], stored["bytes"])

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
