"""Tests of finding our own container."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from models.container import Container
from reconciler.backend.own_container import OwnContainer

if TYPE_CHECKING:
    from pathlib import Path

OURS, OTHER, THIRD = "a1" * 32, "b2" * 32, "c3" * 32
HOSTNAME_MOUNT = "36 30 254:0 /var/lib/docker/containers/{id}/hostname /etc/hostname rw - ext4 /dev/vda rw\n"
ROOT_MOUNT = (
    "30 20 0:50 / / rw,relatime master:1 - overlay overlay rw,lowerdir=/var/lib/docker/overlay2/l/X,"
    "upperdir=/var/lib/docker/overlay2/{layer}/diff,workdir=/var/lib/docker/overlay2/{layer}/work\n"
)


class ListedContainers:
    """The containers that an engine shows, and how often they were looked through."""

    def __init__(self, *bodies: dict[str, Any]) -> None:
        self.containers = {body["Id"]: _container(body) for body in bodies}
        self.looked_through = 0

    def ids(self) -> set[str]:
        """All ids."""
        self.looked_through += 1
        return set(self.containers)

    def container(self, container_id: str) -> Container | None:
        """One."""
        return self.containers.get(container_id)


def _container(body: dict[str, Any]) -> Container:
    return Container.from_inspect(json.dumps(body).encode(), engine="", networks={}, warn=lambda _: None)


def body(container_id: str, *, layer: str = "", network_mode: str = "bridge") -> dict[str, Any]:
    """An inspect body."""
    upper_dir = {"Data": {"UpperDir": f"/var/lib/docker/overlay2/{layer}/diff"}} if layer else None
    return {"Id": container_id, "Name": "/x", "GraphDriver": upper_dir, "HostConfig": {"NetworkMode": network_mode}}


def own(tmp_path: Path, *, mountinfo: str = "", cgroup: str = "", hostname: str = "host") -> OwnContainer:
    """Our own container by what the kernel shows."""
    (tmp_path / "mountinfo").write_text(mountinfo)
    (tmp_path / "cgroup").write_text(cgroup)
    return OwnContainer.of_this_process(proc=tmp_path, hostname=hostname)


def test_mountinfo_tells_on_cgroup_v2(tmp_path: Path) -> None:
    """The engine's own mounts hold the id."""
    found = own(tmp_path, mountinfo=HOSTNAME_MOUNT.format(id=OURS), cgroup="0::/\n")
    assert found.among(ListedContainers(body(OTHER), body(OURS))) == OURS


def test_the_cgroup_tells_on_v1(tmp_path: Path) -> None:
    """Its path holds the id."""
    found = own(tmp_path, cgroup=f"5:memory:/docker/{OURS}\n")
    assert found.among(ListedContainers(body(OTHER), body(OURS))) == OURS


def test_the_host_name_is_a_short_id(tmp_path: Path) -> None:
    """Where nothing else tells, the host name does."""
    assert own(tmp_path, hostname=OURS[:12]).among(ListedContainers(body(OTHER), body(OURS))) == OURS


def test_what_the_engine_does_not_show_is_not_us(tmp_path: Path) -> None:
    """A guess that the engine does not confirm is none: it is another engine's, or no container."""
    found = own(tmp_path, mountinfo=HOSTNAME_MOUNT.format(id=OURS), hostname=THIRD[:12])
    assert found.among(ListedContainers(body(OTHER))) is None


def test_outside_of_containers_there_is_nothing_to_find(tmp_path: Path) -> None:
    """A host's name is no id, and nothing is looked through."""
    shown = ListedContainers(body(OTHER))
    assert own(tmp_path, hostname="server-7").among(shown) is None
    assert shown.looked_through == 0


def test_missing_files_are_no_obstacle(tmp_path: Path) -> None:
    """The host name is enough."""
    found = OwnContainer.of_this_process(proc=tmp_path / "none", hostname=OURS[:12])
    assert found.among(ListedContainers(body(OURS))) == OURS


def test_two_containers_with_one_beginning_are_no_answer(tmp_path: Path) -> None:
    """An ambiguous short id is not decided by chance."""
    twin = OURS[:12] + "0" * 52
    assert own(tmp_path, hostname=OURS[:12]).among(ListedContainers(body(OURS), body(twin))) is None


def test_sharing_a_network_does_not_make_us_the_other(tmp_path: Path) -> None:
    """Mounts and host name are the other's then; the folder that we write to is our own."""
    mountinfo = HOSTNAME_MOUNT.format(id=OTHER) + ROOT_MOUNT.format(layer="ourlayer")
    shown = ListedContainers(
        body(OTHER, layer="otherlayer"),
        body(THIRD, layer="thirdlayer", network_mode=f"container:{OTHER}"),
        body(OURS, layer="ourlayer", network_mode=f"container:{OTHER}"),
    )
    assert own(tmp_path, mountinfo=mountinfo, hostname=OTHER[:12]).among(shown) == OURS


def test_a_folder_that_belongs_to_nobody_shown_is_no_answer(tmp_path: Path) -> None:
    """Better unknown than wrong."""
    mountinfo = HOSTNAME_MOUNT.format(id=OTHER) + ROOT_MOUNT.format(layer="ourlayer")
    assert own(tmp_path, mountinfo=mountinfo).among(ListedContainers(body(OTHER, layer="otherlayer"))) is None


def test_engines_that_tell_no_folder_are_believed(tmp_path: Path) -> None:
    """The newest image store shows none."""
    mountinfo = HOSTNAME_MOUNT.format(id=OURS) + ROOT_MOUNT.format(layer="ourlayer")
    assert own(tmp_path, mountinfo=mountinfo).among(ListedContainers(body(OURS))) == OURS


def test_what_was_found_is_not_looked_for_again(tmp_path: Path) -> None:
    """Until the engine shows it no more."""
    found = own(tmp_path, hostname=OURS[:12])
    shown = ListedContainers(body(OURS), body(OTHER))
    assert [found.among(shown) for _ in range(3)] == [OURS] * 3
    assert shown.looked_through == 1
    del shown.containers[OURS]
    assert found.among(shown) is None
