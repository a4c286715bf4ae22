import pytest
from hypothesis import given
from hypothesis import strategies as st

from sdrrl_data.languages import find
from sdrrl_data.scoring.returned import copied_words, lost_in_a_row, lost_negations, replaced_names

EN, PT, TH = find("en"), find("pt"), find("th")


@pytest.mark.parametrize(
    ("source", "back", "lost"),
    [
        ("The old bridge crosses the river.", "The old bridge crosses the river.", 0),
        ("The old bridge crosses the river.", "The ancient bridge crosses a river.", 1),
        ("It is heated with stones from a fire, or by the earth.", "It is heated with stones.", 2),
        ("They organised three bags.", "They are organising the three bag.", 0),  # other forms of the same words
        ("They walked home and cooked dinner.", "They talked at home and cooked lunch.", 1),  # not next to each other
        ("It is what it is.", "", 0),  # no content words
        ("", "An invented sentence.", 0),
    ],
)
def test_counts_the_longest_run_of_lost_content_words(source, back, lost):
    assert lost_in_a_row(source, back, EN) == lost


@pytest.mark.parametrize(
    ("source", "back", "lost"),
    [
        ("Tom doesn’t like onions.", "Tom likes onions.", 1),
        ("Tom doesn't like onions.", "Tom does not like onions.", 0),
        ("Nobody came, and nothing was said.", "Nobody came, and all was said.", 1),
        ("Tom likes onions.", "Tom does not like onions.", 0),
        ("He was born in No. 11, Main Street.", "He was born at 11 Main Street.", 0),
    ],
)
def test_counts_negations_that_do_not_return(source, back, lost):
    assert lost_negations(source, back, EN) == lost


def test_a_language_without_a_list_of_negations_is_not_judged():
    assert lost_negations("ඔහු නොපැමිණියේය", "", find("si")) is None


@pytest.mark.parametrize(
    ("source", "target", "back", "copied"),
    [
        # What Firefox's model really wrote.
        (
            "Why is kobe beef so expensive?",
            "Por que a carne de garbe é tão cara?",
            "Why is garbe meat so dear?",
            ["garbe"],
        ),
        ("What is kobe beef?", "O que é a carne de Kobe?", "What is Kobe beef?", []),
        ("Who made smart phones?", "Quem fez smartphones?", "Who made smartphones?", []),  # two words in the source
        ("It was in 1920.", "Foi em 1921.", "It was in 1921.", []),
    ],
)
def test_finds_words_that_are_only_in_the_translations(source, target, back, copied):
    assert copied_words(source, target, back, EN, PT) == copied


@pytest.mark.parametrize(
    ("source", "target", "back", "replaced"),
    [
        ("We met Peter in London.", "Encontramos Peter em Londres.", "We met Peter in London.", 0),
        ("We met Peter in London.", "Encontramos Marques em Londres.", "We met Marques in London.", 1),
        ("We met Peter in London.", "Encontrámo-lo em Londres.", "We met him in London.", 0),  # left out, not replaced
        ("We spoke in Chinese.", "Falamos em mandarim.", "We spoke in Mandarin.", 0),
        ("Peter came.", "Marques veio.", "Marques came.", 0),  # the first word of a sentence may be any word
        ("We met Peter 7 times.", "Encontramos 8 vezes.", "We met 8 times.", 0),
    ],
)
def test_counts_names_with_another_word_in_their_place(source, target, back, replaced):
    assert replaced_names(source, target, back, EN, PT) == replaced


@given(st.text(), st.text(), st.text())
def test_anything_can_be_compared(source, target, back):
    assert lost_in_a_row(source, back, EN) >= 0
    assert (lost_negations(source, back, EN) or 0) >= 0
    assert replaced_names(source, target, back, EN, TH) >= 0
    assert lost_in_a_row(source, source, EN) == replaced_names(source, target, source, EN, TH) == 0
