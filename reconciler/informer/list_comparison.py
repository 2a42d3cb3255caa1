"""What the list call tells of a container, compared with the cache: one list says which few have to be inspected.

The list is trusted for "look again", never for "is so": on engine 20.10 it shows a container as running for about
60 ms after its `die` event. A run is known by the ids of its endpoints. Where a list has none (a container on another's
network stack, engines other than Docker), a run is known by its uptime, in words that round: the engine writes
`Up 3 minutes (healthy)` with go-units' `HumanDuration` (docker/go-units, duration.go). Only the end of the span that a
text stands for is of use: a container cannot have run as long as the cache thinks, so that it was started in between.

What an inspect has shown to mean nothing new is remembered with the reading: a lasting disagreement between list and
inspect (or between the clocks that they go by) costs one inspect, and not one for each resync.
"""

from __future__ import annotations

import re
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from models.networks import endpoint_ids
from models.reading import status_of
from models.run import SECOND_NS, parse_ns
from reconciler.informer.state import Reading
from reconciler.informer.store import Cached, ListSummary

if TYPE_CHECKING:
    from collections.abc import Mapping

    from models.container import Container
    from reconciler.backend.port import RequestTime
    from reconciler.informer.store import Store

# Slack for the whole seconds of `Date` headers and list texts, and for the time that an answer takes.
_UPTIME_SLACK_S = 3.0

_HEALTH = {"(healthy)": "healthy", "(unhealthy)": "unhealthy", "(health: starting)": "starting"}


def differing(store: Store, entries: Mapping[str, Mapping[str, Any]], listed: RequestTime) -> set[str]:
    """The ids of the containers that a list shows otherwise than they are kept.

    Args:
        store: what is kept.
        entries: the list's, by id.
        listed: when the list was asked for.
    """
    found = {key for key, entry in entries.items() if needs_inspect(store.get(key), entry, listed)}
    # Missing from one list is no proof of being gone: an inspect says so, with a 404.
    missing = store.ids() - entries.keys()
    return found | {
        key for key, reading in store.readings().items() if key in missing and reading.read_at_s < listed.begun_at_s
    }


def needs_inspect(cached: Cached | None, entry: Mapping[str, Any], listed: RequestTime) -> bool:
    """Compare an entry with what is kept.

    Args:
        cached: what is kept of the container, None where it is not known; it remembers that it was asked.
        entry: the list's.
        listed: when the list was asked for.
    """
    if cached is None:
        return True
    summary, known = summary_of_entry(entry), summary_of_container(cached.container)
    if not summary.endpoints:
        known = replace(known, endpoints=summary.endpoints)
    if summary == known:
        cached.accepted = None
    elif summary != cached.accepted:
        cached.accepted = summary
        return True
    if summary.endpoints:
        return False
    return _went_back(cached, uptime_s_max(_text(entry.get("Status"))), listed)


def _went_back(cached: Cached, uptime_s_max: float | None, listed: RequestTime) -> bool:
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
    return max(0.0, (cached.engine_ns_max - SECOND_NS - started_ns) / SECOND_NS)


def cached_reading(container: Container, moment: RequestTime, before: Cached | None) -> Cached:
    """Keep a reading.

    Args:
        container: as an inspect showed it.
        moment: when that was asked for.
        before: what was kept of it until now.
    """
    reading = Reading(container, moment.begun_at_s)
    cached = Cached(reading, moment.engine_ns_max, ran_at_s=moment.begun_at_s)
    if before is not None and before.container.same_view(container):
        # An inspect that shows nothing new settles what the list looked like and how long the run can have lasted.
        cached.accepted = before.accepted
        if before.ran_s is not None:
            cached.ran_s, cached.ran_at_s = before.ran_s, before.ran_at_s
    return cached


def summary_of_entry(entry: Mapping[str, Any]) -> ListSummary:
    """Read the summary from an entry of the list, whatever is missing or null in it."""
    status = status_of(_text(entry.get("State")))
    networks = _networks(entry.get("NetworkSettings"))
    return ListSummary(
        name=name_of_entry(entry),
        status=status,
        health=_health(_text(entry.get("Status"))) if status == "running" else "",
        networks=frozenset(
            (_text(network.get("NetworkID")), _text(network.get("IPAddress")), _text(network.get("GlobalIPv6Address")))
            for network in networks
        ),
        endpoints=frozenset(endpoint_ids(_text(network.get("EndpointID")) for network in networks)),
    )


def summary_of_container(container: Container) -> ListSummary:
    """Read the summary from a container of the cache."""
    return ListSummary(
        name=container.name,
        status=container.status,
        health=container.health if container.status == "running" else "",
        networks=frozenset((network.id, network.ip_address, network.ipv6_address) for network in container.networks),
        endpoints=frozenset(container.endpoint_ids),
    )


def name_of_entry(entry: Mapping[str, Any]) -> str:
    """Read a container's own name from an entry of the list, without its slash; '' where there is none."""
    names = entry.get("Names")
    # Legacy links add `/other/alias` to the names of the container that is linked to.
    for name in names if isinstance(names, list) else []:
        own = _text(name).removeprefix("/")
        if own and "/" not in own:
            return own
    return ""


def _health(status: str) -> str:
    return next((health for mark, health in _HEALTH.items() if status.endswith(mark)), "unknown")


def _networks(settings: object) -> list[Mapping[str, Any]]:
    networks = settings.get("Networks") if isinstance(settings, dict) else None
    return [each for each in networks.values() if isinstance(each, dict)] if isinstance(networks, dict) else []


def _text(value: object) -> str:
    return value if isinstance(value, str) else ""


_MINUTE_S = 60
_HOUR_S = 60 * _MINUTE_S
_DAY_S = 24 * _HOUR_S

_WORDS = {
    "Less than a second": 1,
    "About a minute": 2 * _MINUTE_S,
    "About an hour": 2 * _HOUR_S,
}

# HumanDuration rounds hours to the nearest and cuts everything else; one unit more is an upper bound for both.
_UNITS_S = {
    "second": 1,
    "minute": _MINUTE_S,
    "hour": _HOUR_S,
    "day": _DAY_S,
    "week": 7 * _DAY_S,
    "month": 30 * _DAY_S,
    "year": 365 * _DAY_S,
}

_UP = re.compile(r"Up (?P<text>[^(]+?)(?: \(.*\))?$")
_COUNTED = re.compile(r"(?P<number>\d{1,9}) (?P<unit>[a-z]+?)s?$")


def uptime_s_max(status: str) -> float | None:
    """Read the longest time that a list entry's `Status` can stand for.

    Args:
        status: such as `Up 3 minutes (healthy)` or `Exited (0) 2 hours ago`.

    Returns:
        Seconds, or None where the text tells no uptime.
    """
    up = _UP.match(status)
    if up is None:
        return None
    text = up["text"]
    if text in _WORDS:
        return _WORDS[text]
    counted = _COUNTED.match(text)
    if counted is None or counted["unit"] not in _UNITS_S:
        return None
    return (int(counted["number"]) + 1) * _UNITS_S[counted["unit"]]
