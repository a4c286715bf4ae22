"""What is damaged or gone is named, with what mends it; nothing that is finished is lost or passed on silently."""

import json
import shutil
import subprocess
from pathlib import Path

import polars as pl
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from typer.testing import CliRunner

from sdrrl_data.cli import app
from sdrrl_data.errors import FileDamaged, NotARun, UserError
from sdrrl_data.pipeline.generate import generate
from sdrrl_data.run import NOTHING_SET_ASIDE, Part, Run, disk, opened
from sdrrl_data.training import rows
from tests.publishing import client
from tests.support import small_models

ROWS = pl.DataFrame({"id": ["a", "b"], "text": ["one", "two" * 50]})
RETUNED = {"thresholds.src_finished.min": 0.25}


def flip(path: Path, place: int, bit: int = 0) -> None:
    content = bytearray(path.read_bytes())
    content[place] ^= 1 << bit
    path.unlink()  # a copy in `unused` may be a link to it
    path.write_bytes(content)


def middle(path: Path) -> int:
    return path.read_bytes().index(b"PAR1", 4) // 2


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=200, deadline=None)
@given(st.integers(0, 10**6), st.integers(0, 7))
def test_a_flipped_bit_is_noticed_wherever_it_is(tmp_path, place, bit):
    path = tmp_path / "part-00000.parquet"
    disk.write_parquet(ROWS, path, "one", {"mix": [1]})
    flip(path, place % path.stat().st_size, bit)
    try:
        read = disk.read_parquet([path])
    except FileDamaged:
        return
    assert read.equals(ROWS)  # only the name of the digest itself can be damaged and not noticed


def test_every_length_of_a_cut_file_is_noticed(tmp_path):
    path = tmp_path / "part-00000.parquet"
    disk.write_parquet(ROWS, path, "one")
    content = path.read_bytes()
    for length in range(0, len(content), 7):
        path.write_bytes(content[:length])
        for look in (disk.fingerprint_of, disk.rows_in, lambda path: disk.read_parquet([path])):
            with pytest.raises(
                FileDamaged, match=r"part-00000.parquet is damaged: restore it from a copy, or delete it"
            ):
                look(path)


def test_a_part_with_another_fingerprint_is_only_replaced_if_it_is_whole(tmp_path):
    table = Run(tmp_path).table("answers")
    table.write(0, Part(ROWS, NOTHING_SET_ASIDE), "0123456789abcdef")
    path, _ = table.files(0)
    flip(path, path.read_bytes().index(b"0123456789abcdef"))
    with pytest.raises(FileDamaged):
        table.done(0, "0123456789abcdef")


def test_files_without_a_digest_are_read(tmp_path):
    ROWS.write_parquet(tmp_path / "part-00000.parquet")
    assert disk.read_parquet([tmp_path / "part-00000.parquet"]).equals(ROWS)


def test_a_gap_between_the_parts_is_noticed(tmp_path):
    table = Run(tmp_path).table("answers")
    for part in range(3):
        table.write(part, Part(ROWS, NOTHING_SET_ASIDE), "x")
    table.files(1)[0].unlink()
    for read in (table.read_all, lambda: table.read_all(2)):
        with pytest.raises(FileDamaged, match=r"part-00001.parquet is gone"):
            read()


@pytest.mark.parametrize("name", ["part-old.parquet", "._part-00000.parquet", "part-00000.parquet.bak", ".DS_Store"])
def test_a_strangers_file_is_no_part(tmp_path, name):
    table = Run(tmp_path).table("answers")
    table.write(0, Part(ROWS, NOTHING_SET_ASIDE), "x")
    (tmp_path / "answers" / name).write_bytes(b"something else")
    assert (table.parts(), table.numbers(), table.read_all().height) == (1, [0], 2)


@pytest.fixture(scope="module")
def finished(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("damage")
    client.make_run(client.recipe(folder / "in", **{"limit": 12}), folder / "run")
    return folder


def retune(folder: Path, out: Path, **changes: object) -> None:
    recipe = client.recipe(folder / "in", **{"limit": 12, **changes})
    generate(recipe, out, small_models.models())


@pytest.mark.parametrize("table", ["seeds", "answers", "pt/translations", "pt/scores-heuristics"])
def test_a_damaged_part_stops_a_retune_and_is_made_again_once_it_is_deleted(finished, tmp_path, table):
    undisturbed = shutil.copytree(finished / "run", tmp_path / "undisturbed")
    out = shutil.copytree(finished / "run", tmp_path / "run")
    path = out / table / "part-00000.parquet"
    flip(path, middle(path))
    with pytest.raises(UserError) as error:
        retune(finished, out, **RETUNED)
    assert f"{path} is damaged: restore it from a copy, or delete it and type `sdrrl-data generate" in str(error.value)
    path.unlink()
    for run in (out, undisturbed):
        retune(finished, run, **RETUNED)
    assert Run(out).manifest() == Run(undisturbed).manifest()


def test_a_finished_run_that_lost_files_says_so_and_makes_them_again(finished, tmp_path, monkeypatch):
    out = shutil.copytree(finished / "run", tmp_path / "run")
    lost = sorted((out / "pt/transfer_set").glob("train-*"))
    before = {path: path.read_bytes() for path in lost}
    for path in lost:
        path.unlink()
    export = ("export", "--format", "alpaca", "--out", str(tmp_path / "exported"))
    others = (("inspect",), ("tune",), ("card",), ("push", "me/set"), ("controls", "--tokenizer", "x"))
    for name, *options in (export, *others):
        result = CliRunner().invoke(app, [name, str(out), *options])
        assert result.exit_code == 1
        assert f"{lost[0]} is gone: restore it from a copy, or type `sdrrl-data generate --out" in result.output
    with pytest.raises(FileDamaged, match="is gone"):
        rows.find(str(out), tgt="pt")
    with pytest.raises(FileDamaged, match="is gone"):
        Run(out).transfer_set("pt")
    retune(finished, out)
    assert {path: path.read_bytes() for path in lost} == before


def test_a_run_of_an_earlier_version_that_lost_files_makes_them_again(finished, tmp_path):
    out = shutil.copytree(finished / "run", tmp_path / "run")
    for path in (out / "pt/transfer_set").glob("*.parquet"):
        metadata = {
            "sdrrl_data.fingerprint": str(disk.fingerprint_of(path)),
            "sdrrl_data.figures": json.dumps(disk.figures_of(path)),
        }
        pl.read_parquet(path).write_parquet(path, metadata=metadata)
    (lost,) = (out / "pt/transfer_set").glob("train-*")
    lost.unlink()
    retune(finished, out)
    assert lost.exists()


def test_a_lost_part_of_a_counted_table_is_noticed(finished, tmp_path):
    out = shutil.copytree(finished / "run", tmp_path / "run")
    (out / "pt/translations/part-00001.parquet").unlink()
    with pytest.raises(FileDamaged, match=r"part-00001.parquet is gone"):
        opened(out)


def test_damaged_lines_of_a_journal_are_left_out_and_said(tmp_path, caplog):
    table = Run(tmp_path).table("answers")
    journal = table.journal(0, "f")
    for key in "abcd":
        journal.add(key, {"answer": key * 3})
    journal.close()
    _, path = table.files(0)
    flip(path, path.read_bytes().index(b"bbb"))
    flip(path, path.read_bytes().index(b'["c"'))
    again = table.journal(0, "f")
    assert set(again.rows) == {"a", "d"}
    assert "2 of its 4 lines are damaged" in caplog.text
    again.add("b", {"answer": "new"})
    again.close()
    assert table.journal(0, "f").rows["b"] == {"answer": "new"}


def test_a_journal_without_checksums_is_read(tmp_path):
    table = Run(tmp_path).table("answers")
    _, path = table.files(0)
    path.parent.mkdir(parents=True)
    path.write_bytes(b'f\n["a", 1]\n["b", [2]]\n')
    assert table.journal(0, "f").rows == {"a": 1, "b": [2]}


@pytest.mark.parametrize("line", ["{", "[1]", '{"step": 1}', "[" * 100_000, '{"step": "a", "seconds": "x"}', "\udcff}"])
def test_a_damaged_line_of_times_is_left_out(tmp_path, line):
    run = Run(tmp_path)
    run.note_time("answers", 1.5, part=0, rows=3)
    with (tmp_path / "timings.jsonl").open("ab") as file:
        file.write(line.encode(errors="surrogateescape") + b"\n")
    assert run.timings().rows() == [("answers", 0, 3, 1.5)]


@pytest.mark.parametrize("name", ["a" * 300, "b\0c", "~nouser/run\0"])
def test_what_cannot_be_a_folder_is_no_run(tmp_path, name):
    with pytest.raises(UserError, match="is not a run"):
        opened(tmp_path / name)
    with pytest.raises(UserError, match=r"cannot be created"), Run(tmp_path / name).lock():
        pass


def test_a_manifest_that_is_nested_too_deeply_is_refused(tmp_path):
    (tmp_path / "manifest.json").write_text('{"schema_version": ' + "[" * 200_000)
    with pytest.raises(UserError, match="cannot be read as a manifest"):
        Run(tmp_path).manifest()


def test_a_lock_that_cannot_be_made_is_one_sentence(tmp_path):
    (tmp_path / ".lock.lease-1").mkdir()
    with pytest.raises(UserError, match="cannot be written to"), Run(tmp_path).lock():
        pass


def test_one_function_reads_the_parquet_of_a_run():
    package = Path(disk.__file__).parents[1]
    others = {
        str(path.relative_to(package))
        for path in package.rglob("*.py")
        if "pl.read_parquet(" in path.read_text(encoding="utf-8")
    }
    assert others == {"run/disk.py"}


def test_a_damaged_manifest_names_the_copy_that_mends_it(finished, tmp_path, monkeypatch):
    out = shutil.copytree(finished / "run", tmp_path / "a run")
    path = out / "manifest.json"
    whole = path.read_bytes()
    spoiled = (b"", whole[:200], whole.replace(b'"finished"', b'"unfinished"'), whole.replace(b": 5", b": 7"), None)
    for content in spoiled:
        path.unlink()
        if content is not None:
            path.write_bytes(content)
        with pytest.raises(
            FileDamaged, match=r"manifest.json is (damaged|gone): type `(cp '.*' '.*')`, which puts"
        ) as error:
            opened(out)
        with pytest.raises(FileDamaged):
            Run(out).manifest()
        subprocess.run(str(error.value).split("`")[1], shell=True, check=True)
        assert path.read_bytes() == whole
    assert opened(out)[1].state == "finished"


def test_a_damaged_manifest_without_a_whole_copy_is_one_sentence(finished, tmp_path):
    out = shutil.copytree(finished / "run", tmp_path / "run")
    for name in ("manifest.json", ".manifest.json"):
        flip(out / name, 500)
    with pytest.raises(NotARun, match="cannot be read as a manifest"):
        opened(out)


def test_a_manifest_of_an_earlier_version_has_no_digest_and_is_read(finished, tmp_path):
    out = shutil.copytree(finished / "run", tmp_path / "run")
    (out / ".manifest.json").unlink()
    before = Run(out).manifest()
    fields = json.loads((out / "manifest.json").read_bytes())
    del fields["digest"]
    (out / "manifest.json").write_text(json.dumps(fields))
    assert Run(out).manifest() == before
