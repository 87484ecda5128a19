# SPDX-License-Identifier: MIT
"""The hook: called for every change, in order, and nobody's delay but its own."""
import http.server
import json
import os
import threading
import time

import pytest

from lab import answering, paths

RECORDER = """#!/bin/sh
{recipe}
read -r json
echo "$(env | grep ^VIPGOSSIP_ | sort | tr '\\n' ';')$json" >> {directory}/calls
"""


class Hook:
    """A program that writes down how it was called."""

    def __init__(self, node, recipe=""):
        self.program = node.directory / "hook"
        self.calls_file = node.directory / "calls"
        self.program.write_text(RECORDER.format(recipe=recipe, directory=node.directory))
        self.program.chmod(0o755)

    def calls(self):
        """Environment and JSON of each call that is done."""
        if not self.calls_file.exists():
            return []
        found = []
        for line in self.calls_file.read_text().splitlines():
            variables, _, data = line.partition("{")
            found.append((dict(one.split("=", 1) for one in variables.split(";") if one),
                          json.loads("{" + data)))
        return found

    def events(self):
        return [data["event"] for _, data in self.calls()]


def with_hooks(make_cluster, nodes=2, recipe="", **changes):
    cluster = make_cluster(nodes, **changes)
    hooks = {}
    for name, node in cluster.nodes.items():
        hooks[name] = Hook(node, recipe)
        node.write_config({**cluster.config, "hook": [str(hooks[name].program), "argument"]})
    return cluster, hooks


def test_the_hook_is_told_of_holding_and_of_standby(make_cluster):
    cluster, hooks = with_hooks(make_cluster, vip={"web": {"address": ["10.77.0.100",
                                                                      "10.77.0.102"]}})
    cluster.start()
    cluster.settle("n1")
    cluster.wait_until(lambda: hooks["n1"].events() == ["holding"], "n1 was told")
    variables, data = hooks["n1"].calls()[0]
    assert variables == {
        "VIPGOSSIP_EVENT": "holding", "VIPGOSSIP_VIP": "web", "VIPGOSSIP_STATE": "holding",
        "VIPGOSSIP_ADDRESSES": "10.77.0.100 10.77.0.102", "VIPGOSSIP_HOLDER": "n1",
        "VIPGOSSIP_REASON": "nobody held it", "VIPGOSSIP_NODE": "n1", "VIPGOSSIP_CLUSTER": "lab",
        "VIPGOSSIP_CHECK": ""}
    assert data == {
        "event": "holding", "vip": "web", "addresses": ["10.77.0.100/32", "10.77.0.102/32"],
        "state": "holding", "holder": "n1", "reason": "nobody held it", "node": "n1",
        "cluster": "lab", "check": None}
    assert cluster["n1"].stop() == 0
    assert hooks["n1"].events() == ["holding", "standby"]  # before the daemon had ended
    assert hooks["n1"].calls()[1][1]["reason"] == "this node stops in order"
    cluster.wait_until(lambda: hooks["n2"].events() == ["holding"], "n2 was told")


def test_the_hook_is_told_of_faults_and_of_checks(make_cluster):
    cluster = make_cluster(1)
    node = cluster["n1"]
    hook = Hook(node)
    flag = node.directory / "fit"
    flag.touch()
    node.write_config({**cluster.config, "hook": str(hook.program), "check": {"fit": {
        "exec": ["/usr/bin/test", "-e", str(flag)], "interval": "100ms", "fall": 1,
        "timeout": "2s"}}})
    cluster.start()
    cluster.wait_until(lambda: set(hook.events()) == {"health", "holding"}, "two calls")
    flag.unlink()
    cluster.wait_until(lambda: len(hook.calls()) == 3, "a third one")
    variables, data = hook.calls()[2]
    assert (data["event"], data["state"], data["check"]) == ("health", "failed", "fit")
    assert data["reason"] == "the check fails: exit code 1"
    assert data["vip"] is None and variables["VIPGOSSIP_VIP"] == ""
    assert node.stop() == 0
    cluster.net.hosts["n1"].ns.ip("addr add 10.77.0.100/32 dev eth0")
    node.start()
    cluster.wait_until(lambda: "fault" in hook.events(), "the fault is told")


def test_two_holders_are_a_conflict_and_the_survivor_asserts_itself_again(make_cluster):
    cluster, hooks = with_hooks(make_cluster)
    cluster.start()
    cluster.settle("n1")
    cluster.net.isolate("n1")
    cluster.wait_until(lambda: cluster.holders() == {"n1", "n2"}, "both hold")
    cluster.net.heal()
    cluster.wait_holder("n1")
    cluster.wait_until(lambda: hooks["n1"].events()[-1:] == ["reassert"], "n1 was told")
    # Where n2 heard n1 first, it has yielded before it was heard holding.
    assert hooks["n1"].events() in (["holding", "conflict", "reassert"], ["holding", "reassert"])
    assert hooks["n1"].calls()[-1][1]["holder"] == "n1"
    cluster.wait_until(lambda: hooks["n2"].events()[-1] == "standby", "n2 was told")
    lines = cluster["n1"].tool("events", "--json").stdout.splitlines()
    found = [(one["from"], one["to"]) for one in map(json.loads, lines)
             if one["kind"] == "conflict"]
    assert found[-1] == ("n2", None)


def test_a_hook_that_hangs_delays_no_takeover_and_is_killed(make_cluster):
    cluster, hooks = with_hooks(make_cluster, recipe="sleep 1000", hook_timeout="500ms")
    cluster.start()
    cluster.settle("n1")
    cluster["n1"].kill()
    cluster.wait_holder("n2", seconds=5)
    cluster.wait_until(lambda: "not done within hook_timeout, 500 ms; it was killed"
                       in cluster["n2"].log_text(), "the log says so")
    assert hooks["n2"].calls() == []
    begun = time.monotonic()
    assert cluster["n2"].stop() == 0
    assert time.monotonic() - begun < 8


def test_calls_are_made_one_at_a_time_in_order(make_cluster):
    cluster, hooks = with_hooks(make_cluster, nodes=1, recipe="sleep 0.3")
    cluster.start()
    cluster.wait_holder("n1")
    cluster.net.link("n1", up=False)
    cluster.wait_holder(None)
    cluster.net.link("n1", up=True)
    cluster.wait_holder("n1")
    cluster.wait_until(lambda: len(hooks["n1"].events()) >= 3, "all calls are done")
    events = hooks["n1"].events()
    assert events[0] == events[-1] == "holding"
    assert events[1] in ("standby", "fault")


def reload(cluster, *names):
    for name in names:
        done = cluster[name].tool("reload")
        assert done.returncode == 0, done.stderr


def test_a_reload_ends_no_call_and_each_is_told_the_names_of_its_moment(make_cluster):
    """The VIP that comes with the reload stands before the other in the file."""
    cluster, hooks = with_hooks(make_cluster, nodes=1, recipe="sleep 1.5",
                                check={"up": {"exec": ["/bin/sleep", "2"], "interval": "60s",
                                              "timeout": "10s", "rise": 1}})
    node = cluster["n1"]
    cluster.start()
    cluster.wait_holder("n1")  # the first call is for the check, and the second waits
    before = node.pids()
    cluster.config["vip"] = {"another": {"address": ["10.77.0.103", "10.77.0.104"]},
                             **cluster.config["vip"]}
    cluster.config["check"]["up"]["fall"] = 7
    node.write_config({**cluster.config, "hook": [str(hooks["n1"].program), "argument"]})
    reload(cluster, "n1")
    cluster.wait_holder("n1", "10.77.0.104")
    cluster.wait_until(lambda: len(hooks["n1"].calls()) == 3, "three calls")
    told = [(data["event"], data["vip"], variables["VIPGOSSIP_ADDRESSES"], data["check"])
            for variables, data in hooks["n1"].calls()]
    assert told == [("health", None, "", "up"), ("holding", "web", "10.77.0.100", None),
                    ("holding", "another", "10.77.0.103 10.77.0.104", None)]
    assert node.pids()[:4] == before[:4] and "ended" not in node.log_text()


def test_calls_that_run_or_wait_are_finished_in_order_before_those_of_a_new_checker(make_cluster):
    check = {"up": {"exec": ["/bin/true"], "interval": "100ms", "timeout": "2s", "rise": 1,
                    "fall": 1}}
    cluster, hooks = with_hooks(make_cluster, nodes=1, recipe="sleep 1.5", check=check)
    node = cluster["n1"]
    cluster.start()
    cluster.wait_holder("n1")  # the call for the check runs, that for the VIP waits
    cluster.config["check"]["up"]["exec"] = ["/bin/false"]
    node.write_config({**cluster.config, "hook": [str(hooks["n1"].program), "argument"]})
    reload(cluster, "n1")
    cluster.wait_until(lambda: node.status()["checks"][0]["ok"] is False, "the new check has run")
    assert len(hooks["n1"].calls()) < 2  # and did not wait for the hook
    cluster.wait_until(lambda: len(hooks["n1"].calls()) == 3, "three calls")
    assert [(data["event"], data["state"]) for _, data in hooks["n1"].calls()] == [
        ("health", "ok"), ("holding", "holding"), ("health", "failed")]
    assert "killed" not in node.log_text()
    assert node.stop() == 0


def test_a_call_outlives_several_reloads_and_those_behind_it_keep_their_order(make_cluster):
    """Each reload has another checker, and the first call is still running."""
    check = {"up": {"exec": ["/bin/true"], "interval": "100ms", "timeout": "2s", "rise": 1,
                    "fall": 1}}
    cluster, hooks = with_hooks(make_cluster, nodes=1, recipe="sleep 2", check=check)
    node = cluster["n1"]
    cluster.start()
    cluster.wait_holder("n1")
    for turn, program in enumerate(("/bin/false", "/bin/true", "/bin/false")):
        cluster.config["check"]["up"]["exec"] = [program]
        node.write_config({**cluster.config, "hook": [str(hooks["n1"].program), "argument"]})
        reload(cluster, "n1")
        wanted = turn % 2 == 1
        cluster.wait_until(lambda: node.status()["checks"][0]["ok"] is wanted, "it has run")
    assert len(hooks["n1"].calls()) < 2
    cluster.wait_until(lambda: len(hooks["n1"].calls()) == 5, "five calls", seconds=20)
    assert [(data["event"], data["state"]) for _, data in hooks["n1"].calls()] == [
        ("health", "ok"), ("holding", "holding"), ("health", "failed"), ("health", "ok"),
        ("health", "failed")]
    assert "killed" not in node.log_text()
    assert node.stop() == 0


def test_a_reload_is_refused_while_the_hook_is_many_reloads_behind(make_cluster):
    check = {"up": {"exec": ["/bin/true"], "interval": "100ms", "timeout": "2s", "rise": 1}}
    cluster, hooks = with_hooks(make_cluster, nodes=1, hook_timeout="30s", check=check)
    node = cluster["n1"]
    go = node.directory / "go"
    hooks["n1"].program.write_text(f"#!/bin/sh\nwhile [ ! -e {go} ]; do sleep 0.1; done\n")
    cluster.start()
    cluster.wait_holder("n1")
    codes = []
    for turn in range(9):
        cluster.config["check"]["up"]["timeout"] = f"{turn + 3}s"
        node.write_config({**cluster.config, "hook": [str(hooks["n1"].program), "argument"]})
        done = node.tool("reload")
        codes.append(done.returncode)
    assert codes == 8 * [0] + [1]
    assert "reload again when its calls have ended" in done.stderr
    go.touch()
    cluster.wait_until(lambda: node.tool("reload").returncode == 0, "it is taken now")
    assert "killed" not in node.log_text()


@pytest.mark.parametrize("program, said", [
    ("/no/such/hook", "exit code 127: cannot be started: No such file or directory"),
    ("/bin/false", "exit code 1")])
def test_a_hook_that_fails_is_named_in_the_log(make_cluster, program, said):
    cluster = make_cluster(1, hook=program)
    cluster.start()
    cluster.wait_holder("n1")
    cluster.wait_until(lambda: f"hook {program}, holding: {said}" in cluster["n1"].log_text(),
                       "the log says so")
    assert cluster["n1"].stop() == 0


@pytest.fixture
def api(request):
    """Starts what a hook talks to, on port 9100 of a host."""
    opened = []

    def start(cluster, host, answers):
        opened.append(answering.Answering(9100, answers, ns=cluster.net.hosts[host].ns))
        return opened[-1]

    yield start
    for one in opened:
        one.close()


def example(name):
    return str(paths.ROOT / "scripts/hooks" / name)


def test_the_example_posts_each_change_to_a_webhook(make_cluster, api):
    cluster = make_cluster(1, hook=[example("webhook"), "http://127.0.0.1:9100/alerts"])
    receiver = api(cluster, "n1", {"/alerts": (204, {}, b"")})
    cluster.start()
    cluster.wait_holder("n1")
    cluster.wait_until(lambda: receiver.bodies, "it was posted")
    assert json.loads(receiver.bodies[0])["event"] == "holding"
    assert receiver.asked[0][1]["Content-Type"] == "application/json"


def test_the_example_has_a_cloud_api_move_the_address(make_cluster, api):
    cluster = make_cluster(1)
    node = cluster["n1"]
    token = node.directory / "token"
    token.write_text("secret\n")
    os.chmod(token, 0o600)
    node.write_config({**cluster.config, "hook_timeout": "30s", "hook": [
        example("move-address"), "http://127.0.0.1:9100/v1", str(token)]})
    cloud = api(cluster, "n1", {"/v1/addresses/10.77.0.100": (503, {}, b"")})
    cluster.start()
    cluster.wait_until(lambda: cloud.asked, "the API was asked")
    cloud.answers["/v1/addresses/10.77.0.100"] = (200, {}, b"{}")  # and has got over it
    cluster.wait_until(lambda: "10.77.0.100 is at n1" in node.log_text(), "it was moved")
    path, headers = cloud.asked[-1]
    assert path == "/v1/addresses/10.77.0.100"
    assert headers["Authorization"] == "Bearer secret"
    assert json.loads(cloud.bodies[-1]) == {"node": "n1"}


class Cloud:
    """An API that says where an address is, changed by PUT with If-Match. One for all hosts, at
    port 9100 of each. What `hold` names is answered only when `go` is set."""

    def __init__(self, cluster, path):
        self.path, self.node, self.version = path, None, 1
        self.broken, self.hold, self.came, self.puts = set(), set(), [], []
        self.go = threading.Event()
        self.lock = threading.Lock()
        cloud = self

        class Handler(http.server.BaseHTTPRequestHandler):
            def do_GET(self):
                known = self.path == cloud.path
                self.reply(200 if known else 404)

            def do_PUT(self):
                length = int(self.headers["Content-Length"])
                self.reply(cloud.put(json.loads(self.rfile.read(length))["node"],
                                     self.headers["If-Match"]))

            def reply(self, status):
                self.send_response(status)
                self.send_header("ETag", f'"{cloud.version}"')
                self.send_header("Content-Length", "0")
                self.end_headers()

            def log_message(self, *arguments):
                pass

        self.servers = []
        for host in cluster.nodes:
            with cluster.net.hosts[host].ns.inside():
                self.servers.append(answering.Server(("127.0.0.1", 9100), Handler))
            threading.Thread(target=self.servers[-1].serve_forever, args=(0.05,),
                             daemon=True).start()

    def put(self, node, tag):
        self.came.append(node)
        if node in self.hold:
            self.go.wait(30)
        with self.lock:
            status = (503 if node in self.broken else
                      412 if tag != f'"{self.version}"' else 200)
            if status == 200:
                self.node, self.version = node, self.version + 1
            self.puts.append((node, status))
            return status

    def close(self):
        self.go.set()
        for server in self.servers:
            server.shutdown()
            server.server_close()


@pytest.mark.parametrize("late", ["retry", "request"])
def test_the_example_does_not_move_an_address_back_that_went_on_meanwhile(make_cluster, late):
    """n1 holds first, and its word comes to the API after that of n2."""
    cluster = make_cluster(2)
    for name, node in cluster.nodes.items():
        (node.directory / "token").write_text("secret\n")
        hook = node.directory / "hook"
        hook.write_text(f'#!/bin/sh\nPATH={paths.TOOL.parent}:$PATH exec {example("move-address")} '
                        f'http://127.0.0.1:9100/v1 {node.directory}/token {node.socket}\n')
        hook.chmod(0o755)
        node.write_config({**cluster.config, "hook_timeout": "30s", "hook": str(hook)})
    cloud = Cloud(cluster, "/v1/addresses/10.77.0.100")
    try:
        (cloud.broken if late == "retry" else cloud.hold).add("n1")
        cluster.start("n1")
        cluster.wait_holder("n1")
        cluster.start("n2")
        cluster.wait_alive("n1", "n2")
        cluster.wait_until(lambda: "n1" in cloud.came, "n1 has asked for it")
        assert cluster["n1"].tool("drain", "--wait", "5s").returncode == 0
        cluster.wait_until(lambda: cloud.node == "n2", "n2 has moved it")
        cloud.broken.clear()
        cloud.go.set()
        cluster.wait_until(lambda: "10.77.0.100 is not n1's any more" in cluster["n1"].log_text(),
                           "n1 has given up")
        cluster.wait_until(lambda: ("n1", 503 if late == "retry" else 412) in cloud.puts,
                           "and its word has come")
        assert cloud.node == "n2" and ("n1", 200) not in cloud.puts
        cluster["n1"].tool("undrain")  # and it moves back when the VIP does
        cluster.wait_until(lambda: cloud.node == "n1", "n1 has moved it")
    finally:
        cloud.close()
