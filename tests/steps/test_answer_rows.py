import polars as pl
import pytest

from sdrrl_data.steps import answer_rows
from sdrrl_data.steps.code_switching import SCHEMA
from sdrrl_data.steps.schemas import MESSAGES
from sdrrl_data.steps.transfer_set import CANDIDATES, CROSSINGS
from sdrrl_data.steps.verdicts import TEXTS

KEPT = dict.fromkeys(TEXTS, 1.0)


def weighed(**own):
    """The weights of the four texts, as in verdicts: a translation's weight includes its source's."""
    texts = KEPT | own
    return {text: texts[text] * (own.get(text.replace("tgt", "src"), 1.0) if "tgt" in text else 1.0) for text in TEXTS}


SENTENCES = {
    "answer_in": "Answer in the other language than {}.",
    "answer_in/same": "Answer in {}.",
    "pivot": "First in the other language than {}.",
    "question_label": "Question, {}:",
    "answer_label": "Answer, {}:",
}


def asking(kind, tag, key):
    return SENTENCES[kind].format(tag)


def user(text):
    return [{"role": "system", "content": "Be kind."}, {"role": "user", "content": text}]


def span(text):
    return {"text": text, "start": 0, "end": 1, "original": "x", "replacement": "y", "confidence": 0.5}


def made(verdicts, *switched, added=(), answer="Me."):
    """The rows of one seed, by the verdicts on its texts, and by matrix what was switched in which texts."""
    tables = {
        "seeds": pl.DataFrame([{"id": "a", "messages": user("Who?"), "source": "s:1"}]).cast({"messages": MESSAGES}),
        "answers": pl.DataFrame([{"id": "a", "answer": answer}]),
        "translations": pl.DataFrame([{"id": "a", "question": user("Quem?"), "answer": "Eu."}]),
        "verdicts": pl.DataFrame([{"id": "a", **verdicts}]),
        "code_switched": pl.DataFrame(
            [
                {
                    "id": "a",
                    "matrix": matrix,
                    "question": user(f"{matrix} question"),
                    "answer": f"{matrix} answer",
                    "switched": [span(text) for text in texts],
                    "ratio": 0.3,
                }
                for matrix, texts in switched
            ],
            schema=SCHEMA,
        ),
    }
    keys = answer_rows.keys(tables["verdicts"], tables["code_switched"], "en", "pt", added)
    rows = answer_rows.make(tables, keys, asking, "en", "pt", added)
    assert rows.select(answer_rows.KEYS).equals(keys.join(rows, on="id", how="semi", maintain_order="left"))
    assert dict(rows.schema) == CANDIDATES
    return rows


def test_the_four_crossings_and_both_code_switched_rows():
    rows = made(KEPT, ("src", ["prompt"]), ("tgt", ["prompt", "completion"]))
    assert rows["kind"].to_list() == [*CROSSINGS, "code_switched", "code_switched"]
    assert rows["weight"].to_list() == [1.0] * 6
    assert rows["direction"].to_list() == ["en->en", "en->pt", "pt->en", "pt->pt", "en->en", "pt->pt"]
    assert rows["id"].to_list()[-2:] == ["a/en->en/switched", "a/pt->pt/switched"]
    assert rows["code_switched"].to_list() == [False] * 4 + [True] * 2
    assert rows.filter("code_switched")["switched"].to_list() == [
        [span("prompt")],
        [span("prompt"), span("completion")],
    ]
    for row, matrix in zip(rows.filter("code_switched").to_dicts(), ("src", "tgt"), strict=True):
        assert row["prompt"] == user(f"{matrix} question")
        assert row["completion"] == [{"role": "assistant", "content": f"{matrix} answer"}]
        assert row["source"] == "s:1"


def test_a_pivot_row_answers_in_the_source_language_first():
    row = made(KEPT, added=["pivot"]).filter(kind="pivot").row(0, named=True)
    assert (row["id"], row["task"], row["direction"]) == ("a/pt->pt/pivot", "pivot", "pt->pt")
    assert row["prompt"] == user("Quem?\n\nFirst in the other language than pt.")
    (turn,) = row["completion"]
    assert turn["content"] == "Question, en:\nWho?\n\nAnswer, en:\nMe.\n\nAnswer, pt:\nEu."


def test_a_pivot_row_has_no_reasoning_in_its_middle():
    answer = "<think>\nHm.\n\nYes.\n</think>\n\nMe. <think>\nstays\n</think>\n\n"
    row = made(KEPT, added=["pivot"], answer=answer).filter(kind="pivot").row(0, named=True)
    assert "Answer, en:\nMe. <think>\nstays\n</think>\n\n\n\nAnswer, pt:" in row["completion"][0]["content"]


def test_the_rows_of_a_contrast_differ_in_the_request_alone():
    rows = made(KEPT, added=["contrast"])
    one, other = (rows.filter(kind=kind).row(0, named=True) for kind in ("tgt->src", "contrast"))
    assert one["prompt"] == user("Answer in the other language than pt.\n\nQuem?")
    assert other["prompt"] == user("Answer in pt.\n\nQuem?")
    assert [row["completion"][0]["content"] for row in (one, other)] == ["Me.", "Eu."]
    assert (other["id"], other["task"], other["direction"]) == ("a/pt->pt/contrast", "contrast", "pt->pt")
    plain = made(KEPT)
    others = ~pl.col("kind").is_in(["tgt->src", "contrast"])
    assert rows.filter(others).equals(plain.filter(others))


@pytest.mark.parametrize("text", TEXTS)
def test_what_is_added_needs_all_texts_and_their_weight(text):
    added = ["pivot", "contrast"]
    kinds = {*added, "tgt->src"}
    assert not kinds & {*made(weighed(**{text: 0.0}), added=added)["kind"]}
    half = made(weighed(**{text: 0.5}), added=added).filter(pl.col("kind").is_in(kinds))
    assert half["weight"].to_list() == [0.5] * 3


def test_where_nothing_was_switched_there_is_no_row():
    assert not made(KEPT, ("src", []), ("tgt", []))["code_switched"].any()


@pytest.mark.parametrize(
    ("dropped", "texts", "matrices"),
    [
        ("question_src", ["prompt"], []),
        ("question_tgt", ["prompt"], []),
        ("answer_src", ["prompt"], []),
        ("answer_tgt", ["prompt"], ["src"]),
        ("question_src", ["completion"], []),
        ("question_tgt", ["completion"], ["src"]),
        ("answer_tgt", ["completion"], []),
        ("answer_tgt", ["prompt", "completion"], []),
        ("question_tgt", ["prompt", "completion"], []),
    ],
)
def test_a_text_must_be_kept_in_each_language_that_stands_in_the_row(dropped, texts, matrices):
    rows = made(weighed(**{dropped: 0.0}), ("src", texts), ("tgt", texts)).filter("code_switched")
    assert rows["direction"].to_list() == [{"src": "en->en", "tgt": "pt->pt"}[matrix] for matrix in matrices]
    assert rows["source"].null_count() == 0


def test_rows_of_dropped_texts_are_not_made():
    assert made(weighed(answer_tgt=0.0))["direction"].to_list() == ["en->en", "pt->en"]
    assert made(weighed(answer_src=0.0)).is_empty()


def test_a_row_weighs_what_its_texts_do():
    verdicts = weighed(question_tgt=0.5, answer_src=0.25)
    assert made(verdicts)["weight"].to_list() == [0.25, 0.25, 0.125, 0.125]
    # Neither a translation nor a text of both languages counts its source twice.
    for texts, weights in (
        (["prompt"], [0.125, 0.125]),
        (["completion"], [0.25, 0.125]),
        (["prompt", "completion"], [0.125, 0.125]),
    ):
        switched = made(verdicts, ("src", texts), ("tgt", texts)).filter("code_switched")
        assert switched["weight"].to_list() == weights


def test_a_seed_without_a_verdict_has_no_rows():
    assert made(KEPT | {"id": "b"}, ("src", ["prompt"]))["kind"].to_list().count("code_switched") == 0
