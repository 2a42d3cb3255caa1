"""A container's status in Docker's words, whichever engine says it."""

from __future__ import annotations

from sys import intern

# Podman's own (libpod/define/containerstate.go, ContainerStatus.String), as far as its Docker-compatible API lets them
# through: 4.3 says `stopped` between the end of a container and its cleanup.
_DOCKERS_WORD = {"configured": "created", "initialized": "created", "stopping": "running", "stopped": "exited"}


def status_of(text: str) -> str:
    """The status as Docker has it: `created`, `running`, `paused`, `exited`, ...; others stay as they are."""
    return intern(_DOCKERS_WORD.get(text, text))
