"""What a user of the commands can correct."""

import sys
from collections.abc import Callable


class InputError(ValueError):
    """Wrong data, flags or checkpoints. The message is one line that says what to change."""


def run(command: Callable[[], None]) -> None:
    """Runs a command; wrong input ends the process with one line and status 2, not with a stack trace."""
    try:
        command()
    except (InputError, FileNotFoundError) as error:
        print(f"error: {error}", file=sys.stderr)
        sys.exit(2)
