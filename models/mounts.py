"""A container's mounts."""

from __future__ import annotations

from operator import attrgetter
from sys import intern
from typing import TYPE_CHECKING, Any

from models.frozen import frozen
from models.listing import ItemList
from models.record import Record

if TYPE_CHECKING:
    from models.reading import FieldReader


@frozen
class Mount(Record):
    """One mount.

    Attributes:
        destination: the path inside the container.
        source: the path on the host, '' where there is none (tmpfs).
        type: `bind`, `volume`, `tmpfs`, ...
        name: the volume's name, '' for other types.
        mode: the options as given, such as `ro` or `z`.
        writable: whether the container may write there.
    """

    destination: str
    source: str
    type: str
    name: str
    mode: str
    writable: bool


_by_destination = attrgetter("destination", "source")

NO_MOUNTS: ItemList[Mount] = ItemList()


def read_mounts(reader: FieldReader, attrs: dict[str, Any]) -> ItemList[Mount]:
    """A container's mounts, sorted by destination, of `Mounts`."""
    mounts = reader.mappings(attrs, "Mounts")
    if not mounts:
        return NO_MOUNTS
    return ItemList(sorted((_read_mount(reader, mount) for mount in mounts), key=_by_destination))


def _read_mount(reader: FieldReader, mount: dict[str, Any]) -> Mount:
    return Mount(
        destination=intern(reader.text(mount, "Destination", "Mounts.")),
        source=reader.text(mount, "Source", "Mounts."),
        type=intern(reader.text(mount, "Type", "Mounts.")),
        name=reader.text(mount, "Name", "Mounts."),
        mode=intern(reader.text(mount, "Mode", "Mounts.")),
        writable=reader.flag(mount, "RW", "Mounts."),
    )
