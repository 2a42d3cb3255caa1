"""deploy/compose.socket-proxy.yaml over deploy/compose.yaml: the same site, and pygen without the engine's socket."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.deploying.permissions_proxy import permitted
from tests.deploying.proxy_site import Site
from tests.support.compose import Project, read_by_compose
from tests.support.process import ROOT
from tests.support.socket_proxy_image import ensure_socket_proxy
from tests.support.waiting import wait_for

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.support.process import PygenProcess
    from tests.support.real_engine import RealEngine

# The images may have to be made first.
pytestmark = pytest.mark.timeout(900)

FILES = [ROOT / "deploy" / "compose.yaml", ROOT / "deploy" / "compose.socket-proxy.yaml"]


def test_the_list_is_what_permissions_prints(pygen: Callable[..., PygenProcess]) -> None:
    """For the options of the service pygen, line by line."""
    services = read_by_compose(*FILES, environ={"DOCKER_GROUP": "1"})["services"]
    (lines,) = permitted(pygen, services["pygen"]["command"])
    assert [line for line in services["socket-proxy"]["command"] if line.startswith("-allow")] == [
        "-allowfrom=pygen",
        *lines,
    ]


def test_the_site_works_without_the_engine_s_socket(engine: RealEngine, environ: dict[str, str]) -> None:
    """Through the proxy; which neither nginx nor a container of the site can reach."""
    environ["SOCKET_PROXY_IMAGE"] = ensure_socket_proxy(engine, environ["PYGEN_IMAGE"])
    with Project(engine, FILES, environ) as project:
        project.up()
        site = Site(engine, project)
        site.serve("a-1", "a.test")
        site.await_answer("a.test", "a-1")
        site.serve("a-2", "a.test")
        wait_for(lambda: site.answers("a.test") == {"a-1", "a-2"}, what="both to answer")
        site.stop("a-1")
        wait_for(lambda: site.answers("a.test") == {"a-2"}, what="a-2 alone to answer")
        site.await_settled()
        assert " WARNING " not in project.logs("pygen")
        pygen = engine.inspect(project.container("pygen"))
        assert not [mount for mount in pygen["Mounts"] if "docker.sock" in mount["Destination"]]
        assert not pygen["HostConfig"]["GroupAdd"]
        _assert_guarded(engine, project)


def _assert_guarded(engine: RealEngine, project: Project) -> None:
    """Who is in the network gets what is listed if he is pygen, and nothing else; who is not does not find it."""
    address = engine.address_of(project.container("socket-proxy"), f"{project.name}_engine")
    ask = ("python3", "-c", _ASK, address)
    assert engine.exec(project.container("pygen"), *ask)[1].split() == ["200", "403", "405"]
    stranger = engine.run(
        "stranger",
        image="pygen:local",
        networks=[f"{project.name}_engine"],
        config={"Entrypoint": ["sleep", "1000"], "Cmd": None},
    )
    assert engine.exec(stranger, *ask)[1].split() == ["403", "403", "403"]
    assert engine.exec(project.container("nginx"), "wget", "-q", "-O", "-", "http://socket-proxy:2375/version")[0] != 0


_ASK = """
import http.client, sys
for method, path in (("GET", "/version"), ("GET", "/images/json"), ("DELETE", "/images/x")):
    connection = http.client.HTTPConnection(sys.argv[1], 2375, timeout=60)
    connection.request(method, path)
    print(connection.getresponse().status)
    connection.close()
"""
