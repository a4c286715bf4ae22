"""A scorer of the user's own: a Python function from a table of pairs to a column of numbers."""

import hashlib
import importlib
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from types import ModuleType
from typing import Any

import polars as pl

from sdrrl_data import recipe
from sdrrl_data.errors import ScorerFailed, UserError
from sdrrl_data.languages import Language
from sdrrl_data.protocols import Advance, Ingredient, TextPair

SCHEMA: dict[str, Any] = {
    "source": pl.String,
    "target": pl.String,
    "src": pl.String,  # BCP 47 tags of their languages
    "tgt": pl.String,
    # The translated sentences, without what lies between them.
    "sentences": pl.List(pl.Struct({"source": pl.String, "target": pl.String})),
}


class FunctionScorer:
    """What a function of the user's says of each pair; NaN is taken for null.

    It is called with a table of many pairs (columns: `SCHEMA`), and returns a number or null for each row, in order:
    a polars Series, or anything of which one can be made. The same pair should always get the same number.
    """

    def __init__(self, settings: recipe.FunctionConfig, src: Language, tgt: Language) -> None:
        """Import the function.

        Raises:
            UserError: it is not there, or its module cannot be imported.
        """
        self._name = settings.name
        self._where = settings.function
        _, self._function = _import(settings)
        self._src, self._tgt = src.tag, tgt.tag

    def score(self, pairs: Sequence[TextPair], advance: Advance) -> pl.DataFrame:
        """One column, under the recipe's `name`.

        Raises:
            Stopped: the function fails, or returns something else than a number or null for each row.
        """
        schema = {self._name: pl.Float64}
        if not pairs:
            return pl.DataFrame(schema=schema)
        scores = self._checked(self._call(self._table(pairs)), len(pairs))
        advance(len(pairs))
        return pl.DataFrame({self._name: scores}, schema=schema)

    def _table(self, pairs: Sequence[TextPair]) -> pl.DataFrame:
        rows = [
            (
                pair.source,
                pair.target,
                self._src,
                self._tgt,
                [{"source": source, "target": target} for source, target in pair.sentences()],
            )
            for pair in pairs
        ]
        return pl.DataFrame(rows, schema=SCHEMA, orient="row")

    def _call(self, table: pl.DataFrame) -> Any:
        try:
            return self._function(table)
        except Exception as error:
            raise ScorerFailed(f"scorer {self._name}: {self._where} failed: {_last_line(error)}") from error

    def _checked(self, returned: Any, wanted: int) -> pl.Series:
        scores = self._numbers(returned)
        if len(scores) != wanted:
            raise ScorerFailed(
                f"scorer {self._name}: {self._where} returned {len(scores)} values for {wanted} rows: "
                "it is to return one for each, None where it cannot judge"
            )
        if infinite := scores.filter(scores.is_infinite()).to_list():
            raise ScorerFailed(
                f"scorer {self._name}: {self._where} returned {infinite[0]} for a row: "
                "a score is a finite number, or None where it cannot judge"
            )
        return scores.fill_nan(None)

    def _numbers(self, returned: Any) -> pl.Series:
        if isinstance(returned, pl.Series):
            if returned.dtype.is_numeric() or returned.dtype in (pl.Boolean, pl.Null):
                return returned.cast(pl.Float64)
        # polars would take a table for its first column, and None for no rows.
        elif returned is not None and not isinstance(returned, pl.DataFrame):
            with suppress(TypeError, ValueError, OverflowError, pl.exceptions.PolarsError):
                return pl.Series(returned, dtype=pl.Float64)
        kind = f"a Series of {returned.dtype}" if isinstance(returned, pl.Series) else f"a {type(returned).__name__}"
        raise ScorerFailed(
            f"scorer {self._name}: {self._where} returned {kind}: it is to return a Series or list of numbers, "
            "one for each row"
        )


def identify(settings: recipe.FunctionConfig) -> Ingredient:
    """The function, by a digest of its module's file. What that file imports is not looked at.

    The module is imported, so that a mistake in it shows before a run begins.

    Raises:
        UserError: the function is not there, or its module cannot be imported.
    """
    module, _ = _import(settings, anew=True)
    file = getattr(module, "__file__", None)
    digest = hashlib.blake2b(Path(file).read_bytes(), digest_size=8).hexdigest() if file else None
    return Ingredient("scorer", settings.function, digest, None)


def _import(settings: recipe.FunctionConfig, anew: bool = False) -> tuple[ModuleType, Callable[[pl.DataFrame], Any]]:
    """The module and the function; `anew`: as the file is now, though an earlier run of this process imported it."""
    name, _, attribute = settings.function.partition(":")
    where = f"scorer {settings.name}"
    try:
        with _working_directory_on_path():
            known = name in sys.modules
            module = importlib.import_module(name)
            if known and anew:
                module = importlib.reload(module)
    except Exception as error:
        # The module itself, or a package that it is in; not one that it imports.
        if isinstance(error, ModuleNotFoundError) and f"{name}.".startswith(f"{error.name}."):
            raise UserError(
                f"{where}: there is no module {name} in {Path.cwd()} or among the installed packages: "
                "start from the folder that it is in, or correct `function`"
            ) from error
        raise UserError(f"{where}: module {name} cannot be imported: {_last_line(error)}") from error
    function = getattr(module, attribute, None)
    if not callable(function):
        raise UserError(
            f"{where}: module {name} ({getattr(module, '__file__', 'built in')}) has no function {attribute}"
        )
    return module, function


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


def _last_line(error: Exception) -> str:
    """What a traceback ends with: "ValueError: what was wrong"."""
    lines = str(error).strip().splitlines()
    return f"{type(error).__name__}: {lines[-1]}" if lines else type(error).__name__
