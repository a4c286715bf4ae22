import pytest

from sdrrl_data.languages import find
from sdrrl_data.scoring.finish import finished

END = "It is done."


def judged(source, target, tag="pt"):
    return finished(source, target, find("en"), find(tag))


@pytest.mark.parametrize(
    ("tag", "target"),
    [
        ("pt", "Está feito."),
        ("pt", "Está feito!\n"),
        ("pt", "Está **feito.**"),
        ("pt", "«Está feito?»"),
        ("pt", "(Está feito…)"),
        ("fi", "Se on tehty.\u200e"),
        ("ja", "できました。"),
        ("ja", "「できました」"),
        ("hi", "यह हो गया।"),
        ("ar", "هل تم ذلك؟"),
        ("hy", "Կատարված է։"),
        ("km", "វា​រួច​រាល់​ហើយ។"),
        ("my", "ပြီးပါပြီ။"),
        ("am", "ተጠናቋል።"),
    ],
)
def test_the_end_of_a_sentence_in_any_script(tag, target):
    assert judged(END, target, tag) == 1


@pytest.mark.parametrize("target", ["", "Está", "Está feito,", "Está feito:", "3.5"])
def test_a_target_that_breaks_off(target):
    assert judged(END, target) == 0


@pytest.mark.parametrize("source", ["", "As follows:", "a list of words", "```\nx = f(1.)\nprint(x)\ny\n```"])
def test_a_source_without_an_end_says_nothing(source):
    assert judged(source, "Está") is None


@pytest.mark.parametrize("tag", ["th", "lo"])
def test_languages_without_marks_are_not_judged(tag):
    assert judged(END, "เสร็จแล้ว", tag) is None


@pytest.mark.parametrize("tag", ["fi", "id", "ja", "ko", "pl", "pt", "sl", "uk", "vi"])
def test_true_translations_are_finished_and_halves_are_not(tag, flores):
    rows = flores("en", tag)
    wholes = [value for row in rows if (value := judged(*row, tag)) is not None]
    halves = [value for en, target in rows if (value := judged(en, target[: len(target) // 2], tag)) is not None]
    assert len(wholes) > 980
    assert sum(wholes) >= 0.99 * len(wholes)
    assert sum(halves) < 0.03 * len(halves)
