"""Some of a run's pairs, from which a scorer learns what is usual."""

from collections.abc import Sequence

from sdrrl_data.protocols import TextPair
from sdrrl_data.run import Run
from sdrrl_data.steps import scores

PARTS = 16  # read at the most: thousands of pairs, whatever the run's size


def sample(run: Run, tables: Sequence[str], parts: int) -> list[TextPair]:
    """Questions and answers with their translations, of parts spread evenly over the first so many.

    Args:
        run: has the tables.
        tables: seeds, answers and translations, by their paths in the run.
        parts: how many of each to choose from.
    """
    found: list[TextPair] = []
    for part in range(0, parts, -(-parts // PARTS)):
        _, questions, answers = scores.pairs_of(*(run.table(name).read(part) for name in tables))
        found += [*questions, *answers]
    return found
