from contextlib import closing

import polars as pl
import pytest

from sdrrl_data import generation, recipe
from sdrrl_data.evaluation.choices import Choice, Choices
from sdrrl_data.evaluation.kinds import KINDS
from sdrrl_data.evaluation.measures import Measure, by_answers, by_comet, by_generation, measures
from sdrrl_data.evaluation.results import figures
from sdrrl_data.evaluation.texts import Pair, Question
from sdrrl_data.languages import Language, find
from sdrrl_data.protocols import Completion, SetAside
from sdrrl_data.scoring.comet import CometConfig, CometScorer
from tests.support.comet import write_checkpoint, write_python

EN, PT = find("en"), find("pt")
ASKED = [{"role": "user", "content": "Why?"}]


class Saying:
    """Gives the answers that it was made with."""

    def __init__(self, *answers, cut=()):
        self.answers, self.cut, self.requests = answers, cut, []

    def generate(self, requests):
        self.requests = list(requests)
        for request, answer in reversed(list(zip(self.requests, self.answers, strict=True))):
            refused = answer is None
            end = "length" if answer in self.cut else "stop"
            yield request.key, SetAside("too long") if refused else Completion(answer, end, None, None)


def test_language_of_answers():
    answers = {
        "Os pássaros voam para o sul quando chega o inverno, porque lá faz mais calor.": [1, 1],
        "The birds fly to the south when winter comes, because it is warmer there.": [0, 1],
        "Porque os dias são curtos no inverno:\n\n```python\nprint('The birds fly south in winter')\n```": [1, 1],
        "42": [0, 0],  # too short to tell
        "": [0, 1],
        None: [0, 1],
    }
    measure = Measure(KINDS["fidelity"], "tgt", PT, EN, [ASKED] * len(answers))
    done = []
    rows = by_generation(measure, Saying(*answers), 64, done.append)
    assert rows["statistics"].to_list() == list(answers.values())
    assert rows["text"].to_list() == [answer or "" for answer in answers]
    assert sum(done) == len(answers)
    assert KINDS["fidelity"].figure([2, 5]) == 40


def test_cut_answers_are_told_from_finished_ones():
    answers = ["Sim, porque", "Não.", "", None]
    measure = Measure(KINDS["fidelity"], "tgt", PT, EN, [ASKED] * 4)
    rows = by_generation(measure, Saying(*answers, cut=("Sim, porque", "")), 64, lambda _: None)
    assert rows["cut"].to_list() == [True, False, True, False]
    assert rows["text"].to_list() == ["Sim, porque", "Não.", "", ""]


def test_answers_that_loop():
    answers = [
        "O que é isto? " * 20,
        "Os pássaros voam para o sul quando chega o inverno, porque lá faz mais calor.",
        "Não.",
        "",
    ]
    rows = by_answers(Measure(KINDS["looping"], "tgt", PT, EN, [ASKED] * 4), answers, lambda _: None)
    assert rows["statistics"].to_list() == [[1, 1], [0, 1], [0, 1], [0, 1]]
    assert KINDS["looping"].figure([1, 4]) == 25


def test_an_empty_translation_has_no_score_of_comet(tmp_path):
    sources = ["Good night.", "Where do the birds go in winter, and why do they go there?", "Hello."]
    measure = Measure(KINDS["comet"], "tgt", PT, EN, [(source, "Olá.") for source in sources])
    config = CometConfig(
        model=str(write_checkpoint(tmp_path / "model")), python=str(write_python(tmp_path / "python")), batch_size=2
    )
    with closing(CometScorer(config)) as scorer:
        rows = by_comet(measure, scorer, ["Boa noite.", "Para onde?", ""], lambda _: None)["statistics"].to_list()
    assert rows == [[pytest.approx(1.56), 1], [pytest.approx(-0.32), 1], [0, 0]]
    (figure,) = figures(measure, {"base": pl.DataFrame({"statistics": rows})}, seed=1)
    assert (figure.value, figure.items) == (pytest.approx(0.62), 2)


def test_translations_are_asked_for_and_unwrapped():
    measure = Measure(KINDS["chrf"], "tgt", PT, EN, [("Good night.", "Boa noite."), ("Hello.", "Olá.")])
    saying = Saying('Portuguese: "Boa noite."', None)
    rows = by_generation(measure, saying, 64, lambda _: None)
    assert rows["text"].to_list() == ["Boa noite.", ""]
    first, second = rows["statistics"].to_list()
    assert first[0] == first[1] == first[2] == 9  # letters, without spaces
    assert second[0] == second[2] == 0
    (message,) = saying.requests[0].messages
    assert message["content"].startswith("Translate from English into Portuguese.")
    assert message["content"].endswith("\n\nGood night.")
    assert {request.sampling.temperature for request in saying.requests} == {0}


def test_what_can_be_measured_on_what():
    pair = Pair("Good night.", "Boa noite.")
    asked = {"en": [Question(ASKED, "Because.", None)], "pt": [Question(ASKED, None, "Porque sim.")]}
    choices = {"pt": Choices(PT, [Choice("A", "B", ("a", "b", "c", "d"), 0)])}
    found = {own.name: list(own.items) for own in measures(EN, PT, [pair], asked, choices, comet=True, judge=True)}
    assert found == {
        **{"neutral-pt": ["Boa noite."], "neutral-en": ["Good night."]},
        **{"references-en": [(ASKED, "Because.")], "own-pt": [(ASKED, "Porque sim.")]},
        **{"fidelity-pt": [ASKED], "fidelity-en": [ASKED]},
        **{"lines-pt": [ASKED], "lines-en": [ASKED]},
        **{"looping-pt": [ASKED], "looping-en": [ASKED]},
        **{"chrf-pt": [("Good night.", "Boa noite.")], "chrf-en": [("Boa noite.", "Good night.")]},
        **{"comet-pt": [("Good night.", "Boa noite.")], "comet-en": [("Boa noite.", "Good night.")]},
        **{"judge-pt": [ASKED], "judge-en": [ASKED]},
        **{"choice-letter-pt": choices["pt"].questions, "choice-text-pt": choices["pt"].questions},
    }
    less = {own.name for own in measures(EN, PT, [pair], asked, {}, comet=False, judge=False)}
    assert less == {name for name in found if not name.startswith(("comet", "judge", "choice"))}


def test_words_are_measured_where_the_script_tells_them_apart():
    asked = {tag: [Question(ASKED, None, None)] for tag in ("en", "th")}
    selected = measures(EN, find("th"), [], asked, {}, comet=False, judge=False)
    in_script = {"words", "confusion"}
    assert {measure.name for measure in selected if measure.kind.name in in_script} == {"words-th", "confusion-th"}


def test_choices_in_another_script_say_so():
    hindi = find("hi")
    in_latin = Language("hi-Latn", "hin_Latn", None, "Hindi in the Latin script")
    questions = [Choice("A", "B", ("a", "b", "c", "d"), 0)]
    selected = measures(EN, hindi, [], {}, {"hi": Choices(in_latin, questions)}, comet=False, judge=False)
    assert [(measure.name, measure.title) for measure in selected] == [
        ("choice-letter-hi-Latn", "% right, by letter, hi-Latn"),
        ("choice-text-hi-Latn", "% right, by text, hi-Latn"),
    ]


def test_a_prompt_that_does_not_fit_is_an_empty_text(base):
    settings = recipe.GeneratorConfig(model=str(base), engine="transformers", max_tokens=8, max_model_len=256)
    measure = Measure(KINDS["chrf"], "tgt", PT, EN, [("why " * 400, "por quê")])
    with closing(generation.build(settings)) as generator:
        assert by_generation(measure, generator, 8, lambda _: None)["text"].to_list() == [""]
