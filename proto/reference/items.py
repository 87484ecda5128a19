# SPDX-License-Identifier: MIT
"""Items: SPEC.md, I1 to I8. What a datagram carries is a dict of lists and numbers, see empty()."""
import record as records
from packing import U64_MAX, Malformed, Reader, pack
from record import ELEMENTS_MAX, ID_MAX

RECORD, QUESTION, ANSWER, ASK, ECHO, GRANT = range(6)
RECORD_BYTES_MAX = 1214
ABOUT_MAX = 8
AGE_US_MAX = 2**32 - 1
SIGNATURE_BYTES = 64
VERDICTS = ("granted", "promised", "deferred", "abstained", "refused")
REST_MS_MAX = 60_000
VOTES_MAX = 32
VOTE = (("vip", 1, ID_MAX), ("verdict", 0, len(VERDICTS) - 1), ("holder", 0, ID_MAX),
        ("rest_ms", 0, REST_MS_MAX))
# Type -> (elements with the type, how many in a datagram).
KINDS = {RECORD: (5, 12), QUESTION: (3, 1), ANSWER: (2, 1), ASK: (4, 4), ECHO: (8, 4),
         GRANT: (5, 1)}


def empty():
    """No item at all. Lists of dicts, but for answer (0: none), question (None), and grant,
    which is there only if there is one."""
    return {"records": [], "question": None, "answer": 0, "asks": [], "echoes": []}


def _record(reader, ret):
    item = {"age_us": reader.integer(0, AGE_US_MAX), "key_id": reader.integer(0, 255),
            "signature": reader.string(SIGNATURE_BYTES, SIGNATURE_BYTES),
            "bytes": reader.string(1, RECORD_BYTES_MAX)}
    item["record"] = records.decode(item["bytes"])
    ret["records"].append(item)


def _question(reader, ret):
    number = reader.integer(1)
    about = [reader.integer(1, ID_MAX) for _ in range(reader.array(0, ABOUT_MAX))]
    ret["question"] = {"id": number, "about": about}


def _answer(reader, ret):
    ret["answer"] = reader.integer(1)


def _ask(reader, ret):
    ret["asks"].append({"target": reader.integer(1, ID_MAX), "asker": reader.integer(1, ID_MAX),
                        "challenge": reader.integer()})


def _echo(reader, ret):
    ret["echoes"].append({
        "node": reader.integer(1, ID_MAX), "incarnation": reader.integer(1),
        "seq": reader.integer(1), "asker": reader.integer(1, ID_MAX),
        "challenge": reader.integer(), "key_id": reader.integer(0, 255),
        "signature": reader.string(SIGNATURE_BYTES, SIGNATURE_BYTES)})


def _vote(reader):
    count = reader.array(len(VOTE), ELEMENTS_MAX)
    vote = {key: reader.integer(least, most) for key, least, most in VOTE}
    reader.skip(count - len(VOTE))
    return vote


def _grant(reader, ret):
    grant = {"incarnation": reader.integer(1), "seq": reader.integer(1),
             "voters": reader.integer(0, ID_MAX)}
    grant["votes"] = [_vote(reader) for _ in range(reader.array(1, VOTES_MAX))]
    if len({vote["vip"] for vote in grant["votes"]}) < len(grant["votes"]):
        raise Malformed("two votes on a VIP")
    ret["grant"] = grant


_DECODERS = {RECORD: _record, QUESTION: _question, ANSWER: _answer, ASK: _ask, ECHO: _echo,
             GRANT: _grant}


def decode(data):
    """[SPEC I1]. Raises Malformed."""
    reader = Reader(data)
    ret = empty()
    seen = dict.fromkeys(KINDS, 0)
    if reader.at_end():
        raise Malformed("no item")
    while not reader.at_end():
        count = reader.array(1, ELEMENTS_MAX)
        kind = reader.integer()
        if kind not in KINDS:
            reader.skip(count - 1)
            continue
        listed, most = KINDS[kind]
        seen[kind] += 1
        if count < listed or seen[kind] > most:
            raise Malformed(f"{count} elements in item {seen[kind]} of type {kind}")
        _DECODERS[kind](reader, ret)
        reader.skip(count - listed)
    return ret


def record_item(age_us, key_id, signature, data):
    return pack([RECORD, age_us, key_id, signature, data])


def question_item(question):
    return pack([QUESTION, question["id"], question["about"]])


def answer_item(number):
    return pack([ANSWER, number])


def ask_item(ask):
    return pack([ASK, ask["target"], ask["asker"], ask["challenge"]])


def echo_item(echo):
    return pack([ECHO, echo["node"], echo["incarnation"], echo["seq"], echo["asker"],
                 echo["challenge"], echo["key_id"], echo["signature"]])


def grant_item(grant):
    votes = [[vote[key] for key, _, _ in VOTE] for vote in grant["votes"]]
    return pack([GRANT, grant["incarnation"], grant["seq"], grant["voters"], votes])


def echo_bytes(echo):
    """What the signature of an echo covers [SPEC I6]."""
    return b"".join(echo[key].to_bytes(width, "big") for key, width in (
        ("node", 4), ("incarnation", 8), ("seq", 8), ("asker", 4), ("challenge", 8)))
