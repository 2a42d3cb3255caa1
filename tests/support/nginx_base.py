"""An image in the place of nginx's own: a base with Python, and this machine's nginx as its makers would install it."""

from __future__ import annotations

import io
import subprocess
import tarfile
from pathlib import Path
from typing import TYPE_CHECKING, Any

from tests.image.built_image import BASE, Recipe, bring_base
from tests.support.servers_image import libraries_of, path_of

if TYPE_CHECKING:
    from tests.support.real_engine import RealEngine

NGINX_BASE = "nginx-python:local"
#: As in the image of nginx's makers: its user, where it writes, and where it logs to.
#: Source: nginx/docker-nginx, Dockerfile-debian.template.
_DOCKERFILE = """\
FROM {base}
ADD nginx.tar /
ENV NGINX_VERSION={version}
RUN groupadd --system --gid 101 nginx \\
    && useradd --system --gid nginx --uid 101 --no-create-home --home /nonexistent --shell /bin/false nginx \\
    && mkdir -p /var/cache/nginx /var/log/nginx /var/lib/nginx /etc/nginx/conf.d /usr/share/nginx/html \\
    && ln -s /dev/stdout /var/log/nginx/access.log && ln -s /dev/stderr /var/log/nginx/error.log \\
    && echo 'types {{ text/html html; }}' >/etc/nginx/mime.types \\
    && echo 'server {{ listen 80; }}' >/etc/nginx/conf.d/default.conf
EXPOSE 80
STOPSIGNAL SIGQUIT
CMD ["nginx", "-g", "daemon off;"]
"""


def bring_nginx_base(engine: RealEngine) -> None:
    """Have it on this engine."""
    bring_base(engine)
    if not engine.client.images(NGINX_BASE):
        said: Any = engine.client.build(
            fileobj=io.BytesIO(_context()),
            custom_context=True,
            tag=NGINX_BASE,
            network_mode="none",
            rm=True,
            decode=True,
        )
        errors = [line["error"] for line in said if "error" in line]
        assert not errors, errors


NGINX_PROXY = Recipe(
    "nginx-proxy", "nginx-proxy:local", "deploy/nginx-proxy/Dockerfile", ("NGINX_IMAGE", NGINX_BASE), bring_nginx_base
)


def nginx_version() -> str:
    """This machine's."""
    asked = subprocess.run([path_of("nginx"), "-v"], capture_output=True, text=True, check=True)
    return asked.stderr.strip().rpartition("/")[2].split()[0]


def _context() -> bytes:
    nginx, buffer = io.BytesIO(), io.BytesIO()
    program = path_of("nginx")
    with tarfile.open(fileobj=nginx, mode="w", dereference=True) as archive:
        for path in sorted({program, *libraries_of(program)}):
            # The base's /lib is a link.
            archive.add(path, str(Path(path).parent.resolve() / Path(path).name).lstrip("/"))
    with tarfile.open(fileobj=buffer, mode="w") as context:
        dockerfile = _DOCKERFILE.format(base=BASE, version=nginx_version()).encode()
        for name, content in (("Dockerfile", dockerfile), ("nginx.tar", nginx.getvalue())):
            entry = tarfile.TarInfo(name)
            entry.size = len(content)
            context.addfile(entry, io.BytesIO(content))
    return buffer.getvalue()
