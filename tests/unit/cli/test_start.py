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
