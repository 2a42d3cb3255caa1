"""An image with the servers that recipes are for: this machine's own programs, each with the libraries it needs.

Beside busybox it holds nginx, haproxy, dnsmasq and prometheus. As nginx it is like the image that nginx publishes, as
far as that matters: a user 101, a page of its own in conf.d (which says which container answers, and is harmless to
what is drained), and a default command.
"""

from __future__ import annotations

import io
import os
import re
import shutil
import subprocess
import tarfile
from pathlib import Path
from typing import TYPE_CHECKING, Any

from tests.support.images import busybox_archive

if TYPE_CHECKING:
    from tests.support.real_engine import RealEngine

SERVERS = "servers:local"
PROMETHEUS = "prometheus:local"
_PROGRAMS = ("nginx", "haproxy", "dnsmasq", "prometheus")
_SYSTEM_PATH = "/usr/sbin:/usr/bin:/sbin:/bin"
_FOLDERS = ("etc/nginx/conf.d", "var/lib/nginx", "var/log/nginx", "var/cache/nginx", "var/run", "run", "etc/haproxy")
_NGINX = """\
error_log stderr;
events {}
http {
    access_log off;
    include /etc/nginx/conf.d/*.conf;
}
"""
_PAGE = "server { listen 80; location / { return 200 $hostname; } }\n"
_USERS = {
    "etc/passwd": (
        "root:x:0:0::/root:/bin/sh\nnginx:x:101:101::/:/bin/sh\ndnsmasq:x:102:102::/:/bin/sh\n"
        "nobody:x:65534:65534::/:/bin/sh\n"
    ),
    "etc/group": "root:x:0:\nnginx:x:101:\ndip:x:102:\nnogroup:x:65534:\n",
}
_TYPES = "types { text/html html; text/plain txt; }\n"
_FILES = {
    "etc/nginx/nginx.conf": _NGINX,
    "etc/nginx/conf.d/default.conf": _PAGE,
    "etc/nginx/mime.types": _TYPES,
}
# As in the image of nginx's makers: source: nginx/docker-nginx, Dockerfile-debian.template.
_LINKS = {"var/log/nginx/access.log": "/dev/stdout", "var/log/nginx/error.log": "/dev/stderr"}
_CHANGES = ['CMD ["nginx", "-g", "daemon off;"]', "EXPOSE 80"]


def ensure_servers(engine: RealEngine) -> str:
    """Make the image on this engine where it is not there yet; its tag."""
    if not engine.client.images(SERVERS):
        repository, _, tag = SERVERS.partition(":")
        engine.client.import_image_from_data(servers_archive(), repository=repository, tag=tag, changes=_CHANGES)
    return SERVERS


def ensure_prometheus(engine: RealEngine) -> str:
    """An image of the same content that starts prometheus, as that of its makers; its tag."""
    if not engine.client.images(PROMETHEUS):
        dockerfile = f'FROM {ensure_servers(engine)}\nENTRYPOINT ["prometheus"]\n'.encode()
        said: Any = engine.client.build(fileobj=io.BytesIO(dockerfile), tag=PROMETHEUS, rm=True, decode=True)
        errors = [line["error"] for line in said if "error" in line]
        assert not errors, errors
    return PROMETHEUS


def servers_archive() -> bytes:
    """The root file system in a tar archive."""
    programs = [path_of(name) for name in _PROGRAMS]
    buffer = io.BytesIO(busybox_archive(_USERS))
    with tarfile.open(fileobj=buffer, mode="a", dereference=True) as archive:
        for folder in _FOLDERS:
            _add_folder(archive, folder)
        for name, text in _FILES.items():
            _add_text(archive, name, text)
        for name, place in _LINKS.items():
            _add_link(archive, name, place)
        for path in sorted({*programs, *(library for program in programs for library in libraries_of(program))}):
            archive.add(path, path.lstrip("/"))
    return buffer.getvalue()


def path_of(name: str) -> str:
    """Where this machine has a program."""
    found = shutil.which(name, path=_SYSTEM_PATH)
    if found is None:
        raise FileNotFoundError(f"{name} is missing: ./dev test installs it")
    return found


def libraries_of(program: str) -> set[str]:
    """The paths at which the dynamic linker looks for what a program needs, the linker itself included."""
    command = ["ldd", program]
    told = subprocess.run(
        command,
        capture_output=True,
        text=True,
        check=True,
        stdin=subprocess.DEVNULL,
        env={**os.environ, "LC_ALL": "C"},
    )
    assert "not found" not in told.stdout, told.stdout
    return set(re.findall(r"(?:^\s+|=> )(/\S+) \(0x", told.stdout, re.MULTILINE))


def _add_folder(archive: tarfile.TarFile, name: str) -> None:
    parents = [str(parent) for parent in Path(name).parents if str(parent) != "."]
    for each in (*reversed(parents), name):
        if each not in archive.getnames():
            entry = tarfile.TarInfo(each)
            entry.type, entry.mode = tarfile.DIRTYPE, 0o755
            archive.addfile(entry)


def _add_link(archive: tarfile.TarFile, name: str, place: str) -> None:
    entry = tarfile.TarInfo(name)
    entry.type, entry.linkname = tarfile.SYMTYPE, place
    archive.addfile(entry)


def _add_text(archive: tarfile.TarFile, name: str, text: str) -> None:
    content = text.encode()
    entry = tarfile.TarInfo(name)
    entry.size, entry.mode = len(content), 0o644
    archive.addfile(entry, io.BytesIO(content))
