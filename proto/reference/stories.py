# SPDX-License-Identifier: MIT
"""The cluster that the golden vectors speak of, and how one of them is told.

Whoever tells a vector says beforehand what must come of each datagram; the reference only fills in
the decoded form. So a mistake in the reference does not become a golden number unseen.
"""
import datagram
import items
import keys
import notation
import record as records
from judge import Judge, make_keyring

CLUSTER = "swarm"
CLUSTER_KEY = bytes(range(32))
NEXT_KEY = bytes(range(32, 64))
NODES = ("swarm-1", "swarm-2", "swarm-3")
MANY_NODES = tuple(f"swarm-{digit}" for digit in "123456789abcdef")
INCARNATIONS = {name: int(name[-1] * 16, 16) for name in MANY_NODES}
LATER = 0xABCDEF0123456789  # an incarnation that nobody knows yet
VIP = keys.name_id("ingress")


def node(name="swarm-2", **changes):
    """Configuration of a node; a changed one for the vectors about keys."""
    return {"cluster": CLUSTER, "self": name, "cluster_keys": [CLUSTER_KEY.hex()],
            "nodes": [{"name": each} for each in NODES],
            "record": notation.write(own_record(name)), **changes}


def vip(**changes):
    return {"vip": VIP, "addresses": 0xA0B0C0D0, "state": 2, "ready": 2, "mode": 0, "unhealthy": 0,
            "drained": 0, "priority": 100, "lease_ms": 800, "elects": keys.name_id("swarm-1"),
            "released_to": 0, **changes}


def own_record(name, **changes):
    return {"node": keys.name_id(name), "incarnation": INCARNATIONS[name], "seq": 10,
            "interval_ms": 200, "next_ms": 2000, "config": 0x01020304, "flags": 1,
            "unheard": [], "vips": [], **changes}


def largest_record(name):
    """[SPEC F6] All numbers as large as they may be, but for who speaks."""
    vips = [vip(vip=2**32 - 1 - at, addresses=2**32 - 1, state=4, ready=2, mode=1,
                unhealthy=1, drained=1, priority=255, lease_ms=60_000, elects=2**32 - 1,
                released_to=2**32 - 1) for at in range(32)]
    unheard = [{"node": 2**32 - 1 - at, "relays": [2**32 - 1, 2**32 - 2]} for at in range(16)]
    swarm = {"availability": 3, "word": 1, "index": 2**32 - 1, "exceptions": [2**64 - 1]}
    return own_record(name, seq=2**64 - 1, interval_ms=10_000, next_ms=100_000,
                      config=2**32 - 1, flags=31, unheard=unheard, vips=vips, swarm=swarm)


class Peer:
    """A node that sends what it likes: also what no node may send."""

    def __init__(self, name="swarm-1", **changes):
        self.name = name
        self.keyring = make_keyring(node(name, **changes))
        self._counter = 0

    def signed(self, data, age_us=0):
        """Item of a record with these bytes, signed by this node."""
        return items.record_item(age_us, *self.keyring.sign(keys.PURPOSE_RECORD, data), data)

    def record(self, age_us=0, **changes):
        return self.signed(records.encode(own_record(self.name, **changes)), age_us)

    def echo(self, asker, challenge, **changes):
        """An echo of this node as a dict, signed."""
        echo = {"node": keys.name_id(self.name), "incarnation": INCARNATIONS[self.name],
                "seq": 10, "asker": keys.name_id(asker), "challenge": challenge, **changes}
        number, signature = self.keyring.sign(keys.PURPOSE_ECHO, items.echo_bytes(echo))
        return {**echo, "key_id": number, "signature": signature}

    def seal(self, *body, to="swarm-2", **header):
        """The next datagram, of these items."""
        self._counter += 1
        header = {"incarnation": INCARNATIONS[self.name], "counter": self._counter, **header}
        return datagram.seal(self.keyring, to, header, b"".join(body))


class Story:
    """One vector in the making."""

    def __init__(self, name, rules, **changes):
        self.vector = {"name": name, "rules": rules, "node": node(**changes), "steps": []}
        self._judge = Judge(self.vector["node"])
        self._about = None
        names = [each["name"] for each in self.vector["node"]["nodes"]]
        self.knows({each: {"incarnation": INCARNATIONS[each]} for each in names
                    if each != self.vector["node"]["self"]})

    def knows(self, facts):
        """From now on the node knows this."""
        step = {"knows": notation.write(facts)}
        self._judge.step(step)
        self.vector["steps"].append(step)
        return self

    def forgets(self, *names):
        """Nothing of these nodes is confirmed."""
        return self.knows({name: {"incarnation": 0} for name in names})

    def about(self, text):
        """Says why the next step is there."""
        self._about = text
        return self

    def _add(self, step):
        if self._about is not None:
            step = {"about": self._about, **step}
            self._about = None
        found = self._judge.step(step)
        self.vector["steps"].append({**step, **found})
        return found

    def receives(self, data, *labels):
        """`labels`: what is counted, in the order of the items."""
        found = self._add({"receive": data.hex()})
        counts = {label: labels.count(label) for label in labels}
        whole = not labels or labels[0].startswith(("echo_", "record_"))
        right = found["counts"] == counts and (found["message"] is not None) == whole
        if not right:
            raise AssertionError(f"{self.vector['name']}: {labels} meant, {found['counts']} found")
        return found["message"]

    def receives_ended(self, data):
        """Counted as dead, and what it asks about itself is handed on all the same."""
        found = self._add({"receive": data.hex()})
        if found["counts"] != {"dead_incarnation": 1} or not found["message"]["ended"]:
            raise AssertionError(f"{self.vector['name']}: {found}")
        return found["message"]

    def sends(self, to, message, count):
        """Returns the datagrams."""
        found = self._add({"to": to, "send": message})
        if len(found["datagrams"]) != count:
            raise AssertionError(f"{self.vector['name']}: {len(found['datagrams'])} datagrams")
        return [bytes.fromhex(data) for data in found["datagrams"]]

    def leaves_will(self, to, record):
        """The datagram of its last will to that node."""
        found = self._add({"to": to, "will": notation.write(record)})
        return bytes.fromhex(found["datagrams"][0])


def refused(name, rules, **changes):
    """A vector about a configuration that no node may start with."""
    try:
        make_keyring(node(**changes))
    except keys.Refused:
        return {"name": name, "rules": rules, "node": node(**changes), "refused": True,
                "steps": []}
    raise AssertionError(f"{name}: not refused")
