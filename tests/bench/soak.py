"""`python -m tests.bench.soak`: random changes on a real engine for long, and the file compared with the truth.

Containers are started, stopped, crashed, renamed, connected and disconnected at random, and the engine is restarted
and killed, in bursts with pauses between. After each burst the file must become what the engine's own inspects say,
and a consumer must have been told of it. Memory, threads and descriptors are plotted to docs/soak.svg; the status is
1 where a comparison failed.
"""

from __future__ import annotations

import argparse
import random
import signal
import sys
import tempfile
import time
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

import docker.errors

from tests.bench.plot import Line, Panel, svg
from tests.bench.usage import Usage, usage_of
from tests.support.process import PygenProcess
from tests.support.real_engine import RealEngine
from tests.support.waiting import wait_for

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

DOCS = Path(__file__).resolve().parents[2] / "docs"
CONSUMER = "consumer"
TEMPLATE = """\
{% for container in containers if container.name != 'consumer' %}
{{ container.name }} {{ container.id }}\
{% for network in container.networks %} {{ network.name }}={{ network.ip_address }}{% endfor %}

{% endfor %}
"""
_CONTAINERS = 24
_NETWORKS = ("blue", "green")
_RESYNC_S = 10
#: A restart of the engine is survived within this time on a busy machine, two resyncs included.
_PATIENCE_S = 90.0


@dataclass(slots=True)
class Findings:
    """What a soak found.

    Attributes:
        acts: how often each thing was done.
        comparisons: of the file with the truth that held.
        failures: those that did not, in words.
        usages: seconds since the begin, and what the program used.
        missed: changes that no event told of, by the program's own count.
    """

    acts: Counter[str] = field(default_factory=Counter)
    comparisons: int = 0
    failures: list[str] = field(default_factory=list)
    usages: list[tuple[float, Usage]] = field(default_factory=list)
    missed: float = 0.0


class Soak:
    """One soak.

    Args:
        engine: started and empty.
        folder: for the program's files.
        dice: what happens next.
        say: told of the course.
    """

    def __init__(self, engine: RealEngine, folder: Path, dice: random.Random, say: Callable[[str], None]) -> None:
        self.findings = Findings()
        self._engine = engine
        self._dice = dice
        self._say = say
        self._renamed = 0
        self._target = folder / "file"
        template = folder / "template.j2"
        template.write_text(TEMPLATE)
        for network in _NETWORKS:
            engine.create_network(network)
        self._ids = [engine.run(f"web-{number}") for number in range(_CONTAINERS)]
        self._consumer = engine.run_listener(CONSUMER, restart_policy="always", stop_signal="SIGTERM")
        arguments: list[str | Path] = ["--template", template, "--target", self._target, "--resync", str(_RESYNC_S)]
        arguments += ["--docker-address", engine.address, "--signal", CONSUMER, "HUP"]
        self._pygen = PygenProcess(arguments, folder=folder)

    def run(self, duration_s: float) -> Findings:
        """Do, pause, compare, until the time is up; then end the program."""
        begun_s = time.monotonic()
        try:
            while (passed_s := time.monotonic() - begun_s) < duration_s and self._pygen.running:
                self._burst()
                self._compare()
                self.findings.usages.append((passed_s, usage_of(self._pygen.pid)))
                self._say(f"{passed_s:5.0f} s: {self.findings.comparisons} good, {len(self.findings.failures)} bad")
            self.findings.missed = self._pygen.metric("pygen_missed_changes_total")
        finally:
            ended_early = not self._pygen.running
            status = self._pygen.process.returncode if ended_early else self._pygen.stop()
        if ended_early or status:
            self.findings.failures.append(f"the program ended with {status}:\n{self._pygen.log()[-4000:]}")
        return self.findings

    def _burst(self) -> None:
        if self._dice.random() < 0.05:
            self._act("engine restarts", self._engine.restart)
        elif self._dice.random() < 0.03:
            self._act("engine kills", self._kill_engine)
        for _ in range(self._dice.randint(1, 12)):
            container_id = self._dice.choice(self._ids)
            name, act = self._dice.choice(self._acts())
            self._act(name, lambda act=act, container_id=container_id: act(container_id))  # type: ignore[misc] # bound

    def _acts(self) -> Sequence[tuple[str, Callable[[str], None]]]:
        engine = self._engine
        return (
            ("starts", engine.start_container),
            ("starts", engine.start_container),
            ("stops", engine.stop_container),
            ("restarts", engine.restart_container),
            ("crashes", self._crash),
            ("renames", self._rename),
            ("connects", lambda each: engine.connect(each, self._dice.choice(_NETWORKS))),
            ("disconnects", lambda each: engine.disconnect(each, self._dice.choice(_NETWORKS))),
        )

    def _act(self, name: str, act: Callable[[], None]) -> None:
        try:
            act()
        except (docker.errors.APIError, ProcessLookupError):
            # Connected already, or ended a moment ago: what the state does not allow is tried, too.
            name = f"refused {name}"
        self.findings.acts[name] += 1

    def _kill_engine(self) -> None:
        self._engine.kill()
        self._engine.start()

    def _crash(self, container_id: str) -> None:
        if self._engine.is_running(container_id):
            self._engine.die(container_id)

    def _rename(self, container_id: str) -> None:
        self._renamed += 1
        self._engine.rename(container_id, f"renamed-{self._renamed}")

    def _compare(self) -> None:
        try:
            wait_for(self._is_true, timeout_s=_PATIENCE_S, every_s=0.25, what=self._difference)
            wait_for(self._is_told, timeout_s=_PATIENCE_S, every_s=0.25, what="the consumer to be told")
        except AssertionError as error:
            self._say(str(error))
            self.findings.failures.append(str(error))
        else:
            self.findings.comparisons += 1

    def _is_true(self) -> bool:
        return self._target.exists() and self._target.read_text() == self._truth()

    def _is_told(self) -> bool:
        return self._pygen.metric("pygen_notifications_pending", action="signal", container=CONSUMER) == 0

    def _difference(self) -> str:
        return f"the file holds\n{self._target.read_text()}\nand the engine says\n{self._truth()}"

    def _truth(self) -> str:
        bodies = sorted((self._engine.inspect(each) for each in self._ids), key=lambda body: str(body["Name"]))
        running = [body for body in bodies if body["State"]["Running"] and not body["State"]["Restarting"]]
        return "".join(_line(body["Name"], body["Id"], body["NetworkSettings"]["Networks"]) for body in running)


def _line(name: str, container_id: str, networks: dict[str, dict[str, str]]) -> str:
    shown = "".join(f" {network}={networks[network]['IPAddress']}" for network in sorted(networks))
    return f"{name.lstrip('/')} {container_id}{shown}\n"


def plot(findings: Findings) -> str:
    """Memory, threads and descriptors over the time."""
    minutes = [(at_s / 60, usage) for at_s, usage in findings.usages]
    memory = Line("resident memory, MiB", tuple((x, usage.resident_mib) for x, usage in minutes))
    threads = Line("threads", tuple((x, float(usage.threads)) for x, usage in minutes))
    descriptors = Line("descriptors", tuple((x, float(usage.descriptors)) for x, usage in minutes))
    return svg([
        Panel("resident memory, MiB", "minutes", [memory], logarithmic=False),
        Panel("threads and descriptors", "minutes", [threads, descriptors], logarithmic=False),
    ])  # fmt: skip


def summary(findings: Findings, seed: int) -> str:
    """The course in a few lines."""
    first, last = findings.usages[0][1], findings.usages[-1][1]
    acts = ", ".join(f"{count} {name}" for name, count in sorted(findings.acts.items()))
    return (
        f"seed {seed}: {acts}\n{findings.comparisons} comparisons good, {len(findings.failures)} bad; "
        f"{findings.missed:.0f} changes without an event\n"
        f"memory {first.resident_mib:.1f} to {last.resident_mib:.1f} MiB, threads {first.threads} to {last.threads}, "
        f"descriptors {first.descriptors} to {last.descriptors}\n"
    )


def main(arguments: Sequence[str]) -> int:
    """Soak, plot and tell."""
    parser = argparse.ArgumentParser(prog="./dev soak", allow_abbrev=False)
    parser.add_argument("--minutes", type=float, default=20.0, help="how long (20)")
    parser.add_argument("--seed", type=int, default=random.SystemRandom().randrange(10**6), help="of what happens")
    parser.add_argument("--docs", type=Path, default=DOCS, help="where the plot is written")
    options = parser.parse_args(arguments)
    engine = RealEngine()
    try:
        engine.start()
        with tempfile.TemporaryDirectory(prefix="pygen-soak-") as folder:
            soak = Soak(engine, Path(folder), random.Random(options.seed), _say)
            findings = soak.run(options.minutes * 60)
    finally:
        engine.stop()
    options.docs.mkdir(parents=True, exist_ok=True)
    (options.docs / "soak.svg").write_text(plot(findings))
    sys.stdout.write(summary(findings, options.seed))
    return int(bool(findings.failures))


def _say(text: str) -> None:
    sys.stderr.write(f"soak: {text}\n")


if __name__ == "__main__":
    # SIGTERM ends it as Ctrl-C does: the engine and all that it runs are ended.
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    sys.exit(main(sys.argv[1:]))
