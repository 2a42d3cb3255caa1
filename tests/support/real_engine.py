"""A real Docker engine for the tests: private, empty at the start of each test, and asked through docker-py.

`RealEngine` is one daemon (see `engine_daemon`) and what tests do with containers on it. Every method that changes
something returns when the engine has done it. Names of containers are the engine's own business: they need no prefix.
"""

from __future__ import annotations

import os
import signal
from collections.abc import Iterable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import docker
import docker.errors

from tests.support.engine_daemon import EngineDaemon
from tests.support.engine_kinds import STABLE, EngineKind
from tests.support.images import busybox_archive
from tests.support.waiting import wait_for

BUSYBOX = "busybox:local"
_SECOND_NS = 1_000_000_000

#: Healthy as long as the file /healthy exists in the container: see `RealEngine.set_health`.
FILE_HEALTHCHECK: Mapping[str, Any] = {
    "Test": ["CMD-SHELL", "test -e /healthy"],
    "Interval": _SECOND_NS // 2,
    "Timeout": 60 * _SECOND_NS,
    "Retries": 1,
}

_LISTENED = ["HUP", "INT", "QUIT", "USR1", "USR2", "TERM", "ALRM", "CONT", "WINCH"]
#: Prints a line for each signal it gets. `wait` ends at once when a trap runs; the sleep is there to be waited for.
_LISTENER = (
    "".join(f"trap 'echo signal {name}' {name}; " for name in _LISTENED)
    + "sleep 1000000 & echo listening; while :; do wait $!; done"
)


class RealEngine(EngineDaemon):
    """One engine of its own, with the image `busybox:local`.

    Attributes:
        default_network: where containers are that name none.
        starts_connect: whether a start has an event for each network, too.
        kill_cancels_policies: whether `docker kill` cancels a restart policy where the container sets no StopSignal.
    """

    default_network = "bridge"
    starts_connect = True
    kill_cancels_policies = True

    def __init__(self, kind: EngineKind = STABLE) -> None:
        super().__init__(kind)
        self._client: docker.APIClient | None = None

    @property
    def client(self) -> docker.APIClient:
        """docker-py's low-level client for whatever has no method here; requests time out after 120 s."""
        if self._client is None:
            self._client = docker.APIClient(base_url=self.address, timeout=120)
            self._client.trust_env = False
        return self._client

    def start(self) -> None:
        """Start what does not run; return when the engine answers and the image is there."""
        super().start()
        if not self.client.images(BUSYBOX):
            self.import_image(BUSYBOX, busybox_archive())

    def stop(self) -> None:
        """End everything, and leave nothing behind."""
        try:
            if self._client is not None and self.running:
                self.prune()
        finally:
            if self._client is not None:
                self._client.close()
            super().stop()

    def import_image(self, tag: str, archive: bytes | Path) -> None:
        """Make the image `tag` of a root file system in a tar archive (its bytes, or the path of its file)."""
        repository, _, version = tag.partition(":")
        if isinstance(archive, Path):
            self.client.import_image_from_file(str(archive), repository=repository, tag=version)
        else:
            self.client.import_image_from_data(archive, repository=repository, tag=version)

    def create(
        self,
        name: str | None = None,
        *,
        image: str = BUSYBOX,
        command: Sequence[str] = ("sleep", "1000000"),
        labels: Mapping[str, str] | None = None,
        env: Mapping[str, str] | Sequence[str] = (),
        networks: Sequence[str] | Mapping[str, Sequence[str]] = (),
        network_mode: str | None = None,
        restart_policy: str = "no",
        stop_signal: str | None = None,
        stop_timeout_s: int = 0,
        ports: Mapping[str, tuple[str, int] | None] | None = None,
        healthcheck: Mapping[str, Any] | None = None,
        user: str = "",
        binds: Sequence[str] = (),
        pid_mode: str = "",
        config: Mapping[str, Any] | None = None,
        host_config: Mapping[str, Any] | None = None,
    ) -> str:
        """Create a container, without starting it.

        Args:
            name: the engine makes one up where there is none.
            image: a local one.
            command: what runs as process 1.
            labels: as they are.
            env: a mapping, or entries as the engine takes them.
            networks: names of networks of `create_network`, or name -> aliases; none is the default bridge.
            network_mode: `host`, `none`, `container:...`; not together with networks.
            restart_policy: `no`, `always`, `unless-stopped`, `on-failure`, `on-failure:3`.
            stop_signal: StopSignal; None leaves it to the image.
            stop_timeout_s: how long a stop waits; 0, because busybox as process 1 does not listen to SIGTERM.
            ports: `80/tcp` -> None (exposed) or (host address, host port; 0: any) (published).
            healthcheck: the engine's own form, such as FILE_HEALTHCHECK.
            user: a name or number.
            binds: `/host/path:/path[:ro]`.
            pid_mode: `host`, `container:...`.
            config: further fields of the request.
            host_config: further fields of its HostConfig.

        Returns:
            The container's full id.
        """
        aliases = networks if isinstance(networks, Mapping) else dict.fromkeys(networks, ())
        first = next(iter(aliases), None)
        body: dict[str, Any] = {
            "Image": image,
            "Cmd": list(command),
            "Labels": dict(labels or {}),
            "Env": [f"{key}={value}" for key, value in env.items()] if isinstance(env, Mapping) else list(env),
            "User": user,
            "StopTimeout": stop_timeout_s,
            "ExposedPorts": {port: {} for port in ports or {}},
            "HostConfig": {
                "RestartPolicy": _restart_policy(restart_policy),
                "NetworkMode": network_mode or first or "default",
                "PortBindings": _port_bindings(ports or {}),
                "Binds": list(binds),
                "PidMode": pid_mode,
                **(host_config or {}),
            },
            **({"StopSignal": stop_signal} if stop_signal is not None else {}),
            **({"Healthcheck": dict(healthcheck)} if healthcheck is not None else {}),
            **({"NetworkingConfig": _networking(first, aliases[first])} if first is not None else {}),
            **(config or {}),
        }
        answer: dict[str, Any] = self.client.create_container_from_config(body, name)  # type: ignore[no-untyped-call]  # the stubs leave it open
        container_id = str(answer["Id"])
        for network in list(aliases)[1:]:
            self.connect(container_id, network, aliases=aliases[network])
        return container_id

    def run(self, name: str | None = None, **options: Any) -> str:
        """Create and start a container; the arguments are those of `create`."""
        container_id = self.create(name, **options)
        self.start_container(container_id)
        return container_id

    def run_listener(self, name: str | None = None, **options: Any) -> str:
        """Run a container that keeps the signals it gets (see `signals_seen`); returns when it listens."""
        container_id = self.run(name, command=["sh", "-c", _LISTENER], **options)
        self.await_listening(container_id)
        return container_id

    def await_listening(self, container: str, *, starts: int = 1) -> None:
        """Wait until a listener has begun to listen for the `starts`-th time (restarts count)."""
        wait_for(lambda: self.starts_seen(container) >= starts, what=lambda: f"{container}: {self.logs(container)!r}")

    def signals_seen(self, container: str) -> list[str]:
        """Signals that a listener got since it was created, in order: ['SIGHUP', ...]."""
        return [f"SIG{line.split()[1]}" for line in self.logs(container).splitlines() if line.startswith("signal ")]

    def starts_seen(self, container: str) -> int:
        """How often a listener began to listen since it was created."""
        return self.logs(container).splitlines().count("listening")

    def start_container(self, container: str) -> None:
        """Start a container that is created or stopped."""
        self.client.start(container)

    def stop_container(self, container: str, *, timeout_s: int = 0) -> None:
        """Stop it as people do; the restart policy is off then."""
        self.client.stop(container, timeout=timeout_s)

    def restart_container(self, container: str, *, timeout_s: int = 0) -> None:
        """Stop and start it."""
        self.client.restart(container, timeout=timeout_s)

    def kill_container(self, container: str, signal_name: str = "SIGKILL") -> None:
        """`docker kill`."""
        self.client.kill(container, signal_name)

    def die(self, container: str) -> None:
        """Crash it: process 1 ends behind the engine's back, so that `die` is its only event."""
        pid = int(self.inspect(container)["State"]["Pid"])
        if pid <= 0:
            raise AssertionError(f"{container} does not run, so that it cannot crash")
        os.kill(pid, signal.SIGKILL)

    def pause_container(self, container: str) -> None:
        """Freeze its processes."""
        self.client.pause(container)

    def unpause_container(self, container: str) -> None:
        """End `pause_container`."""
        self.client.unpause(container)

    def remove(self, container: str) -> None:
        """Remove it, running or not, with its volumes."""
        self.client.remove_container(container, force=True, v=True)

    def rename(self, container: str, name: str) -> None:
        """Give it another name."""
        self.client.rename(container, name)

    def create_network(
        self, name: str, *, internal: bool = False, subnet: str | None = None, router: str | None = None, **options: Any
    ) -> str:
        """Create a bridge network and return its id.

        Args:
            name: its name.
            internal: whether it has no way out.
            subnet: such as `10.77.0.0/24`, several separated by blanks; else the engine's choice.
            router: another gateway than the bridge, for the containers.
            options: docker-py's other ones.
        """
        if subnet is not None:
            aux = {"DefaultGatewayIPv4": router} if router else None
            pools = [docker.types.IPAMPool(subnet=each, aux_addresses=aux) for each in subnet.split()]
            options["ipam"] = docker.types.IPAMConfig(pool_configs=pools)
        answer: dict[str, Any] = self.client.create_network(name, driver="bridge", internal=internal, **options)
        return str(answer["Id"])

    def connect(self, container: str, network: str, *, aliases: Iterable[str] = ()) -> None:
        """Connect a container to a network."""
        self.client.connect_container_to_network(container, network, aliases=list(aliases) or None)

    def disconnect(self, container: str, network: str) -> None:
        """Disconnect a container from a network."""
        self.client.disconnect_container_from_network(container, network)

    def exec(self, container: str, *command: str, user: str = "") -> tuple[int, str]:
        """Run a command in a container: its exit status, and what it printed."""
        exec_id = self.client.exec_create(container, list(command), user=user)["Id"]
        output = self.client.exec_start(exec_id)
        return int(self.client.exec_inspect(exec_id)["ExitCode"]), output.decode(errors="replace")

    def set_health(self, container: str, *, healthy: bool) -> None:
        """Make a container with FILE_HEALTHCHECK healthy or unhealthy; returns when the engine has noticed."""
        self.exec(container, *(("touch", "/healthy") if healthy else ("rm", "-f", "/healthy")))
        wanted = "healthy" if healthy else "unhealthy"
        wait_for(lambda: self.inspect(container)["State"]["Health"]["Status"] == wanted, what=f"{container} {wanted}")

    def inspect(self, container: str) -> dict[str, Any]:
        """`GET /containers/{id}/json`."""
        return dict(self.client.inspect_container(container))

    def address_of(self, container: str, network: str = "") -> str:
        """A container's IPv4 address in a network, the default one where none is named; '' where it has none."""
        networks = self.inspect(container)["NetworkSettings"]["Networks"]
        return str(networks[network or self.default_network]["IPAddress"])

    def started_at(self, container: str) -> str:
        """StartedAt, as the engine writes it: it names a run."""
        return str(self.inspect(container)["State"]["StartedAt"])

    def is_running(self, container: str) -> bool:
        """State.Running."""
        return bool(self.inspect(container)["State"]["Running"])

    def await_running(self, container: str, *, running: bool = True) -> None:
        """Wait until a container runs, or until it does not."""
        wait_for(lambda: self.is_running(container) is running, what=f"{container} running: {running}")

    def logs(self, container: str) -> str:
        """What a container has printed since it was created."""
        return bytes(self.client.logs(container)).decode(errors="replace")

    def containers(self) -> list[str]:
        """The ids of all containers, stopped ones included."""
        return [str(entry["Id"]) for entry in self.client.containers(all=True)]

    def prune(self) -> None:
        """Bring the engine back to what it is at the start of a test: up, without containers, networks, volumes."""
        self.resume()
        if not self.running:
            self.start()
        with ThreadPoolExecutor(8) as pool:
            list(pool.map(self._remove_quietly, self.containers()))
        self.client.prune_networks()  # type: ignore[no-untyped-call]  # the stubs leave it open
        self.client.prune_volumes()

    def _remove_quietly(self, container: str) -> None:
        try:
            self.remove(container)
        except docker.errors.NotFound:
            return
        except docker.errors.APIError:  # 'removal is already in progress', or it restarts right now
            wait_for(lambda: self._gone(container), what=f"{container} to be removed")

    def _gone(self, container: str) -> bool:
        try:
            self.remove(container)
        except docker.errors.NotFound:
            return True
        except docker.errors.APIError:
            return False
        return True


def _restart_policy(text: str) -> dict[str, Any]:
    name, _, count = text.partition(":")
    return {"Name": name, "MaximumRetryCount": int(count or 0)}


def _port_bindings(ports: Mapping[str, tuple[str, int] | None]) -> dict[str, list[dict[str, str]]]:
    return {
        port: [{"HostIp": binding[0], "HostPort": str(binding[1] or "")}]
        for port, binding in ports.items()
        if binding is not None
    }


def _networking(network: str, aliases: Sequence[str]) -> dict[str, Any]:
    return {"EndpointsConfig": {network: {"Aliases": list(aliases) or None}}}
