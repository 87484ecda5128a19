# SPDX-License-Identifier: MIT
"""Does what the steps of a vector say, and tells what came of it, in JSON.

A node is made from its configuration; each step then changes what the node knows, hands it a
datagram, or lets it send a message.
"""
import collections

import keys
import notation
from receiver import Knowledge, Receiver
from sender import Sender


def _bytes_or_none(text):
    return None if text is None else bytes.fromhex(text)


def make_keyring(node):
    public = {entry["name"]: _bytes_or_none(entry.get("public_key")) for entry in node["nodes"]}
    return keys.Keyring(node["cluster"], public, node["self"],
                        [bytes.fromhex(key) for key in node["cluster_keys"]],
                        _bytes_or_none(node.get("node_key")))


class Judge:
    def __init__(self, node):
        """Raises keys.Refused."""
        keyring = make_keyring(node)
        knowledge = Knowledge(keyring.ids)
        self._receiver = Receiver(keyring, knowledge)
        record = notation.read(node["record"])
        knowledge.incarnation[keyring.self_name] = record["incarnation"]
        self._sender = Sender(self._receiver, record)

    def step(self, step):
        """What the step brings, under the keys that a vector has it under."""
        self._learn(step.get("knows", {}))
        if "record" in step:
            self._sender.own_record = notation.read(step["record"])
        if "receive" in step:
            return self._receive(bytes.fromhex(step["receive"]))
        if "send" in step:
            message = notation.read_message(step["send"])
            made = self._sender.send(step["to"], message)
            return {"datagrams": [data.hex() for data in made]}
        if "will" in step:
            will = self._sender.will(step["to"], notation.read(step["will"]))
            return {"datagrams": [will.hex()]}
        return {}

    def _learn(self, knows):
        knowledge = self._receiver.knowledge
        for name, facts in knows.items():
            facts = notation.read(facts)
            for key in ("incarnation", "seq"):
                if key in facts:
                    getattr(knowledge, key)[name] = facts[key]
            if "dead" in facts:
                knowledge.dead[name] = {facts["dead"]}
            if "challenge" in facts:
                knowledge.expected = {(name, facts["challenge"])}

    def _receive(self, data):
        receiver = self._receiver
        receiver.drops, receiver.mac_failures = collections.Counter(), collections.Counter()
        message = receiver.receive(data)
        return {"counts": dict(receiver.drops),
                "mac_failures": dict(receiver.mac_failures),
                "message": notation.write_message(message)}
