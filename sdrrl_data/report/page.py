"""A run as one HTML file that fetches nothing, and in which nothing runs but its own script."""

import base64
import hashlib
import json
import re
from collections.abc import Iterator, Mapping
from importlib.resources import files
from typing import Any, NamedTuple

import numpy as np
import polars as pl
from jinja2 import Environment, StrictUndefined
from markupsafe import Markup, escape

from sdrrl_data import languages
from sdrrl_data.cards import licences, pictures, portable
from sdrrl_data.cards.markdown import join_names
from sdrrl_data.pipeline.status import status
from sdrrl_data.protocols import Ingredient
from sdrrl_data.recipe import Recipe, Score, of_both_texts, overrides, score_columns
from sdrrl_data.report import charts, figures, hints, reading, remedies, sample, verdict_changes
from sdrrl_data.report.comparison import Comparison
from sdrrl_data.run import Manifest, Run, provenance, recipe_of
from sdrrl_data.shown import percent, rate
from sdrrl_data.steps import counts

LISTED = 12  # reasons for losses that are shown at once
ALONE = {verdict_changes.GAINED: "kept here alone", verdict_changes.LOST: "kept there alone"}  # of a comparison


class Chart(NamedTuple):
    """A chart with its words."""

    name: str
    says: str
    svg: Markup
    captions: list[str]


def page(run: Run, manifest: Manifest, compared: Comparison | None = None) -> str:
    """The page of a run. The same run gives the same page.

    Args:
        run: of an unfinished one, the page has what is there, and says what is missing.
        manifest: of the run.
        compared: with another run, or with other thresholds.

    Raises:
        UserError: its recipe cannot be read.
    """
    recipe = recipe_of(run, manifest)
    is_finished = manifest.state == "finished"
    tags = list(manifest.signatures)
    if not is_finished:
        manifest = manifest.model_copy(update={"counts": counts.so_far(run, recipe, tags)})
    scopes = {tag: reading.scope(run, manifest, tag) for tag in manifest.counts.targets}
    recipes = {tag: recipe.for_target(tag) for tag in manifest.counts.targets if is_finished or scopes[tag].parts}
    spreads = {tag: pictures.read(run, recipes[tag], tag) for tag in recipes}
    names = {tag: languages.find(tag).name for tag in [recipe.src, *tags]}
    changed = {
        target.tag: {id: ALONE[change] for id, change in target.changes.ids.items()}
        for target in (compared.targets if compared else ())
    }
    rows = sample.of_run(run, manifest, recipes, scopes, spreads, changed)
    scores = score_columns(recipe.scorers)
    targets = [_target(run, manifest, recipes[tag], tag, scopes[tag], spreads[tag], names, scores) for tag in recipes]
    style, script = (files(__package__).joinpath(name).read_text(encoding="utf-8") for name in ("page.css", "page.js"))
    return (
        _environment()
        .from_string(files(__package__).joinpath("page.html.jinja").read_text(encoding="utf-8"))
        .render(
            LISTED=LISTED,
            policy=_policy(script, style),
            style=Markup(style),
            script=Markup(script),
            data=_json(rows.data() | {"languages": names}),
            title=f"{recipe.name}: {names[recipe.src]} to {join_names([names[tag] for tag in tags])}",
            missing="" if is_finished else figures.missing(status(run, manifest)),
            about=manifest.description,
            src=recipe.src,
            names=names,
            tiles=list(_tiles(manifest)),
            hints=[*map(str, hints.of(manifest)), *(_remedies(run, manifest) if is_finished else [])],
            comparison=compared,
            reasons=figures.reasons(manifest, scores),
            sampled=_sampled(scopes, rows),
            targets=targets,
            any_switched=any(target["switched"] for target in targets),
            times=figures.times(run),
            tokens=figures.tokens(run),
            ingredients=[_ingredient(part) for part in manifest.ingredients],
            terms=licences.combined(manifest.ingredients),
            signatures=[
                {"tag": tag, "digest": provenance.digest(signature), "whole": signature}
                for tag, signature in manifest.signatures.items()
            ],
            recipe=overrides.written(portable.manifest(manifest).recipe),
            versions=manifest.versions,
        )
    )


def _environment() -> Environment:
    jinja = Environment(autoescape=True, undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True)
    jinja.filters.update(
        number="{:,}".format,
        duration=figures.duration,
        rate=rate,
        difference=_difference,
        percent=percent,
        breakable=_breakable,
    )
    return jinja


def _policy(script: str, style: str) -> str:
    """Nothing may be fetched, and nothing runs or is styled by anything but these two texts."""
    digests = [base64.b64encode(hashlib.sha256(text.encode()).digest()).decode() for text in (script, style)]
    return (
        f"default-src 'none'; script-src 'sha256-{digests[0]}'; style-src 'sha256-{digests[1]}'; "
        "base-uri 'none'; form-action 'none'"
    )


def _json(content: Mapping[str, Any]) -> Markup:
    """JSON that ends no element of the page, whatever is in its texts."""
    text = json.dumps(content, ensure_ascii=False, separators=(",", ":"), allow_nan=False)
    return Markup(text.replace("<", "\\u003c").replace(">", "\\u003e").replace("&", "\\u0026"))


def _tiles(manifest: Manifest) -> Iterator[dict[str, str]]:
    """The figures at the head of the page."""
    steps, targets = manifest.counts.steps, manifest.counts.targets
    yield {"number": f"{steps['seeds'].rows_out:,}", "what": "questions"}
    yield {"number": f"{steps['answers'].rows_out:,}", "what": "answers"}
    pairs, complete = (sum(getattr(target, name) for target in targets.values()) for name in ("pairs", "kept"))
    yield {"number": f"{pairs:,}", "what": "pairs translated and judged"}
    yield {"number": f"{complete:,}", "what": f"kept by every filter ({complete / max(pairs, 1):.0%})"}
    yield {"number": f"{figures.all_rows(list(targets.values())):,}", "what": "rows in the transfer set"}


def _remedies(run: Run, manifest: Manifest) -> Iterator[str]:
    """For each target that keeps hardly any pair: which bounds drop them, and what would keep some."""
    for remedy in remedies.of(run, manifest):
        yield f"{remedy.why()}; {remedy.keeps:,} would be with `{remedy.command(manifest, 'RUN')}`"


def _sampled(scopes: Mapping[str, reading.Scope], rows: sample.Sample) -> str:
    """What the page has of all rows, in words."""
    read, of = (sum(getattr(scope, name) for scope in scopes.values()) for name in ("pairs", "of"))
    where = f", drawn from {read:,} of them that were read" if read < of else ""
    count = sum(row["step"] == sample.PAIRS_STEP for row in rows.rows)
    if count == of:
        return f"All {of:,} pairs that were judged, and rows of the other tables."
    return f"A sample: {count:,} of the {of:,} pairs that were judged{where}, and rows of the other tables."


def _target(
    run: Run,
    manifest: Manifest,
    recipe: Recipe,
    tag: str,
    scope: reading.Scope,
    spreads: Mapping[str, pictures.Spread],
    names: Mapping[str, str],
    scores: Mapping[str, Score],
) -> dict[str, Any]:
    """What the template shows of one target."""
    count = manifest.counts.targets[tag]
    without = dict.fromkeys(map(of_both_texts, recipe.thresholds)) if count.pairs else {}
    return {
        "tag": tag,
        "stages": figures.stages(manifest, tag),
        "rows": sum(count.rows.values()),
        **count.rows,
        "filters": figures.filters(count),
        "scores": [
            Chart(
                name,
                scores[name].says.replace("`", "") if name in scores else "",
                charts.score(f"{tag}-score-{n}", _label(name, spread), spread),
                [*pictures.captions(spread), *_unscored(spread, scores.get(name))],
            )
            for n, (name, spread) in enumerate(spreads.items())
            if pictures.varies(spread)
        ],
        "unscored": [f"{name} ({scores[name].unscored})" for name in without if name in scores and name not in spreads],
        "constant": ", ".join(name for name, spread in spreads.items() if not pictures.varies(spread)),
        "contamination": [
            f"{found.items:,} items of {found.set} were found in {found.texts:,} texts" for found in count.contamination
        ],
        "lengths": list(_lengths(run, tag, scope, names, recipe.src)),
        "switched": list(_switched(run, tag, scope, names, recipe)),
        "mix": figures.mix(count),
        "groups": figures.groups(run, tag),
    }


def _unscored(spread: pictures.Spread, score: Score | None) -> Iterator[str]:
    """Which texts have no value of a score, if there are some."""
    if score and score.unscored and any(text_scores.not_scored for text_scores in spread.values()):
        yield f"not scored: {score.unscored}"


def _label(name: str, spread: pictures.Spread) -> str:
    return f"How the score {name} is spread. {'; '.join(pictures.captions(spread))}"


def _lengths(run: Run, tag: str, scope: reading.Scope, names: Mapping[str, str], src: str) -> Iterator[Chart]:
    characters = reading.characters(run, tag, scope.parts)
    for side, language in (("src", src), ("tgt", tag)):
        values = {
            text: characters[f"{text}_{side}"] for text in ("question", "answer") if f"{text}_{side}" in characters
        }
        lengths = {
            text: np.maximum(series.to_numpy(), 1).astype(float) for text, series in values.items() if len(series)
        }
        if lengths:
            captions = [f"{text}s: {charts.in_words(length)}" for text, length in lengths.items()]
            label = f"Lengths of texts in {names[language]}. {'; '.join(captions)}"
            yield Chart(names[language], "", charts.lengths(f"{tag}-{side}-lengths", label, lengths), captions)


def _switched(run: Run, tag: str, scope: reading.Scope, names: Mapping[str, str], recipe: Recipe) -> Iterator[Chart]:
    texts = reading.switched(run, tag, scope.parts).filter(pl.col("shortfall").ne_missing("not drawn"))
    if texts.is_empty():
        return
    shortfalls = figures.shortfalls(texts["shortfall"])
    asked, reached = recipe.code_switching.ratio, texts["ratio"].to_numpy().astype(float)
    captions = [
        f"asked for {asked:.0%}, reached {reached.mean():.0%} on average",
        *(f"{rows:,} of {len(reached):,} texts: {reason}" for reason, rows in shortfalls[:4]),
    ]
    label = f"The share of switched words. {'; '.join(captions)}"
    yield Chart(
        f"{names[recipe.src]} and {names[tag]}", "", charts.switched(f"{tag}-switched", label, reached, asked), captions
    )


def _ingredient(part: Ingredient) -> dict[str, str | None]:
    name = f"{part.name} ({part.engine})" if part.engine else part.name
    return {"role": part.role, "name": name, "revision": part.revision, "licence": ", ".join(licences.of(part))}


def _breakable(name: str) -> Markup:
    """A name that may go on in the next line after an underscore or a slash."""
    return Markup(re.sub("([_/])", r"\1<wbr>", str(escape(name))))


def _difference(here: int, there: int) -> str:
    """What the other would change."""
    return f"{there - here:+,}".replace("-", "−") if here != there else "–"
