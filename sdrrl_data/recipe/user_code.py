"""The user's own Python code, named by a recipe as `module:name`: the one place where it is imported.

Nothing else imports a module because of what a recipe says. A recipe that came from elsewhere may name any module that
is installed, or that lies in the working directory: whether to trust it would be asked here.
"""

import hashlib
import importlib
import inspect
import re
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from types import ModuleType
from typing import Any

from sdrrl_data.errors import RecipeError

NAME = re.compile(r"[A-Za-z_][\w.]*:[A-Za-z_]\w*")  # module:name

_digests: dict[str, str | None] = {}  # of the file of each module, as it was imported


def find(name: str, where: str, key: str, sort: type | None = None) -> Any:
    """What a recipe names as `module:name`; imported anew where its file has changed since it was imported.

    Args:
        name: such as "my_scores:politeness".
        where: the name stands, for the error's sentence ("scorer politeness").
        key: of the recipe that holds it ("function").
        sort: a class that it has to be one of; None: it has to be a function.

    Raises:
        RecipeError: it is not there, or its module cannot be imported, or it is something else.
    """
    module_name, _, attribute = name.partition(":")
    try:
        module = _imported(module_name)
    except Exception as error:
        # The module itself, or a package that it is in; not one that it imports.
        if isinstance(error, ModuleNotFoundError) and f"{module_name}.".startswith(f"{error.name}."):
            raise RecipeError(
                f"{where}: there is no module {module_name} in {Path.cwd()} or among the installed packages: "
                f"start from the folder that it is in, or correct `{key}`"
            ) from error
        raise RecipeError(f"{where}: module {module_name} cannot be imported: {last_line(error)}") from error
    named = getattr(module, attribute, None)
    place = f"module {module_name} ({getattr(module, '__file__', 'built in')})"
    if sort is None and not callable(named):
        raise RecipeError(f"{where}: {place} has no function {attribute}")
    if sort and not (isinstance(named, type) and issubclass(named, sort)):
        raise RecipeError(f"{where}: {place} has no class {attribute} that is a {sort.__name__}")
    if sort and inspect.isabstract(named):
        missing = ", ".join(sorted(getattr(named, "__abstractmethods__", ())))
        raise RecipeError(f"{where}: {attribute} in {place} does not say how to: {missing}")
    return named


def digest(name: str) -> str | None:
    """Stands for the file of a module (`module:name`) as it was imported last; None where it has no file.

    What that file imports is not looked at.
    """
    module_name = name.partition(":")[0]
    if module_name not in _digests:
        _imported(module_name)
    return _digests[module_name]


def last_line(error: Exception) -> str:
    """What a traceback ends with: "ValueError: what was wrong"."""
    lines = str(error).strip().splitlines()
    return f"{type(error).__name__}: {lines[-1]}" if lines else type(error).__name__


def _imported(name: str) -> ModuleType:
    with _working_directory_on_path():
        module = importlib.import_module(name)
        before = _digests.get(name)
        if before is not None and before != _digest(module):
            module = importlib.reload(module)
        _digests[name] = _digest(module)
    return module


def _digest(module: ModuleType) -> str | None:
    file = getattr(module, "__file__", None)
    return hashlib.blake2b(Path(file).read_bytes(), digest_size=8).hexdigest() if file else None


@contextmanager
def _working_directory_on_path() -> Iterator[None]:
    """Modules of the working directory can be imported, as with `python -m`; a console script does not see them."""
    folder = str(Path.cwd())
    importlib.invalidate_caches()  # the file may be younger than what was seen of its folder
    sys.path.insert(0, folder)
    try:
        yield
    finally:
        sys.path.remove(folder)
