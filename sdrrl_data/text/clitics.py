"""Words that lean on others: particles, endings, prefixes, halves of words, and words that carry a clitic.

Word breaking parts from their words what Chinese, Japanese, Khmer and Thai write together, and gives Vietnamese in
syllables. To switch the one without the other would break a word.
"""

from collections.abc import Collection, Mapping, Sequence
from itertools import pairwise
from typing import NamedTuple


def _words(line: str) -> frozenset[str]:
    return frozenset(line.split())


def _sets(lists: Mapping[str, str]) -> dict[str, frozenset[str]]:
    return {language: _words(line) for language, line in lists.items()}


# Particles, marks of tense, aspect and number, classifiers, words that link clauses. Japanese has its own rule.
_PARTICLES = _sets(
    {
        "ja": "",
        "km": "ការ ភាព ដែល បាន នឹង កំពុង ទេ ហើយ ក៏ ៗ នៃ ណា ផង ដែរ តែ ទាំង ពួក",
        "th": "การ ความ ครับ ค่ะ คะ นะ สิ ซิ ล่ะ เลย ก็ ที่ ซึ่ง อัน ได้ แล้ว ว่า ให้ ไว้ อยู่ จะ กำลัง เคย ถูก ๆ "
        "ด้วย หรอก เถอะ ไป มา ขึ้น ลง ออก เข้า",
        "vi": "cái con chiếc cuộc sự việc những các đã đang sẽ thì là mà cũng rồi nhé ạ à nhỉ bị được của "
        "vẫn cứ này kia",
        "zh": "的 地 得 了 着 著 过 過 吗 嗎 呢 吧 啊 呀 嘛 们 們 之 所 把 被 就 也 都 个 個 位 只 隻 条 條 张 張 件",
    }
)
# What belongs to the word after it, and to the word before.
_PREFIXES = _sets(
    {
        "km": "ការ ភាព សេចក្តី",
        "th": "การ ความ ผู้ นัก ชาว น่า",
        "vi": "sự nỗi niềm",
        "zh": "老 阿 第 小",
    }
)
_SUFFIXES = _sets({"km": "ៗ", "th": "ๆ", "vi": "", "zh": "们 們 了 着 著 过 過 者 性 化 家 员 員 学 學"})

_SPACED = ("km", "th", "vi")  # a space may stand between the parts of a word

_HONORIFICS = ("お", "ご", "御")
# What hiragana may follow a word without being its ending, and a noun.
_POSTPOSITIONS = _words(
    "は が を に へ と も の や か ね よ から まで より など だけ しか ほど ばかり ので のに けど なら"
)
_COPULAS = _words("で です でし でしょ だ だっ な じゃ では")

# Vietnamese words of one syllable that are seldom part of a longer one.
_SYLLABLES_ALONE = _words(
    "và với cho không có khi nên này đó từ trong ngoài trên dưới đến tới tại ở về ra vào lên xuống đi lại hơn nhất rất "
    "quá nhiều ít hoặc hay nếu vì do bởi nhưng còn chỉ vẫn đều cùng theo qua sau trước giữa bằng để rằng như phải cần "
    "muốn nói biết tôi bạn anh chị em ông bà nó họ ta mình chúng ai gì nào đâu sao một hai ba bốn năm mọi mỗi từng "
    "này khác cũng luôn đừng trăm nghìn triệu tỷ"
)

# Arabic conjunctions and prepositions, written together with the article; in a short word they are part of the stem.
_PROCLITICS = ("وال", "فال", "بال", "كال", "لل", "ولل", "وبال")
_LONGEST_UNLADEN = 4


class Leaning(NamedTuple):
    """Which words of a sentence lean on others, by their index."""

    particles: Collection[int]  # never switched alone, and left where they are beside a word that is
    tied: Collection[int]  # each holds together with the word after it
    laden: Collection[int]  # carry a clitic, which is a word of its own in other languages


def leaning(
    tokens: Sequence[str], spans: Sequence[tuple[int, int]], counterparts: Mapping[int, int], language: str
) -> Leaning:
    """Find the words that lean on others.

    Args:
        tokens: the words of a sentence.
        spans: where they stand in its text.
        counterparts: in the translation, by their index; where a word has several, one of them.
        language: BCP 47 tag. Of a language that is not known here, only apostrophes are looked at.
    """
    main = language.partition("-")[0]
    laden = [index for index, token in enumerate(tokens) if _is_laden(token, main)]
    if main not in _PARTICLES:
        return Leaning((), (), laden)
    gap = 1 if main in _SPACED else 0
    beside = [index for index, (first, second) in enumerate(pairwise(spans)) if second[0] - first[1] <= gap]
    if main == "ja":
        particles = {index for index, token in enumerate(tokens) if _is_hiragana(token)}
        return Leaning(particles, _japanese_ties(tokens, beside), laden)
    lowered = [token.lower() for token in tokens]
    particles = {index for index, token in enumerate(lowered) if token in _PARTICLES[main]}
    before, after = _PREFIXES[main], _SUFFIXES[main]
    tied = {index for index in beside if lowered[index] in before or lowered[index + 1] in after}
    if main == "vi":
        tied |= _vietnamese_ties(lowered, beside, counterparts)
    return Leaning(particles, tied, laden)


def _is_laden(token: str, language: str) -> bool:
    if language == "ar":
        return len(token) > _LONGEST_UNLADEN and token.startswith(_PROCLITICS)
    return "'" in token or "’" in token


def _japanese_ties(tokens: Sequence[str], beside: Sequence[int]) -> set[int]:
    """Verbs and adjectives with their endings, and single characters with what they are compounded with."""
    tied: set[int] = set()
    for index in beside:
        word, following = tokens[index], tokens[index + 1]
        if _is_hiragana(following):
            if _is_hiragana(word):
                ends = index - 1 in tied and following not in _POSTPOSITIONS
            elif any(map(_is_hiragana, word)):
                ends = following not in _POSTPOSITIONS
            else:  # a noun, if it is not so short that it may be a stem
                ends = len(word) == 1 and following not in _POSTPOSITIONS | _COPULAS
        else:
            single = 1 in (len(word), len(following))
            ends = word in _HONORIFICS or (single and _is_kanji(word[-1]) and _is_kanji(following[0]))
        if ends:
            tied.add(index)
    return tied


def _vietnamese_ties(tokens: Sequence[str], beside: Sequence[int], counterparts: Mapping[int, int]) -> set[int]:
    """Syllables with one beside them that the translation has no word for: it may be the other half of the word.

    Two syllables that have the same counterpart are taken for a whole word.
    """
    alone = _SYLLABLES_ALONE | _PARTICLES["vi"]
    whole = {
        half
        for index in beside
        if index in counterparts and counterparts[index] == counterparts.get(index + 1)
        for half in (index, index + 1)
    }
    return {
        index
        for index in beside
        if (index in counterparts) != (index + 1 in counterparts)
        and whole.isdisjoint((index, index + 1))
        and alone.isdisjoint(tokens[index : index + 2])
    }


def _is_hiragana(text: str) -> bool:
    return all("ぁ" <= char <= "ゟ" for char in text)


def _is_kanji(char: str) -> bool:
    return "一" <= char <= "鿿" or char == "々"
