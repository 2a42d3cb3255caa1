"""What the tests of `deploy/` share: the images, made on this test's engine by whoever needs them first."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.deploying.proxy_site import SOCKET_GROUP, allow_the_group
from tests.image.built_image import ensure_image
from tests.support.servers_image import ensure_prometheus, ensure_servers

if TYPE_CHECKING:
    from pathlib import Path

    from tests.support.real_engine import RealEngine


@pytest.fixture
def environ(engine: RealEngine, tmp_path: Path) -> dict[str, str]:
    """The variables with which every compose file of the project runs on this test's engine."""
    allow_the_group(engine)
    servers = ensure_servers(engine)
    return {
        "DOCKER_GROUP": str(SOCKET_GROUP),
        "DOCKER_SOCKET": str(engine.socket),
        "PYGEN_IMAGE": ensure_image(engine, tmp_path),
        "NGINX_IMAGE": servers,
        "HAPROXY_IMAGE": servers,
        "DNSMASQ_IMAGE": servers,
        "PROMETHEUS_IMAGE": ensure_prometheus(engine),
    }
