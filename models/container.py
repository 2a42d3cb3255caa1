"""A container as templates see it, built once from the engine's inspect answer and never changed."""

from __future__ import annotations

from dataclasses import replace
from operator import attrgetter
from sys import intern
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, ClassVar

from models import kept_body, matching
from models.compose import Compose
from models.frozen import frozen
from models.image import ImageName
from models.mapping import TextMapping
from models.mounts import Mount, read_mounts
from models.networks import NetworkFacts, endpoint_ids, read_networks
from models.ports import Ports, PublishedList, read_exposed, read_published
from models.raw import RawContainer
from models.reading import FieldReader, status_of
from models.record import Record
from models.run import Run

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from models.listing import ItemList
    from models.networks import NetworkList

UNKNOWN_HEALTH = "unknown"

_NETWORKS = "NetworkSettings.Networks"
_PORTS = "NetworkSettings.Ports"


@frozen(kw_only=True)
class Container(Record):
    """One container at one moment.

    As a mapping it holds the fields of `TEMPLATE_FIELDS`; the others are for the rest of the program.

    Attributes:
        id: the full id.
        short_id: the id's first 10 digits.
        name: the name without its slash, '' where the engine gives none.
        image: the image as it was asked for (`nginx:1.25`), else its id.
        status: `State.Status` in Docker's words: `running`, `paused`, `exited`, ...
        health: `healthy`, `unhealthy`, `starting`, or `unknown` without a health check.
        labels: the labels, sorted; a missing one reads as ''.
        env: the environment variables, sorted; a missing one reads as '', and so does one without `=`.
        networks: sorted by name.
        ports: exposed port numbers by protocol (`tcp`, `udp`, `sctp`), sorted.
        published: where the host publishes each container port.
        created: when it was created, as the engine wrote it (RFC 3339).
        hostname: its own host name.
        mounts: sorted by destination.
        network_mode: `bridge`, `host`, `none`, `container:ID` or a network.
        restart_policy: `no`, `always`, `unless-stopped`, `on-failure`, '' where the engine doesn't say.
        compose: `project`, `service` and `number`.
        engine: the name of the engine that owns it.
        running: `State.Running`, which is true while it is paused or restarting, too.
        restarting: `State.Restarting`.
        paused: `State.Paused`.
        started_at: `State.StartedAt` exactly as the engine wrote it.
        endpoint_ids: prefixes of the ids of its network endpoints, sorted; every start makes new ones.
        target_names: the names that it answers to (see `models.matching`), each with its rank.
        is_over: whether an event proved that its run has ended; the other fields are as the last inspect showed them.
    """

    TEMPLATE_FIELDS: ClassVar[tuple[str, ...]] = (
        "raw", "id", "short_id", "name", "image", "status", "health", "labels", "env", "networks", "ports", "published",
        "created", "hostname", "mounts", "network_mode", "restart_policy", "compose",
    )  # fmt: skip

    engine: str
    id: str
    short_id: str
    name: str
    image: str
    status: str
    health: str
    labels: TextMapping
    env: TextMapping
    networks: NetworkList
    ports: Ports
    published: PublishedList
    created: str
    hostname: str
    mounts: ItemList[Mount]
    network_mode: str
    restart_policy: str
    compose: Compose
    running: bool
    restarting: bool
    paused: bool
    started_at: str
    endpoint_ids: tuple[str, ...]
    target_names: Mapping[str, int]
    _kept: bytes
    is_over: bool = False

    @classmethod
    def from_inspect(
        cls, body: bytes, *, engine: str, networks: Mapping[str, NetworkFacts], warn: Callable[[str], None]
    ) -> Container:
        """Read the engine's answer to `GET /containers/{id}/json`.

        Args:
            body: the answer's bytes.
            engine: the name of the engine that gave it.
            networks: what is known of the engine's networks, by id.
            warn: called with one message for each field that can't be read; the field is empty then.

        Raises:
            ValueError: the body is not a JSON object with a string as its `Id`.
        """
        attrs = kept_body.parse(body)
        container_id = attrs.get("Id")
        if type(container_id) is not str or not container_id:
            raise ValueError("an inspect answer without an Id")
        reader = FieldReader(_name(attrs) or container_id[: matching.SHORT_ID_DIGITS], warn)
        return _read(reader, attrs, engine=engine, facts=networks, kept=kept_body.keep(body))

    @property
    def kept(self) -> bytes:
        """The engine's answer, as `models.kept_body` keeps it."""
        return self._kept

    @property
    def raw(self) -> RawContainer:
        """The container as docker-py shows it, read-only."""
        return RawContainer(
            self._kept, id=self.id, name=self.name, labels=self.labels, status=self.status, health=self.health
        )

    @property
    def image_name(self) -> ImageName:
        """The image's name in parts. Not a field: a container written as JSON is to stay the same."""
        return ImageName.parse(self.image)

    @property
    def is_current(self) -> bool:
        """Whether templates see it in `containers`: it runs, perhaps paused, and is not restarting."""
        return self.running and not self.restarting

    @property
    def run(self) -> Run | None:
        """The run that a notification would reach; None unless it runs and is not restarting."""
        return Run(self.id, self.started_at) if self.is_current else None

    def ended(self) -> Container:
        """The same container where its run is known to be over: all but `raw` as the next inspect is going to show it.

        Seen on Docker 20.10 and 28.5: no addresses, no published ports, and a health check counts as failed. Podman
        4.3, whose endpoints have no ids, shows no addresses either, and leaves the rest as it was. Whether a restart
        policy is about to start it again, only the inspect tells.
        """
        is_docker = bool(self.endpoint_ids)
        return replace(
            self,
            status="exited",
            running=False,
            restarting=False,
            paused=False,
            health="unhealthy" if is_docker and self.health != UNKNOWN_HEALTH else self.health,
            networks=type(self.networks)(network.left() for network in self.networks),
            published=type(self.published)() if is_docker else self.published,
            endpoint_ids=(),
            is_over=True,
        )

    def same_fields(self, other: Container) -> bool:
        """Whether every field but `raw` is equal: a health check's log, say, is in `raw` alone."""
        return bool(_fields_of(self) == _fields_of(other))

    def same_view(self, other: Container) -> bool:
        """Whether a template would see the same, `raw` included."""
        return self._kept == other._kept and self.same_fields(other)

    def __eq__(self, other: object) -> bool:
        return self is other or (isinstance(other, Container) and self.same_view(other))

    def __hash__(self) -> int:
        return hash(self.id)

    def __repr__(self) -> str:
        # Not its fields: variables hold secrets, and a repr ends up in logs.
        return f"<Container {self.name or self.short_id}>"

    @classmethod
    def _names(cls) -> dict[str, str]:
        return _TEMPLATE_NAMES


_TEMPLATE_NAMES = {name: name for name in Container.TEMPLATE_FIELDS}
_fields_of = attrgetter(
    "id", "engine", "name", "image", "status", "health", "labels", "env", "networks", "ports", "published", "created",
    "hostname", "mounts", "network_mode", "restart_policy", "running", "restarting", "paused", "started_at",
)  # fmt: skip


def _read(
    reader: FieldReader, attrs: dict[str, Any], *, engine: str, facts: Mapping[str, NetworkFacts], kept: bytes
) -> Container:
    """Build the container from its decoded answer."""
    container_id, name = attrs["Id"], reader.text(attrs, "Name").lstrip("/")
    config, state = reader.mapping(attrs, "Config"), reader.mapping(attrs, "State")
    host, settings = reader.mapping(attrs, "HostConfig"), reader.mapping(attrs, "NetworkSettings")
    labels, env = _labels(reader, config), _env(reader, config)
    published = reader.mapping(settings, "Ports", "NetworkSettings.")
    networks = reader.mapping(settings, "Networks", "NetworkSettings.")
    exposed = reader.mapping(config, "ExposedPorts", "Config.")
    compose = Compose.from_labels(labels)
    status = status_of(reader.text(state, "Status", "State."))
    return Container(
        engine=engine,
        id=container_id,
        short_id=container_id[: matching.SHORT_ID_DIGITS],
        name=name,
        image=intern(reader.text(config, "Image", "Config.") or reader.text(attrs, "Image")),
        status=status,
        health=_health(reader, state),
        labels=TextMapping(labels),
        env=TextMapping(env),
        networks=read_networks(reader, networks, facts, _NETWORKS),
        ports=read_exposed(reader, ("Config.ExposedPorts", exposed), (_PORTS, published)),
        published=read_published(reader, published, _PORTS),
        created=reader.text(attrs, "Created"),
        hostname=reader.text(config, "Hostname", "Config."),
        mounts=read_mounts(reader, attrs),
        network_mode=intern(reader.text(host, "NetworkMode", "HostConfig.")),
        restart_policy=_restart_policy(reader, host),
        compose=compose,
        running=_running(reader, state, status),
        restarting=reader.flag(state, "Restarting", "State."),
        paused=reader.flag(state, "Paused", "State."),
        started_at=reader.text(state, "StartedAt", "State."),
        endpoint_ids=_endpoint_ids(networks),
        target_names=MappingProxyType(matching.target_names(container_id, name, labels, env, compose)),
        _kept=kept,
    )


def _name(attrs: dict[str, Any]) -> str:
    """The name for warnings, read before there is a reader that could warn."""
    name = attrs.get("Name")
    return name.lstrip("/") if type(name) is str else ""


def _labels(reader: FieldReader, config: dict[str, Any]) -> dict[str, str]:
    """`Config.Labels`; a value that is not a string is empty."""
    labels = reader.mapping(config, "Labels", "Config.")
    return {intern(key): reader.text(labels, key, "Config.Labels.") for key in labels}


def _env(reader: FieldReader, config: dict[str, Any]) -> dict[str, str]:
    """`Config.Env`; an entry without `=` is legal and empty, and the last entry of a name wins."""
    env = {}
    for entry in reader.texts(config, "Env", "Config."):
        name, _, value = entry.partition("=")
        if name:
            env[intern(name)] = value
    return env


def _endpoint_ids(networks: dict[str, Any]) -> tuple[str, ...]:
    """Of `NetworkSettings.Networks`; templates don't see them, so an odd one is not worth a warning."""
    found = (place.get("EndpointID") for place in networks.values() if type(place) is dict)
    return endpoint_ids(each for each in found if type(each) is str)


def _health(reader: FieldReader, state: dict[str, Any]) -> str:
    """`State.Health.Status`; `none` is the engine's word for a disabled health check."""
    status = reader.text(reader.mapping(state, "Health", "State."), "Status", "State.Health.")
    return UNKNOWN_HEALTH if status in {"", "none"} else intern(status)


def _restart_policy(reader: FieldReader, host: dict[str, Any]) -> str:
    policy = reader.mapping(host, "RestartPolicy", "HostConfig.")
    return intern(reader.text(policy, "Name", "HostConfig.RestartPolicy."))


def _running(reader: FieldReader, state: dict[str, Any], status: str) -> bool:
    """`State.Running`; where it is missing, the status tells."""
    if state.get("Running") is None:
        return status in {"running", "paused"}
    return reader.flag(state, "Running", "State.")
