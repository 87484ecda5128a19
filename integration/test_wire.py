# SPDX-License-Identifier: MIT
"""What real daemons send, as others read it: the reference of proto/ and Wireshark's tshark."""
import base64
import shutil
import subprocess
import sys

import pytest

from lab import paths, wire

sys.path.insert(0, str(paths.ROOT / "proto" / "reference"))
import keys  # noqa: E402
import pcap  # noqa: E402
import record as records  # noqa: E402
from packing import pack  # noqa: E402
from receiver import Knowledge, Receiver  # noqa: E402

NAMES = ("n1", "n2", "n3")
HOLDING = records.STATES.index("holding")


def listen(cluster, count=60):
    """Datagrams to n2 while n3 reaches it through n1 alone, as (source, target, bytes)."""
    cluster.net.cut("n2", "n3")
    cluster.wait_until(lambda: cluster["n2"].sees("n3")["path"] == "relayed via n1",
                       "n2 hears of n3 through n1")
    captured = wire.capture(cluster.net, "n2", count)
    return [each for each in captured if each[1] == cluster.net.hosts["n2"].v4]


def reference_of(cluster, name):
    """The reference in the place of that node; it has confirmed n1, whatever its incarnation."""
    cluster_key = base64.b64decode(cluster.key)
    ring = keys.Keyring("lab", dict.fromkeys(NAMES), name, [cluster_key])
    return Receiver(ring, Knowledge(NAMES))


def test_reference_verifies_and_decodes_what_daemons_send(three):
    reader = reference_of(three, "n2")
    said = []
    for _, _, data in listen(three):
        reader.knowledge.incarnation["n1"] = int.from_bytes(data[16:24], "big")
        said += reader.receive(data)["records"]
    assert not reader.drops and not reader.mac_failures
    holders = {item["record"]["node"] for item in said for vip in item["record"]["vips"]
               if vip["vip"] == keys.name_id("web") and vip["state"] == HOLDING}
    assert holders == {keys.name_id("n1")}
    assert keys.name_id("n3") in {item["record"]["node"] for item in said}
    for item in said:
        assert pack(records.elements(item["record"])) == item["bytes"]


def test_wireshark_shows_who_holds(three, tmp_path):
    if shutil.which("tshark") is None:
        pytest.skip("tshark is not installed")
    capture = tmp_path / "capture.pcap"
    capture.write_bytes(pcap.capture(listen(three)))
    text = subprocess.run(
        ["tshark", "-n", "-X", f"lua_script:{paths.ROOT}/proto/vipgossip.lua", "-r", capture],
        capture_output=True, text=True, timeout=60, check=True).stdout
    n1, n2, n3 = (f"{keys.name_id(name):08x}" for name in NAMES)
    lines = [line for line in text.splitlines() if f"{n1} > {n2} #" in line]
    assert any(f"record of {n1}, seq " in line and ", holding 1" in line for line in lines)
    assert any(f"record of {n3}, seq " in line and ", standby 1" in line for line in lines)
    assert "alformed" not in text
