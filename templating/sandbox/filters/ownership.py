"""Whose a name is that containers claim, so that no container takes another's, the machine's own, or a stranger's.

A name that several applications claim with the same right goes to none of them: a name that leads to somebody else is
worse than one that leads nowhere.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Any

from models.container import Container
from models.frozen import frozen
from models.matching import SWARM_SERVICE_LABEL
from models.record import Record
from templating.errors import TemplateUsageError
from templating.sandbox.filters.names import fold, text_of

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from jinja2.sandbox import SandboxedEnvironment

_IPV6_NAMES = ("localhost", "loopback", "localnet", "mcastprefix", "allnodes", "allrouters", "allhosts")
LOCAL_NAMES = frozenset(
    {f"{name}{version}" for name in ("localhost", "localdomain") for version in ("", "4", "6")}
    | {f"localhost{version}.localdomain{version}" for version in ("", "4", "6")}
    | {f"{prefix}-{name}" for prefix in ("ip6", "ipv6") for name in _IPV6_NAMES}
    | {"broadcasthost", "loopback"}
)
"""What a machine calls itself: from the hosts files of Debian, Red Hat, SUSE, Alpine and macOS."""

_LOCAL = "means the machine itself"
_RESERVED = "is a name of the host's own"
_FOREIGN = "is another container's name"
_CONTESTED = "is claimed by another application as well"
_OWN_NAME = 0


@frozen
class Claim(Record):
    """One container's wish for one name.

    Attributes:
        name: the name as it was written.
        container: who claims it.
        rank: how good the right to it is; 0, a container's own name, is the best.
        source: where it was written, for people: `label hosts.names`.
    """

    name: str
    container: Container
    rank: int
    source: str


@frozen
class Refusal(Record):
    """A claim that was not granted.

    Attributes:
        container: who made it.
        source: where it was written.
        reason: why, as the end of a sentence that begins with the source; no value in it.
    """

    container: Container
    source: str
    reason: str


@frozen
class Settlement(Record):
    """Who gets which name.

    Attributes:
        names: the names of each container by its id, each once, in the order of its claims.
        refusals: the claims that were not granted, in their order, alike ones once.
    """

    names: dict[str, list[str]]
    refusals: tuple[Refusal, ...]


def is_local_name(name: str) -> bool:
    """Whether a folded name means the machine itself; everything below `localhost` does (RFC 6761, section 6.3)."""
    return name in LOCAL_NAMES or name.endswith((".localhost", ".localhost.localdomain"))


def application_of(container: Container) -> tuple[str, ...]:
    """What makes two containers replicas of one application: the Compose or Swarm service, else nothing does."""
    compose = container.compose
    if compose.project and compose.service:
        return "compose", compose.project, compose.service
    swarm = container.labels.get(SWARM_SERVICE_LABEL, "")
    return ("swarm", swarm) if swarm else ("container", container.id)


def settle(claims: Sequence[Claim], reserved: Iterable[str] = ()) -> Settlement:
    """Decide whose each claimed name is.

    The claim with the smallest rank wins, and with it every claim of the same application. Where the best claims are
    of several applications, nobody gets the name. Of containers whose own names differ by case alone, the one that
    spells it in lower case wins.

    Args:
        claims: in the order in which the names are to be written.
        reserved: names that no container may have.
    """
    taken = {fold(name) for name in reserved}
    rivals: dict[str, list[Claim]] = {}
    for claim in claims:
        rivals.setdefault(fold(claim.name), []).append(claim)
    winners = {name: _winner(each) for name, each in rivals.items()}
    names: dict[str, dict[str, str]] = {}
    refusals: dict[tuple[str, str, str], Refusal] = {}
    for claim in claims:
        name, container = fold(claim.name), claim.container
        reason = _objection(claim, name, winners[name], taken)
        if reason:
            refusals.setdefault((container.id, claim.source, reason), Refusal(container, claim.source, reason))
        else:
            names.setdefault(container.id, {}).setdefault(name, claim.name.removesuffix("."))
    return Settlement({each: list(found.values()) for each, found in names.items()}, tuple(refusals.values()))


def _winner(rivals: list[Claim]) -> Claim | None:
    """The claim with the best right; None where several applications have it."""
    best = min(map(_right, rivals))
    winners = [claim for claim in rivals if _right(claim) == best]
    return winners[0] if len({application_of(claim.container) for claim in winners}) == 1 else None


def _right(claim: Claim) -> tuple[int, bool]:
    return claim.rank, claim.rank == _OWN_NAME and claim.name != claim.name.lower()


def _objection(claim: Claim, name: str, winner: Claim | None, taken: set[str]) -> str:
    """Why a claim is not granted, '' where it is."""
    if is_local_name(name):
        return _LOCAL
    if name in taken:
        return _RESERVED
    if winner is None:
        return _CONTESTED
    if application_of(claim.container) == application_of(winner.container):
        return ""
    return _FOREIGN if winner.rank == _OWN_NAME else _CONTESTED


def filters(_environment: SandboxedEnvironment) -> dict[str, Callable[..., Any]]:
    """The filters of this file by name."""

    def settle_names(value: Any, reserved: Any = ()) -> Settlement:
        if isinstance(reserved, str) or not isinstance(reserved, Iterable):
            raise TemplateUsageError("settle_names: the reserved names are a list")
        return settle(list(_claims(value)), [text_of(name, "settle_names") for name in reserved])

    return {"settle_names": settle_names}


def _claims(value: Any) -> Iterator[Claim]:
    """The claims that a template made."""
    if isinstance(value, Mapping) or not isinstance(value, Iterable):
        raise TemplateUsageError("settle_names takes a list of claims")
    for each in value:
        try:
            name, container, rank, source = each["name"], each["container"], each["rank"], each["source"]
        except (KeyError, TypeError):
            raise TemplateUsageError("a claim has a name, a container, a rank and a source") from None
        if not isinstance(container, Container) or type(rank) is not int:
            raise TemplateUsageError("a claim's container is a container, and its rank a number")
        yield Claim(text_of(name, "settle_names"), container, rank, text_of(source, "settle_names"))
