"""Configuration files: many jobs, and what the program needs, in TOML. Everything that is wrong is told at once."""

from __future__ import annotations

import os
import tomllib
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from models.file_set import literal_prefix
from models.frozen import frozen
from notify.actions.from_file import NotificationError, notifications_from
from reconciler.cli.catalogue import OPTIONS, did_you_mean
from reconciler.cli.commands import UsageError
from reconciler.cli.config_keys import AFTER, DEFAULT_KEYS, JOB_KEYS, NOTIFY, SECTIONS
from reconciler.cli.job_order import JobOrder
from reconciler.cli.settings import JobSettings
from templating.addresses import is_address

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

    from notify.actions.keys import Key

_BYTES_MAX = 4 * 1024 * 1024
_TABLES = ("defaults", *filter(None, SECTIONS))


@frozen
class Problem:
    """One thing that is wrong.

    Attributes:
        file: as it was given, or found in the folder that was given.
        job: its name, or its place among the jobs of the file; '' where it is no job's.
        key: with its section; '' where it is no key's.
        message: what is wrong, and what to do.
    """

    file: str
    job: str
    key: str
    message: str

    def __str__(self) -> str:
        return ": ".join(
            part for part in (self.file, f"job {self.job}" if self.job else "", self.key, self.message) if part
        )


class ConfigurationError(UsageError):
    """Files that can't be used.

    Attributes:
        problems: all of them, in the order of the files.
    """

    def __init__(self, problems: Iterable[Problem]) -> None:
        self.problems = tuple(problems)
        super().__init__("\npygen: ".join(map(str, self.problems)))


@dataclass(slots=True)
class Configuration:
    """What files say.

    Attributes:
        fields: of `ProgramSettings` and `EngineSettings`, by name.
        sources: where each of them is written, for messages.
        jobs: in the order of the files, each with where it is written.
    """

    fields: dict[str, Any] = field(default_factory=dict)
    sources: dict[str, str] = field(default_factory=dict)
    jobs: list[JobSettings] = field(default_factory=list)


def read_configuration(paths: Sequence[Path], also: Sequence[JobSettings] = ()) -> Configuration:
    """Read files, and each `*.toml` of folders in the order of their names.

    Args:
        paths: as given; a relative template, target or file in one of them begins at its folder.
        also: jobs of the command line, which must not get into the others' way, and come last.

    Raises:
        ConfigurationError: with everything that is wrong.
    """
    reading = _Reading()
    for path in paths:
        for file in reading.files_of(path):
            reading.read(file)
    configuration = reading.configuration
    configuration.jobs += also
    order = JobOrder([(Path(job.place).parent, job) for job in configuration.jobs], reading.unusable)
    problems = [*reading.problems, *_collisions(configuration.jobs), *_out_of_order(configuration.jobs, order)]
    for place, name, words in reading.unusable_after:
        refusals = [order.refusal(place.parent, name, word) for word in words]
        problems += [Problem(str(place), name, AFTER.name, refusal) for refusal in refusals if refusal is not None]
    if not (problems or configuration.jobs):
        problems.append(Problem(", ".join(map(str, paths)), "", "", "there is no job: add one with [[job]]"))
    if problems:
        raise ConfigurationError(problems)
    configuration.jobs = order.jobs
    return configuration


def _out_of_order(jobs: Sequence[JobSettings], order: JobOrder) -> Iterator[Problem]:
    for number, message in order.problems:
        yield Problem(jobs[number].place, jobs[number].name, AFTER.name, message)


def _collisions(jobs: Sequence[JobSettings]) -> Iterator[Problem]:
    """Jobs that have one name, or one target, by way of a link, too."""
    names: dict[str, str] = {}
    targets: dict[str, tuple[str, str]] = {}
    for job in jobs:
        file = job.place
        if job.name in names and job.name != job.target:  # else the target says it
            yield Problem(file, job.name, "name", f"another job has it, in {names[job.name]}: give each one of its own")
        names.setdefault(job.name, file)
        place = job.target if job.target == "-" else os.path.realpath(job.target)
        if place in targets:
            other, where = targets[place]
            what = "standard output" if place == "-" else "the same file"
            yield Problem(
                file, job.name, "target", f"the job {other}, in {where}, writes {what}: give each one of its own"
            )
        targets.setdefault(place, (job.name, file))


class _Reading:
    """Reads files one after the other, and collects what is wrong with them."""

    def __init__(self) -> None:
        self.configuration = Configuration()
        self.problems: list[Problem] = []
        self.unusable: set[str] = set()  # names of jobs with a problem
        self.unusable_after: list[tuple[Path, str, Sequence[str]]] = []  # what these come after

    def files_of(self, path: Path) -> Iterator[Path]:
        """The file itself, or what a folder holds."""
        if not path.is_dir():
            yield path
            return
        try:
            found = sorted(each for each in path.iterdir() if each.suffix == ".toml" and each.name[0] != ".")
        except OSError as error:
            self._add(path, "", "", f"it can't be read: {error.strerror}")
            return
        if not found:
            self._add(path, "", "", "there is no *.toml in this folder: add one, or leave --config out")
        yield from found

    def read(self, file: Path) -> None:
        """Take in a file."""
        document = self._document(file)
        if document is None:
            return
        defaults = self._table(file, document, "defaults", DEFAULT_KEYS, key_prefix="defaults.")
        known = [*SECTIONS[""], *_TABLES, "job"]
        for name in document:
            if name not in known:
                self._unknown(file, "", name, "", known)
        top = {name: value for name, value in document.items() if name in SECTIONS[""]}
        for section, keys in SECTIONS.items():
            prefix = f"{section}." if section else ""
            tables: Mapping[str, object] = document if section else {section: top}
            for key, value in self._table(file, tables, section, keys, key_prefix=prefix).items():
                self._set(file, prefix, keys, key, value)
        jobs = document.get("job", [])
        if not isinstance(jobs, list) or not all(isinstance(each, dict) for each in jobs):
            self._add(file, "", "job", "write each job as a table of its own: [[job]]")
            return
        for number, table in enumerate(jobs, 1):
            self._job(file, number, table, defaults)

    def _document(self, file: Path) -> dict[str, Any] | None:
        try:
            with file.open("rb") as opened:
                content = opened.read(_BYTES_MAX + 1)
            if len(content) > _BYTES_MAX:
                self._add(file, "", "", "it is larger than 4 MiB: split it")
                return None
            return tomllib.loads(content.decode())
        except OSError as error:
            self._add(file, "", "", f"it can't be read: {error.strerror}")
        except UnicodeDecodeError as error:
            line = content.count(b"\n", 0, error.start) + 1
            self._add(file, "", "", f"it is not UTF-8 in line {line}: save it as UTF-8")
        except tomllib.TOMLDecodeError as error:
            self._add(file, "", "", f"it is not TOML: {error}")
        except RecursionError:
            self._add(file, "", "", "it is nested too deeply")
        return None

    def _table(
        self, file: Path, document: Mapping[str, object], name: str, keys: Mapping[str, Key], *, key_prefix: str
    ) -> dict[str, Any]:
        """The values of a table's keys by the keys' names."""
        table = document.get(name, {})
        if not isinstance(table, dict):
            self._add(file, "", name, f"write it as a table: [{name}]")
            return {}
        return self._values(file, "", table, keys, key_prefix)

    def _values(
        self, file: Path, job: str, table: Mapping[str, Any], keys: Mapping[str, Key], prefix: str
    ) -> dict[str, Any]:
        found: dict[str, Any] = {}
        for name, value in table.items():
            key = keys.get(name)
            if key is None:
                self._unknown(file, job, name, prefix, keys)
                continue
            try:
                found[name] = notifications_from(value, file.parent) if key is NOTIFY else key.read(value)
            except NotificationError as error:
                for where, message in error.problems:
                    self._add(file, job, prefix + where, message)
            except ValueError as error:
                self._add(file, job, prefix + name, str(error))
        return found

    def _job(self, file: Path, number: int, table: Mapping[str, Any], defaults: Mapping[str, Any]) -> None:
        named = [each for each in (table.get("name"), table.get("target")) if isinstance(each, str) and each]
        label = named[0] if named else f"#{number}"
        before = len(self.problems)
        found = dict(defaults) | self._values(file, label, table, JOB_KEYS, "")
        if "template" not in table and "template" not in defaults:
            self._add(file, label, "template", "it is missing: give the template's file")
        if ("target" in found or "target" not in table) and (unfit := _not_for_each(found)):
            self._add(file, label, *unfit)
        if len(self.problems) > before or "template" not in found:
            self.unusable.add(label)
            self.unusable_after.append((file, label, found.get(AFTER.name, ())))
            return
        job = _made(file, {JOB_KEYS[name].field: value for name, value in found.items()})
        for notification in job.notifications:
            if refusal := notification.refusal(job.signal_via):
                self._add(file, label, NOTIFY.name, refusal)
        self.configuration.jobs.append(job)

    def _set(self, file: Path, prefix: str, keys: Mapping[str, Key], name: str, value: object) -> None:
        known = self.configuration
        where = known.sources.setdefault(keys[name].field, str(file))
        if known.fields.setdefault(keys[name].field, value) != value:
            self._add(file, "", prefix + name, f"{where} says something else: say it once")

    def _unknown(self, file: Path, job: str, name: str, prefix: str, known: Iterable[str]) -> None:
        hint = did_you_mean(name, known, prefix="")
        there = "" if hint else f": there are {', '.join(known)}"
        self._add(file, job, prefix + name, f"there is no such key{hint}{there}")

    def _add(self, file: Path, job: str, key: str, message: str) -> None:
        self.problems.append(Problem(str(file), job, key, message))


def _not_for_each(found: Mapping[str, Any]) -> tuple[str, str] | None:
    """Why a job can't have a file for each element: the key, and what to do."""
    target = found.get("target", "-")
    if "for_each" not in found:
        return None
    if target == "-":
        return (
            "target",
            "it is missing: with for_each give the pattern of the files, such as sites/{{ item.name }}.conf",
        )
    if literal_prefix(target) == target:
        return "target", "all files would be one: name item in it, such as sites/{{ item.name }}.conf"
    if target.endswith("/"):
        return "target", "names a directory; name a file"
    return None


def _made(file: Path, found: dict[str, Any]) -> JobSettings:
    """A job with the options' defaults for what its file does not say; its paths begin at the file's folder."""
    folder = file.parent
    defaults = {option.field: option.default_value for option in OPTIONS if option.default}
    usual = {key.field: defaults[key.field] for key in JOB_KEYS.values() if key.field in defaults}
    job = usual | found
    if not (job["template"].startswith("#") or is_address(job["template"])):
        job["template"] = str(folder / job["template"])
    if job.get("for_each"):  # a path would take a piece of an expression for one of its own
        job["target"] = os.path.join(os.path.abspath(folder), job["target"])  # noqa: PTH100, PTH118
    elif job["target"] != "-":
        job["target"] = str(folder / job["target"])
    return JobSettings(**job, place=str(file))
