"""One proxy for one test: containers as an engine tells of them, the recipe rendered, and nginx run on the result."""

from __future__ import annotations

import json
import shutil
import signal
import socket
import subprocess
import time
from contextlib import ExitStack
from pathlib import Path
from typing import TYPE_CHECKING, Any

from models.container import Container
from models.networks import network_facts
from models.snapshot import Snapshot
from templating.outcome import Rendered
from templating.renderer import Renderer
from templating.runtime import SourceRuntime
from templating.source import open_source
from tests.recipes.nginx.backends import HttpBackend, VariablesBackend, free_address, serving
from tests.recipes.nginx.binaries import nginx_binary
from tests.support.fake_engine.world import World
from tests.support.ports import reserve_port
from tests.support.render_limits import RENDER_LIMITS
from tests.support.waiting import wait_for

if TYPE_CHECKING:
    from types import TracebackType
    from typing import Self

RECIPE = Path(__file__).resolve().parents[3] / "deploy" / "recipes" / "nginx"
_TIME_LIMIT_S = 200.0
"""A slow machine is no reason to fail."""
NGINX_LABEL = "com.github.nginx-proxy.nginx-proxy.nginx"
_NGINX_CONF = """\
daemon off;
user root;
pid {folder}/pid;
error_log {folder}/error.log;
worker_processes 1;
events {{ worker_connections 256; }}
http {{
    access_log off;
    client_body_temp_path {folder}/body; proxy_temp_path {folder}/proxy; fastcgi_temp_path {folder}/fastcgi;
    uwsgi_temp_path {folder}/uwsgi; scgi_temp_path {folder}/scgi;
    include {folder}/conf.d/*.conf;
}}
"""


class Site:
    """The recipe in a folder of its own, where `/etc/nginx` is this folder.

    Args:
        folder: an empty one.
        version: the nginx to run.

    Attributes:
        version: the nginx that is run.
        world: the engine's state; `add` and `backend` put containers into it.
        environ: the variables of the process that renders.
        http_port: where nginx listens for HTTP.
        https_port: where nginx listens for HTTPS.
        own_id: the container that the renderer runs in.
        servers: what stands behind the containers that `backend` made, by name.
        notes: what the last rendering noted.
    """

    def __init__(self, folder: Path, version: str) -> None:
        self.folder = folder
        self.version = version
        self.http_port, self.https_port = reserve_port(), reserve_port()
        self._binary = nginx_binary(version)
        self._stack = ExitStack()
        self._process: subprocess.Popen[bytes] | None = None
        self._renderer: Renderer | None = None
        self._rendered_in: dict[str, str] = {}
        self._copy_recipe()
        self.start_over()

    def start_over(self) -> None:
        """As it was at first: nothing runs, no container, no file of the operator's. Only the template stays read."""
        self.stop()
        self._stack.close()
        self.world = World()
        self.environ = {"HTTP_PORT": str(self.http_port), "HTTPS_PORT": str(self.https_port)}
        self.own_id: str | None = None
        self.servers: dict[str, HttpBackend | VariablesBackend] = {}
        self.notes: tuple[str, ...] = ()
        for path in self.folder.iterdir():
            if path.is_dir() and path.name != "recipe":
                shutil.rmtree(path)
            elif path.is_file():
                path.unlink()
        for name in ("conf.d", "certs", "vhost.d"):
            (self.folder / name).mkdir()
        for name in ("uwsgi_params", "fastcgi_params"):
            shutil.copy(f"/etc/nginx/{name}", self.folder / name)
        (self.folder / "nginx.conf").write_text(_NGINX_CONF.format(folder=self.folder))

    def _copy_recipe(self) -> None:
        for source in RECIPE.rglob("*.j2"):
            copy = self.folder / "recipe" / source.relative_to(RECIPE)
            copy.parent.mkdir(parents=True, exist_ok=True)
            text = source.read_text()
            for theirs in ("/etc/nginx/", "/usr/share/nginx/", "/var/log/nginx/"):
                text = text.replace(theirs, f"{self.folder}/")
            copy.write_text(text)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()
        if self._renderer is not None:
            self._renderer.close()
        self._stack.close()

    # Containers

    def add(self, name: str, env: dict[str, str] | None = None, **options: Any) -> str:
        """A container; see `World.add_container`."""
        return self.world.add_container(name, env=env or {}, **options)

    def backend(self, name: str, env: dict[str, str], *, host: str = "", **options: Any) -> str:
        """A container with a server behind it, which exposes its one port; gives its address and port.

        Args:
            name: the container's, and the server's.
            env: the container's variables.
            host: the address; one of its own where none is given.
            options: as for `at`.
        """
        protocol = env.get("VIRTUAL_PROTO", "http")
        host = host or free_address()
        server = VariablesBackend(name, host, protocol) if protocol in {"uwsgi", "fastcgi"} else HttpBackend(name, host)
        self.servers[name] = server
        _, port = self._stack.enter_context(serving(server))
        self.at(name, env, host, port, **options)
        return f"{host}:{port}"

    def nginx(self, *ports: int, **env: str) -> str:
        """Nginx's own container: it says which version it is, and exposes these ports."""
        version = {"NGINX_VERSION": "1.26.2"} if self.version == "1.26" else {}
        exposed = tuple(f"{port}/tcp" for port in ports)
        return self.add("nginx", version | env, labels={NGINX_LABEL: ""}, ports=exposed)

    def at(self, name: str, env: dict[str, str], host: str, port: int, **options: Any) -> str:
        """A container on the bridge with this address, which exposes this one port."""
        overrides = {"NetworkSettings": {"Networks": {"bridge": {"IPAddress": host}}}}
        return self.add(name, env, **({"ports": (f"{port}/tcp",), "overrides": overrides} | options))

    def snapshot(self) -> Snapshot:
        """All containers as they are now."""
        networks = network_facts(json.loads(self.world.networks_body()))
        read = [
            Container.from_inspect(self.world.inspect_body(each), engine="", networks=networks, warn=_ignore)
            for each in self.world.container_ids
        ]
        return Snapshot.of(read, self.own_id)

    # Files

    def write(self, name: str, text: str) -> None:
        """A file of the operator's, below what is /etc/nginx here."""
        path = self.folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)

    def remove_containers(self) -> None:
        """An engine without any; the files stay."""
        self.world = World()

    def use_config(self, text: str) -> None:
        """An nginx.conf of nginx's own image in place of the usual one, in the foreground and below this folder."""
        for theirs in ("/etc/nginx/", "/var/log/nginx/", "/var/run/"):
            text = text.replace(theirs, f"{self.folder}/")
        text = text.replace("user nginx;", "daemon off;\nuser root;")
        (self.folder / "mime.types").touch()
        (self.folder / "nginx.conf").write_text(text)

    # Rendering and running

    def render(self) -> str:
        """What the recipe gives now, in strict mode: it uses no name that does not exist."""
        if self._renderer is not None and self._rendered_in != self.environ:
            self._renderer.close()  # variables are another program's
            self._renderer = None
        self._rendered_in = dict(self.environ)
        if self._renderer is None:
            runtime = SourceRuntime(time.monotonic, time.time, time.sleep, lambda call: call(), _unexpected)
            source = open_source(str(self.folder / "recipe" / "nginx.conf.j2"), runtime)
            self._renderer = Renderer(
                source,
                strict=True,
                keep_rights=True,  # the tests' folders are root's
                warn=_unexpected,
                environ=self.environ,
                **(RENDER_LIMITS | {"time_limit_s": _TIME_LIMIT_S}),
            )
            failure = self._renderer.load()
            assert failure is None, str(failure)
        outcome = self._renderer.render(self.snapshot())
        assert isinstance(outcome, Rendered), str(outcome)
        self.notes = outcome.notes
        text = outcome.text.decode("utf-8", "surrogateescape")
        (self.folder / "conf.d" / "default.conf").write_bytes(outcome.text)
        return text

    def is_stale(self) -> bool:
        """Whether the last rendering is not what a new one would give."""
        return self._renderer is not None and self._renderer.stale()

    def complaint(self) -> str:
        """What `nginx -t` says against the configuration as it is on disk; '' where it takes it."""
        done = subprocess.run(
            [*self._command(), "-t", "-q"], capture_output=True, stdin=subprocess.DEVNULL, check=False, timeout=120
        )
        return "" if done.returncode == 0 else done.stderr.decode(errors="replace") or f"status {done.returncode}"

    def run(self) -> str:
        """Render, check and start nginx, or another one in place of the one that runs; gives the configuration."""
        self.stop()
        text = self.render()
        assert self.complaint() == "", text
        self._process = subprocess.Popen(self._command(), stdin=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        process = self._process

        def listens() -> bool:
            assert process.poll() is None, (self.folder / "error.log").read_text()
            return all(map(_is_open, (self.http_port, self.https_port)))

        wait_for(listens, what="nginx to listen")
        return text

    def stop(self) -> None:
        """End nginx, if it runs."""
        process, self._process = self._process, None
        if process is None:
            return
        process.send_signal(signal.SIGTERM)
        try:
            process.wait(60)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()

    def _command(self) -> list[str]:
        config, log = self.folder / "nginx.conf", self.folder / "error.log"
        return [self._binary, "-p", str(self.folder), "-c", str(config), "-e", str(log)]


def _is_open(port: int) -> bool:
    try:
        socket.create_connection(("127.0.0.1", port), timeout=30).close()
    except OSError:
        return False
    return True


def _ignore(_message: str) -> None:
    """Hostile containers have odd fields; what the model says of them is tested elsewhere."""


def _unexpected(message: str) -> None:
    raise AssertionError(message)
