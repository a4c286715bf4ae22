import pytest
from hypothesis import given
from hypothesis import strategies as st

from sdrrl_data.text.capitals import words_in_small_letters
from sdrrl_data.text.labels import (
    Label,
    better_label,
    in_small_letters,
    kept_words,
    list_of_label,
    listed,
    may_be_label,
    names_in_sentences,
    with_capitals,
    without_made_up_end,
)
from sdrrl_data.text.segments import segments
from tests.text.documents import ANY_TEXT


def lists_of(text):
    return [(text[a:b], list_of_label(text, segment)) for segment in segments(text, "en") for a, b, _ in [segment]]


def test_the_labels_of_a_list_have_the_same_marks_before_them():
    text = "1. **Soak:** Add water to it.\n2. **Drain:** Pour it off.\n\n| Mint | Dill |\n\n## Serve"
    assert lists_of(text) == [
        ("Soak:", "0. **"),
        ("Add water to it.", None),
        ("Drain:", "0. **"),
        ("Pour it off.", None),
        ("Mint", " "),
        ("Dill", " "),
        ("Serve", "## "),
    ]


@pytest.mark.parametrize(
    "text", ["Soak it.", 'See "Soak"', "of golden light,", "one two three four five six seven 8 9 ten eleven"]
)
def test_a_sentence_a_title_and_a_verse_are_no_labels(text):
    assert not may_be_label(text, segments(text, "en")[0])


def test_names_are_what_sentences_write_with_a_capital():
    text = "# Places Near Hood\n\nThe streets of Cape Cod are full. They say Walt's work took Years. Places are rare."
    assert names_in_sentences(text, segments(text, "en")) == {"Cape", "Cod", "Walt", "Years"}


def test_a_label_knows_how_many_others_of_its_list_keep_a_word():
    labels = [("- ", "Soak", "Soak"), ("- ", "Rinse", "Lavar"), ("- ", "Cool", "Esfriar"), ("# ", "Beans", "Feijão")]
    assert listed(labels) == [(2, 2), (2, 1), (2, 1), (0, 0)]


@pytest.mark.parametrize(
    ("label", "small"),
    [
        ("Soak & Drain:", "soak and drain:"),
        ("R&D in May", "R&D in May"),
        ("HDD (Hard Disk Drive)", "HDD (hard disk drive)"),
        ("What I Like", "what I like"),
        ("iPhone Cases", "iPhone cases"),
        ("Tor Browser", "Tor browser"),
    ],
)
def test_names_acronyms_and_months_keep_their_capitals(label, small):
    assert in_small_letters(Label(label, label, None, names=frozenset(["Tor"]))) == small


@pytest.mark.parametrize(
    ("label", "first", "again", "others", "expected"),
    [
        ("Brisk Walking:", "Brisk Walking:", "caminhada rápida:", (16, 11), "Caminhada rápida:"),
        ("(Bridge)", "(Bridge)", "(ponte)", (16, 11), "(Ponte)"),
        ("Gold Diggers", "Gold Diggers", "escavadoras de ouro", (18, 4), None),  # a list of names
        ("Bill Gates", "Bill Gates", "portões da conta", (0, 0), None),  # nothing shows what it is
        ("Side Seams:", "Seams laterais:", "costuras laterais:", (0, 0), "Costuras laterais:"),  # partly translated
        ("Side Seams:", "Seams laterais:", "costuras laterais:", None, None),  # within a sentence
        ("Duke Ellington", "Duke Ellington", "duque ellington", (3, 3), None),  # half of a name
        ("Starter (or Murudho)", "Starter (ou Murudho)", "entrada (ou murudho)", (3, 3), "Entrada (ou Murudho)"),
        ("Garnish:", "Garnish:", "guarnish:", (3, 3), None),  # another spelling
        ("Whisk", "Whisk", "(o", (3, 3), None),
        ("Soft Mains", "Principais Soft", "mains macios", (3, 3), None),  # another word stays
        ("Mickey's Reign:", "Mickey's Reign:", "o reinado de mickey:", (3, 3), "O reinado de Mickey:"),
        ("Cook it with Ox", "Cozinhe com Ox", "cozinhe com boi", (3, 3), None),  # too short
        ("Use Cat Repellent", "Use repelente", "usar repelente", (3, 3), None),  # a word of both languages
        ("Near Hood Falls", "Perto de Hood Falls", "perto de quedas do capuz", (3, 3), None),  # a name in the text
    ],
)
def test_a_label_in_small_letters_is_taken_where_its_words_are_no_names(label, first, again, others, expected):
    names = frozenset(["Hood"])
    assert better_label(Label(label, first, others, names=names), again, "pt") == expected


@pytest.mark.parametrize(
    ("label", "first", "again", "text", "expected"),
    [
        ("Soak:", "Soak:", "embeber:", "Let it soak.", "Embeber:"),
        ("Scratches", "Scratches", "arranhões", "It is scratched.", "Arranhões"),
        ("Soak:", "Soak:", "embeber:", "Tea.", None),
        ("Rosa Parks Museum", "Museu Rosa Parks", "museu rosa parques", "There are parks.", None),  # half of a name
        ("Soak:", "Mergulhe:", "embeber:", "Let it soak.", None),  # it is translated
    ],
)
def test_a_word_that_the_text_writes_in_small_letters_is_no_name(label, first, again, text, expected):
    assert better_label(Label(label, first, None, words_in_small_letters(text)), again, "pt") == expected


@pytest.mark.parametrize(
    ("label", "first", "again", "expected"),
    [
        ("Final Touches", "Toques Finais", "toques finais", "Toques finais"),
        ("CNTK (Microsoft Toolkit)", "CNTK (Microsoft Toolkit)", "CNTK (kit microsoft)", "CNTK (kit Microsoft)"),
        ("Robert De Niro:", "Robert De Niro:", "robert de niro:", "Robert De Niro:"),
        ("note: So it is", "nota: Assim", "nota: assim", "nota: assim"),
    ],
)
def test_a_translation_in_small_letters_gets_the_capitals_of_names(label, first, again, expected):
    assert with_capitals(Label(label, first, None), again, "pt") == expected


@pytest.mark.parametrize(
    ("label", "translation", "expected"),
    [
        ("Pros:", "Prós: A localização do", "Prós:"),  # the first three as Firefox's model translates them
        ("Cons:", "Contras: Nada a", "Contras:"),
        ("Rubric:", "Rubric: Rio de Cozinha", "Rubric:"),
        ("Pros: ", "優點：地點好", "優點："),
        ("Pros:", "Prós:", "Prós:"),
        ("Pros", "Prós: A localização do", "Prós: A localização do"),  # as long as the label has no colon
        ("Pros and cons:", "Nota: prós e contras", "Nota: prós e contras"),
        ("Step 1: Soak:", "Passo 1: Molhar:", "Passo 1: Molhar:"),
        ("It opens at 10:30, he said:", "Ele disse: abre às 10:30", "Ele disse: abre às 10:30"),
    ],
)
def test_what_follows_the_colon_of_a_label_is_made_up(label, translation, expected):
    assert without_made_up_end(label, translation) == expected


@given(ANY_TEXT, ANY_TEXT)
def test_a_translation_is_cut_only_at_a_colon(label, translation):
    kept = without_made_up_end(label, translation)
    assert kept == translation or (translation.startswith(kept) and kept.endswith((":", "：")))


@given(ANY_TEXT, ANY_TEXT, ANY_TEXT)
def test_any_texts_are_compared(label, first, again):
    in_small_letters(Label(label, first, None))
    better = better_label(Label(label, first, (2, 2)), again, "pt")
    assert better is None or len(kept_words(label, better)) < len(kept_words(label, first))


@given(ANY_TEXT | st.just("- Soak\n- **Rinse:** Wash.\n"))
def test_any_text_may_have_labels(text):
    found = segments(text, "en")
    for segment in found:
        if may_be_label(text, segment):
            list_of_label(text, segment)
    assert all(name in text for name in names_in_sentences(text, found))
