"""Targets for Prometheus: a real one picks them up by itself."""

from __future__ import annotations

import json
import urllib.error
import urllib.request
from contextlib import ExitStack
from typing import TYPE_CHECKING, Any

from hypothesis import given
from hypothesis import strategies as st

from tests.recipes.nginx.backends import HttpBackend, free_address, serving
from tests.recipes.recipe_harness import RECIPES, RecipeHarness, running
from tests.support.ports import reserve_port
from tests.support.waiting import wait_for

if TYPE_CHECKING:
    from pathlib import Path

_OPENER = urllib.request.build_opener(urllib.request.ProxyHandler({}))


def _harness() -> RecipeHarness:
    return RecipeHarness("prometheus/targets.json.j2")


def _active(port: int) -> list[dict[str, Any]]:
    try:
        with _OPENER.open(f"http://127.0.0.1:{port}/api/v1/targets?state=active", timeout=30) as answer:
            found: list[dict[str, Any]] = json.load(answer)["data"]["activeTargets"]
            return found
    except (urllib.error.URLError, ConnectionError):
        return []


def test_a_real_prometheus_follows_the_containers(tmp_path: Path) -> None:
    """A container that comes is scraped without a restart or a signal; one that goes is dropped."""
    harness, port = _harness(), reserve_port()
    targets, config = tmp_path / "targets.json", tmp_path / "prometheus.yaml"
    text = (RECIPES / "prometheus" / "prometheus.yaml").read_text()
    config.write_text(text.replace("/made/targets.json", str(targets)).replace("15s", "1s"))
    command = ["prometheus", f"--config.file={config}", f"--storage.tsdb.path={tmp_path / 'data'}"]
    with ExitStack() as stack:

        def serve(name: str, **labels: str) -> None:
            address, backend_port = stack.enter_context(serving(HttpBackend(name, free_address())))
            harness.add(name, address, labels={"prometheus.port": str(backend_port), **labels})

        def jobs() -> set[str]:
            return {target["labels"]["job"] for target in _active(port)} - {"pygen"}

        serve("web")
        targets.write_text(harness.render())
        stack.enter_context(running([*command, f"--web.listen-address=127.0.0.1:{port}"], tmp_path))
        wait_for(lambda: jobs() == {"web"}, what=lambda: f"web is a target: {jobs()}")
        serve("db-1", **{"com.docker.compose.service": "db", "com.docker.compose.project": "shop"})
        targets.write_text(harness.render())
        wait_for(lambda: jobs() == {"web", "db"}, what=lambda: f"db is a target: {jobs()}")
        harness.world.die("web")
        targets.write_text(harness.render())
        wait_for(lambda: jobs() == {"db"}, what=lambda: f"web is no target: {jobs()}")


def test_labels_say_more() -> None:
    """Job, path and scheme; without them the service's or container's name, /metrics and http."""
    harness = _harness()
    more = {"prometheus.job": "api", "prometheus.path": "/m", "prometheus.scheme": "https"}
    harness.add("a", "10.0.0.1", labels={"prometheus.port": "9100", **more})
    harness.add("b", "10.0.0.2", labels={"prometheus.port": "9100"})
    harness.add("c", "10.0.0.3")
    first, second = json.loads(harness.render())
    assert first["targets"] == ["10.0.0.1:9100"]
    assert first["labels"] == {"__metrics_path__": "/m", "__scheme__": "https", "container": "a", "job": "api"}
    assert second["labels"]["job"] == "b"


@given(st.dictionaries(st.sampled_from(["prometheus.port", "prometheus.job", "prometheus.path"]), st.text(max_size=20)))
def test_the_file_is_json_whatever_the_labels_say(labels: dict[str, str]) -> None:
    """And the other target is in it."""
    harness = _harness()
    harness.add("good", "10.0.0.1", labels={"prometheus.port": "9100"})
    harness.add("odd", "10.0.0.2", labels=labels)
    assert ["10.0.0.1:9100"] in [group["targets"] for group in json.loads(harness.render())]
