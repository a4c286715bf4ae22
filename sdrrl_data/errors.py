"""The exceptions that speak to the user."""


class UserError(Exception):
    """Something the user can mend, in one clear sentence: what was wrong, where, and what to do.

    The command line prints the sentence and exits with `exit_code`; nothing has been written by then.
    """

    exit_code = 2


class Stopped(UserError):
    """The work could not go on: no space, no server, no engine. What was finished by then is kept."""

    exit_code = 1
