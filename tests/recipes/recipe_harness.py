"""A recipe rendered from containers as an engine tells of them."""

from __future__ import annotations

import json
import subprocess
import time
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

from models.container import Container
from models.networks import network_facts
from models.snapshot import Snapshot
from templating.outcome import Rendered
from templating.renderer import Renderer
from templating.runtime import SourceRuntime
from templating.source import open_source
from tests.support.fake_engine.world import World
from tests.support.render_limits import RENDER_LIMITS

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

RECIPES = Path(__file__).resolve().parents[2] / "deploy" / "recipes"


class RecipeHarness:
    """One recipe, and the containers that it is rendered from.

    Attributes:
        world: the engine's state.
        environ: the variables of the process that renders.
        own_id: the container that the renderer runs in, None for the host itself.
        notes: what the last render said of what it left out.
    """

    def __init__(self, recipe: str) -> None:
        """Take a recipe by its path below deploy/recipes."""
        self.world = World()
        self.environ: dict[str, str] = {}
        self.own_id: str | None = None
        self.notes: tuple[str, ...] = ()
        self._path = RECIPES / recipe

    def add(self, name: str, address: str = "", **options: Any) -> str:
        """Add a container, on the bridge with this address where one is given."""
        if address:
            options["overrides"] = {"NetworkSettings": {"Networks": {"bridge": {"IPAddress": address}}}}
        return self.world.add_container(name, **options)

    def names(self) -> set[str]:
        """The names of all containers."""
        return {self.world.container(each).name for each in self.world.container_ids}

    def render(self) -> str:
        """Render in strict mode: a recipe uses no name that does not exist, and nothing odd stops it."""
        runtime = SourceRuntime(time.monotonic, time.time, time.sleep, lambda call: call(), _unexpected)
        source = open_source(str(self._path), runtime)
        renderer = Renderer(source, strict=True, warn=_unexpected, environ=self.environ, **RENDER_LIMITS)
        try:
            failure = renderer.load()
            assert failure is None, str(failure)
            outcome = renderer.render(self._snapshot())
        finally:
            renderer.close()
        assert isinstance(outcome, Rendered), str(outcome)
        self.notes = outcome.notes
        return outcome.text.decode("utf-8", "surrogateescape")

    def _snapshot(self) -> Snapshot:
        facts = network_facts(json.loads(self.world.networks_body()))
        bodies = [self.world.inspect_body(each) for each in self.world.container_ids]
        read = [Container.from_inspect(body, engine="", networks=facts, warn=_ignored) for body in bodies]
        return Snapshot.of(read, self.own_id)


@contextmanager
def running(
    command: Sequence[str], folder: Path, environ: Mapping[str, str] | None = None
) -> Iterator[subprocess.Popen[bytes]]:
    """Run a server in the foreground; its output goes into a file of the folder; it always ends."""
    with (folder / "output.log").open("wb") as output:
        process = subprocess.Popen(command, stdout=output, stderr=output, stdin=subprocess.DEVNULL, env=environ)
    try:
        yield process
    finally:
        process.terminate()
        try:
            process.wait(20)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


def _unexpected(message: str) -> None:
    raise AssertionError(message)


def _ignored(message: str) -> None:
    """An odd container is what the test is about."""
