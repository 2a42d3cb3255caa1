"""A container's place in Docker Compose, read from the labels that Compose sets."""

from __future__ import annotations

from typing import TYPE_CHECKING

from models.frozen import frozen
from models.record import Record

if TYPE_CHECKING:
    from collections.abc import Mapping

PROJECT_LABEL = "com.docker.compose.project"
SERVICE_LABEL = "com.docker.compose.service"
NUMBER_LABEL = "com.docker.compose.container-number"

_NUMBER_DIGITS_MAX = 9


@frozen
class Compose(Record):
    """A container's place in its Compose project; false for a container that Compose did not create.

    Attributes:
        project: the project's name, '' where there is none.
        service: the service's name in the project, '' where there is none.
        number: which of the service's containers it is, counted from 1; 0 where no label says so.
    """

    project: str = ""
    service: str = ""
    number: int = 0

    def __bool__(self) -> bool:
        return bool(self.project or self.service)

    @classmethod
    def from_labels(cls, labels: Mapping[str, str]) -> Compose:
        """Read Compose's labels, whose names are case-sensitive, as they are for Compose."""
        project, service = labels.get(PROJECT_LABEL, ""), labels.get(SERVICE_LABEL, "")
        if not (project or service):
            return NOT_COMPOSE
        return cls(project, service, _number(labels.get(NUMBER_LABEL, "")))


NOT_COMPOSE = Compose()


def _number(text: str) -> int:
    """The number in a label; 0 for anything else."""
    is_number = text.isascii() and text.isdigit() and len(text) <= _NUMBER_DIGITS_MAX
    return int(text) if is_number else 0
