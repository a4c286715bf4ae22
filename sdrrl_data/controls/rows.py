"""The rows of the controls, some at a time: those of a file of the transfer set, or of one part of the seeds.

All rows of a control may not fit into memory. So each control is gone through twice: to count the tokens of its rows,
and to write those that are taken.
"""

from collections.abc import Collection, Iterator, Mapping, Sequence
from functools import cached_property
from itertools import chain

import polars as pl

from sdrrl_data.recipe import MixConfig
from sdrrl_data.run import Run
from sdrrl_data.steps import answer_rows, scores, transfer_set
from sdrrl_data.steps.prompts import PromptChooser
from sdrrl_data.steps.transfer_set import ADDED, OF_PAIRS

AT_ONCE = 5_000  # rows of the transfer set
FROM_SEED = pl.col("task").is_in(OF_PAIRS).not_()
KEYS = ("id", "seed_id", "task", "direction", "code_switched", "split", "signature")
TRANSLATION = ("id", "question", "answer", "question_translator", "answer_translator")

Tables = Mapping[str, pl.DataFrame]


class Rows:
    """The rows of each control of a target, as in its transfer set, in any order.

    `sdrrl` is the transfer set with only the rows of the shared seeds. Rows of a parallel corpus belong to no seed:
    they are reduced by the same share, so that the mix stays the same. Ablations are `sdrrl` without one ingredient;
    `no-crossing` keeps the rows of a corpus, although they ask in one language for a translation into the other.

    `sft`: questions and references in the source language. `t-sft`: both translated. `no-self-answers`: the rows of
    `sdrrl` with references as answers; of its code-switched rows, only those whose question is switched. The questions
    were judged: a question that the verdicts dropped is not used, and a row has the weight of its question. The
    references were not judged: their translations passed the translator's checks, but have no scores.

    `respond`: translated questions with the model's own answers in the target language, which were not judged either.

    `pivot`: `sdrrl`, and for each row within the target language one of that kind. `contrast`: `sdrrl` with the pairs
    of a contrast in the place of the questions in the target language that are answered in the source language.

    Args:
        run: has the tables.
        tag: of the target.
        src: tag of the source language.
        shared: ids of the seeds from which every control is made.
        scorers: the tables of scores.
        choose_prompt: chooses the sentences in which rows ask.
        generators: describes each model that answered, by its name in the answers; the first is the generator.
        translators: name in the tables -> description of the translator.
        mix: of the transfer set.
    """

    def __init__(
        self,
        run: Run,
        tag: str,
        src: str,
        shared: Collection[str],
        scorers: Sequence[str],
        choose_prompt: PromptChooser,
        generators: Mapping[str, str],
        translators: Mapping[str, str],
        mix: MixConfig,
    ) -> None:
        self._run = run
        self._src, self._tgt = src, tag
        self._shared = pl.Series(shared, dtype=pl.String)
        self._scorers = scorers
        self._choose_prompt = choose_prompt
        self._generators = generators
        self._translators = translators
        self._switched = mix.code_switched > 0
        self._added = [kind for kind in ADDED if getattr(mix, kind)]
        self._transfer_set = run.dataset(f"{tag}/transfer_set")

    @property
    def answer_label(self) -> str:
        """The line before the answer in the target language in rows of the kind `pivot`; "" where there are none."""
        return self._choose_prompt("answer_label", self._tgt, "") if self._choose_prompt.has("answer_label") else ""

    def of(self, name: str) -> Iterator[pl.DataFrame]:
        """All rows of a control; always the same blocks."""
        crossed = f"{self._tgt}->{self._src}"
        question, answer = (pl.col("direction").str.split("->").list.get(side) for side in (0, 1))
        match name:
            case "sdrrl":
                return self._of_transfer_set(pl.lit(True))
            case "no-code-switch":
                return self._of_transfer_set(~pl.col("code_switched"))
            case "no-crossing":
                return self._of_transfer_set(~FROM_SEED | (question == answer))
            case "no-parallel":
                return self._of_transfer_set(FROM_SEED)
            case "no-complete":
                return self._of_transfer_set(pl.col("task") != "complete")
            case "no-tgt-src":
                return self._of_transfer_set(~FROM_SEED | (pl.col("direction") != crossed))
            case _ if name in self._added:
                return self._of_transfer_set(pl.lit(True))
            case "pivot":
                return self._with_added("pivot", self._seeds_with(f"{self._tgt}->{self._tgt}"), pl.lit(True))
            case "contrast":
                others = ~FROM_SEED | (pl.col("direction") != crossed) | pl.col("code_switched")
                return self._with_added("contrast", self._seeds_with(crossed), others)
            case "respond":
                return self._of_direct_answers()
            case _:
                return self._of_references(name)

    def order(self, rows: pl.DataFrame, seed: int) -> pl.Series:
        """The number by which each row is taken: as in the transfer set; the same for both rows of a contrast."""
        partner = pl.col("seed_id") + f"/{self._tgt}->{self._src}"
        ids = rows.select(id=pl.when(task="contrast").then(partner).otherwise("id"))
        return transfer_set.order_of(ids, seed)

    @cached_property
    def _rows(self) -> pl.DataFrame:
        """What is needed to know of the rows of `sdrrl` that are made from seeds."""
        blocks = self._transfer_set.read_each(KEYS)
        return pl.concat(rows.filter(FROM_SEED, pl.col("seed_id").is_in(self._shared.implode())) for rows in blocks)

    @cached_property
    def _splits(self) -> pl.DataFrame:
        """The side of each seed."""
        return self._rows.select("seed_id", "split").unique("seed_id", maintain_order=True)

    @cached_property
    def _most_of_pairs(self) -> dict[tuple[str, str], int]:
        """How many rows of a parallel corpus `sdrrl` has, by task and split."""
        groups = pl.concat(
            rows.group_by("task", "split").len() for rows in self._transfer_set.read_each(["task", "split"])
        )
        counts = groups.group_by("task", "split").agg(pl.col("len").sum())
        share = self._rows.height / max(counts.filter(FROM_SEED)["len"].sum(), 1)
        return {(task, split): round(rows * share) for task, split, rows in counts.filter(~FROM_SEED).iter_rows()}

    @cached_property
    def _scores(self) -> list[str]:
        """The scores that a row has, in their order."""
        struct = next(self._transfer_set.read_each(["scores"])).schema["scores"]
        return [field.name for field in struct.fields]  # type: ignore[attr-defined]

    def _seeds_with(self, direction: str) -> pl.Series:
        """The seeds that have a plain row in this direction."""
        return self._rows.filter(~pl.col("code_switched"), task="answer", direction=direction)["seed_id"]

    def _of_transfer_set(self, condition: pl.Expr) -> Iterator[pl.DataFrame]:
        before = dict.fromkeys(self._most_of_pairs, 0)
        files = self._transfer_set.read_each()
        for rows in chain.from_iterable(of_file.iter_slices(AT_ONCE) for of_file in files):
            taken = pl.Series(rows.select(FROM_SEED & pl.col("seed_id").is_in(self._shared.implode())).to_series())
            for (task, split), most in self._most_of_pairs.items():
                in_group = rows.select((pl.col("task") == task) & (pl.col("split") == split)).to_series()
                taken |= in_group & (in_group.cum_sum() + before[task, split] <= most)
                before[task, split] += int(in_group.sum())
            yield rows.filter(taken).filter(condition)

    def _with_added(self, kind: str, seeds: pl.Series, others: pl.Expr) -> Iterator[pl.DataFrame]:
        """The rows of `sdrrl` for which `others` holds, and those of a kind that is added for these seeds."""
        yield from self._of_transfer_set(others)
        kinds = [kind, *([answer_rows.CONTRASTED] if kind == "contrast" else [])]
        for tables in self._parts(["answers"]):
            keys = answer_rows.keys(tables["verdicts"], None, self._src, self._tgt, [kind])
            keys = keys.filter(pl.col("kind").is_in(kinds), pl.col("seed_id").is_in(seeds.implode()))
            yield self._finished(tables, keys, [kind])

    def _of_references(self, name: str) -> Iterator[pl.DataFrame]:
        """The rows of a control in which references replace the model's answers."""
        if name == "no-self-answers":
            yield from self._of_transfer_set(~FROM_SEED)
        more = ["references"] if name != "sft" else []
        more += ["code_switched"] if self._switched and name == "no-self-answers" else []
        for tables in self._parts(more):
            replaced = with_references(tables)
            added = self._added if name == "no-self-answers" else []
            keys = answer_rows.keys(replaced["verdicts"], replaced.get("code_switched"), self._src, self._tgt, added)
            if name == "no-self-answers":
                keys = keys.join(self._rows.select("id"), on="id", how="semi", maintain_order="left")
            else:
                keys = keys.filter(kind="src->src" if name == "sft" else "tgt->tgt")
            yield self._finished(replaced, keys, added)

    def _of_direct_answers(self) -> Iterator[pl.DataFrame]:
        for tables in self._parts(["direct_answers"]):
            direct = tables["direct_answers"].select("id", "answer")
            # As if they were translations of answers, but by nobody.
            answered = _answered(tables, direct.with_columns(answer_translator=pl.lit(None, dtype=pl.String)))
            replaced = answered | {"answers": direct.with_columns(author=pl.lit("model"))}
            keys = answer_rows.keys(replaced["verdicts"], None, self._src, self._tgt).filter(kind="tgt->tgt")
            yield self._finished(replaced, keys, [])

    def _finished(self, tables: Tables, keys: pl.DataFrame, added: Sequence[str]) -> pl.DataFrame:
        made = answer_rows.make(tables, keys, self._choose_prompt, self._src, self._tgt, added)
        rows = made.join(self._splits, on="seed_id", maintain_order="left")
        return transfer_set.finish(rows, tables, self._generators, self._translators, self._rows["signature"][0])

    def _parts(self, more: Sequence[str]) -> Iterator[dict[str, pl.DataFrame]]:
        """The tables of the shared seeds: seeds, translations, verdicts, scores, and more; a part at a time."""
        columns = {"translations": TRANSLATION, "references": ("id", "answer", "answer_translator")}
        names = ["seeds", "translations", "verdicts", *more]
        places = [name if name in ("seeds", "answers") else f"{self._tgt}/{name}" for name in names]
        numbers = range(self._run.table("seeds").parts())
        read = [
            self._run.table(place).read_each(numbers, columns.get(name))
            for name, place in zip(names, places, strict=True)
        ]
        scored = [self._run.table(table).read_each(numbers) for table in self._scorers]
        for parts in zip(*read, *scored, strict=True):
            tables = dict(zip(names, parts, strict=False))
            tables["scores"] = _with_columns(scores.joined(parts[len(names) :]), self._scores)
            seeds = tables["seeds"].filter(pl.col("id").is_in(self._splits["seed_id"].implode()))
            yield {
                name: table.join(seeds.select("id"), on="id", how="semi", maintain_order="left")
                for name, table in tables.items()
            }


def with_references(tables: Tables) -> dict[str, pl.DataFrame]:
    """The tables of some seeds with their references in the place of the model's answers.

    Args:
        tables: seeds, translations, verdicts and scores; if they exist, references (without them there are answers in
            the source language alone) and code_switched.
    """
    nothing = pl.lit(None, dtype=pl.String)
    if "references" in tables:
        replaced = _answered(tables, tables["references"].select("id", "answer", "answer_translator"))
    else:  # nothing of a row is translated
        translations = tables["translations"].with_columns(question_translator=nothing)
        nobody = translations.select("id", answer=nothing, answer_translator=nothing)
        replaced = _answered({**tables, "translations": translations}, nobody)
    replaced["answers"] = tables["seeds"].select("id", answer="reference", author=pl.lit("reference"))
    if "code_switched" in tables:
        replaced["code_switched"] = _questions_switched(tables["code_switched"], replaced)
    return replaced


def _answered(tables: Tables, answers: pl.DataFrame) -> dict[str, pl.DataFrame]:
    """The tables of some seeds with other answers in the target language, which were not judged."""
    translations = tables["translations"].drop("answer", "answer_translator")
    return {
        **tables,
        "translations": translations.join(answers, on="id", how="left", maintain_order="left"),
        "verdicts": tables["verdicts"].with_columns(answer_src=1.0, answer_tgt=1.0),
        # The scores of answers belong to other answers.
        "scores": tables["scores"].with_columns(pl.when(pl.lit(False)).then(pl.col("^answer_.*$"))),
    }


def _questions_switched(switched: pl.DataFrame, tables: Tables) -> pl.DataFrame:
    """The code-switched texts with references as answers. In these answers, nothing is switched."""
    answers = (
        tables["answers"].select("id", src="answer").join(tables["translations"].select("id", tgt="answer"), on="id")
    )
    of_question = pl.element().filter(pl.element().struct.field("text") == "prompt")
    return (
        switched.drop("answer")
        .join(answers, on="id", maintain_order="left")
        .with_columns(
            answer=pl.when(matrix="src").then("src").otherwise("tgt"),
            switched=pl.col("switched").list.eval(of_question),
        )
    )


def _with_columns(table: pl.DataFrame, names: Sequence[str]) -> pl.DataFrame:
    """The ids and these columns of a table; null where it has none."""
    return table.select("id", *(pl.col(name) if name in table.columns else pl.lit(None).alias(name) for name in names))
