"""Word aligners: one file a kind."""

from sdrrl_data import recipe
from sdrrl_data.protocols import Aligner


def build(settings: recipe.HmmAligner) -> Aligner:
    """Make an aligner that has yet to be trained."""
    from sdrrl_data.alignment.hmm import HmmAligner

    return HmmAligner(settings)
