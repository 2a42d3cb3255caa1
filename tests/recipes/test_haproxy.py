"""HAProxy in front of containers: checked by itself, and asked for real."""

from __future__ import annotations

import json
import signal
import urllib.error
import urllib.request
from contextlib import ExitStack
from typing import TYPE_CHECKING, Any

from hypothesis import given, settings
from hypothesis import strategies as st

from tests.recipes.nginx.backends import HttpBackend, free_address, serving
from tests.recipes.programs import check_haproxy
from tests.recipes.recipe_harness import RecipeHarness, running
from tests.support.ports import reserve_port
from tests.support.waiting import wait_for

if TYPE_CHECKING:
    from pathlib import Path

_OPENER = urllib.request.build_opener(urllib.request.ProxyHandler({}))
HOSTILE = st.text(
    st.sampled_from(list("ab.-_:;,#\"'\\{}()$%&|\n\r\t \x00é/@*")) | st.characters(codec="utf-8"), max_size=30
)


def _harness() -> RecipeHarness:
    return RecipeHarness("haproxy/haproxy.cfg.j2")


def _get(port: int, host: str) -> tuple[int, Any]:
    request = urllib.request.Request(f"http://127.0.0.1:{port}/x", headers={"Host": host})
    try:
        with _OPENER.open(request, timeout=30) as answer:
            return answer.status, json.load(answer)
    except urllib.error.HTTPError as error:
        with error:
            return error.code, error.read().decode()


def test_an_empty_host_has_a_valid_file() -> None:
    """Before the first container."""
    check_haproxy(_harness().render())


def test_requests_reach_the_right_container_and_follow_a_reload(tmp_path: Path) -> None:
    """Two hosts, one of them with two containers; a third comes with USR2, and an unknown one is a 503."""
    harness, port = _harness(), reserve_port()
    harness.environ["HTTP_PORT"] = str(port)
    config = tmp_path / "haproxy.cfg"
    with ExitStack() as stack:

        def serve(name: str, hosts: str) -> None:
            address, backend_port = stack.enter_context(serving(HttpBackend(name, free_address())))
            harness.add(name, address, labels={"haproxy.hosts": hosts, "haproxy.port": str(backend_port)})

        serve("a-1", "a.test, www.a.test")
        serve("a-2", "a.test")
        serve("b-1", "B.test")
        config.write_text(harness.render())
        process = stack.enter_context(running(["haproxy", "-W", "-db", "-f", str(config)], tmp_path))

        def up(host: str) -> bool:
            try:
                return _get(port, host)[0] == 200
            except urllib.error.URLError:
                return False

        wait_for(lambda: up("a.test"), what="a.test answers")
        assert {_get(port, "a.test")[1]["backend"] for _ in range(20)} == {"a-1", "a-2"}
        assert _get(port, "www.a.test")[1]["backend"] == "a-1"
        assert _get(port, f"b.TEST:{port}")[1]["backend"] == "b-1"
        assert _get(port, f"b.test.:{port}")[1]["backend"] == "b-1"
        assert _get(port, "c.test") == (503, "no such host\n")
        serve("c-1", "c.test")
        config.write_text(harness.render())
        process.send_signal(signal.SIGUSR2)
        wait_for(lambda: up("c.test"), what="c.test answers after the reload")


def test_an_unhealthy_container_gets_no_requests() -> None:
    """The host stays out of the file while nobody serves it."""
    harness = _harness()
    harness.add("web", labels={"haproxy.hosts": "a.test"}, health="unhealthy")
    assert "a.test" not in harness.render()
    harness.world.set_health("web", "healthy")
    assert "a.test" in harness.render()


def test_a_paused_container_gets_no_requests() -> None:
    """It would take every second one and leave it waiting."""
    harness = _harness()
    for name in ("a", "b"):
        harness.add(name, labels={"haproxy.hosts": "a.test"})
    harness.world.pause("b")
    servers = [line.split()[1] for line in harness.render().splitlines() if line.startswith("    server ")]
    assert [name.partition("_")[0] for name in servers] == ["a"]
    assert harness.notes == ("b: is paused or unhealthy, and gets no requests",)
    harness.world.unpause("b")
    assert harness.render().count("    server ") == 2
    assert not harness.notes


def test_a_container_on_the_host_s_network_is_served(tmp_path: Path) -> None:
    """By 127.0.0.1 where HAProxy is not known to be in a container."""
    harness, port = _harness(), reserve_port()
    harness.environ["HTTP_PORT"] = str(port)
    config = tmp_path / "haproxy.cfg"
    with serving(HttpBackend("app", "127.0.0.1")) as (_, backend_port):
        labels = {"haproxy.hosts": "app.test", "haproxy.port": str(backend_port)}
        harness.add("app", networks=["host"], network_mode="host", labels=labels)
        config.write_text(harness.render())
        with running(["haproxy", "-db", "-f", str(config)], tmp_path):

            def up() -> bool:
                try:
                    return _get(port, "app.test")[0] == 200
                except urllib.error.URLError:
                    return False

            wait_for(up, what="app.test answers")
            assert _get(port, "app.test")[1]["backend"] == "app"


def test_nobody_takes_the_proxy_s_place() -> None:
    """By the label, that is: the oldest counts, or the one of the name that HAPROXY_CONTAINER says."""
    harness = _harness()
    for name in ("front", "back"):
        harness.world.add_network(name)
    harness.add("haproxy", networks=["front"], labels={"haproxy.proxy": "yes"})
    harness.add("evil", networks=["back"], labels={"haproxy.proxy": "yes", "pygen.target": "haproxy"})
    harness.add("near", networks=["front"], labels={"haproxy.hosts": "near.test"})
    assert "near.test" in harness.render()
    assert harness.notes[0].startswith("label haproxy.proxy: several containers have it")
    harness.environ["HAPROXY_CONTAINER"] = "haproxy"
    assert "near.test" in harness.render()
    assert harness.notes == ()
    harness.world.remove("haproxy")
    assert "near.test" not in harness.render()
    assert "HAPROXY_CONTAINER names no container, and the label haproxy.proxy counts" in harness.notes


def test_the_limit_of_entries_can_be_set() -> None:
    """By the variable ENTRIES_MAX."""
    harness = _harness()
    harness.environ["ENTRIES_MAX"] = "2"
    harness.add("web", labels={"haproxy.hosts": "a.test,b.test,c.test"})
    text = harness.render()
    assert text.count("use_backend") == 2
    assert "c.test" not in text


def test_only_containers_that_the_proxy_reaches_are_used() -> None:
    """The container with the label haproxy.proxy says from where."""
    harness = _harness()
    for name in ("front", "back"):
        harness.world.add_network(name)
    harness.add("haproxy", networks=["front"], labels={"haproxy.proxy": "yes"})
    harness.add("near", networks=["back", "front"], labels={"haproxy.hosts": "near.test"})
    harness.add("far", networks=["back"], labels={"haproxy.hosts": "far.test"})
    text = harness.render()
    assert "near.test" in text
    assert "far.test" not in text
    near = harness.world.container("near").endpoints["front"].ip_address
    assert f"{near}:80" in text


def test_the_one_exposed_port_is_taken_unless_the_label_says_more() -> None:
    """Several exposed ports without a label mean 80."""
    harness = _harness()
    harness.add("one", labels={"haproxy.hosts": "one.test"}, ports=["8080/tcp"])
    harness.add("two", labels={"haproxy.hosts": "two.test"}, ports=["8081/tcp", "8082/tcp"])
    harness.add("odd", labels={"haproxy.hosts": "odd.test", "haproxy.port": "99999"})
    text = harness.render()
    assert ":8080 check" in text
    assert ":80 check" in text
    assert "odd.test" not in text


@settings(max_examples=25)
@given(host=HOSTILE, port=HOSTILE, name=HOSTILE)
def test_no_value_breaks_out_of_its_place(host: str, port: str, name: str) -> None:
    """Whatever the labels and the name say, the file stays valid and the other host is in it."""
    harness = _harness()
    harness.add("good", labels={"haproxy.hosts": "good.test", "haproxy.port": "80"})
    harness.add("x", labels={"haproxy.hosts": host, "haproxy.port": port}, overrides={"Name": f"/{name}"})
    harness.add("y", labels={"haproxy.hosts": f"{host},y.test"}, overrides={"Name": f"/{name}"})
    text = harness.render()
    check_haproxy(text)
    assert "use_backend host_good.test if" in text
    assert "use_backend host_y.test if" in text
