"""Keeps inspect answers compressed in memory, and decodes them on demand.

Ten thousand inspect bodies are 80 MB as bytes and half a gigabyte as Python objects. They are alike, so deflate with a
dictionary of what most of them contain makes them small, even at its lowest level.
"""

from __future__ import annotations

import json
import zlib
from functools import lru_cache
from operator import methodcaller
from typing import Any

from models.kept_dictionary import COMMON

_LEVEL = 1
_WINDOW_BITS = -14  # 16 KiB, no header: room for the dictionary and a body
_MEMORY_LEVEL = 7
_DECODED_MAX = 512  # bodies; some 35 kB of Python objects each

# What follows the backslash of an escaped surrogate. Splitting at backslashes is much faster than a search for `\ud`.
_HALF_PAIR = methodcaller("startswith", ("ud", "uD"))

# Has read the dictionary once; a copy of it costs less than reading it again.
_PRIMED = zlib.compressobj(_LEVEL, zlib.DEFLATED, _WINDOW_BITS, _MEMORY_LEVEL, zlib.Z_DEFAULT_STRATEGY, COMMON)


def parse(body: bytes) -> dict[str, Any]:
    """Decode a JSON object.

    Raises:
        ValueError: the bytes are not a JSON object.
    """
    text = body.decode("utf-8", "replace")
    try:
        attrs = json.loads(text)
        if any(map(_HALF_PAIR, text.split("\\"))):
            attrs = json.loads(_whole_characters(attrs))
    except RecursionError as error:
        raise ValueError("the JSON is nested too deeply") from error
    if type(attrs) is not dict:
        raise ValueError("the JSON is not an object")
    return attrs


def _whole_characters(attrs: Any) -> str:
    """The JSON with every lone surrogate replaced, since it can't be encoded as UTF-8."""
    return json.dumps(attrs, ensure_ascii=False).encode("utf-8", "replace").decode()


def keep(body: bytes) -> bytes:
    """Compress a body."""
    packer = _PRIMED.copy()
    return packer.compress(body) + packer.flush()


def unpack(kept: bytes) -> bytes:
    """Decompress what `keep` returned."""
    unpacker = zlib.decompressobj(wbits=_WINDOW_BITS, zdict=COMMON)
    return unpacker.decompress(kept) + unpacker.flush()


@lru_cache(maxsize=_DECODED_MAX)
def decode(kept: bytes) -> dict[str, Any]:
    """The decoded object, cached for the next render; callers must not change it."""
    return parse(unpack(kept))
