"""Running a command on the host, or in the container, that pygen runs in.

Exit status 0 is delivery. It sees none of our variables but those that say where and who it is: ours hold what pygen
was given, secrets included.
"""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, ClassVar, Literal

from models.frozen import frozen
from notify.actions.action import Action, Need, OptionWords, SignalVia
from notify.actions.command_words import cut, named
from notify.actions.keys import Key, flag, seconds, text, texts
from notify.delivery import Delivered, Failed, Inspector, Outcome, Task
from notify.output import last_lines

if TYPE_CHECKING:
    from collections.abc import Sequence

    from notify.port import Executed, NotifyPort

VARIABLES = ("PATH", "LANG", "HOME", "TZ")
"""What a command sees of our environment."""

_SHELL = "/bin/sh"
_STANDARD_OUTPUT = "-"


@frozen
class Command(Action):
    """A command of our own host's.

    Attributes:
        command: program and arguments; with `shell` one text.
        shell: whether the text is a shell's.
        timeout_s: how long it may take.
    """

    command: tuple[str, ...]
    shell: bool = False
    timeout_s: float = 30.0
    action: ClassVar[str] = "command"
    option: ClassVar[OptionWords] = OptionWords(
        "--command",
        ("COMMAND",),
        "Run COMMAND where pygen itself runs when the target changed, once for each content, without a shell: write "
        "sh -c '...' where one is needed. Exit status 0 is delivery; after 30 s it is ended with all that it started. "
        "It sees PATH, LANG, HOME, TZ, PYGEN_TARGET_FILE and PYGEN_CAUSE. Repeatable. In the environment "
        "PYGEN_COMMAND='COMMAND, COMMAND', cut as PYGEN_EXEC.",
        is_command=True,
    )

    keys: ClassVar[tuple[Key, ...]] = (
        Key(
            "command",
            "list of texts, or with shell one text",
            "Program and arguments, run where pygen itself runs, once for each content; exit status 0 is delivery.",
            lambda value: (text(value),) if isinstance(value, str) else texts(value),
            "command",
        ),
        Key(
            "shell",
            "true or false",
            "Whether command is a script for /bin/sh; in a list the script comes first, then its $0, $1 and so on.",
            flag,
            "shell",
            default="false",
        ),
        Key(
            "timeout", "number of seconds", "After so long it is ended as a whole.", seconds, "timeout_s", default="30"
        ),
    )
    recipients: ClassVar[Literal["required", "optional", "none"]] = "none"

    def __str__(self) -> str:
        return f"command {'sh (a script)' if self.shell else named(self.command)}"

    @classmethod
    def from_words(cls, words: Sequence[str]) -> Command:
        """COMMAND, as one text."""
        return cls("", cut(words[0]))

    def effect(self) -> object:
        """Each job's has a target of its own in its environment."""
        return None

    def check(self) -> None:
        """One text is a script, which needs the shell."""
        if len(self.command) == 1 and not self.shell and len(self.command[0].split()) > 1:
            raise ValueError(
                "one text with blanks is no program: give a list such as "
                '["systemctl", "reload", "nginx"], or shell = true'
            )

    def deliver(self, port: NotifyPort, task: Task, inspector: Inspector, via: SignalVia) -> Outcome:  # noqa: ARG002
        """Run it, and wait for its end."""
        from notify import host_process  # late: most configurations have no command

        arguments = (_SHELL, "-c", *self.command) if self.shell else self.command
        try:
            ended = host_process.run(arguments, _environ(task), timeout_s=self.timeout_s)
        except OSError as error:
            return Failed(f"the command can't be started: {error.strerror}", acted=False)
        if isinstance(ended, host_process.TimeUp):
            return Failed(
                f"the command did not end within {self.timeout_s:g} s, and was ended", output=last_lines(ended.output)
            )
        return _judge(ended)

    def needs(self, via: SignalVia) -> frozenset[Need]:  # noqa: ARG002 - no signal is sent
        """Nothing is asked of an engine."""
        return frozenset()


def _judge(ended: Executed) -> Outcome:
    if ended.status == 0:
        return Delivered("exit status 0")
    how = f"was ended by signal {-ended.status}" if ended.status < 0 else f"ended with {ended.status}"
    return Failed(f"the command {how}", output=last_lines(ended.output))


def _environ(task: Task) -> dict[str, str]:
    own = {name: os.environ[name] for name in VARIABLES if name in os.environ}
    # The command's working directory is ours today; a path that is whole means the same everywhere.
    target = task.target if task.target == _STANDARD_OUTPUT else os.path.abspath(task.target)  # noqa: PTH100 - links stay
    return own | {"PYGEN_TARGET_FILE": target, "PYGEN_CAUSE": task.cause}
