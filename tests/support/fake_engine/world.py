"""What the fake engine knows and does, without HTTP: containers, networks, and the events that each change gives.

The order of events and the shape of states are those seen on engine 20.10: a start is `network connect`, `start`; a
crash is `die`, `network disconnect`; a stop is `kill`, `die`, `network disconnect`, `stop`. Endpoints have other ids
after every start.
"""

from __future__ import annotations

import threading
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any, Literal

from tests.support.fake_engine import bodies
from tests.support.fake_engine.clock import ZERO_TIME, EngineClock
from tests.support.fake_engine.container import Endpoint, FakeContainer, FakeNetwork, fake_id
from tests.support.fake_engine.event_hub import EventHub
from tests.support.fake_engine.signal_names import canonical


class NoSuchThingError(Exception):
    """Asked about a container, network or exec that is not there: 404."""


class ConflictError(Exception):
    """The state does not allow it: 409."""


@dataclass(frozen=True, slots=True)
class DeliveredSignal:
    """A signal that reached a container's process.

    Attributes:
        container_id: the full id.
        started_at: the run that got it, as `State.StartedAt` spells it.
        signal: canonical, such as `SIGHUP`.
        via: how it came.
    """

    container_id: str
    started_at: str
    signal: str
    via: Literal["kill", "exec"]


@dataclass(frozen=True, slots=True)
class DeliveredRestart:
    """A restart that was done.

    Attributes:
        container_id: the full id.
        stop_timeout_s: the request's `t`, None where it had none.
        started_at: the new run.
    """

    container_id: str
    stop_timeout_s: int | None
    started_at: str


class World:
    """The engine's state. Thread-safe: every change is made whole, under one lock.

    Attributes:
        signals: signals delivered, in order.
        restarts: restarts done, in order.
    """

    def __init__(self, *, newest_shapes: bool = False) -> None:
        self.clock = EngineClock()
        self.events = EventHub(newest_shapes=newest_shapes)
        self.signals: list[DeliveredSignal] = []
        self.restarts: list[DeliveredRestart] = []
        self.lock = threading.RLock()
        self._newest_shapes = newest_shapes
        self._containers: dict[str, FakeContainer] = {}
        self._names: dict[str, str] = {}
        self._networks: dict[str, FakeNetwork] = {}
        self._frozen_list: bytes | None = None
        self._made = 0
        for name in ("bridge", "host", "none"):
            self.add_network(name)

    # Reading

    def container(self, reference: str) -> FakeContainer:
        """By id, name or id prefix, as the engine looks it up."""
        with self.lock:
            found = self._containers.get(reference) or self._containers.get(self._names.get(reference, ""))
            if found is None and reference:
                found = next((c for c in self._containers.values() if c.id.startswith(reference)), None)
            if found is None:
                raise NoSuchThingError(f"No such container: {reference}")
            return found

    @property
    def container_ids(self) -> list[str]:
        """All ids, in the order in which they were made."""
        with self.lock:
            return list(self._containers)

    def inspect_body(self, reference: str) -> bytes:
        """The bytes of `GET /containers/{id}/json`."""
        with self.lock:
            container = self.container(reference)
            if container.inspect_body is None:
                container.inspect_body = bodies.encode(
                    bodies.inspect_object(container, newest_shapes=self._newest_shapes)
                )
            return container.inspect_body

    def list_body(self, *, all_containers: bool) -> bytes:
        """The bytes of `GET /containers/json`, newest first."""
        with self.lock:
            if self._frozen_list is not None:
                return self._frozen_list
            now_ns = self.clock.now_ns()
            entries = [
                self._entry_body(container, now_ns)
                for container in reversed(self._containers.values())
                if all_containers or container.running
            ]
            return b"[" + b",".join(entries) + b"]"

    def _entry_body(self, container: FakeContainer, now_ns: int) -> bytes:
        uptime_s = max(0.0, (now_ns - container.changed_at_ns) / 1e9)
        # An entry is kept for as long as its uptime reads the same, so that a list of 10,000 costs a join.
        step = int(uptime_s) if uptime_s < 60 else 60 + int(uptime_s) // 60
        if container.entry_body is None or container.entry_body[0] != step:
            container.entry_body = (step, bodies.encode(bodies.list_entry(container, uptime_s=uptime_s)))
        return container.entry_body[1]

    def freeze_list(self) -> None:
        """From now on the list answers as it is now, whatever happens: engines show a dead one for a while."""
        self._frozen_list = self.list_body(all_containers=True)

    def thaw_list(self) -> None:
        """The list is true again."""
        self._frozen_list = None

    def networks_body(self) -> bytes:
        """The bytes of `GET /networks`."""
        with self.lock:
            return bodies.encode([bodies.network_object(network) for network in self._networks.values()])

    def network(self, reference: str) -> FakeNetwork:
        """By name or id."""
        with self.lock:
            for network in self._networks.values():
                if reference in {network.name, network.id}:
                    return network
            raise NoSuchThingError(f"network {reference} not found")

    # Events

    @contextmanager
    def without_events(self) -> Iterator[None]:
        """What is done inside gives no events: they are lost on the way."""
        self.events.mute()
        try:
            yield
        finally:
            self.events.unmute()

    def emit(self, kind: str, action: str, actor_id: str, attributes: Mapping[str, str]) -> None:
        """Send an event with the engine's time."""
        now_ns = self.clock.now_ns()
        self.events.publish({
            "Type": kind,
            "Action": action,
            "Actor": {"ID": actor_id, "Attributes": dict(attributes)},
            "scope": "local",
            "time": now_ns // 1_000_000_000,
            "timeNano": now_ns,
        })  # fmt: skip

    def _emit_container(self, container: FakeContainer, action: str, **more: str) -> None:
        self.emit("container", action, container.id, container.event_attributes() | more)

    def _emit_networks(self, container: FakeContainer, action: str) -> None:
        for name, endpoint in container.endpoints.items():
            self._emit_network(container.id, name, endpoint.network_id, action)

    def _emit_network(self, container_id: str, name: str, network_id: str, action: str) -> None:
        known = self._networks.get(name)
        attributes = {"container": container_id, "name": name, "type": "bridge" if known is None else known.driver}
        self.emit("network", action, network_id, attributes)

    # Networks

    def add_network(self, name: str, **options: Any) -> str:
        """Make a network.

        Args:
            name: `host` and `none` have the drivers that an engine gives these.
            options: fields of `FakeNetwork`.

        Returns:
            Its id.
        """
        usual: dict[str, Any] = {
            "prefix": "172.17" if name == "bridge" else f"10.{len(self._networks) + 50}",
            "driver": {"host": "host", "none": "null"}.get(name, "bridge"),
        }
        with self.lock:
            network = FakeNetwork(name, fake_id(f"network {name}"), **(usual | options))
            self._networks[name] = network
            self.emit("network", "create", network.id, {"name": name, "type": network.driver})
            return network.id

    def remove_network(self, name: str) -> None:
        """Remove a network that nobody uses."""
        with self.lock:
            network = self.network(name)
            del self._networks[network.name]
            self.emit("network", "destroy", network.id, {"name": network.name, "type": network.driver})

    def connect(self, reference: str, network: str, *, ip_address: str = "", aliases: Sequence[str] = ()) -> None:
        """Connect a container to a network."""
        with self.lock:
            container, place = self.container(reference), self.network(network)
            container.endpoints[place.name] = self._endpoint(container, place, ip_address, aliases)
            container.touch()
            if container.alive:
                self._emit_network(container.id, place.name, place.id, "connect")

    def disconnect(self, reference: str, network: str) -> None:
        """Disconnect a container from a network."""
        with self.lock:
            container, place = self.container(reference), self.network(network)
            if container.endpoints.pop(place.name, None) is None:
                raise ConflictError(f"container {container.id} is not connected to network {place.name}")
            container.touch()
            if container.alive:
                self._emit_network(container.id, place.name, place.id, "disconnect")

    def _endpoint(
        self, container: FakeContainer, network: FakeNetwork, ip_address: str, aliases: Sequence[str]
    ) -> Endpoint:
        address = ip_address or ("" if network.driver in {"host", "null"} else network.next_address())
        digits = [int(part) for part in address.split(".")] if address.count(".") == 3 else []
        number = address.rpartition(".")[2]
        return Endpoint(
            network_id=network.id,
            endpoint_id=fake_id(f"{container.id} {network.id} {self.clock.now_text()}"),
            ip_address=address,
            gateway=network.gateway if address else "",
            ipv6_address=f"{network.ipv6_gateway[:-1]}{number}" if address and network.ipv6_gateway else "",
            ipv6_gateway=network.ipv6_gateway if address else "",
            mac_address=":".join(["02", "42", *(f"{digit:02x}" for digit in digits)]) if digits else "",
            aliases=[*aliases, container.id[:12]] if network.name != "bridge" else None,
        )

    # Containers

    def add_container(
        self,
        name: str,
        *,
        id: str | None = None,  # noqa: A002 - the engine's own word
        image: str = "busybox:local",
        env: Mapping[str, str] | Sequence[Any] = (),
        labels: Mapping[str, str] | None = None,
        networks: Sequence[str] = ("bridge",),
        ports: Sequence[str] = (),
        published: Mapping[str, Sequence[tuple[str, int]]] | None = None,
        running: bool = True,
        health: str | None = None,
        hostname: str | None = None,
        network_mode: str | None = None,
        restart_policy: str = "",
        stop_signal: str = "",
        stop_timeout_s: int | None = None,
        pid_mode: str = "",
        started_at: str | None = None,
        overrides: Mapping[str, Any] | None = None,
    ) -> str:
        """Make a container and, if it is to run, start it: `create`, `network connect`, `start`.

        Args:
            name: without a slash; must be free.
            id: 64 hexadecimal digits; made up where not given.
            image: as people wrote it.
            env: `Config.Env`, as a mapping or as the engine's list.
            labels: `Config.Labels`.
            networks: names of networks that exist.
            ports: exposed ports, such as `80/tcp`.
            published: container port to (host address, host port) pairs.
            running: whether it is started.
            health: `State.Health.Status`; None is no health check.
            hostname: `Config.Hostname`; the short id where not given.
            network_mode: `HostConfig.NetworkMode`; the first network where not given.
            restart_policy: `always`, `unless-stopped`, `on-failure`, or none.
            stop_signal: `Config.StopSignal`.
            stop_timeout_s: `Config.StopTimeout`.
            pid_mode: `HostConfig.PidMode`.
            started_at: `State.StartedAt`; the engine's time where not given.
            overrides: laid over the inspect body at every depth.

        Returns:
            Its id.
        """
        with self.lock:
            if name in self._names:
                raise ConflictError(f"The container name /{name} is already in use")
            self._made += 1
            container_id = id or fake_id(f"container {self._made} {name}")
            container = FakeContainer(
                id=container_id,
                name=name,
                image=image,
                created=self.clock.now_text(),
                env=[f"{key}={value}" for key, value in env.items()] if isinstance(env, Mapping) else list(env),
                labels=dict(labels or {}),
                ports=tuple(ports),
                published=published or {},
                health=health,
                hostname=container_id[:12] if hostname is None else hostname,
                network_mode=network_mode or (networks[0] if networks and networks[0] != "bridge" else "default"),
                restart_policy=restart_policy,
                stop_signal=stop_signal,
                stop_timeout_s=stop_timeout_s,
                pid_mode=pid_mode,
                changed_at_ns=self.clock.now_ns(),
                overrides=overrides or {},
            )
            self._containers[container_id] = container
            self._names[name] = container_id
            for network in networks:
                container.endpoints[network] = self._endpoint(container, self.network(network), "", ())
            self._emit_container(container, "create")
            if running:
                self.start_container(container_id, started_at=started_at)
            return container_id

    def start_container(self, reference: str, *, started_at: str | None = None) -> bool:
        """Start a container: a new run.

        Returns:
            False where it runs already (304).
        """
        with self.lock:
            container = self.container(reference)
            if container.alive:
                return False
            container.running, container.restarting, container.paused = True, False, False
            container.policy_cancelled = False
            if container.started_at != ZERO_TIME:
                container.health = container.health and "starting"
            container.started_at = started_at or self.clock.now_text()
            container.changed_at_ns = self.clock.now_ns()
            for endpoint in container.endpoints.values():
                endpoint.endpoint_id = fake_id(f"{container.id} {endpoint.network_id} {container.started_at}")
            container.touch()
            self._emit_networks(container, "connect")
            self._emit_container(container, "start")
            return True

    def die(self, reference: str, *, exit_code: int = 1, restarting: bool = False) -> None:
        """The process ends by itself; with `restarting` the engine is about to start it again."""
        with self.lock:
            container = self.container(reference)
            if not container.alive:
                raise ConflictError(f"Container {container.id} is not running")
            container.running, container.restarting, container.paused = restarting, restarting, False
            container.exit_code = exit_code
            container.health = container.health and "unhealthy"
            container.finished_at = self.clock.now_text()
            container.changed_at_ns = self.clock.now_ns()
            container.touch()
            self._emit_container(container, "die", exitCode=str(exit_code))
            self._emit_networks(container, "disconnect")

    def crash(self, reference: str, *, exit_code: int = 1) -> bool:
        """The process ends and the restart policy acts, unless a kill made the engine forget it.

        Returns:
            Whether it was started again.
        """
        with self.lock:
            container = self.container(reference)
            comes_back = container.restart_policy in {"always", "unless-stopped", "on-failure"}
            comes_back = comes_back and not container.policy_cancelled
            self.die(container.id, exit_code=exit_code, restarting=comes_back)
            if comes_back:
                container.restart_count += 1
                self.start_container(container.id)
            return comes_back

    def stop_container(self, reference: str) -> bool:
        """Stop a container as `docker stop` does.

        Returns:
            False where it is stopped already (304).
        """
        with self.lock:
            container = self.container(reference)
            if not container.running:
                return False
            self._emit_container(container, "kill", signal="15")
            if container.restarting:
                container.running, container.restarting = False, False
                container.touch()
            else:
                self.die(container.id, exit_code=137)
            container.policy_cancelled = True
            self._emit_container(container, "stop")
            return True

    def restart(self, reference: str, *, stop_timeout_s: int | None = None) -> None:
        """Restart a container as `docker restart` does; a stopped one is started."""
        with self.lock:
            container = self.container(reference)
            self.stop_container(container.id)
            self.start_container(container.id)
            self._emit_container(container, "restart")
            self.restarts.append(DeliveredRestart(container.id, stop_timeout_s, container.started_at))

    def kill(self, reference: str, signal: str = "SIGKILL") -> None:
        """`docker kill`: the signal is delivered, and the restart policy forgotten where the engine does so."""
        with self.lock:
            container, name = self.container(reference), canonical(signal)
            if not container.running:
                raise ConflictError(f"Cannot kill container: {reference}: Container {container.id} is not running")
            stop_signal = canonical(container.stop_signal) if container.stop_signal else ""
            if not stop_signal or stop_signal == name or container.restart_policy == "unless-stopped":
                container.policy_cancelled = True
            self._emit_container(container, "kill", signal=name)
            if not container.restarting:
                self.signal_process(container, name, "kill")

    def signal_process(self, container: FakeContainer, signal: str, via: Literal["kill", "exec"]) -> None:
        """The process gets a signal: recorded, and if it is one that it dies of, it dies."""
        with self.lock:
            # PID 1 ignores these two from inside, and the command still says 0.
            if via == "exec" and signal in {"SIGKILL", "SIGSTOP"}:
                return
            self.signals.append(DeliveredSignal(container.id, container.started_at, signal, via))
            if signal in container.dies_of:
                self.crash(container.id, exit_code=137)

    def remove(self, reference: str) -> None:
        """Remove a container, a running one by force."""
        with self.lock:
            container = self.container(reference)
            if container.alive:
                self.die(container.id, exit_code=137)
            del self._containers[container.id]
            del self._names[container.name]
            self._emit_container(container, "destroy")

    def rename(self, reference: str, new_name: str) -> None:
        """Rename a container."""
        with self.lock:
            container = self.container(reference)
            if new_name in self._names:
                raise ConflictError(f"The container name /{new_name} is already in use")
            old_name, container.name = container.name, new_name
            del self._names[old_name]
            self._names[new_name] = container.id
            container.touch()
            self._emit_container(container, "rename", oldName=f"/{old_name}")

    def set_health(self, reference: str, health: str) -> None:
        """The health check's verdict changes."""
        self.change(reference, f"health_status: {health}", health=health)

    def pause(self, reference: str) -> None:
        """Freeze its processes."""
        self.change(reference, "pause", paused=True)

    def unpause(self, reference: str) -> None:
        """Let its processes go on."""
        self.change(reference, "unpause", paused=False)

    def update(self, reference: str, **fields: Any) -> None:
        """`docker update`: change fields such as `restart_policy`."""
        self.change(reference, "update", **fields)

    def change(self, reference: str, action: str | None, **fields: Any) -> None:
        """Set fields of a container and, where an action is given, send its event.

        Args:
            reference: id, name or id prefix.
            action: the event's action; None for no event.
            **fields: attributes of `FakeContainer`.
        """
        with self.lock:
            container = self.container(reference)
            for name, value in fields.items():
                if not hasattr(container, name):
                    raise TypeError(f"a fake container has no field {name}")
                setattr(container, name, value)
            container.touch()
            if action is not None:
                self._emit_container(container, action)
