# SPDX-License-Identifier: MIT
"""Keys, MACs and signatures: SPEC.md, K1 to K7."""
import hashlib
import hmac

from nacl import bindings
from nacl.exceptions import BadSignatureError, CryptoError

KEY_ID_OWN = 0
PURPOSE_RECORD = b"vipgossip-1 record"
PURPOSE_ECHO = b"vipgossip-1 echo"


class Refused(ValueError):
    """A configuration of keys that no node may start with."""


def blake2b(message, key=b"", size=32):
    return hashlib.blake2b(message, digest_size=size, key=key).digest()


def name_id(name):
    """[SPEC K1]"""
    return int.from_bytes(blake2b(name.encode("ascii"))[:4], "big") or 1


def key_id(cluster_key):
    """[SPEC K5]"""
    return blake2b(b"vipgossip-1 key id", cluster_key)[0] or 1


def node_seed(cluster_key, cluster, node):
    """[SPEC K2]"""
    message = b"vipgossip-1 node seed"
    for name in (cluster.encode("ascii"), node.encode("ascii")):
        message += len(name).to_bytes(2, "big") + name
    return blake2b(message, cluster_key)


def public_of_seed(seed):
    """[SPEC K3]"""
    return bindings.crypto_sign_seed_keypair(seed)[0]


def pair_key(seed, public):
    """[SPEC K4] of the own seed and the other's public key."""
    own, secret = bindings.crypto_sign_seed_keypair(seed)
    try:
        if not bindings.crypto_core_ed25519_is_valid_point(public):
            raise Refused("not a point of the main subgroup")
        shared = bindings.crypto_scalarmult(
            bindings.crypto_sign_ed25519_sk_to_curve25519(secret),
            bindings.crypto_sign_ed25519_pk_to_curve25519(public))
    except (CryptoError, RuntimeError) as error:
        raise Refused(str(error)) from error
    low, high = sorted((own, public))
    return blake2b(b"vipgossip-1 pair" + low + high, shared)


def mac(key, header, items):
    """[SPEC K7]"""
    return blake2b(header + items, key, 16)


def signed_bytes(purpose, cluster_id, message):
    """[SPEC K6]"""
    return purpose + cluster_id.to_bytes(4, "big") + message


class Keyring:
    """Every key that one node has: of itself and, per pair, of every other.

    `nodes` maps each canonical name to its configured public key or None; `cluster_keys` has one
    or two; `node_key` is the seed of this node if it has a public key configured.
    """

    def __init__(self, cluster, nodes, self_name, cluster_keys, node_key=None):
        self.cluster_id = name_id(cluster)
        self.self_name = self_name
        self.ids = {name: name_id(name) for name in nodes}
        self.names = {number: name for name, number in self.ids.items()}
        if len(self.names) != len(nodes):
            raise Refused("two names have one id")
        if (node_key is None) != (nodes[self_name] is None):
            raise Refused("a node key and a configured public key go together")
        if node_key is not None and public_of_seed(node_key) != nodes[self_name]:
            raise Refused("the node key is not that of the configured public key")
        self._nodes = nodes
        # Per generation: (key id, own seed, public keys).
        self._generations = []
        for key in cluster_keys:
            public = {name: configured or public_of_seed(node_seed(key, cluster, name))
                      for name, configured in nodes.items()}
            if len(set(public.values())) != len(nodes):
                raise Refused("two nodes have one public key")
            seed = node_key or node_seed(key, cluster, self_name)
            self._generations.append((key_id(key), seed, public))
        self._pairs = {name: self._pair_keys(name) for name in nodes if name != self_name}

    def _pair_keys(self, name):
        """The (key id, key) that are accepted between this node and `name`; the first is used."""
        keys = [(generation, pair_key(seed, public[name]))
                for generation, seed, public in self._generations]
        if self._nodes[name] is not None and self._nodes[self.self_name] is not None:
            return [(KEY_ID_OWN, keys[0][1])]
        return keys

    def _public_keys(self, name):
        if self._nodes[name] is not None:
            return [(KEY_ID_OWN, self._nodes[name])]
        return [(generation, public[name]) for generation, _, public in self._generations]

    def mac_key(self, name):
        """(key id, key) that is used towards `name`."""
        return self._pairs[name][0]

    def mac_is_good(self, name, number, header, items, value):
        return any(generation == number and hmac.compare_digest(mac(key, header, items), value)
                   for generation, key in self._pairs[name])

    def sign(self, purpose, message):
        """(key id, signature), as this node with the key in use."""
        generation, seed, _ = self._generations[0]
        if self._nodes[self.self_name] is not None:
            generation = KEY_ID_OWN
        _, secret = bindings.crypto_sign_seed_keypair(seed)
        text = signed_bytes(purpose, self.cluster_id, message)
        return generation, bindings.crypto_sign(text, secret)[:64]

    def verify(self, name, purpose, message, number, signature):
        text = signed_bytes(purpose, self.cluster_id, message)
        for generation, public in self._public_keys(name):
            if generation != number:
                continue
            try:
                bindings.crypto_sign_open(signature + text, public)
                return True
            except BadSignatureError:
                pass
        return False
