"""Controls of whole runs with small models: what is made, what is made once, and what is refused."""

import json

import polars as pl
import pytest

from sdrrl_data.controls import build
from sdrrl_data.controls.arms import ARMS as ALL
from sdrrl_data.controls.arms import DIRECT, REFERENCES, read
from sdrrl_data.errors import UserError
from sdrrl_data.languages import find
from sdrrl_data.pipeline.generate import generate
from sdrrl_data.protocols import Silent
from sdrrl_data.recipe import loading
from sdrrl_data.run import Run, opened, trust_run
from tests.support import small_models
from tests.support.copies import trusted_copy

ARMS = [name for name in ALL if name not in DIRECT]  # those of a run without direct answers
THINGS = ("bridge", "garden", "market", "harbour", "library", "railway", "desert", "river")
QUESTIONS = [f"Why do people of this {thing} like {liked} in it so much?" for thing in THINGS for liked in
             ("tea", "old songs", "the long winter")]  # fmt: skip
(VI_LABEL,) = (
    f"\n\n{text}\n" for _, text in small_models.Cipher(find("en"), find("vi")).translate(["Answer in Vietnamese:"])
)
ANSWERS = "Because {} of them `never(x)` had another. They say:\n\n- it is old\n- it is {}"


def write_seeds(path, referenced=True):
    """Questions with an answer each, but for every eighth; of some the answer cannot be translated by `Sloppy`."""
    rows = [
        {"instruction": question} | ({"output": ANSWERS.format(n, "blue" if n % 5 == 1 else "good")} if n % 8 else {})
        for n, question in enumerate(QUESTIONS)
    ]
    path.write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")
    return path


def recipe(folder, **changes):
    small = {
        "seeds": [{"source": str(folder / "seeds.jsonl")}],
        "generator.model": str(folder / "model"),
        "part_rows": 8,
        "transfer_set.test_share": 0.3,
        "code_switching.texts": "both",
    }
    return loading.load("quickstart", small_models.CHANGES | small | changes)


def make(out, tags=(), arms=(), reporter=None, **options):
    run = Run(out)
    return build.make(run, run.manifest(), tags, arms, models=small_models.models(), reporter=reporter, **options)


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    folder = tmp_path_factory.mktemp("controls")
    write_seeds(folder / "seeds.jsonl")
    small_models.write_tokenizer(folder / "model")
    generate(recipe(folder, tgt=["pt", "vi"]), folder / "run", small_models.models())
    return folder


@pytest.fixture
def out(folder, tmp_path):
    """A finished run without controls, to be changed."""
    return trusted_copy(folder / "run", tmp_path / "run")


@pytest.fixture(scope="module")
def with_controls(folder):
    """A run with its controls, not to be changed."""
    copy = trusted_copy(folder / "run", folder / "with-controls")
    return Run(copy), make(copy)


class Steps(Silent):
    """Notes which steps had something to do, and what was said."""

    def __init__(self):
        self.names, self.said = [], []

    def start(self, what, total, done, unit="rows"):
        self.names.append((what, total, done))

    def say(self, sentence):
        self.said.append(sentence)


def contents(out):
    files = (path for path in out.rglob("*") if path.is_file() and path.name != "timings.jsonl")
    return {str(path.relative_to(out)): path.read_bytes() for path in files}


def words(rows):
    """Of each row, the words of its completion."""
    return [len(text[0]["content"].split()) for text in rows["completion"]]


def test_what_is_written(folder, with_controls):
    run, by_tag = with_controls
    before, after = contents(folder / "run"), contents(run.path)
    assert {name: after[name] for name in before} == before
    assert [*by_tag] == ["pt", "vi"]
    new = {name.rpartition("/")[0] for name in {*after} - {*before}}
    assert new == {
        place
        for tag, controls in by_tag.items()
        for place in (tag, f"{tag}/references", *(f"{tag}/controls-{name}" for name in controls.arms))
    }
    assert [*by_tag["pt"].arms] == list(ARMS)
    assert {*ARMS} - {*by_tag["vi"].arms} == {"no-parallel", "no-complete"}  # the corpus has no Vietnamese
    assert {f"vi/controls-t-sft/{split}-00000-of-00001.parquet" for split in ("train", "test")} < {*after}
    manifest = run.manifest()
    for tag, controls in by_tag.items():
        assert read(run, manifest, tag) == controls
        assert (controls.signature, controls.seed, controls.equal) == (manifest.signatures[tag], 42, "total")
        assert controls.tokenizer.startswith("model@")
        assert str(folder) not in after[f"{tag}/controls.json"].decode()


def of_pivots(rows, tag):
    """The words of completions of the kind pivot that are not in the target language: all before the last label."""
    contents = [text[0]["content"] for text in rows.filter(task="pivot")["completion"]]
    label = {"pt": "\n\nResposta em português:\n", "vi": VI_LABEL}[tag]
    assert all(label in content for content in contents)
    return sum(len(content.rpartition(label)[0].split()) + len(label.split()) for content in contents)


def test_as_many_tokens_in_every_control(with_controls):
    run, by_tag = with_controls
    for tag, controls in by_tag.items():
        datasets = {name: run.dataset(f"{tag}/controls-{name}").read() for name in controls.arms}
        longest = max(max(words(rows)) for rows in datasets.values())
        for name, rows in datasets.items():
            assert rows.schema == run.dataset(f"{tag}/transfer_set").read().schema
            arm = controls.arms[name]
            for split, budget in controls.budget.items():
                of_split = rows.filter(split=split)
                in_target = of_split.filter(pl.col("direction").str.ends_with(f"->{tag}"))
                assert (arm.rows[split], arm.tokens[split]) == (of_split.height, sum(words(of_split)))
                assert arm.target_tokens[split] == sum(words(in_target)) - of_pivots(in_target, tag)
                assert abs(arm.tokens[split] - budget) <= longest / 2
        assert controls.arms["sft"].target_tokens["train"] == 0
        assert controls.arms["t-sft"].target_tokens == controls.arms["t-sft"].tokens


def test_the_rows_of_the_controls(with_controls):
    run, by_tag = with_controls
    transfer_set = run.dataset("pt/transfer_set").read()
    arms = {name: run.dataset(f"pt/controls-{name}").read() for name in ARMS}
    seeds = run.table("seeds").read_all()
    references = run.table("pt/references").read_all()
    assert references["id"].to_list() == seeds.filter(pl.col("reference").is_not_null())["id"].to_list()
    texts = {
        "en": dict(seeds.select("id", "reference").iter_rows()),
        "pt": dict(references.select("id", "answer").iter_rows()),
    }
    for name in ("sdrrl", "no-code-switch", "no-crossing", "no-parallel", "no-tgt-src", "no-complete"):
        assert (
            arms[name].join(transfer_set, on=["id", "prompt", "completion", "split"], how="semi").height
            == arms[name].height
        )
        assert {*arms[name].filter(task="answer")["seed_id"]} <= {*references["id"]}
    for name in ("sft", "t-sft", "no-self-answers"):
        for row in arms[name].filter(task="answer").iter_rows(named=True):
            assert row["completion"][0]["content"] == texts[row["direction"][-2:]][row["seed_id"]]
    assert arms["no-self-answers"]["code_switched"].any()
    splits = dict(transfer_set.select("seed_id", "split").iter_rows())
    assert all(
        splits[seed] == split for arm in arms.values() for seed, split in arm.select("seed_id", "split").iter_rows()
    )
    assert by_tag["pt"].seeds == len({*references["id"]} & {*transfer_set["seed_id"]})


def test_what_is_added_to_the_transfer_set(folder, out):
    run = Run(out)
    make(out, ["pt"], ["sdrrl", "pivot", "contrast"])
    arms = {name: run.dataset(f"pt/controls-{name}").read() for name in ("pivot", "contrast")}
    seeds = dict(run.table("seeds").read_all().select("id", "messages").iter_rows())
    translations = {row["id"]: row for row in run.table("pt/translations").read_all().iter_rows(named=True)}
    answers = dict(run.table("answers").read_all().select("id", "answer").iter_rows())
    pivots = arms["pivot"].filter(task="pivot")
    assert pivots.height > 2
    for row in pivots.iter_rows(named=True):
        id = row["seed_id"]
        assert row["completion"][0]["content"] == (
            f"Question in English:\n{seeds[id][-1]['content']}\n\nAnswer in English:\n{answers[id]}\n\n"
            f"Resposta em português:\n{translations[id]['answer']}"
        )
        assert row["prompt"][-1]["content"].startswith(translations[id]["question"][-1]["content"] + "\n\n")
        assert row["scores"] is not None
        assert row["generator"] == "Answering@1(small-models 1)"
        assert row["translator"] == "Cipher en-pt@1(small-models 1)"
    contrast = arms["contrast"].filter(task="contrast")
    asked = arms["contrast"].filter(~pl.col("code_switched"), task="answer", direction="pt->en")
    both = contrast.join(asked, on="seed_id", suffix="_src")
    assert both.height > 2
    for row in both.iter_rows(named=True):
        one, other = row["prompt"][-1]["content"], row["prompt_src"][-1]["content"]
        assert one != other == one.replace("português", "inglês", 1)
        assert row["completion"][0]["content"] == translations[row["seed_id"]]["answer"]
        assert row["completion_src"][0]["content"] == answers[row["seed_id"]]
    for name, kinds in (("pivot", ["pivot"]), ("contrast", ["contrast", "answer"])):
        same = arms[name].filter(~pl.col("task").is_in(kinds))
        assert same.join(run.dataset("pt/transfer_set").read(), on=["id", "prompt"], how="semi").height == same.height


def test_a_run_whose_mix_has_what_a_control_adds(folder, tmp_path):
    shares = {"transfer_set.mix.pivot": 0.2, "transfer_set.mix.contrast": 0.2}
    generate(recipe(folder, **shares), tmp_path / "run", small_models.models())
    rows = Run(tmp_path / "run").dataset("pt/transfer_set").read()
    counts = dict(rows.group_by("task").len().iter_rows())
    asked = rows.filter(~pl.col("code_switched"), task="answer", direction="pt->en")
    assert counts["pivot"] > 0
    assert {*rows.filter(task="contrast")["seed_id"]} == {*asked["seed_id"]}
    arms = make(tmp_path / "run")["pt"].arms
    assert {*ARMS} - {*arms} == {"pivot", "contrast"}
    make(tmp_path / "run", arms=["sdrrl", "no-self-answers"])
    of_references = Run(tmp_path / "run").dataset("pt/controls-no-self-answers").read()
    assert {*of_references["task"]} >= {"pivot", "contrast"}
    with pytest.raises(UserError, match="pt has no further rows for pivot, or its transfer set has them already"):
        make(tmp_path / "run", arms=["pivot", "sdrrl"])


def test_a_run_without_sentences_of_pivot_rows_has_no_such_control(folder, tmp_path):
    bare = {f"prompts.{tag}.pivot": None for tag in ("en", "pt")}
    generate(recipe(folder, **bare), tmp_path / "run", small_models.models())
    assert {*ARMS} - {*make(tmp_path / "run")["pt"].arms} == {"pivot"}
    with pytest.raises(UserError, match=r"prompts\.en\.pivot is missing"):
        make(tmp_path / "run", arms=["pivot"])


def test_the_same_run_gives_the_same_bytes_and_nothing_is_done_twice(with_controls, out):
    run, by_tag = with_controls
    steps = Steps()
    assert make(out, ["vi"], reporter=steps) == {"vi": by_tag["vi"]}
    assert steps.names == [("vi/references", 24, 0)]
    make(out)
    assert contents(out) == contents(run.path)
    times = {path: path.stat().st_mtime_ns for path in out.rglob("*.parquet")}
    steps = Steps()
    assert make(out, reporter=steps) == by_tag
    assert {path: path.stat().st_mtime_ns for path in out.rglob("*.parquet")} == times
    assert steps.names == []


def test_stopped_while_references_are_translated_it_goes_on(with_controls, out):
    class Stops(Steps):
        def advance(self, rows):
            if self.names[-1][0] == "pt/references" and Run(out).table("pt/references").parts() == 1:
                raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        make(out, reporter=Stops())
    steps = Steps()
    make(out, reporter=steps)
    assert steps.names == [("pt/references", 24, 8), ("vi/references", 24, 0)]
    assert contents(out) == contents(with_controls[0].path)


def test_a_transfer_set_that_was_mixed_anew_has_no_controls_until_they_are_made_anew(folder, out):
    before = make(out)
    manifest = generate(
        recipe(folder, tgt=["pt", "vi"], **{"transfer_set.mix.complete": 0}), out, small_models.models()
    )
    assert [read(Run(out), manifest, tag) for tag in ("pt", "vi")] == [None, None]
    steps = Steps()
    after = make(out, reporter=steps)
    assert steps.names == []
    assert after["pt"].signature == manifest.signatures["pt"] != before["pt"].signature
    assert not Run(out).dataset("pt/controls-sdrrl").read().filter(task="complete").height
    assert read(Run(out), manifest, "pt") == after["pt"]


def test_of_several_translators_the_better_reference_is_taken(folder, tmp_path):
    changes = {"translator": ["firefox", "nllb"], "translations.best_by": "round_trip"}
    generate(recipe(folder, **changes), tmp_path / "run", small_models.models())
    steps = Steps()
    make(tmp_path / "run", reporter=steps, arms=["t-sft", "sdrrl"])
    assert [name for name, *_ in steps.names] == [f"pt/references{which}" for which in ("-firefox", "-nllb", "")]
    references = Run(tmp_path / "run").table("pt/references").read_all()
    assert {*references["answer_translator"]} == {"firefox"}  # the other writes its words in the wrong order
    assert references["answer_candidates"].list.len().max() == 2
    assert {*Run(tmp_path / "run").dataset("pt/controls-t-sft").read()["translator"]} > set()


def test_a_reference_that_cannot_be_translated_leaves_every_control(folder, tmp_path):
    run = Run(tmp_path / "run")
    generate(recipe(folder, translator="nllb", thresholds={}), run.path, small_models.models())
    (controls,) = make(run.path).values()
    aside = run.table("pt/references").set_aside()
    blue = [n for n in range(len(QUESTIONS)) if n % 5 == 1 and n % 8]
    assert aside.height == len(blue)
    for name in ARMS:
        assert not {*run.dataset(f"pt/controls-{name}").read()["seed_id"]} & {*aside["id"]}
    assert controls.seeds == len(QUESTIONS) - 3 - len(blue)
    sft = make(run.path, arms=["sft", "sdrrl"])["pt"]
    assert sft.seeds == len(QUESTIONS) - 3


def test_controls_that_are_not_named_again_go(out):
    make(out, ["pt"])
    controls = make(out, ["pt"], ["sdrrl", "no-parallel"], equal="target")["pt"]
    assert sorted(path.name for path in (out / "pt").glob("controls*")) == [
        "controls-no-parallel",
        "controls-sdrrl",
        "controls.json",
    ]
    assert {arm.equal for arm in controls.arms.values()} == {"target"}
    assert controls.seeds == len({*Run(out).dataset("pt/transfer_set").read().filter(task="answer")["seed_id"]})


def test_what_needs_no_translated_reference_needs_no_translator(out):
    def none(*_):
        raise AssertionError("a translator was asked for")

    run = Run(out)
    models = small_models.models()
    barred = type(models)(models.identify_generator, models.build_generator, none, none)
    assert [*build.make(run, run.manifest(), ["pt"], ["sft", "sdrrl"], models=barred)["pt"].arms] == ["sft", "sdrrl"]
    assert not (out / "pt" / "references").exists()


def test_an_ablation_of_what_is_not_there(folder, tmp_path):
    generate(recipe(folder, parallel=None), tmp_path / "run", small_models.models())
    assert [*make(tmp_path / "run")["pt"].arms] == [name for name in ARMS if name not in ("no-parallel", "no-complete")]
    with pytest.raises(UserError, match="no rows of a parallel corpus, so no-parallel would be the same as sdrrl"):
        make(tmp_path / "run", arms=["no-parallel", "sdrrl"])


@pytest.mark.parametrize(
    ("changes", "sentence"),
    [
        ({"tags": ["th"]}, "run has no target th: choose from pt and vi$"),
        ({"arms": ["sdrrl", "sdrl"]}, "there is no control sdrl: did you mean sdrrl\\?"),
        ({"tokenizer": "nowhere"}, "tokenizer nowhere: there is no such directory"),
    ],
)
def test_what_is_not_there(out, changes, sentence):
    before = contents(out)
    with pytest.raises(UserError, match=sentence):
        make(out, **changes)
    assert contents(out) == before


def change_manifest(out, change):
    manifest = json.loads((out / "manifest.json").read_text())
    del manifest["digest"]
    change(manifest)
    (out / "manifest.json").write_text(json.dumps(manifest))
    trust_run(*opened(out))


@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        (
            lambda manifest: manifest.update(state="unfinished"),
            "is not finished: `sdrrl-data generate --out ",
        ),
        (
            lambda manifest: manifest["recipe"]["generator"].update(server={"url": "http://127.0.0.1:1"}),
            "answered on a server, and its tokenizer is not on this machine: .* --tokenizer$",
        ),
        (
            lambda manifest: [
                part.update(revision="0") for part in manifest["ingredients"] if part["role"] == "translator"
            ],
            "translator firefox is now Cipher en-pt@1, which did not translate for",
        ),
        (lambda manifest: manifest["recipe"].update(odd=1), "of another version of sdrrl-data .1 mistakes."),
    ],
)
def test_a_run_that_cannot_be_gone_on_with(out, change, sentence):
    change_manifest(out, change)
    before = contents(out)
    with pytest.raises(UserError, match=sentence):
        make(out)
    assert contents(out) == before


def test_a_named_tokenizer_counts_where_a_server_answered(out, folder):
    change_manifest(out, lambda manifest: manifest["recipe"]["generator"].update(server={"url": "http://127.0.0.1:1"}))
    assert make(out, ["pt"], ["sdrrl", "no-crossing"], tokenizer=str(folder / "model"))


def test_seeds_without_references(folder, tmp_path):
    rows = "".join(json.dumps({"instruction": question}) + "\n" for question in QUESTIONS)
    (tmp_path / "seeds.jsonl").write_text(rows, encoding="utf-8")
    changed = recipe(folder, seeds=[{"source": str(tmp_path / "seeds.jsonl")}])
    generate(changed, tmp_path / "run", small_models.models())
    with pytest.raises(
        UserError,
        match=r"no reference answers, of which sft and no-self-answers would be made: leave them out of --only",
    ):
        make(tmp_path / "run", arms=["sft", "sdrrl", "no-self-answers"])
    others = [name for name in ARMS if name not in REFERENCES]
    steps = Steps()
    assert [*make(tmp_path / "run", reporter=steps)["pt"].arms] == others
    assert steps.said[0].startswith("left out sft, t-sft and no-self-answers: its seeds have no reference answers")


def test_a_budget_that_costs_another_control_most_of_its_rows_is_said_before_it_is_written(out, caplog):
    rows = Run(out).dataset("pt/transfer_set").read()
    make(out, ["pt"], ["sft", "sdrrl"])
    said = [record.message for record in caplog.records if "are left, because" in record.message]
    assert len(said) == 1
    left = Run(out).dataset("pt/controls-sdrrl").read().filter(split="train").height
    assert said[0].startswith(f"pt: {left} of ")
    assert "training rows of sdrrl are left, because sft has " in said[0]
    assert said[0].endswith("name other controls than sft with --only")
    assert left < rows.height / 2


def test_what_a_kill_left_of_a_finished_part_is_removed(out):
    trust_run(*opened(out))
    make(out, arms=("t-sft", "sdrrl"))
    folder = out / "pt" / "references"
    leftovers = [folder / ".part-00000.journal", folder / ".part-00001.parquet.tmp"]
    for path in leftovers:
        path.write_text("half")
    parts = sorted(folder.glob("part-*"))
    make(out, arms=("t-sft", "sdrrl"))
    assert not [path for path in leftovers if path.exists()]
    assert sorted(folder.glob("part-*")) == parts != []
