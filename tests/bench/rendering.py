"""What the case-insensitive values cost: the benchmark's template from them, and from plain dictionaries."""

from __future__ import annotations

import json
import time
from dataclasses import dataclass
from statistics import median
from typing import TYPE_CHECKING

import jinja2

from models.container import Container
from models.snapshot import Snapshot
from templating.inline_source import InlineSource
from templating.sandbox.rendering import Rendering as TemplateRendering
from templating.sandbox.rendering import Text
from tests.bench.plain_state import plain_container, running
from tests.bench.template import TEMPLATE
from tests.support.fake_engine import FakeEngine
from tests.support.fake_engine.__main__ import populate

if TYPE_CHECKING:
    from collections.abc import Callable


@dataclass(frozen=True, slots=True)
class Rendering:
    """Processor milliseconds for a render, medians.

    Attributes:
        containers: in the template's list.
        values_ms: pygen's renderer with its own case-insensitive values.
        dictionaries_ms: pygen's renderer with plain dictionaries and lists.
        plain_ms: Jinja2 alone, without a sandbox or limits, with plain dictionaries and lists.
    """

    containers: int
    values_ms: float
    dictionaries_ms: float
    plain_ms: float


def measure_rendering(containers: int, tries: int) -> Rendering:
    """Render the same containers in all three ways, in turn, in this process."""
    snapshot, plain = _states(containers)
    renderer = _renderer()
    template = jinja2.Environment(trim_blocks=True, lstrip_blocks=True, autoescape=False).from_string(TEMPLATE)
    ways: tuple[Callable[[], object], ...] = (
        lambda: _rendered(renderer, {"containers": snapshot.containers}),
        lambda: _rendered(renderer, {"containers": plain}),
        lambda: template.render(containers=plain),
    )
    times = [[_processor_ms(way) for way in ways] for _ in range(tries)]
    values_ms, dictionaries_ms, plain_ms = (median(column) for column in zip(*times, strict=True))
    return Rendering(containers, values_ms, dictionaries_ms, plain_ms)


def _states(containers: int) -> tuple[Snapshot, list[dict[str, object]]]:
    engine = FakeEngine()
    populate(engine, containers)
    bodies = [engine.inspect_body(container_id) for container_id in engine.container_ids]
    engine.close()
    read = [Container.from_inspect(body, engine="", networks={}, warn=_no_warning) for body in bodies]
    return Snapshot.of(read), running(plain_container(json.loads(body)) for body in bodies)


def _renderer() -> TemplateRendering:
    renderer = TemplateRendering(
        InlineSource(f"#{TEMPLATE}"), functions={}, strict=False, time_limit_s=60, size_limit_bytes=1 << 26
    )
    if renderer.load() is not None:
        raise RuntimeError("the benchmark's template cannot be loaded")
    return renderer


def _rendered(renderer: TemplateRendering, values: dict[str, object]) -> None:
    if not isinstance(renderer.render(values), Text):
        raise TypeError("the benchmark's template fails")


def _processor_ms(way: Callable[[], object]) -> float:
    begun_s = time.process_time()
    way()
    return (time.process_time() - begun_s) * 1000


def _no_warning(text: str) -> None:
    raise RuntimeError(text)
