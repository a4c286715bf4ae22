"""The report of an evaluation: its figures, and how to read them."""

import math
from collections.abc import Iterator

from sdrrl_data.evaluation.bootstrap import RESAMPLES
from sdrrl_data.evaluation.compared_models import BASE
from sdrrl_data.evaluation.plot import NAME
from sdrrl_data.evaluation.results import FEWEST, Figure, Results

SIDES = {"tgt": "Gain: the target language", "src": "Retention: the source language"}
MARKS = {True: "better", False: "worse", None: ""}

CONCLUSIONS = """
- The interval of a change shows how much the change depends on the choice of items: it contains 95 % of {resamples}
  paired bootstrap resamples (Koehn 2004). It does not cover the randomness of training: train each model several times,
  with different seeds, before you believe a small difference.
- A change is marked "better" or "worse" if its interval does not contain 0, and if there are at least {fewest} items.
  One change in twenty is marked by chance; there are {comparisons} changes here. Where every resample gives the same
  change, because every item changed alike, no interval is shown: it would say nothing about other items.
- A text is cut if it reached the limit of tokens, and empty if nothing was written, or nothing but a reasoning section;
  a text may be both. Where the share of cut or of empty texts differs from the base's (the interval of that change does
  not contain 0), no change is marked, for it may come from how many answers were finished rather than from what the
  model learned: raise --max-tokens, or set --template-option, until they do not differ. A loop goes on until it is
  cut, so for loops only empty answers count.
- Look at neutral text first. Reference answers favour models that were tuned on reference answers, and the base's own
  answers favour models that were tuned on those: draw a conclusion from these two only if they agree.
- Bits per byte are the negative log-likelihood (base 2) of a text, divided by its length in UTF-8 bytes. Compare them
  only on the same text, never between two languages.
- If a model saw the texts before it was tuned (public test sets, for example), all its figures are better than they
  should be; the changes much less so.
- What holds for this base model and these two languages may not hold for others.
"""


def write(results: Results, plotted: bool) -> str:
    """The report, in Markdown.

    Args:
        results: all figures.
        plotted: whether the picture was written.
    """
    comparisons = sum(figure.change is not None for figure in results.figures)
    lines = ["# Evaluation", ""]
    lines += [
        f"- `{model.name}`: {model.located.name}{' with an adapter' if model.adapter else ''}"
        for model in results.models
    ]
    for side, title in SIDES.items():
        lines += ["", f"## {title}", "", *_table(results, side)]
    if results.judged():
        lines += ["", "## Verdicts of the judge", "", *_judge(results)]
    if plotted:
        lines += ["", "## Gain against retention", "", f"![Change in the target and in the source language]({NAME})"]
        hollow = [figure for figure in results.figures if not figure.comparable()]
        lines += ["", *(f"- Hollow: {_hollow(figure)}" for figure in hollow)] if hollow else []
    lines += ["", "## What each figure means", "", *_kinds(results)]
    if results.left_out:
        lines += ["", "Left out:", "", *(f"- {sentence}" for sentence in results.left_out)]
    lines += ["", "## How to read the figures"]
    lines += [CONCLUSIONS.format(fewest=FEWEST, resamples=RESAMPLES, comparisons=comparisons).rstrip()]
    lines += ["", "## Signature", "", f"`{results.signature}`"]
    return "\n".join(lines) + "\n"


def cells(figure: Figure) -> tuple[str, str, str, str]:
    """The cells of a figure in tables: value, change, interval, mark; "-" for what could not be measured."""
    places = figure.measure.kind.decimals
    value = _number(figure.value, f".{places}f")
    if figure.change is None:
        return value, "", "", ""
    change, low, high = (_number(number, f"+.{places}f") for number in figure.change)
    interval = f"{low} to {high}" if figure.change.low < figure.change.high else "-"
    return value, change, interval, mark(figure)


def mark(figure: Figure) -> str:
    """What is said of a change: whether it is for the better, or why that cannot be said."""
    if figure.endings and figure.endings.differing:
        return f"{' and '.join(figure.endings.differing)} answers differ"
    if figure.change and figure.items < FEWEST:
        return "few items"
    return MARKS[figure.better()]


def ending_cells(figure: Figure) -> tuple[str, str]:
    """The cells of a figure that count cut and empty texts; nothing where no texts were generated."""
    return (str(figure.endings.cut), str(figure.endings.empty)) if figure.endings else ("", "")


def _table(results: Results, side: str) -> Iterator[str]:
    yield "| | model | items | cut | empty | figure | change | 95 % interval | |"
    yield "|---|---|---:|---:|---:|---:|---:|---|---|"
    for figure in results.figures:
        if figure.measure.side == side:
            title = figure.measure.title if figure.model == BASE else ""
            row = [title, figure.model, str(figure.items), *ending_cells(figure), *cells(figure)]
            yield f"| {' | '.join(row)} |"


def _judge(results: Results) -> Iterator[str]:
    judge = results.judge
    assert judge, "there are verdicts only with a judge"
    name, revision = judge.ingredient.identity()
    yield f"The judge was {name} ({revision or judge.ingredient.engine})."
    if same := judge.is_among(results.models):
        names = " and ".join(f"`{model}`" for model in same)
        yield f"It is one of the models compared, {names}: it judged its own answers."
    yield from ("", "| model | language | wins | ties | losses | undecided |", "|---|---|---:|---:|---:|---:|")
    for figure in results.judged():
        yield f"| {figure.model} | {figure.measure.language.tag} | {' | '.join(map(str, figure.verdicts or ()))} |"
    yield ""
    yield (
        "A win or a loss counts only if it is the verdict for both orders of the two answers. A judge that looks only "
        "at their order gives ties; a judge whose replies are not verdicts leaves questions undecided. The replies are "
        "in `measures`."
    )


def _hollow(figure: Figure) -> str:
    cut, empty = ending_cells(figure)
    return f"{figure.model}, {figure.measure.title}: {mark(figure)} ({cut} cut, {empty} empty)"


def _kinds(results: Results) -> Iterator[str]:
    kinds = dict.fromkeys(figure.measure.kind for figure in results.figures)
    for kind in kinds:
        yield f"- **{kind.title}** ({kind.better} is better). {kind.favours}"


def _number(value: float, form: str) -> str:
    return "-" if math.isnan(value) else format(value, form)
