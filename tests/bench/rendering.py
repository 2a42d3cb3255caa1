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
from templating.renderer import Renderer
from templating.source import open_source, system_edges
from tests.bench.plain_state import plain_container, running
from tests.bench.template import TEMPLATE
from tests.support.fake_engine import FakeEngine
from tests.support.fake_engine.__main__ import populate

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path


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


def measure_rendering(folder: Path, containers: int, tries: int) -> Rendering:
    """Render the same containers in all three ways, in turn."""
    snapshot, plain = _states(containers)
    renderer = _renderer(folder)
    template = jinja2.Environment(trim_blocks=True, lstrip_blocks=True, autoescape=False).from_string(TEMPLATE)
    ways: tuple[Callable[[], object], ...] = (
        lambda: renderer.render(snapshot),
        lambda: renderer.render_values({"containers": plain}),
        lambda: template.render(containers=plain),
    )
    times = [[_processor_ms(way) for way in ways] for _ in range(tries)]
    values_ms, dictionaries_ms, plain_ms = (median(column) for column in zip(*times, strict=True))
    renderer.close()
    return Rendering(containers, values_ms, dictionaries_ms, plain_ms)


def _states(containers: int) -> tuple[Snapshot, list[dict[str, object]]]:
    engine = FakeEngine()
    populate(engine, containers)
    bodies = [engine.inspect_body(container_id) for container_id in engine.container_ids]
    engine.close()
    read = [Container.from_inspect(body, engine="", networks={}, warn=_no_warning) for body in bodies]
    return Snapshot.of(read), running(plain_container(json.loads(body)) for body in bodies)


def _renderer(folder: Path) -> Renderer:
    folder.mkdir(parents=True)
    path = folder / "template.j2"
    path.write_text(TEMPLATE)
    renderer = Renderer(open_source(str(path), system_edges(_no_warning), copies=None), warn=_no_warning)
    if renderer.load() is not None:
        raise RuntimeError("the benchmark's template cannot be loaded")
    return renderer


def _processor_ms(way: Callable[[], object]) -> float:
    # Of all threads: pygen renders in one of its own.
    begun_s = time.process_time()
    way()
    return (time.process_time() - begun_s) * 1000


def _no_warning(text: str) -> None:
    raise RuntimeError(text)
