import polars as pl
import pytest

from sdrrl_data.controls import arms as controls
from sdrrl_data.controls.rows import Rows
from sdrrl_data.recipe import MixConfig
from sdrrl_data.run import NOTHING_SET_ASIDE, Part, Run
from sdrrl_data.steps import answer_rows, transfer_set
from sdrrl_data.steps.code_switching import SCHEMA
from sdrrl_data.steps.schemas import MESSAGES
from sdrrl_data.steps.verdicts import TEXTS

IDS = [f"{number:02}" for number in range(20)]
NO_REFERENCE, NOT_TRANSLATED, BAD_QUESTION, WEIGHTY, CUT = IDS[:5]
NAMES = {"firefox": "Firefox@1"}


def user(text):
    return [{"role": "user", "content": text}]


def span(text):
    return {"text": text, "start": 0, "end": 1, "original": "x", "replacement": "y", "confidence": 0.5}


class Asking:
    """Asks for each kind in one sentence."""

    def __call__(self, kind, tag, key):
        return f"Answer in the other language than {tag}." if kind == "answer_in" else f"{kind} in {tag}."

    def has(self, kind):
        return True


asking = Asking()


@pytest.fixture(scope="module")
def tables():
    """Every second seed has a switched question, every fourth also a switched answer; every third a switched answer."""
    written = {
        "question_translator": ["firefox"] * 20,
        "answer_translator": ["firefox"] * 20,
    }
    verdicts = pl.DataFrame({"id": IDS, **{text: [1.0] * 20 for text in TEXTS}})
    verdicts = verdicts.with_columns(
        question_tgt=pl.when(id=BAD_QUESTION).then(0.0).when(id=WEIGHTY).then(0.25).otherwise(1.0),
        question_src=pl.when(id=WEIGHTY).then(0.5).otherwise(1.0),
        answer_src=pl.when(id=WEIGHTY).then(0.1).otherwise(1.0),
    )
    switched = [
        {
            "id": id,
            "matrix": matrix,
            "question": user(f"{matrix} question {id}"),
            "answer": f"{matrix} answer {id}",
            "switched": [span("prompt")] * (number % 2 == 0)
            + [span("completion")] * (number % 3 == 0 or number % 4 == 0),
            "ratio": 0.3,
        }
        for number, id in enumerate(IDS)
        for matrix in ("src", "tgt")
    ]
    return {
        "seeds": pl.DataFrame(
            {
                "id": IDS,
                "messages": pl.Series([user(f"Who {id}?") for id in IDS], dtype=MESSAGES),
                "reference": [None if id == NO_REFERENCE else f"It {id}." for id in IDS],
                "source": [f"s:{id}" for id in IDS],
            }
        ),
        "translations": pl.DataFrame(
            {
                "id": IDS,
                "question": pl.Series([user(f"Quem {id}?") for id in IDS], dtype=MESSAGES),
                "answer": [f"Eu {id}." for id in IDS],
                **written,
            }
        ),
        "references": pl.DataFrame({"id": IDS, "answer": [f"Isso {id}." for id in IDS], **written}).filter(
            ~pl.col("id").is_in([NO_REFERENCE, NOT_TRANSLATED])
        ),
        "verdicts": verdicts,
        "code_switched": pl.DataFrame(switched, schema=SCHEMA),
    }


@pytest.fixture(scope="module")
def rows(tables):
    """A transfer set of all that could be in one, with rows of a parallel corpus."""
    answers = pl.DataFrame({"id": IDS, "answer": [f"Me {id}." for id in IDS], "author": ["model"] * 20})
    scores = pl.DataFrame(
        {"id": IDS, "question_good": [0.5] * 20, "answer_good": [0.75] * 20, "answer_why": ["so"] * 20}
    )
    complete = {**tables, "answers": answers, "scores": scores}
    keys = answer_rows.keys(complete["verdicts"], complete.get("code_switched"), "en", "pt")
    seeds = answer_rows.make(complete, keys, asking, "en", "pt")
    parallel = pl.concat(
        seeds.head(10).with_columns(
            id=pl.col("id") + task,
            seed_id=pl.lit("p"),
            kind=pl.lit(task),
            task=pl.lit(task),
            direction=pl.lit(direction),
        )
        for task, direction in (("translate", "en->pt"), ("complete", "pt->pt"))
    )
    mixed = pl.concat([seeds, parallel])
    sides = pl.when(pl.col("seed_id").is_in(IDS[::4])).then(pl.lit("test")).otherwise(pl.lit("train"))
    return transfer_set.finish(
        mixed.with_columns(split=sides), complete, {"model": "model@1"}, NAMES, "signature"
    ).sort("split")


@pytest.fixture(scope="module")
def run(tables, rows, tmp_path_factory):
    """A run with these tables, in two parts, and with this transfer set."""
    return written(tables, rows, Run(tmp_path_factory.mktemp("arms")))


def written(tables, rows, run):
    answers = pl.DataFrame({"id": IDS, "answer": [f"Me {id}." for id in IDS], "author": ["model"] * 20})
    scores = pl.DataFrame(
        {"id": IDS, "question_good": [0.5] * 20, "answer_good": [0.75] * 20, "answer_why": ["so"] * 20}
    )
    direct = pl.DataFrame({"id": IDS, "answer": [f"Sou {id}." for id in IDS], "faults": [[] for _ in IDS]})
    direct = direct.with_columns(pl.col("faults").cast(pl.List(pl.String)))
    direct = direct.with_columns(faults=pl.when(id=CUT).then(pl.lit(["cut"])).otherwise("faults"))
    for name, table in {**tables, "answers": answers, "scores-good": scores, "direct_answers": direct}.items():
        place = name if name in ("seeds", "answers") else f"pt/{name}"
        for part, ids in enumerate((IDS[:9], IDS[9:])):
            content = Part(table.filter(pl.col("id").is_in(ids)), NOTHING_SET_ASIDE)
            run.table(place).write(part, content, f"{part:016x}")
    run.dataset("pt/transfer_set", 7).write(0, Part(rows, NOTHING_SET_ASIDE), "0" * 16)
    return run


def make_arms(run, names, shared=None):
    """The rows of each control, in the order of their ids."""
    shared = controls.common(run, "pt", names) if shared is None else shared
    mix = MixConfig(code_switched=0.1)
    of = Rows(run, "pt", "en", shared, ["pt/scores-good"], asking, {"model": "model@1"}, NAMES, mix).of
    return {name: pl.concat(of(name)).sort("id") for name in names}


@pytest.mark.parametrize(
    ("names", "lacking"),
    [
        (["sdrrl", "no-crossing"], []),
        (["sdrrl", "sft"], [NO_REFERENCE]),
        (["t-sft"], [NO_REFERENCE, NOT_TRANSLATED, BAD_QUESTION]),
        (["no-self-answers", "no-parallel"], [NO_REFERENCE, NOT_TRANSLATED, BAD_QUESTION]),
        (["respond", "sdrrl"], [BAD_QUESTION, CUT]),
    ],
)
def test_the_seeds_that_all_controls_have(run, tables, rows, names, lacking, tmp_path):
    assert controls.common(run, "pt", names).to_list() == [id for id in IDS if id not in lacking]
    few = written(tables, rows.filter(pl.col("seed_id").is_in([*IDS[:6], "p"])), Run(tmp_path))
    assert controls.common(few, "pt", names).to_list() == [id for id in IDS[:6] if id not in lacking]


ABLATIONS = ["sdrrl", "no-code-switch", "no-crossing", "no-parallel", "no-tgt-src", "no-complete"]


def test_ablations_take_one_thing_away(run, rows):
    arms = make_arms(run, ABLATIONS, IDS)
    rows = rows.sort("id")
    assert arms["sdrrl"].equals(rows)
    taken = {name: rows.join(arm, on="id", how="anti", maintain_order="left") for name, arm in arms.items()}
    crossed = pl.col("direction").is_in(["en->pt", "pt->en"])
    assert taken["no-code-switch"].equals(rows.filter("code_switched"))
    assert taken["no-crossing"].equals(rows.filter(crossed, task="answer"))
    assert taken["no-parallel"].equals(rows.filter(seed_id="p"))
    assert taken["no-tgt-src"].equals(rows.filter(direction="pt->en", task="answer"))
    assert taken["no-complete"].equals(rows.filter(task="complete"))
    assert all(removed.height for name, removed in taken.items() if name != "sdrrl")


def test_what_is_added(run, rows):
    arms = make_arms(run, ["pivot", "contrast"], IDS)
    plain = rows.filter(~pl.col("code_switched"), task="answer")
    pivots = arms["pivot"].filter(task="pivot")
    assert {*pivots["seed_id"]} == {*plain.filter(direction="pt->pt")["seed_id"]} == {*IDS} - {BAD_QUESTION}
    assert arms["pivot"].filter(pl.col("task") != "pivot").equals(rows.sort("id"))
    contrast, asked = (arms["contrast"].filter(task=task) for task in ("contrast", "answer"))
    asked = asked.filter(~pl.col("code_switched"), direction="pt->en")
    assert {*contrast["seed_id"]} == {*asked["seed_id"]} == {*plain.filter(direction="pt->en")["seed_id"]}
    assert asked.filter(seed_id=IDS[9])["prompt"].to_list() == [
        user(f"Answer in the other language than pt.\n\nQuem {IDS[9]}?")
    ]
    for arm in (pivots, contrast, asked):
        assert arm.schema == rows.schema
        row = arm.filter(seed_id=IDS[9]).row(0, named=True)
        same = plain.filter(seed_id=IDS[9]).row(0, named=True)
        for column in ("split", "scores", "generator", "translator", "signature", "source"):
            assert row[column] == same[column]


def test_with_fewer_seeds_the_mix_stays(run, rows):
    arm = make_arms(run, ["sdrrl"], IDS[::2])["sdrrl"]
    answers = rows.filter(task="answer")
    share = arm.filter(task="answer").height / answers.height
    for task in ("translate", "complete"):
        all_rows = rows.filter(task=task)
        assert arm.filter(task=task).equals(all_rows.head(round(share * all_rows.height)).sort("id"))


def test_references_and_direct_answers_replace_answers(run, rows):
    arms = make_arms(run, controls.ARMS)
    seeds = {*IDS} - {NO_REFERENCE, NOT_TRANSLATED, BAD_QUESTION, CUT}
    splits = dict(rows.filter(task="answer").select("seed_id", "split").iter_rows())
    for name, question, answer, direction, translator in (
        ("sft", "Who {}?", "It {}.", "en->en", None),
        ("t-sft", "Quem {}?", "Isso {}.", "pt->pt", "Firefox@1"),
        ("respond", "Quem {}?", "Sou {}.", "pt->pt", "Firefox@1"),
    ):
        arm = arms[name]
        assert arm.schema == rows.schema
        assert arm["seed_id"].is_unique().all()
        assert {*arm["seed_id"]} == seeds
        for row in arm.iter_rows(named=True):
            id = row["seed_id"]
            assert row["id"] == f"{id}/{direction}"
            assert row["prompt"] == user(question.format(id))
            assert row["completion"] == [{"role": "assistant", "content": answer.format(id)}]
            assert row["scores"] == {"question_good": 0.5, "answer_good": None, "answer_why": None}
            generator = "model@1" if name == "respond" else None
            assert (row["generator"], row["translator"], row["signature"]) == (generator, translator, "signature")
            assert (row["split"], row["source"], row["direction"]) == (splits[id], f"s:{id}", direction)
    weights = {
        name: dict(arms[name].select("seed_id", "weight").iter_rows())[WEIGHTY] for name in ("sft", "t-sft", "respond")
    }
    assert weights == {"sft": 0.5, "t-sft": 0.25, "respond": 0.25}  # of their questions


def test_without_the_models_answers_the_rows_are_the_same_but_for_switched_answers(run, rows):
    arms = make_arms(run, controls.ARMS)
    assert arms["no-self-answers"].schema == rows.schema
    sdrrl, arm = (arms[name].filter(task="answer") for name in ("sdrrl", "no-self-answers"))
    for task in ("translate", "complete"):
        assert arms["no-self-answers"].filter(task=task).equals(arms["sdrrl"].filter(task=task))
    question = pl.element().struct.field("text").eq("prompt")
    only_answers = sdrrl.filter("code_switched").filter(~pl.col("switched").list.eval(question).list.any())
    assert not only_answers.is_empty()
    both = arm.join(sdrrl, on="id")
    assert both.height == arm.height == sdrrl.height - only_answers.height
    for column in ("seed_id", "task", "direction", "prompt", "code_switched", "translator", "source", "split"):
        assert both[column].equals(both[f"{column}_right"], check_names=False)
    for row in arm.iter_rows(named=True):
        answer = "Isso {}." if row["direction"].endswith("pt") else "It {}."
        assert row["completion"][0]["content"] == answer.format(row["seed_id"])
        assert row["switched"] == [span("prompt")] * row["code_switched"]
        assert row["generator"] is None
    same = arms["sdrrl"].join(only_answers, on="id", how="anti")
    assert arms["no-self-answers"]["id"].equals(same["id"])


def test_without_translated_references_there_is_sft_alone(run):
    arm = make_arms(run, ["sft"])["sft"]
    assert arm.filter(pl.col("seed_id") == IDS[9])["completion"].to_list() == [
        [{"role": "assistant", "content": "It 09."}]
    ]
    assert {*arm["seed_id"]} == {*IDS} - {NO_REFERENCE}
    assert arm["translator"].is_null().all()
