import hashlib
import json
import os
import resource
import shutil
import signal
import subprocess
import sys
import threading
from http.server import ThreadingHTTPServer
from pathlib import Path

import psutil
import pytest
import yaml
from filelock import FileLock

from sdrrl_data import recipe
from sdrrl_data.errors import Stopped, UserError
from sdrrl_data.protocols import Ingredient
from sdrrl_data.scoring import comet_process
from sdrrl_data.scoring.comet import CometScorer, identify
from sdrrl_data.scoring.comet_checkpoint import HPARAMS, WEIGHTS
from tests.hub import HubHandler
from tests.processes import ending, left
from tests.scoring import comet_model
from tests.scoring.comet_model import SENTENCES

pytestmark = pytest.mark.alone

LONG = [(f"{number} {source}", target) for number in range(4) for source, target in SENTENCES if len(source) > 1000]
MB = 2**20
CLOSE = 1e-5  # batches of another size add up in another order: 1e-7 on one CPU


@pytest.fixture(scope="module", autouse=True)
def wheels():
    """A CPU build of torch comes from where pip is told to look for wheels, if it is."""
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
    made_of = [file.read_bytes() for file in files] + [str(cache).encode()]  # where the encoder is, a checkpoint says
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
    """One in the environment that uv makes. In the end its process ends."""
    built = CometScorer(recipe.CometScorer(model=str(models / "unified"), batch_size=4))
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
    """The processes of this one in which COMET runs; not uv, which started them."""
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
    """Leaves the process so many bytes beyond what it has."""
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
    with pytest.raises(Stopped, match=r"scorer unified: there is not enough memory for a single sentence of 13\d\d"):
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
    assert "the COMET process died (SIGKILL) and is started again" in caplog.messages


def test_a_process_that_dies_every_time(models, python):
    others = set(workers())
    with (
        ending(lambda: set(workers()) - others, signal.SIGSEGV) as ended,
        pytest.raises(Stopped, match=r"scorer unified: its COMET process died 4 times, at last with SIGSEGV"),
    ):
        CometScorer(recipe.CometScorer(model=str(models / "unified"), python=python))
    assert len(ended) == 4


def test_a_process_that_does_not_start(checkpoint, monkeypatch, tmp_path):
    with pytest.raises(Stopped, match=r"COMET could not be started \(exit code 1\)\. It said nothing"):
        CometScorer(recipe.CometScorer(model=str(checkpoint), python="false"))
    with pytest.raises(Stopped, match=r"COMET cannot be imported \(No module named 'comet'\)"):
        CometScorer(recipe.CometScorer(model=str(checkpoint), python=sys.executable))
    try:
        comet_process.command(None)
    except UserError as error:
        pytest.skip(str(error))
    monkeypatch.setenv("UV_OFFLINE", "1")
    monkeypatch.setenv("UV_CACHE_DIR", str(tmp_path / "cache"))
    with pytest.raises(Stopped, match=r"COMET could not be started .* It last said: .*unbabel-comet"):
        CometScorer(recipe.CometScorer(model=str(checkpoint)))


# Several checkpoints in one process, for the import alone takes many seconds.
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
    """A pickle of this makes a directory when it is read."""

    def __init__(self, directory):
        self.directory = directory

    def __reduce__(self):
        return os.mkdir, (str(self.directory),)


def test_checkpoints(models, python, tmp_path):
    import torch

    def changed(name, change):
        folder = shutil.copytree(models / "unified", tmp_path / name)
        saved = torch.load(folder / WEIGHTS, weights_only=True)
        change(saved)
        torch.save(saved, folder / WEIGHTS)
        return folder

    harmful = changed("harmful", lambda saved: saved.update(harm=Harm(tmp_path / "harmed")))
    partial = changed("partial", lambda saved: saved["state_dict"].pop("estimator.ff.0.weight"))
    cut = shutil.copytree(models / "unified", tmp_path / "cut")
    with (cut / WEIGHTS).open("r+b") as content:
        content.truncate(1000)
    folders = [models / "referenceless", harmful, partial, cut]
    done = subprocess.run(
        [python, "-c", LOAD, comet_process.WORKER, *folders],
        input=json.dumps(SENTENCES),
        env=comet_process.environment(),
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stderr
    scores, *reasons = map(json.loads, done.stdout.splitlines())
    assert scores == pytest.approx(expected(models, "referenceless"), abs=CLOSE)
    assert "holds more than weights, which could run code" in reasons[0]
    assert not (tmp_path / "harmed").exists()
    torch.load(harmful / WEIGHTS, weights_only=False)
    assert (tmp_path / "harmed").exists()
    assert reasons[1] == "the checkpoint lacks 1 of the model's weights, such as estimator.ff.0.weight"
    assert reasons[2].startswith("the checkpoint cannot be loaded")


def test_no_secret_reaches_the_process(monkeypatch):
    for name in ("HF_TOKEN", "OPENAI_API_KEY", "COMET_API_KEY", "TORCH_FORCE_NO_WEIGHTS_ONLY_LOAD"):
        monkeypatch.setenv(name, "secret")
    assert "secret" not in comet_process.environment().values()


def test_a_directory_is_known_by_its_files(checkpoint, tmp_path_factory, python):
    found = identify(recipe.CometScorer(model=str(checkpoint), python=python))
    assert found == Ingredient("scorer", checkpoint.name, found.revision, None, "unbabel-comet 2.2.7")
    assert found == identify(recipe.CometScorer(model=str(checkpoint)))
    copy = shutil.copytree(checkpoint, tmp_path_factory.mktemp("elsewhere") / checkpoint.name)
    (copy / "README.md").write_text("---\nlicense: mit\n---\n")
    other = identify(recipe.CometScorer(model=str(copy), python=python))
    assert (other.revision, other.licence) == (found.revision, "mit")
    (copy / WEIGHTS).write_bytes(b"wights!")  # another training
    assert identify(recipe.CometScorer(model=str(copy), python=python)).revision != found.revision


@pytest.mark.parametrize(
    ("hparams", "says"),
    [
        ("class_identifier: regression_metric", "regression_metric wants a reference"),
        ("class_identifier: unified_metric\ninput_segments: [mt, ref]", "unified_metric wants a reference"),
        ("pretrained_model: x", "names no class_identifier"),
        ("- x", "names no class_identifier"),
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
        identify(recipe.CometScorer(model=str(checkpoint), python=python))


@pytest.mark.parametrize("segments", ["", "input_segments: [mt, src]", "input_segments: [mt, src, ref]"])
def test_unified_models_that_read_the_source_will_do(checkpoint, python, segments):
    (checkpoint / HPARAMS).write_text(f"class_identifier: unified_metric\n{segments}")
    assert identify(recipe.CometScorer(model=str(checkpoint), python=python)).role == "scorer"


def test_missing_weights(checkpoint, python):
    (checkpoint / WEIGHTS).unlink()
    with pytest.raises(UserError, match=r"there is no checkpoints/model\.ckpt in the directory"):
        identify(recipe.CometScorer(model=str(checkpoint), python=python))
    with pytest.raises(UserError, match="there is no such directory, and it is no name on the Hub"):
        identify(recipe.CometScorer(model=str(checkpoint / "nowhere"), python=python))


def test_nothing_to_run_it(checkpoint, monkeypatch):
    with pytest.raises(UserError, match="has no unbabel-comet: run"):
        identify(recipe.CometScorer(model=str(checkpoint), python=sys.executable))
    with pytest.raises(UserError, match="no program that can be run"):
        identify(recipe.CometScorer(model=str(checkpoint), python=str(checkpoint / "python")))
    monkeypatch.setitem(sys.modules, "uv", None)
    monkeypatch.setenv("PATH", "")
    with pytest.raises(UserError, match=r"pip install 'sdrrl-data\[comet\]'"):
        identify(recipe.CometScorer(model=str(checkpoint)))


class Hub(HubHandler):
    """A few models: files by their names, or why they are not given."""

    models: dict[str, Path | str] = {}  # noqa: RUF012

    def do_GET(self):
        path = self.path.partition("?")[0].removeprefix("/api/models")
        _, org, name, *rest = path.split("/")
        model = self.models.get(name, "RepoNotFound")
        if path != self.path.partition("?")[0]:
            self._about(f"{org}/{name}", model, rest)
        elif isinstance(model, Path) and (model / "/".join(rest[2:])).is_file():
            self.answer(200, (model / "/".join(rest[2:])).read_bytes())
        elif isinstance(model, Path):
            self.answer(404, {}, "EntryNotFound")
        else:
            self.answer(403, {}, model)

    def _about(self, name, model, rest):
        if model == "RepoNotFound":
            self.answer(404, {}, model)
            return
        files = [file for file in model.rglob("*") if file.is_file()] if isinstance(model, Path) else []
        names = [str(file.relative_to(model)) for file in files]
        if rest[:1] == ["tree"]:
            entries = zip(names, files, strict=True)
            self.answer(
                200,
                [{"type": "file", "path": own, "size": file.stat().st_size, "oid": _tag(own)} for own, file in entries],
            )
        else:
            siblings = [{"rfilename": own} for own in names]
            self.answer(200, {"id": name, "sha": self.commit, "siblings": siblings, "cardData": {"license": "mit"}})

    def send_header(self, name, value):
        # The cache keeps a model's files by their tags.
        super().send_header(name, f'"{_tag(self.path)}"' if name == "ETag" else value)


def _tag(text):
    return hashlib.sha1(text.encode()).hexdigest()


IDENTIFY = """
import json, os, signal, sys
from sdrrl_data import recipe
from sdrrl_data.errors import UserError
from sdrrl_data.protocols import TextPair, Unit
from sdrrl_data.scoring.comet import CometScorer, identify

python, sentences = json.load(sys.stdin)
for argument in sys.argv[1:]:
    model, _, revision = argument.partition("@")
    try:
        found = identify(recipe.CometScorer(model=model, revision=revision or None, python=python))
        print(json.dumps([found.name, found.revision, found.licence]))
    except UserError as error:
        print(json.dumps(str(error)))
"""
# In the end it is killed, and its COMET process has to notice.
SCORE = """
try:
    CometScorer(recipe.CometScorer(model="org/lost", python=python))
except UserError as error:
    print(json.dumps(str(error)))
scorer = CometScorer(recipe.CometScorer(model="org/good", python=python))
pairs = [TextPair(s, t, [Unit(0, len(s), 0, len(t))]) for s, t in sentences]
print(json.dumps(scorer.score(pairs, lambda done: None)["comet"].to_list()))
print(scorer._process._process.pid, flush=True)
os.kill(os.getpid(), signal.SIGKILL)
"""


@pytest.fixture
def hub(tmp_path_factory):
    """A Hub of our own; gives the settings with which the real client finds it."""
    server = ThreadingHTTPServer(("127.0.0.1", 0), Hub)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield {
        "HF_ENDPOINT": f"http://127.0.0.1:{server.server_port}",
        "HF_HOME": str(tmp_path_factory.mktemp("cache")),
        "HF_HUB_OFFLINE": "0",
        "HF_HUB_DISABLE_XET": "1",
    }
    server.shutdown()
    server.server_close()


def test_models_on_the_hub(models, python, checkpoint, hub, tmp_path_factory):
    """What the Hub has is downloaded, and then loaded without it."""
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
    encoder = models / "encoder"
    Hub.models = {"good": good, "encoder": encoder, "judged": judged, "lost": lost, "gated": "GatedRepo"}

    def run(code, settings, *arguments):
        done = subprocess.run(
            [sys.executable, "-c", code, *arguments],
            input=json.dumps([python, SENTENCES]),
            env=os.environ | settings,
            capture_output=True,
            text=True,
        )
        assert done.returncode == (-signal.SIGKILL if "kill(" in code else 0), done.stderr
        return map(json.loads, done.stdout.splitlines())

    names = [f"org/{name}" for name in ("good", "gated", "none", "encoder", "judged")]
    found, gated, none, encoder, judged, lost, scores, worker = run(IDENTIFY + SCORE, hub, *names)
    assert found == ["org/good", "a" * 40, "mit"]
    assert gated == "scorer org/gated: accept its terms at https://huggingface.co/org/gated, then `hf auth login`"
    assert none.startswith("scorer org/none: the Hub has no such model for you")
    assert encoder == "scorer org/encoder: the Hub has no hparams.yaml of it, so it is no COMET model"
    assert judged.startswith("scorer org/judged: a COMET model of the class regression_metric wants a reference")
    assert lost.startswith("scorer org/lost: its encoder org/none could not be downloaded")
    assert scores == pytest.approx(expected(models, "xcomet"), abs=CLOSE)
    assert not left([worker], 60)

    offline = hub | {"HF_HUB_OFFLINE": "1"}
    again, missing, unfinished = run(IDENTIFY, offline, f"org/good@{'a' * 40}", "org/gated", f"org/judged@{'a' * 40}")
    assert again == found
    for reason in (missing, unfinished):
        assert "is not in the cache and the Hugging Face Hub cannot be reached" in reason
