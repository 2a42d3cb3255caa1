"""Metrics as a scrape shows them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from prometheus_client import CollectorRegistry
from prometheus_client.parser import text_string_to_metric_families

from metrics.instruments import Metrics
from metrics.routes import metrics_page
from notify.actions.restart import Restart
from notify.actions.signal import Signal

if TYPE_CHECKING:
    from collections.abc import Sequence

    from models.notification import Notification

HUP = Signal("nginx", "SIGHUP")
USR2 = Signal("nginx", "SIGUSR2")
RESTART = Restart("web")

Samples = dict[tuple[str, frozenset[tuple[str, str]]], float]


def metrics_of(
    targets: Sequence[str] = ("/etc/out",), notifications: Sequence[Notification] = (HUP, RESTART)
) -> Metrics:
    """Metrics of one job."""
    return Metrics(
        version="1.2.3",
        targets=targets,
        notifications=notifications,
        engines=["unix:///run/docker.sock"],
        registry=CollectorRegistry(),
    )


def scraped(metrics: Metrics) -> Samples:
    """All samples of a scrape, by name and labels."""
    _, body = metrics_page(metrics.registry)("")
    return {
        (sample.name, frozenset(sample.labels.items())): sample.value
        for family in text_string_to_metric_families(body.decode())
        for sample in family.samples
    }


def value(metrics: Metrics, name: str, **labels: str) -> float:
    """One sample of a scrape; KeyError where it does not exist."""
    return scraped(metrics)[name, frozenset(labels.items())]
