"""The line that tells the effective settings."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from notify.actions.restart import Restart
from notify.actions.signal import Signal
from notify.interval import Interval
from reconciler.cli.commands import Refused
from reconciler.cli.options import of_one_job, parse
from reconciler.cli.settings import effective_settings, template_name


def line(**values: Any) -> str:
    """The line of one engine and one job."""
    settings = of_one_job(**values)
    return effective_settings(settings, settings.jobs[0])


def test_it_tells_what_will_be_done() -> None:
    """Template, target, who is told, and the periods are on the line."""
    told = line(
        template="nginx.j2",
        target="/etc/nginx.conf",
        notifications=(Signal("nginx", "SIGHUP"), Restart("app")),
        interval=Interval(0.5, 2),
        state_dir=Path("/var/lib/pygen"),
        strict=True,
        status_page=False,
        metrics=None,
    )
    for part in (
        "template: nginx.j2",
        "target: /etc/nginx.conf",
        "notify: signal HUP to nginx, restart of app",
        "interval: 0.5 2",
        "resync: 30",
        "engine: unix:///var/run/docker.sock",
        "metrics: off",
        "status: off",
        "state-dir: /var/lib/pygen",
        "signal-via: auto",
        "modes: strict",
    ):
        assert part in told.split("; ")


def test_a_second_engine_address_is_told_only_where_there_is_one() -> None:
    """The address for notifications is no news when it is the same."""
    assert "notify-engine" not in line(template="t")
    assert "notify-engine: tcp://proxy:2375" in line(template="t", notify_docker_address="tcp://proxy:2375")


@pytest.mark.parametrize(
    ("template", "name"),
    [
        ("/etc/t.j2", "/etc/t.j2"),
        ("# {{ 'hunter2' }}", "inline, 17 characters"),
        ("https://user:hunter2@host/t.j2?token=hunter2#x", "https://host/t.j2"),
        ("http://host:8080/a/t.j2", "http://host:8080/a/t.j2"),
    ],
)
def test_a_template_is_named_without_secrets(template: str, name: str) -> None:
    """Neither an inline text nor credentials in an address are shown."""
    assert template_name(template) == name
    assert "hunter2" not in line(template=template)


def test_the_engine_is_told_as_configured() -> None:
    """The address is on the line; the ones with credentials never come this far."""
    assert "engine: tcp://host:2375" in line(template="t", docker_address="tcp://host:2375")
    assert isinstance(parse(["--template", "t", "--docker-address", "tcp://user:hunter2@host"], {}), Refused)


def test_an_order_and_elements_are_told() -> None:
    """Where a job has them."""
    told = line(template="a.j2", target="/sites/{{ item.name }}", for_each="containers", after=("/first", "/second"))
    assert "for-each: containers; after: /first, /second; " in told
    assert "after" not in line(template="a.j2", target="/a")
