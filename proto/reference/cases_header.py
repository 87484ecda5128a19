# SPDX-License-Identifier: MIT
"""Vectors about headers, MACs and keys: D1 to D4, K1 to K7."""
import keys
from stories import (CLUSTER_KEY, INCARNATIONS, LATER, NEXT_KEY, NODES, Peer, Story, refused)

OWN_SEEDS = {name: bytes([number]) * 32 for number, name in enumerate(NODES, 0x41)}


def header():
    """Each check of a header, and that they are made in their order."""
    good = Peer().seal(Peer().record())
    cases = (
        ("a datagram of 47 bytes is too short", good[:47], "too_short"),
        ("a datagram of no byte is too short", b"", "too_short"),
        ("a datagram of 1401 bytes is too long", good + bytes(1401 - len(good)), "too_long"),
        ("the first byte is v", b"w" + good[1:], "magic"),
        ("the second byte is g", good[:1] + b"\0" + good[2:], "magic"),
        ("version 0 is none", good[:2] + b"\0" + good[3:], "version"),
        ("version 2 is not yet", good[:2] + b"\2" + good[3:], "version"),
        ("length is judged before the magic", b"xx" + good[2:40], "too_short"),
        ("the magic is judged before the version", b"xx\7" + good[3:], "magic"),
        ("the version is judged before the cluster", good[:2] + b"\7" + good[3:4] + bytes(44),
         "version"),
    )
    for name, data, label in cases:
        story = Story(name, ["D1", "D2"])
        story.receives(data, label)
        yield story
    yield from addressing()


def addressing():
    peer = Peer()
    item = peer.record()
    own, stranger = keys.name_id("swarm-2"), keys.name_id("stranger")
    cases = (
        ("another cluster", {"cluster": keys.name_id("other")}, "unknown_cluster"),
        ("a datagram of the receiver itself is a reflection", {"sender": own}, "reflected"),
        ("a reflection is judged before the receiver",
         {"sender": own, "receiver": stranger}, "reflected"),
        ("a sender that is not configured", {"sender": stranger}, "unknown_sender"),
        ("a sender with id 0", {"sender": 0}, "unknown_sender"),
        ("the sender is judged before the receiver",
         {"sender": stranger, "receiver": stranger}, "unknown_sender"),
        ("a datagram for somebody else", {"receiver": keys.name_id("swarm-3")},
         "wrong_receiver"),
        ("a datagram for nobody", {"receiver": 0}, "wrong_receiver"),
        ("incarnation 0", {"incarnation": 0}, "malformed"),
        ("counter 0", {"counter": 0}, "replayed"),
    )
    for name, changes, label in cases:
        story = Story(name, ["D2", "D4", "D5"])
        story.about("its MAC is good").receives(peer.seal(item, **changes), label)
        yield story
    story = Story("a dead incarnation is over, whatever it says", ["D4"])
    story.knows({"swarm-1": {"incarnation": LATER, "dead": INCARNATIONS["swarm-1"]}})
    story.receives(peer.seal(item), "dead_incarnation")
    story.about("dead is judged before replayed").receives(
        peer.seal(item, counter=0), "dead_incarnation")
    story.about("and before the items").receives(peer.seal(b"\xc1"), "dead_incarnation")
    story.receives(peer.seal(Peer().record(incarnation=LATER), incarnation=LATER))
    yield story


def mac():
    """Nothing of a datagram can be changed without the key."""
    peer = Peer()
    good = peer.seal(peer.record())
    story = Story("a bit changed anywhere under the MAC", ["D3", "K7"])
    story.about("the key id").receives(_flipped(good, 3), "mac")
    story.about("the incarnation").receives(_flipped(good, 16), "mac")
    story.about("the counter").receives(_flipped(good, 31), "mac")
    story.about("the MAC, first byte").receives(_flipped(good, 32), "mac")
    story.about("the MAC, last byte").receives(_flipped(good, 47), "mac")
    story.about("the first item").receives(_flipped(good, 48), "mac")
    story.about("the last byte").receives(_flipped(good, len(good) - 1), "mac")
    story.about("one byte less").receives(good[:-1], "mac")
    story.about("one byte more").receives(good + b"\0", "mac")
    story.about("named as from swarm-3").receives(
        good[:8] + keys.name_id("swarm-3").to_bytes(4, "big") + good[12:], "mac")
    story.about("untouched, and not replayed: what is dropped leaves nothing").receives(good)
    yield story
    story = Story("the MAC of another cluster key", ["D3", "K5"])
    stranger = Peer(cluster_keys=[NEXT_KEY.hex()])
    story.receives(stranger.seal(stranger.record()), "mac")
    story.about("and with the right key id").receives(
        stranger.seal(stranger.record(), key_id=keys.key_id(CLUSTER_KEY)), "mac")
    yield story
    story = Story("the MAC is judged before incarnation, counter and items", ["D3", "D4", "D5"])
    story.receives(_flipped(peer.seal(b"\xc1", incarnation=0, counter=0), 47), "mac")
    yield story


def _flipped(data, at):
    return data[:at] + bytes([data[at] ^ 1]) + data[at + 1:]


def rotation():
    """[SPEC K5] A cluster key is replaced in three steps, without a gap."""
    first, second = CLUSTER_KEY.hex(), NEXT_KEY.hex()
    story = Story("the new key is accepted as second", ["K5"], cluster_keys=[first, second])
    old, ahead = Peer(), Peer("swarm-3", cluster_keys=[second, first])
    story.about("from a node that has the old key alone").receives(old.seal(old.record()))
    story.about("from one that uses the new key already").receives(ahead.seal(ahead.record()))
    story.about("a relayed record under the other key than the MAC").receives(
        old.seal(ahead.record(seq=11)))
    story.about("the first key is used").sends("swarm-1", {}, 1)
    story.about("the record that came is relayed under its own key").knows(
        {"swarm-3": {"seq": 11}})
    story.sends("swarm-1", {"relays": [{"node": "swarm-3", "age_ns": f"{0:016x}"}]}, 1)
    yield story
    story = Story("after the swap the old key is accepted as second", ["K5"],
                  cluster_keys=[second, first])
    story.receives(Peer().seal(Peer().record()))
    story.sends("swarm-1", {}, 1)
    yield story
    story = Story("the old key is good for nothing when it is removed", ["K5", "D3", "D6"],
                  cluster_keys=[second])
    story.receives(Peer().seal(Peer().record()), "mac")
    story.about("nor for a signature").receives(ahead.seal(old.record()), "record_signature")
    yield story
    yield same_key_ids()


def same_key_ids():
    """[SPEC K5] "If two generations have the same id, both are tried"."""
    number = keys.key_id(CLUSTER_KEY)
    twin = next(key for key in (at.to_bytes(32, "big") for at in range(2**16))
                if keys.key_id(key) == number)
    story = Story("two keys with one key id are both tried", ["K5"],
                  cluster_keys=[CLUSTER_KEY.hex(), twin.hex()])
    other = Peer("swarm-3", cluster_keys=[twin.hex()])
    story.receives(Peer().seal(Peer().record()))
    story.receives(other.seal(other.record()))
    story.receives(Peer().seal(other.record(seq=11), counter=2))
    neither = Peer(cluster_keys=[NEXT_KEY.hex()])
    story.receives(neither.seal(Peer().record(), key_id=number), "mac")
    return story


def _with_public_keys(names, name, **changes):
    """Nodes of which these have a key of their own, as `name` is configured."""
    nodes = [{"name": each, "public_key": keys.public_of_seed(OWN_SEEDS[each]).hex()}
             if each in names else {"name": each} for each in NODES]
    own = {"node_key": OWN_SEEDS[name].hex()} if name in names else {}
    return {"nodes": nodes, **own, **changes}


def public_key():
    """Nodes with keys of their own: nobody can speak for another."""
    everybody, two = set(NODES), {"swarm-1", "swarm-3"}
    story = Story("every node has a public key: key id 0", ["K2", "K5"],
                  **_with_public_keys(everybody, "swarm-2"))
    peers = {name: Peer(name, **_with_public_keys(everybody, name)) for name in NODES}
    story.receives(peers["swarm-1"].seal(peers["swarm-1"].record()))
    story.receives(peers["swarm-1"].seal(peers["swarm-3"].record(age_us=77)))
    story.about("key id of a generation does not belong to this pair").receives(
        peers["swarm-1"].seal(peers["swarm-1"].record(seq=11), key_id=keys.key_id(CLUSTER_KEY)),
        "mac")
    story.sends("swarm-1", {}, 1)
    derived = Peer("swarm-3")
    story.about("whoever has the cluster key alone cannot speak for swarm-3").receives(
        peers["swarm-1"].seal(derived.record(seq=12)), "record_signature")
    story.about("nor as swarm-3").receives(derived.seal(derived.record(seq=12)), "mac")
    yield story
    story = Story("one side has a public key: the pair belongs to the generation", ["K4", "K5"],
                  **_with_public_keys(two, "swarm-2"))
    peers = {name: Peer(name, **_with_public_keys(two, name)) for name in NODES}
    story.receives(peers["swarm-1"].seal(peers["swarm-1"].record()))
    story.about("its signature has key id 0 nevertheless").receives(
        peers["swarm-1"].seal(peers["swarm-3"].record()))
    story.about("key id 0 does not belong to this pair").receives(
        peers["swarm-1"].seal(peers["swarm-1"].record(seq=11), key_id=0), "mac")
    story.sends("swarm-1", {}, 1)
    yield story
    yield from refusals()


def refusals():
    """[SPEC K3] [SPEC K4]"""
    identity = (1).to_bytes(32, "little").hex()
    order_eight = "c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac037a"
    not_canonical = (2**255 - 18).to_bytes(32, "little").hex()
    off_curve = (2).to_bytes(32, "little").hex()
    both = keys.public_of_seed(OWN_SEEDS["swarm-1"]).hex()
    own = {"name": "swarm-2"}
    for name, public in (("the identity", identity), ("a point of order 8", order_eight),
                         ("a number above the field's", not_canonical),
                         ("no point of the curve", off_curve),
                         ("a point outside of the main subgroup", _outside_of_main_subgroup())):
        yield refused(f"a public key is refused: {name}", ["K4"],
                      nodes=[{"name": "swarm-1", "public_key": public}, own])
    yield refused("two nodes with one public key are refused", ["K3"],
                  nodes=[{"name": "swarm-1", "public_key": both}, own,
                         {"name": "swarm-3", "public_key": both}])
    yield refused("a node key without a public key is refused", ["K2"],
                  node_key=OWN_SEEDS["swarm-2"].hex())
    yield refused("a public key without a node key is refused", ["K2"],
                  nodes=_with_public_keys({"swarm-2"}, "swarm-2")["nodes"])
    yield refused("a node key that is not that of the public key is refused", ["K2"],
                  **_with_public_keys({"swarm-2"}, "swarm-2",
                                      node_key=OWN_SEEDS["swarm-3"].hex()))


def _outside_of_main_subgroup():
    """A public key of a node plus the point of order 2, (0, -1): (x, y) becomes (-x, -y)."""
    prime = 2**255 - 19
    good = int.from_bytes(keys.public_of_seed(OWN_SEEDS["swarm-1"]), "little")
    sign, y = good >> 255, good & (2**255 - 1)
    return ((prime - y) | ((1 - sign) << 255)).to_bytes(32, "little").hex()
