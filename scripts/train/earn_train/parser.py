"""How the commands read their flags."""

import argparse
import sys
from typing import NoReturn


class Parser(argparse.ArgumentParser):
    """Says what is wrong as the project's other commands do: one line, then the usage, and status 2."""

    def __init__(self, command: str, description: str | None) -> None:
        super().__init__(
            prog=f"npm run {command} --",
            description=description,
            formatter_class=argparse.RawDescriptionHelpFormatter,
            allow_abbrev=False,
        )

    def read(self, argv: list[str] | None) -> argparse.Namespace:
        """The flags of `argv`, by default of this process. An unknown flag is told before a missing one."""
        argv = sys.argv[1:] if argv is None else argv
        for flag in (arg.split("=")[0] for arg in argv if arg.startswith("--")):
            if flag not in self._option_string_actions:
                self.error(f"unknown flag {flag}")
        return self.parse_args(argv)

    def format_help(self) -> str:
        return super().format_help().replace("usage: ", "Usage: ", 1)

    def error(self, message: str) -> NoReturn:
        self.exit(2, f"error: {message}\n\n{self.format_help()}")
