"""Words that depend on their neighbours: particles, endings, prefixes, parts of words, and words with a clitic.

The word breaker separates endings and prefixes from their words in Chinese, Japanese, Khmer and Thai, and breaks
Vietnamese into syllables. To switch only one part would break the word.
"""

from collections.abc import Collection, Mapping, Sequence
from itertools import pairwise
from typing import NamedTuple


def _words(line: str) -> frozenset[str]:
    return frozenset(line.split())


def _sets(lists: Mapping[str, str]) -> dict[str, frozenset[str]]:
    return {language: _words(line) for language, line in lists.items()}


# Particles, markers of tense, aspect and number, classifiers, words that link clauses. Japanese has another rule.
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
# Words that belong to the word after them, and words that belong to the word before them.
_PREFIXES = _sets(
    {
        "km": "ការ ភាព សេចក្តី",
        "th": "การ ความ ผู้ นัก ชาว น่า กลาง กาล ทางการ กลาย แท้ ที่แท้",
        "vi": "sự nỗi niềm",
        "zh": "老 阿 第 小",
    }
)
_SUFFIXES = _sets({"km": "ៗ", "th": "ๆ แล้ง ขึ้น", "vi": "", "zh": "们 們 了 着 著 过 過 者 性 化 家 员 員 学 學"})

_SPACED = ("km", "th", "vi")  # a space may stand between the parts of a word

_HONORIFICS = ("お", "ご", "御")
# Hiragana that may follow a word without being its ending; and others that may follow a noun.
_POSTPOSITIONS = _words(
    "は が を に へ と も の や か ね よ から まで より など だけ しか ほど ばかり ので のに けど なら"
)
_COPULAS = _words("で です でし でしょ だ だっ な じゃ では")

# Vietnamese words of one syllable that are seldom part of a longer word.
_SYLLABLES_ALONE = _words(
    "và với cho không có khi nên này đó từ trong ngoài trên dưới đến tới tại ở về ra vào lên xuống đi lại hơn nhất rất "
    "quá nhiều ít hoặc hay nếu vì do bởi nhưng còn chỉ vẫn đều cùng theo qua sau trước giữa bằng để rằng như phải cần "
    "muốn nói biết tôi bạn anh chị em ông bà nó họ ta mình chúng ai gì nào đâu sao một hai ba bốn năm mọi mỗi từng "
    "này khác cũng luôn đừng trăm nghìn triệu tỷ"
)

# Arabic conjunctions and prepositions, written together with the article; in a short word they are part of the stem.
_PROCLITICS = ("وال", "فال", "بال", "كال", "لل", "ولل", "وبال")
_LONGEST_WITHOUT_CLITIC = 4  # letters


class DependentWords(NamedTuple):
    """The words of a sentence that depend on their neighbours, by index."""

    particles: Collection[int]  # never switched alone, nor as the first or last of several words unless bound
    bound: Collection[int]  # each is only switched together with the word after it
    with_clitic: Collection[int]  # the clitic is a separate word in other languages


def dependent_words(
    tokens: Sequence[str], spans: Sequence[tuple[int, int]], counterparts: Mapping[int, int], language: str
) -> DependentWords:
    """Find the words that depend on their neighbours.

    Args:
        tokens: the words of a sentence.
        spans: their positions in its text.
        counterparts: index of a word -> index of its counterpart in the translation, or of one of several.
        language: BCP 47 tag. For a language that is not listed here, only words with an apostrophe are found.
    """
    main = language.partition("-")[0]
    with_clitic = [index for index, token in enumerate(tokens) if _has_clitic(token, main)]
    if main not in _PARTICLES:
        return DependentWords((), (), with_clitic)
    gap = 1 if main in _SPACED else 0
    adjacent = [index for index, (first, second) in enumerate(pairwise(spans)) if second[0] - first[1] <= gap]
    if main == "ja":
        particles = {index for index, token in enumerate(tokens) if _is_hiragana(token)}
        return DependentWords(particles, _bound_in_japanese(tokens, adjacent), with_clitic)
    lowered = [token.lower() for token in tokens]
    particles = {index for index, token in enumerate(lowered) if token in _PARTICLES[main]}
    prefixes, suffixes = _PREFIXES[main], _SUFFIXES[main]
    bound = {index for index in adjacent if lowered[index] in prefixes or lowered[index + 1] in suffixes}
    if main == "vi":
        bound |= _bound_in_vietnamese(lowered, adjacent, counterparts)
    return DependentWords(particles, bound, with_clitic)


def _has_clitic(token: str, language: str) -> bool:
    if language == "ar":
        return len(token) > _LONGEST_WITHOUT_CLITIC and token.startswith(_PROCLITICS)
    return "'" in token or "’" in token


def _bound_in_japanese(tokens: Sequence[str], adjacent: Sequence[int]) -> set[int]:
    """Verbs and adjectives, bound to their endings; and single characters, bound to the rest of the compound.

    `adjacent` has the words that the next word follows directly.
    """
    bound: set[int] = set()
    for index in adjacent:
        word, following = tokens[index], tokens[index + 1]
        if _is_hiragana(following):
            if _is_hiragana(word):
                is_bound = index - 1 in bound and following not in _POSTPOSITIONS
            elif any(map(_is_hiragana, word)):
                is_bound = following not in _POSTPOSITIONS
            else:  # a noun, unless it is so short that it may be a stem
                is_bound = len(word) == 1 and following not in _POSTPOSITIONS | _COPULAS
        else:
            single = 1 in (len(word), len(following))
            is_bound = word in _HONORIFICS or (single and _is_kanji(word[-1]) and _is_kanji(following[0]))
        if is_bound:
            bound.add(index)
    return bound


def _bound_in_vietnamese(tokens: Sequence[str], adjacent: Sequence[int], counterparts: Mapping[int, int]) -> set[int]:
    """Syllables of which only one has a counterpart in the translation: they may be two halves of a word.

    Two syllables with the same counterpart are a complete word, which is not bound to a third syllable.
    """
    single_words = _SYLLABLES_ALONE | _PARTICLES["vi"]
    in_complete_words = {
        half
        for index in adjacent
        if index in counterparts and counterparts[index] == counterparts.get(index + 1)
        for half in (index, index + 1)
    }
    return {
        index
        for index in adjacent
        if (index in counterparts) != (index + 1 in counterparts)
        and in_complete_words.isdisjoint((index, index + 1))
        and single_words.isdisjoint(tokens[index : index + 2])
    }


def _is_hiragana(text: str) -> bool:
    return all("ぁ" <= char <= "ゟ" for char in text)


def _is_kanji(char: str) -> bool:
    return "一" <= char <= "鿿" or char == "々"
