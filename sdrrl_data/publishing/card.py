"""The dataset card of a run."""

import re
from collections.abc import Collection, Iterator, Mapping, Sequence
from importlib.resources import files
from typing import Any

import polars as pl
import yaml
from jinja2 import Environment, StrictUndefined

from sdrrl_data import languages, recipe_files
from sdrrl_data.publishing import portable
from sdrrl_data.run import Manifest, Run

LONGEST = 600  # characters of a turn that an example shows
# The Hub's sizes: for numbers of up to three digits, of four, of five, and so on.
SIZES = ("n<1K", "1K<n<10K", "10K<n<100K", "100K<n<1M", "1M<n<10M", "10M<n<100M", "100M<n<1B", "1B<n<10B")


def write(manifest: Manifest, run: Run) -> str:
    """The card as Markdown with a YAML head, to be the README.md of the run's folder and of a dataset on the Hub.

    The same run gives the same card: it holds no time, and of a path no more than the last name.

    Args:
        manifest: of the run, with its counts.
        run: has the transfer sets, which give the examples.
    """
    src = languages.find(manifest.recipe["src"])
    targets = [languages.find(tag) for tag in manifest.counts.targets]
    title = f"SDRRL transfer set: {src.name} to {_listed([target.name for target in targets])}"
    recipe, local = portable.recipe(manifest.recipe, manifest.ingredients)
    environment = Environment(
        undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True, keep_trailing_newline=True
    )
    environment.filters.update(line=line, fence=fence, listed=_listed, number="{:,}".format, yaml=_yaml)
    template = (files("sdrrl_data.datacards") / "dataset.md.jinja").read_text(encoding="utf-8")
    return environment.from_string(template).render(
        head=_head(manifest, title, src.tag),
        title=title,
        manifest=manifest,
        src=src,
        targets=targets,
        examples={
            target.tag: list(_examples(run.read_dataset(f"{target.tag}/transfer_set"), src.tag, target.tag))
            for target in targets
        },
        longest=LONGEST,
        recipe=recipe,
        local=local,
        shipped=recipe["name"] in recipe_files.names()
        and recipe == portable.recipe(_as_shipped(recipe), manifest.ingredients)[0],
    )


def line(text: str) -> str:
    """A text as one line of Markdown that shows it as it is, in a cell of a table too."""
    return re.sub(r"([\\`*_\[\]<>|&~$])", r"\\\1", " ".join(text.split()))


def fence(text: str, language: str = "text") -> str:
    """A text as a block of code that nothing in it can end."""
    longest = max(map(len, re.findall("`+", text)), default=0)
    ticks = "`" * max(3, longest + 1)
    return f"{ticks}{language}\n{text}\n{ticks}"


def _head(manifest: Manifest, title: str, src: str) -> dict[str, Any]:
    """What the Hub reads."""
    targets = manifest.counts.targets
    tags = [src, *targets]
    rows = sum(sum(target.rows.values()) for target in targets.values())
    kinds = {kind.kind for target in targets.values() for kind in target.mix if kind.taken}
    head = {
        "pretty_name": title,
        # The Hub wants no script here, and takes the whole tag below.
        "language": list(dict.fromkeys(tag.split("-")[0] for tag in tags)),
        "language_bcp47": tags if any("-" in tag for tag in tags) else [],
        **_licence({part.licence for part in manifest.ingredients if part.licence}),
        "annotations_creators": ["machine-generated"],
        "source_datasets": [part.name for part in manifest.ingredients if part.role == "seeds" and "/" in part.name],
        "size_categories": [SIZES[max(len(str(rows)) - 3, 0)]],
        "task_categories": ["text-generation", *(["translation"] if "translate" in kinds else [])],
        "tags": ["sdrrl", "distillation", "synthetic"] + (["code-switching"] if "code_switched" in kinds else []),
        "configs": [
            {"config_name": tag, "data_files": found}
            for tag, target in targets.items()
            if (found := _data_files(tag, target.rows))
        ],
    }
    return {key: value for key, value in head.items() if value}


def _data_files(tag: str, rows: Mapping[str, int]) -> list[dict[str, str]]:
    # `datasets` loads nothing at all where one of the splits is empty.
    splits = [split for split in rows if rows[split]]
    return [{"split": split, "path": f"{tag}/transfer_set/{split}-*.parquet"} for split in splits]


def _licence(known: Collection[str]) -> dict[str, str]:
    if len(known) == 1:
        return {"license": next(iter(known))}
    return {
        "license": "other",
        "license_name": "licences-of-the-ingredients",
        "license_details": "Each ingredient has its own licence: see the table under Ingredients in this card.",
    }


def _as_shipped(recipe: Mapping[str, Any]) -> dict[str, Any]:
    """The recipe of this name that sdrrl-data brings, for the same languages and as many seeds."""
    changes = {key: recipe[key] for key in ("src", "tgt", "limit")}
    return recipe_files.load(recipe["name"], changes).model_dump(mode="json", by_alias=True)


def _examples(rows: pl.DataFrame, src: str, tgt: str) -> Iterator[tuple[str, str]]:
    """A row of each direction and one with a code-switched question, as far as there are any: id and text."""
    # First the seeds with the most rows: the same question in every direction shows best what the directions are.
    answers = rows.filter(task="answer").sort(pl.len().over("seed_id"), "id", descending=[True, False])
    wanted = [
        answers.filter(direction=f"{asked}->{answered}", code_switched=False)
        for asked in (src, tgt)
        for answered in (src, tgt)
    ]
    for found in (*wanted, answers.filter("code_switched")):
        for row in found.head(1).iter_rows(named=True):
            yield row["id"], _shown(row)


def _shown(row: Mapping[str, Any]) -> str:
    shown = [f"{turn['role']}: {_cut(turn['content'])}" for turn in (*row["prompt"], *row["completion"])]
    if row["switched"]:
        words = [f"{word['original']} → {word['replacement']}" for word in row["switched"]]
        shown.append(f"switched: {_cut(', '.join(words))}")
    return "\n\n".join(shown)


def _cut(text: str) -> str:
    more = len(text) - LONGEST
    return f"{text[:LONGEST]} [… {more:,} more characters]" if more > 0 else text


def _listed(names: Sequence[str]) -> str:
    *others, last = names
    return f"{', '.join(others)} and {last}" if others else last


def _yaml(content: object) -> str:
    return str(yaml.safe_dump(content, sort_keys=False, allow_unicode=True, width=100)).rstrip()
