# SPDX-License-Identifier: MIT
"""What each kind of check finds: docker, http, process, interface, gateway."""
import os
import ssl
import subprocess

import pytest

from lab import answering, paths

FAST = {"interval": "100ms", "timeout": "400ms", "rise": 1, "fall": 1}


def check_of(node):
    status = node.status()
    return status["checks"][0] if status else {"ok": None, "detail": None}


def wait_check(cluster, name, ok, seconds=10):
    """Until the node's first check is ok, or not; what it says."""
    def seen():
        one = check_of(cluster[name])
        return one if one["ok"] is ok else None
    return cluster.wait_until(seen, f"the check of {name} is {'ok' if ok else 'failed'}",
                              seconds)["detail"]


def wait_detail(cluster, name, detail):
    """Until it says so: what was under way when something happened may end otherwise."""
    cluster.wait_until(lambda: check_of(cluster[name])["detail"] == detail, detail)


@pytest.fixture
def serve(request):
    """Starts servers that end with the test."""
    opened = []

    def start(kind, *arguments, **options):
        opened.append(kind(*arguments, **options))
        return opened[-1]

    yield start
    for one in opened:
        one.close()


def dockers(make_cluster, nodes=2, **check):
    """A cluster whose nodes look at a socket of their own each."""
    cluster = make_cluster(nodes)
    for node in cluster.nodes.values():
        node.write_config({**cluster.config, "check": {
            "docker": {**FAST, "docker": str(node.directory / "docker.sock"), **check}}})
    return cluster


@pytest.mark.parametrize("api", ["1.41", "1.43"])
def test_docker_is_up_and_its_swarm_active(make_cluster, serve, api):
    cluster = dockers(make_cluster)
    for name, role in (("n1", "manager"), ("n2", "worker")):
        serve(answering.Answering, cluster[name].directory / "docker.sock",
              answering.docker(role=role, api=api))
    cluster.start()
    cluster.settle("n1")
    assert wait_check(cluster, "n1", True) == "swarm active, manager"
    assert wait_check(cluster, "n2", True) == "swarm active, worker"


def test_newer_dockers_are_asked_for_the_cheap_answer_only(make_cluster, serve):
    cluster = dockers(make_cluster, nodes=1)
    server = serve(answering.Answering, cluster["n1"].directory / "docker.sock",
                   answering.docker())
    cluster.start()
    cluster.wait_until(lambda: len(server.asked) > 6, "it was asked several times")
    assert [path for path, _ in server.asked].count("/info") == 1


def test_a_docker_that_is_down_or_hangs_moves_the_vip(make_cluster, serve):
    cluster = dockers(make_cluster)
    sockets = {name: node.directory / "docker.sock" for name, node in cluster.nodes.items()}
    first = answering.Answering(sockets["n1"], answering.docker())
    serve(answering.Answering, sockets["n2"], answering.docker())
    cluster.start()
    cluster.settle("n1")
    first.close()
    cluster.wait_holder("n2")
    wait_detail(cluster, "n1", "the Docker engine is down: its socket takes no connection")
    second = serve(answering.Answering, sockets["n1"], answering.docker())
    cluster.wait_holder("n1")
    second.server.shutdown()  # it listens on, and nobody takes the connection
    cluster.wait_holder("n2")
    wait_detail(cluster, "n1", "the Docker engine does not answer within 400 ms: it hangs")
    serve(answering.Hung, sockets["n1"])
    cluster.quiet(0.5, lambda: check_of(cluster["n1"])["ok"] is False)


@pytest.mark.parametrize("state, sentence", [
    ("inactive", "this node is in no swarm: docker swarm join"),
    ("locked", "the swarm is locked after a restart: docker swarm unlock"),
    ("pending", "this node waits to be taken into its swarm"),
    ("error", "this node cannot take part in its swarm: docker info says why"),
    ("odd", 'the swarm\'s state is "odd"')])
@pytest.mark.parametrize("api", ["1.41", "1.43"])
def test_a_docker_whose_swarm_is_not_active_fails_with_the_remedy(make_cluster, serve, api, state,
                                                                  sentence):
    cluster = dockers(make_cluster, nodes=1)
    serve(answering.Answering, cluster["n1"].directory / "docker.sock",
          answering.docker(state=state, api=api))
    cluster.start()
    assert wait_check(cluster, "n1", False) == sentence
    assert sentence in cluster["n1"].tool("status").stdout


def test_a_manager_without_quorum_is_not_unhealthy(make_cluster, serve):
    cluster = dockers(make_cluster, nodes=1)
    error = "The swarm does not have a leader."
    serve(answering.Answering, cluster["n1"].directory / "docker.sock",
          answering.docker(role="manager", api="1.41", error=error))
    cluster.start()
    assert wait_check(cluster, "n1", True) == f"swarm active, {error}"


def test_something_else_behind_the_docker_socket_fails(make_cluster, serve):
    cluster = dockers(make_cluster, nodes=1)
    server = serve(answering.Answering, cluster["n1"].directory / "docker.sock",
                   {"/_ping": (200, {}, b"OK"), "/info": (200, {}, b"[1, {")})
    cluster.start()
    assert wait_check(cluster, "n1", False) == "/info is not what Docker answers"
    server.answers["/_ping"] = (500, {}, b"")
    cluster.wait_until(lambda: check_of(cluster["n1"])["detail"] == "/_ping: status 500", "it says")


def test_a_swarm_that_knows_the_node_by_a_vip_is_warned_of(make_cluster, serve):
    cluster = dockers(make_cluster, nodes=1)
    serve(answering.Answering, cluster["n1"].directory / "docker.sock",
          answering.docker(address="10.77.0.100"))
    cluster.start()
    wait_check(cluster, "n1", True)
    cluster.wait_until(lambda: "the swarm knows this node by the virtual address 10.77.0.100"
                       in cluster["n1"].log_text(), "the log warns")


def test_docker_by_the_environment(make_cluster, serve):
    cluster = make_cluster(1)
    node = cluster["n1"]
    path = node.directory / "docker.sock"
    serve(answering.Answering, path, answering.docker(state="inactive"))
    node.command = lambda: [str(paths.DAEMON)]
    node.start(env={"VIPGOSSIP_PEERS": cluster.net.hosts["n1"].v4,
                    "VIPGOSSIP_VIRTUAL_IPS": "10.77.0.100", "VIPGOSSIP_KEY": cluster.key.strip(),
                    "VIPGOSSIP_DOCKER": str(path)})
    cluster.wait_until(lambda: "this node is in no swarm" in node.log_text(), "the check has run")
    assert node.stop() == 0


def web(make_cluster, serve, answers, **check):
    """One node with a server on port 8080 that its check asks."""
    cluster = make_cluster(1, check={"web": {**FAST, "http": "http://127.0.0.1:8080/health",
                                             **check}})
    server = serve(answering.Answering, 8080, answers, ns=cluster.net.hosts["n1"].ns)
    cluster.start()
    return cluster, server


def test_http_status_is_judged(make_cluster, serve):
    cluster, server = web(make_cluster, serve, {"/health": (302, {"Location": "/x"}, b"")})
    assert wait_check(cluster, "n1", True) == "status 302"
    server.answers["/health"] = (503, {}, b"")
    assert wait_check(cluster, "n1", False) == "status 503, wanted is 200 to 399"
    assert {path for path, _ in server.asked} == {"/health"}  # no redirect was followed


def test_http_text_and_headers(make_cluster, serve):
    cluster, server = web(make_cluster, serve, {"/health": (204, {}, b"")}, status="200",
                          contains="ready", header=["Host: web.example", "X-Probe: 1"])
    assert wait_check(cluster, "n1", False) == "status 204, wanted is 200 to 200"
    server.answers["/health"] = (200, {}, b"x" * 100000 + b"not yet")
    cluster.wait_until(lambda: check_of(cluster["n1"])["detail"] ==
                       'status 200, but "ready" is not in the answer', "the text is missed")
    server.answers["/health"] = (200, {}, b"x" * 100000 + b"all is ready.")
    wait_check(cluster, "n1", True)
    assert server.asked[-1][1]["Host"] == "web.example"
    assert server.asked[-1][1]["X-Probe"] == "1"


def test_an_http_answer_without_end_is_bounded(make_cluster, serve):
    cluster, _ = web(make_cluster, serve, {"/health": (200, {}, b"y" * 3000000)},
                     contains="never", timeout="2s")
    assert wait_check(cluster, "n1", False) == \
        'status 200, but "never" is not in the first MiB of the answer'


TRUSTED = "/etc/ssl/certs/ca-certificates.crt"


def test_https_wants_a_certificate_that_the_host_trusts(make_cluster, serve):
    cluster = make_cluster(1)
    node = cluster["n1"]
    key, certificate = (node.directory / name for name in ("tls.key", "tls.crt"))
    subprocess.run(["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt",
                    "ec_paramgen_curve:prime256v1", "-nodes", "-days", "2", "-subj", "/CN=lab",
                    "-addext", "subjectAltName=IP:127.0.0.1", "-keyout", key, "-out", certificate],
                   check=True, capture_output=True)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate, key)
    one = serve(answering.Answering, 8443, {"/health": (200, {}, b"fine")},
                ns=cluster.net.hosts["n1"].ns)
    one.server.socket = context.wrap_socket(one.server.socket, server_side=True)
    node.write_config({**cluster.config, "check": {"web": {
        **FAST, "timeout": "2s", "http": "https://127.0.0.1:8443/health", "contains": "fine"}}})
    cluster.start()
    assert "certificate" in wait_check(cluster, "n1", False)
    assert node.stop() == 0
    command = node.command()
    node.command = lambda: ["unshare", "--mount", "sh", "-c",
                            f'mount --bind {certificate} {TRUSTED} && exec "$@"', "sh", *command]
    cluster.start()
    assert wait_check(cluster, "n1", True) == "status 200"


def test_http_through_a_unix_socket(make_cluster, serve):
    cluster = make_cluster(1)
    path = cluster["n1"].directory / "web.sock"
    cluster["n1"].write_config({**cluster.config, "check": {"web": {
        **FAST, "http": "http://any/health", "unix_socket": str(path)}}})
    serve(answering.Answering, path, {"/health": (200, {}, b"fine")})
    cluster.start()
    assert wait_check(cluster, "n1", True) == "status 200"


def test_process_by_name_and_by_pidfile(make_cluster):
    cluster = make_cluster(1)
    pidfile = cluster["n1"].directory / "pid"
    program = cluster["n1"].directory / "vg-lab-process"
    program.symlink_to("/bin/sleep")
    cluster["n1"].write_config({**cluster.config, "check": {
        "name": {**FAST, "process": "vg-lab-process"}, "file": {**FAST, "process": str(pidfile)}}})
    running = subprocess.Popen([program, "60"])
    pidfile.write_text(f"{running.pid}\n")
    cluster.start()

    def details():
        status = cluster["n1"].status()
        return [one["detail"] for one in status["checks"]] if status else []

    cluster.wait_until(lambda: details() == [
        f"vg-lab-process runs as process {running.pid}",
        f"process {running.pid}, vg-lab-process"], "both are found")
    running.kill()
    cluster.wait_until(lambda: details() == [
        "no process is called vg-lab-process",
        f"process {running.pid} of {pidfile} does not run"], "a zombie does not count")
    running.wait()
    pidfile.write_text("none\n")
    cluster.wait_until(lambda: details()[1] == f"{pidfile} holds no number", "nonsense is said")
    pidfile.unlink()
    cluster.wait_until(lambda: details()[1] == f"{pidfile}: No such file or directory", "none is")
    os.mkfifo(pidfile)  # nobody waits for who writes
    cluster.wait_until(lambda: details()[1] == f"{pidfile} is not a regular file", "a pipe is said")
    cluster.quiet(0.5, lambda: details()[0] == "no process is called vg-lab-process")


def test_interface_with_and_without_a_carrier(make_cluster):
    cluster = make_cluster(1, check={"uplink": {**FAST, "interface": "up0"}})
    ns = cluster.net.hosts["n1"].ns
    ns.ip("link add up0 type veth peer name up1")
    cluster.start()
    assert wait_check(cluster, "n1", False) == "up0 is down"
    ns.ip("link set up0 up")
    cluster.wait_until(lambda: check_of(cluster["n1"])["detail"] == "up0 has no carrier", "it says")
    ns.ip("link set up1 up")
    assert wait_check(cluster, "n1", True) == "up0 is up"
    ns.ip("link del up0")
    assert wait_check(cluster, "n1", False) == "up0: No such device"


@pytest.mark.parametrize("version", [4, 6])
def test_a_gateway_that_answers_and_one_that_does_not(make_cluster, version):
    cluster = make_cluster(2)
    other = cluster.net.hosts["n2"]
    address = "10.77.0.222" if version == 4 else "fd00:77::200"
    add = f"addr add {address}/{24 if version == 4 else 64} dev eth0 nodad"
    cluster["n1"].write_config({**cluster.config, "check": {
        "gateway": {**FAST, "gateway": address}}})
    if version == 6:
        cluster.net.hosts["n1"].ns.ip("addr add fd00:77::1/64 dev eth0 nodad")
    else:
        add = add.replace(" nodad", "")
    cluster.start("n1")
    assert wait_check(cluster, "n1", False) == "not done within its timeout, 400 ms"
    other.ns.ip(add)
    assert wait_check(cluster, "n1", True).startswith(f"{address} is at ")
    other.ns.ip("link set eth0 down")
    wait_check(cluster, "n1", False)


def test_a_gateway_that_is_on_no_network_of_this_host_fails(make_cluster):
    cluster = make_cluster(1, check={"gateway": {**FAST, "gateway": "192.0.2.1"}})
    cluster.start()
    assert wait_check(cluster, "n1", False) == "192.0.2.1: Network is unreachable"
