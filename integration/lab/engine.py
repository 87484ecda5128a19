# SPDX-License-Identifier: MIT
"""Real Docker engines (Debian's docker.io), one in each host's namespace, and a swarm of them."""
import contextlib
import os
import pathlib
import shutil
import signal
import subprocess
import tempfile
import time

from lab import netns, network

# Debian's own: a newer command line does not speak to an older engine in every case.
DOCKERD, DOCKER = "/usr/sbin/dockerd", "/usr/bin/docker"
START_SECONDS = 60


class Unable(Exception):
    """This machine, or its kernel, lacks something."""


def probe():
    """Why there can be no engine, or None."""
    missing = [path for path in (DOCKERD, DOCKER) if not os.access(path, os.X_OK)]
    return f"no {missing[0]}: scripts/install-deps docker" if missing else None


class Engine:
    """dockerd in the namespace of a host, under its name, with a directory of its own."""

    def __init__(self, host):
        self.host = host
        self.directory = pathlib.Path(tempfile.mkdtemp(prefix="vg-docker-"))
        # Images are ten thousands of files, and go with the engine.
        netns.run("mount", "-t", "tmpfs", "none", str(self.directory))
        self.socket = self.directory / "s"
        self.process = None

    def start(self):
        at = self.directory
        (at / "pid").unlink(missing_ok=True)
        with open(at / "log", "ab") as log:
            self.process = subprocess.Popen(
                ["nsenter", f"--net=/run/netns/{self.host.ns.name}", "unshare", "--uts", "sh",
                 "-c", 'hostname "$0"; exec "$@"', self.host.name, DOCKERD, "--data-root",
                 at / "data", "--exec-root", at / "exec", "-p", at / "pid", "-H",
                 f"unix://{self.socket}", "--bridge", "none", "--iptables=false",
                 "--live-restore=false"],
                stdin=subprocess.DEVNULL, stdout=log, stderr=log)
        deadline = time.monotonic() + START_SECONDS
        while self.docker("version", check=False).returncode != 0:
            if self.process.poll() is not None or time.monotonic() > deadline:
                raise Unable(f"dockerd does not start here: {self.log_end()}")
            time.sleep(0.2)

    def docker(self, *arguments, check=True, seconds=60, stdin=None):
        try:
            done = subprocess.run([DOCKER, "-H", f"unix://{self.socket}", *arguments],
                                  input=stdin, capture_output=True, text=True, timeout=seconds,
                                  check=False)
        except subprocess.TimeoutExpired as expired:
            raise Unable(f"docker {' '.join(arguments)} hangs") from expired
        if check and done.returncode != 0:
            raise Unable(f"docker {' '.join(arguments)}: {done.stderr.strip()}")
        return done

    def import_root(self, directory, name):
        """A directory as an image."""
        with subprocess.Popen(["tar", "-C", directory, "-c", "."],
                              stdout=subprocess.PIPE) as archive:
            subprocess.run([DOCKER, "-H", f"unix://{self.socket}", "import", "-", name],
                           stdin=archive.stdout, stdout=subprocess.DEVNULL, timeout=600,
                           check=True)

    def give(self, image, other):
        """The image to another engine."""
        with subprocess.Popen([DOCKER, "-H", f"unix://{self.socket}", "save", image],
                              stdout=subprocess.PIPE) as archive:
            subprocess.run([DOCKER, "-H", f"unix://{other.socket}", "load"], stdin=archive.stdout,
                           stdout=subprocess.DEVNULL, timeout=600, check=True)

    def log_end(self):
        lines = (self.directory / "log").read_text(errors="replace").splitlines()
        return " | ".join(lines[-3:])

    def signal(self, number):
        os.kill(self.process.pid, number)

    def restart(self):
        """In order, as `systemctl restart docker` does."""
        self.signal(signal.SIGTERM)
        self.process.wait(timeout=60)
        self.start()

    def kill(self):
        """dockerd as by the OOM killer. Its containerd dies with it; a zombie that nobody collects
        would look alive to the next dockerd."""
        pid = int((self.directory / "exec/containerd/containerd.pid").read_text())
        self.signal(signal.SIGKILL)
        self.process.wait(timeout=20)
        network.reap([pid])

    def close(self):
        if self.process is not None and self.process.poll() is None:
            with contextlib.suppress(ProcessLookupError):
                self.signal(signal.SIGCONT)
                self.signal(signal.SIGTERM)
            try:
                self.process.wait(timeout=15)
            except subprocess.TimeoutExpired:
                self.kill()
        netns.empty(self.host.ns.name)
        self.unmount()
        netns.run("umount", "-l", str(self.directory), check=False)
        shutil.rmtree(self.directory, ignore_errors=True)

    def unmount(self):
        """What a killed engine leaves: layers, and the namespaces of its networks."""
        with open("/proc/self/mounts", encoding="utf-8", errors="replace") as mounts:
            points = [line.split()[1] for line in mounts]
        for point in reversed([each for each in points if each.startswith(f"{self.directory}/")]):
            netns.run("umount", "-l", point, check=False)


class Swarm:
    """`managers` and then the others of these engines; the first manager has made it."""

    def __init__(self, engines, managers):
        self.engines = engines
        self.leader = engines[managers[0]]
        self.leader.docker("swarm", "init", "--advertise-addr", self.leader.host.v4)
        for name in [*managers[1:], *(each for each in engines if each not in managers)]:
            role = "manager" if name in managers else "worker"
            token = self.leader.docker("swarm", "join-token", "-q", role).stdout.strip()
            engines[name].docker("swarm", "join", "--advertise-addr", engines[name].host.v4,
                                 "--token", token, self.leader.host.v4)

    def update(self, name, availability, by=None):
        (self.engines[by] if by else self.leader).docker(
            "node", "update", "--availability", availability, name)
