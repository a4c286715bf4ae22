"""The one exception that speaks to the user."""


class UserError(Exception):
    """Something the user can mend, in one clear sentence: what was wrong, where, and what to do.

    The command line prints the sentence and exits with 2; nothing has been written by then.
    """
