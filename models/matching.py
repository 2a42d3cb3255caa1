"""What a configured name means: the rules of `--restart`, `--signal` and of `matching` in templates.

A target is a container's id, short id or id prefix of at least 10 hexadecimal digits; its name; the value of its label
`pygen.target` or of its variable `PYGEN_TARGET`; its Compose service (`SERVICE` or `PROJECT/SERVICE`); or its Swarm
service, with or without the stack's name. Every match counts. Matches are ordered by rank: id, name, label and
variable first, then id prefixes, then Compose services, then Swarm services; each container comes once, and containers
of one rank keep their order. The empty target matches nothing.
"""

from __future__ import annotations

import re
from bisect import bisect_left
from typing import TYPE_CHECKING, Any, Generic, Protocol, TypeVar

from models.record import Record

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

    from models.compose import Compose

ID_PREFIX_DIGITS_MIN = 10
SHORT_ID_DIGITS = 10
DOCKER_SHORT_ID_DIGITS = 12
"""As the engine's own tools show an id, and as a container's host name is made of it."""
TARGET_LABEL = "pygen.target"
TARGET_VARIABLE = "PYGEN_TARGET"
SWARM_SERVICE_LABEL = "com.docker.swarm.service.name"
STACK_LABEL = "com.docker.stack.namespace"

_ID_PREFIX = re.compile(f"[0-9a-f]{{{ID_PREFIX_DIGITS_MIN},64}}")
_EXACT, _BY_PREFIX, _BY_COMPOSE, _BY_SWARM = range(4)


class Named(Protocol):
    """What a target can match: a container, as far as its names go."""

    @property
    def id(self) -> str:
        """The full id."""

    @property
    def target_names(self) -> Mapping[str, int]:
        """See the function `target_names`."""

    @property
    def compose(self) -> Compose:
        """What Compose says of it."""


C = TypeVar("C", bound=Named)


def target_text(target: object) -> str:
    """A template's target as text: the id of a container or network, '' for None and undefined values."""
    if isinstance(target, str):
        return target
    if target is None:
        return ""
    return str(target.get("id", "")) if isinstance(target, Record) else str(target)


def is_id_prefix(text: str) -> bool:
    """Whether a text is long enough, and hexadecimal, so that it is taken for the beginning of an id."""
    return _ID_PREFIX.fullmatch(text) is not None


def is_named(item: Any, target: object) -> bool:
    """Whether an element of any list is the target, or has it as its id, id prefix or name."""
    if item is target or item == target:
        return True
    text = target_text(target)
    if not text or isinstance(item, int | float | str | None):
        return bool(text) and item is not None and str(item) == text
    own_id = getattr(item, "id", None)
    if text in (own_id, getattr(item, "name", None)):
        return True
    return isinstance(own_id, str) and is_id_prefix(text) and own_id.startswith(text)


def target_names(
    container_id: str, name: str, labels: Mapping[str, str], env: Mapping[str, str], compose: Compose
) -> dict[str, int]:
    """Everything that a container answers to, except for its id's other prefixes.

    Args:
        container_id: the full id.
        name: the container's name.
        labels: by name, in the exact spelling.
        env: variables by name, in the exact spelling.
        compose: its place in Compose.

    Returns:
        Each name with its rank; 0 is the closest.
    """
    names = {
        container_id: _EXACT,
        name: _EXACT,
        labels.get(TARGET_LABEL, ""): _EXACT,
        env.get(TARGET_VARIABLE, ""): _EXACT,
    }
    for further, rank in _further_names(container_id, labels, compose):
        names.setdefault(further, rank)
    names.pop("", None)
    return names


def _further_names(container_id: str, labels: Mapping[str, str], compose: Compose) -> Iterator[tuple[str, int]]:
    """The names that rank below id, name, label and variable, the closest first."""
    yield container_id[:SHORT_ID_DIGITS], _BY_PREFIX
    if compose.service:
        yield compose.service, _BY_COMPOSE
        if compose.project:
            yield f"{compose.project}/{compose.service}", _BY_COMPOSE
    service, stack = labels.get(SWARM_SERVICE_LABEL, ""), labels.get(STACK_LABEL, "")
    yield service, _BY_SWARM
    if stack and service.startswith(f"{stack}_"):
        yield service.removeprefix(f"{stack}_"), _BY_SWARM


def matches(container: Named, target: str) -> bool:
    """Whether a target matches this container."""
    return target in container.target_names or (is_id_prefix(target) and container.id.startswith(target))


def projects_of(containers: Iterable[Named], target: str) -> list[str]:
    """The Compose projects, sorted, in which a target is a service's bare name; more than one deserves a warning."""
    projects = {each.compose.project for each in containers if target and each.compose.service == target}
    return sorted(projects)


class Index(Generic[C]):
    """An index of many containers' names, so that a look-up costs the same however many there are."""

    __slots__ = ("_by_name", "_containers", "_ids", "_places")

    def __init__(self, containers: Iterable[C]) -> None:
        self._containers: Sequence[C] = tuple(containers)
        self._by_name: dict[str, dict[int, int]] = {}
        self._ids: list[str] | None = None
        self._places: list[int] = []
        for place, container in enumerate(self._containers):
            self._add(place, container)

    def matching(self, target: str) -> list[C]:
        """The containers that a target matches, the closest first, those of one rank in their own order."""
        if not target:
            return []
        ranks = dict(self._by_name.get(target, {}))
        for place in self._with_prefix(target):
            ranks[place] = min(_BY_PREFIX, ranks.get(place, _BY_PREFIX))
        return [self._containers[place] for place in sorted(ranks, key=lambda place: (ranks[place], place))]

    def _add(self, place: int, container: C) -> None:
        for name, rank in container.target_names.items():
            self._by_name.setdefault(name, {})[place] = rank

    def _with_prefix(self, target: str) -> Iterator[int]:
        """The indexes of the containers whose id begins so; ids are sorted when first needed."""
        if not is_id_prefix(target):
            return
        if self._ids is None:
            self._places = sorted(range(len(self._containers)), key=lambda place: self._containers[place].id)
            self._ids = [self._containers[place].id for place in self._places]
        at = bisect_left(self._ids, target)
        while at < len(self._ids) and self._ids[at].startswith(target):
            yield self._places[at]
            at += 1
