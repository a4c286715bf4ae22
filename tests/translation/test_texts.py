import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sdrrl_data.languages import find
from sdrrl_data.protocols import SetAside, TextPair
from sdrrl_data.run import Journal
from sdrrl_data.text.layout import outline
from sdrrl_data.text.wraps import joined
from sdrrl_data.translation.texts import translate_texts
from tests.text.documents import ANY_TEXT

EN, PT = find("en"), find("pt")
MARKDOWN = """# Boiling eggs

Put *two* eggs into water. Wait ten minutes!

1. Run `timer 10m` now.
2. See https://example.org/eggs for more.

```python
print("do not touch")  # nor this comment
```

| Size | Minutes |
|------|--------:|
| Small | 8 |
"""


def coded(text):
    """Replaces every lower-case letter by the next one, so that capitals, markers and layout stay."""
    return text.translate({letter: (letter - 97 + 5) % 26 + 97 for letter in range(97, 123)})


class Spell:
    """Translates with a function of one sentence, the last sentence first, and remembers the sentences."""

    def __init__(self, function, again=None, whole_texts=False, max_characters=200):
        self.functions = function, again or function
        self.whole_texts = whole_texts
        self.max_characters = max_characters
        self.given, self.given_again = [], []

    def translate(self, sentences, again=False):
        (self.given_again if again else self.given).extend(sentences)
        for number, sentence in reversed(list(enumerate(sentences))):
            yield number, self.functions[again](sentence)


def translate(texts, function, **how):
    return translate_texts(texts, EN, PT, Spell(function, **how))


def test_layout_and_protected_spans_stay():
    (pair,) = translate([MARKDOWN], coded)
    expected = coded(MARKDOWN)
    for protected in ("timer 10m", "https://example.org/eggs", 'python\nprint("do not touch")  # nor this comment'):
        expected = expected.replace(coded(protected), protected)
    assert pair.target == expected


def test_each_unit_says_where_its_sentence_went():
    (pair,) = translate([MARKDOWN], lambda sentence: f"«{coded(sentence)}»")
    assert ("Small", f"«{coded('Small')}»") in pair.sentences()
    assert ("Run `timer 10m` now.", f"«{coded('Run')} `timer 10m` {coded('now')}.»") in pair.sentences()
    assert all(target[0] + target[-1] == "«»" for _, target in pair.sentences())


def test_where_markers_get_lost_a_sentence_is_cut_apart():
    spell = Spell(lambda sentence: coded("".join(char for char in sentence if not char.isdigit())))
    (pair,) = translate_texts(["Then run `timer 10m` and wait."], EN, PT, spell)
    assert pair.target == f"{coded('Then run')} `timer 10m` {coded('and wait.')}"
    assert spell.given[1:] == ["Then run", "and wait."]


def test_a_sentence_that_stands_twice_is_translated_once():
    spell = Spell(coded)
    done = []
    translate_texts(["Hello there.", "Hello there. Goodbye."], EN, PT, spell, done.append)
    assert spell.given == ["Hello there.", "Goodbye."]
    assert sum(done) == pytest.approx(2)


def test_a_sentence_that_came_out_wrong_is_asked_for_again():
    spell = Spell(lambda s: "" if "bad" in s else coded(s), again=coded)
    (pair,) = translate_texts(["This is bad. This is good."], EN, PT, spell)
    assert pair.target == coded("This is bad. This is good.")
    assert spell.given_again == ["This is bad."]


def test_a_lost_number_is_looked_for_once_more():
    def without_numbers(sentence):
        return coded(sentence).replace("1875 ", "")

    text = "It was built in 1875 by them."
    assert translate([text], without_numbers, again=coded)[0].target == coded(text)
    assert translate([text], without_numbers)[0].target == without_numbers(text)
    assert translate([text], without_numbers, again=lambda _: "")[0].target == without_numbers(text)


def test_a_text_that_loses_a_sentence_is_set_aside_alone():
    lost, translated = translate(["This is bad.", "This is good."], lambda s: "" if "bad" in s else coded(s))
    assert isinstance(lost, SetAside)
    assert lost.reason.endswith(": “This is bad.”")
    assert translated.target == coded("This is good.")


def test_what_the_translator_sets_aside_is_set_aside():
    def once(sentence):
        return SetAside("it does not fit") if "long" in sentence else coded(sentence)

    assert translate(["A long sentence."], once) == [SetAside("it does not fit: “A long sentence.”")]
    assert translate(["A long sentence."], once, again=coded)[0].target == coded("A long sentence.")


def test_a_copy_of_a_whole_sentence_is_no_translation():
    (lost,) = translate(["This sentence was not translated at all, as it seems."], str)
    assert isinstance(lost, SetAside)


def test_a_translation_cannot_break_the_layout():
    (pair,) = translate(["- one thing\n- another thing"], lambda s: f"  {coded(s)}\n\n- on ")
    assert pair.target == f"- {coded('one thing')} - on\n- {coded('another thing')} - on"


@pytest.mark.parametrize("translated", ['the "red" house', 'red house"'])
def test_a_translation_cannot_end_an_attribute(translated):
    text = '<img src="a.png" alt="A red house">'
    (pair,) = translate([text], lambda _: translated)
    assert pair.target == text
    (pair,) = translate([text], lambda _: "The house's roof")
    assert pair.target == text.replace("A red house", "The house's roof")


def test_a_journal_keeps_every_sentence_and_brings_it_back(tmp_path):
    texts = ["This is bad. This is good.", "Run `timer 10m` now."]

    def one_fails(sentence):
        return "" if "bad" in sentence else coded(sentence)

    journal = Journal(tmp_path / "journal", "made so")
    before = translate_texts(texts, EN, PT, Spell(one_fails), journal=journal)
    journal.close()
    idle = Spell(lambda sentence: pytest.fail(f"{sentence} was translated once more"))
    done = []
    after = translate_texts(texts, EN, PT, idle, done.append, Journal(tmp_path / "journal", "made so"))
    assert after == before
    assert isinstance(after[0], SetAside)
    assert sum(done) == pytest.approx(2)


FAILED = SetAside("the server failed: crashed", again=True)


@pytest.mark.parametrize("whole_texts", [False, True])
def test_what_a_server_failed_at_is_asked_in_the_same_way_by_a_later_call(tmp_path, whole_texts):
    """Neither decoded in another way, nor cut apart, which would give other translations than a good server does."""
    texts = ["This is good.", "Run `timer 10m` now.", "This is doubtful, is it not?"]
    how = {"whole_texts": whole_texts, "max_characters": 1000}

    def some_fail(sentence):
        return FAILED if "Run" in sentence else coded_outside_code(sentence)

    journal = Journal(tmp_path / "journal", "made so")
    spell = Spell(some_fail, again=lambda sentence: pytest.fail(f"{sentence} was asked again"), **how)
    good, failed, other = translate_texts(texts, EN, PT, spell, journal=journal)
    journal.close()
    assert isinstance(failed, SetAside)
    assert failed.again
    assert failed.reason.startswith(FAILED.reason)
    assert len(spell.given) == 3

    spell = Spell(coded_outside_code, **how)
    later = translate_texts(texts, EN, PT, spell, journal=Journal(tmp_path / "journal", "made so"))
    assert later == [good, later[1], other]
    assert later == translate_texts(texts, EN, PT, Spell(coded_outside_code, **how))
    assert len(spell.given) == 1


def test_where_a_server_fails_at_the_second_translation_both_are_asked_again(tmp_path):
    texts = ["This is bad."]
    journal = Journal(tmp_path / "journal", "made so")
    (failed,) = translate_texts(texts, EN, PT, Spell(lambda _: "", again=lambda _: FAILED), journal=journal)
    journal.close()
    assert failed.again
    spell = Spell(lambda _: "", again=coded)
    (later,) = translate_texts(texts, EN, PT, spell, journal=Journal(tmp_path / "journal", "made so"))
    assert later.target == coded("This is bad.")
    assert spell.given == spell.given_again == texts


def test_whole_texts_go_as_they_are():
    spell = Spell(coded_outside_code, whole_texts=True, max_characters=1000)
    (pair,) = translate_texts([MARKDOWN], EN, PT, spell)
    assert spell.given == [MARKDOWN]
    assert pair.target == coded_outside_code(MARKDOWN)
    assert ("Put *two* eggs into water. Wait ten minutes!", coded("Put *two* eggs into water. Wait ten minutes!")) in (
        pair.sentences()
    )


def test_whole_texts_begin_their_lines_as_the_source_does_and_go_without_wraps():
    text = (
        "STOP RUNNING\n\n- Launch vehicle\n\nIt has been raining in the village for as long\n"
        "as anyone here remembers it, and it will go on.\n"
    )
    translated = (
        "pare de correr\n\n- veículo de lançamento\n\nchove na aldeia há tanto tempo quanto alguém aqui se lembra, e "
        "vai continuar.\n"
    )
    spell = Spell(lambda _: translated, whole_texts=True, max_characters=1000)
    (pair,) = translate_texts([text], EN, PT, spell)
    assert "as long as anyone" in spell.given[0]
    assert pair.source == text
    assert pair.target.startswith("PARE DE CORRER\n\n- Veículo de lançamento\n\nChove na aldeia há tanto ")
    assert pair.target.count("\n") == text.count("\n")
    assert [pair.source[unit.source_start : unit.source_end] for unit in pair.units][1] == "Launch vehicle"


@pytest.mark.parametrize("spoil", [lambda text: text.replace("1. ", "1) "), lambda text: text.replace("8", "9")])
def test_whole_texts_that_lose_their_layout_are_translated_by_sentence(spoil):
    spell = Spell(lambda text: spoil(coded_outside_code(text)), whole_texts=True, max_characters=1000)
    (pair,) = translate_texts([MARKDOWN], EN, PT, spell)
    assert spell.given_again == [MARKDOWN]
    assert len(spell.given) > 5
    assert "do not touch" in pair.target
    assert "1. " in pair.target


def test_letters_that_are_names_stay():
    spell = Spell(coded)
    pairs = translate_texts(["| A | B |\n|---|---|\n| I | ok |", "A → B → C", "B", "A dog"], EN, PT, spell)
    assert [pair.target for pair in pairs] == ["| A | B |\n|---|---|\n| I | tp |", "A → B → C", "B", "A itl"]
    assert sorted(spell.given) == ["A dog", "I", "ok"]


def test_texts_too_long_to_go_whole_are_translated_by_sentence():
    spell = Spell(coded, whole_texts=True, max_characters=30)
    (pair,) = translate_texts(["This is the first one. This is the second."], EN, PT, spell)
    assert spell.given == ["This is the first one.", "This is the second."]
    assert pair.target == coded("This is the first one. This is the second.")


def coded_outside_code(text):
    """Like a model that is told not to change code and addresses."""
    coded_text = coded(text)
    for protected in ("timer 10m", "https://example.org/eggs", 'python\nprint("do not touch")  # nor this comment'):
        coded_text = coded_text.replace(coded(protected), protected)
    return coded_text


texts = st.lists(st.text(st.characters(exclude_categories=["Cs"])), max_size=5)


def without_marks_of_emphasis(text):
    """Those are left out where it is not sure where they belong."""
    return [char for char in text if char not in "*_~"]


@given(ANY_TEXT)
def test_a_translator_of_letters_leaves_every_other_byte_as_it_is(text):
    (pair,) = translate([text], coded)
    if isinstance(pair, TextPair):
        assert all(
            target_char in (source_char, coded(source_char))
            for target_char, source_char in zip(
                without_marks_of_emphasis(pair.target), without_marks_of_emphasis(text), strict=True
            )
        )
        assert all(pair.target.count(mark) <= text.count(mark) for mark in "*_~")


@given(texts)
def test_whatever_is_not_set_aside_has_its_gaps_byte_for_byte(texts):
    for pair in translate(texts, coded):
        if isinstance(pair, TextPair):
            source_end = target_end = 0
            for a, b, c, d in pair.units:
                assert pair.source[source_end:a] == pair.target[target_end:c]
                source_end, target_end = b, d
            assert pair.source[source_end:] == pair.target[target_end:]


@given(st.lists(st.sampled_from(["One thing. ", "`code` ", "\n\n", "- ", "Two (2) things! ", "x = 1", "| a | b |\n"])))
def test_gaps_between_units_are_the_same_on_both_sides(pieces):
    text = "".join(pieces)
    (pair,) = translate([text], lambda sentence: coded(sentence) + "!")
    if isinstance(pair, SetAside):
        assert "nothing" in pair.reason
        assert "thing" not in text
        return
    source_end = target_end = 0
    for a, b, c, d in pair.units:
        assert pair.source[source_end:a] == pair.target[target_end:c]
        source_end, target_end = b, d
    assert pair.source[source_end:] == pair.target[target_end:]


def test_capitals_headings_and_questions_go_out_in_sentence_case_and_come_back_as_they_were():
    words = {
        "Do not touch X0": "Não toque em X0",
        "What does it do?": "O que faz?",
        "Launch Vehicle": "veículo lançamento",
        "Launch vehicle": "veículo de lançamento",
        "Fuel": "combustível",
    }
    spell = Spell(words.__getitem__)
    text = "DO NOT TOUCH `it`\n\n# Launch Vehicle\n\n- Fuel\n\nwhat does it do\n"
    (pair,) = translate_texts([text], EN, PT, spell)
    assert pair.target == "NÃO TOQUE EM `it`\n\n# Veículo de lançamento\n\n- Combustível\n\no que faz\n"
    assert set(spell.given) == set(words)


def test_a_heading_is_no_name_if_its_text_has_its_words_in_small_letters():
    words = {
        "Harsh Soap": "Harsh Soap",
        "Harsh soap": "Sabão agressivo",
        "harsh soap": "sabão agressivo",
        "No harsh soap": "Nenhum sabão agressivo",
        "No soap": "Nenhum sabão",
    }
    alone, beside = translate(["# Harsh Soap\n\n- No soap\n", "- **Harsh Soap**: No harsh soap\n"], words.__getitem__)
    assert alone.target == "# Harsh Soap\n\n- Nenhum sabão\n"
    assert beside.target == "- **Sabão agressivo**: Nenhum sabão agressivo\n"


def test_a_label_that_stays_as_it_is_is_asked_for_in_small_letters():
    words = {
        "Soak": "Soak",
        "soak": "embeber",
        "Ketchup": "Ketchup",
        "ketchup": "ketchup",
        "Let it soak in ketchup": "Deixe embeber em ketchup",
    }
    spell = Spell(words.__getitem__)
    (pair,) = translate_texts(["- **Soak**: Let it soak in ketchup\n- Ketchup\n"], EN, PT, spell)
    assert pair.target == "- **Embeber**: Deixe embeber em ketchup\n- Ketchup\n"
    assert sorted(spell.given) == sorted(words)


def test_a_label_that_stays_among_labels_that_do_not_is_asked_for_in_small_letters():
    words = {"Mint": "Mint", "mint": "hortelã", "Dill": "Endro", "Sage": "Sálvia", "Cape Cod": "Cape Cod"}
    spell = Spell(lambda sentence: words.get(sentence, sentence))
    herbs, places = translate_texts(["- Dill\n- Mint\n- Sage\n", "- Cape Cod\n- Mint\n- Nantucket\n"], EN, PT, spell)
    assert herbs.target == "- Endro\n- Hortelã\n- Sálvia\n"
    assert places.target == places.source
    assert "cape cod" not in spell.given


class Telling(Spell):
    """A translator that says how probable it finds its translations."""

    def __init__(self, confidences):
        super().__init__({source: target for source, target in confidences}.__getitem__)
        self._confidences = confidences

    def log_probabilities(self, sentences):
        for number, sentence in enumerate(sentences):
            yield number, [math.log(self._confidences[sentence])]


def test_a_label_is_taken_in_small_letters_where_the_translator_is_surer_of_that():
    confidences = {
        ("Bay leaves", "Baía deixa"): 0.2,
        ("bay leaves", "folhas de baía"): 0.8,
        ("Aim well", "Mire bem"): 0.5,
        ("aim well", "mirar bem"): 0.65,  # not sure enough
        ("Cool it", "Esfrie"): 0.74,
        ("cool it", "esfriar"): 0.8,  # hardly surer
        ("Rinse it", "Lave"): 0.75,  # sure at once
        ("Use chives", "Use chivas"): 0.3,
        ("use chives", "usar chives"): 0.9,  # another word stays
    }
    telling = Telling(confidences)
    labels = [source for source, _ in confidences if source[0].isupper()]
    (pair,) = translate_texts(["".join(f"- {label}\n" for label in labels)], EN, PT, telling)
    assert pair.target == "- Folhas de baía\n- Mire bem\n- Esfrie\n- Lave\n- Use chivas\n"
    assert sorted(telling.given) == sorted(source for source, _ in confidences)


def test_a_label_of_which_the_translator_makes_up_the_words_in_small_letters_stays():
    confidences = {
        ("Soak", "Soak"): 0.9,
        ("soak", "ssocar"): 0.3,
        ("Let it soak.", "Deixe."): 0.9,
        ("Rinse", "Rinse"): 0.9,
        ("rinse", "enxaguar"): 0.5,
        ("Rinse", "Enxaguar"): 0.9,
        ("Then rinse.", "Depois."): 0.9,
    }
    (pair,) = translate_texts(["- Soak\n- Rinse\n\nLet it soak. Then rinse."], EN, PT, Telling(confidences))
    assert pair.target == "- Soak\n- Enxaguar\n\nDeixe. Depois."


class Inventive(Spell):
    """A translator whose words are looked up in lists."""

    invents_words = True


TURKEYS = {
    "Turkeys are birds.": "Turquivos são aves.",
    "turkeys are birds.": "perus são aves.",
    "Gentle whisking helps.": "Suave murmuragem ajuda.",
    "gentle whisking helps.": "suave whisking ajuda.",
    "Radishes are red.": "Radishes são vermelhos.",
    "radishes are red.": "rabanetes são vermelhos.",
    "Forsake it.": "Forsake isso.",
    "forsake it.": "forsake isso.",
    "Kowalski ate the Kowalski pie.": "Cuvalsqui comeu a torta.",
    "Wait, Kowalski.": "Espere, Kowalski.",
    "Monday is long.": "Segundafeira é longa.",
    "It is good.": "É bom.",
}


def test_a_sentence_with_an_invented_word_or_an_untranslated_first_one_is_asked_for_without_its_first_capital():
    pytest.importorskip("wordfreq")
    pytest.importorskip("simplemma")
    inventive = Inventive(TURKEYS.__getitem__)
    written = [sentence for sentence in TURKEYS if sentence[0].isupper()]
    pairs = translate_texts([" ".join(written)], EN, PT, inventive)
    expected = [TURKEYS[sentence] for sentence in written]
    better = {"Turkeys are birds.": "Perus são aves.", "Radishes are red.": "Rabanetes são vermelhos."}
    # What keeps a word of the source instead is not better; names and days keep their capital.
    assert pairs[0].target == " ".join({**dict(zip(written, expected, strict=True)), **better}.values())
    assert sorted(inventive.given) == sorted(TURKEYS)
    other = Spell(TURKEYS.__getitem__)
    (pair,) = translate_texts([" ".join(written)], EN, PT, other)
    assert pair.target == " ".join(expected)


def test_words_are_looked_up_only_where_lists_have_enough():
    inventive = Inventive(lambda sentence: f"Zzxqyu {sentence[0]}.")
    translate_texts(["Turkeys are birds."], EN, find("fi"), inventive)
    translate_texts(["Turkeys are birds."], find("es"), PT, inventive)
    assert inventive.given == ["Turkeys are birds."] * 2


def test_a_copy_in_capitals_is_no_translation():
    (lost,) = translate(["THIS SENTENCE WAS NOT TRANSLATED AT ALL, AS IT SEEMS."], str)
    assert isinstance(lost, SetAside)


@pytest.mark.parametrize("text", ["```python\nx = 1\n```", "https://a.org", "`ls`", "SELECT a FROM b;"])
def test_a_text_of_which_nothing_can_be_translated_is_no_translation(text):
    for whole_texts in (False, True):
        (lost,) = translate([text], str if whole_texts else coded, whole_texts=whole_texts)
        assert isinstance(lost, SetAside)
        assert lost.reason.startswith("there is nothing in it to translate: “")


@pytest.mark.parametrize("text", ["42", "", " \n", "3.14 × 2", "```\n1 2\n```"])
def test_a_text_without_a_letter_is_the_same_in_every_language(text):
    assert translate([text], coded) == [TextPair(text, text, [])]


@pytest.mark.parametrize(
    "translated", ["- Southern Spain", "# South", "1. South", "> South", "a | b", "South\u0085", "```", "| South |"]
)
def test_a_translation_that_would_be_another_kind_of_block_is_set_aside(translated):
    texts = ["Go.\n\nSouthern Spain", "| a |\n|---|\n| Southern Spain |"]
    for result in translate(texts, lambda sentence: translated if "Spain" in sentence else coded(sentence)):
        assert isinstance(result, SetAside) or outline(result.source) == outline(result.target)


SPOILT = st.sampled_from(
    ["- {}", "{}\n{}", "# {}", "{} | {}", "1. {}", "> {}", "```{}", "{}", "    {}", "<p>{}", "---", "{}:"]
)


@given(ANY_TEXT, SPOILT)
def test_whatever_a_translator_says_the_blocks_lines_and_cells_are_the_same(text, spoilt):
    (result,) = translate([text], lambda sentence: spoilt.replace("{}", coded(sentence)))
    if isinstance(result, TextPair) and not joined(text)[1]:
        assert outline(result.source) == outline(result.target)


def test_a_short_line_that_the_translator_copies_stays_as_it_is():
    title = "El crimen de media noche"
    films = "She made many films, of which these are the best known ones:\n\n" + "- A film of the old river\n" * 9

    def copying(sentence):
        return sentence if "crimen" in sentence else coded(sentence)

    pair, alone, half = translate([f"{films}- {title} (1936)\n", title, f"It is long.\n\n- {title}\n"], copying)
    assert pair.target.endswith(f"\n- {title} (1936)\n")
    assert "the old river" not in pair.target
    assert alone.reason == half.reason == f"the source is copied: “{title}”"
