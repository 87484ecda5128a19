# SPDX-License-Identifier: MIT
"""scripts/demo, behind its packages and its build: the story of one address, told as it happens."""
import os
import pathlib
import signal
import sys
import time

from lab import cluster as lab_cluster
from lab import config, netns
from lab.cluster import VIP

NS_PER_MS = 1e6
STARTED = time.monotonic()


def step(text):
    print(f"\n== {time.monotonic() - STARTED:4.1f} s  {text}", flush=True)


def say(text):
    print("   " + text.replace("\n", "\n   "), flush=True)


def show_file(cluster):
    step("One file, the same on every node, and one key (vipgossip keygen)")
    say(config.text(cluster.config).rstrip())


def show_status(node, why):
    step(why)
    done = node.tool("status")
    say("$ vipgossip status")
    say((done.stdout + done.stderr).rstrip())
    say(f"$ echo $?\n{done.returncode}")


def taken_after_ms(cluster, name, since_ns):
    start = next(start for start, _ in cluster.watch.intervals(VIP)[name] if start > since_ns)
    return (start - since_ns) / NS_PER_MS


def show_loss(report, since_ns):
    lost = report.lost_in(since_ns)
    say(f"A client that sends one datagram per millisecond lost {lost} of {report.sent}; its "
        f"longest outage lasted {report.outage_ms_in(since_ns):.0f} ms. Answered by: "
        + ", then ".join(report.answered_by()) + ".")


def power_cut(cluster):
    one = cluster.client()
    time.sleep(0.5)  # the client is to know the holder well
    step("Power cut on n1: both of its processes get kill -9, and its switch port goes silent")
    since_ns = time.monotonic_ns()
    cluster.net.isolate("n1")
    cluster["n1"].kill()
    cluster.wait_until(lambda: "n2" in cluster.holders(), "n2 holds")
    say(f"n2 has {VIP} in its kernel {taken_after_ms(cluster, 'n2', since_ns):.0f} ms later. "
        "Nobody told it: it asked, n3 asked too, and n1 did not answer.")
    time.sleep(0.7)  # the client is to notice
    show_loss(one.stop(), since_ns)
    step("The kernel of n1 removes the address by itself: nothing is left to do it")
    cluster.wait_holder("n2")
    say(f"{VIP} is gone from n1 after {(time.monotonic_ns() - since_ns) / 1e9:.1f} s.")
    cluster.wait_alive("n2", "n1", state="dead")


def come_back(cluster):
    one = cluster.client()
    time.sleep(0.3)  # the client is to know the holder well
    step("n1 is back, and takes the address back because its priority is higher")
    since_ns = time.monotonic_ns()
    cluster.net.heal()
    cluster.start("n1")
    cluster.settle("n1")
    say(f"n1 has it {taken_after_ms(cluster, 'n1', since_ns):.0f} ms after its start; two holders "
        f"at once: {cluster.dual_ms(since_ns=since_ns):.1f} ms.")
    time.sleep(0.3)  # the client is to notice
    show_loss(one.stop(), since_ns)


def ordered_stop(cluster):
    one = cluster.client()
    time.sleep(0.3)  # the client is to know the holder well
    step("Ordered stop of n1 (SIGTERM, as systemctl stop)")
    since_ns = time.monotonic_ns()
    code = cluster["n1"].stop()
    cluster.wait_holder("n2")
    say(f"vipgossipd on n1 exits {code}; n2 has the address "
        f"{taken_after_ms(cluster, 'n2', since_ns):.1f} ms after the signal.")
    time.sleep(0.3)  # the client is to notice
    show_loss(one.stop(), since_ns)
    step("Ordered stop of the others")
    for name in ("n3", "n2"):
        say(f"vipgossipd on {name} exits {cluster[name].stop()}")
    cluster.wait_holder(None)
    say(f"{VIP} is on no host.")


def story(cluster):
    show_file(cluster)
    step("Three daemons start")
    since_ns = time.monotonic_ns()
    cluster.start()
    cluster.settle("n1")
    say(f"n1 has {VIP} {taken_after_ms(cluster, 'n1', since_ns):.0f} ms after the start, and all "
        "three agree that it does.")
    show_status(cluster["n3"], "Any node can be asked; here is n3")
    power_cut(cluster)
    show_status(cluster["n3"], "What n3 says now")
    come_back(cluster)
    step("Why all that happened, as n3 saw it")
    say("$ vipgossip events\n" + cluster["n3"].tool("events").stdout.rstrip())
    ordered_stop(cluster)


def left_behind(prefix, directory):
    """What should not be there any more."""
    names = [path.name for path in netns.RUN.iterdir() if path.name.startswith(prefix)]
    return names + ([str(directory)] if pathlib.Path(directory).exists() else [])


def interrupt(_number, _frame):
    raise KeyboardInterrupt


def main():
    signal.signal(signal.SIGTERM, interrupt)
    signal.signal(signal.SIGHUP, interrupt)
    netns.sweep()
    cluster = None
    code = 0
    try:
        step("Three hosts (n1, n2, n3) and a client, as network namespaces on one bridge")
        cluster = lab_cluster.Cluster(3, services=True)
        say(f"n1 10.77.0.1   n2 10.77.0.2   n3 10.77.0.3   client 10.77.0.200   the VIP {VIP}")
        story(cluster)
    except KeyboardInterrupt:
        print("\ndemo: interrupted; cleaning up", flush=True)
        code = 130
    except AssertionError as error:
        print(f"\ndemo: {error}", flush=True)
        code = 1
    finally:
        for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
            signal.signal(number, signal.SIG_IGN)
        if cluster is not None:
            cluster.close()
    rest = left_behind(f"vg-{os.getpid()}-", cluster.directory if cluster else "/nonexistent")
    step("Left behind on this machine: " + (", ".join(rest) or "nothing"))
    return code or (1 if rest else 0)


if __name__ == "__main__":
    sys.exit(main())
