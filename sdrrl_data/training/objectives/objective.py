"""What every objective says of itself."""

from abc import ABC, abstractmethod
from collections.abc import Callable, Sequence
from importlib.metadata import version
from importlib.util import find_spec
from typing import Any, ClassVar

import polars as pl

from sdrrl_data.chat.template import ChatTemplate
from sdrrl_data.errors import NotInstalled
from sdrrl_data.training.losses import Figures, Losses
from sdrrl_data.training.rows import Columns
from sdrrl_data.training.settings import TrainingConfig
from sdrrl_data.training.tokens import Tokenized

HAS_ALL = "1.16"  # a version of TRL that has every trainer: those of `trl.experimental` may go without notice


class Objective(ABC):
    """An objective: which rows it takes, and how one of TRL's trainers trains on them.

    Its trainer takes rows as token ids, as `tokenize` writes them with the model's chat template: so every objective
    ends a turn in the same way.
    """

    name: ClassVar[str]
    module: ClassVar[str] = "trl"  # where the trainer is
    says: ClassVar[str]  # for the card of a model: what it is, with its source
    reference: ClassVar[bool] = False  # whether the model is held close to what it was at the beginning
    columns: ClassVar[Columns]
    learning_rates: ClassVar[tuple[float, float]]  # of an adapter and of all weights, where none is given
    evaluates: ClassVar[bool] = True  # whether the test split is measured
    averages_at_once: ClassVar[bool] = False  # whether the loss depends on how many rows are taken at once
    least_at_once: ClassVar[int] = 1
    whole_steps: ClassVar[bool] = False  # whether rows that do not fill a step are left over
    figures: ClassVar[type[Figures]]  # of one task and direction on the test split
    token_columns: ClassVar[Sequence[str]] = ("input_ids",)  # of `tokenize`

    def refuse_missing(self) -> None:
        """Refuse the objective where the installed TRL has no trainer for it.

        Raises:
            NotInstalled: it has none.
        """
        if not find_spec(self.module):
            raise NotInstalled(
                f"objective {self.name} needs {self.module}, which TRL {version('trl')} has not and TRL {HAS_ALL} has: "
                f"pip install 'trl=={HAS_ALL}.*'",
                "train",
            )

    @abstractmethod
    def tokenize(self, rows: pl.DataFrame, template: ChatTemplate, settings: TrainingConfig, limit: int) -> Tokenized:
        """The rows as token ids, each with its `length`: the tokens that it costs.

        Args:
            rows: as `rows.find` gives them.
            template: the model's.
            settings: of the training.
            limit: tokens that a sequence may have.
        """

    @abstractmethod
    def trainer(self) -> Any:
        """TRL's class, changed so that it takes the rows as they are."""

    @abstractmethod
    def arguments(self, common: dict[str, Any], settings: TrainingConfig, limit: int) -> Any:
        """TRL's configuration.

        Args:
            common: what all objectives have.
            settings: of the training.
            limit: tokens that a sequence may have.
        """

    @abstractmethod
    def dataset(self, rows: pl.DataFrame, taken: Sequence[int], at_once: int) -> Any:
        """The rows as the trainer takes them.

        Args:
            rows: as `tokenize` returns them.
            taken: their numbers, in the order of the training.
            at_once: how many a device takes at once.
        """

    @abstractmethod
    def measure(self, trainer: Any, rows: pl.DataFrame, at_once: int) -> Losses:
        """The figures on rows, of each task and direction. Every process has to call this with the same rows."""

    def options(self, load: Callable[[], Any], whole: bool) -> dict[str, Any]:
        """Further arguments of the trainer.

        Args:
            load: loads the model once more.
            whole: whether all weights are trained, so that no adapter can be left out to get the model as it was.
        """
        return {}
