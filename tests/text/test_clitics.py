import pytest

from sdrrl_data.text.clitics import dependent_words
from sdrrl_data.text.words import words


def tokens_and_dependent(text, language, without=()):
    """The words of a sentence and those that depend on others; each has a counterpart, except those in `without`."""
    spans = words(text, language)
    tokens = [text[start:end] for start, end in spans]
    counterparts = {index: index for index, token in enumerate(tokens) if token not in without}
    return tokens, dependent_words(tokens, spans, counterparts, language)


def joined(text, language, without=()):
    """The words, with a plus between those that are bound to each other."""
    tokens, dependent = tokens_and_dependent(text, language, without)
    return "".join(token + ("+" if index in dependent.bound else " ") for index, token in enumerate(tokens)).strip()


@pytest.mark.parametrize(
    ("language", "text", "expected"),
    [
        ("ja", "彼は昨日ご飯を食べました。", "彼 は 昨日 ご飯 を 食+べ+ま+した"),
        ("ja", "高い山に登ったことがある。", "高い 山 に 登+っ+た+こと が ある"),
        ("ja", "静かな部屋で日本語を勉強しています。", "静か+な 部屋 で 日本語 を 勉強 し てい ます"),
        ("ja", "コンピューターは東京駅の外国人。", "コンピューター は 東京+駅 の 外国+人"),
        ("th", "การพัฒนาความรักของนักเรียนอื่น ๆ ครับ", "การ+พัฒนา ความ+รัก ของ นักเรียน อื่น+ๆ ครับ"),
        ("km", "ភាពស្រស់ស្អាតរបស់គាត់", "ភាព+ស្រស់ ស្អាត របស់ គាត់"),
        ("zh", "老师们的工作很现代化。", "老师+们 的 工作 很 现代+化"),
        ("zh-Hant", "老師們的工作", "老師+們 的 工作"),
        ("vi", "Sự phát triển của đất nước.", "Sự+phát triển của đất nước"),
        ("en", "It was the dog's tail.", "It was the dog's tail"),
    ],
)
def test_what_holds_together(language, text, expected):
    assert joined(text, language) == expected


@pytest.mark.parametrize(
    ("language", "text", "particles"),
    [
        ("ja", "私は学生です。", ["は", "です"]),
        ("th", "ตำรวจไม่ได้จับใครเลยนะ", ["ได้", "เลย", "นะ"]),
        ("km", "គាត់ខឹងនឹងយើង", ["នឹង"]),
        ("zh", "红色的车好吗？", ["的", "吗"]),
        ("vi", "Những người này cũng đã đi rồi.", ["Những", "này", "cũng", "đã", "rồi"]),
        ("pt", "O rabo do cão e a cauda.", []),
    ],
)
def test_particles(language, text, particles):
    tokens, dependent = tokens_and_dependent(text, language)
    assert [tokens[index] for index in sorted(dependent.particles)] == particles


@pytest.mark.parametrize(
    ("language", "text", "with_clitic"),
    [
        ("en", "The dog’s tail isn't wet", ["dog’s", "isn't"]),
        ("fr", "l'eau de la mer", ["l'eau"]),
        ("ar", "الكرامة والحقوق بالعالم والد للناس", ["والحقوق", "بالعالم", "للناس"]),
    ],
)
def test_words_with_a_clitic(language, text, with_clitic):
    tokens, dependent = tokens_and_dependent(text, language)
    assert [tokens[index] for index in dependent.with_clitic] == with_clitic


def test_a_vietnamese_syllable_without_a_counterpart_may_be_half_of_the_word_beside_it():
    assert joined("tìm sự trợ giúp về pháp lý", "vi", without=["trợ", "về"]) == "tìm sự+trợ+giúp về pháp lý"
    tokens = ["mua", "cảnh", "sát", "khu", "vực"]
    spans = [(2, 5), (6, 10), (11, 14), (15, 18), (19, 22)]
    assert set(dependent_words(tokens, spans, {0: 0, 1: 4, 2: 4, 4: 5}, "vi").bound) == {3}
