"""Files of runs that are cut, or have a bit flipped: it is noticed, or does not matter."""

import re
import shlex
import subprocess
from functools import partial
from pathlib import Path

from faults import _processes
from faults._commands import Stage, some, stage
from faults._processes import Moment
from faults._tries import Draw, Row, Wrong, compare

# A part of the paths of each kind of file -> the commands that are tried on it.
FILES = {
    "seeds": "/seeds/part-", "answers": "/answers/part-", "translations": "/translations/part-",
    "parallel": "/parallel/part-", "aligner": "/aligner/part-", "usual lengths": "/usual/part-",
    "code-switched": "/code_switched/part-", "scores": "/scores-", "verdicts": "/verdicts/part-",
    "set aside": "set_aside/", "counts": "counts/part-", "transfer set": "/transfer_set/",
    "manifest": "manifest.json", "recipe.yaml": "recipe.yaml", "times": "timings.jsonl",
}  # fmt: skip
LEARNED = re.compile("/aligner/|/usual/")  # made again only when rows are made with it
ON_FINISHED = ("generate, other thresholds", "generate, a longer run", "card", "export", "controls", "push")


def spoil(path: Path, draw: Draw) -> str:
    """Cut a file or flip one of its bits; returns what was done."""
    content = bytearray(path.read_bytes())
    if draw.random() < 0.3 or not content:
        length = draw.randrange(len(content) + 1)
        path.write_bytes(content[:length])
        return f"cut at byte {length}"
    place, bit = draw.randrange(len(content)), draw.randrange(8)
    content[place] ^= 1 << bit
    path.write_bytes(content)
    return f"bit {bit} of byte {place} flipped"


def attempt(kind: str, draw: Draw, root: Path) -> int:
    """A file of a finished run is damaged."""
    staged = some(draw, root, ON_FINISHED[:1] if kind == "set aside" else ON_FINISHED)
    folder = staged.reset()
    paths = [path for path in sorted((folder / "run").rglob("*")) if path.is_file() and FILES[kind] in str(path)]
    path = draw.choice(paths)
    done = f"{path.relative_to(folder)}, {spoil(path, draw)}"
    _go_on(staged, path, done)
    return 1


def journals(draw: Draw, root: Path) -> int:
    """A journal of a killed run is damaged: its rows are made again."""
    staged = stage("generate, a server", root)
    folder = staged.reset()
    step = draw.choice(["/answers/", "/translations/"])
    while not (paths := sorted((folder / "run").rglob(".part-*.journal"))):
        ended = _processes.run(staged.act(), folder, moment=Moment(draw.randint(2, 6), step))
        if not ended.killed:
            return 0
    path = draw.choice(paths)
    done = f"{path.relative_to(folder)}, {spoil(path, draw)}"
    _finish(staged, done)
    return 1


def _go_on(staged: Stage, path: Path, done: str) -> None:
    """The command does its work, or names the file; once that is deleted or restored, as it says, all is made again."""
    name = path.relative_to(staged.folder).as_posix()
    ended = _processes.run(staged.act(), staged.folder)
    if ended.code and not re.search(rf"error: .*{re.escape(path.name)}", ended.said):
        raise Wrong("not resumable", f"{done}: {ended.said[-1000:]}")
    if not ended.code:
        # A file that the command does not read stays damaged; it is noticed by the one that does.
        after, undisturbed = staged.result(), dict(staged.undisturbed)
        after.pop(name, None)
        undisturbed.pop(name, None)
        try:
            compare(after, undisturbed)
        except Wrong as wrong:
            raise Wrong(wrong.kind, f"{done}: {wrong.detail}") from None
    elif copying := re.search("type `(cp [^`]+)`", ended.said):
        subprocess.run(shlex.split(copying[1]), cwd=staged.folder, check=True)
        _finish(staged, f"{done}, then restored from its copy")
    elif "delete it and type `sdrrl-data generate" in ended.said:
        path.unlink()
        if "generate" in staged.name:
            _finish(staged, f"{done}, then deleted", without=name if LEARNED.search(name) else "")


def _finish(staged: Stage, done: str, without: str = "") -> None:
    try:
        staged.finish(without)
    except Wrong as wrong:
        raise Wrong(wrong.kind, f"{done}: {wrong.detail}") from None


SHORT = ("answers", "manifest", "transfer set", "set aside")
ROWS = {f"damaged {kind}": Row(partial(attempt, kind), 12, int(kind in SHORT)) for kind in FILES} | {
    "damaged journal": Row(journals, 16, 1)
}
