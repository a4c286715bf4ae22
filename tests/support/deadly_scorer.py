"""A scorer that some texts end, for the tests of scorers in several processes."""

import os
import signal

import polars as pl

DEADLY = "this text ends the process"


class DeadlyScorer:
    """The length of the source."""

    def score(self, pairs, advance):
        if any(pair.source == DEADLY for pair in pairs):
            os.kill(os.getpid(), signal.SIGKILL)
        advance(len(pairs))
        return pl.DataFrame({"length": [float(len(pair.source)) for pair in pairs]}, schema={"length": pl.Float64})
