# SPDX-License-Identifier: MIT
"""A host with a systemd of its own: systemd-nspawn, on top of this machine's files, in the network
namespace of a host of the laboratory. Nothing that it changes outlives it."""
import os
import pathlib
import shutil
import signal
import subprocess
import tempfile
import time

from lab import netns, network, paths

CGROUP = pathlib.Path("/sys/fs/cgroup")
STOP_SIGNAL = signal.SIGRTMIN + 4
BOOT_SECONDS = 30
STOP_SECONDS = 20
TARGET = """[Unit]
Wants={}
AllowIsolate=yes
"""


def missing():
    """Why it cannot be had here, or None."""
    for program in ("systemd-nspawn", "systemctl"):
        if shutil.which(program) is None:
            return f"{program} is not installed"
    if not (CGROUP / "systemd").is_dir() and not (CGROUP / "cgroup.procs").exists():
        return "no cgroups"
    return None


class Machine:
    """Boots to the unit of vipgossipd, as `cmake --install` puts it there, and nothing else but
    these other units."""

    target = "vg.target"

    def __init__(self, host, *others, lower="/"):
        self.name = f"vg-{os.getpid()}-{host.name}"
        self.directory = pathlib.Path(tempfile.mkdtemp(prefix="vg-machine-"))
        self.root = self.directory / "m"
        self.host = host
        self.wants = ("vipgossipd.service", *others)
        self.cgroups = [CGROUP / kind / self.name for kind in ("systemd", "unified")
                        if (CGROUP / kind).is_dir()] or [CGROUP / self.name]
        self.process = None
        self.init = None
        netns.run("mount", "-t", "tmpfs", "none", str(self.directory))
        for name in ("u", "w", "m"):
            (self.directory / name).mkdir()
        netns.run("mount", "-t", "overlay", "overlay", "-o",
                  f"lowerdir={lower},upperdir={self.directory}/u,workdir={self.directory}/w",
                  str(self.root))
        self.fill()

    def fill(self):
        """No service of this machine starts there; ours is installed."""
        system = self.root / "etc" / "systemd" / "system"
        for wants in system.glob("*.wants"):
            shutil.rmtree(wants)
        (system / "vg.target").write_text(TARGET.format(" ".join(self.wants)))
        (self.root / "etc" / "fstab").write_text("")
        (self.root / "etc" / "vipgossip").mkdir(exist_ok=True)
        subprocess.run(["cmake", "--install", paths.BUILD], check=True, capture_output=True,
                       timeout=60, env={**os.environ, "DESTDIR": str(self.root)})

    def write(self, name, text, mode=0o600):
        path = self.root / "etc" / "vipgossip" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
        path.chmod(mode)

    def boot(self):
        for group in self.cgroups:
            group.mkdir()

        def enter_cgroups():
            for group in self.cgroups:
                (group / "cgroup.procs").write_text("0")

        self.process = subprocess.Popen(
            ["systemd-nspawn", "-q", "-D", self.root, "-b", "-M", self.name,
             f"--network-namespace-path={netns.RUN / self.host.ns.name}", "--register=no",
             "--keep-unit", "--capability=all",
             "--system-call-filter=landlock_create_ruleset landlock_add_rule "
             "landlock_restrict_self",
             "--resolv-conf=off", "--console=pipe",
             f"systemd.unit={self.target}"],
            stdin=subprocess.DEVNULL, stdout=(self.directory / "log").open("wb"),
            stderr=subprocess.STDOUT, preexec_fn=enter_cgroups, start_new_session=True,
            env={**os.environ, "SYSTEMD_NSPAWN_API_VFS_WRITABLE": "network"})
        deadline = time.monotonic() + BOOT_SECONDS
        while not self.is_ready():
            if time.monotonic() > deadline:
                raise TimeoutError(self.journal() or (self.directory / "log").read_text())
            time.sleep(0.1)

    def is_ready(self):
        self.init = next(network.children(self.process.pid), None)
        return self.init is not None and self.is_started()

    def is_started(self):
        return self.run("is-active", "vipgossipd").strip() == "active"

    def run(self, *command, program="systemctl"):
        """Output of systemctl, or another program, inside."""
        return self.call(program, *command).stdout

    def call(self, *command, seconds=30):
        """A program inside; the finished process, its errors in the output."""
        return subprocess.run(
            ["nsenter", "-t", str(self.init), "-m", "-p", "-u", "-i", "-n", *command],
            stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, timeout=seconds,
            check=False)

    def show(self, name):
        return self.run("show", "-P", name, "vipgossipd").strip()

    def journal(self):
        if self.init is None:
            return ""
        return self.run("-u", "vipgossipd", "-o", "cat", "--no-pager", program="journalctl")

    def pids(self):
        """Keeper and engine, as this machine numbers them."""
        inside = int(self.show("MainPID"))
        for pid in network.children(self.init):
            status = pathlib.Path(f"/proc/{pid}/status").read_text(encoding="ascii",
                                                                   errors="replace")
            line = next(line for line in status.splitlines() if line.startswith("NSpid:"))
            if int(line.split()[-1]) == inside:
                return [pid, *network.children(pid)]
        return []

    def stop(self):
        """In order, or by force: its init outlives a killed nspawn."""
        init = next(network.children(self.process.pid), None)
        if init is not None:
            os.kill(init, STOP_SIGNAL)
        try:
            self.process.wait(STOP_SECONDS)
        except subprocess.TimeoutExpired:
            network.kill([init] if init is not None else [])
            self.process.kill()
            self.process.wait(5)

    def close(self):
        if self.process is not None:
            self.stop()
        for group in self.cgroups:
            if group.is_dir():
                for path, _, _ in os.walk(group, topdown=False):
                    os.rmdir(path)
        netns.run("umount", "-l", str(self.root), check=False)
        netns.run("umount", "-l", str(self.directory), check=False)
        self.directory.rmdir()


class Debian(Machine):
    """A Debian of its own, see lab.roots, that boots as far as it does by itself."""

    target = "multi-user.target"

    def __init__(self, host, root):
        super().__init__(host, lower=root)

    def fill(self):
        (self.root / "etc" / "hostname").write_text(f"{self.host.name}\n")

    def is_started(self):
        return self.run("is-system-running").strip() in ("running", "degraded")
