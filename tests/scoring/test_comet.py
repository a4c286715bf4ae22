import copyreg
import hashlib
import json
import os
import resource
import shutil
import signal
import subprocess
import sys
import types
from argparse import Namespace
from pathlib import Path

import psutil
import pytest
import yaml
from filelock import FileLock

from sdrrl_data.errors import EngineFailed, OutOfMemory, UserError
from sdrrl_data.protocols import Ingredient
from sdrrl_data.scoring import comet_process
from sdrrl_data.scoring.comet import CometConfig, CometScorer
from sdrrl_data.scoring.comet_checkpoint import HPARAMS, WEIGHTS
from tests.scoring import comet_model
from tests.scoring.comet_model import SENTENCES
from tests.support import hub
from tests.support.processes import ending, left

pytestmark = pytest.mark.long

LONG = [(f"{number} {source}", target) for number in range(4) for source, target in SENTENCES if len(source) > 1000]
MB = 2**20
CLOSE = 1e-5  # batches of another size add up in another order: 1e-7 on one CPU


@pytest.fixture(scope="module", autouse=True)
def wheels():
    """A CPU build of torch comes from the places where pip is configured to look for wheels, if there are any."""
    pip = shutil.which("pip")
    ask = [pip, "config", "get", "global.find-links"]
    links = subprocess.run(ask, capture_output=True, text=True).stdout.strip() if pip else ""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("OMP_NUM_THREADS", "1")
        if links:
            patch.setenv("UV_FIND_LINKS", links)
        yield


@pytest.fixture(scope="module")
def python():
    """The interpreter of the environment that uv makes for the worker."""
    try:
        uv = comet_process.command(None)[0]
    except UserError as error:
        pytest.skip(str(error))
    for words in ("sync", "python find"):
        done = subprocess.run([uv, *words.split(), "--script", comet_process.WORKER], capture_output=True, text=True)
        assert done.returncode == 0, done.stderr
    return done.stdout.strip()


@pytest.fixture(scope="module")
def models(python, request):
    """The folder of the small models, from pytest's cache; they are built the first time."""
    files = Path(comet_model.__file__), comet_process.WORKER
    cache = request.config.cache.mkdir("models")
    # A checkpoint names the place of its encoder.
    made_of = [file.read_bytes() for file in files] + [str(cache).encode()]
    folder = cache / f"comet-{hashlib.blake2b(b''.join(made_of), digest_size=8).hexdigest()}"
    with FileLock(f"{folder}.lock"):
        if not (folder / "whole").is_file():
            shutil.rmtree(folder, ignore_errors=True)
            done = subprocess.run([python, files[0], folder], capture_output=True, text=True)
            assert done.returncode == 0, done.stderr
            (folder / "whole").touch()
    return folder


@pytest.fixture(scope="module")
def scorer(models):
    """A scorer in the environment that uv makes; its process is closed at the end."""
    built = CometScorer(CometConfig(model=str(models / "unified"), batch_size=4))
    yield built
    built.close()
    assert not list(workers())


@pytest.fixture
def checkpoint(tmp_path):
    """A folder with the files of a model, and nothing in them."""
    (tmp_path / HPARAMS).write_text("class_identifier: referenceless_regression_metric")
    (tmp_path / WEIGHTS).parent.mkdir()
    (tmp_path / WEIGHTS).write_bytes(b"weights")
    return tmp_path


def workers():
    """The child processes in which COMET runs, without uv, which started them."""
    for process in psutil.Process().children(recursive=True):
        try:
            if any("comet_worker" in word for word in process.cmdline()) and process.name() != "uv":
                yield process
        except (psutil.NoSuchProcess, psutil.ZombieProcess):
            continue


def expected(models, name):
    return json.loads((models / name / "expected.json").read_text())


def test_scores_are_those_of_predict(scorer, models, text_pair, score):
    columns = score(scorer, [text_pair(sentence) for sentence in SENTENCES])
    assert columns["comet"] == pytest.approx(expected(models, "unified"), abs=CLOSE)


def test_mean_and_minimum_of_the_sentences(scorer, models, text_pair, score):
    values = expected(models, "unified")
    order = [0, 4, 2, 6, 0]
    weights = [len(SENTENCES[number][0]) for number in order]
    columns = score(scorer, [text_pair(*(SENTENCES[number] for number in order)), text_pair(SENTENCES[4]), text_pair()])
    mean = sum(values[number] * weight for number, weight in zip(order, weights, strict=True)) / sum(weights)
    # "Yes." is too short to decide the minimum.
    assert columns["comet"] == [pytest.approx(mean, abs=CLOSE), pytest.approx(values[4], abs=1e-6), None]
    assert columns["comet_min"] == [pytest.approx(min(values[0], values[2], values[6]), abs=CLOSE), None, None]


def test_without_sentences_nothing_is_asked(scorer, text_pair, score):
    assert score(scorer, [text_pair(), text_pair()]) == {"comet": [None, None], "comet_min": [None, None]}
    assert score(scorer, []) == {"comet": [], "comet_min": []}


def test_ctrl_c_does_not_reach_the_process(scorer):
    (worker,) = workers()
    assert os.getpgid(worker.pid) != os.getpgid(0)


@pytest.fixture
def room(scorer):
    """Limits the process to so many bytes more than it uses now."""
    (worker,) = workers()
    unlimited = resource.prlimit(worker.pid, resource.RLIMIT_AS)
    yield lambda more: resource.prlimit(worker.pid, resource.RLIMIT_AS, (worker.memory_info().vms + more, unlimited[1]))
    resource.prlimit(worker.pid, resource.RLIMIT_AS, unlimited)


def test_out_of_memory_halves_the_batches(scorer, room, text_pair, score, caplog, monkeypatch):
    monkeypatch.setattr(scorer, "_batch_size", 4)
    pairs = [text_pair(sentence) for sentence in LONG]
    enough = score(scorer, pairs)["comet"]
    (before,) = workers()
    room(200 * MB)
    assert score(scorer, pairs)["comet"] == pytest.approx(enough, abs=CLOSE)
    assert caplog.messages == ["scorer unified: 4 sentences at a time take too much memory; going on with 2"]
    assert list(workers()) == [before]


def test_a_sentence_that_does_not_fit_into_memory(scorer, room, text_pair):
    room(20 * MB)
    with pytest.raises(
        OutOfMemory, match=r"scorer unified: there is not enough memory for a single sentence of 13\d\d"
    ):
        scorer.score([text_pair(LONG[0])], lambda done: None)


def test_a_killed_process_is_started_again(scorer, models, text_pair, caplog):
    done = []

    def advance(more):
        if not done:
            (worker,) = workers()
            worker.kill()
        done.append(more)

    pairs = [text_pair(sentence) for sentence in SENTENCES]
    scores = scorer.score(pairs, advance)
    assert scores["comet"].to_list() == pytest.approx(expected(models, "unified"), abs=CLOSE)
    assert sum(done) == pytest.approx(len(pairs))
    assert any(message.startswith("scorer unified: its COMET process ended (SIGKILL") for message in caplog.messages)


def test_a_process_that_dies_every_time(models, python):
    others = set(workers())
    with (
        ending(lambda: set(workers()) - others, signal.SIGSEGV) as ended,
        pytest.raises(EngineFailed, match=r"scorer unified: its COMET process ended 4 times .*, at last with SIGSEGV"),
    ):
        CometScorer(CometConfig(model=str(models / "unified"), python=python))
    assert len(ended) == 4


def test_a_process_that_does_not_start(checkpoint, monkeypatch, tmp_path):
    with pytest.raises(EngineFailed, match=r"COMET process could not be started \(exit code 1\)\. It said nothing"):
        CometScorer(CometConfig(model=str(checkpoint), python="false"))
    with pytest.raises(EngineFailed, match=r"COMET cannot be imported \(No module named 'comet'\)"):
        CometScorer(CometConfig(model=str(checkpoint), python=sys.executable))
    try:
        comet_process.command(None)
    except UserError as error:
        pytest.skip(str(error))
    monkeypatch.setenv("UV_OFFLINE", "1")
    monkeypatch.setenv("UV_CACHE_DIR", str(tmp_path / "cache"))
    with pytest.raises(EngineFailed, match=r"COMET process could not be started .* It last said: .*unbabel-comet"):
        CometScorer(CometConfig(model=str(checkpoint)))


# Stands in for COMET's process: it scores a sentence by its length, and some sentences end it.
DEADLY_WORKER = """#!{python}
import json, os, signal, sys
from multiprocessing.connection import Connection

connection = Connection(int(sys.argv[2]))
receive = lambda: json.loads(connection.recv_bytes())
send = lambda *message: connection.send_bytes(json.dumps(message).encode())
receive()
send("ready", 2)
while message := receive():
    _, number, batch = message
    if any(source == "This one is deadly." for source, _ in batch):
        os.kill(os.getpid(), signal.{signal})
    send("done", number, [float(len(source)) for source, _ in batch])
"""


@pytest.mark.parametrize(("by", "size"), [("SIGSEGV", 4), ("SIGKILL", 2)])
def test_a_sentence_that_ends_every_process_leaves_its_text_without_a_score(
    checkpoint, tmp_path_factory, text_pair, score, caplog, by, size
):
    python = tmp_path_factory.mktemp("bin") / "python"
    python.write_text(DEADLY_WORKER.format(python=sys.executable, signal=by))
    python.chmod(0o755)
    scorer = CometScorer(CometConfig(model=str(checkpoint), python=str(python), batch_size=4))
    sentences = [(f"This is sentence {number}.", "") for number in range(20)]
    pairs = [text_pair(sentence) for sentence in sentences]
    pairs[7] = text_pair(sentences[7], ("This one is deadly.", ""))
    columns = score(scorer, pairs)
    assert columns["comet"] == [None if number == 7 else len(source) for number, (source, _) in enumerate(sentences)]
    assert columns["comet_min"][7] is None
    assert scorer._batch_size <= size
    (warning,) = (message for message in caplog.messages if "not scored" in message)
    assert f"it ended the worker 3 times, at last with {by}" in warning or "it ended the worker 4 times" in warning
    assert "This one is deadly." in warning
    scorer.close()


# Several checkpoints in one process, because the import alone takes many seconds.
LOAD = """
import json, runpy, sys
from pathlib import Path
worker = runpy.run_path(sys.argv[1])
batch = json.load(sys.stdin)
for folder in sys.argv[2:]:
    try:
        print(json.dumps(worker["_scores"](worker["_load"](Path(folder)), batch)))
    except worker["Unfit"] as reason:
        print(json.dumps(str(reason)))
"""


class Harm:
    """Its pickle makes a directory when it is loaded."""

    def __init__(self, directory):
        self.directory = directory

    def __reduce__(self):
        return os.mkdir, (str(self.directory),)


@pytest.fixture
def loaded(python):
    """Loads checkpoints in one process: the scores of `SENTENCES` by each, or why it cannot be used."""

    def load(*folders):
        done = subprocess.run(
            [python, "-c", LOAD, comet_process.WORKER, *folders],
            input=json.dumps(SENTENCES),
            env=comet_process.environment(),
            capture_output=True,
            text=True,
        )
        assert done.returncode == 0, done.stderr
        return [*map(json.loads, done.stdout.splitlines())]

    return load


@pytest.fixture
def changed(models, tmp_path):
    """A copy of a model with a checkpoint that was changed."""
    import torch

    def change_copy(name, change, model="unified", **options):
        folder = shutil.copytree(models / model, tmp_path / name)
        saved = torch.load(folder / WEIGHTS, weights_only=True)
        torch.save(change(saved) or saved, folder / WEIGHTS, **options)
        return folder

    return change_copy


def test_checkpoints(models, loaded, changed, tmp_path):
    import torch

    harmful = changed("harmful", lambda saved: saved.update(harm=Harm(tmp_path / "harmed")))
    unknown = changed("unknown", lambda saved: saved.update(place=tmp_path))
    partial = changed("partial", lambda saved: saved["state_dict"].pop("estimator.ff.0.weight") is None)
    cut = shutil.copytree(models / "unified", tmp_path / "cut")
    with (cut / WEIGHTS).open("r+b") as content:
        content.truncate(1000)
    scores, *reasons = loaded(models / "referenceless", harmful, partial, cut, unknown)
    assert scores == pytest.approx(expected(models, "referenceless"), abs=CLOSE)
    assert "holds more than weights, which could run code" in reasons[0]
    assert reasons[0].endswith(": posix.mkdir")
    assert not (tmp_path / "harmed").exists()
    torch.load(harmful / WEIGHTS, weights_only=False)
    assert (tmp_path / "harmed").exists()
    assert reasons[1] == "the checkpoint lacks 1 of the model's weights, such as estimator.ff.0.weight"
    assert reasons[2].startswith("the checkpoint cannot be loaded")
    assert reasons[3] == "the checkpoint holds more than weights, which could run code: pathlib.PosixPath"


# Of the hyperparameters of models before COMET 2.0, those that it no longer had, and those that came later.
GONE = {"load_weights_from_checkpoint": None}
NEWER = ("layer_norm", "layer_transformation", "load_pretrained_weights", "local_files_only", "loss", "warmup_steps")


@pytest.fixture
def lightning(monkeypatch):
    """Classes that old versions of Lightning wrote into checkpoints, by the names of their modules at that time."""

    class AttributeDict(dict):
        def __reduce_ex__(self, protocol):  # as up to Python 3.10, with an empty state
            return copyreg.__newobj__, (type(self),), {}, None, iter(self.items())

    classes = {
        "utilities.parsing": AttributeDict,
        "callbacks.model_checkpoint": type("ModelCheckpoint", (), {}),
        "callbacks.early_stopping": type("EarlyStopping", (), {}),
    }
    for place, written in classes.items():
        written.__module__ = f"pytorch_lightning.{place}"
        written.__qualname__ = written.__name__
        folder = f"pytorch_lightning.{place.partition('.')[0]}"
        for name in ("pytorch_lightning", folder, written.__module__):
            monkeypatch.setitem(sys.modules, name, sys.modules.get(name, types.ModuleType(name)))
        setattr(sys.modules[written.__module__], written.__name__, written)
    return [*classes.values()]


def test_checkpoints_as_old_versions_of_lightning_and_comet_wrote_them(models, loaded, changed, lightning):
    """As found in checkpoints that pytorch-lightning 1.0.8 and 1.3.5 wrote of models of unbabel-comet 1.0.0."""
    import numpy as np
    import torch

    attribute_dict, model_checkpoint, early_stopping = lightning

    def old(saved, version):
        hparams = {name: value for name, value in saved["hyper_parameters"].items() if name not in NEWER}
        weights = saved["state_dict"] | {"encoder.model.embeddings.position_ids": torch.arange(514)[None]}
        return {
            "epoch": 1,
            "global_step": 4,
            "pytorch-lightning_version": version,
            "state_dict": weights,
            "hparams_name": "kwargs",
            "hyper_parameters": hparams | GONE | {"train_data": "data/2019-da.csv"},
        }

    def trained(saved, version):
        optimizer = torch.optim.AdamW([torch.nn.Parameter(torch.ones(2))])
        states = {
            early_stopping: {"wait_count": 0, "stopped_epoch": 0, "best_score": torch.tensor(0.3), "patience": 2},
            model_checkpoint: {"monitor": "kendall", "best_model_score": np.float64(0.3), "dirpath": "/checkpoints"},
        }
        schedulers = [{"base_lrs": [3e-05], "last_epoch": 1, "lr_lambdas": [None]}]
        return old(saved, version) | {
            "callbacks": states,
            "optimizer_states": [optimizer.state_dict()],
            "lr_schedulers": schedulers,
        }

    def first(saved):
        checkpoint = trained(saved, "1.0.8")
        options = attribute_dict(checkpoint["hyper_parameters"], hparams=Namespace(seed=np.float32(3)))
        return checkpoint | {"hyper_parameters": options}

    def in_yaml(saved):
        checkpoint = old(saved, "1.3.5")
        del checkpoint["hyper_parameters"]
        return checkpoint

    kind = "referenceless"
    folders = [
        changed("1.0", first, kind, _use_new_zipfile_serialization=False),
        changed("1.3", lambda saved: trained(saved, "1.3.5"), kind),
        changed("weights", lambda saved: old(saved, "1.3.5"), kind),
        changed("yaml", in_yaml, kind),
    ]
    for scores in loaded(*folders):
        assert scores == pytest.approx(expected(models, kind), abs=CLOSE)


def test_no_secret_reaches_the_process(monkeypatch):
    for name in ("HF_TOKEN", "OPENAI_API_KEY", "COMET_API_KEY", "TORCH_FORCE_NO_WEIGHTS_ONLY_LOAD"):
        monkeypatch.setenv(name, "secret")
    assert "secret" not in comet_process.environment().values()


def test_a_directory_is_known_by_its_files(checkpoint, tmp_path_factory, python):
    ingredient = CometConfig(model=str(checkpoint), python=python).identify()[0]
    assert ingredient == Ingredient("scorer", checkpoint.name, ingredient.revision, None, "unbabel-comet 2.2.7")
    assert ingredient == CometConfig(model=str(checkpoint)).identify()[0]
    copy = shutil.copytree(checkpoint, tmp_path_factory.mktemp("elsewhere") / checkpoint.name)
    (copy / "README.md").write_text("---\nlicense: mit\n---\n")
    other = CometConfig(model=str(copy), python=python).identify()[0]
    assert (other.revision, other.licence) == (ingredient.revision, "mit")
    (copy / WEIGHTS).write_bytes(b"wights!")  # another training
    assert CometConfig(model=str(copy), python=python).identify()[0].revision != ingredient.revision


@pytest.mark.parametrize(
    ("hparams", "says"),
    [
        ("class_identifier: regression_metric", "regression_metric needs a reference"),
        ("class_identifier: unified_metric\ninput_segments: [mt, ref]", "unified_metric needs a reference"),
        ("pretrained_model: x", "has no class_identifier"),
        ("- x", "has no class_identifier"),
        ("class_identifier: !!python/name:os.system", "cannot be read"),
        (None, "there is no hparams.yaml"),
    ],
)
def test_directories_that_are_no_use(checkpoint, python, hparams, says):
    if hparams is None:
        (checkpoint / HPARAMS).unlink()
    else:
        (checkpoint / HPARAMS).write_text(hparams)
    with pytest.raises(UserError, match=says):
        CometConfig(model=str(checkpoint), python=python).identify()[0]


@pytest.mark.parametrize("segments", ["", "input_segments: [mt, src]", "input_segments: [mt, src, ref]"])
def test_unified_models_that_read_the_source_will_do(checkpoint, python, segments):
    (checkpoint / HPARAMS).write_text(f"class_identifier: unified_metric\n{segments}")
    assert CometConfig(model=str(checkpoint), python=python).identify()[0].role == "scorer"


def test_missing_weights(checkpoint, python):
    (checkpoint / WEIGHTS).unlink()
    with pytest.raises(UserError, match=r"there is no checkpoints/model\.ckpt in the directory"):
        CometConfig(model=str(checkpoint), python=python).identify()[0]
    with pytest.raises(UserError, match="there is no such directory, and it is not a name on the Hub"):
        CometConfig(model=str(checkpoint / "nowhere"), python=python).identify()[0]


def test_nothing_to_run_it(checkpoint, monkeypatch):
    with pytest.raises(UserError, match="has no unbabel-comet: run"):
        CometConfig(model=str(checkpoint), python=sys.executable).identify()[0]
    with pytest.raises(UserError, match="is not a program that can be run"):
        CometConfig(model=str(checkpoint), python=str(checkpoint / "python")).identify()[0]
    monkeypatch.setitem(sys.modules, "uv", None)
    monkeypatch.setenv("PATH", "")
    with pytest.raises(UserError, match=r"pip install 'sdrrl-data\[comet\]'"):
        CometConfig(model=str(checkpoint)).identify()[0]


IDENTIFY = """
import json, os, psutil, signal, sys
from sdrrl_data.errors import UserError
from sdrrl_data.protocols import TextPair, Unit
from sdrrl_data.scoring.comet import CometConfig, CometScorer

python, sentences = json.load(sys.stdin)
for argument in sys.argv[1:]:
    model, _, revision = argument.partition("@")
    try:
        ingredient = CometConfig(model=model, revision=revision or None, python=python).identify()[0]
        print(json.dumps([ingredient.name, ingredient.revision, ingredient.licence]))
    except UserError as error:
        print(json.dumps(str(error)))
"""
# In the end it is killed, and its COMET process has to notice.
SCORE = """
try:
    CometScorer(CometConfig(model="org/lost", python=python))
except UserError as error:
    print(json.dumps(str(error)))
scorer = CometScorer(CometConfig(model="org/good", python=python))
pairs = [TextPair(s, t, [Unit(0, len(s), 0, len(t))]) for s, t in sentences]
print(json.dumps(scorer.score(pairs, lambda done: None)["comet"].to_list()))
print(json.dumps([child.pid for child in psutil.Process().children(recursive=True)]), flush=True)
os.kill(os.getpid(), signal.SIGKILL)
"""


def test_models_on_the_hub(models, python, checkpoint, tmp_path_factory):
    """Models are downloaded from the Hub, and then loaded offline."""
    import torch

    folder = tmp_path_factory.mktemp("models")
    good = shutil.copytree(models / "xcomet", folder / "good")
    saved = torch.load(good / WEIGHTS, weights_only=True)
    saved["hyper_parameters"]["pretrained_model"] = "org/encoder"
    torch.save(saved, good / WEIGHTS)
    hparams = yaml.safe_load((good / HPARAMS).read_text())
    (good / HPARAMS).write_text(yaml.safe_dump(hparams | {"pretrained_model": "org/encoder"}))
    (good / "README.md").write_text("---\nlicense: mit\n---\n")
    judged = shutil.copytree(checkpoint, folder / "judged")
    (judged / HPARAMS).write_text("class_identifier: regression_metric")
    lost = shutil.copytree(checkpoint, folder / "lost")
    with (lost / HPARAMS).open("a") as hparams:
        hparams.write("\npretrained_model: org/none")
    folders = {"good": good, "encoder": models / "encoder", "judged": judged, "lost": lost}

    def run(code, variables, *arguments):
        done = subprocess.run(
            [sys.executable, "-c", code, *arguments],
            input=json.dumps([python, SENTENCES]),
            env=variables,
            capture_output=True,
            text=True,
        )
        assert done.returncode == (-signal.SIGKILL if "kill(" in code else 0), done.stderr
        return map(json.loads, done.stdout.splitlines())

    names = [f"org/{name}" for name in ("good", "gated", "none", "encoder", "judged")]
    home = tmp_path_factory.mktemp("cache")
    with hub.serving() as served:
        for name, content in folders.items():
            served.add(f"models/org/{name}", hub.files_of(content), sha="a" * 40)
        served.add("models/org/gated", hub.files_of(checkpoint), gated=True)
        good, gated, none, encoder, judged, lost, scores, workers = run(
            IDENTIFY + SCORE, served.environment(home), *names
        )
    assert good == ["org/good", "a" * 40, "mit"]
    assert gated == "scorer org/gated: accept its terms at https://huggingface.co/org/gated, then `hf auth login`"
    assert none.startswith("scorer org/none: the Hub has no such model for you")
    assert encoder == "scorer org/encoder: it has no hparams.yaml on the Hub, so it is not a COMET model"
    assert judged.startswith("scorer org/judged: a COMET model of the class regression_metric needs a reference")
    assert lost.startswith("scorer org/lost: its encoder org/none could not be downloaded")
    assert scores == pytest.approx(expected(models, "xcomet"), abs=CLOSE)
    assert workers
    assert not left(workers, 60)

    again, missing, unfinished = run(
        IDENTIFY, hub.offline(home), f"org/good@{'a' * 40}", "org/gated", f"org/judged@{'a' * 40}"
    )
    assert again == good
    for reason in (missing, unfinished):
        assert "is not in the cache and the Hugging Face Hub cannot be reached" in reason
