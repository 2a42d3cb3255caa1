"""From a signal that fails to the message that wakes somebody up: program, Prometheus and Alertmanager, all real."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest

from tests.seeing import rules
from tests.support.monitoring import Receiver, alertmanager, prometheus, webhook_receiver
from tests.support.waiting import wait_for

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from tests.support.fake_engine import FakeEngine
    from tests.support.process import PygenProcess

    Start = Callable[..., PygenProcess]

UNDELIVERED = "PygenNotificationUndelivered"
# For Prometheus and Alertmanager and a machine with much else to do.
DEADLINE_S = 120.0


@pytest.fixture
def process(pygen: Start, fake_engine: FakeEngine, tmp_path: Path) -> PygenProcess:
    """The program, with a proxy to be told."""
    fake_engine.add_container("proxy")
    template = tmp_path / "names.j2"
    template.write_text("{% for c in containers %}{{ c.name }}\n{% endfor %}")
    started = pygen(
        *("--template", template, "--target", tmp_path / "names.conf", "--docker-address", fake_engine.address),
        *("--signal", "proxy", "HUP", "--interval", "0.1", "--resync", "1"),
    )
    started.wait_ready()
    started.wait_for(lambda: fake_engine.signals, what="the first signal")
    return started


@pytest.fixture
def received(process: PygenProcess, tmp_path: Path) -> Iterator[Receiver]:
    """What arrives at the webhook, from the project's own rules, made quick, and its own scrape example."""
    (tmp_path / rules.ALERTS.name).write_text(json.dumps(rules.hurried(rules.load(rules.ALERTS))))
    config = rules.load(rules.EXAMPLE)
    config["global"] = {"scrape_interval": "1s", "evaluation_interval": "1s"}
    (scrape,) = config["scrape_configs"]
    scrape["static_configs"] = [{"targets": [f"127.0.0.1:{process.metrics_port}"]}]
    with webhook_receiver() as receiver, alertmanager(tmp_path, receiver.address) as address:
        config["alerting"]["alertmanagers"] = [{"static_configs": [{"targets": [address]}]}]
        with prometheus(tmp_path, config) as server:
            wait_for(lambda: server.is_up("pygen"), what="the first scrape")
            yield receiver


def _arrives(receiver: Receiver, name: str, status: str) -> dict[str, dict[str, str]]:
    found = wait_for(lambda: receiver.alerts(name, status), timeout_s=DEADLINE_S, what=f"{name} to arrive as {status}")
    alert: dict[str, dict[str, str]] = found[-1]
    return alert


def test_a_signal_that_fails_wakes_somebody_up_and_its_mending_lets_them_sleep(
    process: PygenProcess, received: Receiver, fake_engine: FakeEngine
) -> None:
    """The alert arrives with what to do, and resolves once the signal was delivered."""
    before = len(fake_engine.signals)
    fake_engine.fault("kill", times=None, status=500)
    fake_engine.add_container("web-1")
    alert = _arrives(received, UNDELIVERED, "firing")
    labels = {name: alert["labels"][name] for name in ("severity", "action", "container", "job")}
    assert labels == {"severity": "critical", "action": "signal", "container": "proxy", "job": "pygen"}
    assert alert["annotations"]["summary"].startswith("proxy was not notified of a changed file")
    assert "permissions" in alert["annotations"]["runbook"]
    assert received.alerts(UNDELIVERED, "resolved") == []
    assert len(fake_engine.signals) == before
    fake_engine.heal("kill")
    assert _arrives(received, UNDELIVERED, "resolved")["labels"]["container"] == "proxy"
    assert len(fake_engine.signals) == before + 1
    assert process.metric("pygen_notifications_pending", action="signal", container="proxy") == 0


def test_an_engine_that_goes_away_is_told_and_so_is_its_coming_back(
    process: PygenProcess, received: Receiver, fake_engine: FakeEngine
) -> None:
    """By the requests that fail, by the stream, and by the lists that are missing."""
    names = ("PygenEngineUnreachable", "PygenEventStreamDown", "PygenSnapshotStale")
    fake_engine.stop()
    for name in names:
        _arrives(received, name, "firing")
    fake_engine.start()
    for name in names:
        _arrives(received, name, "resolved")
    assert process.running


def test_a_broken_template_is_told_until_it_is_mended(
    process: PygenProcess, received: Receiver, tmp_path: Path
) -> None:
    """As it is edited to something broken, and back."""
    template = tmp_path / "names.j2"
    good = template.read_text()
    template.write_text("{% for %}")
    alert = _arrives(received, "PygenTemplateErrors", "firing")
    assert alert["labels"]["target"] == str(tmp_path / "names.conf")
    template.write_text(good)
    _arrives(received, "PygenTemplateErrors", "resolved")
    assert process.metric("pygen_template_failing", target=str(tmp_path / "names.conf")) == 0


def test_a_program_that_is_killed_is_missed(process: PygenProcess, received: Receiver) -> None:
    """Who can't tell that it is not well any more is told of by Prometheus."""
    process.kill()
    assert _arrives(received, "PygenAbsent", "firing")["labels"]["severity"] == "critical"
