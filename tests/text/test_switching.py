import re
from itertools import combinations, pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sdrrl_data.text.switching import Aligned, Sentence, Swap, choose, replace
from sdrrl_data.text.words import words


def sentence(text, language="en"):
    return Sentence(text, words(text, language), language)


def undone(text, switched):
    for stretch in reversed(switched):
        assert text[stretch.start : stretch.end] == stretch.replacement
        text = text[: stretch.start] + stretch.original + text[stretch.end :]
    return text


def find_swaps(matrix, other, links, min_confidence):
    aligned = Aligned(matrix, other, links, min_confidence)
    return aligned.fit(), aligned.swaps()


def find_phrases(matrix, other, links, min_confidence):
    return Aligned(matrix, other, links, min_confidence).phrases()


def test_names_in_capitals_stay_unless_all_is_in_capitals():
    links = [(0, 0, 0.9), (1, 1, 0.9)]
    for other, tag in (("OCDE disse", "pt"), ("ユネスコ 言った", "ja")):
        sides = sentence("UNESCO said"), Sentence(other, [(0, 4), (5, len(other))], tag)
        assert [swap.start for swap in find_swaps(*sides, links, 0.5)[1]] == [7]
    sides = sentence("BUY BREAD"), sentence("COMPRE PÃO", "pt")
    assert len(find_swaps(*sides, links, 0.5)[1]) == 2


def switched(matrix, other, *links, languages=("en", "pt"), find=lambda *linked: find_swaps(*linked)[1]):
    """The matrix text after all swaps that these links (word, word) allow."""
    sides = [sentence(text, language) for text, language in zip((matrix, other), languages, strict=True)]
    indices = [
        (sides[0].tokens().index(word), sides[1].tokens().index(counterpart), 0.9) for word, counterpart in links
    ]
    text, done = replace(matrix, choose(find(*sides, indices, 0.5), 99))
    assert undone(text, done) == matrix
    return text


def test_a_word_is_replaced_where_it_stands():
    assert switched(
        "Is this (old) house, here, yours?", "Esta casa velha é sua?", ("house", "casa"), ("old", "velha")
    ) == ("Is this (velha) casa, here, yours?")


def test_an_unsure_link_is_not_used():
    sides = sentence("the old house"), sentence("a casa velha", "pt")
    links = [(1, 2, 0.6), (2, 1, 0.4)]
    assert find_swaps(*sides, links, 0.5) == (2, [Swap(4, 7, "velha", 0.6, 1)])
    assert find_swaps(*sides, [(1, 1, 0.4), (1, 2, 0.9)], 0.5) == (2, [])


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
    assert switched("Remember me?", "Se lembra?", ("Remember", "Se"), ("Remember", "lembra")) == "Se lembra me?"
    assert switched("I wake up late", "Acordo tarde", ("wake", "Acordo"), ("up", "Acordo")) == "I acordo late"


@pytest.mark.parametrize(
    ("language", "matrix", "other", "link"),
    [
        ("pt", "It would rain", "Choveria, seria", ("would", "seria")),
        ("pt", "Use tea instead", "Use chá em vez", ("instead", "vez")),
        ("pt", "At least once", "Ao menos agora", ("least", "menos")),
        ("es", "He went without money", "Fue sin dinero", ("without", "sin")),
        ("vi", "She came with Tom", "Cô ấy đến với Tom", ("with", "với")),
        ("th", "He eats rice and fish", "เขากินข้าวและปลา", ("and", "และ")),
        ("fi", "I don't know", "En tiedä", ("don't", "En")),  # without a list of its own
        ("ja", "2.8 million barrels", "280万バレル", ("million", "万")),
    ],
)
def test_function_words_are_not_switched_alone(language, matrix, other, link):
    assert switched(matrix, other, link, languages=("en", language)) == matrix
    assert switched(other, matrix, link[::-1], languages=(language, "en")) == other


def test_a_function_word_goes_with_a_content_word():
    links = ("out", "acabou"), ("ran", "acabou")
    assert switched("the milk ran out", "o leite acabou", *links) == "the milk acabou"


def test_no_word_stands_beside_itself():
    assert switched("the sales report", "o relatório sales", ("report", "sales")) == "the sales report"
    assert switched("Report sales", "Sales relatório", ("Report", "Sales")) == "Report sales"
    both = [(0, 0, 0.9), (0, 1, 0.9)]
    assert find_swaps(sentence("quickly"), sentence("nhanh nhanh", "vi"), both, 0.5)[1] == []
    assert len(find_swaps(sentence("quickly"), sentence("nhanh chóng", "vi"), both, 0.5)[1]) == 1
    twice = [Swap(0, 6, "vendas", 0.9, 1), Swap(7, 12, "Vendas", 0.9, 1)]
    assert choose(twice, 2) == twice[:1]
    assert choose([twice[0], Swap(7, 12, "grandes vendas", 0.9, 1)], 2) != twice
    apart = [twice[0], Swap(20, 25, "vendas", 0.9, 1)]
    assert choose(apart, 2) == apart


def test_half_of_a_word_is_not_switched_by_an_unsure_link_of_the_other_half():
    sides = sentence("bất cứ khu vực nào", "vi"), sentence("any land areas")
    links = [(2, 2, 0.63), (3, 1, 0.3)]
    assert find_swaps(*sides, links, 0.5)[1] == []
    assert find_swaps(*reversed(sides), [(j, i, c) for i, j, c in links], 0.5)[1] == []


def test_no_part_of_a_compound_is_switched_or_put_in():
    assert switched("a well-known song", "uma canção famosa", ("known", "famosa")) == "a well-known song"
    assert switched("on a market day", "numa segunda-feira", ("market", "feira")) == "on a market day"


def test_words_that_go_together_switch_together_or_not_at_all():
    links = ("Ask", "hỏi"), ("police", "cảnh"), ("police", "sát")
    assert switched("Ask the police", "hỏi cảnh sát", *links, languages=("en", "vi")) == "Hỏi the cảnh sát"
    assert switched("Ask the police", "cảnh hỏi sát", *links, languages=("en", "vi")) == "Hỏi the police"
    assert switched("Ask the police", "hỏi cảnh, sát", *links, languages=("en", "vi")) == "Hỏi the police"
    back = ("cảnh", "police"), ("sát", "police")
    assert switched("Hỏi cảnh sát đi", "Ask the police", *back, languages=("vi", "en")) == "Hỏi police đi"


def test_case_is_carried_over():
    links = ("Dogs", "Cães"), ("bark", "latem")
    assert switched("Dogs bark", "Cães latem", *links) == "Cães latem"
    assert switched("Here dogs bark", "Cães latem", ("dogs", "Cães")) == "Here cães bark"
    assert switched("Dogs bark", "Os cães latem", ("Dogs", "cães")) == "Cães bark"
    assert switched("dogs bark", "Cães latem", ("dogs", "Cães")) == "cães bark"
    assert switched("We came; today, late", "Viemos. Hoje, tarde", ("today", "Hoje")) == "We came; hoje, late"
    assert switched("STOP that", "Pare com isso", ("STOP", "Pare")) == "PARE that"
    assert switched("the UN says", "ONU diz que", ("says", "ONU")) == "the UN ONU"
    assert switched("Dogs bark", "犬が吠える", ("Dogs", "犬"), languages=("en", "ja")) == "犬 bark"
    assert (
        switched("今日、太郎が来た", "Taro came today", ("太郎", "Taro"), languages=("ja", "en")) == "今日、Taroが来た"
    )


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


def test_what_stands_in_another_text_touches_nothing():
    swaps = [Swap(0, 5, "x", 1.0, 1, "question"), Swap(0, 5, "y", 1.0, 1, "answer"), Swap(5, 9, "z", 1.0, 1, "answer")]
    assert choose(swaps, 3) == [swaps[0], swaps[1]]


@given(st.lists(st.tuples(st.integers(0, 12), st.integers(1, 4)), max_size=9), st.integers(0, 9))
def test_as_many_are_chosen_as_have_room_beside_one_another(spans, wanted):
    swaps = [Swap(start, start + length, f"x{number}", 1.0, 1) for number, (start, length) in enumerate(spans)]
    chosen = choose(swaps, wanted)
    assert all(swap.end < following.start for swap, following in pairwise(chosen))
    most = max(
        size
        for size in range(len(swaps) + 1)
        for combination in combinations(sorted(swaps), size)
        if all(swap.end < following.start for swap, following in pairwise(combination))
    )
    assert min(wanted, most) - 1 <= len(chosen) <= wanted


def phrases(matrix, other, *links):
    """The phrases that these links (index, index) make: (in the matrix, in its translation)."""
    swaps = find_phrases(sentence(matrix), sentence(other, "pt"), [(i, j, 0.9) for i, j in links], 0.5)
    return {(matrix[swap.start : swap.end], swap.replacement, swap.words) for swap in swaps}


def test_phrases_are_what_no_link_leaves():
    red_car = ("red car", "carro vermelho", 2)
    assert phrases("the red car stopped", "o carro vermelho parou", (0, 0), (1, 2), (2, 1), (3, 3)) == {
        red_car,
        ("red car stopped", "carro vermelho parou", 3),
    }
    crossed = (0, 1), (1, 3), (2, 0), (3, 2)
    assert phrases("four old red cars", "velhos quatro carros vermelhos", *crossed) == {
        ("four old red cars", "velhos quatro carros vermelhos", 4)
    }


def test_phrases_have_two_to_five_words_a_side():
    alike = [(i, i) for i in range(7)]
    all_phrases = phrases("nine two four five six seven eight", "nove duas quatro cinco seis sete oito", *alike)
    assert {len(phrase.split()) for phrase, _, _ in all_phrases} == {2, 3, 4, 5}
    assert len(all_phrases) == 6 + 5 + 4 + 3
    assert phrases("police car", "polícia", (0, 0), (1, 0)) == set()
    assert phrases("red car", "carro do meu velho pai que era vermelho", (0, 7), (1, 0)) == set()


def test_phrases_hold_no_punctuation_name_or_number():
    assert phrases("red, fast", "vermelho rápido", (0, 0), (1, 1)) == set()
    assert phrases("seven cars", "7 carros", (0, 0), (1, 1)) == set()
    assert phrases("see Germany now", "veja Alemanha agora", (0, 0), (1, 1), (2, 2)) == set()


def test_a_phrase_begins_and_ends_with_words_that_could_go_alone():
    links = (0, 0), (1, 1), (2, 2)
    assert phrases("house of cards", "casa de cartas", *links) == {("house of cards", "casa de cartas", 2)}
    assert phrases("is an island", "é uma ilha", *links) == set()


def test_words_that_carry_a_clitic_need_a_word_for_it():
    assert switched("the dog's tail", "a cauda do cão", ("dog's", "cão")) == "the dog's tail"
    assert switched("the dog's tail", "a cauda do cão", ("dog's", "do"), ("dog's", "cão")) == "the do cão tail"


@pytest.mark.parametrize(
    ("language", "text", "english", "links", "expected"),
    [
        ("ja", "学生は来た。", "The student came.", [("学生", "student")], "studentは来た。"),
        ("ja", "学生は来た。", "The student came.", [("学生", "student"), ("は", "student")], "studentは来た。"),
        ("ja", "彼は食べた。", "He ate.", [("食", "ate")], "彼は食べた。"),
        ("ja", "彼は食べた。", "He ate.", [(part, "ate") for part in ("食", "べた")], "彼はate。"),
        ("th", "การพัฒนาดี", "development is good", [("พัฒนา", "development")], "การพัฒนาดี"),
        ("th", "การพัฒนาดี", "development is good", [(part, "development") for part in ("การ", "พัฒนา")], "developmentดี"),
        ("th", "เขาไปนะ", "he went away", [("นะ", "away")], "เขาไปนะ"),
        ("th", "ช่วงกลางวัน", "day hiking", [("วัน", "day")], "ช่วงกลางวัน"),
        ("th", "มันแห้งแล้ง", "it is dry", [("แห้ง", "dry")], "มันแห้งแล้ง"),
        ("th", "สุขภาพดีขึ้น", "it is better", [("ดี", "better")], "สุขภาพดีขึ้น"),
        ("km", "ភាពស្រស់ ។", "some freshness", [("ស្រស់", "freshness")], "ភាពស្រស់ ។"),
        ("vi", "tìm trợ giúp ngay", "find help now", [("giúp", "help"), ("tìm", "find")], "tìm trợ giúp ngay"),
        ("vi", "tìm trợ giúp", "find help", [("giúp", "help"), ("trợ", "help"), ("tìm", "find")], "find help"),
    ],
)
def test_no_particle_ending_or_half_of_a_word_is_left_alone(language, text, english, links, expected):
    assert switched(text, english, *links, languages=(language, "en")) == expected
    reversed_links = [(counterpart, word) for word, counterpart in links]
    switched_english = switched(english, text, *reversed_links, languages=("en", language))
    assert (switched_english == english) == (expected == text)


# The Universal Declaration of Human Rights, article 1.
RIGHTS = "All human beings are born free and equal in dignity and rights."
ARABIC = "يولد جميع الناس أحرارًا متساوين في الكرامة والحقوق."
CHINESE = "人人生而自由，在尊严和权利上一律平等。"


def test_arabic_keeps_its_clitics():
    one_word = ("dignity", "الكرامة"), ("free", "أحرارًا"), ("rights", "والحقوق")
    assert switched(RIGHTS, ARABIC, *one_word, languages=("en", "ar")) == (
        "All human beings are born أحرارًا and equal in الكرامة and rights."
    )
    reversed_links = [(counterpart, word) for word, counterpart in one_word]
    assert switched(ARABIC, RIGHTS, *reversed_links, languages=("ar", "en")) == (
        "يولد جميع الناس free متساوين في dignity والحقوق."
    )
    both = ("والحقوق", "and"), ("والحقوق", "rights")
    text = RIGHTS.replace("dignity and", "dignity, and").replace("free and", "free,")
    assert switched(ARABIC, text, *both, languages=("ar", "en")) == ARABIC.replace("والحقوق", "and rights")


def test_chinese_words_stay_whole():
    links = ("自由", "free"), ("尊严", "dignity"), ("权利", "rights"), ("平等", "equal")
    assert switched(CHINESE, RIGHTS, *links, languages=("zh", "en")) == "人人生而free，在dignity和rights上一律equal。"
    reversed_links = [(english, chinese) for chinese, english in links]
    assert switched(RIGHTS, CHINESE, *reversed_links, languages=("en", "zh")) == (
        "All human beings are born 自由 and 平等 in 尊严 and 权利."
    )
    assert switched("我爱老师们", "I love teachers", ("老师", "teachers"), languages=("zh", "en")) == "我爱老师们"


WORDS = ["house", "It", "IBM", "dog's", "né", "Ação", "犬", "กิน", "cảnh", "x2", "a_b", "𝒳y", "ı", "straße", "😀", "ﬁn"]
texts = st.lists(st.tuples(st.sampled_from(WORDS), st.sampled_from([" ", "", ", ", "-", "\n", "  **"]))).map(
    lambda pairs: "".join(word + gap for word, gap in pairs)
)


@given(
    texts,
    texts,
    st.lists(st.tuples(st.integers(0, 20), st.integers(0, 20), st.floats(0, 1))),
    st.integers(0, 9),
    st.booleans(),
    st.sampled_from(["en", "ja", "th", "vi", "zh", "ar"]),
)
def test_undoing_what_was_switched_gives_the_text_again(matrix, other, links, wanted, phrases_too, language):
    sides = sentence(matrix), sentence(other, language)
    links = [link for link in links if link[0] < len(sides[0].words) and link[1] < len(sides[1].words)]
    fit, swaps = find_swaps(*sides, links, 0.3)
    if phrases_too:
        swaps = find_phrases(*sides, links, 0.3) + swaps
    chosen = choose(swaps, wanted)
    text, done = replace(matrix, chosen)
    assert undone(text, done) == matrix
    assert sum(swap.words for swap in chosen) <= min(fit, wanted + 1)
    assert re.findall(r"\d|\n|\*", text) == re.findall(r"\d|\n|\*", matrix)


@pytest.mark.parametrize(
    ("language", "matrix", "other", "link", "expected"),
    [
        ("tr", "READ THE BOOK", "iyi kitabı oku", ("BOOK", "iyi"), "READ THE İYİ"),
        ("tr", "Book of it", "bu iyi kitap", ("Book", "iyi"), "İyi of it"),
        ("de", "I see old dogs", "Hunde sehe ich", ("dogs", "Hunde"), "I see old Hunde"),
        ("nl", "Ice is cold", "koud is ijs", ("Ice", "ijs"), "IJs is cold"),
        ("ka", "READ THE BOOK", "ეს წიგნი წაიკითხე", ("BOOK", "წიგნი"), "READ THE წიგნი"),
    ],
)
def test_a_switched_word_has_the_case_of_its_language(language, matrix, other, link, expected):
    assert switched(matrix, other, link, languages=("en", language)) == expected
