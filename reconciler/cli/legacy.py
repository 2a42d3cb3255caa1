"""docker-pygen's options that have no meaning any more: accepted, with a warning that names what takes their place."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

LEGACY_ADDRESS_VARIABLE = "DOCKER_ADDRESS"


@dataclass(frozen=True, slots=True)
class LegacyOption:
    """An option that is accepted and ignored.

    Attributes:
        flag: as on the command line.
        nargs: how many words it took in docker-pygen; they are accepted and never looked at.
        instead: what takes its place, a sentence without its end.
    """

    flag: str
    nargs: int | Literal["+"]
    instead: str


LEGACY_OPTIONS = (
    LegacyOption(
        "--events", "+", "every event that can change what a template sees is followed; --resync finds missed ones"
    ),
    LegacyOption("--repeat", 1, "--resync SECONDS repeats the comparison with the engine and the target"),
    LegacyOption(
        "--no-ssl-check",
        0,
        "certificates of https templates are always verified; name a private authority's file in SSL_CERT_FILE",
    ),
    LegacyOption("--swarm-manager", 0, "run one pygen for each engine, in a Swarm as a service with '--mode global'"),
    LegacyOption("--workers", "+", "run one pygen for each engine, in a Swarm as a service with '--mode global'"),
    LegacyOption("--retries", 1, "a failed notification is tried again until it is delivered"),
)


def option_warnings(flags_given: Iterable[str]) -> list[str]:
    """One warning for each legacy option that was given, however often, in the order of the table."""
    given = set(flags_given)
    return [
        f"{option.flag} has no meaning any more and is ignored: {option.instead}"
        for option in LEGACY_OPTIONS
        if option.flag in given
    ]


def legacy_address(environ: Mapping[str, str]) -> str:
    """docker-pygen's variable for the engine's address; '' where it is unset or empty."""
    return environ.get(LEGACY_ADDRESS_VARIABLE, "").strip()


def address_warnings(environ: Mapping[str, str], *, serves: bool) -> list[str]:
    """One warning where DOCKER_ADDRESS is set: that another name is better, or that it was overruled."""
    if not legacy_address(environ):
        return []
    outcome = "is used as the engine's address" if serves else "is ignored, because the address is given otherwise"
    instead = "PYGEN_DOCKER_ADDRESS, --docker-address or DOCKER_HOST take its place"
    return [f"{LEGACY_ADDRESS_VARIABLE} in the environment {outcome}: {instead}"]
