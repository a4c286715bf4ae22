"""The user's Python code, which a recipe names as `module:name`: it is only imported here.

Nothing else imports a module because a recipe names it. A recipe from somebody else may name any module that is
installed, or in the working directory: this is the place to ask whether to trust it.
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
    """The function or class that a recipe names as `module:name`; imported again if its file has changed.

    Args:
        name: such as "my_scores:politeness".
        where: what names it, for the error message ("scorer politeness").
        key: the recipe's key that has the name ("function").
        sort: the class that it must be a subclass of; None: it must be a function.

    Raises:
        RecipeError: it does not exist, its module cannot be imported, or it is not such a class or function.
    """
    module_name, _, attribute = name.partition(":")
    try:
        module = _imported(module_name)
    except KeyboardInterrupt:
        raise
    except BaseException as error:  # also `sys.exit()`
        # The module itself is missing, or a package that contains it; not a module that it imports.
        if isinstance(error, ModuleNotFoundError) and f"{module_name}.".startswith(f"{error.name}."):
            raise RecipeError(
                f"{where}: there is no module {module_name} in {Path.cwd()} or among the installed packages: "
                f"run the command in the folder of the module, or correct `{key}`"
            ) from error
        raise RecipeError(f"{where}: module {module_name} cannot be imported: {last_line(error)}") from error
    value = getattr(module, attribute, None)
    place = f"module {module_name} ({getattr(module, '__file__', 'built in')})"
    if sort is None and not callable(value):
        raise RecipeError(f"{where}: {place} has no function {attribute}")
    if sort and not (isinstance(value, type) and issubclass(value, sort)):
        raise RecipeError(f"{where}: {place} has no class {attribute} that is a {sort.__name__}")
    if sort and inspect.isabstract(value):
        missing = ", ".join(sorted(getattr(value, "__abstractmethods__", ())))
        raise RecipeError(f"{where}: {attribute} in {place} lacks these methods: {missing}")
    return value


def digest(name: str) -> str | None:
    """A digest of the file of a module (`module:name`) as it was last imported; None if it has no file.

    Files that this file imports do not change the digest.
    """
    module_name = name.partition(":")[0]
    if module_name not in _digests:
        _imported(module_name)
    return _digests[module_name]


def imported() -> set[str]:
    """The names of the user's modules that were imported."""
    return {name for name in _digests if name.partition(".")[0] != "sdrrl_data"}


def last_line(error: BaseException) -> str:
    """The last line of an error's traceback, such as "ValueError: what was wrong"."""
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
    """Modules in the working directory can be imported, as with `python -m`; a console script would not find them."""
    folder = str(Path.cwd())
    importlib.invalidate_caches()  # the file may be newer than the cached list of its folder
    sys.path.insert(0, folder)
    try:
        yield
    finally:
        sys.path.remove(folder)
