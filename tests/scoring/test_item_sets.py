from contextlib import contextmanager

import pytest

from sdrrl_data.languages import find
from sdrrl_data.scoring import item_sets
from tests.support import hub

EN, PT = find("en"), find("pt")
GATED = "openlanguagedata/flores_plus"
DATASETS = {
    "juletxara/mgsm": hub.dataset(
        "cc-by-sa-4.0",
        {"en": {"train": [{"question": "Shown?"}], "test": [{"question": "First?"}, {"question": "Second?"}]}},
    ),
    "facebook/belebele": hub.dataset(
        "cc-by-sa-4.0",
        {
            language: {"test": [{"flores_passage": f"{language} passage", "question": "Who?", "mc_answer1": "Nobody"}]}
            for language in ("eng_Latn", "por_Latn", "zho_Hans")
        },
    ),
    "google/xquad": hub.dataset("mit", {"xquad.vi": {"validation": [{"context": "A text", "question": 7}]}}),
    GATED: hub.dataset("cc-by-sa-4.0", {"cmn_Hans": {split: [{"text": split}] for split in ("dev", "devtest")}}),
    "org/tasks": hub.dataset(
        "mit", {"one": {split: [{"texts": [f"a {split}", "b"]}] for split in ("train", "test_1", "test_2")}, "two": {}}
    ),
    "org/unsorted": hub.dataset("mit", {"default": {"train": [{"text": "t"}]}}),
}

READ = """
import json
from sdrrl_data.errors import UserError
from sdrrl_data.languages import find
from sdrrl_data.scoring import item_sets

def said(work):
    try:
        return work()
    except UserError as error:
        return str(error)

for name, src, tgt in CASES:
    identity = said(lambda: item_sets.identify(name).__dict__)
    items = said(lambda: [(language.tag, *rest) for language, *rest in item_sets.items(name, find(src), find(tgt))])
    print(json.dumps([identity, items]))
"""
CASES = [
    ("mgsm", "en", "pt"),
    ("belebele", "en", "pt"),
    ("mgsm", "vi", "pt"),
    ("xquad", "en", "vi"),
    ("org/tasks:one", "en", "pt"),
    ("org/tasks:three", "en", "pt"),
    ("org/unsorted", "en", "pt"),
    ("org/none", "en", "pt"),
    ("flores", "en", "zh"),
]


@contextmanager
def serving(gated):
    """A Hub with these datasets; all are visible, but those in `gated` cannot be read."""
    with hub.serving() as served:
        for name, files in DATASETS.items():
            served.add(f"datasets/{name}", files, gated=name in gated, sha="d" * 40)
        yield served


@pytest.fixture(scope="module")
def read(tmp_path_factory):
    """What is read in each case: from the small Hub, and then offline."""
    script, home = READ.replace("CASES", repr(CASES)), tmp_path_factory.mktemp("home")
    with serving(set()) as served:
        online = served.run(script, home)
    return dict(zip(CASES, zip(online, hub.run(script, hub.offline(home)), strict=True), strict=True))


def identity(name):
    licence = "mit" if name.startswith("org/") else "cc-by-sa-4.0"
    return {"role": "test set", "name": name, "revision": "d" * 40, "licence": licence, "engine": None}


@pytest.mark.parametrize(
    ("case", "name", "items"),
    [
        # training splits are left out, and so are columns without items
        (("mgsm", "en", "pt"), "juletxara/mgsm", [["en", "mgsm:1", "First?"], ["en", "mgsm:2", "Second?"]]),
        (
            ("belebele", "en", "pt"),
            "facebook/belebele",
            [
                ["en", "belebele:1", "eng_Latn passage"],
                ["en", "belebele:1", "Who?"],
                ["pt", "belebele:1", "por_Latn passage"],
                ["pt", "belebele:1", "Who?"],
            ],
        ),
        # its codes are not those of FLORES-200
        (("flores", "en", "zh"), GATED, [["zh", "flores:dev:1", "dev"], ["zh", "flores:devtest:1", "devtest"]]),
        (
            ("org/tasks:one", "en", "pt"),
            "org/tasks:one",
            [
                [tag, f"org/tasks:{split}:1", text]
                for split in ("test_1", "test_2")
                for text in (f"a {split}", "b")
                for tag in ("en", "pt")
            ],
        ),
        (("org/unsorted", "en", "pt"), "org/unsorted", [[tag, "org/unsorted:1", "t"] for tag in ("en", "pt")]),
    ],
)
def test_reads_the_hub_and_then_what_it_has_of_it(read, case, name, items):
    online, offline = read[case]
    assert online == [identity(name), items]
    assert offline == online


@pytest.mark.parametrize(
    ("case", "message"),
    [
        (("mgsm", "vi", "pt"), "test set mgsm (juletxara/mgsm) has neither Vietnamese nor Portuguese: take it out"),
        (
            ("xquad", "en", "vi"),
            "test set google/xquad: it has no texts in a column 'question', so it may have changed",
        ),
        (
            ("org/tasks:three", "en", "pt"),
            "test set org/tasks: the dataset has no config three on the Hub: give a local",
        ),
        (
            ("org/none", "en", "pt"),
            "test set org/none: the Hub has no such dataset for you: check the name",
        ),
    ],
)
def test_says_what_is_wrong(read, case, message):
    (_, items), _ = read[case]
    assert items.startswith(message)


def test_says_whose_terms_to_accept(tmp_path):
    with serving({GATED}) as served:
        (errors,) = served.run(READ.replace("CASES", "[('flores', 'en', 'zh')]"), tmp_path)
    message = f"test set {GATED}: accept its terms at https://huggingface.co/datasets/{GATED}, then `hf auth login`"
    assert errors == [message, message]


def test_says_that_there_is_no_hub(read):
    assert read["org/none", "en", "pt"][1][0].startswith("test set org/none is not in the cache and the Hugging Face")


def test_a_file_is_read_in_both_languages(tmp_path):
    path = tmp_path / "test.jsonl"
    path.write_text('{"q": "Why?", "n": 1}\n', encoding="utf-8")
    assert item_sets.identify(str(path)).name == "test.jsonl"
    assert list(item_sets.items(str(path), EN, PT)) == [(language, "test.jsonl:1", "Why?") for language in (EN, PT)]
