"""Guesses at our own container's id."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from models.own_id import candidates

OWN = "d39fa516d8377ecddf9bf8ef33f81cbf58b4d604d85293ced7cdb0c7fc52442b"
OUTER = "c5" * 32
LAYER = "9a" * 32

DOCKER_MOUNTS = f"""\
1534 1410 0:243 / / rw,relatime master:601 - overlay overlay rw,lowerdir=/var/lib/docker/overlay2/{LAYER}/diff
1540 1534 8:1 /var/lib/docker/containers/{OWN}/resolv.conf /etc/resolv.conf rw,relatime - ext4 /dev/sda1 rw
1541 1534 8:1 /var/lib/docker/containers/{OWN}/hostname /etc/hostname rw,relatime - ext4 /dev/sda1 rw
1542 1534 8:1 /var/lib/docker/containers/{OWN}/hosts /etc/hosts rw,relatime - ext4 /dev/sda1 rw
"""
PODMAN_MOUNTS = f"""\
700 600 0:50 /containers/overlay-containers/{OWN}/userdata/.containerenv /run/.containerenv rw - tmpfs tmpfs rw
701 600 0:50 /containers/overlay-containers/{OUTER}/userdata/hostname /etc/hostname rw - tmpfs tmpfs rw
"""


@pytest.mark.parametrize(
    "cgroup",
    [
        f"12:pids:/docker/{OWN}\n",
        f"6:blkio:/system.slice/docker-{OWN}.scope\n",
        f"0::/system.slice/docker-{OWN}.scope\n",
        f"0::/machine.slice/libpod-{OWN}.scope/container\n",
        f"0::/user.slice/user-1000.slice/user@1000.service/user.slice/libpod-{OWN}.scope\n",
        f"9:memory:/libpod_parent/libpod-{OWN}\n",
        f"3:cpu:/kubepods/besteffort/pod1234/{OWN}\n",
        f"1:name=systemd:/docker/{OWN}/init.scope\n",
    ],
)
def test_the_cgroup_names_the_container(cgroup: str) -> None:
    """Docker and Podman, cgroup v1 and v2, with cgroupfs and systemd."""
    assert candidates("", cgroup, "web") == [OWN]


def test_of_nested_containers_the_innermost_is_ours() -> None:
    """The outer one is asked about next."""
    cgroup = f"11:devices:/docker/{OUTER}/docker/{OWN}\n10:cpu:/docker/{OUTER}/docker/{OWN}\n"
    assert candidates("", cgroup, "") == [OWN, OUTER]


def test_mountinfo_serves_where_the_cgroup_says_nothing() -> None:
    """As on cgroup v2 with a cgroup namespace; layers of the root file system are no containers."""
    assert candidates(DOCKER_MOUNTS, "0::/\n", OWN[:12]) == [OWN]


def test_podmans_own_file_is_surer_than_a_shared_networks() -> None:
    """The files under /etc are those of the container whose network is shared."""
    assert candidates(PODMAN_MOUNTS, "0::/\n", "") == [OWN, OUTER]


def test_other_mounts_do_not_count() -> None:
    """A container that has Docker's own folder mounted is not all the containers in it."""
    mounts = f"800 700 8:1 /var/lib/docker/containers/{OUTER}/hostname /backup/hostname rw - ext4 /dev/sda1 rw\n"
    assert candidates(mounts, "", "") == []


def test_the_cgroup_comes_before_mountinfo() -> None:
    """It can't be another container's."""
    assert candidates(DOCKER_MOUNTS, f"1:cpu:/docker/{OUTER}\n", "") == [OUTER, OWN]


@pytest.mark.parametrize(
    ("hostname", "expected"),
    [
        (OWN[:12], [OWN[:12]]), (OWN, [OWN]), ("web-1", []), (OWN[:11], []), (OWN[:13], []), ("", []),
        ("deadbeef", []), (OWN[:12].upper(), []),
    ],
)  # fmt: skip
def test_the_host_name_is_the_last_resort(hostname: str, expected: list[str]) -> None:
    """Twelve hexadecimal digits, or all of them, can be an id."""
    assert candidates("", "0::/\n", hostname) == expected


def test_outside_a_container_there_is_nothing_to_guess() -> None:
    """A plain host."""
    mounts = "25 1 8:1 / / rw,relatime shared:1 - ext4 /dev/sda1 rw\n\n26 25 short\n"
    assert candidates(mounts, "0::/user.slice/user-0.slice/session-1.scope\n", "buildhost") == []


@pytest.mark.parametrize("cgroup", [f"1:cpu:/docker/{OWN}0\n", f"1:cpu:/docker/{OWN[:63]}\n", f"1:cpu:/x/a{OWN}\n"])
def test_an_id_has_exactly_64_digits(cgroup: str) -> None:
    """Longer and shorter hexadecimal words are something else."""
    assert candidates("", cgroup, "") == []


@given(st.text(), st.text(), st.text())
def test_any_text_is_survived(mountinfo: str, cgroup: str, hostname: str) -> None:
    """Whatever the kernel writes, each guess is there once."""
    found = candidates(mountinfo, cgroup, hostname)
    assert len(found) == len(set(found))
