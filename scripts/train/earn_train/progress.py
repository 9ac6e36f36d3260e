"""Progress on the terminal of the first process. What has no steps still shows that time passes."""

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from threading import Event, Thread
from typing import Any

from tqdm import tqdm

from .processes import RANK

TICK = 1.0  # second


def say(line: str) -> None:
    """Of what every process does alike, the first one says it."""
    if RANK == 0:
        print(line, file=sys.stderr)


@contextmanager
def progress(label: str, total: int = 1) -> Iterator["tqdm[Any]"]:
    """A bar of so many steps whose clock goes on during each. Its `update` says that some are done."""
    disable = None if RANK == 0 else True  # None: where there is no terminal
    with tqdm(desc=label, total=total, leave=False, disable=disable) as bar:
        over = Event()

        def tick() -> None:
            while not over.wait(TICK):
                bar.refresh()

        clock = Thread(target=tick, daemon=True)
        clock.start()
        try:
            yield bar
        finally:
            over.set()
            clock.join()
