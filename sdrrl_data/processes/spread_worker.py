"""What runs in a scorer's process: pairs through a scorer, chunk after chunk.

Started with the number of a file descriptor, this side's end of the connection.
"""

import os
import sys
from collections.abc import Callable
from contextlib import suppress
from multiprocessing.connection import Connection

from sdrrl_data.errors import UserError
from sdrrl_data.processes.spread import Failed
from sdrrl_data.protocols import Scorer


def main() -> None:
    """Serve until the connection ends."""
    for name in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "POLARS_MAX_THREADS"):
        os.environ[name] = "1"  # read by what the scorer imports; there is a process a core
    connection = Connection(int(sys.argv[1]))
    with suppress(EOFError, ConnectionError):  # the run is gone, or wants no more
        _serve(connection)


def _serve(connection: Connection) -> None:
    make: Callable[[], Scorer] = connection.recv()
    try:
        scorer = make()
    except UserError as error:
        connection.send(Failed(str(error)))
        return
    while True:
        connection.send(scorer.score(connection.recv(), lambda done: None))


if __name__ == "__main__":
    main()
