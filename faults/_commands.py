"""The commands that are disturbed, each with what it starts from and what it leaves behind undisturbed.

Any of `COMMANDS` may be disturbed in any way; `OTHERS` have rows of their own.
"""

import json
import os
import re
import shutil
import sys
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from functools import cache, partial
from pathlib import Path
from typing import Any

from faults import _processes
from faults._tries import OPEN, SECONDS, Draw, Wrong, compare, contents, is_short
from sdrrl_data.cli import app
from sdrrl_data.controls import build
from sdrrl_data.pipeline import worker
from sdrrl_data.pipeline.generate import generate
from sdrrl_data.run import Run, unused
from sdrrl_data.runners.ray_cluster import RayConfig
from tests.generation.server import ChatServer, Reply, completion
from tests.publishing import client
from tests.support import hub, small_models
from tests.training import conftest as training

# Environment variables with the address of the server that answers, and of the Ray cluster.
SERVER, CLUSTER = "SDRRL_DATA_FAULTS_SERVER", "SDRRL_DATA_FAULTS_CLUSTER"

STATES: dict[tuple[Callable[[Path], object], ...], Path] = {}  # what was done before -> what there is then
# What the server replies instead of what it should, if anything.
FAILING: list[Callable[[Mapping[str, Any]], Reply | None]] = [lambda body: None]

SMALL: dict[str, Any] = {"limit": 10, "part_rows": 4}
MORE = SMALL | {"limit": 16}
GROWN = SMALL | {"limit": 14}
WHOLE = {"part_rows": 12}  # with a question that is too long, and is set aside
RETUNED = WHOLE | {"thresholds.length": {"max": "60%"}, "thresholds.src_finished.min": 0.25}
TWO = SMALL | {"tgt": ["pt", "vi"], "parallel": None}
QUESTIONS = [f"Why do you think that the old {thing} is larger than mine?" for thing in ("inn", "well", "mill", "barn")]


def make(folder: Path, changes: Mapping[str, Any], **options: Any) -> None:
    """A run by small models."""
    generate(client.recipe(folder / "in", **changes), folder / "run", small_models.models(), **options)


def work(folder: Path) -> None:
    """What a worker does in a run that was begun."""
    worker.work(folder / "run", small_models.models(), poll=0.1)


def on_ray(folder: Path) -> None:
    """A run that the nodes of the cluster make."""
    make(folder, MORE, ray=RayConfig(os.environ[CLUSTER]))


def cli(folder: Path, *words: str) -> None:
    """A command as a user types it."""
    os.chdir(folder)
    app([word.replace("{server}", os.environ.get(SERVER, "")) for word in words])


def controls(folder: Path) -> None:
    """The controls of a run by small models."""
    run = Run(folder / "run")
    manifest = run.manifest()
    assert manifest
    tokenizer = str(folder / "tokenizer")
    build.make(run, manifest, arms=ARMS, tokenizer=tokenizer, models=small_models.models())


ARMS = ("sft", "t-sft", "sdrrl", "no-code-switch")


def prune(folder: Path) -> None:
    unused.prune(Run(folder / "run"))


TRAINING = {
    **{"batch_size": 8, "at_once": 4, "samples": 1, "learning_rate": 0.02, "precision": "float32"},
    **{"max_steps": 8, "save_every": 2, "evaluate_every": 4},
}


def trainee(folder: Path) -> None:
    """A tiny model, rows to train it on, and texts to compare it by."""
    training.write_model(folder / "model", training.small_tokenizer())
    training.write(folder / "set", training.some_rows())
    lines = ("It rained.\tChoveu.", "Nobody knew.\tNinguém sabia.", "She reads.\tEla lê.", "The ship.\tO navio.")
    (folder / "pairs.tsv").write_text("\n".join(lines), encoding="utf-8")


def train(folder: Path) -> None:
    """A training, which goes on where it was stopped."""
    from sdrrl_data.training.train import train

    out = folder / "out"
    if not (out / "training.yaml").exists():  # written last
        train(folder / "set", folder / "model", out, changes=TRAINING, resume=out.exists())


def evaluate(folder: Path) -> None:
    """What the training has changed."""
    words = ("--parallel", "pairs.tsv", "--max-tokens", "8", "--engine", "transformers", "--out", "compared")
    cli(folder, "evaluate", "--base", "model", "--tuned", "out", "--tgt", "pt", *words)


@dataclass(frozen=True)
class Command:
    """A command that can be disturbed.

    Args:
        act: what a process does in a folder.
        before: what was done before in that folder, undisturbed.
        like: what leaves the same behind, and is done undisturbed in its place; None: `act`.
        seconds: that it may take.
        steps: parts of the paths of what it writes, to be disturbed there.
        repository: on the Hub, what it makes.
    """

    act: Callable[[Path], object]
    before: tuple[Callable[[Path], object], ...] = ()
    steps: tuple[str, ...] = ()
    repository: str = ""
    like: Callable[[Path], object] | None = None
    seconds: float = SECONDS


GENERATE = (
    *("manifest.json", "recipe.yaml", "/seeds/", "/parallel/", "/answers/", "/translations/", "/prompts/"),
    *("/aligner/", "/code_switched/", "/usual/", "/scores-heuristics/", "/scores-round_trip/", "/verdicts/"),
    *("transfer_set", "/counts/", "/shared_counts/", "README.md", "croissant.json", "scores.png", "set_aside"),
)
ASKED = (
    *("generate", "--recipe", "quickstart", "--seeds", "asked.jsonl", "--model", "tiny", "--translator", "self"),
    *("--out", "run", "--set", "parallel=null", "--set", "scorers=[length]", "--set", "thresholds={}"),
    *("--set", "part_rows=2", "--set", "generator.server.retries=0", "--set", "generator.server.concurrency=1"),
    *("--set", "generator.server.url={server}"),
)
FINISHED, MADE = partial(make, changes=SMALL), partial(make, changes=MORE)


def _tokenizer(folder: Path) -> None:
    small_models.write_tokenizer(folder / "tokenizer")


def _asked(folder: Path) -> None:
    rows = ({"instruction": question, "output": "Nobody has measured it."} for question in QUESTIONS)
    (folder / "asked.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")


def _damage(folder: Path) -> None:
    for place in ("answers", "pt/verdicts"):
        path = folder / "run" / place / "part-00001.parquet"
        path.write_bytes(path.read_bytes()[:-1])


def _words(*words: str) -> Callable[[Path], object]:
    return partial(_typed, words=words)


def _typed(folder: Path, words: tuple[str, ...]) -> None:
    cli(folder, *words)


CONTROLS = _words("controls", "run", "--only", "sft,t-sft,sdrrl", "--tokenizer", "tokenizer")
# With an earlier state, too.
WITH_CONTROLS = (_asked, _words(*ASKED, "--set", "generator.max_tokens=60"), _words(*ASKED), _tokenizer, CONTROLS)
COMMANDS = {
    "generate": Command(partial(make, changes=SMALL), steps=GENERATE),
    "generate, two targets": Command(partial(make, changes=TWO), steps=tuple(f"{tag}{step}" for tag in ("pt", "vi")
                                     for step in GENERATE[5:14])),
    "generate, a longer run": Command(partial(make, changes=GROWN), (FINISHED,), GENERATE),
    "generate, other thresholds": Command(
        partial(make, changes=RETUNED), (partial(make, changes=WHOLE),), ("/unused/", "/verdicts/", "transfer_set")
    ),
    "generate, a shorter run": Command(
        partial(make, changes=SMALL), (partial(make, changes=GROWN),), ("manifest.json", "/unused/", "transfer_set")
    ),
    "generate, a server": Command(
        _words(*ASKED), (_asked,), ("/answers/", "/translations/", "/prompts/", "/aligner/", "/scores-heuristics/")
    ),
    "work": Command(
        work, (partial(make, changes=MORE, begin_only=True),), (".lease-", *GENERATE[4:]), like=MADE
    ),
    "verify --repair": Command(
        _words("verify", "run", "--repair"), (_asked, _words(*ASKED), _damage),
        ("/damaged/", "manifest.json", "/answers/", "/verdicts/", "transfer_set"),
    ),
    "card": Command(_words("card", "run"), (FINISHED,), ("README.md", "croissant.json", "scores.png")),
    "export": Command(
        _words("export", "run", "--format", "sharegpt", "--force"), (FINISHED,), (".jsonl", "dataset_info.json")
    ),
    "tune": Command(_words("tune", "run", "--write", "tuned.yaml"), (FINISHED,), ("tuned.yaml",)),
    "controls": Command(controls, (FINISHED, _tokenizer), ("controls-", "README.md", "/references", "/translations")),
    "train": Command(train, (trainee,), ("/checkpoints/", "/checkpoint-8/", "whole.json", "/out/")),
    "evaluate": Command(evaluate, (trainee, train), ("/measures/", "evaluation.json", "evaluation.md", "gain.png")),
    "push": Command(_words("push", "run", "ann/set"), (FINISHED,), ("run", "home"), repository="datasets/ann/set"),
    "pull": Command(_words("pull", "ann/there", "--out", "pulled"), (), (".pulled.pull", ".fetched", "/home/")),
}  # fmt: skip
ON_RAY, VERIFY = "generate, on Ray", "verify"
OTHERS = {
    ON_RAY: Command(on_ray, like=MADE, seconds=600),  # processes have to start on the nodes
    VERIFY: Command(_words("verify", "run", "--repair"), WITH_CONTROLS),
}


class Stage:
    """A command's folder, always the same one, for its path is in what it writes; and its undisturbed result."""

    def __init__(self, name: str, root: Path) -> None:
        self.name, self.command = name, (COMMANDS | OTHERS)[name]
        self.folder = root / "stage"
        self._served = world(root)
        self._template = root / f"template-{name.replace(' ', '-').replace(',', '')}"
        if name == "pull":
            publish(self.folder)
        _prepared(self.command.before, self.folder, self._template)
        self.reset()
        paths = self._do(self.command.like or self.command.act)
        self.undisturbed = self.result()
        # How often the command changes the disk in each of its steps.
        counts = {step: sum(step in path for path in paths) for step in self.command.steps}
        self.changes = {step: count for step, count in counts.items() if count}

    def reset(self) -> Path:
        """The folder as it was before the command."""
        self._wipe()
        shutil.copytree(self._template, self.folder)
        return self.folder

    def act(self) -> Callable[[], object]:
        """The command, for a process."""
        return partial(self.command.act, self.folder)

    def moment(self, draw: Draw, processes: int = 1) -> _processes.Moment:
        """One in which the command, begun from nothing, changes the disk, where so many processes share its work."""
        step = draw.choice(list(self.changes))
        return _processes.Moment(draw.randint(1, max(1, self.changes[step] // processes)), step)

    def finish(self, without: str = "") -> None:
        """Run the command again, and compare what it leaves, but for one file, with the undisturbed result."""
        ended = _processes.Started(self.act(), self.folder).end(self.command.seconds)
        if ended.code:
            raise Wrong("not resumable", ended.said[-1000:])
        results = self.result(), dict(self.undisturbed)
        for files in results:
            files.pop(without, None)
        compare(*results)

    def result(self) -> dict[str, bytes]:
        """What there is after the command, in its folder and on the Hub."""
        files = {name: content for name, content in contents(self.folder).items() if not name.startswith("home/")}
        if self.command.repository in self._served.repos:
            repository = self._served.repos[self.command.repository]
            files |= {f"{self.command.repository}:{path}": data for path, data in repository.files().items()}
        return files

    def _wipe(self) -> None:
        shutil.rmtree(self.folder, ignore_errors=True)
        self._served.repos.pop(self.command.repository, None)

    def _do(self, act: Callable[[Path], object]) -> list[str]:
        return _done(act, self.folder)


def publish(folder: Path) -> None:
    """Push a run to the repository that will be pulled."""
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir()
    _done(FINISHED, folder)
    _done(_words("push", "run", "ann/there"), folder)


def _done(act: Callable[[Path], object], folder: Path) -> list[str]:
    """Act in a process; returns the paths of what it changed on the disk."""
    log = folder.with_name("changes")
    log.write_text("")
    ended = _processes.run(partial(_logged, act, folder, log), folder)
    if ended.code:
        raise RuntimeError(f"without a fault: {ended.said[-1500:]}")
    return log.read_text("utf-8").splitlines()


def _prepared(acts: tuple[Callable[[Path], object], ...], folder: Path, template: Path) -> None:
    """Act in a folder, and keep what it has then; what was done before is not done again."""
    shutil.rmtree(folder, ignore_errors=True)
    earlier = STATES.get(acts[:-1]) if len(acts) > 1 else None
    if acts in STATES:
        shutil.copytree(STATES[acts], template)
        return
    if earlier:
        shutil.copytree(earlier, folder)
    else:
        folder.mkdir()
    for act in acts[-1:] if earlier else acts:
        _done(act, folder)
    shutil.copytree(folder, template)
    STATES[acts] = template


def _logged(act: Callable[[Path], object], folder: Path, log: Path) -> None:
    with log.open("a", encoding="utf-8") as file:
        sys.addaudithook(
            lambda event, arguments: (
                print(arguments[0], file=file, flush=True) if _processes.is_change(event, arguments) else None
            )
        )
        try:
            act(folder)
        except SystemExit as error:
            if error.code:
                raise


@cache
def stage(name: str, root: Path) -> Stage:
    """The stage of a command: made once in a process."""
    return Stage(name, root)


def some(draw: Draw, root: Path, names: Iterable[str] = COMMANDS) -> Stage:
    """The stage of one of these commands. The short form takes few, for each has to be run without a fault first."""
    few = {"generate, other thresholds", "generate, a server", "push"}
    return stage(draw.choice([name for name in names if name in few or not is_short()]), root)


def said(body: Mapping[str, Any]) -> str:
    """What the server answers; asked for a translation, it turns every word round."""
    asked = body["messages"][-1]["content"]
    if asked.startswith("Translate from"):
        return re.sub(r"[A-Za-z]+", lambda word: word[0][::-1], asked.partition("\n\n")[2])
    return f"Nobody knows, but {asked.lower().rstrip('?')} is it."


@cache
def world(root: Path) -> hub.Hub:
    """What the commands need besides themselves: a server that answers, and a Hub."""
    server = ChatServer(lambda body, tries: FAILING[0](body) or completion(said(body)))
    OPEN.callback(server.stop)
    served = OPEN.enter_context(hub.serving())
    served.user("ann's", "ann")
    variables = {"XDG_STATE_HOME": str(root / "state"), "NO_PROXY": "127.0.0.1", SERVER: server.url}
    os.environ.update(served.environment(root / "home", "ann's") | variables)
    os.environ.pop("OPENAI_API_KEY", None)
    return served
