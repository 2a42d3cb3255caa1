"""The programs that read the recipes' files: each checks a whole text, and takes it or says why not."""

from __future__ import annotations

import json
import subprocess
import tempfile
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from tests.support.ports import reserve_port

if TYPE_CHECKING:
    from collections.abc import Iterator

_TIME_LIMIT_S = 120
"""For what takes a moment: a program that hangs is a failure, not a slow one."""


def check_haproxy(text: str) -> None:
    """HAProxy takes the configuration, and warns of nothing."""
    with _written(text) as path:
        checked = _run("haproxy", "-c", "-f", str(path))
    assert checked.returncode == 0, f"{checked.stdout}{checked.stderr}\n{text}"
    assert "[WARNING]" not in checked.stderr, f"{checked.stderr}\n{text}"


def check_logrotate(text: str) -> None:
    """Logrotate reads every entry, and would rotate each without an error."""
    with _written(text) as path:
        checked = _run("logrotate", "-d", "-s", str(path.with_name("state")), str(path))
    assert checked.returncode == 0, f"{checked.stderr}\n{text}"
    assert "error:" not in checked.stderr, f"{checked.stderr}\n{text}"


def check_targets(text: str) -> None:
    """Prometheus takes the targets, and could scrape each."""
    with _written(text) as path:
        targets, config = path.with_name("targets.json"), path.with_name("prometheus.yaml")
        path.rename(targets)
        config.write_text(f"scrape_configs: [{{job_name: c, file_sd_configs: [{{files: ['{targets}']}}]}}]")
        checked = _run("promtool", "check", "config", str(config))
    assert checked.returncode == 0, f"{checked.stdout}{checked.stderr}\n{text}"
    for group in json.loads(text):
        assert group["labels"]["__scheme__"] in {"http", "https"}
        assert group["labels"]["__metrics_path__"].startswith("/")


def check_names(text: str) -> None:
    """Dnsmasq reads every line of a hosts file, with each name in it."""
    with _written(text) as path:
        said = _dnsmasq_says(path)
    assert "bad " not in said, f"{said}\n{text}"
    lines = [line.split() for line in text.splitlines() if not line.startswith("#")]
    assert f"- {sum(len(line) - 1 for line in lines)} names" in said, f"{said}\n{text}"


def _dnsmasq_says(hosts: Path) -> str:
    """What dnsmasq logs until it has read a hosts file."""
    options = ["--keep-in-foreground", "--no-resolv", "--no-hosts", "--conf-file=/dev/null", "--log-facility=-"]
    own = [f"--port={reserve_port()}", "--listen-address=127.0.0.1", "--bind-interfaces", "--user=root", "--pid-file="]
    command = ["dnsmasq", *options, *own, f"--addn-hosts={hosts}"]
    with subprocess.Popen(
        command, stderr=subprocess.PIPE, stdin=subprocess.DEVNULL, text=True, errors="replace"
    ) as process:
        assert process.stderr is not None
        said = []
        try:
            for line in process.stderr:
                said.append(line)
                if " names" in line and str(hosts) in line:
                    break
        finally:
            process.terminate()
    return "".join(said)


@contextmanager
def _written(text: str) -> Iterator[Path]:
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "made"
        path.write_text(text, errors="surrogateescape")
        path.chmod(0o644)
        yield path


def _run(*command: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(command, capture_output=True, text=True, check=False, errors="replace", timeout=_TIME_LIMIT_S)
