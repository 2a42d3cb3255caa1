"""The errors of a template. Their texts are written here or come from the template, never from its values.

TemplateProblem            everything below; its text may be logged as it is
├── LimitExceeded          too large (too long is `time_limit.TimeLimitReached`, which nothing may catch)
├── Refused                the sandbox, or a value that may not be written in that place
├── TemplateUsageError               an operator or a filter was given what it cannot take
└── SourceError            a template, or a file that it includes, cannot be loaded
    └── SourceMissing      ... because it is not there
"""

from __future__ import annotations


class TemplateProblem(Exception):  # noqa: N818 - the family's name; its members are named for what went wrong
    """A reason that may be shown: it holds no value of a container or a configuration."""


class LimitExceeded(TemplateProblem):
    """A text, a list or a number would become larger than a render may be."""


class Refused(TemplateProblem):
    """Something that a template may not do, or a value that may not stand where it was put."""


class TemplateUsageError(TemplateProblem):
    """An operator or a filter was given something that it cannot take."""


class SourceError(TemplateProblem):
    """A template cannot be loaded; the text names the file or address and the cause."""


class SourceMissing(SourceError):  # noqa: N818
    """A template is not there, which `include ... ignore missing` allows."""
