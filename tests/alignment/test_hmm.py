import os
import random
import subprocess
import sys
from itertools import product

import pytest

from sdrrl_data import alignment, recipe

ADJECTIVES = {"red": "vermelho", "new": "novo", "cheap": "barato", "broken": "quebrado", "heavy": "pesado"}
NOUNS = {"car": "carro", "book": "livro", "boat": "barco", "clock": "relógio", "phone": "telefone"}
VERBS = {"sold": "vendeu", "bought": "comprou", "lost": "perdeu"}
PEOPLE = {"police": "cảnh sát", "teachers": "giáo viên", "engineers": "kỹ sư", "birds": "chim", "dogs": "chó"}
DEEDS = {"see": "thấy", "hear": "nghe", "help": "giúp"}


def trained(pairs):
    aligner = alignment.build(recipe.HmmAligner())
    aligner.train(pairs)
    return aligner


def split(*pairs):
    return [(source.split(), target.split()) for source, target in pairs]


@pytest.fixture(scope="module")
def portuguese():
    return trained(
        split(
            *(
                (f"she {verb} the {adjective} {noun}", f"ela {VERBS[verb]} o {NOUNS[noun]} {ADJECTIVES[adjective]}")
                for verb, adjective, noun in product(VERBS, ADJECTIVES, NOUNS)
            )
        )
    )


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


def test_what_was_never_seen_is_not_sure(portuguese):
    assert all(confidence < 0.5 for _, _, confidence in portuguese.align(split(("cheese", "queijo")))[0])
    assert trained([]).align(split(("cheese", "queijo")))[0] == [(0, 0, pytest.approx(1 / 3))]


def test_confidences_stay_below_one_where_words_are_repeated(portuguese):
    [links] = portuguese.align(split(("the red red red car", "o carro carro carro vermelho vermelho")))
    assert links
    assert all(0 <= confidence <= 1 for _, _, confidence in links)


@pytest.mark.parametrize(("sentences", "least_precision", "least_links"), [(100, 0.9, 400), (997, 0.98, 11_000)])
def test_sure_links_are_right_on_a_ciphered_text(shared_data, sentences, least_precision, least_links):
    """Each English word has become an invented one; words were moved, dropped and put in."""
    text = (shared_data / "flores-dev" / "en.txt").read_text(encoding="utf-8")
    pairs, gold = ciphered(text.splitlines()[:sentences])
    found = [
        (number, i, j)
        for number, links in enumerate(trained(pairs).align(pairs))
        for i, j, confidence in links
        if confidence >= recipe.CodeSwitching().min_confidence
    ]
    right = sum((i, j) in gold[number] for number, i, j in found)
    assert right / len(found) >= least_precision
    assert len(found) >= least_links


def ciphered(lines):
    rng = random.Random(0)
    invented = {}
    pairs, gold = [], []
    for line in lines:
        source = line.split()
        kept = [i for i in range(len(source)) if rng.random() > 0.08]
        order = sorted(kept, key=lambda i: i + rng.uniform(0, 2.5))
        target, links = [], set()
        for i in order:
            if rng.random() < 0.08:
                target.append(f"filler{rng.randrange(8)}")
            links.add((i, len(target)))
            target.append(invented.setdefault(source[i].casefold(), f"w{len(invented)}"))
        pairs.append((source, target))
        gold.append(links)
    return pairs, gold


SCRIPT = """
import sys
from sdrrl_data import alignment, recipe
sides = [[line.split() for line in open(path, encoding="utf-8").readlines()[:200]] for path in sys.argv[1:]]
pairs = list(zip(*sides))
aligner = alignment.build(recipe.HmmAligner())
aligner.train(pairs)
print(aligner.align(pairs))
"""


def test_neither_the_process_nor_the_number_of_threads_changes_a_link(shared_data):
    texts = [shared_data / "flores-dev" / name for name in ("en.txt", "pt.txt")]
    runs = [
        subprocess.run(
            [sys.executable, "-c", SCRIPT, *texts],
            env=os.environ | {"OMP_NUM_THREADS": threads, "PYTHONHASHSEED": threads},
            stdout=subprocess.PIPE,
            check=True,
        )
        for threads in ("1", "4")
    ]
    assert runs[0].stdout == runs[1].stdout
    assert len(runs[0].stdout) > 10_000
