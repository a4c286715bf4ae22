"""The exceptions that speak to the user."""


class UserError(Exception):
    """Something the user can mend, in one clear sentence: what was wrong, where, and what to do.

    The command line prints the sentence and exits with `exit_code`; nothing has been written by then.
    """

    exit_code = 2


class Stopped(UserError):
    """The work could not go on: no space, no server, no engine. What was finished by then is kept."""

    exit_code = 1


class ModelNotFound(UserError):
    """There is no such model: no such directory, and none of this name on the Hub for this user."""


class DatasetNotFound(UserError):
    """There is no such dataset: no such file, and none of this name, revision or config on the Hub for this user."""


class HubUnavailable(UserError):
    """The Hub cannot be reached, or asks for a pause, and what is wanted was not fetched before."""
