import pytest

from sdrrl_data.cli import views
from sdrrl_data.recipe import shipped_scores
from sdrrl_data.steps.reasons import Reasons
from sdrrl_data.steps.verdicts import TEXTS

CONTEXT = views.ViewContext("en", "pt", coloured=False)


@pytest.mark.parametrize("table", ["scores-language", "scores-heuristics"])
def test_scores_of_any_table_with_what_explains_them(table):
    row = {
        "id": "a",
        "question_language": 0.98765,
        "question_language_label": "pt",
        "question_src_language": None,
        "answer_language": 0.5,
        "asked_src": [{"role": "user", "content": "Who?"}],
    }
    fields = [(label, str(text)) for label, text in views.of(f"pt/{table}")(row, CONTEXT) if text]
    assert fields == [
        ("question en", "Who?"),
        ("scores", "language 0.988, language_label pt"),
        ("scores", "language 0.5"),
    ]


def failure(weight):
    return {"text": "answer_tgt", "filter": "length", "value": 2.34567, "threshold": "<= 2 (95%)", "weight": weight}


@pytest.mark.parametrize(
    ("weight", "kept_texts", "outcome"),
    [
        (0.0, "question en, question pt, answer en", "dropped"),
        (0.5, "question en, question pt, answer en, answer pt (weight 0.5)", "weight 0.5"),
        (1.0, "question en, question pt, answer en, answer pt", "kept"),
    ],
)
def test_verdicts_say_what_failed_and_what_became_of_it(weight, kept_texts, outcome):
    row = {"id": "a", **dict.fromkeys(TEXTS, 1.0), "answer_tgt": weight, "failures": [failure(weight)]}
    fields = dict(views.of("pt/verdicts")(row, CONTEXT))
    assert fields["kept"] == kept_texts
    assert fields["failed"] == f"answer pt length is 2.346, must be <= 2 (95%) ({outcome})"


def test_where_nothing_is_kept_that_is_said():
    row = {"id": "a", **dict.fromkeys(TEXTS, 0.0), "failures": []}
    assert dict(views.of("pt/verdicts")(row, CONTEXT))["kept"] == "nothing"


def test_a_score_that_is_missing_is_named_with_the_texts_that_have_none():
    scores = {"numbers": None, "protected": 1.0, "symbols": None, "language": 0.9, "language_label": None}
    context = views.ViewContext("en", "pt", False, Reasons(shipped_scores(), {}))
    shown = views._unscored(scores | {"length": None, "length_words": None}, context)
    assert shown.startswith(
        "numbers (sources without numbers); symbols (texts without symbols); length, length_words ("
    )
    assert "label" not in shown


@pytest.mark.parametrize(
    ("filter", "answer", "said"),
    [
        ("answer_unknown_words", "Os araulenhos usam lanças.", "unknown_words is 1 (araulenhos), must be <= 0"),
        ("untranslated_words", "Os soaks usam, e soak.", "untranslated_words is 1 (soak), must be <= 0"),
        ("length", "Os araulenhos usam lanças.", "length is 1, must be <= 0"),
    ],
)
def test_words_that_a_score_counts_are_named(filter, answer, said):
    pytest.importorskip("wordfreq")
    source = "The wheelers use spears, and soak."
    units = [{"source_start": 0, "source_end": len(source), "target_start": 0, "target_end": len(answer)}]
    texts = {"asked_src": [], "asked_tgt": [], "answered_src": source, "answered_tgt": answer}
    failed = {"text": "answer_tgt", "filter": filter, "value": 1.0, "threshold": "<= 0", "weight": 0.0}
    row = {**dict.fromkeys(TEXTS, 1.0), **texts, "asked_units": [], "answered_units": units, "failures": [failed]}
    assert said in dict(views.of("pt/verdicts")(row, CONTEXT))["failed"]
