import json

import pytest

from sdrrl_data.errors import UserError
from sdrrl_data.evaluation.texts import Pair, read_parallel, read_questions
from sdrrl_data.languages import find
from sdrrl_data.pipeline.generate import generate
from sdrrl_data.recipe import loading
from sdrrl_data.run import Part, Run
from tests.evaluation.conftest import PAIRS
from tests.support import datasets
from tests.support.small_models import CHANGES, models

EN, PT = find("en"), find("pt")
SEEDS = [
    {"instruction": f"Why do you think that the {kind} {thing} is larger than mine?", "output": f"The {kind} one is."}
    for kind in ("old", "new", "small", "grey")
    for thing in ("bridge", "garden", "market", "inn")
]


@pytest.fixture(scope="module")
def run(tmp_path_factory):
    """A finished run, whose seeds have references."""
    folder = tmp_path_factory.mktemp("run")
    (folder / "seeds.jsonl").write_text("".join(json.dumps(row) + "\n" for row in SEEDS))
    changes = {"seeds.source": str(folder / "seeds.jsonl"), "transfer_set.test_share": 0.4, "parallel": None}
    generate(loading.load("quickstart", CHANGES | changes), folder / "run", models())
    return Run(folder / "run")


def test_pairs_of_a_table(parallel, tmp_path):
    assert read_parallel(parallel, None) == PAIRS
    assert read_parallel(parallel, 2) == PAIRS[:2]
    (tmp_path / "odd.tsv").write_text("\ufeffone\tum\n\nalone\ntwo\t \nthree\ttrês\ttres\nfour\u2028\tquatro\n")
    assert read_parallel(str(tmp_path / "odd.tsv"), None) == [Pair("one", "um"), Pair("four", "quatro")]


def test_pairs_of_two_files(tmp_path):
    for name, side in (("en.txt", 0), ("pt.txt", 1)):
        (tmp_path / name).write_text("".join(pair[side] + "\n" for pair in PAIRS), encoding="utf-8")
    both = f"{tmp_path}/en.txt, {tmp_path}/pt.txt"
    assert read_parallel(both, None) == PAIRS
    with (tmp_path / "pt.txt").open("a") as file:
        file.write("Mais uma.")
    with pytest.raises(UserError, match=r"en.txt has 6 lines and .*pt.txt has 7: line N of one"):
        read_parallel(both, None)


def test_no_pairs(tmp_path):
    (tmp_path / "one.txt").write_text("only one side\n")
    (tmp_path / "latin.txt").write_bytes(b"S\xe3o Paulo\tx\n")
    with pytest.raises(UserError, match=r"no line of .*one.txt is source<TAB>target"):
        read_parallel(f"{tmp_path}/one.txt", None)
    with pytest.raises(UserError, match="not UTF-8"):
        read_parallel(f"{tmp_path}/latin.txt", None)
    with pytest.raises(UserError, match=r"none.txt: cannot be read"):
        read_parallel(f"{tmp_path}/none.txt", None)
    with pytest.raises(UserError, match="takes one or two files, not 3"):
        read_parallel("a,b,c", None)


def test_questions_of_a_run(run):
    found = read_questions(str(run.path), EN, PT, None)
    rows = run.dataset("pt/transfer_set").read().filter(split="test", task="answer", code_switched=False)
    for language in ("en", "pt"):
        own = rows.filter(direction=f"{language}->{language}")
        assert len(found[language]) == own.height > 0
        assert [question.messages for question in found[language]] == own["prompt"].to_list()
        assert [question.own for question in found[language]] == [row[0]["content"] for row in own["completion"]]
    asked = {row["instruction"]: row["output"] for row in SEEDS}
    assert all(question.reference == asked[question.messages[0]["content"]] for question in found["en"])
    assert all(question.reference is None for question in found["pt"])
    assert len(read_questions(str(run.path), EN, PT, 1)["en"]) == 1


def test_references_in_the_target_language(run):
    seeds = run.table("seeds").read_all()
    made = seeds.select("id", answer="source")
    table = run.table("pt/references")
    table.write(0, Part(made, table.set_aside()), "x")
    places = dict(zip(seeds["id"], seeds["source"], strict=True))
    rows = run.dataset("pt/transfer_set").read().filter(split="test", direction="pt->pt", code_switched=False)
    found = read_questions(str(run.path), EN, PT, None)["pt"]
    assert [question.reference for question in found] == [places[id] for id in rows["seed_id"]]


def test_questions_of_files(tmp_path):
    (tmp_path / "en.jsonl").write_text('{"question": "Why?", "answer": "Because."}\n')
    (tmp_path / "pt.txt").write_text("Por quê?\nQuando?\n")
    found = read_questions(f"{tmp_path}/en.jsonl,{tmp_path}/pt.txt", EN, PT, 1)
    assert [(own.messages[0]["content"], own.reference) for own in found["en"]] == [("Why?", "Because.")]
    assert [(own.messages[0]["content"], own.reference) for own in found["pt"]] == [("Por quê?", None)]
    assert list(read_questions(f"{tmp_path}/pt.txt", EN, PT, None)) == ["pt"]


def test_runs_that_are_no_use(run, tmp_path):
    with pytest.raises(UserError, match=r"is not a run \(it has no manifest.json\)"):
        read_questions(str(tmp_path), EN, PT, None)
    with pytest.raises(UserError, match="is not from en to vi, it has --src en --tgt pt"):
        read_questions(str(run.path), EN, find("vi"), None)
    manifest = run.manifest()
    other = Run(tmp_path / "unfinished")
    other.write_manifest(manifest.model_copy(update={"state": "unfinished"}))
    with pytest.raises(UserError, match="is not finished"):
        read_questions(str(other.path), EN, PT, None)


def test_a_run_without_a_test_split(run, tmp_path):
    other = Run(tmp_path / "other")
    manifest = run.manifest()
    counts = manifest.counts.model_copy(update={"steps": {}})
    other.write_manifest(manifest.model_copy(update={"files": {}, "counts": counts}))
    rows = run.dataset("pt/transfer_set").read().filter(split="train")
    datasets.write(other, "pt/transfer_set", rows)
    seeds = run.table("seeds")
    other.table("seeds").write(0, Part(seeds.read_all(), seeds.set_aside()), "x")
    with pytest.raises(UserError, match="has no row to test with"):
        read_questions(str(other.path), EN, PT, None)
