"""Containers, snapshots and renderers for the tests of templating."""

from __future__ import annotations

import atexit
import json
import time
from functools import cache
from typing import TYPE_CHECKING, Any, cast

from models.container import Container
from models.networks import network_facts
from models.snapshot import Snapshot
from templating.inline_source import InlineSource
from templating.outcome import Rendered, TemplateFailure
from templating.renderer import Renderer
from templating.runtime import SourceRuntime
from templating.sandbox.rendering import Rendering
from templating.source import open_source
from tests.support.render_limits import RENDER_LIMITS

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence
    from pathlib import Path

    from templating.source import TemplateSource

MIB = 1024 * 1024
MADE: list[Renderer] = []
"""The renderers of the current test, each with a process, which are closed after it."""


def container(
    name: str = "web",
    *,
    id: str = "",  # noqa: A002 - as the engine names it
    labels: Mapping[str, str] | None = None,
    env: Sequence[str] = (),
    ports: Sequence[str] = (),
    networks: Mapping[str, str] | None = None,
    gateways: Mapping[str, str] | None = None,
    internal: Sequence[str] = (),
    drivers: Mapping[str, str] | None = None,
    ingress: Sequence[str] = (),
    network_mode: str = "bridge",
    health: str = "",
    running: bool = True,
) -> Container:
    """A container as the engine's answer makes it; `networks` is name to address, each with the id `id-NAME`.

    An address or gateway with a colon is one of IPv6.
    """
    endpoints = {
        network: {
            "NetworkID": f"id-{network}",
            ("GlobalIPv6Address" if ":" in address else "IPAddress"): address,
            ("IPv6Gateway" if ":" in (gateways or {}).get(network, "") else "Gateway"): (gateways or {}).get(
                network, ""
            ),
        }
        for network, address in (networks or {}).items()
    }
    state: dict[str, Any] = {"Status": "running" if running else "exited", "Running": running}
    if health:
        state["Health"] = {"Status": health}
    body = {
        "Id": id or name.encode().hex().ljust(64, "0"),
        "Name": f"/{name}",
        "State": state,
        "HostConfig": {"NetworkMode": network_mode},
        "Config": {
            "Image": "alpine",
            "Labels": dict(labels or {}),
            "Env": list(env),
            "ExposedPorts": {port: {} for port in ports},
        },
        "NetworkSettings": {"Networks": endpoints},
    }
    facts = network_facts(
        {
            "Id": f"id-{network}",
            "Name": network,
            "Driver": (drivers or {}).get(network, "bridge"),
            "Internal": network in internal,
            "Ingress": network in ingress,
        }
        for network in endpoints
    )
    return Container.from_inspect(json.dumps(body).encode(), engine="", networks=facts, warn=_unexpected)


def _unexpected(message: str) -> None:
    raise AssertionError(message)


def snapshot(*containers: Container, own_id: str | None = None) -> Snapshot:
    """The containers at one moment."""
    return Snapshot.of(containers, own_id)


def source_runtime(warnings: list[str] | None = None, **others: Any) -> SourceRuntime:
    """A runtime that waits for nothing: what runs in the background runs at once."""
    found: dict[str, Any] = {
        "clock": time.monotonic,
        "wall_clock": time.time,
        "sleep": _no_sleep,
        "spawn": lambda call: call(),
        "warn": _unexpected if warnings is None else warnings.append,
    }
    return SourceRuntime(**(found | others))


def _no_sleep(duration_s: float) -> None:
    raise AssertionError(f"nobody should sleep for {duration_s} s")


class SwitchedSource:
    """Any source in place of another, so that one render process serves many tests."""

    def __init__(self) -> None:
        self.now: TemplateSource = open_source("#", source_runtime())

    def __getattr__(self, name: str) -> Any:
        return getattr(self.now, name)


@cache
def _shared(options: tuple[tuple[str, Any], ...]) -> tuple[SwitchedSource, Renderer]:
    source = SwitchedSource()
    found: dict[str, Any] = {"environ": {}, "keep_rights": True} | dict(options)
    made = Renderer(cast("TemplateSource", source), warn=_unexpected, **(RENDER_LIMITS | found))
    atexit.register(made.close)
    return source, made


def renderer(spec: str | Path, *, warn: Callable[[str], None] = _unexpected, **options: Any) -> Renderer:
    """A loaded renderer of a file, or of a template after `#`, with a process of its own.

    It stays root, for the tests' folders are root's.
    """
    others: dict[str, Any] = {"environ": {}, "keep_rights": True} | options
    found = Renderer(open_source(str(spec), source_runtime()), warn=warn, **(RENDER_LIMITS | others))
    MADE.append(found)
    failure = found.load()
    assert failure is None, str(failure)
    return found


def rendering(template: str) -> Rendering:
    """A loaded inline template in this process, for values that are no containers."""
    made = Rendering(
        InlineSource(f"#{template}"), functions={}, strict=False, time_limit_s=120, size_limit_bytes=16 * MIB
    )
    failure = made.load()
    assert failure is None, str(failure)
    return made


def render(template: str, *containers: Container, own_id: str | None = None, **options: Any) -> str:
    """What an inline template gives for some containers; its names are all known."""
    outcome = outcome_of(template, *containers, own_id=own_id, **options)
    assert isinstance(outcome, Rendered), str(outcome)
    assert outcome.undefined_names == ()
    return outcome.text.decode()


def outcome_of(
    template: str, *containers: Container, own_id: str | None = None, **options: Any
) -> Rendered | TemplateFailure:
    """What an inline template ends with."""
    source, made = _shared(tuple(sorted(options.items())))
    source.now = open_source(f"#{template}", source_runtime())
    return made.load() or made.render(snapshot(*containers, own_id=own_id))


def failure_of(template: str, *containers: Container, **options: Any) -> TemplateFailure:
    """Why an inline template fails."""
    outcome = outcome_of(template, *containers, **options)
    assert isinstance(outcome, TemplateFailure), outcome
    return outcome
