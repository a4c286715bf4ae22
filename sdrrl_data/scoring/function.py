"""The user's own scorer: a Python function from a table of pairs to a column of numbers."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from typing import Annotated, Any, Literal

import polars as pl
from pydantic import Field

from sdrrl_data.errors import ScorerFailed
from sdrrl_data.languages import Language
from sdrrl_data.protocols import Advance, Ingredient, Scorer, TextPair
from sdrrl_data.recipe import Score, ScorerConfig, ScorerContext, user_code
from sdrrl_data.recipe.markers import Form, NamesCode

SCHEMA: dict[str, Any] = {
    "source": pl.String,
    "target": pl.String,
    "src": pl.String,  # BCP 47 tags of their languages
    "tgt": pl.String,
    # The translated sentences, without the text between them.
    "sentences": pl.List(pl.Struct({"source": pl.String, "target": pl.String})),
}


class FunctionConfig(ScorerConfig):
    """The user's own Python function, from a table of pairs to a column of numbers."""

    kind: Literal["function"] = "function"
    # The name of its score.
    name: Annotated[
        str, Field(pattern=r"^[a-z][a-z0-9_]*$"), Form("a name in small letters, digits and _", "politeness")
    ]
    function: Annotated[  # module:function
        str,
        Field(pattern=r"^[A-Za-z_][\w.]*:[A-Za-z_]\w*$"),
        NamesCode(),
        Form("a function as module:function", "my_scores:politeness"),
    ]

    scores = ()

    def called(self) -> str:
        """The name that the recipe gives it."""
        return self.name

    def declared(self) -> tuple[Score, ...]:
        """One score, about which nothing is known."""
        return (
            Score(
                self.name,
                unscored="texts for which the function gives None",
                says=f"what `{self.function}` gives",
                misses="unknown",
                better=None,
            ),
        )

    def find(self) -> Any:
        """The function, imported.

        Raises:
            UserError: the function does not exist, or its module cannot be imported.
        """
        return user_code.find(self.function, f"scorer {self.name}", "function")

    def identify(self, generator: object = None) -> list[Ingredient]:
        """The function, by a digest of its module's file. What that file imports does not count.

        The module is imported, so that a mistake in it shows before a run begins.

        Raises:
            UserError: the function does not exist, or its module cannot be imported.
        """
        self.find()
        return [Ingredient("scorer", self.function, user_code.digest(self.function), None)]

    @contextmanager
    def open(self, context: ScorerContext) -> Iterator[Scorer]:
        """The scorer, with the function imported."""
        yield FunctionScorer(self, context.src, context.tgt)


class FunctionScorer:
    """The values of the user's function for each pair; NaN counts as null.

    It is called with a table of many pairs (columns: `SCHEMA`), and returns a number or null for each row, in order:
    a polars Series, or anything that polars can make a Series of. The same pair should always get the same number.
    """

    def __init__(self, settings: FunctionConfig, src: Language, tgt: Language) -> None:
        """Import the function.

        Raises:
            UserError: the function does not exist, or its module cannot be imported.
        """
        self._name = settings.name
        self._where = settings.function
        self._function = settings.find()
        self._src, self._tgt = src.tag, tgt.tag

    def score(self, pairs: Sequence[TextPair], advance: Advance) -> pl.DataFrame:
        """One column, under the recipe's `name`.

        Raises:
            ScorerFailed: the function fails, or does not return a number or null for each row.
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
        except KeyboardInterrupt:
            raise
        except BaseException as error:  # also `sys.exit()`
            raise ScorerFailed(f"scorer {self._name}: {self._where} failed: {user_code.last_line(error)}") from error

    def _checked(self, returned: Any, wanted: int) -> pl.Series:
        scores = self._numbers(returned)
        if len(scores) != wanted:
            raise ScorerFailed(
                f"scorer {self._name}: {self._where} returned {len(scores)} values for {wanted} rows: "
                "it must return one for each, None if it cannot judge a row"
            )
        if infinite := scores.filter(scores.is_infinite()).to_list():
            raise ScorerFailed(
                f"scorer {self._name}: {self._where} returned {infinite[0]} for a row: "
                "a score must be a finite number, or None if it cannot judge a row"
            )
        return scores.fill_nan(None)

    def _numbers(self, returned: Any) -> pl.Series:
        if isinstance(returned, pl.Series):
            if returned.dtype.is_numeric() or returned.dtype in (pl.Boolean, pl.Null):
                return returned.cast(pl.Float64)
        # polars would use the first column of a table, and make an empty Series of None.
        elif returned is not None and not isinstance(returned, pl.DataFrame):
            with suppress(TypeError, ValueError, OverflowError, pl.exceptions.PolarsError):
                return pl.Series(returned, dtype=pl.Float64)
        kind = f"a Series of {returned.dtype}" if isinstance(returned, pl.Series) else f"a {type(returned).__name__}"
        raise ScorerFailed(
            f"scorer {self._name}: {self._where} returned {kind}: it must return a Series or list of numbers, "
            "one for each row"
        )
