"""The engines that people run: Debian stable's Docker, Debian unstable's, and Podman's Docker-compatible service.

A kind says which programs make up an engine, how they are started below a folder, and which mounts they need for
themselves. Starting and ending them is the business of `engine_daemon`, the same for all kinds.

Unstable's Docker is this machine's root file system with another `/usr`: all paths but those mean the same inside, so
that tests bind the same folders into its containers. Podman keeps state in places that cannot be chosen (locks, leases,
runtimes); each of its engines gets its own, in memory.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from tests.support.unstable_tree import unstable_tree

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from pathlib import Path

_SHARED_TOOLS = {"ip": "iproute2", "nsenter": "util-linux", "unshare": "util-linux", "busybox": "busybox-static"}
_CONTAINERD_CONFIG = """\
version = 2
root = "{folder}/containerd/root"
state = "{folder}/containerd/state"
disabled_plugins = ["io.containerd.grpc.v1.cri"]
[grpc]
address = "{folder}/containerd/socket"
"""
# crun refuses a machine whose cgroups are of both versions, and limits above our own are refused in a container of CI.
# A process for each exec waits for its delay to end: 300 s unless told otherwise.
_PODMAN_CONFIG = """\
[containers]
default_ulimits = ["nofile=1024:1024", "nproc=4096:4096"]
[engine]
runtime = "runc"
cgroup_manager = "cgroupfs"
events_logger = "file"
exit_command_delay = 5
[network]
network_backend = "cni"
"""
_PODMAN_PLACES = (
    "/dev/shm",
    "/run/netns",
    "/run/runc",
    "/var/cache/containers",
    "/var/lib/cni",
    "/var/lib/containers",
    "/var/tmp",
)


@dataclass(frozen=True, slots=True)
class Service:
    """One process of an engine.

    Attributes:
        program: its name, that of its log too.
        arguments: what it is started with.
        socket: where it accepts connections once it is up.
    """

    program: str
    arguments: tuple[str, ...]
    socket: Path


@dataclass(frozen=True, slots=True, eq=False)
class EngineKind:
    """What distinguishes one engine from another.

    Attributes:
        name: as tests show it.
        tools: a program that proves a Debian package to be there, and the package.
        services: makes, of the engine's folder, the files that its processes need; they are started in this order, and
            the last one is the engine itself.
        mounts: shell commands that are run in the engine's own mount namespace; it has none of its own without them.
            Made of the engine's folder.
        environment: further variables, made of the engine's folder.
        other_root: the engine sees another `/usr`, and this machine's root below `host` in its folder.
    """

    name: str
    tools: Mapping[str, str]
    services: Callable[[Path], tuple[Service, ...]]
    mounts: Callable[[Path], tuple[str, ...]] = field(default=lambda _: ())
    environment: Callable[[Path], Mapping[str, str]] = field(default=lambda _: {})
    other_root: bool = False


def api_socket(folder: Path) -> Path:
    """Where an engine of any kind listens."""
    return folder / "docker.sock"


def _docker_services(folder: Path) -> tuple[Service, ...]:
    config = folder / "containerd.toml"
    config.write_text(_CONTAINERD_CONFIG.format(folder=folder))
    settings = folder / "daemon.json"
    settings.write_text("{}")
    containerd = folder / "containerd" / "socket"
    dockerd = (
        *("--config-file", f"{settings}"),  # never the machine's own settings
        *("--data-root", f"{folder}/data", "--exec-root", f"{folder}/run", "--pidfile", f"{folder}/pid"),
        *("--containerd", f"{containerd}"),
        *("--host", f"unix://{api_socket(folder)}", "--group", "root", "--log-level", "warn"),
    )
    return (
        Service("containerd", ("--config", f"{config}", "--log-level", "warn"), containerd),
        Service("dockerd", dockerd, api_socket(folder)),
    )


def _unstable_mounts(folder: Path) -> tuple[str, ...]:
    tree = unstable_tree()
    replaced = ("/usr", "/etc/alternatives", "/etc/ld.so.cache")
    return (
        f"mkdir -p {folder}/host && mount --rbind / {folder}/host",
        *(f"mount --bind {tree}{path} {path}" for path in replaced),
    )


def podman_options(folder: Path) -> tuple[str, ...]:
    """What any `podman` needs to be told to work on this engine's containers, beside the kind's environment."""
    return (
        *("--root", f"{folder}/data", "--runroot", f"{folder}/run", "--tmpdir", f"{folder}/tmp"),
        *("--network-config-dir", f"{folder}/net", "--log-level", "warn"),
    )


def _podman_services(folder: Path) -> tuple[Service, ...]:
    (folder / "containers.conf").write_text(_PODMAN_CONFIG)
    arguments = (*podman_options(folder), "system", "service", "--time=0", f"unix://{api_socket(folder)}")
    return (Service("podman", arguments, api_socket(folder)),)


def _podman_mounts(_folder: Path) -> tuple[str, ...]:
    return tuple(f"mkdir -p {place} && mount -t tmpfs tmpfs {place}" for place in _PODMAN_PLACES)


def _podman_environment(folder: Path) -> Mapping[str, str]:
    return {"CONTAINERS_CONF": f"{folder}/containers.conf"}


STABLE = EngineKind(
    name="docker-stable",
    tools={
        **_SHARED_TOOLS,
        "dockerd": "docker.io",
        "containerd": "containerd",
        "runc": "runc",
        "iptables": "iptables",
    },
    services=_docker_services,
)
UNSTABLE = EngineKind(
    name="docker-unstable",
    tools={**_SHARED_TOOLS, "debootstrap": "debootstrap"},
    services=_docker_services,
    mounts=_unstable_mounts,
    other_root=True,
)
PODMAN = EngineKind(
    name="podman",
    tools={
        **_SHARED_TOOLS,
        "podman": "podman",
        "runc": "runc",
        "iptables": "iptables",
        "/usr/lib/cni/bridge": "containernetworking-plugins",
    },
    services=_podman_services,
    mounts=_podman_mounts,
    environment=_podman_environment,
)
KINDS = (STABLE, UNSTABLE, PODMAN)
