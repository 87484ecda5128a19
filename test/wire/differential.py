#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""differential.py JUDGE [--seed N] [--nodes N | --minutes N]: the daemon's wire against
proto/reference.

Draws nodes, what they know, and datagrams: well formed ones, such with numbers at their limits,
changed ones under a good MAC, changed ones without. JUDGE (test/wire/judge.c) and the reference
judge each; they must bring the same. What a node sends is compared byte for byte, and decoded. A
difference is printed as a vector that shows it, to be kept; exit 1.
"""
import argparse
import collections
import json
import pathlib
import random
import subprocess
import sys
import time

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[2] / "proto/reference"))
import datagram
import items
import keys
import notation
import record as records
import stories
from judge import Judge
from packing import pack
from receiver import DROPS

SELF = "swarm-2"
OTHERS = ("swarm-1", "swarm-3")
CHALLENGES = (5, 2**64 - 1)
EDGES = [edge + off for edge in (0, 2**7, 2**8, 2**16, 2**32, 2**63) for off in (-1, 0, 1)
         if edge + off >= 0] + [2**64 - 1]
TYPES = bytes([0x00, 0x7F, 0x80, 0x90, 0x91, 0x9F, 0xA1, 0xC0, 0xC1, 0xC2, 0xC3, 0xC4, 0xC5, 0xC6,
               0xC7, 0xCA, 0xCC, 0xCD, 0xCE, 0xCF, 0xD0, 0xD9, 0xDC, 0xDD, 0xDE, 0xE0, 0xFF])
STEPS_PER_NODE = 400
NODES_MAX = 64


class WireJudge:
    """JUDGE, running."""

    def __init__(self, program):
        self._process = subprocess.Popen([program], stdin=subprocess.PIPE,
                                         stdout=subprocess.PIPE, text=True)

    def step(self, line):
        self._process.stdin.write(json.dumps(line) + "\n")
        self._process.stdin.flush()
        return json.loads(self._process.stdout.readline())

    def close(self):
        self._process.stdin.close()
        return self._process.wait(timeout=60)


class Draw:
    """Everything random, from one seed."""

    def __init__(self, seed):
        self.rng = random.Random(seed)
        self.peers = {name: stories.Peer(name) for name in stories.NODES}
        self.life = dict.fromkeys(OTHERS, 0)
        self._counter = dict.fromkeys(OTHERS, 0)

    def chance(self, percent):
        return self.rng.random() * 100 < percent

    def node(self):
        return stories.node(SELF, record=notation.write(self.record(SELF)))

    def number(self, least, most):
        """Small, large and the limits alike."""
        value = self.rng.choice([least, most, self.rng.randint(least, most),
                                 self.rng.getrandbits(self.rng.randint(1, 64))])
        return min(max(value, least), most)

    def incarnation(self, name):
        lives = [stories.INCARNATIONS[name], stories.LATER, 0x99, 2**64 - 1]
        now = lives[max(self.life.get(name, 1), 1) - 1]
        return now if self.chance(85) else self.rng.choice(lives)

    def record(self, name):
        ranges = {key: (least, most) for key, least, most in
                  records.RECORD_NUMBERS + records.VIP_NUMBERS}
        record = {key: self.number(*ranges[key]) for key, _, _ in records.RECORD_NUMBERS}
        record.update(node=keys.name_id(name), incarnation=self.incarnation(name),
                      seq=self.rng.randint(1, 8))
        if name == SELF:
            record["incarnation"] = stories.INCARNATIONS[SELF]
        record["unheard"] = [{"node": self.number(1, 2**32 - 1),
                              "relays": [self.number(0, 2**32 - 1) for _ in range(2)]}
                             for _ in range(self.few(16))]
        record["vips"] = [self.vip(ranges, at) for at in range(self.few(32))]
        if self.chance(40):
            record["swarm"] = self.swarm()
        if self.chance(40):
            record["link"] = {"vip": self.number(1, 2**32 - 1), "own": self.mac(),
                              "seen": self.mac(),
                              "verifies": self.number(0, 2**32 - 1),
                              "misses": self.number(0, 2**32 - 1)}
        return record

    def mac(self):
        return self.rng.choice([0, self.rng.randrange(2**48) & ~records.MAC_GROUP])

    def swarm(self):
        word = self.rng.randrange(3)
        exceptions = [4 * self.rng.randrange(2**62) + self.rng.randint(2, 3)
                      for _ in range(self.few(20) if word else 0)]
        return {"availability": self.rng.randint(0 if word else 1, 3), "word": word,
                "index": self.number(0, 2**32 - 1), "exceptions": exceptions}

    def few(self, most):
        return self.rng.choice([0, 0, 1, 2, self.rng.randint(0, most), most])

    def vip(self, ranges, at):
        vip = {key: self.number(*ranges[key]) for key, _, _ in records.VIP_NUMBERS}
        del vip["conduct"]
        return {**vip, "vip": 32 * self.rng.randint(1, 2**26) + at,
                "state": self.rng.randrange(5), "ready": self.rng.randrange(3),
                "mode": self.rng.randrange(2), "unhealthy": self.rng.randrange(2),
                "drained": self.rng.randrange(2)}

    def value(self, depth=3):
        """Anything that may be stepped over."""
        kind = self.rng.randrange(6 if depth else 5)
        if kind < 2:
            return self.rng.choice(EDGES)
        if kind < 4:
            return self.rng.choice([None, False, True, b"", bytes(self.rng.choice([1, 255, 256]))])
        return [self.value(depth - 1) for _ in range(self.rng.choice([0, 1, 2, 17]))] \
            if kind == 5 else []

    def ask(self):
        return {"target": self.number(1, 2**32 - 1), "asker": self.number(1, 2**32 - 1),
                "challenge": self.number(0, 2**64 - 1)}

    def echo(self):
        name = self.rng.choice(stories.NODES)
        echo = self.peers[name].echo(self.rng.choice([SELF, SELF, "swarm-1"]),
                                     self.rng.choice(CHALLENGES), seq=self.rng.randint(1, 9),
                                     incarnation=self.incarnation(name))
        return dict(echo, key_id=echo["key_id"] ^ self.chance(10))

    def grant(self):
        votes = [{key: self.number(least, most) for key, least, most in items.VOTE}
                 for _ in range(max(self.few(items.VOTES_MAX), 1))]
        for at, vote in enumerate(votes):
            vote["vip"] = 32 * self.rng.randint(1, 2**26) + at
        return {"incarnation": self.number(1, 2**64 - 1), "seq": self.number(1, 2**64 - 1),
                "voters": self.number(0, 2**32 - 1), "votes": votes}

    def question(self, most=items.ABOUT_MAX):
        return {"id": self.number(1, 2**64 - 1),
                "about": [self.number(1, 2**32 - 1) for _ in range(self.few(most))]}

    def item(self, sender):
        """A list that is an item, mostly one that is good."""
        kind = self.rng.choice([0, 0, 0, 0, 1, 2, 3, 4, 4, 5, 6])
        if kind == items.RECORD:
            item = self.record_item(sender)
        elif kind == items.QUESTION:
            question = self.question()
            item = [kind, question["id"], question["about"]]
        elif kind == items.ANSWER:
            item = [kind, self.number(1, 2**64 - 1)]
        elif kind == items.ASK:
            item = [kind, *self.ask().values()]
        elif kind == items.ECHO:
            item = [kind, *self.echo().values()]
        elif kind == items.GRANT:
            grant = self.grant()
            votes = [list(vote.values()) for vote in grant.pop("votes")]
            if self.chance(10):
                self.rng.choice(votes).append(self.value())
            if self.chance(5):
                self.rng.choice(votes)[self.rng.randrange(4)] = self.rng.choice(EDGES)
            item = [kind, *grant.values(), votes]
        else:
            item = [self.rng.choice(EDGES), *(self.value() for _ in range(self.rng.randrange(4)))]
        if self.chance(10):
            item += [self.value() for _ in range(self.rng.choice([1, 2, 60]))]
        if self.chance(3):
            item[self.rng.randrange(len(item))] = self.value()
        return item

    def record_item(self, sender):
        name = self.rng.choice([sender, sender, *stories.NODES])
        elements = records.elements(self.record(name))
        if self.chance(3):
            elements[0] = keys.name_id("stranger")
        if self.chance(10):
            self.rng.choice([elements, *elements[7], *elements[8]]).append(self.value())
        if self.chance(4):
            part = self.rng.choice([elements, elements, *elements[7], *elements[8]])
            part[self.rng.randrange(len(part))] = self.rng.choice(EDGES + [None, [], [[1, 0, 0]]])
        data = pack(elements)
        signer = self.peers[name if self.chance(90) else sender]
        number, signature = signer.keyring.sign(keys.PURPOSE_RECORD, data)
        return [items.RECORD, self.number(0, 2**32 - 1), number, signature, data]

    def body(self, sender):
        body = b""
        for _ in range(self.rng.choice([1, 1, 2, 3, 6, 14])):
            item = pack(self.item(sender))
            if len(body) + len(item) <= 1352:
                body += item
        return self.mutated(body) if self.chance(45) else body

    def mutated(self, body):
        body = bytearray(body)
        for _ in range(self.rng.choice([1, 1, 1, 2, 4])):
            at = self.rng.randrange(len(body)) if body else 0
            how = self.rng.randrange(6)
            if how == 0 and body:
                body[at] ^= 1 << self.rng.randrange(8)
            elif how == 1 and body:
                body[at] = self.rng.choice(TYPES)
            elif how == 2:
                del body[at:]
            elif how == 3:
                del body[at:at + self.rng.randint(1, 4)]
            elif how == 4:
                body[at:at] = bytes(self.rng.choice(TYPES) for _ in range(self.rng.randint(1, 4)))
            else:
                body[at:at] = body[at:at + self.rng.randint(1, 80)]
        return bytes(body[:1352])

    def datagram(self):
        sender = self.rng.choice(OTHERS)
        self._counter[sender] += self.rng.choice([1, 1, 1, 1, 2, 70])
        late = self.rng.choice([1, 2, 62, 63, 64, 65]) if self.chance(12) else 0
        header = {"incarnation": self.incarnation(sender),
                  "counter": max(self._counter[sender] - late, 0)}
        if self.chance(4):
            field = self.rng.choice(["magic", "version", "key_id", "cluster", "sender", "receiver",
                                     "incarnation"])
            number = self.rng.choice([0, 1, 143, keys.name_id(SELF), keys.name_id("swarm-3")])
            small = number % 256 if field in ("version", "key_id") else number
            header[field] = b"gv" if field == "magic" else small
        data = self.peers[sender].seal(self.body(sender), **header)
        if self.chance(5):
            at = self.rng.randrange(self.rng.choice([4, 48, len(data)]))
            data = self.rng.choice([data[:at], data + bytes(at),
                                    data[:at] + bytes([data[at] ^ 1]) + data[at + 1:]])
        return data

    def knows(self):
        """A node is unknown, confirmed, and confirmed anew; what has ended never comes back."""
        name = self.rng.choice(OTHERS)
        lives = [0, stories.INCARNATIONS[name], stories.LATER]
        facts = self.rng.choice([{"seq": self.rng.randint(0, 8)},
                                 {"challenge": self.rng.choice(CHALLENGES)}])
        if self.life[name] < 2 and self.chance((40, 6)[self.life[name]]):
            self.life[name] += 1
            facts = {"incarnation": lives[self.life[name]], "seq": 0,
                     "dead": lives[self.life[name] - 1]}
        return notation.write({name: facts})

    def step(self):
        step = {"knows": self.knows()} if self.chance(15) else {}
        if not self.chance(8):
            return {**step, "receive": self.datagram().hex()}
        message = {"answer": self.number(0, 2**64 - 1), "asks": [], "echoes": []}
        if self.chance(50):
            message["question"] = self.question(NODES_MAX)
        if self.chance(30):
            message["grant"] = self.grant()
        message["asks"] = [self.ask() for _ in range(self.few(4))]
        message["echoes"] = [self.echo() for _ in range(self.few(4))]
        message["relays"] = [{"node": self.rng.choice(OTHERS),
                              "age_ns": self.rng.choice(EDGES)}
                             for _ in range(self.few(NODES_MAX - 1))]
        for relay in message["relays"]:
            relay["age_ns"] = f"{relay['age_ns']:016x}"
        relays = message.pop("relays")
        return {**step, "to": self.rng.choice(OTHERS),
                "record": notation.write(dict(self.record(SELF), seq=self.rng.getrandbits(62) + 1)),
                "send": {**notation.write(message), "relays": relays}}


def check_sent(step, found):
    """Decoded, the datagrams say what they were to say."""
    said = items.empty()
    for text in found["datagrams"]:
        header, *parts = datagram.parse(bytes.fromhex(text))
        assert header["receiver"] == keys.name_id(step["to"])
        part = items.decode(parts[2])
        for key in ("records", "asks", "echoes"):
            said[key] += part[key]
        if part["question"]:
            said["question"] = said["question"] or {"id": part["question"]["id"], "about": []}
            said["question"]["about"] += part["question"]["about"]
        said["answer"] = said["answer"] or part["answer"]
        if "grant" in part:
            said["grant"] = part["grant"]
    given = notation.read_message(step["send"])
    assert said["records"][0]["record"] == notation.read(step["record"])
    assert said["answer"] == given["answer"] and said["question"] == given.get("question")
    assert said["asks"] == given["asks"] and said.get("grant") == given.get("grant")
    shown = [{key: value for key, value in echo.items() if key not in ("key_id", "signature")}
             for echo in said["echoes"]]
    assert shown == [{key: echo[key] for key in shown[0]} for echo in given["echoes"]]


def difference(node, steps):
    return json.dumps({"name": "a difference", "rules": [], "node": node, "steps": steps})


def judge_node(draw, wire, counts):
    """A node and its steps; the vector that shows a difference, or None."""
    node, steps = draw.node(), []
    reference = Judge(node)
    if wire.step({"node": node})["refused"]:
        return difference(node, steps)
    for step in (draw.step() for _ in range(STEPS_PER_NODE)):
        steps.append(step)
        expected, found = reference.step(step), wire.step(step)
        if expected != found:
            print(f"reference: {json.dumps(expected)}\nwire:      {json.dumps(found)}")
            return difference(node, steps)
        if "send" in step:
            check_sent(step, found)
        counts.update(found.get("counts", {}))
        counts["accepted"] += found.get("message") is not None
        counts["sent"] += len(found.get("datagrams", ()))
        counts["steps"] += 1
    return None


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("judge")
    parser.add_argument("--nodes", type=int, default=15)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--minutes", type=float, help="as many nodes as fit into that time")
    options = parser.parse_args()
    end = None if options.minutes is None else time.monotonic() + 60 * options.minutes
    wire, counts, seed = WireJudge(options.judge), collections.Counter(), options.seed
    while (seed < options.seed + options.nodes) if end is None else (time.monotonic() < end):
        shown = judge_node(Draw(seed), wire, counts)
        if shown is not None:
            print(f"seed {seed}: {shown}")
            return 1
        seed += 1
    missing = [label for label in (*DROPS, "accepted", "sent") if counts[label] == 0]
    print(f"{seed - options.seed} nodes from seed {options.seed} on: {json.dumps(counts)}")
    if missing:
        print(f"never seen: {missing}")
    return 1 if missing or wire.close() != 0 else 0


if __name__ == "__main__":
    sys.exit(main())
