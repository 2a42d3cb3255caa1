"""The alerts as rules: complete, about metrics that exist, and doing what their own tests say."""

from __future__ import annotations

import copy
import json
import re
import shutil
import subprocess
from typing import TYPE_CHECKING, Any

import pytest

from metrics.instruments import Metrics
from notify.actions.signal import Signal
from notify.rules import Rules
from tests.seeing import rules

if TYPE_CHECKING:
    from pathlib import Path

DOCUMENT = rules.load(rules.ALERTS)
RULES = {rule["alert"]: rule for rule in rules.rules(DOCUMENT)}
NAMED = {
    "PygenNotificationUndelivered",
    "PygenNotificationFailures",
    "PygenEventStreamDown",
    "PygenSnapshotStale",
    "PygenTemplateErrors",
    "PygenTargetWriteErrors",
    "PygenEngineUnreachable",
    "PygenDriftReturns",
    "PygenChangesMissed",
    "PygenContainerUnreadable",
    "PygenUnexpectedErrors",
    "PygenRestartPolicyAtRisk",
    "PygenRolloutStopped",
    "PygenNothingMatches",
    "PygenJobLockedOut",
    "PygenConfigurationInvalid",
    "PygenAbsent",
}


def _promtool(*arguments: str | Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        ["promtool", *map(str, arguments)], stdin=subprocess.DEVNULL, capture_output=True, text=True, check=False
    )


def _test_rules(folder: Path, document: Any) -> subprocess.CompletedProcess[str]:
    """Run the project's alert tests against other rules."""
    (folder / "alerts.yaml").write_text(json.dumps(document))
    shutil.copy(rules.ALERTS_TEST, folder)
    return _promtool("test", "rules", folder / rules.ALERTS_TEST.name)


def test_every_trouble_has_its_alert() -> None:
    """No more and no less than what is promised."""
    assert RULES.keys() == NAMED


@pytest.mark.parametrize("name", sorted(NAMED))
def test_an_alert_says_what_is_wrong_and_what_to_do(name: str) -> None:
    """A summary with the instance, a description, a runbook, and how urgent it is."""
    rule = RULES[name]
    assert set(rule["annotations"]) == {"summary", "description", "runbook"}
    assert all(len(text) > 20 for text in rule["annotations"].values())
    assert "{{ $labels.instance }}" in rule["annotations"]["summary"]
    assert rule["labels"]["severity"] in {"critical", "warning"}


def test_an_undelivered_notification_is_critical() -> None:
    """A proxy that sends requests to containers that are gone can't wait for office hours."""
    assert RULES["PygenNotificationUndelivered"]["labels"]["severity"] == "critical"


@pytest.mark.parametrize("name", sorted(NAMED))
def test_an_alert_is_about_metrics_that_exist(name: str) -> None:
    """With labels and label values that they really have."""
    notifications = [Signal("c", "SIGHUP", rules=Rules(max_parallel=1))]
    metrics = Metrics(version="1", targets=["t"], notifications=notifications, engines=["e"])
    metrics.loop.configuration(is_valid=True, loaded_epoch_s=0)
    metrics.loop.locked_out({("t", "n"): False})
    metrics.loop.waiting({"t": False})
    metrics.loop.keeps("t", 1)
    samples = {each.name: each for family in metrics.registry.collect() for each in family.samples}
    expression = RULES[name]["expr"]
    for metric, selector in re.findall(r"\b(pygen_\w+|up)\{([^}]*)\}", expression):
        if metric == "up":
            continue
        labels = set(re.findall(r"(\w+)=~?\"", selector)) - {"job"}
        assert labels <= set(samples[metric].labels), metric
    assert re.search(r"\b(pygen_\w+|up)\{job=\"pygen\"", expression)
    assert not re.search(r"\b(pygen_\w+|up)(?!\w|\{)", expression), "every metric is asked of the job alone"


def test_promtool_finds_no_fault() -> None:
    """Neither with the rules nor with the scrape example that loads them."""
    for arguments in (("check", "rules", rules.ALERTS), ("check", "config", rules.EXAMPLE)):
        checked = _promtool(*arguments)
        assert checked.returncode == 0, checked.stdout + checked.stderr


def test_the_rules_pass_their_tests() -> None:
    """`alerts_test.yaml`, as promtool reads it."""
    tested = _promtool("test", "rules", rules.ALERTS_TEST)
    assert tested.returncode == 0, tested.stdout + tested.stderr


@pytest.mark.parametrize("name", sorted(NAMED))
def test_the_tests_notice_an_alert_that_never_fires(name: str, tmp_path: Path) -> None:
    """Each alert is really made to fire by its test."""
    document = copy.deepcopy(DOCUMENT)
    next(rule for rule in rules.rules(document) if rule["alert"] == name)["expr"] = "vector(1) > 2"
    tested = _test_rules(tmp_path, document)
    assert tested.returncode == 1
    assert name in tested.stdout + tested.stderr


@pytest.mark.parametrize("name", sorted(name for name, rule in RULES.items() if "for" in rule))
def test_the_tests_notice_an_alert_that_is_hasty(name: str, tmp_path: Path) -> None:
    """Each alert that waits is tested for its waiting."""
    document = copy.deepcopy(DOCUMENT)
    del next(rule for rule in rules.rules(document) if rule["alert"] == name)["for"]
    assert _test_rules(tmp_path, document).returncode == 1


def test_the_example_scrapes_the_port_that_the_program_listens_on() -> None:
    """Under the job's name that the alerts ask for, and loads them."""
    example = rules.load(rules.EXAMPLE)
    (scrape,) = example["scrape_configs"]
    assert scrape["job_name"] == "pygen"
    assert scrape["static_configs"] == [{"targets": ["localhost:9413"]}]
    assert example["rule_files"] == [rules.ALERTS.name]
