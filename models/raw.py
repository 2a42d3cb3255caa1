"""A container as docker-py shows it, read-only, from the bytes that the engine sent."""

from __future__ import annotations

from collections.abc import ItemsView, KeysView, ValuesView
from typing import Any, NoReturn

from models import kept_body
from models.listing import ItemList
from models.mapping import CaseMapping, TextMapping
from models.matching import DOCKER_SHORT_ID_DIGITS

# What docker-py's Container has beyond the values below; each of these calls the engine.
ENGINE_CALLS = frozenset(
    {
        "attach", "attach_socket", "client", "collection", "commit", "diff", "exec_run", "export", "get_archive",
        "image", "kill", "logs", "pause", "put_archive", "reload", "remove", "rename", "resize", "restart", "start",
        "stats", "stop", "top", "unpause", "update", "wait",
    }
)  # fmt: skip


class EngineCallRefused(Exception):  # noqa: N818 - it is a refusal
    """A template asked `raw` for something that would call the engine. Templating makes it a template error."""


class RawMapping(CaseMapping[Any]):
    """A decoded JSON object, read-only all the way down: objects and lists in it are wrapped as they are reached."""

    __slots__ = ()

    def __init__(self, data: dict[str, Any]) -> None:
        # Neither sorted nor copied: it keeps the engine's order, and costs nothing where no template reads it.
        object.__setattr__(self, "_data", data)
        object.__setattr__(self, "_any_case", None)

    def __getitem__(self, key: str) -> Any:
        return read_only(super().__getitem__(key))

    # A plain dictionary's views would lead to unwrapped values, by their `mapping`.

    def keys(self) -> KeysView[str]:
        """The keys in the engine's order."""
        return KeysView(self)

    def values(self) -> ValuesView[Any]:
        """The values in the engine's order."""
        return ValuesView(self)

    def items(self) -> ItemsView[str, Any]:
        """Pairs of key and value in the engine's order."""
        return ItemsView(self)


def read_only(value: Any) -> Any:
    """Wrap a decoded JSON value so that it can't be changed: a RawMapping, an ItemList, or the value itself."""
    if type(value) is dict:
        return RawMapping(value)
    if type(value) is list:
        return ItemList(map(read_only, value))
    return value


class RawContainer:
    """docker-py's container without the engine: `attrs` and what can be read from them.

    Attributes:
        id: the full id.
        name: the name without its slash.
        labels: the labels.
        status: `State.Status`.
        health: `State.Health.Status`, `unknown` without a check.
    """

    __slots__ = ("_kept", "health", "id", "labels", "name", "status")

    id: str
    name: str
    labels: TextMapping
    status: str
    health: str
    _kept: bytes

    def __init__(
        self,
        kept: bytes,
        *,
        id: str,  # noqa: A002 - as docker-py names it
        name: str,
        labels: TextMapping,
        status: str,
        health: str,
    ) -> None:
        values = {"_kept": kept, "id": id, "name": name, "labels": labels, "status": status, "health": health}
        for field, value in values.items():
            object.__setattr__(self, field, value)

    @property
    def attrs(self) -> RawMapping:
        """The engine's whole answer to the inspect; decoded on demand."""
        return RawMapping(kept_body.decode(self._kept))

    @property
    def short_id(self) -> str:
        """The id's first 12 digits, as docker-py has it."""
        return self.id[:DOCKER_SHORT_ID_DIGITS]

    @property
    def ports(self) -> Any:
        """`NetworkSettings.Ports` as the engine wrote it."""
        settings = self.attrs.get("NetworkSettings")
        return settings.get("Ports", RawMapping({})) if isinstance(settings, RawMapping) else RawMapping({})

    def __getattr__(self, name: str) -> NoReturn:
        if name in ENGINE_CALLS:
            raise EngineCallRefused(
                f"raw.{name} would call the engine, and a template only reads what is known already"
            )
        raise AttributeError(name)

    def __setattr__(self, name: str, value: object) -> NoReturn:
        raise AttributeError(f"{name}: raw is read-only")

    def __eq__(self, other: object) -> bool:
        return isinstance(other, RawContainer) and self.id == other.id and self._kept == other._kept

    def __hash__(self) -> int:
        return hash(self.id)

    def __repr__(self) -> str:
        return f"<Container: {self.short_id}>"
