"""JSON and YAML, read and written. Keys are sorted, so that the same state gives the same text."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any

from models.raw import RawContainer
from templating.errors import LimitExceeded, Refused, TemplateUsageError
from templating.sandbox.undefined import Blank
from templating.sandbox.writing import describe, text_of

if TYPE_CHECKING:
    from jinja2.sandbox import SandboxedEnvironment

_UNUSUAL = re.compile(r"[^\S \n]|[\x00-\x09\x0b-\x1f\x7f-\xa0\u2028\u2029\ufeff]")
_MAX_DEPTH = 100
_MAX_INDENT = 64


def plain(value: Any) -> Any:
    """The same value made of plain dictionaries, lists, texts, numbers, booleans and None.

    What is undefined becomes the empty text, a set becomes a sorted list, a container its fields without `raw` (which
    would say everything twice), `raw` its `attrs`. Anything else, a function say, is refused.
    """
    return _plain(value, 0)


def _plain(value: Any, depth: int) -> Any:  # noqa: PLR0911 - one kind of value a line
    if depth > _MAX_DEPTH:
        raise LimitExceeded(f"the data is nested deeper than {_MAX_DEPTH} levels")
    if value is None or isinstance(value, bool | int | float):
        return value
    if isinstance(value, str | Blank):
        return str(value)
    if isinstance(value, RawContainer):
        return _plain(value.attrs, depth)
    if isinstance(value, Mapping):
        pairs = ((key, each) for key, each in value.items() if not isinstance(each, RawContainer))
        return {_key(key): _plain(each, depth + 1) for key, each in pairs}
    if isinstance(value, list | tuple | range):
        return [_plain(each, depth + 1) for each in value]
    if isinstance(value, set | frozenset):
        return sorted((_plain(each, depth + 1) for each in value), key=str)
    if hasattr(value, "__next__"):
        return [_plain(each, depth + 1) for each in value]
    raise TemplateUsageError(f"{describe(value)} cannot be written as data")


def _key(key: Any) -> str:
    if isinstance(key, bool) or key is None:
        return json.dumps(key)
    if isinstance(key, str | int | float | Blank):
        return str(key)
    raise TemplateUsageError(f"{describe(key)} cannot be the key of data")


def filters(environment: SandboxedEnvironment) -> dict[str, Callable[..., Any]]:  # noqa: ARG001 - all rooms have one signature
    """The filters of this file by name."""

    def to_json(value: Any, indent: int | None = None) -> str:
        if indent is not None and not 0 <= indent <= _MAX_INDENT:
            raise LimitExceeded(f"to_json indents by at most {_MAX_INDENT} characters")
        separators = (",", ": ") if indent is not None else (", ", ": ")
        data = plain(value)
        try:
            text = json.dumps(data, indent=indent, sort_keys=True, ensure_ascii=False, separators=separators,
                              allow_nan=False)  # fmt: skip
        except ValueError:
            raise Refused("infinity and 'not a number' cannot be written as JSON") from None
        return text

    def to_yaml(value: Any) -> str:
        return _dump_yaml(plain(value))

    def from_yaml(text: Any) -> Any:
        return _load_yaml(text_of(text))

    return {"to_json": to_json, "to_yaml": to_yaml, "from_yaml": from_yaml}


def _dump_yaml(data: Any) -> str:
    # Imported where it is used: most templates need no YAML, and it would slow down every start.
    from io import StringIO

    from ruamel.yaml import YAML
    from ruamel.yaml.representer import SafeRepresenter

    class Representer(SafeRepresenter):
        """Keeps our way of writing texts to this writer."""

    Representer.add_representer(str, _represent_text)
    writer = YAML(typ="safe", pure=True)
    writer.Representer = Representer
    writer.default_flow_style = False
    writer.allow_unicode = True
    writer.width = 1 << 20
    out = StringIO()
    writer.dump(data, out)
    return out.getvalue().removesuffix("...\n")


def _represent_text(representer: Any, text: str) -> Any:
    """Line breaks and blanks beyond ASCII's would be folded away unless they are escaped, in double quotes."""
    style = '"' if _UNUSUAL.search(text) else None
    return representer.represent_scalar("tag:yaml.org,2002:str", text, style=style)


def _load_yaml(text: str) -> Any:
    """Read one YAML 1.2 document into plain values; the parser refuses duplicate keys by itself."""
    from ruamel.yaml import YAML
    from ruamel.yaml.constructor import DuplicateKeyError
    from ruamel.yaml.error import YAMLError

    try:
        data = YAML(typ="safe", pure=True).load(text)
    except DuplicateKeyError as error:
        raise TemplateUsageError(f"from_yaml: the same key twice in a mapping{_line(error)}") from None
    except YAMLError as error:
        raise TemplateUsageError(f"from_yaml: the text is not one YAML document{_line(error)}") from None
    except ValueError:
        raise TemplateUsageError("from_yaml: a number or a date in the text cannot be read") from None
    return plain(_dates_as_text(data))


def _line(error: Any) -> str:
    mark = getattr(error, "problem_mark", None)
    return f", in line {mark.line + 1} of the text" if mark is not None else ""


def _dates_as_text(data: Any) -> Any:
    if isinstance(data, dict):
        return {_dates_as_text(key): _dates_as_text(value) for key, value in data.items()}
    if isinstance(data, list):
        return [_dates_as_text(value) for value in data]
    isoformat = getattr(data, "isoformat", None)
    return isoformat() if isoformat is not None else data
