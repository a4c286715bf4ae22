"""Recipes, changes of them and languages that nobody would write: each is read, or refused in one sentence."""

from functools import cache
from pathlib import Path

from faults import _mutations
from faults._tries import Draw, Row, one_sentence
from sdrrl_data.pipeline import continuing
from sdrrl_data.recipe import loading, overrides
from tests.support.small_models import CHANGES

VALUES = (
    "seed=1", "generator.temperature=0.5", "generator.model=org/name", "scorers=[length, repetition]",
    "scorers.comet=null", "scorers.0={kind: comet}", "thresholds.length={min: 0.5, max: 80%}",
    "thresholds.languages.pt.length.max=3", "tgt=[pt, vi]", "targets.vi.translator=nllb",
    "targets={vi: {translator: {kind: self}}}", "seeds.source=x.jsonl",
    "seeds=[{source: a.csv, fields: {question: q}}]", "transfer_set.test_share=0.1",
    "transfer_set.shares={src->src: 1}", "code_switching.ratio=0.3", "code_switching.aligner={kind: hmm}",
    "generator.server={url: 'http://127.0.0.1:1/v1', retries: 2}", "generator.few_shot=[{question: a, answer: b}]",
    "prompts.en.answer_in=[In {language}!]", "translator=[firefox, nllb]", "parallel=null",
    "parallel.source=pairs.tsv", "part_rows=8", "limit=10", "scorers.judge={kind: judge, generator: {model: m}}",
)  # fmt: skip


@cache
def recipes() -> tuple[str, ...]:
    packaged = tuple(loading.text(name) for name in (*loading.names(), *loading.parts()))
    whole = loading.load("quickstart", CHANGES).model_dump(mode="json", by_alias=True)
    return (*packaged, overrides.written(whole))


def recipe(draw: Draw, root: Path) -> int:
    path = root / "fuzzed.yaml"
    path.write_bytes(_mutations.text(draw, recipes()).encode("utf-8", "surrogateescape"))
    with one_sentence():
        if draw.random() < 0.5:
            loading.load(path)
        elif draw.random() < 0.5:
            loading.load("quickstart", overlays=[path])
        else:
            continuing.read(root / "none", path)
    return 1


def change(draw: Draw, root: Path) -> int:
    words = [_mutations.text(draw, VALUES) for _ in range(draw.choice((1, 1, 2, 3)))]
    with one_sentence():
        loading.load("quickstart", dict(map(overrides.parse_change, words)))
    return 1


ROWS = {"recipes": Row(recipe, 2_500, 20), "changes of recipes": Row(change, 4_000, 20)}
