import json
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor

import polars as pl
import pytest

from sdrrl_data.errors import RunBusy, RunUnfinished, UserError
from sdrrl_data.protocols import SetAside
from sdrrl_data.recipe import PreferencesConfig
from sdrrl_data.run import SET_ASIDE, Manifest, Part, Run, fingerprint, refuse_unfinished, set_aside, sort_out

ROWS = pl.DataFrame({"id": ["a", "b"], "text": ["one", "two"]})
NOTHING = pl.DataFrame(schema=SET_ASIDE)
RECIPE = {
    "tgt": ["pt"],
    "keep": None,
    "direct_answers": False,
    "other_generators": [],
    "preferences": PreferencesConfig().model_dump(mode="json"),
}
MANIFEST = Manifest(state="unfinished", signatures={"pt": "s"}, recipe=RECIPE, versions={}, ingredients=[])


def in_splits(*splits):
    return ROWS.with_columns(split=pl.Series(splits))


def test_a_part_is_done_only_with_its_fingerprint(tmp_path):
    table = Run(tmp_path).table("pt/translations")
    assert not table.done(0, "one")
    table.write(0, Part(ROWS, NOTHING), "one")
    assert table.done(0, "one")
    assert not table.done(0, "two")
    assert not table.done(1, "one")


def test_an_unfinished_run_says_how_it_goes_on(tmp_path):
    run = Run(tmp_path)
    with pytest.raises(
        RunUnfinished, match=rf"is not finished: `sdrrl-data generate --out {tmp_path}` goes on with it$"
    ):
        refuse_unfinished(run, MANIFEST)
    with run.lock(), pytest.raises(RunUnfinished, match=rf"made now, and `sdrrl-data status {tmp_path}` shows how far"):
        refuse_unfinished(run, MANIFEST)


def test_an_unfinished_file_is_no_part(tmp_path):
    table = Run(tmp_path).table("answers")
    table.write(0, Part(ROWS, NOTHING), "one")
    complete = (tmp_path / "answers" / "part-00000.parquet").read_bytes()
    (tmp_path / "answers" / ".part-00002.parquet.tmp").write_bytes(complete)
    assert not table.done(2, "one")


def test_rows_are_read_in_the_order_of_parts(tmp_path):
    table = Run(tmp_path).table("answers")
    for part in (2, 0, 1):
        table.write(part, Part(ROWS.with_columns(part=part), NOTHING), "x")
    assert table.read_all()["part"].to_list() == [0, 0, 1, 1, 2, 2]
    assert table.count() == 6
    assert table.read(1)["part"].to_list() == [1, 1]


def test_the_same_rows_give_the_same_bytes(tmp_path):
    for name in ("a", "b"):
        Run(tmp_path / name).table("answers").write(0, Part(ROWS, NOTHING), "x")
    first, second = (tmp_path / name / "answers" / "part-00000.parquet" for name in ("a", "b"))
    assert first.read_bytes() == second.read_bytes()


def test_set_aside_rows_are_kept_whole_beside_the_table(tmp_path):
    table = Run(tmp_path).table("pt/translations")
    table.write(0, Part(ROWS.head(1), set_aside(ROWS.tail(1), ["too long"])), "x")
    aside = table.set_aside()
    assert aside["reason"].to_list() == ["too long"]
    assert json.loads(aside["row"][0]) == {"id": "b", "text": "two"}
    assert [path.name for path in (tmp_path / "pt" / "translations").iterdir()] == ["part-00000.parquet"]


def test_what_was_set_aside_before_is_forgotten_when_a_part_is_made_anew(tmp_path):
    table = Run(tmp_path).table("answers")
    table.write(0, Part(ROWS.head(1), set_aside(ROWS.tail(1), ["too long"])), "x")
    table.write(0, Part(ROWS, NOTHING), "y")
    assert table.set_aside().is_empty()


def test_parts_of_a_longer_run_are_forgotten(tmp_path):
    table = Run(tmp_path).table("answers")
    for part in range(3):
        table.write(part, Part(ROWS, set_aside(ROWS, ["x", "x"])), "x")
    table.forget_after(2)
    assert table.count() == 4
    assert table.set_aside().height == 4


def test_sort_out_keeps_order_and_every_row():
    part = sort_out(ROWS, [SetAside("no"), {"id": "b", "text": "zwei"}], {"id": pl.String, "text": pl.String})
    assert part.rows.rows() == [("b", "zwei")]
    assert part.set_aside["id"].to_list() == ["a"]


def test_fingerprints_tell_settings_apart_and_do_not_depend_on_key_order():
    assert fingerprint({"a": 1, "b": 2}) == fingerprint({"b": 2, "a": 1})
    assert fingerprint({"a": 1}) != fingerprint({"a": 2})
    # Golden: if it were computed in another way, every existing run would be redone.
    assert fingerprint("answers", {"t": 0.5}, ["é"]) == "4e67daa92aa963d7"


def test_a_dataset_is_swapped_whole(tmp_path):
    dataset = Run(tmp_path).dataset("pt/transfer_set", shard_rows=1)
    dataset.write(0, Part(in_splits("train", "train"), NOTHING, {"mix": [1]}), "one")
    names = sorted(path.name for path in (tmp_path / "pt" / "transfer_set").iterdir())
    assert names == ["train-00000-of-00002.parquet", "train-00001-of-00002.parquet"]
    assert dataset.done(0, "one")
    assert dataset.figures() == {"mix": [1]}
    rows = pl.concat([in_splits("train", "train"), in_splits("test", "test")])
    Run(tmp_path).dataset("pt/transfer_set", shard_rows=9).write(0, Part(rows, NOTHING), "two")
    assert not dataset.done(0, "one")
    assert dataset.figures() == {}
    assert dataset.read().height == 4


def test_a_dataset_without_rows_is_there_all_the_same(tmp_path):
    dataset = Run(tmp_path).dataset("pt/transfer_set", shard_rows=1)
    dataset.write(0, Part(in_splits("train", "train").clear(), NOTHING), "one")
    assert dataset.done(0, "one")
    assert dataset.read().columns == ["id", "text", "split"]
    assert [path.name for path in dataset.files("test")] == ["test-00000-of-00001.parquet"]


def test_manifest_comes_back(tmp_path):
    run = Run(tmp_path)
    assert run.manifest() is None
    run.write_manifest(MANIFEST)
    assert run.manifest() == MANIFEST


@pytest.mark.parametrize(
    ("content", "says"),
    [
        ("{", "cannot be read"),
        ("[]", "cannot be read"),
        ('{"schema_version": 99}', "schema version 99"),
        ('{"schema_version": 4, "state": "lost"}', "cannot be read"),
    ],
)
def test_a_manifest_that_cannot_be_read_is_refused(tmp_path, content, says):
    (tmp_path / "manifest.json").write_text(content)
    with pytest.raises(UserError, match=says):
        Run(tmp_path).manifest()


@pytest.mark.parametrize(
    "recipe",
    [{}, {"tgt": "pt"}, {"tgt": [["pt"]]}, {"tgt": ["pt"], "targets": []}, {"tgt": ["pt"], "targets": {"pt": 1}}],
)
def test_a_manifest_whose_recipe_has_no_targets_is_refused(tmp_path, recipe):
    (tmp_path / "manifest.json").write_text(json.dumps(MANIFEST.model_dump(mode="json") | {"recipe": recipe}))
    with pytest.raises(UserError, match="cannot be read as a manifest"):
        Run(tmp_path).manifest()


@pytest.mark.parametrize("place", [len(MANIFEST.ingredients), 2**70, -1])
def test_a_manifest_that_names_ingredients_that_it_does_not_have_is_refused(tmp_path, place):
    content = MANIFEST.model_dump(mode="json") | {"used": {"pt": [place]}}
    (tmp_path / "manifest.json").write_text(json.dumps(content))
    with pytest.raises(UserError, match="cannot be read as a manifest"):
        Run(tmp_path).manifest()


def test_a_folder_with_other_things_is_no_run(tmp_path):
    (tmp_path / "thesis.tex").touch()
    with pytest.raises(UserError, match="is not a run"):
        Run(tmp_path).manifest()


def test_two_processes_never_hold_one_run(tmp_path):
    with Run(tmp_path).lock(), pytest.raises(RunBusy, match="another sdrrl-data"), Run(tmp_path).lock():
        pass


def test_a_journal_keeps_rows_by_key(tmp_path):
    table = Run(tmp_path).table("answers")
    journal = table.journal(3, "x")
    assert journal.rows == {}
    journal.add("a", ["línea\nnew", 1])
    journal.add("b", [None])
    journal.close()
    assert table.journal(3, "x").rows == {"a": ["línea\nnew", 1], "b": [None]}
    assert table.journal(2, "x").rows == {}
    assert table.journal(3, "y").rows == {}  # made with other settings


@pytest.mark.parametrize("torn", range(1, 60, 7))
def test_a_torn_line_of_a_journal_is_made_again(torn, tmp_path):
    table = Run(tmp_path).table("answers")
    for key in ("a", "b"):
        journal = table.journal(0, "0123456789abcdef")
        journal.add(key, ["some text"])
        journal.close()
    path = tmp_path / "answers" / ".part-00000.journal"
    path.write_bytes(path.read_bytes()[:-torn])
    journal = table.journal(0, "0123456789abcdef")
    assert all(value == ["some text"] for value in journal.rows.values())
    journal.add("c", [1])
    journal.close()
    assert table.journal(0, "0123456789abcdef").rows == journal.rows | {"c": [1]}


def test_the_journal_of_a_finished_part_is_gone(tmp_path):
    table = Run(tmp_path).table("answers")
    journal = table.journal(0, "x")
    journal.add("a", [1])
    journal.close()
    table.write(0, Part(ROWS, NOTHING), "x")
    assert [path.name for path in (tmp_path / "answers").iterdir()] == ["part-00000.parquet"]


def test_journals_of_parts_that_are_no_more_are_forgotten(tmp_path):
    table = Run(tmp_path).table("answers")
    for part in (0, 1):
        journal = table.journal(part, "x")
        journal.add("a", [1])
        journal.close()
    table.forget_after(1, journals=[0])
    assert [path.name for path in (tmp_path / "answers").iterdir()] == [".part-00000.journal"]
    table.forget_after(1)
    assert not any((tmp_path / "answers").iterdir())


def test_timings_are_read_back(tmp_path):
    run = Run(tmp_path)
    assert run.timings().is_empty()
    run.note_time("answers", 1.5)
    run.note_time("answers", 2.25, part=0, rows=32)
    with (tmp_path / "timings.jsonl").open("a") as file:
        file.write('{"step": "ans')
    assert run.timings().head(2).rows() == [("answers", None, None, 1.5), ("answers", 0, 32, 2.25)]


FILL = """
import resource, signal, sys
sys.dont_write_bytecode = True  # otherwise Python would keep a compiled module that the limit has cut
import polars as pl
from pathlib import Path
from sdrrl_data.errors import DiskFull
from sdrrl_data.run import NOTHING_SET_ASIDE, Part, Run
from sdrrl_data.recipe import PreferencesConfig

signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
table = Run(Path(sys.argv[1])).table("answers")
rows = pl.DataFrame({"id": [str(number * 7919) for number in range(20_000)]})
table.write(0, Part(rows.head(10), NOTHING_SET_ASIDE), "x")
resource.setrlimit(resource.RLIMIT_FSIZE, (20_000, 20_000))
try:
    if sys.argv[2] == "part":
        table.write(1, Part(rows, NOTHING_SET_ASIDE), "x")
    else:
        journal = table.journal(1, "x")
        for id in rows["id"]:
            journal.add(id, [id] * 10)
except DiskFull as error:
    print(error)
"""


@pytest.mark.parametrize(("what", "file"), [("part", "part-00001.parquet"), ("journal", ".part-00001.journal")])
def test_no_room_on_the_disk_is_said_in_one_sentence(what, file, tmp_path):
    done = subprocess.run([sys.executable, "-c", FILL, tmp_path, what], capture_output=True, text=True)
    assert f"answers/{file} cannot be written (File too large); what is finished is kept" in done.stdout, done.stderr
    assert "make room on the disk, then run the same command again" in done.stdout
    table = Run(tmp_path).table("answers")
    assert table.done(0, "x")
    assert not table.done(1, "x")
    assert not list((tmp_path / "answers").glob("*.tmp"))


def test_two_processes_that_write_one_part_do_no_harm(tmp_path):
    """As where a process was suspended for so long that another one has taken over its part."""
    table, rows = Run(tmp_path).table("answers"), pl.concat([ROWS] * 500)
    table.write(0, Part(rows, set_aside(ROWS, ["x", "y"])), "x")
    expected = {path.name: path.read_bytes() for path in tmp_path.rglob("*.parquet")}
    with ThreadPoolExecutor(4) as pool:
        writing = [pool.submit(table.write, 0, Part(rows, set_aside(ROWS, ["x", "y"])), "x") for _ in range(40)]
        while not all(each.done() for each in writing):
            assert table.read(0).height == rows.height
    assert all(each.result() is None for each in writing)
    assert {path.name: path.read_bytes() for path in tmp_path.rglob("*.parquet")} == expected
    assert not list(tmp_path.rglob("*.tmp"))


def test_what_a_killed_process_left_of_a_part_is_removed(tmp_path):
    table = Run(tmp_path).table("answers")
    table.write(0, Part(ROWS, NOTHING), "x")
    for name in (".part-00000.parquet.tmp", ".part-00000.parquet.0123abcd.tmp"):
        (tmp_path / "answers" / name).touch()
    table.forget_after(1)
    assert [path.name for path in (tmp_path / "answers").iterdir()] == ["part-00000.parquet"]


def test_each_worker_measures_into_its_own_file_and_all_are_read(tmp_path):
    Run(tmp_path).note_time("answers", 1.5, part=0, rows=2)
    Run(tmp_path, worker="node-7-12").note_time("answers", 2.5, part=1, rows=2)
    assert sorted(Run(tmp_path).timings()["seconds"]) == [1.5, 2.5]
    assert sorted(path.name for path in tmp_path.iterdir()) == ["timings-node-7-12.jsonl", "timings.jsonl"]
