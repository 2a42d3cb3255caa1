"""deploy/nginx-proxy: its image in the place of nginx-proxy's, in a compose file as that one's documentation has it."""

from __future__ import annotations

import subprocess
from typing import TYPE_CHECKING

import pytest

from tests.deploying.proxy_site import ask
from tests.image.built_image import ensure_image
from tests.support.compose import Project
from tests.support.nginx_base import NGINX_PROXY
from tests.support.process import ROOT
from tests.support.servers_image import SERVERS, ensure_servers
from tests.support.waiting import wait_for

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from tests.support.real_engine import RealEngine

# The images may have to be made first.
pytestmark = pytest.mark.timeout(900)

COMPOSE = ROOT / "deploy" / "nginx-proxy" / "compose.yaml"
FEW_RIGHTS = ROOT / "deploy" / "nginx-proxy" / "compose.few-rights.yaml"
NETWORK = "nginx-proxy_default"
#: What acme-companion runs in the proxy's container after it has brought a certificate; the last part is what counts.
COMPANION = (
    "/app/docker-entrypoint.sh /usr/local/bin/docker-gen /app/nginx.tmpl /etc/nginx/conf.d/default.conf; "
    "/usr/sbin/nginx -s reload"
)


class Proxy:
    """The project, up."""

    def __init__(self, engine: RealEngine, project: Project) -> None:
        self.engine = engine
        self.id = project.container("nginx-proxy")

    def ask(self, host: str, path: str = "/") -> str:
        """See `proxy_site.ask`."""
        return ask(self.engine, host, path)

    def await_answer(self, host: str, answer: str, path: str = "/") -> None:
        """Wait until a request for the host is answered so."""
        wait_for(
            lambda: self.ask(host, path).strip() == answer,
            what=lambda: f"{answer!r} for {host}{path}, not {self.ask(host, path)!r}: {self.logs()[-6000:]}",
        )

    def serve(self, name: str, **variables: str) -> str:
        """Start a container that answers with its own name; its id."""
        return self.engine.run(
            name, image=SERVERS, networks=[NETWORK], env=variables, config={"Cmd": None, "Hostname": name}
        )

    def run(self, script: str) -> str:
        """Run a script in the proxy's container."""
        status, output = self.engine.exec(self.id, "sh", "-c", script)
        assert status == 0, output
        return output

    def logs(self) -> str:
        """What the container has printed."""
        return self.engine.logs(self.id)

    def masters(self) -> list[str]:
        """The processes of the container by parent and name, the child's master first."""
        return [line for line in self.processes() if line.split()[2] == "nginx" and line.split()[1] == "1"]

    def processes(self) -> list[str]:
        """`PID PPID NAME UID STATE` of each."""
        script = (
            "for each in /proc/[0-9]*/status; do sed -n 's/^Name:.//p;s/^State:.\\(.\\).*/\\1/p;"
            "s/^Pid:.//p;s/^PPid:.//p;s/^Uid:.\\([0-9]*\\).*/\\1/p' $each 2>/dev/null | tr '\\n' ' '; echo; done"
        )
        rows = [line.split() for line in self.run(script).splitlines() if line.strip()]
        return [f"{pid} {parent} {name} {uid} {state}" for name, state, pid, parent, uid in rows]


@pytest.fixture
def environ(engine: RealEngine, tmp_path: Path) -> dict[str, str]:
    """This machine's images in the place of the registry's."""
    return {
        "DOCKER_SOCKET": str(engine.socket),
        "NGINX_PROXY_IMAGE": ensure_image(engine, tmp_path, NGINX_PROXY),
        "WHOAMI_IMAGE": ensure_servers(engine),
        "WHOAMI_PORT": "80",
    }


@pytest.fixture
def project(engine: RealEngine, environ: dict[str, str]) -> Iterator[Project]:
    """The compose file alone."""
    with Project(engine, [COMPOSE], environ) as project:
        project.up()
        yield project


@pytest.fixture
def proxy(engine: RealEngine, project: Project) -> Proxy:
    """What it serves."""
    return Proxy(engine, project)


def test_it_serves_what_nginx_proxy_serves(engine: RealEngine, project: Project, proxy: Proxy) -> None:
    """Hosts, paths, ports, the default host, files of vhost.d, of conf.d and of the html folder."""
    whoami = engine.inspect(project.container("whoami"))["Config"]["Hostname"]
    proxy.await_answer("whoami.example", whoami)
    assert proxy.ask("nobody.example").strip() == whoami  # by DEFAULT_HOST
    assert "resolver 127.0.0.11;" in proxy.run("nginx -T 2>/dev/null")  # Docker's own, from resolv.conf
    master = proxy.masters()
    proxy.serve("shop", VIRTUAL_HOST="shop.example", VIRTUAL_PORT="80", VIRTUAL_PATH="/shop/", VIRTUAL_DEST="/")
    proxy.await_answer("shop.example", "shop", "/shop/")
    assert proxy.ask("shop.example", "/") == "404"
    proxy.run("echo 'location = /own { return 200 vhost; }' >/etc/nginx/vhost.d/shop.example")
    proxy.await_answer("shop.example", "vhost", "/own")
    proxy.run("echo 'server { listen 80; server_name conf.example; return 200 conf; }' >/etc/nginx/conf.d/own.conf")
    proxy.run(COMPANION)
    proxy.await_answer("conf.example", "conf")
    proxy.run(
        "mkdir -p /usr/share/nginx/html/.well-known/acme-challenge"
        " && echo answer >/usr/share/nginx/html/.well-known/acme-challenge/token"
    )
    proxy.await_answer("whoami.example", "answer", "/.well-known/acme-challenge/token")
    engine.remove("shop")
    proxy.await_answer("shop.example", whoami, "/shop/")
    assert proxy.masters() == master, "each change is a reload of one nginx"


def test_certificates_bring_https(engine: RealEngine, project: Project, proxy: Proxy, tmp_path: Path) -> None:
    """As the companion, or the operator, puts them into the volume: HTTP is redirected, unless HTTPS_METHOD says no."""
    volume = next(mount for mount in engine.inspect(proxy.id)["Mounts"] if mount["Destination"] == "/etc/nginx/certs")
    proxy.serve("plain", VIRTUAL_HOST="plain.example", HTTPS_METHOD="noredirect")
    for name in ("whoami.example", "plain.example"):
        key, certificate = f"{volume['Source']}/{name}.key", f"{volume['Source']}/{name}.crt"
        command = ["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2", "-subj", f"/CN={name}"]
        subprocess.run([*command, "-keyout", key, "-out", certificate], check=True, capture_output=True)
    whoami = engine.inspect(project.container("whoami"))["Config"]["Hostname"]
    wait_for(
        lambda: _https(engine, "whoami.example", tmp_path) == whoami, what=lambda: f"HTTPS: {proxy.logs()[-6000:]}"
    )
    wait_for(lambda: _https(engine, "plain.example", tmp_path) == "plain", what="HTTPS for the other")
    assert _status_of(engine, "whoami.example") == "301"
    assert _status_of(engine, "plain.example") == "200"


def test_it_is_one_process_tree_that_stops_well(engine: RealEngine, proxy: Proxy) -> None:
    """Pygen first, nginx below it; root are these two alone; `docker stop` is nginx's own graceful end, status 0."""
    wait_for(proxy.masters, what="nginx")
    rows = [line.split() for line in proxy.processes()]
    by_pid = {pid: (parent, name, uid) for pid, parent, name, uid, _ in rows}
    assert by_pid["1"][1:] == ("pygen", "0")
    ((master, _),) = [(pid, row) for pid, row in by_pid.items() if row[:2] == ("1", "nginx")]
    workers = [row for row in by_pid.values() if row[:2] == (master, "nginx")]
    assert {uid for _, _, uid in workers} == {"101"}
    renders = [row for row in by_pid.values() if row[0] == "1" and row[1] != "nginx"]
    assert {uid for _, _, uid in renders} == {"65534"}
    assert not [row for row in rows if row[4] == "Z"]
    engine.client.stop(proxy.id, timeout=60)
    assert engine.inspect(proxy.id)["State"]["ExitCode"] == 0, proxy.logs()


def test_a_crash_of_nginx_is_the_container_s(engine: RealEngine, proxy: Proxy) -> None:
    """The engine starts it again, by the policy of the compose file, and it serves what is there then."""
    wait_for(proxy.masters, what="nginx")
    before = engine.started_at(proxy.id)
    master = proxy.masters()[0].split()[0]
    proxy.run(f"kill -KILL {master}")
    wait_for(lambda: engine.started_at(proxy.id) != before and engine.is_running(proxy.id), what="the container again")
    proxy.serve("late", VIRTUAL_HOST="late.example")
    proxy.await_answer("late.example", "late")
    assert "nginx has ended by signal 9" in proxy.logs()


def test_few_rights_are_enough(engine: RealEngine, environ: dict[str, str]) -> None:
    """It serves, takes a change, and stops, with five capabilities and none to be gained."""
    with Project(engine, [COMPOSE, FEW_RIGHTS], environ) as project:
        project.up()
        proxy = Proxy(engine, project)
        whoami = engine.inspect(project.container("whoami"))["Config"]["Hostname"]
        proxy.await_answer("whoami.example", whoami)
        proxy.serve("shop", VIRTUAL_HOST="shop.example")
        proxy.await_answer("shop.example", "shop")
        status = proxy.run("cat /proc/1/status")
        assert "NoNewPrivs:\t1" in status
        assert "CapBnd:\t00000000000004e1" in status  # bits 0, 5, 6, 7, 10; source: linux/capability.h
        assert not [line for line in proxy.logs().splitlines() if " WARNING " in line or "[emerg]" in line]
        engine.client.stop(proxy.id, timeout=60)
        assert engine.inspect(proxy.id)["State"]["ExitCode"] == 0, proxy.logs()


def _https(engine: RealEngine, host: str, folder: Path) -> str:
    """The answer over TLS on the published port; '' where there is none."""
    return _curl(engine, "--insecure", "--resolve", f"{host}:443:127.0.0.1", f"https://{host}/")


def _status_of(engine: RealEngine, host: str) -> str:
    given = ("--header", f"Host: {host}", "--output", "/dev/null", "--write-out", "%{http_code}")
    return _curl(engine, *given, "http://127.0.0.1/")


def _curl(engine: RealEngine, *arguments: str) -> str:
    done = subprocess.run(
        [*engine.enter, "curl", "--silent", "--noproxy", "*", *arguments], capture_output=True, text=True, check=False
    )
    return done.stdout.strip()
