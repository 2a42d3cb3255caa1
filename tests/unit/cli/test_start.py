"""Reading the command line is quick: what only the engine or a template needs is not imported for it."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

REPOSITORY = Path(__file__).parents[3]
SLOW = (
    "docker",
    "jinja2",
    "ruamel",
    "prometheus_client",
    "requests",
    "urllib3",
    "ssl",
    "asyncio",
    "tenacity",
    "difflib",
)


@pytest.mark.processes
def test_a_command_line_is_read_without_slow_imports() -> None:
    """Neither the SDK nor templating, metrics or TLS come in with the options, nor for `healthcheck`."""
    program = (
        "import json, sys; import reconciler.cli.options as options, reconciler.cli.healthcheck;"
        "options.parse(['healthcheck', '--metrics', '0'], {}); options.parse(['--template', 't'], {});"
        "print(json.dumps(sorted(sys.modules)))"
    )
    ran = subprocess.run([sys.executable, "-c", program], cwd=REPOSITORY, capture_output=True, text=True, check=True)
    loaded = {name.partition(".")[0] for name in json.loads(ran.stdout)}
    assert "reconciler" in loaded
    assert loaded.isdisjoint(SLOW)


def test_a_run_has_its_metrics_without_servers_and_tls() -> None:
    """They come in with the first scrape; prometheus_client is whole for whoever imports it."""
    program = (
        "import json, sys; from reconciler.composition.program import Program; before = sorted(sys.modules);"
        "import metrics.client; from metrics.routes import metrics_page;"
        "registry = metrics.client.CollectorRegistry();"
        "metrics.client.Counter('seen', 'Made before the package is executed.', registry=registry).inc();"
        "text = metrics_page(registry)('')[1].decode();"
        "import prometheus_client;"
        "same = prometheus_client.Counter is metrics.client.Counter and callable(prometheus_client.start_http_server);"
        "print(json.dumps([before, text, same]))"
    )
    ran = subprocess.run([sys.executable, "-c", program], cwd=REPOSITORY, capture_output=True, text=True, check=True)
    before, text, same = json.loads(ran.stdout)
    assert {"prometheus_client.metrics", "reconciler.composition.program"} <= set(before)
    assert set(before).isdisjoint({"ssl", "http.server", "http.client", "urllib.request", "wsgiref", "jinja2"})
    assert "seen_total 1.0" in text
    assert same
