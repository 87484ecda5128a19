# SPDX-License-Identifier: MIT
"""Vectors of several datagrams, or of what a node knows: D5, D6, I2, I6, I7."""
import items
import keys
import notation
import record as records
from packing import pack
from stories import (INCARNATIONS, LATER, MANY_NODES, NODES, Peer, Story, largest_record,
                     own_record, vip)

ID = {name: keys.name_id(name) for name in NODES}
CHALLENGE = 0x0123456789ABCDEF
LONG = 2**64 - 1


def replay():
    """[SPEC D5] Sequences of counters."""
    for name, counters in (
            ("counters that rise", [1, 2, 3, 10, 1000]),
            ("the same datagram twice", [1, -1, 2, -2, -1]),
            ("datagrams that overtook each other", [3, 1, 2, -1, -2, -3, 4]),
            ("63 below the newest is new, 64 is not", [100, 37, -36, -37, 38, -100]),
            ("the window moves with the newest", [64, 1, 65, -1, 2, 66, -2, 3, -66]),
            ("a leap makes everything before it old", [5, 1000, -5, -4, -936, 937, -937]),
            ("the largest counter is the last", [1, LONG, -LONG, LONG - 63, -(LONG - 64), -2]),
            ("a first counter that is not 1", [50, 49, 1, -1, -50]),
            ("a leap of exactly a window", [10, 74, -10, 11, -11])):
        story, peer = Story(name, ["D5"]), Peer()
        for counter in counters:
            story.receives(peer.seal(pack([2, 5]), counter=abs(counter)),
                           *(["replayed"] if counter < 0 else []))
        yield story
    yield from replay_of_incarnations()
    peer = Peer()
    story = Story("a counter counts only when the datagram is well formed", ["D5", "D7"])
    story.receives(peer.seal(b"\xc1", counter=7), "malformed")
    story.about("the leap was not remembered either").receives(peer.seal(b"\xc1", counter=900),
                                                               "malformed")
    story.receives(peer.seal(pack([2, 5]), counter=7))
    story.about("replayed is judged before malformed").receives(
        peer.seal(b"\xc1", counter=7), "replayed")
    yield story
    story = Story("each sender has windows of its own", ["D5"])
    for name in ("swarm-1", "swarm-3"):
        data = Peer(name).seal(pack([2, 5]))
        story.receives(data)
        story.receives(data, "replayed")
    yield story


def replay_of_incarnations():
    """The confirmed window is nobody's but the confirmed incarnation's."""
    now, old = INCARNATIONS["swarm-1"], 0x77
    answer, peer = pack([2, 5]), Peer()

    def send(incarnation, counter):
        return peer.seal(answer, incarnation=incarnation, counter=counter)

    story = Story("another incarnation does not touch the confirmed one's window", ["D5"])
    story.receives(send(now, 5))
    story.receives(send(old, 3))
    story.receives(send(now, 5), "replayed")
    story.receives(send(old, 3), "replayed")
    story.about("only the last other incarnation is remembered").receives(send(LATER, 1))
    story.receives(send(old, 3))
    story.receives(send(now, 5), "replayed")
    yield story
    story = Story("a window follows its incarnation when that is confirmed", ["D5"])
    story.receives(send(LATER, 9))
    story.knows({"swarm-1": {"incarnation": LATER, "dead": now}})
    story.receives(send(LATER, 9), "replayed")
    story.receives(send(old, 1))
    story.receives(send(LATER, 9), "replayed")
    story.receives(send(LATER, 8))
    yield story
    story = Story("a window is safe from the moment its incarnation is confirmed", ["D5"])
    story.receives(send(LATER, 9))
    story.knows({"swarm-1": {"incarnation": LATER, "dead": now}})
    story.about("before anything more came of the confirmed one").receives(send(old, 1))
    story.receives(send(LATER, 9), "replayed")
    yield story
    yield from replay_of_the_former(send)
    story = Story("nothing is confirmed yet", ["D5"]).forgets("swarm-1")
    story.receives(send(now, 5))
    story.receives(send(now, 5), "replayed")
    story.receives(send(old, 5))
    story.receives(send(now, 5))
    yield story


def replay_of_the_former(send):
    """What an incarnation may say that was confirmed before the present one."""
    now, peer = INCARNATIONS["swarm-1"], Peer()
    anew = {"swarm-1": {"incarnation": LATER, "dead": now}}
    own = {"target": ID["swarm-1"], "asker": ID["swarm-1"], "challenge": 5}
    everything = [peer.record(), items.answer_item(4),
                  items.question_item({"id": 9, "about": [ID["swarm-3"]]}),
                  items.ask_item(dict(own, target=ID["swarm-3"])), items.ask_item(own),
                  items.ask_item(dict(own, asker=ID["swarm-3"])),
                  items.echo_item(peer.echo("swarm-2", CHALLENGE))]
    story = Story("a former incarnation asks about itself, and that is all", ["D4", "R24"])
    story.receives(send(now, 5))
    story.knows(anew)
    said = story.receives_ended(peer.seal(*everything, counter=6))
    assert [len(said[key]) for key in ("asks", "records", "echoes")] == [1, 0, 0]
    story.about("a replay").receives(peer.seal(*everything, counter=6), "dead_incarnation")
    story.about("one from before its end").receives(send(now, 5), "dead_incarnation")
    story.about("not well formed").receives(peer.seal(b"\xc1", counter=7), "dead_incarnation")
    story.receives_ended(send(now, 7))
    story.about("the present one's window is its own").receives(send(LATER, 6))
    yield story
    story = Story("only the last before the present one is a former incarnation", ["D4", "R24"])
    story.receives(send(now, 5))
    story.knows(anew)
    story.receives(send(LATER, 1))
    story.knows({"swarm-1": {"incarnation": 0x99, "dead": LATER}})
    story.receives(send(0x99, 1))
    story.about("the one before").receives_ended(send(LATER, 2))
    story.about("one that nobody ever confirmed here").receives(send(0x77, 1))
    story.knows({"swarm-1": {"dead": now}})
    story.about("the one before that").receives(send(now, 6), "dead_incarnation")
    yield story
    story = Story("a node that left, and was not confirmed again, says no more", ["D4", "R25"])
    story.receives(send(now, 5))
    story.knows({"swarm-1": {"dead": now}})
    story.receives(send(now, 6), "dead_incarnation")
    yield story


def freshness():
    """[SPEC D6] What an incarnation may say that is not confirmed, and how an echo confirms it."""
    peer, other = Peer(), Peer("swarm-3")
    ask = items.ask_item({"target": ID["swarm-2"], "asker": ID["swarm-1"], "challenge": 1})
    question = items.question_item({"id": 9, "about": [ID["swarm-3"]]})
    foreign = items.echo_item(other.echo("swarm-1", 3))
    full = [peer.record(), items.answer_item(4), question, ask, foreign, other.record(age_us=5)]
    story = Story("who is not confirmed introduces itself, passes on asks and echoes", ["D6"])
    story.forgets("swarm-1")
    story.receives(peer.seal(*full), "record_unconfirmed_sender")
    story.knows({"swarm-1": {"incarnation": INCARNATIONS["swarm-1"]}})
    story.about("the same, confirmed").receives(peer.seal(*full))
    yield story
    expects = {"swarm-1": {"incarnation": 0, "challenge": CHALLENGE}}
    echo = peer.echo("swarm-2", CHALLENGE)
    story = Story("an echo counts at once for the datagram that it came in", ["D6", "I6"])
    story.knows(expects)
    story.about("though it is the last item").receives(peer.seal(*full, items.echo_item(echo)))
    yield story
    for name, changed, label in (
            ("of another challenge", peer.echo("swarm-2", CHALLENGE + 1), "echo_unasked"),
            ("of a node that was not asked", other.echo("swarm-2", CHALLENGE), "echo_unasked"),
            ("of a node that nobody knows",
             peer.echo("swarm-2", CHALLENGE, node=keys.name_id("stranger")), "echo_unasked"),
            ("with a signature of zeros", dict(echo, signature=bytes(64)), "echo_signature"),
            ("with another key id", dict(echo, key_id=0), "echo_signature"),
            ("with another seq than signed", dict(echo, seq=11), "echo_signature"),
            ("with another incarnation than signed", dict(echo, incarnation=7), "echo_signature"),
            ("with a signature that was made for a record", dict(echo, signature=peer.keyring.sign(
                keys.PURPOSE_RECORD, items.echo_bytes(echo))[1]), "echo_signature"),
            ("signed by another node", dict(echo, signature=other.keyring.sign(
                keys.PURPOSE_ECHO, items.echo_bytes(echo))[1]), "echo_signature")):
        story = Story(f"an echo {name} confirms nothing", ["D6", "I6", "K6"])
        story.knows(expects)
        story.receives(peer.seal(peer.record(), items.echo_item(changed), question), label)
        yield story
    yield from echoes(expects, echo)


def echoes(expects, echo):
    peer, other = Peer(), Peer("swarm-3")
    story = Story("an echo for somebody else is handed on as it is", ["D6"])
    story.receives(peer.seal(items.echo_item(dict(other.echo("swarm-1", 9), signature=bytes(64)))))
    story.about("even of nodes that nobody knows").receives(peer.seal(items.echo_item(
        dict(echo, node=1, asker=2))))
    yield story
    story = Story("an echo of an incarnation that has ended comes too late", ["D6"])
    story.knows({"swarm-1": {"incarnation": LATER, "dead": INCARNATIONS["swarm-1"],
                             "challenge": CHALLENGE}})
    story.receives(other.seal(items.echo_item(echo)), "echo_unasked")
    yield story
    story = Story("an echo through a relay confirms the record beside it", ["D6", "I6"])
    story.knows(expects)
    story.receives(other.seal(items.echo_item(echo), peer.record(age_us=20)))
    story.about("its record is kept as signed").knows(
        {"swarm-1": {"incarnation": INCARNATIONS["swarm-1"], "seq": 10}})
    story.sends("swarm-3", {"relays": [{"node": "swarm-1", "age_ns": f"{20_001:016x}"}]}, 1)
    yield story
    story = Story("a former incarnation beside the echo of the next", ["D6"])
    later = peer.echo("swarm-2", CHALLENGE, incarnation=LATER)
    story.knows({"swarm-1": {"seq": 10, "challenge": CHALLENGE}})
    story.about("what is known is judged as before").receives(
        other.seal(items.echo_item(later), peer.record(seq=10), peer.record(seq=11),
                   peer.record(incarnation=LATER, seq=1)), "record_known")
    yield story


def relay():
    """[SPEC D6] Records of others: what is left out, what is kept, what is passed on."""
    peer, other = Peer(), Peer("swarm-3")
    record = records.encode(own_record("swarm-3"))
    number, signature = other.keyring.sign(keys.PURPOSE_RECORD, record)
    story = Story("a record comes through a relay with its age and signature", ["I2", "F2", "D6"])
    story.receives(peer.seal(peer.record(), other.signed(record, 1_500)))
    story.knows({"swarm-1": {"seq": 10}, "swarm-3": {"seq": 10}})
    story.receives(peer.seal(peer.record(), other.signed(record, 9)), "record_known",
                   "record_known")
    story.receives(peer.seal(other.record(seq=9)), "record_known")
    story.receives(peer.seal(other.record(seq=11)))
    yield story
    for name, item, label in (
            ("a signature of zeros", items.record_item(0, number, bytes(64), record),
             "record_signature"),
            ("a bit of the signature changed", items.record_item(
                0, number, bytes([signature[0] ^ 1]) + signature[1:], record), "record_signature"),
            ("a bit of the record changed", items.record_item(
                0, number, signature, records.encode(own_record("swarm-3", next_ms=2001))),
             "record_signature"),
            ("another key id", items.record_item(0, 0, signature, record), "record_signature"),
            ("the relay's signature", peer.signed(record), "record_signature"),
            ("a signature for an echo", items.record_item(0, *other.keyring.sign(
                keys.PURPOSE_ECHO, record), record), "record_signature"),
            ("a node that nobody knows", other.signed(records.encode(
                own_record("swarm-3", node=keys.name_id("stranger")))), "record_unknown_node"),
            ("the receiver's own incarnation", Peer("swarm-2").record(seq=99), "record_known")):
        story = Story(f"a relayed record with {name} is left out", ["D6", "K6"])
        story.about("the rest is used").receives(
            peer.seal(peer.record(), item, items.answer_item(3)), label)
        yield story
    yield from more_of_relays()


def more_of_relays():
    peer, other = Peer(), Peer("swarm-3")
    story = Story("a record of the receiver's name with another incarnation is handed on", ["D6"])
    story.receives(peer.seal(Peer("swarm-2").record(incarnation=LATER)))
    yield story
    story = Story("records of a dead and of an unknown incarnation", ["D6"])
    story.knows({"swarm-3": {"incarnation": LATER, "seq": 4,
                             "dead": INCARNATIONS["swarm-3"]}})
    story.receives(peer.seal(other.record(seq=50)), "record_dead_incarnation")
    story.receives(peer.seal(other.record(incarnation=LATER, seq=4)), "record_known")
    story.about("whoever it is, it changes nothing but to cause an ask").receives(
        peer.seal(other.record(incarnation=0x99, seq=1)))
    yield story
    story = Story("known and signature are judged in this order", ["D6"])
    story.receives(peer.seal(other.record(seq=12)))
    story.knows({"swarm-3": {"seq": 12}})
    forged = items.record_item(0, 0, bytes(64), records.encode(own_record("swarm-3", seq=12)))
    story.about("kept already").receives(peer.seal(forged), "record_known")
    story.knows({"swarm-3": {"seq": 13}})
    forged = items.record_item(0, 0, bytes(64), records.encode(own_record("swarm-3", seq=13)))
    story.about("known, but not kept: the signature decides").receives(
        peer.seal(forged), "record_signature")
    story.receives(peer.seal(other.record(seq=13)), "record_known")
    story.receives(peer.seal(forged), "record_known")
    yield story
    story = Story("of several records of a node the newest is kept", ["D6"])
    story.about("of equals the first").receives(
        peer.seal(other.record(seq=21), other.record(seq=21, flags=0), other.record(seq=20)))
    story.knows({"swarm-3": {"seq": 21}})
    story.sends("swarm-1", {"relays": [{"node": "swarm-3", "age_ns": f"{0:016x}"}]}, 1)
    yield story
    story = Story("what later versions append is verified and relayed with the rest", ["F2", "F6"])
    longer = pack(records.elements(own_record("swarm-3", seq=30))
                  + [[0, 0, []], [0, 0, 0], b"later", [1, None]])
    story.receives(peer.seal(other.signed(longer, 77)))
    story.knows({"swarm-3": {"seq": 30}})
    story.sends("swarm-1", {"relays": [{"node": "swarm-3", "age_ns": f"{77_500:016x}"}]}, 1)
    yield story


def sending():
    """[SPEC I7] The same message gives the same bytes."""
    story = Story("counters are counted per receiver, from 1", ["D1"])
    for to in ("swarm-1", "swarm-3", "swarm-1"):
        story.sends(to, {}, 1)
    yield story
    own = Peer("swarm-2").echo("swarm-1", 5)
    ask = {"target": "e116c9cb", "asker": "d1462cc0", "challenge": f"{LONG:016x}"}
    echo = {"node": f"{own['node']:08x}", "incarnation": f"{own['incarnation']:016x}",
            "seq": f"{own['seq']:016x}", "asker": f"{own['asker']:08x}",
            "challenge": f"{own['challenge']:016x}", "key_id": 0, "signature": "00" * 64}
    question = {"id": f"{2**40:016x}", "about": [f"{ID['swarm-3']:08x}"]}
    story = Story("one of each item; the own echo is signed", ["I1", "I6", "I7"])
    story.sends("swarm-1", {"answer": f"{1:016x}", "question": question, "asks": [ask],
                            "echoes": [echo]}, 1)
    yield story
    big = largest_record("swarm-2")
    story = Story("what does not fit goes into the next datagram", ["I7", "F6"],
                  record=notation.write(big))
    question = {"id": f"{LONG:016x}", "about": ["ffffffff"] * 8}
    story.sends("swarm-1", {"answer": f"{LONG:016x}", "question": question, "asks": [ask] * 4,
                            "echoes": [echo] * 4}, 2)
    yield story
    votes = [{"vip": f"{2**32 - 32 + at:08x}", "verdict": 1, "holder": "ffffffff",
              "rest_ms": 60_000} for at in range(32)]
    grant = {"incarnation": f"{LONG:016x}", "seq": f"{LONG:016x}", "voters": "ffffffff",
             "votes": votes}
    story = Story("a grant of as many votes as may be, beside the largest record", ["I7", "I8"],
                  record=notation.write(big))
    story.sends("swarm-1", {"answer": f"{LONG:016x}", "grant": grant}, 2)
    story.sends("swarm-1", {"grant": dict(grant, votes=votes[:1])}, 1)
    yield story
    yield from much_to_say()
    story = Story("the age is rounded up, and has an end", ["I2"])
    peer, other = Peer(), Peer("swarm-3")
    story.receives(peer.seal(other.record(vips=[vip()])))
    story.knows({"swarm-3": {"seq": 10}})
    for age_ns in (0, 1, 999, 1000, 1001, 4_294_967_294_001, 4_294_967_295_000,
                   4_294_967_295_001, LONG):
        story.sends("swarm-1", {"relays": [{"node": "swarm-3", "age_ns": f"{age_ns:016x}"}]}, 1)
    story.about("one that is not the newest any more is left out").knows(
        {"swarm-3": {"seq": 11}})
    story.sends("swarm-1", {"relays": [{"node": "swarm-3", "age_ns": f"{0:016x}"}]}, 1)
    yield story


def much_to_say():
    """More of a kind than a datagram may have, though the bytes would fit."""
    nodes = {"nodes": [{"name": name} for name in MANY_NODES]}
    small = {"seq": 1, "interval_ms": 10, "next_ms": 0, "config": 0}
    others = [name for name in MANY_NODES if name != "swarm-2"]
    story = Story("a thirteenth record opens the next datagram", ["I1", "I7"], **nodes,
                  record=notation.write(own_record("swarm-2", **small)))
    for name in others:
        peer = Peer(name, **nodes)
        story.receives(peer.seal(peer.record(**small)))
    story.knows({name: {"seq": 1} for name in others})
    story.sends("swarm-1", {"relays": [{"node": name, "age_ns": f"{0:016x}"}
                                       for name in others[1:]]}, 2)
    yield story
    story = Story("a question about more than eight nodes is asked in parts", ["I1", "I7"])
    about = [f"{keys.name_id(name):08x}" for name in MANY_NODES]
    story.sends("swarm-1", {"question": {"id": f"{77:016x}", "about": about + about[:2]},
                            "answer": f"{1:016x}"}, 3)
    story.sends("swarm-1", {"question": {"id": f"{78:016x}", "about": about[:8]}}, 1)
    yield story


def will():
    """[SPEC R44] The last will of an incarnation, made and received."""
    def record_of(name):
        return own_record(name, seq=LONG, flags=9, next_ms=200)

    story = Story("one datagram for each node, whatever was sent before", ["R44", "D1"])
    story.sends("swarm-1", {}, 1)
    for to in ("swarm-1", "swarm-3"):
        story.leaves_will(to, record_of("swarm-2"))
    story.about("sending goes on where it was").sends("swarm-1", {}, 1)
    yield story
    peer, now = Peer(), INCARNATIONS["swarm-1"]
    data = peer.seal(peer.signed(records.encode(record_of("swarm-1"))), counter=LONG)
    story = Story("a will is the last that counts of its incarnation", ["R44", "D4", "D5"])
    story.receives(peer.seal(peer.record(), counter=70))
    story.knows({"swarm-1": {"seq": 10}})
    story.receives(data)
    story.knows({"swarm-1": {"seq": LONG, "dead": now}})
    story.about("a copy").receives(data, "dead_incarnation")
    story.about("a beat that was under way").receives(
        peer.seal(peer.record(seq=11), counter=71), "dead_incarnation")
    story.about("relayed to whoever does not hear the node").sends(
        "swarm-3", {"relays": [{"node": "swarm-1", "age_ns": f"{5000:016x}"}]}, 1)
    story.knows({"swarm-1": {"incarnation": LATER, "seq": 0}})
    story.about("the next incarnation begins anew").receives(
        peer.seal(peer.record(incarnation=LATER, seq=1), incarnation=LATER, counter=1))
    yield story
    story = Story("a will of an incarnation that is not confirmed introduces it, no more", ["R44"])
    story.knows({"swarm-1": {"incarnation": LATER, "seq": 4}})
    story.receives(data)
    story.receives(data, "replayed")
    story.receives(peer.seal(peer.record(incarnation=LATER, seq=5), incarnation=LATER))
    yield story
    story = Story("a relayed will is verified like any record", ["R44", "D6"])
    relay = Peer("swarm-3")
    story.receives(relay.seal(relay.record(), peer.signed(records.encode(record_of("swarm-1")), 9)))
    forged = items.record_item(0, 0, bytes(64), records.encode(record_of("swarm-1")))
    story.receives(relay.seal(relay.record(seq=11), forged), "record_signature")
    yield story
