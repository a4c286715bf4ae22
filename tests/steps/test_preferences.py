import polars as pl
import pytest

from sdrrl_data.steps import distillation, preferences
from sdrrl_data.steps.code_switching import SCHEMA
from sdrrl_data.steps.schemas import MESSAGES
from sdrrl_data.steps.verdicts import TEXTS

KEPT = dict.fromkeys(TEXTS, 1.0)
BOTH = (preferences.OTHER_LANGUAGE, preferences.CODE_SWITCHED)


def asked(text):
    earlier = [("system", "Be kind."), ("user", "?"), ("assistant", "!")]
    return [{"role": role, "content": content} for role, content in [*earlier, ("user", text)]]


def span(text):
    return {"text": text, "start": 0, "end": 1, "original": "x", "replacement": "y", "confidence": 0.5}


def tables(switched=(), answers=("Me.", "Eu."), **weights):
    """The tables of one seed: its verdicts, and by matrix what was switched in which texts."""
    rows = [
        {
            "id": "a",
            "matrix": matrix,
            "question": asked("switched question"),
            "answer": f"switched {matrix}",
            "switched": [span(text) for text in texts],
            "ratio": 0.3,
        }
        for matrix, texts in switched
    ]
    return {
        "seeds": pl.DataFrame([{"id": "a", "messages": asked("Who?"), "source": "s:1"}]).cast({"messages": MESSAGES}),
        "answers": pl.DataFrame([{"id": "a", "answer": answers[0]}]),
        "translations": pl.DataFrame([{"id": "a", "question": asked("Quem?"), "answer": answers[1]}]),
        "verdicts": pl.DataFrame([{"id": "a", **KEPT, **weights}]),
        "code_switched": pl.DataFrame(rows, schema=SCHEMA),
        "direct_answers": pl.DataFrame([{"id": "a", "answer": "Ninguém."}]),
    }


def pairs(kinds=BOTH, **seed):
    return preferences.make(tables(**seed), kinds, "en", "pt")


def texts(rows):
    """What is asked, chosen and rejected in each row."""
    last = [pl.col(name).list.last().struct.field("content").alias(name) for name in ("prompt", "chosen", "rejected")]
    return rows.select(last).rows()


def test_the_answer_in_the_language_of_the_question_is_chosen_both_ways_round():
    rows = pairs()
    assert texts(rows) == [("Who?", "Me.", "Eu."), ("Quem?", "Eu.", "Me.")]
    assert rows["direction"].to_list() == ["en->en", "pt->pt"]
    assert rows["id"].to_list() == ["a/en->en/rejected-pt", "a/pt->pt/rejected-en"]
    assert set(rows["seed_id"]) == {"a"}
    assert set(rows["source"]) == {"s:1"}


def test_system_prompt_and_earlier_turns_are_in_the_prompt():
    assert pairs()["prompt"].to_list() == [asked("Who?"), asked("Quem?")]


def test_a_switched_answer_is_rejected_with_its_spans():
    rows = pairs(switched=[("src", ["prompt", "completion"]), ("tgt", ["completion"])]).filter(
        rejected_kind="code_switched"
    )
    assert texts(rows) == [("Who?", "Me.", "switched src"), ("Quem?", "Eu.", "switched tgt")]
    assert rows["switched"].to_list() == [[span("rejected")], [span("rejected")]]


def test_an_answer_in_which_nothing_is_switched_is_no_rejected_one():
    rows = pairs(switched=[("src", ["prompt"]), ("tgt", [])])
    assert set(rows["rejected_kind"]) == {"other_language"}


@pytest.mark.parametrize("kind", [kind for kind in preferences.KINDS if kind != preferences.SAMPLES])
def test_only_the_kinds_that_are_asked_for(kind):
    switched = [("src", ["completion"]), ("tgt", ["completion"])]
    assert set(pairs([kind], switched=switched)["rejected_kind"]) == {kind}


@pytest.mark.parametrize(
    ("weights", "directions"),
    [
        ({"question_src": 0.0, "question_tgt": 0.0}, []),
        ({"question_tgt": 0.0}, ["en->en"]),
        ({"answer_tgt": 0.0}, []),
        ({"answer_src": 0.0, "answer_tgt": 0.0}, []),
    ],
)
def test_a_pair_needs_all_of_its_texts(weights, directions):
    assert pairs(**weights)["direction"].to_list() == directions


def test_a_pair_has_the_weights_of_its_texts():
    rows = pairs(question_tgt=0.5, answer_src=0.5, answer_tgt=0.25)
    assert dict(rows.select("direction", "weight").iter_rows()) == {"en->en": 0.25, "pt->pt": 0.125}


@pytest.mark.parametrize(("answers", "differ"), [(("42", "42"), False), (("42\n", " 42"), False), (("4", "42"), True)])
def test_answers_that_are_the_same_text_teach_no_preference(answers, differ):
    assert pairs(answers=answers).select(preferences.differ()).to_series().to_list() == [differ, differ]


def test_the_teacher_sees_question_and_answer_in_the_source_language():
    rows = distillation.make(tables(question_tgt=0.5), "pt")
    assert rows["prompt"].to_list() == [asked("Quem?")]
    assert rows["privileged_context"].to_list() == [
        [{"role": "user", "content": "Who?"}, {"role": "assistant", "content": "Me."}]
    ]
    assert rows.select("direction", "weight").rows() == [("pt->pt", 0.5)]


@pytest.mark.parametrize("text", ["question_tgt", "answer_src"])
def test_nothing_is_distilled_from_texts_that_were_dropped(text):
    assert distillation.make(tables(**{text: 0.0}), "pt").is_empty()
    assert distillation.make(tables(answer_tgt=0.0), "pt").height == 1  # it is not needed
