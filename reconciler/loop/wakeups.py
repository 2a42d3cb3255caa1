"""What wakes the loop up.

A wake-up carries no news. States, signals and finished deliveries only mark work as due; the pass that follows reads
the state, the template and the target as they are then. So everything that is waiting when the loop comes by is taken
at once, and being woken twice, late or for nothing is harmless.
"""

from __future__ import annotations

from models.frozen import frozen


@frozen
class StatePublished:
    """An informer has put a new state where the loop finds it."""


@frozen
class ReloadAsked:
    """SIGHUP: load the templates anew, list, and reconcile."""


@frozen
class ConfigurationRead:
    """The configuration files were read again; what they say lies where `before_pass` finds it."""


@frozen
class DeliveryEnded:
    """A worker has put an outcome where the notifier finds it."""


@frozen
class RenderArrived:
    """A template was loaded or rendered; its job finds out with what outcome."""


@frozen
class StopAsked:
    """SIGTERM or SIGINT: finish, send what is owed, end."""


@frozen
class StatusAsked:
    """Somebody looks at the status page: come by, so that it is of now."""


Wakeup = StatePublished | ReloadAsked | ConfigurationRead | DeliveryEnded | RenderArrived | StatusAsked | StopAsked


def ends_waiting(wakeup: Wakeup) -> bool:
    """Whether a wake-up ends a rest."""
    return isinstance(wakeup, StopAsked)
