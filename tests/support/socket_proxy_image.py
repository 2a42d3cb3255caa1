"""An image of the tests' socket proxy, in place of wollomatic/socket-proxy: the same arguments, port and socket."""

from __future__ import annotations

import tempfile
from pathlib import Path
from shutil import copy
from typing import TYPE_CHECKING, Any

from tests.support import socket_proxy

if TYPE_CHECKING:
    from tests.support.real_engine import RealEngine

SOCKET_PROXY = "socket-proxy:local"
_DOCKERFILE = """\
FROM {base}
COPY socket_proxy.py /
USER root
HEALTHCHECK --interval=1s --timeout=60s CMD ["python3", "-S", "-c", ""]
ENTRYPOINT ["python3", "-S", "/socket_proxy.py"]
"""


def ensure_socket_proxy(engine: RealEngine, base: str) -> str:
    """Make the image on this engine where it is not there yet, from one with Python; its tag."""
    if not engine.client.images(SOCKET_PROXY):
        with tempfile.TemporaryDirectory(prefix="pygen-proxy-") as folder:
            copy(str(socket_proxy.__file__), folder)
            Path(folder, "Dockerfile").write_text(_DOCKERFILE.format(base=base))
            said: Any = engine.client.build(path=folder, tag=SOCKET_PROXY, network_mode="none", rm=True, decode=True)
            errors = [line["error"] for line in said if "error" in line]
        assert not errors, errors
    return SOCKET_PROXY
