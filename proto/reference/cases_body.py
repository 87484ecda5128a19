# SPDX-License-Identifier: MIT
"""Vectors about what stands behind the header: D7, I1 to I8, F1 to F7."""
import items
import keys
import record as records
from packing import pack
from stories import (INCARNATIONS, NODES, VIP, Peer, Story, largest_record, own_record, vip)

ID = {name: keys.name_id(name) for name in NODES}
LONG = 2**64 - 1
NO_SWARM = [0, 0, []]
NO_LINK = [0, 0, 0]
MAC = 0x02005E1000FF
SWARM = {"availability": 1, "word": 2, "index": 4711, "exceptions": [7, LONG]}


def _pass(name, rules, *body):
    story = Story(name, rules)
    story.receives(Peer().seal(*body))
    return story


def _fail(name, rules, *body):
    story = Story(name, rules)
    peer = Peer()
    story.receives(peer.seal(*body), "malformed")
    story.about("what was malformed leaves nothing: its counter is new still").receives(
        peer.seal(peer.record(), counter=1))
    return story


def _record(**changes):
    return Peer().signed(pack(records.elements(own_record("swarm-1", **changes))))


def _changed(change, base=None):
    """A record whose elements `change` has changed."""
    elements = records.elements(base or own_record("swarm-1", vips=[vip()]))
    return Peer().signed(pack(change(elements) or elements))


def messages():
    """Everything that may stand in a datagram, and as much of it as may."""
    peer, other = Peer(), Peer("swarm-3")
    ask = {"target": ID["swarm-2"], "asker": ID["swarm-1"], "challenge": 0}
    foreign = other.echo("swarm-1", LONG)
    question = {"id": LONG, "about": [ID["swarm-3"]] * 8}
    yield _pass("a record alone", ["I2", "F3"], peer.record())
    yield _pass("a record with a VIP and a node not heard", ["F3", "F4"],
                _record(flags=31, unheard=[{"node": ID["swarm-3"], "relays": [ID["swarm-2"], 0]}],
                        vips=[vip()]))
    yield _pass("one of each item", ["I1"], peer.record(), items.answer_item(1),
                items.question_item({"id": 5, "about": []}), items.ask_item(ask),
                items.echo_item(foreign), other.record(age_us=70_000))
    yield _pass("the items in another order", ["I1"], items.echo_item(foreign),
                items.ask_item(ask), items.question_item(question), other.record(),
                items.answer_item(LONG), peer.record())
    yield _pass("a datagram without a record of its sender", ["I1"], items.answer_item(7))
    yield _pass("as many of each item as may be", ["I1"],
                *[other.record(seq=20 + at) for at in range(7)], items.answer_item(LONG),
                items.question_item(question), *[items.ask_item(ask)] * 4,
                *[items.echo_item(foreign)] * 4)
    votes = [{"vip": VIP, "verdict": 0, "holder": 0, "rest_ms": 0},
             {"vip": 2**32 - 1, "verdict": 1, "holder": ID["swarm-3"], "rest_ms": 60_000},
             {"vip": 1, "verdict": 4, "holder": 0, "rest_ms": 127}]
    grant = {"incarnation": INCARNATIONS["swarm-2"], "seq": 300, "voters": 0, "votes": votes}
    yield _pass("a grant", ["I8"], peer.record(), items.grant_item(grant))
    yield _pass("a grant that no record goes with", ["I1", "I8"], items.grant_item(
        dict(grant, incarnation=LONG, seq=LONG, voters=2**32 - 1, votes=votes[1:2])))
    yield _pass("a grant of 32 votes", ["I8"], items.grant_item(
        dict(grant, votes=[dict(votes[1], vip=1 + at) for at in range(32)])))
    small = [peer.record(seq=11 + at) for at in range(12)]
    yield _pass("twelve records", ["I1"], *[item for item in small])
    largest = records.encode(largest_record("swarm-1"))
    yield _pass("the largest record", ["F6"], peer.signed(largest), items.answer_item(LONG),
                items.question_item(question))
    yield _pass("a signature of a direct record is not looked at", ["D6"],
                items.record_item(0, 255, bytes(64), records.encode(own_record("swarm-1"))))
    fill = pack([9, bytes(1400 - 48 - len(peer.record()) - 5)])
    yield _pass("a datagram of 1400 bytes", ["D2"], peer.record(), fill)
    for age in (0, 127, 128, 255, 256, 65_535, 65_536, 2**32 - 1):
        yield _pass(f"an age of {age} us", ["I2", "D7"], peer.record(), other.record(age_us=age))
    for number in (1, 2**31, 2**32 - 1, 2**32, 2**53 + 1, 2**63 - 1, 2**63, LONG):
        yield _pass(f"a seq and an answer of {number}", ["F3", "I4", "D7"],
                    peer.record(seq=number), items.answer_item(number))


def growth():
    """[SPEC D8] [SPEC F6] What a later version may append."""
    peer, other = Peer(), Peer("swarm-3")
    tail = [None, True, False, 7, 2**40, b"later", [[[]], [1, [b"x" * 300]]], [0] * 20]
    record = records.encode(own_record("swarm-1"))
    number, signature = peer.keyring.sign(keys.PURPOSE_RECORD, record)
    ask = [3, ID["swarm-2"], ID["swarm-1"], 5]
    echo = other.echo("swarm-1", 1)
    yield _pass("an item of an unknown type", ["I1"], peer.record(), pack([50, *tail]))
    yield _pass("an unknown type without elements", ["I1"], pack([2**64 - 1]), peer.record())
    yield _pass("twenty items of one unknown type", ["I1"], *[pack([6, 1])] * 20)
    yield _pass("elements appended to a record item", ["I1"],
                pack([0, 0, number, signature, record, *tail]))
    yield _pass("elements appended to a question, an answer and an ask", ["I1"],
                pack([1, 5, [ID["swarm-3"]], *tail]), pack([2, 9, None]), pack(ask + tail))
    yield _pass("elements appended to an echo", ["I1"],
                pack([4, *(echo[key] for key in ("node", "incarnation", "seq", "asker",
                                                 "challenge", "key_id", "signature")), *tail]))
    vote = [VIP, 0, 0, 0]
    yield _pass("elements appended to a grant and to a vote", ["I1", "I8"],
                pack([5, 1, 1, 0, [vote + tail], *tail]))
    yield _pass("an item of 64 elements", ["I1"], pack(ask + [0] * 60))
    yield _pass("an unknown item of 64 elements", ["I1"], pack([60] + [0] * 63))
    yield _pass("an array of 1000 elements in what is stepped over", ["D7"], pack([50, [0] * 1000]))
    yield _pass("1200 arrays, one in the other, in what is stepped over", ["D7"],
                b"\x92\x32" + b"\x91" * 1200 + b"\x90")
    yield _pass("elements appended to a record", ["F6"],
                _changed(lambda all_: all_ + [NO_SWARM, NO_LINK] + tail))
    yield _pass("a record of 64 elements", ["F6"],
                _changed(lambda all_: all_ + [NO_SWARM, NO_LINK] + [0] * 53))
    yield _pass("elements appended to what is said of a swarm", ["F6", "F7"],
                _changed(lambda all_: all_ + [[*NO_SWARM, *tail]]))
    yield _pass("elements appended to what is said of a link", ["F6", "F8"],
                _changed(lambda all_: all_ + [NO_SWARM, [7, MAC, 0, 0, 0, *tail]]))
    yield _pass("elements appended to a VIP", ["F6"],
                _changed(lambda all_: all_[8][0].extend(tail)))
    yield _pass("a VIP of 64 elements", ["F6"], _changed(lambda all_: all_[8][0].extend([0] * 57)))
    yield _pass("elements appended to a node not heard", ["F6"],
                _changed(lambda all_: all_[7].append([ID["swarm-3"], 0, 0, *tail])))
    big = pack(records.elements(own_record("swarm-1"))
               + [NO_SWARM, NO_LINK, bytes(1214 - len(record) - 8 - 3)])
    yield _pass("a record of 1214 bytes", ["I2", "F6"], peer.signed(big))


def msgpack():
    """[SPEC D7] What another msgpack would read, and this one may not."""
    good = Peer().record()
    yield _fail("no item", ["I1"])
    for name, value in (
            ("7 in two bytes", "cc07"), ("127 in two bytes", "cc7f"), ("255 in three", "cd00ff"),
            ("65535 in five", "ce0000ffff"), ("2^32 - 1 in nine", "cf00000000ffffffff"),
            ("0 in nine", "cf" + "00" * 8), ("a signed 7", "d007"), ("-1", "ff"),
            ("a signed integer of 64 bits", "d3" + "00" * 7 + "07"), ("nil", "c0"),
            ("true", "c3"), ("the string 7", "a137"), ("a byte string", "c40107"),
            ("an array", "9107"), ("a map", "80"), ("7.0", "cb401c" + "00" * 6),
            ("the byte c1", "c1")):
        yield _fail(f"an answer that is {name}", ["D7", "I4"], bytes.fromhex("9202" + value))
    for name, value in (
            ("a string of text", "a178"), ("text of 8 bit length", "d90178"), ("a map", "8101c0"),
            ("a float", "ca00000000"), ("-1", "ff"), ("an extension", "d40100"),
            ("the byte c1", "c1"), ("an integer too long", "cc01"), ("bytes too long", "c50001ff"),
            ("bytes of 32 bit length", "c600000001ff"), ("an array too long", "dc0001c0"),
            ("an array of 32 bit count", "dd00000001c0"), ("bytes that do not follow", "c402ff"),
            ("an array that does not follow", "92c0"), ("half an integer", "cf00000001"),
            ("2^32 - 1 arrays", "ddffffffff"), ("65535 values that are not there", "dcffff")):
        yield _fail(f"what is stepped over holds {name}", ["D7", "I1"],
                    bytes.fromhex("9232" + value))
    for name, item in (
            ("no array", b"\x05"), ("a map", b"\x81\x02\x07"), ("empty", b"\x90"),
            ("an array in the long form", b"\xdc\0\2\x02\x07"),
            ("an array of 32 bit count", b"\xdd\0\0\0\2\x02\x07"),
            ("of 65 elements", pack([5] + [0] * 64)), ("of type nil", b"\x91\xc0"),
            ("of a type in too many bytes", b"\x92\xcc\x02\x07"),
            ("of a type that is an array", b"\x92\x91\x02\x07")):
        yield _fail(f"an item that is {name}", ["D7", "I1"], good, item)
    for name, tail in (("nil", b"\xc0"), ("a number", b"\0"), ("half an item", good[:40]),
                       ("the beginning of an item", b"\x92")):
        yield _fail(f"behind the last item stands {name}", ["I1"], good, tail)
    for cut in (1, 2, 3, 10, 69, 71, 75, len(good) - 1):
        yield _fail(f"an item of which {cut} of {len(good)} bytes came", ["D7"], good[:cut])


def bad_items():
    """[SPEC I1] to [SPEC I6]"""
    peer, other = Peer(), Peer("swarm-3")
    record = records.encode(own_record("swarm-1"))
    ask = [3, ID["swarm-2"], ID["swarm-1"], 5]
    echo = [4, ID["swarm-3"], INCARNATIONS["swarm-3"], 10, ID["swarm-1"], 1, 0, bytes(64)]
    item = [0, 0, 0, bytes(64), record]
    vote = [VIP, 1, ID["swarm-3"], 100]
    grant = [5, 7, 9, 0, [vote]]
    for name, rule, wrong in (
            ("record", "I2", item), ("question", "I3", [1, 5, []]), ("answer", "I4", [2, 5]),
            ("ask", "I5", ask), ("echo", "I6", echo), ("grant", "I8", grant)):
        yield _fail(f"an item {name} with an element less", [rule, "I1"], pack(wrong[:-1]))
        yield _fail(f"an item {name} of 65 elements", [rule, "I1"],
                    pack(wrong + [0] * (65 - len(wrong))))
    for name, rule, wrong in (
            ("an age of 2^32", "I2", [0, 2**32, *item[2:]]),
            ("a key id of 256", "I2", [*item[:2], 256, *item[3:]]),
            ("a signature of 63 bytes", "I2", [*item[:3], bytes(63), record]),
            ("a signature of 65 bytes", "I2", [*item[:3], bytes(65), record]),
            ("an empty record", "I2", [*item[:4], b""]),
            ("a record of 1215 bytes", "I2", [*item[:4], pack(
                records.elements(own_record("swarm-1"))
                + [NO_SWARM, NO_LINK, bytes(1215 - len(record) - 8 - 3)])]),
            ("question 0", "I3", [1, 0, []]), ("a question about id 0", "I3", [1, 5, [0]]),
            ("a question about 2^32", "I3", [1, 5, [2**32]]),
            ("a question about nine nodes", "I3", [1, 5, [1] * 9]),
            ("a question about no array", "I3", [1, 5, 7]), ("answer 0", "I4", [2, 0]),
            ("an ask to 0", "I5", [3, 0, 1, 5]), ("an ask to 2^32", "I5", [3, 2**32, 1, 5]),
            ("an ask by 0", "I5", [3, 1, 0, 5]), ("an ask by 2^32", "I5", [3, 1, 2**32, 5]),
            ("an echo of 0", "I6", [4, 0, *echo[2:]]),
            ("an echo of 2^32", "I6", [4, 2**32, *echo[2:]]),
            ("an echo of incarnation 0", "I6", [*echo[:2], 0, *echo[3:]]),
            ("an echo of seq 0", "I6", [*echo[:3], 0, *echo[4:]]),
            ("an echo for 0", "I6", [*echo[:4], 0, *echo[5:]]),
            ("an echo for 2^32", "I6", [*echo[:4], 2**32, *echo[5:]]),
            ("an echo with key id 256", "I6", [*echo[:6], 256, echo[7]]),
            ("an echo with a signature of 32 bytes", "I6", [*echo[:7], bytes(32)]),
            ("a grant of incarnation 0", "I8", [5, 0, *grant[2:]]),
            ("a grant of seq 0", "I8", [5, 7, 0, *grant[3:]]),
            ("a grant of voters 2^32", "I8", [5, 7, 9, 2**32, [vote]]),
            ("a grant without a vote", "I8", [5, 7, 9, 0, []]),
            ("a grant of 33 votes", "I8",
             [5, 7, 9, 0, [[1 + at, *vote[1:]] for at in range(33)]]),
            ("two votes on a VIP", "I8", [5, 7, 9, 0, [vote, [1, *vote[1:]], vote]]),
            ("a vote that is no array", "I8", [5, 7, 9, 0, [1]]),
            ("a vote of 3 elements", "I8", [5, 7, 9, 0, [vote[:3]]]),
            ("a vote of 65 elements", "I8", [5, 7, 9, 0, [vote + [0] * 61]]),
            ("a vote on VIP 0", "I8", [5, 7, 9, 0, [[0, *vote[1:]]]]),
            ("a vote on VIP 2^32", "I8", [5, 7, 9, 0, [[2**32, *vote[1:]]]]),
            ("a verdict of 5", "I8", [5, 7, 9, 0, [[VIP, 5, 0, 0]]]),
            ("a holder of 2^32", "I8", [5, 7, 9, 0, [[VIP, 1, 2**32, 0]]]),
            ("a rest of 60001 ms", "I8", [5, 7, 9, 0, [[VIP, 1, 1, 60_001]]])):
        yield _fail(name, [rule], pack(wrong))
    for name, body in (
            ("thirteen records", [other.signed(records.encode(own_record("swarm-3", seq=1)))] * 13),
            ("two questions", [pack([1, 5, []])] * 2), ("two answers", [pack([2, 5])] * 2),
            ("five asks", [pack(ask)] * 5), ("five echoes", [pack(echo)] * 5),
            ("two grants", [pack(grant)] * 2)):
        yield _fail(name, ["I1"], *body)
    yield _fail("a direct record of another incarnation than the header's", ["D7"],
                peer.record(incarnation=1))


def bad_records():
    """[SPEC F3] to [SPEC F5]"""
    def at(index, value):
        return lambda all_: all_[:index] + [value] + all_[index + 1:]

    def vip_at(index, value):
        return lambda all_: all_[8][0].__setitem__(index, value)

    for index, name, values in (
            (0, "node", (0, 2**32)), (1, "incarnation", (0,)), (2, "seq", (0,)),
            (3, "T", (9, 10_001)), (4, "X", (100_001,)), (5, "configuration", (2**32,)),
            (6, "flags", (32, 255)), (7, "not heard", (0, [[1, 0]], [[0, 0, 0]], [[2**32, 0, 0]],
                                                       [[1, 2**32, 0]], [[1, 0, 2**32]], [1],
                                                       [[1] + [0] * 64], [[1, 0, 0]] * 17)),
            (8, "VIPs", (0, [[]], [1]))):
        for value in values:
            yield _fail(f"{name} of a record: {_text(value)}", ["F3"], _changed(at(index, value)))
    for index, name, values in (
            (0, "id", (0, 2**32)), (1, "addresses", (2**32,)), (3, "priority", (0, 256)),
            (4, "lease", (60_001,)), (5, "elects", (2**32,)), (6, "released to", (2**32,)),
            (2, "conduct", (256, 5, 6, 7, 24, 31, 69, 88, 127, 133, 255))):
        for value in values:
            yield _fail(f"{name} of a VIP: {value}", ["F4"], _changed(vip_at(index, value)))
    yield _fail("a VIP of 6 elements", ["F4"], _changed(lambda all_: all_[8][0].pop()))
    yield _fail("a VIP of 65 elements", ["F4"],
                _changed(lambda all_: all_[8][0].extend([0] * 58)))
    many = [vip(vip=1 + number, addresses=0, elects=0, lease_ms=0) for number in range(33)]
    yield _fail("33 VIPs", ["F3"], _record(vips=many))
    yield _pass("32 VIPs", ["F3"], _record(vips=many[:32]))
    yield _fail("a VIP twice", ["F5"], _record(vips=[vip(), vip(priority=1)]))
    yield _fail("the first VIP as the last", ["F5"], _record(vips=many[:30] + [many[0]]))
    yield _fail("a record of 8 elements", ["F3"], _changed(lambda all_: all_[:8]))
    yield _fail("a record of 65 elements", ["F3"],
                _changed(lambda all_: all_ + [NO_SWARM, NO_LINK] + [0] * 54))
    yield from swarms()
    yield from links()
    yield from foreign_records()


def swarms():
    """[SPEC F7]"""
    for name, change in (
            ("the word of a manager", {}), ("a part of it", {"word": 1}),
            ("nobody drained or paused", {"exceptions": []}),
            ("a worker that is drained", {"availability": 3, "word": 0, "exceptions": []}),
            ("a worker that is paused", {"availability": 2, "word": 0, "exceptions": []}),
            ("numbers as large as they may be", {"availability": 3, "index": 2**32 - 1}),
            ("64 exceptions", {"exceptions": [4 * at + 2 for at in range(64)]})):
        yield _pass(f"of a swarm: {name}", ["F7"], _record(swarm={**SWARM, **change}))
    yield _pass("a record that says nothing of a swarm at length", ["F7"],
                _changed(lambda all_: all_ + [NO_SWARM]))
    for value in (0, [], [0, 0], [12, 0, []], [256, 0, []], [0, 2**32, []], [8, 1, 0],
                  [8, 1, [0]], [8, 1, [4]], [8, 1, [5]], [8, 1, [b"1234567"]],
                  [0, 1, [7]], [3, 1, [7]], [8, 1, [7] * 65], [8, 1, [7]] + [0] * 62):
        yield _fail(f"what is said of a swarm: {_text(value)}", ["F7"],
                    _changed(lambda all_, value=value: all_ + [value]))


def links():
    """[SPEC F8]"""
    for name, change in (
            ("the author's MAC address", {}), ("a host that uses the VIP", {"seen": MAC + 1}),
            ("an author without a MAC address", {"own": 0, "seen": MAC}),
            ("a holder that answers", {"verifies": ID["swarm-1"]}),
            ("a holder that does not answer", {"misses": ID["swarm-1"]}),
            ("numbers as large as they may be",
             {"vip": 2**32 - 1, "own": 2**48 - 2**40 - 1, "seen": 2**48 - 2**40 - 1,
              "verifies": 2**32 - 1, "misses": 2**32 - 1})):
        link = {"vip": VIP, "own": MAC, "seen": 0, "verifies": 0, "misses": 0, **change}
        yield _pass(f"of a link: {name}", ["F8"], _record(link=link))
        yield _pass(f"of a swarm and of a link: {name}", ["F7", "F8"],
                    _record(swarm=SWARM, link=link))
    yield _pass("a record that says nothing of a link at length", ["F8"],
                _changed(lambda all_: all_ + [NO_SWARM, NO_LINK]))
    yield _pass("of the link of no VIP", ["F8"],
                _changed(lambda all_: all_ + [NO_SWARM, [0, MAC, MAC, 5, 6]]))
    yield _pass("nothing said of any holder at length", ["F8"],
                _changed(lambda all_: all_ + [NO_SWARM, [VIP, MAC, 0, 0, 0]]))
    for value in (0, [], [1, 0], [2**32, 0, 0], [1, 2**48, 0], [1, 0, 2**48], [1, 2**40, 0],
                  [1, 0, 2**48 - 1], [1, b"123456", 0], [1, 0, None],
                  [1, 0, 0, 2**32], [1, 0, 0, 0, 2**32],
                  [1, 0, 0, None], [1, 0, 0, 0, b"1"], [1, 0, 0] + [0] * 62):
        yield _fail(f"what is said of a link: {_text(value)}", ["F8"],
                    _changed(lambda all_, value=value: all_ + [NO_SWARM, value]))


def foreign_records():
    """A record that is malformed takes the datagram with it, whoever signed it."""
    record = records.encode(own_record("swarm-1"))
    peer, other = Peer(), Peer("swarm-3")
    yield _fail("something follows a record", ["F3"], peer.signed(record + b"\0"))
    yield _fail("half a record", ["F3"], peer.signed(record[:-1]))
    yield _fail("a record that is a map", ["F3"], peer.signed(b"\x80"))
    yield _fail("a record in a string in the record", ["F3"], peer.signed(pack(record)))
    yield _fail("a malformed record of another node", ["D7"], peer.record(),
                other.signed(record[:-1]))
    yield _fail("a malformed record of a node that nobody knows", ["D7"], peer.record(),
                other.signed(pack(records.elements(
                    own_record("swarm-3", node=keys.name_id("stranger"), interval_ms=9)))))
    for state in range(5):
        yield _pass(f"state {records.STATES[state]}", ["F4"], _record(vips=[vip(state=state)]))
    for ready in range(3):
        yield _pass(f"readiness {records.READINESS[ready]}", ["F4"],
                    _record(vips=[vip(ready=ready)]))
    for mode in range(2):
        yield _pass(f"mode {records.MODES[mode]}", ["F4"], _record(vips=[vip(mode=mode)]))
    for mode in range(2):
        yield _pass(f"unhealthy for a VIP in mode {records.MODES[mode]}", ["F4"],
                    _record(vips=[vip(mode=mode, unhealthy=1)]))
        yield _pass(f"drained for a VIP in mode {records.MODES[mode]}", ["F4"],
                    _record(vips=[vip(mode=mode, drained=1)]))
    yield _pass("all numbers as small as they may be", ["F3", "F4"],
                _record(seq=1, interval_ms=10, next_ms=0, config=0, flags=0,
                        unheard=[{"node": 1, "relays": [0, 0]}],
                        vips=[vip(vip=VIP, addresses=0, state=0, ready=0, mode=0, priority=1,
                                  lease_ms=0, elects=0, released_to=0)]))
    yield _pass("a node twice among those not heard", ["F3"],
                _record(unheard=[{"node": 1, "relays": [0, 0]}] * 2))


def _text(value):
    return str(value) if len(str(value)) < 30 else f"{str(value)[:24]}..."
