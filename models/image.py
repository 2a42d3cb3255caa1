"""An image's name, split as docker-gen's `SplitDockerImage` splits it for `.Image`, and the digest as well."""

from __future__ import annotations

import re
from functools import lru_cache

from models.frozen import frozen
from models.record import Record

_ID = re.compile(r"[a-z0-9]+:[0-9a-f]{64}", re.ASCII)
_LOCAL = "localhost"


@frozen
class ImageName(Record):
    """The parts of an image's name; as text it is the name again.

    Attributes:
        registry: `registry.example.com:5000`, `localhost`, '' where none is named.
        repository: `nginx`, `team/postgres`; '' where a container was made from an image's id.
        tag: '' where none is named.
        digest: `sha256:...`, '' where none is named; the image's id where a container was made from that.
    """

    registry: str
    repository: str
    tag: str
    digest: str

    @classmethod
    @lru_cache(maxsize=4096)
    def parse(cls, name: str) -> ImageName:
        """Split a name; any text can be split.

        The part before the first slash is a registry if it has a dot or a port, or is `localhost`.
        """
        if _ID.fullmatch(name):
            return cls("", "", "", name)
        rest, _, digest = name.partition("@")
        first, slash, after = rest.partition("/")
        registry = first if slash and ("." in first or ":" in first or first == _LOCAL) else ""
        repository, _, tag = (after if registry else rest).partition(":")
        return cls(registry, repository, tag, digest)

    def __str__(self) -> str:
        """`registry/repository:tag@digest`, without the parts that are empty."""
        named = f"{self.registry}/{self.repository}" if self.registry else self.repository
        tagged = f"{named}:{self.tag}" if self.tag else named
        return f"{tagged}@{self.digest}" if tagged and self.digest else tagged or self.digest
