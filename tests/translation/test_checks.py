import pytest
from hypothesis import given
from hypothesis import strategies as st

from sdrrl_data.languages import find, search
from sdrrl_data.translation.checks import Checks

LOST, LONG, LOOP = "part of the text is lost", "it is far too long", "it repeats itself"
COPY, SCRIPT = "the source is copied", "it is in the wrong script"

FLORES = ["fi", "id", "ja", "ko", "pl", "pt", "sl", "th", "uk", "vi"]
TATOEBA = {
    "bul": "bg", "ces": "cs", "dan": "da", "fin": "fi", "hun": "hu", "ind": "id", "jpn": "ja", "khm": "km",
    "kor": "ko", "nob": "nb", "pol": "pl", "por": "pt", "slv": "sl", "tha": "th", "ukr": "uk", "vie": "vi",
}  # fmt: skip

SENTENCE = "The old bridge over the river was closed because the flood had carried away two of its piers."
THAI = "สะพานเก่าข้ามแม่น้ำถูกปิดเพราะน้ำท่วมได้พัดพาเสาสองต้นของมันไป"


def checks(src, tgt):
    return Checks(find(src), find(tgt))


def faults(src, tgt, pairs):
    judge = checks(src, tgt)
    return [fault for source, translation in pairs if (fault := judge.fault(source, translation))]


@pytest.fixture(scope="module")
def flores(real_texts):
    def lines(name):
        return (real_texts / "flores-dev" / f"{name}.txt").read_text(encoding="utf-8").splitlines()

    return lambda src, tgt: list(zip(lines(src), lines(tgt), strict=True))


@pytest.fixture(scope="module")
def tatoeba(real_texts):
    def pairs(code):
        lines = (real_texts / "parallel" / f"tatoeba.eng-{code}.tsv").read_text(encoding="utf-8").splitlines()
        return [tuple(line.split("\t")[:2]) for line in lines]

    return pairs


def turned(pairs):
    return [(target, source) for source, target in pairs]


@pytest.mark.parametrize("language", FLORES)
def test_true_pairs_of_flores_pass(language, flores):
    pairs = flores("en", language)
    assert len(faults("en", language, pairs)) <= 3
    assert len(faults(language, "en", turned(pairs))) <= 3


@pytest.mark.parametrize("code", TATOEBA)
def test_true_pairs_of_tatoeba_pass(code, tatoeba):
    pairs = tatoeba(code)
    if code == "khm":  # three of its translations are written in Latin letters
        pairs = [(source, target) for source, target in pairs if not target.startswith(("Goat", "Anih", "Ceh"))]
    assert len(faults("en", TATOEBA[code], pairs)) <= 0.003 * len(pairs)
    assert len(faults(TATOEBA[code], "en", turned(pairs))) <= 0.003 * len(pairs)


@pytest.mark.parametrize(("src", "tgt"), [("sl", "pl"), ("ja", "ko"), ("ko", "ja"), ("uk", "pl"), ("th", "vi")])
def test_true_pairs_without_english_pass(src, tgt, flores):
    assert len(faults(src, tgt, flores(src, tgt))) <= 2


def looped(text):
    words = text.split()
    if len(words) > 6:
        half = len(words) // 2
        return " ".join(words[:half] + words[half : half + 3] * 8)
    half = len(text) // 2
    return text[:half] + text[half : half + 12] * 8


@pytest.mark.parametrize("language", FLORES)
def test_planted_faults_are_found(language, flores):
    pairs = flores("en", language)

    def share_found(spoil):
        return len(faults("en", language, [(source, spoil(source, target)) for source, target in pairs])) / len(pairs)

    assert share_found(lambda _, target: "") == 1
    assert share_found(lambda source, _: source) >= 0.99
    assert share_found(lambda _, target: looped(target)) >= 0.99
    assert share_found(lambda _, target: f"{target} {target}") >= 0.99
    assert share_found(lambda source, target: f"{target} {source} {target} And so on.") >= 0.99
    assert share_found(lambda _, target: target[: len(target) // 3]) >= 0.97
    assert share_found(lambda _, target: target[: len(target) // 2]) >= 0.55


@pytest.mark.parametrize(("language", "other"), [("th", "uk"), ("ja", "th"), ("uk", "pt"), ("pt", "uk"), ("ko", "ja")])
def test_another_script_is_found(language, other, flores):
    pairs = flores("en", other)
    assert len(faults("en", language, pairs)) >= 0.99 * len(pairs)


@pytest.mark.parametrize(
    ("language", "least", "most"), [("th", 30, 40), ("ko", 15, 25), ("ja", 10, 20), ("fi", 8, 16), ("id", 3, 10)]
)
def test_what_nllb_breaks_is_found(language, least, most, flores):
    assert least <= len(faults("en", language, flores("en", f"nllb.{language}"))) <= most


@pytest.mark.parametrize(
    ("tgt", "source", "translation", "fault"),
    [
        ("pt", SENTENCE, " \n", "nothing came back"),
        ("pt", SENTENCE, "A velha ponte.", LOST),
        ("pt", "Pros:", "Prós: a localização é muito boa para mim.", LONG),
        ("pt", SENTENCE, "A ponte velha foi fechada " + "porque foi " * 8, LOOP),
        ("th", SENTENCE, THAI[:30] + "สะพาน" * 12, LOOP),
        ("pt", SENTENCE, SENTENCE.replace("piers", "pilares"), COPY),
        (
            "ko",
            SENTENCE,
            "오래된 다리는 홍수로 인해 교각 두 개가 두 개가 두 개가 두 개가 두 개가 떠내려가 폐쇄되었다.",
            LOOP,
        ),
        ("th", SENTENCE, SENTENCE, COPY),
        ("th", SENTENCE, "A ponte velha foi fechada porque a cheia levou dois dos seus pilares.", SCRIPT),
        ("th", SENTENCE, THAI + "甚至提供", SCRIPT),
        ("pt", SENTENCE, "A ponte velha foi зачинена porque a cheia levou dois dos seus pilares.", SCRIPT),
        # No faults
        ("th", SENTENCE, THAI, None),
        ("pt", "no, no, no, no, no, no, no, no!", "não, não, não, não, não, não, não!", None),
        ("pt", "Chapter one .......... page ten", "Capítulo um .............. página dez", None),
        ("th", "Windows XP", "Windows XP", None),
        ("th", "Open X0 with Notepad", "เปิด X0 ด้วย Notepad", None),
        ("pt", "The Lord of the Rings", "The Lord of the Rings", None),
        ("pt", "Hotel", "Hotel", None),
        (
            "pt",
            "Python libraries (for example NumPy, pandas, scikit-learn, matplotlib)",
            "Bibliotecas Python (por exemplo, NumPy, pandas, scikit-learn, matplotlib)",
            None,
        ),
        (
            "pt",
            "Pasta = casarecce, gnocchi, tonnarelli, orecchiette, conchiglie",
            "Massa = casarecce, gnocchi, tonnarelli, orecchiette, conchiglie",
            None,
        ),
        ("pt", "N = R* × fp × ne × fl × fi × fc × L", "N = R* × fp × ne × fl × fi × fc × L", None),
        ("pt", "He wrote “Of mice and other men” then.", "Escreveu então “Of mice and other men”.", None),
        ("pt", "run git_log and git.diff or a/b/c2 now", "execute git_log e git.diff ou a/b/c2 agora", None),
        ("pt", "CLOSE THE OLD BRIDGE OVER THE RIVER NOW", "CLOSE THE OLD BRIDGE OVER THE RIVER NOW", COPY),
        ("pt", "It is closed; the flood took it.", "It is closed; the flood took it.", COPY),
        ("pt", "The letter щ of the Russian word борщ", "A letra щ da palavra russa борщ", None),
        ("ko", "The Analects", "논어(論語)", None),
        ("pt", "about 1.2 million km2", "cerca de 1,2 milhão de km²", None),
        ("pt", "the 60th", "o 60º", None),
        ("sat", "I am here.", "ᱤᱧ ᱱᱚᱸᱰᱮ ᱢᱮᱱᱟᱹᱧᱟ ᱾", None),
    ],
)
def test_single_sentences(tgt, source, translation, fault):
    assert checks("en", tgt).fault(source, translation) == fault


@pytest.mark.parametrize(
    ("src", "tgt", "sentence", "fault"),
    [
        ("da", "nb", "Hun kan ikke spille golf.", COPY),
        ("da", "nb", "Dette er en hest.", None),
        ("th", "en", THAI, COPY),
        ("zh", "en", "这座老桥因为洪水冲走了两个桥墩而关闭了。", SCRIPT),
        ("ja", "en", "古い橋は洪水で橋脚が二本流されたため閉鎖された。", SCRIPT),
        ("ru", "uk", "Очень старая деревянная церковь была закрыта на ремонт.", COPY),
    ],
)
def test_copies_in_other_pairs(src, tgt, sentence, fault):
    assert checks(src, tgt).fault(sentence, sentence) == fault


def test_languages_that_are_close_share_words():
    judge = checks("da", "nb")
    assert (
        judge.fault("Han har oversat Homer fra græsk til engelsk.", "Han har oversatt Homer fra gresk til engelsk.")
        is None
    )


def test_every_language_can_be_checked():
    assert {Checks(find("en"), language).fault("PDF", "PDF") for language in search("")} == {None}


@given(st.text(), st.text(), st.sampled_from(["pt", "th", "ja", "am"]))
def test_any_text_can_be_judged(source, translation, tgt):
    fault = checks("en", tgt).fault(source, translation)
    assert (fault == "nothing came back") == (not translation.strip())


@pytest.mark.parametrize(
    ("source", "translation", "doubtful"),
    [
        ("In 1,875 days", "Em 1.875 dias", False),
        ("In 1875", "Em 1 875", False),
        ("In 1875", "Em 18750", True),
        ("In 1875", "Naquele ano", True),
        ("In 12 days", "Em doze dias", False),
        ("From 1970 to 1971", "De 1970 a 1971", False),
        ("From 1970 to 1971", "De 1970", True),
        ("In 2010", "ในปี ๒๐๑๐", False),
    ],
)
def test_a_number_that_is_missing_raises_doubts(source, translation, doubtful):
    assert Checks(find("en"), find("pt")).is_doubtful(source, translation) == doubtful
