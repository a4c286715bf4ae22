"""Which pairs `inspect` shows, by their verdicts and scores."""

from collections.abc import Collection, Mapping, Sequence

from sdrrl_data.errors import UserError
from sdrrl_data.recipe import Recipe, of_both_texts, score_columns, score_tables
from sdrrl_data.run import Manifest, Run, recipe_of
from sdrrl_data.suggestions import instead
from sdrrl_data.tuning import direction, reading


def pairs(
    run: Run, manifest: Manifest, tags: Sequence[str], kept: bool, dropped: bool, filter: str | None, sort: str | None
) -> dict[str, dict[str, str]]:
    """The ids of the wanted pairs of each target, in order, with the score by which they are sorted, in words.

    Args:
        run: may be unfinished.
        manifest: of the run.
        tags: of its targets.
        kept: only pairs that every filter keeps.
        dropped: only pairs that lose a text.
        filter: only pairs that fail this filter.
        sort: the worst first by this score; otherwise in the order of the run.

    Raises:
        UserError: there is no such filter or score.
    """
    recipe = recipe_of(run, manifest)
    if filter is not None:
        _check("filter", filter, {name for tag in tags for name in recipe.for_target(tag).thresholds})
    wanted: dict[str, dict[str, str]] = {}
    for tag in tags:
        by_verdict = reading.judged(run, tag, kept, filter) if kept or dropped or filter is not None else None
        if sort is None:
            wanted[tag] = dict.fromkeys(by_verdict or [], "")
            continue
        worst = _worst_first(run, recipe, tag, sort)
        allowed = {*worst} if by_verdict is None else {*by_verdict}
        wanted[tag] = {id: score for id, score in worst.items() if id in allowed}
    return wanted


def _worst_first(run: Run, recipe: Recipe, tag: str, score: str) -> dict[str, str]:
    scored = reading.read(run, tag, score_tables(recipe.scorers)).scores
    declared = score_columns(recipe.scorers)
    _check("score", of_both_texts(score), declared)
    columns = [name for name in (score, f"question_{score}", f"answer_{score}") if name in scored.columns]
    if not columns:
        raise UserError(f"{run.path} has no values of {score} yet")
    name = score if score in declared else score.partition("_")[2]
    thresholds = recipe.for_target(tag).thresholds
    better = direction(declared[name], thresholds.get(score, thresholds.get(name)))
    return {id: _in_words(name, values) for id, values in reading.worst_first(scored, columns, better).items()}


def _in_words(score: str, values: Mapping[str, float]) -> str:
    """The values of a score by column, as `similarity 0.857 (question), 0.91 (answer)`."""
    return f"{score} " + ", ".join(f"{value:.3g} ({column.partition('_')[0]})" for column, value in values.items())


def _check(what: str, name: str, names: Collection[str]) -> None:
    if name not in names:
        raise UserError(f"there is no {what} {name}: {instead(name, sorted(names))}")
