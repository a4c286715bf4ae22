from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sdrrl_data.text.emphasis import (
    CLOSING,
    OPENING,
    Emphasis,
    place_by_alignment,
    place_of_all,
    place_of_initial,
    place_of_name,
    place_of_words,
    reads_back,
    with_marks,
    with_stand_ins,
    without_emphasis,
    without_stand_ins,
)
from sdrrl_data.text.placeholders import marked, restored
from sdrrl_data.text.segments import segments
from tests.text.documents import ANY_TEXT, documents


def bare(text):
    (segment,) = segments(text, "en")
    return without_emphasis(text, segment)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("Do **not** stop, *ever*.", "Do not stop, ever."),
        ("See ***this***, __that__ and ~~those~~.", "See this, that and those."),
        ("A **very *long* text** here.", "A very long text here."),
        ("Run **the `a*b*c` code** or [the **link**](a.md) now.", "Run the `a*b*c` code or [the link](a.md) now."),
        ("**S**top here.", "Stop here."),
        ("5 * 3 and snake_case_name are *kept*.", "5 * 3 and snake_case_name are kept."),
        ("To **[Your Name]** now.", "To [Your Name] now."),
        ("これは**重要**です。", "これは重要です。"),
    ],
)
def test_marks_are_taken_out_and_put_back(text, expected):
    sentence = bare(text)
    assert sentence.text == expected
    assert with_marks(sentence.text, sentence.emphases) == text


@pytest.mark.parametrize(
    ("text", "translation", "expected"),
    [
        ("**Is it true**?", "É verdade?", "É verdade"),
        ("**Is it true**?", "本当ですか？", "本当ですか"),
        ("**Is it true**?", "É verdade", "É verdade"),
        ("(*Moby Dick*)", "(Moby Dick)", "Moby Dick"),
        ("**Is it** true?", "É verdade?", None),
    ],
)
def test_emphasis_of_all_words(text, translation, expected):
    sentence = one_sentence(text)
    place = place_of_all(sentence, sentence.emphases[0].place, translation)
    assert expected == (place and translation[slice(*place)])


def one_sentence(text):
    """A sentence with its outer marks, or its label, which would be cut off."""
    segment = segments(f"Or {text} so", "en")[0]
    return without_emphasis(f"Or {text} so", segment._replace(start=3, end=3 + len(text)))


@pytest.mark.parametrize(
    ("text", "translation", "expected"),
    [
        ("**S**top here.", "Pare aqui.", "P"),
        ("“**ST**op” here.", "“Pare” aqui.", "Pa"),
        ("**S**top here.", "A parada aqui.", None),
        ("**Stop** here.", "Pare aqui.", None),
        ("You **s**top here.", "Você para aqui.", None),
    ],
)
def test_emphasis_of_the_first_letters(text, translation, expected):
    sentence = bare(text)
    place = place_of_initial(sentence, sentence.emphases[0].place, translation)
    assert expected == (place and translation[slice(*place)])


@pytest.mark.parametrize(
    ("text", "translation", "expected"),
    [
        ("It was **Caetano Veloso** here.", "Foi Caetano Veloso aqui.", "Caetano Veloso"),
        ("About *70-80* came.", "Cerca de 70-80 vieram.", "70-80"),
        ('See **"Moby Dick"** now.', 'Veja "Moby Dick" agora.', '"Moby Dick"'),
        ("It was **Caetano** here.", "Foi Caetano e Caetano aqui.", None),
        ("There is **No** doubt.", "No caso, não há dúvida.", None),  # another word in Portuguese
        ("He is **in** here.", "Ele está in aqui.", None),
    ],
)
def test_names_and_numbers_are_found(text, translation, expected):
    sentence = bare(text)
    place = place_of_name(sentence, sentence.emphases[0].place, translation)
    assert expected == (place and translation[slice(*place)])


@pytest.mark.parametrize(
    ("text", "words", "translation", "expected"),
    [
        ("Do **not** stop.", "Não", "Por favor, não pare.", (11, 14)),
        ("Do **not** stop.", "não", "Não pare, não vá.", None),  # which of them?
        ("Do **not** stop.", "não", "Pare já.", None),
        ("Do not stop and do *not* go.", "não", "Não pare e não vá.", (11, 14)),
        ("This is **very big**!", "muito grande", "Isto é muito grandes!", None),
        ("**Wait:** he said, **go!** now", "espere:", "Espere: ele disse, vá! agora", (0, 7)),
        ("これは**重要**です。", "关键", "这很关键。", (2, 4)),
        ("Long ago **(5 BC)**, it was.", "5 a.C", "Há muito (5 a.C.), foi.", (9, 17)),
        ("Long ago, **in 5 BC**.", "em 5 a.C.", "Há muito, em 5 a.C.", (10, 19)),
        ("Use **Node.js**.", "Node.js", "Use o Node.js.", (6, 13)),
    ],
)
def test_translated_words_are_found_where_they_are_as_often(text, words, translation, expected):
    sentence = one_sentence(text)
    assert place_of_words(sentence, sentence.emphases[0].place, words, translation) == expected


@pytest.mark.parametrize(
    ("text", "other", "translation", "expected"),
    [
        ("It is **essential** for us.", "É [essential] para nós.", "É essencial para nós.", "essencial"),
        ("Work **itself** does not.", "Trabalho [eu] não faz.", "O trabalho em si não faz.", "em si"),
        ("We use **the framework** now.", "Usamos [o quadro] agora.", "Usamos o quadro agora.", "o quadro"),
        ("He said **go away** twice.", "Disse [vá embora] duas vezes.", "Vá disse embora duas vezes.", None),
        ("A **big** cat.", "Um [gato] grande.", "Nada disso aqui.", None),
        ("Not **a** word of all this.", "Nem [uma] palavra.", "Nem isto e aquilo e outra coisa palavra.", None),
    ],
)
def test_words_are_found_by_another_translation(text, other, translation, expected):
    sentence = bare(text)
    words, (place,) = without_stand_ins(other.replace("[", OPENING).replace("]", CLOSING))
    target = place_by_alignment(sentence, sentence.emphases[0].place, (words, place), translation, "pt")
    assert expected == (target and translation[slice(*target)])


@pytest.mark.parametrize(
    ("text", "place", "expected"),
    [
        ("Não pare.", (0, 3), True),
        ("Não `pare já` agora.", (8, 9), False),  # within code
        ("Não * pare.", (0, 5), False),
        ("Nãopare.", (0, 3), True),
    ],
)
def test_marks_are_read_as_marks(text, place, expected):
    assert reads_back(text, [Emphasis(place, "*", "*")]) == expected


@given(st.one_of(ANY_TEXT, documents().map(lambda document: document[0])))
def test_any_sentence_comes_back_with_its_marks(text):
    for segment in segments(text, "en"):
        sentence = without_emphasis(text, segment)
        assert with_marks(sentence.text, sentence.emphases) == text[segment.start : segment.end]
        places = [emphasis.place for emphasis in sentence.emphases]
        assert all(0 <= start <= end <= len(sentence.text) for start, end in places)
        assert all(a.end <= b.start for a, b in pairwise(sentence.segment.spans))
        if OPENING not in text and CLOSING not in text:
            with_places, marked_segment = with_stand_ins(sentence, places)
            assert without_stand_ins(with_places) == (sentence.text, places)
            sent = marked(with_places, marked_segment)
            assert restored(sent, with_places, marked_segment) in (with_places, None)
