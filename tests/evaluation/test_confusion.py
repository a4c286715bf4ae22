"""Language confusion by line and by word: the verdicts of the Language Confusion Benchmark."""

import math

import numpy as np
import pytest

from sdrrl_data.evaluation.confusion import Passed, has_latin_word, in_other_script, judge
from sdrrl_data.evaluation.kinds import KINDS
from sdrrl_data.evaluation.measures import Measure, by_answers
from sdrrl_data.languages import find

EN, PT, RU, TH, JA, KO = map(find, ("en", "pt", "ru", "th", "ja", "ko"))
SOUTH = "The birds fly to the south when winter comes, because it is warmer there."
SUL = "Os pássaros voam para o sul quando chega o inverno, porque lá faz mais calor."
YUG = "Осенью птицы улетают на юг, потому что там гораздо теплее и больше корма."
TAI = "นกบินไปทางใต้เมื่อฤดูหนาวมาถึง เพราะที่นั่นอบอุ่นกว่าและมีอาหารมากกว่า"
MINAMI = "冬が来ると鳥は南へ飛んで行きます。そこは暖かくて食べ物も多いからです。"
NAM = "겨울이 오면 새들은 남쪽으로 날아갑니다. 그곳이 더 따뜻하고 먹이도 많기 때문입니다."


@pytest.mark.parametrize(
    ("answer", "lines"),
    [
        (SUL, True),
        (f"{SUL}\n\n{SUL}", True),
        (f"{SUL}\n{SOUTH}", False),  # of the whole answer, most is in the right language
        (f"{SUL} {SUL} {SUL}\n\n- {SOUTH}\n- {SUL}", False),
        (SOUTH, False),
        (f"Why?\n{SUL}", True),  # a line of a word or two says nothing
        (
            f"{SUL}\n\n```python\nfor bird in birds: fly_to_the_south(bird, when='winter', because='it is warm')\n```",
            True,
        ),
        ("Sim.", None),
        ("", None),
        ("42", None),
    ],
)
def test_an_answer_passes_if_each_of_its_lines_does(answer, lines):
    assert judge([answer], PT) == [Passed(lines, None)]


@pytest.mark.parametrize(
    ("language", "text", "words"),
    [
        (RU, YUG, True),
        (RU, YUG.replace("теплее", "warmer"), False),
        (RU, YUG.replace("теплее", "Warmer"), True),  # a name has a capital
        (RU, YUG.replace("теплее", "NASA"), True),
        (RU, YUG.replace("теплее", "the"), True),  # short
        (RU, YUG.replace("теплее", "chaud été"), False),  # of no list of English words
        (RU, f"{YUG} См. https://example.org/birds/winter.html", True),
        (TH, TAI, True),
        (TH, TAI.replace("อบอุ่น", "warmer"), False),
        (JA, MINAMI, True),
        (JA, MINAMI.replace("鳥", "birds"), False),
        (KO, NAM, True),
        (KO, NAM.replace("새들은", "birds는"), False),  # with an ending
        (KO, NAM.replace("새들은", "iPhone은"), True),
        (KO, NAM.replace("새들은", "birds 는"), False),
        (RU, f"{YUG}\n{SOUTH}", None),  # it does not pass by line
        (PT, SUL, None),
        (RU, "Да.", None),
    ],
)
def test_an_answer_passes_if_none_of_its_words_is_in_the_latin_script(language, text, words):
    assert judge([text], language)[0].words is words


def test_the_figures_are_shares_of_the_answers_that_count():
    answers = [YUG, YUG.replace("теплее", "warmer"), f"{YUG}\n{SOUTH}", "Да.", ""]
    asked = [[{"role": "user", "content": "Почему?"}]] * len(answers)
    by_line, by_word = (
        by_answers(Measure(KINDS[name], "tgt", RU, EN, asked), answers, lambda _: None)["statistics"]
        for name in ("lines", "words")
    )
    assert by_line.to_list() == [[1, 1], [1, 1], [0, 1], [0, 0], [0, 0]]
    assert by_word.to_list() == [[1, 1], [0, 1], [0, 0], [0, 0], [0, 0]]
    assert KINDS["lines"].figure([2, 3]) == pytest.approx(200 / 3)
    both = by_answers(Measure(KINDS["confusion"], "tgt", RU, EN, asked), answers, lambda _: None)["statistics"]
    assert both.to_list() == [[1, 1, 1, 1], [0, 1, 1, 1], [0, 0, 0, 1], [0, 0, 0, 0], [0, 0, 0, 0]]
    lines, words = 200 / 3, 50
    assert KINDS["confusion"].figure(np.array([1, 2, 2, 3])) == pytest.approx(2 * lines * words / (lines + words))
    assert KINDS["confusion"].figure(np.array([0, 2, 0, 3])) == 0
    assert math.isnan(KINDS["confusion"].figure(np.array([0, 0, 0, 3])))


def test_scripts():
    tags = ("en", "vi", "tr", "ru", "sr", "hi", "ar", "zh", "el")
    assert [tag for tag in tags if in_other_script(find(tag))] == ["ru", "sr", "hi", "ar", "zh", "el"]
    assert has_latin_word("слово ærlig слово")
    assert not has_latin_word("слово")
