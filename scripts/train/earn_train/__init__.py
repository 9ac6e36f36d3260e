"""EARN in PyTorch: training, ranking and what is compared with the engine."""

import signal
import sys

# Python's value while it looks for the module of `python -m`. Ctrl-C ends a command at once and without a
# stack trace, also while PyTorch is still being imported; files are renamed into place when they are whole.
if sys.argv[:1] == ["-m"]:
    signal.signal(signal.SIGINT, signal.SIG_DFL)
