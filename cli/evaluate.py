"""`sdrrl-data evaluate`."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

import typer

from . import completion
from .console import PlainConsole, say
from .examples import examples

if TYPE_CHECKING:
    from rich.console import Console

    from sdrrl_data.evaluation.results import Results

EXAMPLES = examples(
    (
        "did Portuguese gain, and did English keep what it had? On neutral text",
        "sdrrl-data evaluate --base org/model --tuned models/sdrrl,models/t-sft --tgt pt "
        "--parallel flores.en,flores.pt",
    ),
    (
        "also on the test questions of a run and on Belebele; finished measures are not taken again",
        "sdrrl-data evaluate --base org/model --tuned models/sdrrl,models/t-sft --tgt pt "
        "--parallel flores.en,flores.pt --questions runs/mine --choices eng_Latn.jsonl,por_Latn.jsonl",
    ),
    (
        "also let a model on a server compare the answers with those of the base",
        "sdrrl-data evaluate --base org/model --tuned models/sdrrl --tgt pt --questions runs/mine "
        "--judge org/large-model --judge-url http://127.0.0.1:8000/v1",
    ),
)


def evaluate(
    base: Annotated[
        str,
        typer.Option(metavar="MODEL", help="The model before the tuning: a directory, or a name on the Hub."),
    ],
    tuned: Annotated[
        list[str],
        typer.Option(metavar="DIRS", help="Models or LoRA adapters tuned from it, separated by commas."),
    ],
    tgt: Annotated[
        str,
        typer.Option(
            metavar="LANGUAGE", autocompletion=completion.languages, help="The language the models were tuned for."
        ),
    ],
    src: Annotated[
        str,
        typer.Option(
            metavar="LANGUAGE", autocompletion=completion.languages, help="The language that should not get worse."
        ),
    ] = "en",
    parallel: Annotated[
        str | None,
        typer.Option(
            metavar="FILES",
            help="The same texts in both languages, on which no model was tuned: a file with one source<TAB>target per "
            "line, or two text files, source,target.",
        ),
    ] = None,
    questions: Annotated[
        str | None,
        typer.Option(
            metavar="RUN|FILES",
            help="Questions for the test: a run's folder (its test split is used), or a file in the target language, "
            "or two files, source,target.",
        ),
    ] = None,
    choices: Annotated[
        str | None,
        typer.Option(
            metavar="belebele|DIR|FILES",
            help="Multiple-choice questions: [cyan]belebele[/cyan] (from the Hub), a folder of its files, or in its "
            "format (JSONL) a file in the target language, or two files, source,target.",
        ),
    ] = None,
    comet: Annotated[
        str | None,
        typer.Option(
            metavar="MODEL", help="A reference-free COMET model, to score translations in addition to chrF++."
        ),
    ] = None,
    judge: Annotated[
        str | None,
        typer.Option(
            metavar="MODEL",
            help="A language model that decides which answer to --questions is better, the tuned model's or the "
            "base's: a directory, a name on the Hub, or its name on the server of --judge-url.",
        ),
    ] = None,
    judge_url: Annotated[
        str | None,
        typer.Option(metavar="URL", help="The judge's OpenAI-compatible server; its key is in OPENAI_API_KEY."),
    ] = None,
    out: Annotated[
        Path,
        typer.Option(metavar="DIR", help="Where the report is written; finished measures there are not taken again."),
    ] = Path("evaluation"),
    limit: Annotated[
        int | None, typer.Option(min=1, metavar="N", help="How many pairs, questions and choices to use, at most.")
    ] = None,
    max_tokens: Annotated[
        int, typer.Option(min=1, metavar="N", help="Length of an answer or a translation, at most.")
    ] = 256,
    engine: Annotated[Literal["auto", "vllm", "transformers"], typer.Option(help="What runs the models.")] = "auto",
    seed: Annotated[int, typer.Option(min=0, metavar="N", help="For the resampling.")] = 12345,
    template_options: Annotated[
        list[str] | None,
        typer.Option(
            "--template-option",
            metavar="KEY=VALUE",
            help="A variable of the chat template, for all models, such as enable_thinking=false; may be repeated. "
            "The default is what the tuned models were trained with (training.yaml).",
        ),
    ] = None,
) -> None:
    """Compare tuned models with their base: what they gained in the target language, and lost in the source language.

    Measures bits per byte of neutral text, of reference answers and of the base's own answers; language (of the whole,
    by line and by word) and loops of answers; translation in both directions; multiple choice; and the preferences of a
    judge. Every change has an interval from paired bootstrap resampling. Cut and empty answers are counted.
    """
    from . import quiet

    quiet.silence_libraries()

    from sdrrl_data.evaluation import evaluate as library
    from sdrrl_data.recipe import overrides

    from .options import split_commas
    from .progress import Bars

    try:
        with Bars() as bars:
            results = library.evaluate(
                base,
                [place for places in tuned for place in split_commas(places)],
                tgt,
                out,
                src=src,
                parallel=parallel,
                questions=questions,
                choices=choices,
                comet=comet,
                judge=judge,
                judge_url=judge_url,
                limit=limit,
                max_tokens=max_tokens,
                engine=engine,
                seed=seed,
                template_options=dict(
                    overrides.parse_change(text, "--template-option", "enable_thinking=false")
                    for text in template_options
                )
                if template_options
                else None,
                reporter=bars,
            )
    except KeyboardInterrupt:
        say("stopped; finished measures are kept: run the same command again to continue", err=True)
        raise typer.Exit(130) from None
    show(results, out, PlainConsole())


def show(results: "Results", out: Path, console: "Console") -> None:
    """Print a table for each tuned model, and where the report is."""
    from rich.table import Table

    from sdrrl_data.evaluation.compared_models import BASE
    from sdrrl_data.evaluation.markdown import cells, ending_cells
    from sdrrl_data.shown import escaped

    of_base = {figure.measure.name: figure for figure in results.of(BASE)}
    for model in results.models[1:]:
        table = Table(box=None, pad_edge=False)
        table.add_column("", overflow="fold")
        for heading in ("items", "base", "tuned", "change"):
            table.add_column(heading, justify="right")
        for heading in ("95 % interval", ""):
            table.add_column(heading)
        for side in ("tgt", "src"):
            for figure in results.of(model.name):
                measure = figure.measure
                if measure.side == side:
                    base_cell = cells(of_base[measure.name])[0]
                    table.add_row(measure.title, str(figure.items), base_cell, *cells(figure))
        console.print(f"\n{escaped(model.name)}", style="bold")
        console.print(table)
        for figure in results.of(model.name):
            if figure.measure.kind.by == "generation":
                was, is_ = ending_cells(of_base[figure.measure.name]), ending_cells(figure)
                counts = f"{was[0]} -> {is_[0]} cut, {was[1]} -> {is_[1]} empty, of {figure.measure.title}"
                console.print(f"answers    {escaped(counts)}", soft_wrap=True)
    console.print()
    if results.judge:
        console.print(f"judge      {escaped(results.judge.ingredient.name)}", soft_wrap=True)
    for figure in results.judged():
        verdicts = f"{figure.model}, {figure.measure.language.tag}: {figure.verdicts}"
        console.print(f"judged     {escaped(verdicts)}", soft_wrap=True)
    for sentence in results.left_out:
        console.print(f"left out   {escaped(sentence)}", soft_wrap=True)
    console.print(f"signature  {escaped(results.signature)}", soft_wrap=True)
    console.print(f"report     {out / 'evaluation.md'}: what each figure favours, and how to read it", soft_wrap=True)
