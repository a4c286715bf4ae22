"""A reporter for tests."""

from sdrrl_data.protocols import Silent


class Steps(Silent):
    """Notes which steps had something to do."""

    def __init__(self):
        self.names = []

    def start(self, what, total, done, unit="rows"):
        self.names.append(what)
