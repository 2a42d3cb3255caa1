"""`record`, and `--docker-address file://STATE.json`: the same output without an engine, and no secret in it."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from tests.support.process import PygenProcess
    from tests.support.real_engine import RealEngine
    from tests.support.running_program import ProgramStarter

EVERYTHING = """\
{% for c in all_containers %}
{{ c.name }} {{ c.id }} {{ c.short_id }} {{ c.image }} {{ c.status }} {{ c.health }} {{ c.hostname }} {{ c.created }}
{% for key, value in c.labels | dictsort %}
  label {{ key }}={{ value }}
{% endfor %}
{% for key, value in c.env | dictsort %}
  env {{ key }}={{ value }}
{% endfor %}
{% for n in c.networks %}
  network {{ n.name }} {{ n.ip_address }} {{ n.gateway }} {{ n.mac_address }} {{ n.internal }}
  {{ n.driver }} {{ n.scope }} {{ n.ingress }} {{ n.gateway_is_host }} [{{ n.host_address }}] [{{ n.ipv6_gateway }}]
  aliases {{ n.aliases | join(',') }}
{% endfor %}
  ports {{ c.ports.tcp | join(',') }} {{ c.ports.udp | join(',') }} {{ c.network_mode }} {{ c.restart_policy }}
{% endfor %}
{{ own_container_id }} {{ containers | length }}
"""


def fill(engine: RealEngine) -> None:
    """Containers with a bit of everything, and nothing secret."""
    engine.create_network("back", internal=True)
    engine.run("web", labels={"a.b": "1"}, env={"MODE": "fast"}, networks={"back": ["www"]}, ports={"80/tcp": None})
    engine.run("hosted", network_mode="host", restart_policy="always")
    engine.create("created", ports={"53/udp": None})
    engine.run("crashed")
    engine.die("crashed")
    engine.await_running("crashed", running=False)


def test_a_recorded_state_gives_the_same_output(
    engine: RealEngine,
    make_starter: Callable[[str], ProgramStarter],
    pygen: Callable[..., PygenProcess],
    tmp_path: Path,
) -> None:
    """Byte for byte, without an engine."""
    fill(engine)
    starter = make_starter(EVERYTHING)
    status, running = starter.one_shot()
    assert status == 0, running.program.log()
    from_engine = starter.read()
    assert "label a.b=1" in from_engine
    assert "  bridge local False True [] []" in from_engine
    recording = pygen("record", "--docker-address", engine.address)
    assert recording.wait_for_end() == 0, recording.log()
    state = tmp_path / "state.json"
    state.write_text(recording.printed())
    # Each time the same, and none of the engine's is there any more.
    again = pygen("record", env={"DOCKER_HOST": engine.address})
    assert again.wait_for_end() == 0
    assert again.printed() == recording.printed()
    for name in ("web", "hosted", "created", "crashed"):
        engine.remove(name)
    status, running = starter.one_shot("--docker-address", f"file://{state}", "--target", tmp_path / "replayed")
    assert status == 0, running.program.log()
    assert (tmp_path / "replayed").read_text() == from_engine


def test_a_recorded_state_is_kept_true_to(
    engine: RealEngine,
    make_starter: Callable[[str], ProgramStarter],
    pygen: Callable[..., PygenProcess],
    tmp_path: Path,
) -> None:
    """The loop runs on it too, and takes another recording that is put in its place."""
    engine.run("web")
    starter = make_starter("{% for c in containers %}{{ c.name }}\n{% endfor %}")
    state = tmp_path / "state.json"
    state.write_text(_record(pygen, engine))
    running = starter.start("--docker-address", f"file://{state}", "--resync", "1")
    running.await_content("web")
    running.program.wait_ready()
    engine.run("db")
    other = tmp_path / "other.json"
    other.write_text(_record(pygen, engine))
    other.replace(state)
    running.await_content("db", "web")
    assert running.program.stop() == 0


def _record(pygen: Callable[..., PygenProcess], engine: RealEngine) -> str:
    program = pygen("record", "--docker-address", engine.address)
    assert program.wait_for_end() == 0, program.log()
    return program.printed()


def test_no_secret_is_recorded(engine: RealEngine, pygen: Callable[..., PygenProcess]) -> None:
    """By name and by shape, in variables and labels; commands, health tests and log options are left out."""
    key = "-----BEGIN PRIVATE KEY-----\nhush-key\n-----END PRIVATE KEY-----"
    engine.run(
        "web",
        command=["sh", "-c", "sleep 1000000 # hush-command"],
        env={
            "DB_PASSWORD": "hush-1",
            "API_TOKEN": "hush-2",
            "DATABASE_URL": "postgres://me:hush-3@db:5432/shop",
            "CERTIFICATE": key,
            "AWS_SECRET_ACCESS_KEY": "hush-4",
            "VIRTUAL_HOST": "shop.example.com",
        },
        labels={"my.secret": "hush-5", "proxy.url": "https://me:hush-6@example.com/x", "tier": "front"},
        healthcheck={"Test": ["CMD-SHELL", "true # hush-health"], "Interval": 10**9},
        host_config={"LogConfig": {"Type": "json-file", "Config": {"labels": "hush-log", "env": "hush-log"}}},
    )
    recorded = _record(pygen, engine)
    assert "hush" not in recorded
    [container] = json.loads(recorded)["containers"]
    assert "VIRTUAL_HOST=shop.example.com" in container["Config"]["Env"]
    assert container["Config"]["Labels"]["tier"] == "front"
    [address] = [entry for entry in container["Config"]["Env"] if entry.startswith("DATABASE_URL=postgres://")]
    assert address.endswith("@db:5432/shop")


def test_an_engine_that_does_not_answer_records_nothing(pygen: Callable[..., PygenProcess], tmp_path: Path) -> None:
    """Status 11, and nothing on standard output that could be taken for a state."""
    program = pygen("record", "--docker-address", f"unix://{tmp_path}/nothing.sock")
    assert program.wait_for_end() == 11
    assert program.printed() == ""
    assert "nothing.sock" in program.log()
