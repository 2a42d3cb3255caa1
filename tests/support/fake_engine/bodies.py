"""Engine answers as engine 20.10 writes them: every field of a real inspect and list entry, filled from a container."""

from __future__ import annotations

import copy
import json
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from tests.support.fake_engine.clock import ZERO_TIME

if TYPE_CHECKING:
    from tests.support.fake_engine.container import Endpoint, FakeContainer, FakeNetwork

_MASKED = ["asound", "acpi", "kcore", "keys", "latency_stats", "timer_list", "timer_stats", "sched_debug", "scsi"]
_HOST_CONFIG: dict[str, Any] = {
    "Binds": None, "ContainerIDFile": "", "LogConfig": {"Type": "json-file", "Config": {}}, "NetworkMode": "default",
    "PortBindings": {}, "RestartPolicy": {"Name": "no", "MaximumRetryCount": 0}, "AutoRemove": False,
    "VolumeDriver": "", "VolumesFrom": None, "CapAdd": None, "CapDrop": None, "CgroupnsMode": "host", "Dns": [],
    "DnsOptions": [], "DnsSearch": [], "ExtraHosts": None, "GroupAdd": None, "IpcMode": "private", "Cgroup": "",
    "Links": None, "OomScoreAdj": 0, "PidMode": "", "Privileged": False, "PublishAllPorts": False,
    "ReadonlyRootfs": False, "SecurityOpt": None, "UTSMode": "", "UsernsMode": "", "ShmSize": 67108864,
    "Runtime": "runc", "ConsoleSize": [0, 0], "Isolation": "", "CpuShares": 0, "Memory": 0, "NanoCpus": 0,
    "CgroupParent": "", "BlkioWeight": 0, "BlkioWeightDevice": [], "BlkioDeviceReadBps": None,
    "BlkioDeviceWriteBps": None, "BlkioDeviceReadIOps": None, "BlkioDeviceWriteIOps": None, "CpuPeriod": 0,
    "CpuQuota": 0, "CpuRealtimePeriod": 0, "CpuRealtimeRuntime": 0, "CpusetCpus": "", "CpusetMems": "", "Devices": [],
    "DeviceCgroupRules": None, "DeviceRequests": None, "KernelMemory": 0, "KernelMemoryTCP": 0,
    "MemoryReservation": 0, "MemorySwap": 0, "MemorySwappiness": None, "OomKillDisable": False, "PidsLimit": None,
    "Ulimits": None, "CpuCount": 0, "CpuPercent": 0, "IOMaximumIOps": 0, "IOMaximumBandwidth": 0,
    "MaskedPaths": [f"/proc/{name}" for name in _MASKED] + ["/sys/firmware"],
    "ReadonlyPaths": ["/proc/bus", "/proc/fs", "/proc/irq", "/proc/sys", "/proc/sysrq-trigger"],
}  # fmt: skip
_CONFIG: dict[str, Any] = {
    "Hostname": "", "Domainname": "", "User": "", "AttachStdin": False, "AttachStdout": False, "AttachStderr": False,
    "ExposedPorts": {}, "Tty": False, "OpenStdin": False, "StdinOnce": False, "Env": [], "Cmd": ["sleep", "100000"],
    "Image": "", "Volumes": None, "WorkingDir": "", "Entrypoint": None, "OnBuild": None, "Labels": {},
}  # fmt: skip
_ROOT = "/var/lib/docker"


def encode(value: object) -> bytes:
    """JSON without blanks, as the engine writes it."""
    return json.dumps(value, separators=(",", ":")).encode()


def inspect_object(container: FakeContainer, *, newest_shapes: bool) -> dict[str, Any]:
    """What `GET /containers/{id}/json` answers."""
    folder = f"{_ROOT}/containers/{container.id}"
    layer = f"{_ROOT}/overlay2/{container.id[::-1]}"
    body = {
        "Id": container.id,
        "Created": container.created,
        "Path": "sleep",
        "Args": ["100000"],
        "State": _state(container),
        "Image": container.image_id,
        "ResolvConfPath": f"{folder}/resolv.conf",
        "HostnamePath": f"{folder}/hostname",
        "HostsPath": f"{folder}/hosts",
        "LogPath": f"{folder}/{container.id}-json.log",
        "Name": f"/{container.name}",
        "RestartCount": container.restart_count,
        "Driver": "overlay2",
        "Platform": "linux",
        "MountLabel": "",
        "ProcessLabel": "",
        "AppArmorProfile": "",
        "ExecIDs": None,
        "HostConfig": _host_config(container),
        "GraphDriver": {
            "Data": {
                "LowerDir": f"{layer}-init/diff:{_ROOT}/overlay2/{container.image_id[7:]}/diff",
                "MergedDir": f"{layer}/merged",
                "UpperDir": f"{layer}/diff",
                "WorkDir": f"{layer}/work",
            },
            "Name": "overlay2",
        },
        "Mounts": [],
        "Config": _config(container),
        "NetworkSettings": _network_settings(container, newest_shapes=newest_shapes),
    }
    return merged(body, container.overrides)


def _state(container: FakeContainer) -> dict[str, Any]:
    state: dict[str, Any] = {
        "Status": container.status,
        "Running": container.running,
        "Paused": container.paused,
        "Restarting": container.restarting,
        "OOMKilled": False,
        "Dead": False,
        "Pid": 4242 if container.alive else 0,
        "ExitCode": container.exit_code,
        "Error": "",
        "StartedAt": container.started_at,
        "FinishedAt": container.finished_at,
    }
    if container.health is not None:
        probe = {"Start": container.created, "End": container.created, "ExitCode": 0, "Output": ""}
        state["Health"] = {"Status": container.health, "FailingStreak": 0, "Log": [probe]}
    return state


def _host_config(container: FakeContainer) -> dict[str, Any]:
    return {
        **_HOST_CONFIG,
        "NetworkMode": container.network_mode,
        "RestartPolicy": {"Name": container.restart_policy or "no", "MaximumRetryCount": 0},
        "PidMode": container.pid_mode,
        "PortBindings": {
            port: [{"HostIp": "", "HostPort": str(host_port)} for _, host_port in bindings]
            for port, bindings in container.published.items()
        },
    }


def _config(container: FakeContainer) -> dict[str, Any]:
    config = {
        **_CONFIG,
        "Hostname": container.hostname,
        "ExposedPorts": {port: {} for port in (*container.ports, *container.published)},
        "Env": container.env,
        "Image": container.image,
        "Labels": container.labels,
    }
    if container.stop_signal:
        config["StopSignal"] = container.stop_signal
    if container.stop_timeout_s is not None:
        config["StopTimeout"] = container.stop_timeout_s
    if container.health is not None:
        config["Healthcheck"] = {"Test": ["CMD-SHELL", "true"], "Interval": 5000000000}
    return config


def _network_settings(container: FakeContainer, *, newest_shapes: bool) -> dict[str, Any]:
    networks = {name: _endpoint(endpoint, running=container.alive) for name, endpoint in container.endpoints.items()}
    settings: dict[str, Any] = {
        "SandboxID": container.id if container.alive else "",
        "SandboxKey": "/var/run/docker/netns/default",
        "Ports": _bindings(container) if container.alive else {},
        "Networks": networks,
    }
    if not newest_shapes:
        first = networks.get("bridge", {})
        settings |= {
            "Bridge": "", "HairpinMode": False, "LinkLocalIPv6Address": "", "LinkLocalIPv6PrefixLen": 0,
            "SecondaryIPAddresses": None, "SecondaryIPv6Addresses": None, "GlobalIPv6Address": "",
            "GlobalIPv6PrefixLen": 0, "IPv6Gateway": "", "EndpointID": first.get("EndpointID", ""),
            "Gateway": first.get("Gateway", ""), "IPAddress": first.get("IPAddress", ""),
            "IPPrefixLen": first.get("IPPrefixLen", 0), "MacAddress": first.get("MacAddress", ""),
        }  # fmt: skip
    return settings


def _bindings(container: FakeContainer) -> dict[str, Any]:
    ports: dict[str, Any] = dict.fromkeys(container.ports)
    for port, bindings in container.published.items():
        ports[port] = [{"HostIp": host_ip, "HostPort": str(host_port)} for host_ip, host_port in bindings]
    return ports


def _endpoint(endpoint: Endpoint, *, running: bool) -> dict[str, Any]:
    return {
        "IPAMConfig": None,
        "Links": None,
        "Aliases": endpoint.aliases,
        "NetworkID": endpoint.network_id,
        "EndpointID": endpoint.endpoint_id if running else "",
        "Gateway": endpoint.gateway if running else "",
        "IPAddress": endpoint.ip_address if running else "",
        "IPPrefixLen": 16 if running and endpoint.ip_address else 0,
        "IPv6Gateway": endpoint.ipv6_gateway if running else "",
        "GlobalIPv6Address": endpoint.ipv6_address if running else "",
        "GlobalIPv6PrefixLen": 64 if running and endpoint.ipv6_address else 0,
        "MacAddress": endpoint.mac_address if running else "",
        "DriverOpts": None,
    }


def list_entry(container: FakeContainer, *, uptime_s: float) -> dict[str, Any]:
    """What `GET /containers/json` has for one container."""
    return {
        "Id": container.id,
        "Names": [f"/{container.name}"],
        "Image": container.image,
        "ImageID": container.image_id,
        "Command": "sleep 100000",
        "Created": 1_700_000_000,
        "Ports": [_list_port(port, *binding) for port, bindings in container.published.items() for binding in bindings],
        "Labels": container.labels,
        "State": container.status,
        "Status": _status_text(container, uptime_s),
        "HostConfig": {"NetworkMode": container.network_mode},
        "NetworkSettings": {
            "Networks": {
                name: _endpoint(endpoint, running=container.alive) | {"Aliases": None}
                for name, endpoint in container.endpoints.items()
            }
        },
        "Mounts": [],
    }


def _list_port(port: str, host_ip: str, host_port: int) -> dict[str, Any]:
    number, _, protocol = port.partition("/")
    return {"IP": host_ip, "PrivatePort": int(number), "PublicPort": host_port, "Type": protocol or "tcp"}


def _status_text(container: FakeContainer, uptime_s: float) -> str:
    if container.restarting:
        return f"Restarting ({container.exit_code}) {human_duration(uptime_s)} ago"
    if not container.running:
        never = container.started_at == ZERO_TIME
        return "Created" if never else f"Exited ({container.exit_code}) {human_duration(uptime_s)} ago"
    suffix = " (Paused)" if container.paused else ""
    if container.health == "starting":
        suffix = " (health: starting)"
    elif container.health in {"healthy", "unhealthy"}:
        suffix = f" ({container.health})"
    return f"Up {human_duration(uptime_s)}{suffix}"


def human_duration(seconds: float) -> str:
    """A duration as docker prints it: `Less than a second`, `5 seconds`, `About a minute`, `3 hours`, ..."""
    whole = int(seconds)
    if whole < 1:
        return "Less than a second"
    if whole < 60:
        return "1 second" if whole == 1 else f"{whole} seconds"
    minutes = whole // 60
    if minutes < 60:
        return "About a minute" if minutes == 1 else f"{minutes} minutes"
    hours = int(seconds / 3600 + 0.5)
    if hours < 48:
        return "About an hour" if hours == 1 else f"{hours} hours"
    return f"{hours // 24} days"


def merged(base: dict[str, Any], changes: Mapping[str, Any]) -> dict[str, Any]:
    """A copy of `base` with `changes` laid over it, mappings merged at every depth."""
    if not changes:
        return base
    result = dict(base)
    for key, value in changes.items():
        old = result.get(key)
        both = isinstance(old, dict) and isinstance(value, Mapping)
        result[key] = merged(old, value) if both and isinstance(old, dict) else copy.deepcopy(value)
    return result


def network_object(network: FakeNetwork) -> dict[str, Any]:
    """What `GET /networks` has for one network."""
    has_addresses = network.driver not in {"host", "null"}
    return {
        "Name": network.name,
        "Id": network.id,
        "Created": "2026-01-01T00:00:00.000000000Z",
        "Scope": "swarm" if network.driver == "overlay" else "local",
        "Driver": network.driver,
        "EnableIPv6": bool(network.ipv6_gateway),
        "IPAM": {
            "Driver": "default",
            "Options": None,
            "Config": [{"Subnet": f"{network.prefix}.0.0/16"}] if has_addresses else [],
        },
        "Internal": network.internal,
        "Attachable": False,
        "Ingress": network.ingress,
        "ConfigFrom": {"Network": ""},
        "ConfigOnly": False,
        "Containers": {},
        "Options": dict(network.options),
        "Labels": {},
    }
