"""Files of a finished run are cut, or have a bit flipped: `verify` names these, and `--repair` makes them again."""

import os
import re
import shutil
from functools import partial
from pathlib import Path

from faults import _processes
from faults._commands import CONTROLS, VERIFY, cli, stage
from faults._tries import Draw, Row, Wrong, compare
from faults.damage import LEARNED, spoil
from sdrrl_data.run.disk import is_of_controls

MOST = 4  # files that are damaged


def attempt(draw: Draw, root: Path) -> int:
    """Some files are damaged, of tables, datasets, controls and earlier states."""
    staged = stage(VERIFY, root)
    folder = staged.reset()
    run = folder / "run"
    _link(run)
    files = {path.stat().st_ino: path for path in sorted(run.rglob("*.parquet"), key=_is_earlier, reverse=True)}
    done, damaged = [], {}
    for path in draw.sample(sorted(files.values()), draw.randint(1, MOST)):
        before, what = path.read_bytes(), spoil(path, draw)
        if path.read_bytes() != before:
            damaged[path.relative_to(run).as_posix()] = path.read_bytes()
            done.append(f"{path.relative_to(run)}, {what}")
    try:
        ended = _processes.run(partial(cli, folder, "verify", "run"), folder)
        named = set(re.findall(r"^(\S+) (?:is damaged|is gone|was changed)", ended.said, re.MULTILINE))
        if ended.code != bool(damaged) or named != damaged.keys():
            raise Wrong("differing", f"named: {ended.said[-1000:]}")
        ended = _processes.run(staged.act(), folder)
        of_controls = any(is_of_controls(Path(name)) for name in damaged)
        if ended.code != of_controls or of_controls != ("`sdrrl-data controls` command" in ended.said):
            raise Wrong("not resumable", ended.said[-1000:])
        for name, content in damaged.items():
            if (run / "damaged" / name).read_bytes() != content:
                raise Wrong("differing", f"damaged/{name}")
        shutil.rmtree(run / "damaged", ignore_errors=True)
        for command in [partial(CONTROLS, folder)] * of_controls + [partial(cli, folder, "verify", "run")]:
            ended = _processes.run(command, folder)
            if ended.code:
                raise Wrong("not resumable", ended.said[-1000:])
        after = staged.result()
        learned = {f"run/{name}" for name in damaged if LEARNED.search(name)} - after.keys()
        compare(after, {name: data for name, data in staged.undisturbed.items() if name not in learned})
    except Wrong as wrong:
        raise Wrong(wrong.kind, f"{'; '.join(done)}: {wrong.detail}") from None
    return len(damaged)


def _link(run: Path) -> None:
    """Link the files of earlier states to those of the run, as they were before they were copied."""
    for path in sorted((run / "unused").rglob("*.parquet")):
        now = run.joinpath(*path.relative_to(run / "unused").parts[1:])
        if now.exists() and now.read_bytes() == path.read_bytes():
            path.unlink()
            os.link(now, path)


def _is_earlier(path: Path) -> bool:
    return "unused" in path.parts


ROWS = {"damaged files": Row(attempt, 40, 0)}
