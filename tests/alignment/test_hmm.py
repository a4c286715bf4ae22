import os
import subprocess
import sys
from itertools import product

import numpy as np
import pytest

from sdrrl_data import alignment, recipe
from sdrrl_data.alignment.hmm import HmmConfig

ADJECTIVES = {"red": "vermelho", "new": "novo", "cheap": "barato", "broken": "quebrado", "heavy": "pesado"}
NOUNS = {"car": "carro", "book": "livro", "boat": "barco", "clock": "relógio", "phone": "telefone"}
VERBS = {"sold": "vendeu", "bought": "comprou", "lost": "perdeu"}
PEOPLE = {"police": "cảnh sát", "teachers": "giáo viên", "engineers": "kỹ sư", "birds": "chim", "dogs": "chó"}
DEEDS = {"see": "thấy", "hear": "nghe", "help": "giúp"}


def trained(pairs):
    aligner = alignment.build(HmmConfig())
    aligner.train(pairs)
    return aligner


def split(*pairs):
    return [(source.split(), target.split()) for source, target in pairs]


TEMPLATES = split(
    *(
        (f"she {verb} the {adjective} {noun}", f"ela {VERBS[verb]} o {NOUNS[noun]} {ADJECTIVES[adjective]}")
        for verb, adjective, noun in product(VERBS, ADJECTIVES, NOUNS)
    )
)


@pytest.fixture(scope="module")
def portuguese():
    return trained(TEMPLATES)


def test_words_find_their_counterparts_though_the_order_differs(portuguese):
    [links] = portuguese.align(split(("She SOLD the cheap boat", "Ela vendeu o barco BARATO")))
    assert {(1, 1), (3, 4), (4, 3)} <= {(i, j) for i, j, confidence in links if confidence > 0.9}


def test_a_word_can_have_two_counterparts():
    pairs = split(
        *(
            (f"{a} {deed} {b}", f"{PEOPLE[a]} {DEEDS[deed]} {PEOPLE[b]}")
            for a, deed, b in product(PEOPLE, DEEDS, PEOPLE)
        )
    )
    [links] = trained(pairs).align(split(("teachers help birds", "giáo viên giúp chim")))
    assert [(i, j) for i, j, confidence in links if confidence >= 0.5] == [(0, 0), (0, 1), (1, 2), (2, 3)]


def test_what_cannot_be_aligned_gets_no_links(portuguese):
    pairs = [([], []), (["car"], []), ([], ["carro"]), (["car"] * 201, ["carro"] * 201)]
    assert portuguese.align([*pairs, *split(("car", "carro"))])[:4] == [[], [], [], []]
    assert portuguese.align([]) == []


def test_what_was_never_seen_has_no_confidence(portuguese):
    unseen = split(("cheese", "queijo"))
    assert [confidence for aligner in (portuguese, trained([])) for *_, confidence in aligner.align(unseen)[0]] == [
        0,
        0,
    ]


def test_the_more_often_a_word_was_seen_the_surer_it_is():
    names = {"she": "ela", "he": "ele", "we": "nós", "ate": "comeu", "cheese": "queijo", "they": "elas", "bread": "pão"}
    meals = ["she ate cheese", "he ate cheese", "we ate cheese", "they ate bread"]
    pairs = split(*((meal, " ".join(names[word] for word in meal.split())) for meal in meals))
    he, _, cheese = trained(TEMPLATES + pairs).align(pairs)[1]
    assert (he[:2], cheese[:2]) == ((0, 0), (2, 2))
    assert he.confidence < recipe.CodeSwitchingConfig().min_confidence < cheese.confidence


REQUESTS = {
    "send me": "envie-me",
    "write": "escreva",
    "translate": "traduza",
    "read": "leia",
    "check": "verifique",
    "print": "imprima",
}


@pytest.mark.parametrize(
    ("english", "portuguese"),
    [("sales report", "relatório vendas"), ("cover letter", "apresentação carta"), ("air force", "aérea força")],
)
@pytest.mark.parametrize("times", [1, 2, 3, 6])
def test_words_that_only_occur_together_are_never_sure(english, portuguese, times):
    pairs = split(
        *((f"{word} the {english} now", f"{REQUESTS[word]} o {portuguese} agora") for word in list(REQUESTS)[:times])
    )
    limit = recipe.CodeSwitchingConfig().min_confidence
    for (source, _), links in zip(pairs, trained(TEMPLATES + pairs).align(pairs), strict=True):
        assert not [link for link in links if source[link.source] in english and link.confidence >= limit]


def test_words_that_also_occur_apart_are_sure():
    pairs = split(
        *((f"{word} the sales report", f"{verb} o relatório vendas") for word, verb in REQUESTS.items()),
        *((f"{word} the report", f"{verb} o relatório") for word, verb in REQUESTS.items()),
    )
    limit = recipe.CodeSwitchingConfig().min_confidence
    [links] = trained(TEMPLATES + pairs).align(split(("write the sales report", "escreva o relatório vendas")))
    assert {(2, 3), (3, 2)} <= {(i, j) for i, j, confidence in links if confidence >= limit}


def test_what_sdrrl_data_0_1_0_saved_is_loaded(portuguese, tmp_path):
    portuguese.save(tmp_path)
    with np.load(tmp_path / "hmm.npz") as saved:
        np.savez(tmp_path / "hmm.npz", **{name: saved[name] for name in saved.files if name != "agreements"})
    loaded = alignment.build(HmmConfig())
    loaded.load(tmp_path)
    pairs = split(("she sold the red book", "ela vendeu o livro vermelho"))
    [before], [after] = loaded.align(pairs), portuguese.align(pairs)
    assert [link[:2] for link in before] == [link[:2] for link in after]
    assert all(old.confidence >= new.confidence for old, new in zip(before, after, strict=True))


def test_what_is_saved_is_loaded(portuguese, tmp_path):
    portuguese.save(tmp_path)
    loaded = alignment.build(HmmConfig())
    loaded.load(tmp_path)
    assert loaded.align(TEMPLATES) == portuguese.align(TEMPLATES)


def test_a_pair_that_stands_there_twice_is_learned_once(portuguese):
    pairs = split(("she sold the red book", "ela vendeu o livro vermelho"))
    assert trained(TEMPLATES + TEMPLATES[:20]).align(pairs) == portuguese.align(pairs)


def test_confidences_stay_below_one_where_words_are_repeated(portuguese):
    [links] = portuguese.align(split(("the red red red car", "o carro carro carro vermelho vermelho")))
    assert links
    assert all(0 <= confidence <= 1 for _, _, confidence in links)


SCRIPT = """
import sys
from sdrrl_data import alignment
from sdrrl_data.alignment.hmm import HmmConfig
sides = [[line.split() for line in open(path, encoding="utf-8").readlines()[:200]] for path in sys.argv[1:]]
pairs = list(zip(*sides))
aligner = alignment.build(HmmConfig())
aligner.train(pairs)
print(aligner.align(pairs))
"""


def test_neither_the_process_nor_the_number_of_threads_changes_a_link(real_texts):
    texts = [real_texts / "flores-dev" / name for name in ("en.txt", "pt.txt")]
    runs = [
        subprocess.run(
            [sys.executable, "-c", SCRIPT, *texts],
            env=os.environ | {"OMP_NUM_THREADS": threads, "OPENBLAS_NUM_THREADS": threads, "PYTHONHASHSEED": threads},
            stdout=subprocess.PIPE,
            check=True,
        )
        for threads in ("1", "4")
    ]
    assert runs[0].stdout == runs[1].stdout
    assert len(runs[0].stdout) > 10_000
