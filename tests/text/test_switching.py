import re

from hypothesis import given
from hypothesis import strategies as st

from sdrrl_data.text.switching import Sentence, Swap, choose, find_swaps, replace
from sdrrl_data.text.words import words


def sentence(text, language="en"):
    return Sentence(text, words(text, language))


def undone(text, switched):
    for stretch in reversed(switched):
        assert text[stretch.start : stretch.end] == stretch.replacement
        text = text[: stretch.start] + stretch.original + text[stretch.end :]
    return text


def switched(matrix, other, *links, languages=("en", "pt")):
    """The matrix with everything switched that these links (word, word) allow."""
    sides = [sentence(text, language) for text, language in zip((matrix, other), languages, strict=True)]
    indices = [(sides[0].tokens().index(own), sides[1].tokens().index(theirs), 0.9) for own, theirs in links]
    _, swaps = find_swaps(*sides, indices, 0.5)
    text, done = replace(matrix, choose(swaps, 99))
    assert undone(text, done) == matrix
    return text


def test_a_word_is_replaced_where_it_stands():
    assert switched(
        "Is this (old) house, here, yours?", "Esta casa velha é sua?", ("house", "casa"), ("old", "velha")
    ) == ("Is this (velha) casa, here, yours?")


def test_an_unsure_link_is_not_used():
    sides = sentence("the old house"), sentence("a casa velha", "pt")
    links = [(1, 2, 0.6), (2, 1, 0.4)]
    assert find_swaps(*sides, links, 0.5) == (3, [Swap(4, 7, "velha", 0.6, 1)])
    assert find_swaps(*sides, [(1, 1, 0.4), (1, 2, 0.9)], 0.5) == (3, [])


def test_numbers_names_and_words_that_are_alike_stay():
    matrix, other = "We saw 20 animals in Germany on banal Mondays", "Vimos vinte animais na Alemanha em Segundas banal"
    links = [("20", "vinte"), ("Germany", "Alemanha"), ("banal", "banal"), ("Mondays", "Segundas")]
    assert switched(matrix, other, *links) == matrix
    assert switched(matrix, other, ("animals", "animais")) == matrix.replace("animals", "animais")
    assert find_swaps(sentence("my 2 banal houses"), sentence("minhas 2 casas banais, banal", "pt"), [], 0.5) == (1, [])


def test_a_capital_in_one_language_alone_makes_no_name():
    assert switched("They speak English", "Eles falam inglês", ("English", "inglês")) == "They speak inglês"
    assert switched("in Berlin", "ในเบอร์ลิน", ("Berlin", "เบอร์ลิน"), languages=("en", "th")) == "in Berlin"


def test_file_names_and_abbreviations_stay():
    matrix = "Open read_me or example.com"
    assert switched(matrix, "Abra leiame ou exemplo", ("read_me", "leiame"), ("example.com", "exemplo")) == matrix


def test_very_short_words_stay_unless_they_go_with_a_longer_one():
    assert switched("It is late", "Já é tarde", ("is", "é")) == "It is late"
    assert switched("Why me?", "Por que eu?", ("Why", "Por"), ("Why", "que")) == "Por que me?"
    assert switched("I wake up late", "Acordo tarde", ("wake", "Acordo"), ("up", "Acordo")) == "I acordo late"


def test_no_part_of_a_compound_is_switched_or_put_in():
    assert switched("a well-known song", "uma canção famosa", ("known", "famosa")) == "a well-known song"
    assert switched("on a market day", "numa segunda-feira", ("market", "feira")) == "on a market day"


def test_words_that_go_together_switch_together_or_not_at_all():
    links = ("police", "cảnh"), ("police", "sát")
    assert switched("Ask the police", "Hỏi cảnh sát", *links, languages=("en", "vi")) == "Ask the cảnh sát"
    assert switched("Ask the police", "cảnh Hỏi sát", *links, languages=("en", "vi")) == "Ask the police"
    assert switched("Ask the police", "Hỏi cảnh, sát", *links, languages=("en", "vi")) == "Ask the police"
    back = ("cảnh", "police"), ("sát", "police")
    assert switched("Hỏi cảnh sát đi", "Ask the police", *back, languages=("vi", "en")) == "Hỏi police đi"


def test_case_is_carried_over():
    links = ("Dogs", "Cães"), ("bark", "latem")
    assert switched("Dogs bark", "Cães latem", *links) == "Cães latem"
    assert switched("Here dogs bark", "Cães latem", ("dogs", "Cães")) == "Here cães bark"
    assert switched("Dogs bark", "Os cães latem", ("Dogs", "cães")) == "Cães bark"
    assert switched("dogs bark", "Cães latem", ("dogs", "Cães")) == "cães bark"
    assert switched("STOP that", "Pare com isso", ("STOP", "Pare")) == "PARE that"
    assert switched("the UN says", "ONU diz que", ("says", "ONU")) == "the UN ONU"
    assert switched("Dogs bark", "犬が吠える", ("Dogs", "犬"), languages=("en", "ja")) == "犬 bark"


def test_in_a_script_without_spaces_nothing_runs_together():
    thai, english = "ฉันกินข้าวกับ Python", "I eat rice with Python"
    links = ("กิน", "eat"), ("ข้าว", "rice")
    assert switched(thai, english, links[0], languages=("th", "en")) == "ฉันeatข้าวกับ Python"
    assert switched(thai, english, *links, languages=("th", "en")) == "ฉันeatข้าวกับ Python"
    japanese, english = "Pythonの本を読む", "read a Python book"
    assert switched(japanese, english, ("本", "book"), languages=("ja", "en")) == "Pythonのbookを読む"
    assert switched("3回読む", "read thrice", ("回", "thrice"), languages=("ja", "en")) == "3回読む"


def test_so_many_words_are_chosen_or_one_more_or_less():
    swaps = [Swap(10 * i, 10 * i + 5, "x", 1.0, size) for i, size in enumerate([1, 3, 2, 1, 2])]
    for wanted in range(10):
        chosen = choose(swaps, wanted)
        assert abs(sum(swap.words for swap in chosen) - wanted) <= 1
        assert chosen == sorted(chosen)
    assert choose(swaps, 0) == []


WORDS = ["house", "It", "IBM", "dog's", "né", "Ação", "犬", "กิน", "cảnh", "x2", "a_b", "𝒳y", "ı", "straße", "😀", "ﬁn"]
texts = st.lists(st.tuples(st.sampled_from(WORDS), st.sampled_from([" ", "", ", ", "-", "\n", "  **"]))).map(
    lambda pairs: "".join(word + gap for word, gap in pairs)
)


@given(texts, texts, st.lists(st.tuples(st.integers(0, 20), st.integers(0, 20), st.floats(0, 1))), st.integers(0, 9))
def test_undoing_what_was_switched_gives_the_text_again(matrix, other, links, wanted):
    sides = sentence(matrix), sentence(other)
    links = [link for link in links if link[0] < len(sides[0].words) and link[1] < len(sides[1].words)]
    fit, swaps = find_swaps(*sides, links, 0.3)
    chosen = choose(swaps, wanted)
    text, done = replace(matrix, chosen)
    assert undone(text, done) == matrix
    assert sum(swap.words for swap in chosen) <= min(fit, wanted + 1)
    assert re.findall(r"\d|\n|\*", text) == re.findall(r"\d|\n|\*", matrix)
