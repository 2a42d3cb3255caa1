"""Which containers each notification matches, kept from pass to pass: only what is new is matched again."""

from __future__ import annotations

from types import MappingProxyType
from typing import TYPE_CHECKING

from models.matching import matches, projects_of
from notify.start_order import ContainerObservation

if TYPE_CHECKING:
    import logging
    from collections.abc import Collection, Mapping, Sequence

    from models.container import Container
    from models.notification import Notification
    from reconciler.informer.state import Reading


class RecipientMatcher:
    """The matching containers of a job's notifications."""

    def __init__(self, notifications: Sequence[Notification], *, log: logging.Logger) -> None:
        """Take the notifications as configured.

        Args:
            notifications: the job's.
            log: where a notification that matches nothing, or too much, is told.
        """
        self._notifications = tuple(each for each in notifications if each.whom)
        self._log = log
        self._seen: Mapping[str, Reading] = {}
        self._matched: dict[str, tuple[Notification, ...]] = {}
        self._shown: dict[str, Reading] = {}
        self._can_tell = not any(each.match or each.of_child for each in notifications)
        self._told: set[tuple[Notification, str]] = set()

    def of(
        self,
        readings: Mapping[str, Reading],
        own_container_id: str | None,
        chosen: Mapping[str, Collection[str]] = MappingProxyType({}),
    ) -> Mapping[Notification, Sequence[ContainerObservation]]:
        """Match what was read.

        Args:
            readings: of all containers, stopped ones included, by id.
            own_container_id: the program's own container, which no restart may hit.
            chosen: for each expression of a notification the ids of the containers that it chooses.

        Returns:
            For each notification that is for containers those, running or not, in the order of the readings.
        """
        if not self._notifications:
            return {}
        self._match(readings)
        found: dict[Notification, list[Reading]] = {notification: [] for notification in self._notifications}
        matched = self._matched
        for container_id in [each for each in readings if each in matched]:
            for notification in matched[container_id]:
                if not notification.match or container_id in chosen[notification.match]:
                    found[notification].append(readings[container_id])
        self._shown = {key: readings[key] for key in matched}
        return {n: self._observations(n, matching, own_container_id) for n, matching in found.items()}

    def are_as_before(self, readings: Mapping[str, Reading]) -> bool:
        """Tell whether `of` would show the same as the last time; False where only asking it tells."""
        if not self._notifications or not self._can_tell:
            return self._can_tell
        self._match(readings)
        return len(self._matched) == len(self._shown) and all(
            readings[key] is self._shown.get(key) for key in self._matched
        )

    def _match(self, readings: Mapping[str, Reading]) -> None:
        """Match what is new. Each of many jobs does it for each of many containers, of which one is new."""
        seen, self._seen = self._seen, readings
        for key, reading in readings.items():
            before = seen.get(key)
            if before is reading or (before is not None and before.container is reading.container):
                continue
            matching = tuple(each for each in self._notifications if _may_be_for(reading.container, each))
            if matching:
                self._matched[key] = matching
            else:
                self._matched.pop(key, None)
        for key in [each for each in self._matched if each not in readings]:
            del self._matched[key]

    def _observations(
        self, notification: Notification, found: Sequence[Reading], own_container_id: str | None
    ) -> list[ContainerObservation]:
        allowed = [each for each in found if not self._is_suicide(notification, each.container, own_container_id)]
        current = [each.container for each in allowed if each.container.is_current]
        self._warn(notification, current)
        return [
            ContainerObservation(
                container_id=reading.container.id,
                name=reading.container.name,
                engine=reading.container.engine,
                run=reading.container.run,
                read_at_s=reading.read_at_s,
                paused=reading.container.paused,
            )
            for reading in allowed
        ]

    def _is_suicide(self, notification: Notification, container: Container, own_container_id: str | None) -> bool:
        if not notification.restarts or container.id != own_container_id:
            return False
        self._tell(notification, "itself", "the %s matches the container that this program runs in, which is left out")
        return True

    def _warn(self, notification: Notification, current: Sequence[Container]) -> None:
        projects = projects_of(current, notification.container)
        if len(projects) > 1:
            self._tell(
                notification,
                ",".join(projects),
                "the %s matches a service in several Compose projects (%s), all of which are notified; "
                "name one as PROJECT/SERVICE",
                ", ".join(projects),
            )

    def _tell(self, notification: Notification, key: str, message: str, *arguments: str) -> None:
        if (notification, key) not in self._told:
            self._told.add((notification, key))
            self._log.warning(message, notification, *arguments)


def _may_be_for(container: Container, notification: Notification) -> bool:
    """Whether the container has the notification's name, where that gives one: what its expression says changes."""
    return matches(container, notification.container) if notification.container else bool(notification.match)
