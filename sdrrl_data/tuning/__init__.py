"""Shows how the scores of a run are spread, and proposes thresholds. No score is computed again."""

from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import NamedTuple

from sdrrl_data.recipe import Score, ThresholdConfig, of_source
from sdrrl_data.recipe.components import Better
from sdrrl_data.tuning.distribution import Distribution, Histogram, distribution, histogram
from sdrrl_data.tuning.proposals import Edge, Proposal, Values, percentile, proposal
from sdrrl_data.tuning.retention import Filters, Passing, Retained

__all__ = [
    "IN_FORCE",
    "PROPOSED",
    "CandidateBounds",
    "Distribution",
    "Edge",
    "Filters",
    "Histogram",
    "Passing",
    "Proposal",
    "Retained",
    "TunedScore",
    "changes",
    "direction",
    "distribution",
    "histogram",
    "look",
    "proposal",
    "with_proposal",
]

ALREADY = "the same as now"
IN_FORCE, PROPOSED = "now", "proposed"  # names of candidates; the others are named after their share
CANDIDATES = (0.005, 0.01, 0.02, 0.05, 0.1)  # shares of the values that a candidate drops at most


class CandidateBounds(NamedTuple):
    """Bounds that a filter might have, and what it would keep with them."""

    passing: Passing
    names: tuple[str, ...]  # `IN_FORCE`, `PROPOSED`, "1%"
    retained: Retained


class TunedScore(NamedTuple):
    """One score of questions, or of answers, in one language."""

    score: str  # without "question" or "answer": "similarity", "src_language"
    text: str  # "question" or "answer"
    language: str  # tag of the texts that are judged
    better: Better  # which values are the good ones
    distribution: Distribution
    in_force: Passing | None
    weight: float  # of a text that fails
    proposal: Proposal
    passing: Passing | None  # the values that pass with the proposal; None if the proposal changes nothing
    why: str  # how the proposal was found, or why there is none
    candidates: tuple[CandidateBounds, ...]  # from the widest to the strictest

    @property
    def column(self) -> str:
        """Its column in the scores, which is also the name of a threshold for this text alone."""
        return f"{self.text}_{self.score}"

    @property
    def recommended(self) -> bool:
        """Whether the proposal drops a group of bad values. A percentile drops some values even if all are good."""
        return self.passing is not None and self.proposal.valley

    def failing(self, candidate: CandidateBounds) -> int:
        """How many texts do not pass with these bounds."""
        return self.distribution.values + self.distribution.nulls - candidate.retained.texts

    def candidate(self, name: str) -> CandidateBounds | None:
        """The candidate with this name, if there is one."""
        return next((candidate for candidate in self.candidates if name in candidate.names), None)


def with_proposal(proposal: Proposal, in_force: Passing) -> Passing:
    """The values that pass if a proposal is adopted.

    A bound in a valley replaces the one in force. A percentile never widens what is in force, and is not added if the
    valley is on the other side.
    """

    def bound(edge: Edge | None, now: float | None, stricter: Callable[[float, float], float]) -> float | None:
        if edge is None or (proposal.valley and not edge.valley):
            return now
        return edge.value if edge.valley or now is None else stricter(edge.value, now)

    return Passing(bound(proposal.min, in_force.min, max), bound(proposal.max, in_force.max, min))


def direction(score: Score, threshold: ThresholdConfig | None = None) -> Better:
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


def look(filters: Filters, selected: Mapping[str, Score]) -> Iterator[TunedScore]:
    """Each score of questions and of answers that has values: how they are spread, and what thresholds would keep.

    Args:
        filters: of one target.
        selected: scores by their column without the text that it is of, in the order in which they should come.
    """
    for score, declared in selected.items():
        for text in ("question", "answer"):
            column = f"{text}_{score}"
            if column in filters.scores.columns:
                values = filters.scores[column].drop_nulls().sort().to_numpy()  # sorting them again later costs little
                if len(values):
                    yield _tuned(filters, score, declared, text, values)


def changes(tuned: Iterable[TunedScore]) -> dict[str, Passing]:
    """What the recommended proposals change, by column: see `Filters.pairs`."""
    return {score.column: score.passing for score in tuned if score.passing and score.recommended and not score.weight}


def _tuned(filters: Filters, score: str, declared: Score, text: str, ordered: Values) -> TunedScore:
    column = f"{text}_{score}"
    threshold = filters.thresholds.get(column, filters.thresholds.get(score))
    better, in_force = direction(declared, threshold), filters.in_force(column)
    now, suggested = in_force or Passing(), proposal(ordered, better)
    passing = with_proposal(suggested, now)
    tuned = TunedScore(
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
    return tuned._replace(candidates=_candidates(tuned, filters, ordered))


def _candidates(tuned: TunedScore, filters: Filters, ordered: Values) -> tuple[CandidateBounds, ...]:
    now = tuned.in_force or Passing()
    all_bounds = [(IN_FORCE, tuned.in_force), (PROPOSED, tuned.passing)]
    for share in CANDIDATES:
        side_share = share / 2 if tuned.better == "usual" else share
        low = now.min if tuned.better == "less" else percentile(ordered, side_share)
        high = now.max if tuned.better == "more" else 0.0 - percentile(-ordered[::-1], side_share)
        all_bounds.append((f"{100 * share:g}%", Passing(low, high)))
    names_of_bounds: dict[Passing, list[str]] = {}
    for name, passing in all_bounds:
        if passing:
            names_of_bounds.setdefault(passing, []).append(name)
    candidates = [
        CandidateBounds(passing, tuple(names), filters.retained(tuned.column, passing))
        for passing, names in names_of_bounds.items()
    ]
    useful = [
        candidate for candidate in candidates if tuned.failing(candidate) or candidate.names[0] in (IN_FORCE, PROPOSED)
    ]
    return tuple(sorted(useful, key=lambda candidate: -candidate.retained.texts))
