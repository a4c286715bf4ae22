"""Keeps the libraries' own messages off the screen. Variables that the user has set stay as they are."""

import os
import sys
import warnings

from sdrrl_data.processes import quiet


def silence_libraries() -> None:
    """Call this before anything heavy is imported."""
    os.environ.update(quiet.environment())
    if not sys.warnoptions:
        warnings.simplefilter("ignore")
