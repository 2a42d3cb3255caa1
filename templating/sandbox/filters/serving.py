"""At which address and port a container is reached, and whether it answers now: the recipes' common rules.

- Requests go to containers that run, are not restarting or paused, and are not unhealthy (`serving`).
- The port is the one that the container names, else its one exposed TCP port, else a default.
- The address is the one at which the reader reaches it (see `reach`), and one that is none is not used:
  what the engine says is checked as what containers say.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from models.container import Container
from models.frozen import frozen
from models.hosts import PORT_MAX
from models.record import Record
from templating.errors import TemplateUsageError
from templating.sandbox.filters import reach
from templating.sandbox.filters.names import is_ip_address, text_of
from templating.sandbox.undefined import Blank

if TYPE_CHECKING:
    from collections.abc import Callable

    from jinja2.sandbox import SandboxedEnvironment

_NO_PORT = "is not a port from 1 to 65535"
_NO_ADDRESS = "has no address that can be reached"


@frozen
class Endpoint(Record):
    """Where a container is reached; false where it is not.

    Attributes:
        address: an IPv4 or IPv6 address, '' without one.
        port: 1 to 65535; 0 where the container names something else.
        written: `10.0.0.1:80`, `[fd00::1]:80`; '' where either is missing.
        port_problem: what is wrong with the port, as the end of a sentence that begins with where it was written.
        address_problem: what is wrong with the address, as the end of a sentence that begins with the container.
    """

    address: str
    port: int
    written: str
    port_problem: str
    address_problem: str

    def __bool__(self) -> bool:
        return bool(self.written)


def is_serving(container: Container) -> bool:
    """Whether a container can answer a request now.

    A paused one takes connections and leaves them waiting. One without a health check, or whose first check has not
    come back, counts as healthy.
    """
    return container.is_current and not container.paused and container.health != "unhealthy"


def port_of(container: Container, written: str, default: int) -> int:
    """The port that is meant; 0 where what is written is none.

    Args:
        container: whose exposed TCP port is taken where it has exactly one.
        written: what the container says, '' for nothing.
        default: where the container says nothing, and exposes none or several.
    """
    text = written.strip()
    if not text:
        exposed = container.ports["tcp"]
        return exposed[0] if len(exposed) == 1 else default
    number = int(text) if text.isascii() and text.isdecimal() and len(text) <= len(str(PORT_MAX)) else 0
    return number if number <= PORT_MAX else 0


def endpoint_of(address: str, port: int) -> Endpoint:
    """An address and a port as a client writes them, with what is wrong with either."""
    usable = address if is_ip_address(address) else ""
    host = f"[{usable}]" if ":" in usable else usable
    return Endpoint(
        address=usable,
        port=port,
        written=f"{host}:{port}" if usable and port else "",
        port_problem="" if port else _NO_PORT,
        address_problem="" if usable else _NO_ADDRESS,
    )


def addresses_of(container: Container, origin: Container | None, find: reach.Find) -> list[str]:
    """All addresses that a container has, in the order in which they are best tried from the host.

    Args:
        container: where it is, or whose network stack it uses, does not matter.
        origin: from where the host's own network is reached.
        find: gives a container by its id or name.
    """
    container = reach.owner_of_stack(container, find)
    networks = reach.networks_in_reach(container.networks, None, find)
    found = [address for network in networks for address in (network.ip_address, network.ipv6_address)]
    if container.network_mode == "host":
        found = [reach.way_to_host(origin, find)]
    return [address for address in dict.fromkeys(found) if is_ip_address(address)]


def filters(environment: SandboxedEnvironment) -> dict[str, Callable[..., Any]]:
    """The filters of this file by name."""
    find = reach.finder(environment)

    def endpoint(value: Any, origin: Any = None, port: Any = "", default: int = 80) -> Endpoint:
        container = _container(value, "endpoint")
        address = reach.address_from(container, _known(origin, "endpoint"), find)
        return endpoint_of(address, port_of(container, text_of(port, "endpoint"), default))

    def addresses(value: Any, origin: Any = None) -> list[str]:
        return addresses_of(_container(value, "addresses"), _known(origin, "addresses"), find)

    return {"endpoint": endpoint, "addresses": addresses}


def tests() -> dict[str, Callable[..., bool]]:
    """The tests of this file by name."""
    return {"serving": lambda value: is_serving(_container(value, "serving"))}


def _known(origin: Any, name: str) -> Container | None:
    """From where a container is reached; None where that is unknown, which a template writes as something undefined."""
    if origin is None or isinstance(origin, Blank):
        str(origin)  # an unknown name is used here, which strict mode forbids
        return None
    return _container(origin, name)


def _container(value: Any, name: str) -> Container:
    if not isinstance(value, Container):
        raise TemplateUsageError(f"{name} takes a container")
    return value
