"""A Slurm cluster of two nodes on this machine, for tests: a controller, two slurmd and a munged.

    python tests/slurm/cluster.py up FOLDER      set up; prints what to export to use it
    python tests/slurm/cluster.py down FOLDER    end its processes

It needs root and, of Debian, `apt-get install slurmctld slurmd slurm-client munge`. Everything lies
in FOLDER, whose path has to be short (sockets): keys, sockets, logs, states. Services of the system
and their files are neither used nor touched. Memory limits are held by polling, once a second,
because a container has no cgroup to give away.
"""

from __future__ import annotations

import argparse
import os
import secrets
import shutil
import signal
import socket
import subprocess
import time
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

NODES = ("one", "two")
MEMORY = 6000
"""MB of each node."""
DAEMONS = ("munged", "slurmctld", "slurmd")

CONFIG = """\
ClusterName=tiny
SlurmctldHost={host}(127.0.0.1)
SlurmctldPort={ports[0]}
SlurmUser=root
AuthType=auth/munge
AuthInfo=socket={folder}/munge.socket
StateSaveLocation={folder}/state
SlurmctldPidFile={folder}/slurmctld.pid
SlurmctldLogFile={folder}/log/slurmctld.log
SlurmdPidFile={folder}/%n.pid
SlurmdSpoolDir={folder}/spool-%n
SlurmdLogFile={folder}/log/%n.log
SlurmdParameters=config_overrides
ProctrackType=proctrack/linuxproc
TaskPlugin=task/none
MpiDefault=none
SelectType=select/cons_tres
SelectTypeParameters=CR_Core_Memory
SchedulerParameters=sched_interval=2,batch_sched_delay=0
JobAcctGatherType=jobacct_gather/linux
JobAcctGatherFrequency=1
JobAcctGatherParams=OverMemoryKill
AccountingStorageType=accounting_storage/none
MinJobAge=7200
ReturnToService=2
KillWait=20
GresTypes=gpu
NodeName=DEFAULT CPUs=4 RealMemory={memory}
NodeName=one NodeHostname={host} NodeAddr=127.0.0.1 Port={ports[1]} Gres=gpu:2
NodeName=two NodeHostname={host} NodeAddr=127.0.0.1 Port={ports[2]}
PartitionName=main Nodes=one,two Default=YES MaxTime=120 State=UP
PartitionName=gpu Nodes=one MaxTime=240 State=UP
"""
# Accounts need a database; the controller, which remembers all jobs here, answers in its place.
SACCT = """for word; do case $last in --name) name=$word;; esac; last=$word; done
[ "$name" ] || exit 1
exec squeue --noheader --states=all --format='%i|%T' --name "$name\""""
GPUS = "NodeName=one Name=gpu File=/dev/null\nNodeName=one Name=gpu File=/dev/zero\n"


def missing() -> str:
    """Say what this machine lacks; empty where a cluster can be set up."""
    programs = (*DAEMONS, "sbatch")
    absent = [name for name in programs if shutil.which(name, path=_path()) is None]
    if absent:
        return f"no {', '.join(absent)}: apt-get install slurmctld slurmd slurm-client munge"
    return "" if os.geteuid() == 0 else "slurmd has to be started by root"


def _path() -> str:
    """The search path with the folders of daemons, which not everybody's has."""
    return os.pathsep.join([os.environ.get("PATH", ""), "/usr/sbin", "/sbin"])


def _srun() -> str:
    """Where `srun` is."""
    return shutil.which("srun", path=_path()) or "srun"


def _free_ports(count: int) -> list[int]:
    """Find ports that nobody listens on."""
    opened = [socket.socket() for _ in range(count)]
    try:
        for one in opened:
            one.bind(("127.0.0.1", 0))
        return [one.getsockname()[1] for one in opened]
    finally:
        for one in opened:
            one.close()


class SlurmError(Exception):
    """A command of Slurm failed, or something that was waited for did not happen."""


class Cluster:
    """A cluster in a folder.

    Attributes:
        folder: Where all of it lies.
        environment: What Slurm's commands need to reach it.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder.resolve()
        self.environment = {
            "SLURM_CONF": str(self.folder / "slurm.conf"),
            "PATH": os.pathsep.join([str(self.folder / "bin"), _path()]),
        }

    def up(self) -> None:
        """Start everything and wait until both nodes are idle."""
        for name in ("bin", "log", "state", *(f"spool-{node}" for node in NODES)):
            (self.folder / name).mkdir(parents=True)
        self.folder.chmod(0o755)  # munged trusts no folder that others may write to
        key = self.folder / "munge.key"
        key.write_bytes(secrets.token_bytes(128))
        key.chmod(0o400)
        text = CONFIG.format(
            folder=self.folder, host=socket.gethostname(), ports=_free_ports(3), memory=MEMORY
        )
        (self.folder / "slurm.conf").write_text(text)
        (self.folder / "gres.conf").write_text(GPUS)
        # Snakemake's job steps forget all variables of Slurm's, this one too.
        self._script("srun", f'SLURM_CONF={self.folder}/slurm.conf exec {_srun()} "$@"')
        self._script("sacct", SACCT)
        options = ("key-file=munge.key", "socket=munge.socket", "pid-file=munged.pid")
        options += ("seed-file=munge.seed", "log-file=log/munged.log")
        paths = [f"--{name}={self.folder / file}" for name, file in (o.split("=") for o in options)]
        self.call("munged", *paths)
        self.start_controller()
        for node in NODES:
            self.call("slurmd", "-N", node)
        self.wait_for(lambda: self.nodes() == dict.fromkeys(NODES, "idle"), 60)

    def _script(self, name: str, text: str) -> None:
        """Put a script before Slurm's command of that name."""
        path = self.folder / "bin" / name
        path.write_text(f"#!/bin/sh\n{text}\n")
        path.chmod(0o755)

    def start_controller(self) -> None:
        """Start the controller, which takes up the state that it finds."""
        self.call("slurmctld")

    def stop_controller(self) -> None:
        """End the controller; running jobs go on."""
        _end(self.folder / "slurmctld.pid")

    def cancel(self) -> None:
        """Cancel all jobs and wait for their end."""
        self.call("scancel", "--user=root")
        self.wait_for(lambda: not self.call("squeue", "--noheader"), 120)

    def down(self) -> None:
        """Cancel what runs and end all processes."""
        with suppress(SlurmError):
            self.cancel()
        for name in (*NODES, "slurmctld", "munged"):
            _end(self.folder / f"{name}.pid")

    def call(self, *command: str) -> str:
        """Run a command of Slurm, and give what it prints.

        Raises:
            SlurmError: It failed.
        """
        done = subprocess.run(
            command,
            env=os.environ | self.environment,
            capture_output=True,
            text=True,
            timeout=120,
            check=False,
        )
        if done.returncode:
            raise SlurmError(f"{' '.join(command)}: {done.stderr}\n{self.logs()}")
        return done.stdout

    def nodes(self) -> dict[str, str]:
        """Map the nodes to their states."""
        rows = self.call("sinfo", "--Node", "--noheader", "--format=%N %t").split("\n")
        return dict(row.split() for row in rows if row)

    def wait_for(self, holds: Callable[[], bool], seconds: float) -> None:
        """Wait until a condition holds.

        Raises:
            SlurmError: It does not.
        """
        end = time.monotonic() + seconds
        while not holds():
            if time.monotonic() > end:
                raise SlurmError(f"waited for {seconds} s\n{self.logs()}")
            time.sleep(0.5)

    def logs(self) -> str:
        """The ends of the daemons' logs."""
        files = sorted((self.folder / "log").glob("*.log"))
        return "\n".join(f"== {file.name}\n{file.read_text()[-1500:]}" for file in files)


def _end(pid_file: Path) -> None:
    """End the process of a file, and wait for it."""
    if not pid_file.exists():
        return
    pid = int(pid_file.read_text())
    with suppress(ProcessLookupError):
        os.kill(pid, signal.SIGTERM)
        for _ in range(200):
            os.kill(pid, 0)
            time.sleep(0.1)
        os.kill(pid, signal.SIGKILL)


def main() -> None:
    """Set a cluster up, or end one."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("verb", choices=["up", "down"])
    parser.add_argument("folder", type=Path)
    options = parser.parse_args()
    cluster = Cluster(options.folder)
    if options.verb == "down":
        cluster.down()
        return
    if reason := missing():
        parser.exit(1, f"{reason}\n")
    cluster.up()
    for name, value in cluster.environment.items():
        print(f"export {name}={value}")


if __name__ == "__main__":
    main()
