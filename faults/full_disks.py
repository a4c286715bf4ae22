"""Commands on a disk that is full: a small one, or files that may not grow beyond a size."""

import shutil
import subprocess
from functools import cache
from pathlib import Path

from faults import _processes
from faults._commands import some
from faults._tries import Draw, Row, Wrong

WRITING = (
    *("generate", "generate, a longer run", "generate, other thresholds", "generate, a server"),
    *("card", "export", "tune", "controls", "push", "pull", "train", "evaluate"),
)


def attempt(draw: Draw, root: Path) -> int:
    """It ends with one sentence, or has room enough; with more room it finishes."""
    staged = some(draw, root, WRITING)
    folder = staged.reset()
    if draw.random() < 0.5 and _can_mount(root):
        _on_small_disk(staged.act(), folder, draw.randint(0, 400))
    else:
        largest = max(map(len, staged.undisturbed.values()))
        ended = _processes.run(staged.act(), folder, limit=draw.randint(100, largest))
        _check(ended)
    staged.finish()
    return 1


def _on_small_disk(act: object, folder: Path, room: int) -> None:
    """With so many KiB of room more than what is there takes. Afterwards the folder is what the disk had."""
    aside = folder.with_name("aside")
    folder.rename(aside)
    folder.mkdir()
    pages = sum(-(-path.stat().st_size // 4096) + 1 for path in aside.rglob("*"))
    size = (4 * pages + room + 16) * 1024
    subprocess.run(["mount", "-t", "tmpfs", "-o", f"size={size}", "tmpfs", folder], check=True)
    try:
        shutil.copytree(aside, folder, dirs_exist_ok=True)
        ended = _processes.run(act, folder)  # type: ignore[arg-type]
        shutil.rmtree(aside)
        shutil.copytree(folder, aside)
    finally:
        subprocess.run(["umount", folder], check=True)
    folder.rmdir()
    aside.rename(folder)
    _check(ended)


def _check(ended: _processes.Ended) -> None:
    if ended.code and "error: " not in ended.said:
        raise Wrong("tracebacks", f"code {ended.code} without a sentence: {ended.said[-500:]}")


@cache
def _can_mount(root: Path) -> bool:
    place = root / "disk"
    place.mkdir(exist_ok=True)
    words = ["mount", "-t", "tmpfs", "-o", "size=64k", "tmpfs", place]
    try:
        mounted = not subprocess.run(words, capture_output=True).returncode
    except OSError:
        return False
    return mounted and not subprocess.run(["umount", place]).returncode


ROWS = {"full disk": Row(attempt, 30, 1)}
