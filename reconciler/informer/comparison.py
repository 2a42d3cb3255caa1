"""Whether an entry of the list is a reason to inspect: it looks different, or it cannot have run as long as we think.

What an inspect has shown to mean nothing new is remembered with the reading: a lasting disagreement between list and
inspect (or between the clocks that they go by) costs one inspect, and not one for each resync.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from models.timestamps import parse_ns
from reconciler.informer.listing import outline_of_container, outline_of_entry, uptime_of_entry
from reconciler.informer.store import Cached

if TYPE_CHECKING:
    from collections.abc import Mapping

    from models.container import Container
    from reconciler.backend.port import Moment

# Slack for the whole seconds of `Date` headers and list texts, and for the time that an answer takes.
_UPTIME_SLACK_S = 3.0
_SECOND_NS = 1_000_000_000


def is_worth_a_look(cached: Cached | None, entry: Mapping[str, Any], listed: Moment) -> bool:
    """Compare an entry with what is kept.

    Args:
        cached: what is kept of the container, None where it is not known; it remembers that it was asked.
        entry: the list's.
        listed: when the list was asked for.
    """
    if cached is None:
        return True
    outline = outline_of_entry(entry)
    if outline not in (cached.accepted, outline_of_container(cached.container)):
        cached.accepted = outline
        return True
    return _went_back(cached, uptime_of_entry(entry), listed)


def _went_back(cached: Cached, uptime_s_max: float | None, listed: Moment) -> bool:
    if uptime_s_max is None:
        return False
    if cached.ran_s is None:
        cached.ran_s = _ran_s(cached)
    ran_s_min = cached.ran_s + listed.begun_at_s - cached.ran_at_s
    if uptime_s_max + _UPTIME_SLACK_S >= ran_s_min:
        return False
    # Should the inspect show the same run, then the clocks disagree, and the list's own text is the measure.
    cached.ran_s, cached.ran_at_s = 0.0, listed.begun_at_s
    return True


def _ran_s(cached: Cached) -> float:
    """Say how long the run had lasted at least when it was read; nothing where that is not known."""
    started_ns = parse_ns(cached.container.started_at) if cached.container.running else None
    if started_ns is None or cached.engine_ns_max is None:
        return 0.0
    return max(0.0, (cached.engine_ns_max - _SECOND_NS - started_ns) / _SECOND_NS)


def cached_reading(container: Container, moment: Moment, before: Cached | None) -> Cached:
    """Keep a reading.

    Args:
        container: as an inspect showed it.
        moment: when that was asked for.
        before: what was kept of it until now.
    """
    cached = Cached(container, moment.begun_at_s, moment.engine_ns_max, ran_at_s=moment.begun_at_s)
    if before is not None and before.container.same_view(container):
        # An inspect that shows nothing new settles what the list looked like and how long the run can have lasted.
        cached.accepted = before.accepted
        if before.ran_s is not None:
            cached.ran_s, cached.ran_at_s = before.ran_s, before.ran_at_s
    return cached
