"""The report of an evaluation: its figures, and what may be concluded from them."""

from collections.abc import Iterator

from sdrrl_data.evaluation.arms import BASE
from sdrrl_data.evaluation.bootstrap import RESAMPLES
from sdrrl_data.evaluation.plot import NAME
from sdrrl_data.evaluation.results import Figure, Results

SIDES = {"tgt": "Gain: the target language", "src": "Retention: the source language"}
MARKS = {True: "better", False: "worse", None: ""}

CONCLUSIONS = """
- The interval of a change says how far it hangs on which items were drawn: 95 % of {resamples} paired bootstrap
  resamples (Koehn 2004) lie within it. It says nothing of another training with another seed: train each model several
  times before you believe a small difference between two.
- "better" and "worse" stand where the interval leaves 0 out. One change in twenty does so by chance; there are
  {comparisons} here.
- Neutral text comes first. Reference answers favour models that were tuned on references, the base's own answers those
  that were tuned on them: neither alone decides, and the two together only where they agree.
- Bits per byte are the negative log-likelihood (base 2) of a text, divided by its length in UTF-8. They are compared on
  the same text alone, never between two languages.
- Texts that a model saw before it was tuned, as it may have seen public test sets, make all its figures better; the
  change much less so.
- What holds for this base model and this pair of languages need not hold for others.
"""


def write(results: Results, plotted: bool) -> str:
    """The report, in Markdown.

    Args:
        results: all figures.
        plotted: whether the picture stands beside it.
    """
    comparisons = sum(figure.change is not None for figure in results.figures)
    lines = ["# Evaluation", ""]
    lines += [f"- `{arm.name}`: {arm.model.name}{' with an adapter' if arm.adapter else ''}" for arm in results.arms]
    for side, title in SIDES.items():
        lines += ["", f"## {title}", "", *_table(results, side)]
    if results.judged():
        lines += ["", "## What the judge said", "", *_judge(results)]
    if plotted:
        lines += ["", "## Gain against retention", "", f"![Change in the target and in the source language]({NAME})"]
    lines += ["", "## What each figure is", "", *_kinds(results)]
    if results.left_out:
        lines += ["", "Left out:", "", *(f"- {sentence}" for sentence in results.left_out)]
    lines += ["", "## What may be concluded, and what not"]
    lines += [CONCLUSIONS.format(resamples=RESAMPLES, comparisons=comparisons).rstrip()]
    lines += ["", "## Signature", "", f"`{results.signature}`"]
    return "\n".join(lines) + "\n"


def cells(figure: Figure) -> tuple[str, str, str, str]:
    """A figure as tables show it: value, change, interval, mark; "-" where nothing could be measured."""
    places = figure.measure.kind.decimals
    value = _number(figure.value, f".{places}f")
    if figure.change is None:
        return value, "", "", ""
    change, low, high = (_number(own, f"+.{places}f") for own in figure.change)
    return value, change, f"{low} to {high}", MARKS[figure.better()]


def _table(results: Results, side: str) -> Iterator[str]:
    yield "| | model | items | figure | change | 95 % interval | |"
    yield "|---|---|---:|---:|---:|---|---|"
    for figure in results.figures:
        if figure.measure.side == side:
            title = figure.measure.title if figure.arm == BASE else ""
            yield f"| {' | '.join([title, figure.arm, str(figure.items), *cells(figure)])} |"


def _judge(results: Results) -> Iterator[str]:
    judge = results.judge
    assert judge, "verdicts are a judge's"
    name, revision = judge.made_of.identity()
    yield f"The judge was {name} ({revision or judge.made_of.engine})."
    if own := judge.is_among(results.arms):
        yield f"It is one of the models compared, {' and '.join(f'`{arm}`' for arm in own)}: it judged its own answers."
    yield from ("", "| model | language | wins | ties | losses | undecided |", "|---|---|---:|---:|---:|---:|")
    for figure in results.judged():
        yield f"| {figure.arm} | {figure.measure.language.tag} | {' | '.join(map(str, figure.verdicts or ()))} |"
    yield ""
    yield (
        "A win or a loss is one in both orders of the two answers. A judge that goes by their places makes ties; one "
        "whose replies are no verdicts leaves questions undecided. What it wrote is in `measures`."
    )


def _kinds(results: Results) -> Iterator[str]:
    kinds = dict.fromkeys(figure.measure.kind for figure in results.figures)
    for kind in kinds:
        yield f"- **{kind.title}** ({kind.better} is better). {kind.favours}"


def _number(value: float, form: str) -> str:
    return "-" if value != value else format(value, form)
