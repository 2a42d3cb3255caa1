"""Values made safe for the place where they are written."""

from __future__ import annotations

import re
import shlex
from typing import TYPE_CHECKING, Any

from templating.errors import Refused
from templating.sandbox.writing import text_of

if TYPE_CHECKING:
    from collections.abc import Callable

    from jinja2.sandbox import SandboxedEnvironment

_CONTROL = re.compile(r"[\x00-\x1f\x7f]")


def quote_nginx(text: str, *, dollar: bool = False) -> str:
    r"""One token of nginx's configuration, in double quotes, that means exactly this text.

    nginx ends a quoted token at its own quote character only, and takes a backslash before a quote, a backslash, `t`,
    `r` or `n` for an escape and drops it; so quotes and backslashes are escaped. A `$` begins a variable wherever the
    directive expands variables, and nginx knows no escape for it; a control character, a newline above all, has no
    place in a server name, an address or a path. Both are refused rather than dropped: a value that was changed in
    secret could mean another host.

    Source: `ngx_conf_read_token` in nginx's src/core/ngx_conf_file.c.

    Args:
        text: what it is to mean.
        dollar: leave `$` as it is: where nginx expands nothing (a location, a regular expression), or is meant to.

    Raises:
        Refused: the text holds a control character, or a `$` that is not left as it is.
    """
    if "$" in text and not dollar:
        raise Refused("quote_nginx: the value holds '$', which nginx would take for a variable and cannot escape")
    if _CONTROL.search(text):
        raise Refused("quote_nginx: the value holds a control character or a line break")
    return '"' + text.replace("\\", "\\\\").replace('"', '\\"') + '"'


def quote_shell(text: str) -> str:
    """One word of a POSIX shell that means exactly this text.

    Raises:
        Refused: the text holds NUL, which no shell word can.
    """
    if "\0" in text:
        raise Refused("quote_shell: the value holds NUL, which no shell word can")
    return shlex.quote(text)


def filters(environment: SandboxedEnvironment) -> dict[str, Callable[..., Any]]:  # noqa: ARG001 - all rooms have one signature
    """The filters of this file by name."""

    def of_any(quote: Callable[..., str]) -> Callable[..., str]:
        def filter_(value: Any, **options: bool) -> str:
            return quote(text_of(value), **options)

        return filter_

    return {"quote_nginx": of_any(quote_nginx), "quote_shell": of_any(quote_shell)}
