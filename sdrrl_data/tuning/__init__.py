"""Thresholds looked at, and proposed, from the scores of a run. No score is made again."""

from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import NamedTuple

from sdrrl_data.recipe import BoundsConfig, Score, of_source
from sdrrl_data.recipe.components import Better
from sdrrl_data.tuning.distribution import Distribution, Histogram, distribution, histogram
from sdrrl_data.tuning.proposals import Edge, Proposal, Values, percentile, proposal
from sdrrl_data.tuning.retention import Filters, Kept, Passing

__all__ = [
    "IN_FORCE",
    "PROPOSED",
    "Candidate",
    "Distribution",
    "Edge",
    "Filters",
    "Histogram",
    "Kept",
    "Passing",
    "Proposal",
    "Tuned",
    "changes",
    "direction",
    "distribution",
    "histogram",
    "look",
    "proposal",
    "taken",
]

ALREADY = "in force already"
IN_FORCE, PROPOSED = "in force", "proposed"  # names of candidates; the others are called after their share
CANDIDATES = (0.005, 0.01, 0.02, 0.05, 0.1)  # shares of the values that a candidate drops at most


class Candidate(NamedTuple):
    """Bounds that a filter might have, and what it would keep with them."""

    passing: Passing
    names: tuple[str, ...]  # `IN_FORCE`, `PROPOSED`, "1%"
    kept: Kept


class Tuned(NamedTuple):
    """One score of questions, or of answers, in one language."""

    score: str  # without the text that it is of: "similarity", "src_language"
    text: str  # "question" or "answer"
    language: str  # tag of what is judged
    better: Better  # which values are the good ones
    distribution: Distribution
    in_force: Passing | None
    weight: float  # of a text that fails
    proposal: Proposal
    passing: Passing | None  # what would pass, where the proposal and what is in force differ; see `taken`
    why: str  # how that was found, or why there is nothing to propose
    candidates: tuple[Candidate, ...]  # from the widest to the strictest

    @property
    def column(self) -> str:
        """Its column in the scores, which is also its threshold's name for this text alone."""
        return f"{self.text}_{self.score}"

    @property
    def sound(self) -> bool:
        """Whether there are bad values to be dropped. A percentile drops some also where all are good."""
        return self.passing is not None and self.proposal.valley

    def failing(self, candidate: Candidate) -> int:
        """How many texts do not pass with these bounds."""
        return self.distribution.values + self.distribution.nulls - candidate.kept.texts

    def candidate(self, name: str) -> Candidate | None:
        """The candidate of this name, if there is one."""
        return next((own for own in self.candidates if name in own.names), None)


def taken(proposal: Proposal, in_force: Passing) -> Passing:
    """The bounds if a proposal is taken.

    A bound in a valley goes before the one in force. A percentile never widens what is in force, and is not added
    where the valley is on the other side.
    """

    def bound(edge: Edge | None, now: float | None, stricter: Callable[[float, float], float]) -> float | None:
        if edge is None or (proposal.valley and not edge.valley):
            return now
        return edge.value if edge.valley or now is None else stricter(edge.value, now)

    return Passing(bound(proposal.min, in_force.min, max), bound(proposal.max, in_force.max, min))


def direction(score: Score, threshold: BoundsConfig | None = None) -> Better:
    """Which values of a score are the good ones: what its scorer says, or else what the threshold in force means.

    Args:
        score: as its scorer declares it.
        threshold: the one in force; without one, more is taken to be better.
    """
    if score.better:
        return score.better
    if threshold is None or threshold.max is None:
        return "more"
    return "less" if threshold.min is None else "usual"


def look(filters: Filters, wanted: Mapping[str, Score]) -> Iterator[Tuned]:
    """Each score of questions and of answers that has values: how they are spread, and what thresholds would keep.

    Args:
        filters: those of one target.
        wanted: scores by their column without the text that it is of, in the order in which they are to come.
    """
    for score, declared in wanted.items():
        for text in ("question", "answer"):
            column = f"{text}_{score}"
            if column in filters.scores.columns:
                values = filters.scores[column].drop_nulls().sort().to_numpy()  # once: to sort it again costs little
                if len(values):
                    yield _tuned(filters, score, declared, text, values)


def changes(tuned: Iterable[Tuned]) -> dict[str, Passing]:
    """What the sound ones of these proposals change, by column: see `Filters.pairs`."""
    return {own.column: own.passing for own in tuned if own.passing and own.sound and not own.weight}


def _tuned(filters: Filters, score: str, declared: Score, text: str, ordered: Values) -> Tuned:
    column = f"{text}_{score}"
    threshold = filters.thresholds.get(column, filters.thresholds.get(score))
    better, in_force = direction(declared, threshold), filters.in_force(column)
    now, suggested = in_force or Passing(), proposal(ordered, better)
    passing = taken(suggested, now)
    found = Tuned(
        score=score,
        text=text,
        language=filters.src if of_source(score) else filters.tgt,
        better=better,
        distribution=distribution(ordered, filters.scores.height - len(ordered)),
        in_force=in_force,
        weight=threshold.weight if threshold else 0.0,
        proposal=suggested,
        passing=passing if passing != now else None,
        why=ALREADY if passing == now and (suggested.min or suggested.max) else suggested.why,
        candidates=(),
    )
    return found._replace(candidates=_candidates(found, filters, ordered))


def _candidates(tuned: Tuned, filters: Filters, ordered: Values) -> tuple[Candidate, ...]:
    now = tuned.in_force or Passing()
    asked = [(IN_FORCE, tuned.in_force), (PROPOSED, tuned.passing)]
    for share in CANDIDATES:
        own = share / 2 if tuned.better == "usual" else share
        low = now.min if tuned.better == "less" else percentile(ordered, own)
        high = now.max if tuned.better == "more" else 0.0 - percentile(-ordered[::-1], own)
        asked.append((f"{100 * share:g}%", Passing(low, high)))
    named: dict[Passing, list[str]] = {}
    for name, passing in asked:
        if passing:
            named.setdefault(passing, []).append(name)
    found = [Candidate(passing, tuple(names), filters.kept(tuned.column, passing)) for passing, names in named.items()]
    telling = [own for own in found if tuned.failing(own) or own.names[0] in (IN_FORCE, PROPOSED)]
    return tuple(sorted(telling, key=lambda own: -own.kept.texts))
