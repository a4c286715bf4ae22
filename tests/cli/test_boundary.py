"""Whatever is raised inside a command ends as one sentence; a fault leaves a log with its traceback, and no secret."""

import os
import re
import resource
import shutil
import signal
import sqlite3
import stat
import subprocess
import sys
from pathlib import Path

import polars as pl
import pytest

from sdrrl_data import causes, panics

SECRET = "hf_" + "a1B2c3D4" * 4
SCORER = """
import sys
def odd(table):
    class Odd(BaseException): pass
    raise Odd("no scores")
def exits(table):
    sys.exit(0)
def full(table):
    with open("/dev/full", "w") as file:
        file.write("x" * 100_000)
def none(table):
    return [1.0] * table.height
"""
ALIGNER = """
from tests.support.own_components import Diagonal, _DiagonalAligner
from tests.support.own_components import Shuffling, Mirror
class Broken(Diagonal):
    def open(self, context):
        return Fails(1.0)
class Fails(_DiagonalAligner):
    def align(self, pairs):
        raise BaseException({secret!r})
"""
RECIPE = """
name: own
description: A recipe with the user's own code.
src: en
tgt: [pt]
seeds: {source: seeds.jsonl, licence: mit}
generator: {model: shuffled, engine: "my_code:Shuffling"}
translator: "my_code:Mirror:table.txt"
code_switching: {aligner: {kind: "my_code:Broken"}}
scorers: [{kind: function, name: mine, function: "my_scores:none"}]
thresholds: {}
"""


@pytest.fixture
def recipe(tmp_path) -> Path:
    """A recipe whose aligner fails, in the working directory."""
    (tmp_path / "my_scores.py").write_text(SCORER)
    (tmp_path / "my_code.py").write_text(ALIGNER.format(secret=f"token={SECRET} http://ann:pass@host"))
    (tmp_path / "seeds.jsonl").write_text('{"instruction": "Why do people like the sea so much?"}\n' * 3)
    (tmp_path / "table.txt").write_text("people like")
    (tmp_path / "mine.yaml").write_text(RECIPE)
    return tmp_path / "mine.yaml"


@pytest.fixture
def damaged(tmp_path) -> dict[str, str]:
    """Variables for a process in which one of the package's modules cannot be used: it is a fault of the package."""
    shadow = tmp_path / "shadow"
    shadow.mkdir()
    (shadow / "sitecustomize.py").write_text(
        "import importlib.util, sys\n"
        "class Finder:\n"
        "    def find_spec(self, name, path=None, target=None):\n"
        "        if name == 'sdrrl_data.recipe.loading':\n"
        f"            raise TypeError('its file is damaged, and {SECRET}')\n"
        "sys.meta_path.insert(0, Finder())\n"
    )
    return {"PYTHONPATH": str(shadow), "XDG_STATE_HOME": str(tmp_path / "state"), "MY_API_KEY": "very-secret-words"}


def test_a_fault_is_one_sentence_and_its_log_has_the_whole_traceback(command, damaged):
    done = command("recipes", "sdrrl-very-secret-words", **damaged)
    assert (done.returncode, done.stdout) == (70, "")
    assert done.stderr.count("\n") == 1
    assert len(done.stderr) < 500
    assert "this is a fault of sdrrl-data (TypeError: its file is damaged" in done.stderr
    assert "please report it" in done.stderr
    log = Path(re.search(r"in (\S+\.log)", done.stderr)[1])
    assert log.is_relative_to(damaged["XDG_STATE_HOME"])
    assert stat.S_IMODE(log.stat().st_mode) == 0o600
    content = log.read_text()
    assert "Traceback (most recent call last)" in content
    assert "cli/recipes.py" in content
    assert "TypeError: its file is damaged" in content
    assert "command: " in content
    for text in (content, done.stderr):
        assert SECRET not in text
        assert "very-secret-words" not in text


@pytest.mark.parametrize("state", ["a file", "read-only"])
def test_the_log_is_a_temporary_file_where_there_is_no_other_place(command, damaged, tmp_path, state):
    place = tmp_path / "state"
    if state == "a file":
        place.write_text("")
    else:
        place = Path("/proc/1")
    temporary = tmp_path / "temporary"
    temporary.mkdir()
    done = command("recipes", "sdrrl", **damaged | {"XDG_STATE_HOME": str(place), "TMPDIR": str(temporary)})
    assert done.returncode == 70
    assert f"in {temporary}/fault-" in done.stderr
    assert len(list(temporary.iterdir())) == 1


def test_a_fault_in_a_run_is_logged_in_its_folder(command, damaged, small_run, tmp_path):
    out = shutil.copytree(small_run[1].path, tmp_path / "run")
    before = {path: path.read_bytes() for path in out.rglob("*") if path.is_file()}
    done = command("generate", "--out", out, **damaged)
    assert done.returncode == 70
    (log,) = {path for path in out.rglob("*") if path.is_file()} - before.keys()
    assert f"in {log}" in done.stderr
    assert {path: path.read_bytes() for path in before} == before


def test_what_the_users_own_code_raises_is_not_called_a_fault_of_the_package(command, recipe, tmp_path):
    words = ("generate", "--recipe", recipe.name, "--out", "run")
    root = str(Path(__file__).parents[2])
    done = command(*words, XDG_STATE_HOME=str(tmp_path / "state"), PYTHONPATH=root)
    assert done.returncode == 1
    assert "error: the user's own code in my_code failed (BaseException: token=***" in done.stderr
    assert SECRET not in done.stderr
    assert "Traceback" not in done.stderr
    (log,) = tmp_path.rglob("fault-*.log")
    assert "in align" in log.read_text()
    assert SECRET not in log.read_text()
    assert "ann:pass" not in log.read_text()
    (tmp_path / "my_code.py").write_text(ALIGNER.split("class Fails")[0].replace("Fails(1.0)", "_DiagonalAligner(1.0)"))
    done = command(*words, XDG_STATE_HOME=str(tmp_path / "state"), PYTHONPATH=root)
    assert done.returncode == 0, done.stderr  # nothing was lost


@pytest.mark.parametrize(
    ("function", "said"),
    [
        ("odd", "my_scores:odd failed: Odd: no scores"),
        ("exits", "my_scores:exits failed: SystemExit: 0"),
        ("full", "No space left on device): make room on the disk"),
    ],
)
def test_a_scorer_of_the_users_that_raises_something_odd(invoke, recipe, small_run, tmp_path, function, said):
    (tmp_path / "my_code.py").write_text(ALIGNER.split("class Fails")[0].replace("Fails(1.0)", "_DiagonalAligner(1.0)"))
    result = invoke(
        "generate", "--recipe", recipe.name, "--out", "run", "--set", f"scorers.0.function=my_scores:{function}"
    )
    assert result.exit_code == 1
    assert said in result.stderr.splitlines()[-1]
    assert "Traceback" not in result.output


def test_ctrl_c_is_130_in_every_command(tmp_path):
    """In the import of a heavy library, too."""
    process = subprocess.Popen(
        [Path(sys.executable).with_name("sdrrl-data"), "doctor"],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        cwd=tmp_path,
    )
    assert process.stdout
    process.stdout.readline()
    process.send_signal(signal.SIGINT)
    _, stderr = process.communicate()
    assert process.returncode in (130, 0, 1)  # 0 and 1: it had ended before
    assert "Traceback" not in stderr


def test_what_the_machine_refuses_is_no_fault(command, damaged, tmp_path):
    site = tmp_path / "shadow" / "sitecustomize.py"
    site.write_text(
        site.read_text().replace("TypeError(", "PermissionError(13, 'Permission denied', '/cache') or str(")
    )
    done = command("recipes", "sdrrl", **damaged)
    assert done.returncode == 1
    assert done.stderr.startswith("error: /cache cannot be used (Permission denied): ")
    assert not list(tmp_path.rglob("*.log"))


@pytest.mark.parametrize("words", ["languages", "recipes", "recipes sdrrl", "generate --help"])
def test_a_closed_pipe_is_quiet(tmp_path, words):
    read, write = os.pipe()
    os.close(read)
    done = subprocess.run(
        [Path(sys.executable).with_name("sdrrl-data"), *words.split()],
        stdout=write,
        stderr=subprocess.PIPE,
        text=True,
        cwd=tmp_path,
        env=os.environ | {"XDG_STATE_HOME": str(tmp_path)},
    )
    os.close(write)
    assert done.stderr == ""
    assert done.returncode in (0, 1)
    assert not list(tmp_path.iterdir())


def _polars(path):
    pl.DataFrame({"a": range(100_000)}).write_parquet(path)


def _python(path):
    Path(path).write_bytes(b"x" * 100_000)


def _torch(path):
    import torch

    torch.save(torch.zeros(100_000), path)


def _safetensors(path):
    import numpy as np
    from safetensors.numpy import save_file

    save_file({"a": np.zeros(100_000)}, path)


def _arrow(path):
    import pyarrow as pa

    with pa.OSFile(path, "wb") as file:
        file.write(b"x" * 100_000)


def _database(path):
    database = sqlite3.connect(":memory:")
    database.execute("pragma max_page_count = 1")
    database.execute("create table a (b)")
    database.execute("create table c (d)")


WRITERS = [_polars, _python, _torch, _safetensors, _arrow, _database]


@pytest.mark.parametrize("write", WRITERS)
def test_a_full_disk_is_known_whatever_a_library_calls_it(write, tmp_path):
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (20_000, before[1]))
    try:
        with pytest.raises(Exception) as error:  # noqa: PT011 - every library has its own
            write(str(tmp_path / "file"))
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)
    assert any(map(causes.is_disk_full, causes.chain(error.value)))


@pytest.mark.parametrize("write", [_polars, _python, _torch, _arrow])  # they write in place: the device stays
def test_a_device_without_room_is_a_full_disk(write, tmp_path):
    (tmp_path / "full").symlink_to("/dev/full")
    with pytest.raises(Exception) as error:  # noqa: PT011
        write(str(tmp_path / "full"))
    assert any(map(causes.is_disk_full, causes.chain(error.value)))


def test_what_others_say_of_their_disks_is_not_ours():
    from huggingface_hub.errors import HfHubHTTPError

    class Refused(HfHubHTTPError):
        def __init__(self):
            Exception.__init__(self, "507: no space left on device")

    assert not causes.is_disk_full(Refused())
    assert not causes.is_disk_full(FileNotFoundError(2, "no such file"))


def test_a_panic_is_an_exception_and_prints_nothing(capfd):
    from tokenizers import Tokenizer

    broken = '{"version":"1.0","normalizer":{"type":"Precompiled","precompiled_charsmap":"AAAA"}}'

    @panics.caught()
    def read():
        os.write(2, b"before\n")
        print("of Python", file=sys.stderr)
        try:
            Tokenizer.from_str(broken)
        finally:
            os.write(2, b"after\n")

    with pytest.raises(panics.Panic, match="Cannot parse precompiled_charsmap"):
        read()
    assert sorted(capfd.readouterr().err.splitlines()) == ["after", "before", "of Python"]


@pytest.mark.parametrize("backtrace", ["0", "1", "full"])
def test_only_the_text_of_a_panic_is_kept_off_the_screen(backtrace):
    script = (
        "import os, sys\nfrom sdrrl_data import panics\nfrom tokenizers import Tokenizer\n"
        'broken = \'{"version":"1.0","normalizer":{"type":"Precompiled","precompiled_charsmap":"AAAA"}}\'\n'
        "for number in range(2):\n"
        "    try:\n"
        "        with panics.caught():\n"
        "            os.write(2, b'one\\n')\n"
        "            try: Tokenizer.from_str(broken)\n"
        "            finally: os.write(2, b'two\\nthree\\n')\n"
        "    except panics.Panic: pass\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", script],
        capture_output=True,
        text=True,
        env=os.environ | {"RUST_BACKTRACE": backtrace},
    )
    assert done.stderr == "one\ntwo\nthree\n" * 2


def test_the_workers_fault_is_one_line(tmp_path):
    from sdrrl_data.errors import EngineFailed
    from sdrrl_data.processes.child_process import module
    from sdrrl_data.processes.pool import Pool

    pool = Pool("a worker", module("sdrrl_data.processes.spread_worker", XDG_STATE_HOME=str(tmp_path)), lambda _: 5)
    with pytest.raises(EngineFailed, match=r"could not be started \(exit code 1\)"):
        pool.load()
    (log,) = tmp_path.rglob("fault-*.log")
    assert "TypeError: 'int' object is not callable" in log.read_text()
