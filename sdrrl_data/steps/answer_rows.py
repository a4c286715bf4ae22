"""Rows of the transfer set made from seeds and their answers: the crossings, code-switched rows, and what is added.

Rows of the kind `pivot` are those of PLUG: one completion with the question in the source language, its answer there,
and the answer in the target language, each after a line that says what it is (Zhang et al. 2024,
https://aclanthology.org/2024.acl-long.379; their labels are in `src/model/extract_response_from_bilingual_output.py` of
https://github.com/ytyz1307zzh/PLUG). There the system prompt asks for it, here a sentence behind the question.

With rows of the kind `contrast`, each question in the target language that is answered in the source language is there
once more, and answered in the target language. The request comes before the question, so that the two prompts differ
in the name of a language alone, and the model has to read the request.
"""

from collections.abc import Collection, Mapping

import polars as pl

from sdrrl_data.steps.prompts import SAME, PromptChooser
from sdrrl_data.steps.transfer_set import CANDIDATES, CROSSINGS

REASONING = r"(?s)\A<think>\n.*?\n</think>\n\n"
CONTRASTED = "tgt->src"  # the crossing whose questions rows of the kind `contrast` repeat
KEYS = ("id", "seed_id", "kind", "task", "direction", "weight")  # columns of `CANDIDATES` that hold no text


def keys(
    verdicts: pl.DataFrame,
    switched: pl.DataFrame | None,
    src: str,
    tgt: str,
    added: Collection[str] = (),
    native: bool = False,
) -> pl.DataFrame:
    """Every row that the verdicts allow, with the product of its texts' weights, without its texts (`KEYS`).

    A text with words of both languages must be kept in both. It has the weight of its translation, which includes the
    weight of the source.

    Args:
        verdicts: of any seeds.
        switched: of the same seeds, if the mix needs them: `id`, `matrix` and `switched` of the code-switched rows.
        src: tag of the source language.
        tgt: tag of the target language.
        added: the further kinds (`transfer_set.ADDED`) that the mix needs.
        native: whether the answers are native texts: then there are no rows with a completion that is translated, or
            in which words are switched.
    """
    tags = {"src": src, "tgt": tgt}
    rows = []
    all_texts = pl.col("question_tgt") * pl.col("answer_tgt")
    for kind in CROSSINGS:
        question_side, answer_side = kind.split("->")
        if native and answer_side == "src":
            continue
        direction = f"{tags[question_side]}->{tags[answer_side]}"
        weight = pl.col(f"question_{question_side}") * pl.col(f"answer_{answer_side}")
        if kind == CONTRASTED and "contrast" in added:
            weight = all_texts  # the two rows of a contrast are drawn alike
        rows.append(verdicts.select(*_keys(kind, f"/{direction}", direction, weight)))
    for kind in added:
        direction = f"{tgt}->{tgt}"
        rows.append(verdicts.select(*_keys(kind, f"/{direction}/{kind}", direction, all_texts, kind)))
    if switched is not None:
        texts = pl.col("switched").list.eval(pl.element().struct.field("text"))
        judged = switched.filter(pl.col("switched").list.len() > 0).join(verdicts, on="id", maintain_order="left")
        if native:
            judged = judged.filter(~texts.list.contains(pl.lit("completion")))
        for matrix, tag in [("tgt", tgt)] if native else tags.items():
            question, answer = (
                pl.when(texts.list.contains(pl.lit(name))).then(f"{text}_tgt").otherwise(f"{text}_{matrix}")
                for text, name in (("question", "prompt"), ("answer", "completion"))
            )
            direction = f"{tag}->{tag}"
            key = _keys("code_switched", f"/{direction}/switched", direction, question * answer)
            rows.append(judged.filter(matrix=matrix).select(*key))
    return pl.concat(rows).filter(pl.col("weight") > 0)


def make(
    tables: Mapping[str, pl.DataFrame],
    keys: pl.DataFrame,
    choose_prompt: PromptChooser,
    src: str,
    tgt: str,
    added: Collection[str] = (),
) -> pl.DataFrame:
    """The rows with these keys, and with their texts, kind by kind.

    Args:
        tables: the rows of these seeds in seeds, answers, translations and, if the mix needs it, code_switched.
        keys: as the function `keys` returns them, or some of them.
        choose_prompt: chooses the sentence in which a crossed row says which language to answer in.
        src: tag of the source language.
        tgt: tag of the target language.
        added: as for `keys`.
    """
    texts_of_seeds = texts(tables)
    tags = {"src": src, "tgt": tgt}
    contrasted = "contrast" in added
    rows = [
        _crossing(keys.filter(kind=kind), texts_of_seeds, kind, choose_prompt, tags, contrasted) for kind in CROSSINGS
    ]
    if "pivot" in added:
        rows.append(_pivot(keys.filter(kind="pivot"), texts_of_seeds, choose_prompt, tags))
    if contrasted:
        rows.append(_contrast(keys.filter(kind="contrast"), texts_of_seeds, choose_prompt, tags))
    if "code_switched" in tables:
        switched = tables["code_switched"].with_columns(
            direction=pl.format("{}->{}", *[pl.col("matrix").replace_strict(tags)] * 2)
        )
        rows.append(_code_switched(keys.filter(kind="code_switched"), texts_of_seeds, switched))
    return pl.concat(rows)


def texts(tables: Mapping[str, pl.DataFrame]) -> pl.DataFrame:
    """The four texts of each translated seed (`question_src`, …, as in `verdicts.TEXTS`), with `id` and `source`."""
    seeds, answers, translations = (tables[name].lazy() for name in ("seeds", "answers", "translations"))
    translated = translations.select("id", question_tgt="question", answer_tgt="answer")
    return (
        seeds.select("id", "source", question_src="messages")
        .join(answers.select("id", answer_src="answer"), on="id", maintain_order="left")
        .join(translated, on="id", maintain_order="left")
        .collect()
    )


def _keys(kind: str, suffix: str, direction: str, weight: pl.Expr, task: str = "answer") -> list[pl.Expr]:
    return [
        (pl.col("id") + suffix).alias("id"),
        pl.col("id").alias("seed_id"),
        pl.lit(kind).alias("kind"),
        pl.lit(task).alias("task"),
        pl.lit(direction).alias("direction"),
        weight.alias("weight"),
    ]


def _crossing(
    keys: pl.DataFrame,
    texts: pl.DataFrame,
    kind: str,
    choose_prompt: PromptChooser,
    tags: Mapping[str, str],
    contrasted: bool,
) -> pl.DataFrame:
    question_side, answer_side = kind.split("->")
    rows = keys.join(texts, left_on="seed_id", right_on="id", maintain_order="left")
    question = pl.col(f"question_{question_side}")
    if question_side != answer_side:
        # Without this sentence the answer's language would be a surprise, which teaches language confusion.
        rows = _asking(rows, "answer_in", kind, choose_prompt, tags[question_side])
        question = _with_request(question, first=contrasted and kind == CONTRASTED)
    return _candidates(rows, question, pl.col(f"answer_{answer_side}"))


def _contrast(
    keys: pl.DataFrame, texts: pl.DataFrame, choose_prompt: PromptChooser, tags: Mapping[str, str]
) -> pl.DataFrame:
    """As the crossing `CONTRASTED`, but asked to answer in the target language; and so is the answer."""
    rows = keys.join(texts, left_on="seed_id", right_on="id", maintain_order="left")
    rows = _asking(rows, SAME, CONTRASTED, choose_prompt, tags["tgt"])
    question = _with_request(pl.col("question_tgt"), first=True)
    return _candidates(rows, question, pl.col("answer_tgt"))


def _pivot(
    keys: pl.DataFrame, texts: pl.DataFrame, choose_prompt: PromptChooser, tags: Mapping[str, str]
) -> pl.DataFrame:
    """A question in the target language; the same in the source language, its answer there, and its answer.

    A reasoning section stands at the beginning of an answer or nowhere, so these rows have none.
    """
    rows = keys.join(texts, left_on="seed_id", right_on="id", maintain_order="left")
    rows = _asking(rows, "pivot", "pivot", choose_prompt, tags["tgt"])
    question = pl.col("question_src").list.last().struct.field("content")
    answer_src, answer_tgt = (pl.col(f"answer_{side}").str.replace(REASONING, "") for side in tags)
    labelled = [
        (choose_prompt("question_label", tags["src"], ""), question),
        (choose_prompt("answer_label", tags["src"], ""), answer_src),
        (choose_prompt("answer_label", tags["tgt"], ""), answer_tgt),
    ]
    completion = pl.concat_str([pl.lit(f"{label}\n") + text for label, text in labelled], separator="\n\n")
    return _candidates(rows, _with_request(pl.col("question_tgt")), completion)


def _asking(rows: pl.DataFrame, sentence: str, row: str, choose_prompt: PromptChooser, tag: str) -> pl.DataFrame:
    """The rows with a `request`: a kind of sentence, in the language of this tag, chosen by the seed and `row`."""
    sentences = [choose_prompt(sentence, tag, id + row) for id in rows["seed_id"]]
    return rows.with_columns(request=pl.Series(sentences, dtype=pl.String))


def _code_switched(keys: pl.DataFrame, texts: pl.DataFrame, switched: pl.DataFrame) -> pl.DataFrame:
    """Questions and answers in one language with words or sentences of the other in them."""
    spans = switched.lazy().select("direction", "question", "answer", spans="switched", seed_id="id")
    return (
        keys.lazy()
        .join(spans, on=["seed_id", "direction"], maintain_order="left")
        .join(texts.lazy().select("source", seed_id="id"), on="seed_id", maintain_order="left")
        .with_columns(_row(pl.col("question"), pl.col("answer")))
        .with_columns(code_switched=True, switched="spans")
        .select(*CANDIDATES)
        .cast(pl.Schema(CANDIDATES))
        .collect()
    )


def _candidates(rows: pl.DataFrame, question: pl.Expr, answer: pl.Expr) -> pl.DataFrame:
    return rows.lazy().select(*_row(question, answer)).cast(pl.Schema(CANDIDATES)).collect()


def _row(question: pl.Expr, answer: pl.Expr) -> list[pl.Expr]:
    """The columns of `CANDIDATES`."""
    return [
        *map(pl.col, KEYS[:-1]),
        question.alias("prompt"),
        answered(answer).alias("completion"),
        pl.lit(False).alias("code_switched"),
        pl.lit([], dtype=CANDIDATES["switched"]).alias("switched"),
        pl.col("weight"),
        pl.col("source"),
    ]


def answered(answer: pl.Expr) -> pl.Expr:
    """An answer as a list of one message."""
    return pl.concat_list(pl.struct(role=pl.lit("assistant"), content=answer))


def _with_request(messages: pl.Expr, first: bool = False) -> pl.Expr:
    """Messages with the sentence from the column `request` at the end of the last message, or at its beginning."""
    last = messages.list.last()
    both = [last.struct.field("content"), pl.col("request")]
    content = pl.concat_str(both[::-1] if first else both, separator="\n\n")
    turn = pl.struct(role=last.struct.field("role"), content=content)
    earlier = messages.list.head(messages.list.len() - 1)
    return pl.concat_list(earlier, turn)
