"""One container of the fake engine: its state, and its answers kept encoded until something changes."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from tests.support.fake_engine.clock import ZERO_TIME

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence


def fake_id(seed: str) -> str:
    """64 hexadecimal digits that depend on the seed alone."""
    return hashlib.sha256(seed.encode()).hexdigest()


@dataclass(slots=True)
class FakeNetwork:
    """A network of the fake engine.

    Attributes:
        prefix: the first two numbers of its addresses.
        own_gateway: another gateway than the first address of its subnet.
        ipv6_gateway: '' without IPv6.
    """

    name: str
    id: str
    internal: bool = False
    prefix: str = "172.17"
    used: int = 1
    driver: str = "bridge"
    ingress: bool = False
    own_gateway: str | None = None
    ipv6_gateway: str = ""
    options: Mapping[str, str] = field(default_factory=dict)

    def next_address(self) -> str:
        """The next free address, wrapping around long before a test has that many."""
        self.used += 1
        return f"{self.prefix}.{self.used // 250 % 250}.{self.used % 250 + 2}"

    @property
    def gateway(self) -> str:
        """The network's IPv4 gateway."""
        return f"{self.prefix}.0.1" if self.own_gateway is None else self.own_gateway


@dataclass(slots=True)
class Endpoint:
    """A container's place in a network."""

    network_id: str
    endpoint_id: str
    ip_address: str
    gateway: str
    mac_address: str
    ipv6_address: str = ""
    ipv6_gateway: str = ""
    aliases: list[str] | None = None


@dataclass(slots=True)
class FakeContainer:
    """A container as the fake engine keeps it.

    Attributes:
        endpoints: by network name.
        published: container port (`80/tcp`) to (host address, host port) pairs.
        overrides: laid over the inspect body at every depth, for fields that nothing here has a name for.
        policy_cancelled: a kill made the engine forget the restart policy until the next start.
        dies_of: the signals that end it, canonical names.
        exec_status: exit status of an exec by (user, program), 0 where nothing is said; `(*, program)` for any user.
        inspect_body, entry_body: encoded answers; None until asked for and after each change.
    """

    id: str
    name: str
    image: str = "busybox:local"
    created: str = ZERO_TIME
    env: list[Any] = field(default_factory=list)
    labels: dict[str, str] = field(default_factory=dict)
    endpoints: dict[str, Endpoint] = field(default_factory=dict)
    ports: Sequence[str] = ()
    published: Mapping[str, Sequence[tuple[str, int]]] = field(default_factory=dict)
    running: bool = False
    restarting: bool = False
    paused: bool = False
    started_at: str = ZERO_TIME
    finished_at: str = ZERO_TIME
    changed_at_ns: int = 0
    exit_code: int = 0
    restart_count: int = 0
    health: str | None = None
    hostname: str = ""
    network_mode: str = "default"
    restart_policy: str = ""
    stop_signal: str = ""
    stop_timeout_s: int | None = None
    pid_mode: str = ""
    overrides: Mapping[str, Any] = field(default_factory=dict)
    policy_cancelled: bool = False
    dies_of: set[str] = field(default_factory=lambda: {"SIGKILL"})
    exec_status: dict[tuple[str, str], int] = field(default_factory=dict)
    inspect_body: bytes | None = None
    entry_body: tuple[int, bytes] | None = None

    @property
    def image_id(self) -> str:
        """The digest of its image."""
        return f"sha256:{fake_id(self.image)}"

    @property
    def status(self) -> str:
        """`State.Status`."""
        if self.restarting:
            return "restarting"
        if self.running:
            return "paused" if self.paused else "running"
        return "created" if self.started_at == ZERO_TIME else "exited"

    @property
    def alive(self) -> bool:
        """Whether its process is there: a restarting one counts as running, and has none."""
        return self.running and not self.restarting

    def touch(self) -> None:
        """Forget the encoded answers: something changed."""
        self.inspect_body = None
        self.entry_body = None

    def event_attributes(self) -> dict[str, str]:
        """`Actor.Attributes` of its events."""
        return {**self.labels, "image": self.image, "name": self.name}
