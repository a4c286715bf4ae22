"""The exceptions with a message for the user, in kinds that a program can tell apart."""

from sdrrl_data import shown


class UserError(Exception):
    """Something the user can fix, in one clear sentence: what was wrong, where, and what to do.

    The command line prints the sentence and exits with `exit_code`. Unless the error is `Stopped`, nothing was written.
    Whatever a sentence quotes, it is one line that can be shown, without the password of an address.
    """

    exit_code = 2

    def __str__(self) -> str:
        return shown.message(super().__str__())


class RecipeError(UserError):
    """A recipe, a part of one, or the settings of a training hold a mistake.

    There is no such recipe or file, it is not YAML, it has an unknown key or a wrong value, or its settings contradict
    each other.
    """


class UntrustedRecipe(RecipeError):
    """A recipe that may be somebody else's names code, a program, a server or a file of this machine.

    `--trust-recipe`, or `trust=True`, says that it may.
    """


class UnknownLanguage(UserError):
    """FLORES-200 does not have the language that was named; the sentence suggests similar names."""


class NotInstalled(UserError):
    """A package is missing.

    `extra` is the extra of sdrrl-data that brings it ("train" for `pip install 'sdrrl-data[train]'`). It is None where
    no extra does; the sentence then says what to install.
    """

    def __init__(self, sentence: str, extra: str | None = None) -> None:
        super().__init__(sentence)
        self.extra = extra


class NotARun(UserError):
    """A folder, or a dataset on the Hub, was given as a run and is not one."""


class VersionMismatch(UserError):
    """A run, or a published set, was made by another version of sdrrl-data, and this one cannot read it."""


class RunUnfinished(UserError):
    """The run is not finished, but has to be; `generate` with the same recipe and folder finishes it."""


class RunBusy(UserError):
    """Another process is writing to the folder; try again when it has ended."""


class RunMismatch(UserError):
    """The folder holds another run or training than the one that was asked for; it is left as it is."""


class OutputExists(UserError):
    """The output already exists, and the call does not say that it may be overwritten or continued."""


class ServerUnavailable(UserError):
    """A model's server cannot be reached, refuses, or does not serve the model."""


class Stopped(UserError):
    """The work could not continue. What was finished by then is kept; the same call again continues from there."""

    exit_code = 1


class ModelNotFound(UserError):
    """There is no such model: no such directory, and none of this name on the Hub for this user."""


class DatasetNotFound(UserError):
    """There is no such dataset: no such file, and none of this name, revision or config on the Hub for this user."""


class HubUnavailable(UserError):
    """The Hub cannot be reached, or asks for a pause, and what is wanted was not fetched before."""


class ServerLost(ServerUnavailable, Stopped):
    """A model's server failed again and again in the middle of the work."""


class EngineFailed(Stopped):
    """A process that runs a generator, a translator or a scorer could not be started, or ended again and again."""


class ScorerFailed(Stopped):
    """A user's own scorer raised an exception, or returned something that is not a score for each row."""


class OutOfMemory(Stopped):
    """Memory ran out, even for the smallest piece of the work."""


class DiskFailed(Stopped):
    """A file cannot be written: writing is not allowed, or the disk is broken or full."""


class StoreUnavailable(Stopped):
    """An object store cannot be reached, refuses access, or has no such bucket."""


class FileDamaged(Stopped):
    """A file of a run is gone, or is not as it was written; the sentence says how to mend it."""


class DiskFull(DiskFailed):
    """A file cannot be written because the disk is full."""
