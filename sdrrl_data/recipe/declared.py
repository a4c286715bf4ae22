"""Classes that a recipe names by a word: found in the modules of a room, or in the user's own code."""

import difflib
import importlib
import inspect
import pkgutil
from typing import Any, ClassVar, Self, cast

from sdrrl_data.errors import RecipeError
from sdrrl_data.recipe import user_code


class Declared:
    """A class that a recipe names: by the word that it declares, or as `module:Class` where it is the user's own.

    The classes of a room are found by importing every module in it, when a recipe is read or a list is asked for. The
    room is named as a text, for it stands on a floor above this one: nothing here imports it otherwise.
    """

    what: ClassVar[str]  # a class of this sort is: "scorer"
    extra: ClassVar[str | None] = None  # what it needs beyond the core: pip install 'sdrrl-data[EXTRA]'
    room: ClassVar[str]  # whose modules declare some: "sdrrl_data.scoring"
    word_key: ClassVar[str] = "kind"  # of the recipe, that holds the word

    @classmethod
    def declared_word(cls) -> str:
        """By which a recipe names this class."""
        raise NotImplementedError

    @classmethod
    def kinds(cls) -> dict[str, type[Self]]:
        """Every class of its room by its word, in the order of the words."""
        return cast(dict[str, type[Self]], _declared(cls._sort()))

    @classmethod
    def named(cls, word: str) -> type[Self]:
        """The class that a recipe names; the user's own is imported.

        Raises:
            RecipeError: there is none.
        """
        if known := cls.kinds().get(word):
            return known
        if user_code.NAME.fullmatch(word):
            return cls._users(word)
        raise RecipeError(cls._unknown(word))

    @classmethod
    def named_in_validation(cls, word: str) -> type[Self]:
        """As `named`, for a validator of pydantic, which takes a word that is not known for a mistake in the recipe.

        Raises:
            ValueError: no class has this word.
            RecipeError: there is no such class of the user's own.
        """
        if not user_code.NAME.fullmatch(word) and word not in cls.kinds():
            raise ValueError(cls._unknown(word))
        return cls.named(word)

    @classmethod
    def loaded(cls, word: str) -> type[Self] | None:
        """As `named`, but none of the user's own that was not named before: nothing of theirs is imported."""
        return cls.kinds().get(word) or cast(type[Self] | None, _users.get((cls._sort(), word)))

    @classmethod
    def own_words(cls) -> list[str]:
        """All that a recipe can say to name this class."""
        return [cls.declared_word()]

    @classmethod
    def declared_words(cls) -> list[str]:
        """All that a recipe can say to name one of its room."""
        return [word for kind in cls.kinds().values() for word in kind.own_words()]

    @classmethod
    def summary(cls) -> str:
        """What it is, in a line."""
        return (inspect.getdoc(cls) or "").partition("\n\n")[0].replace("\n", " ")

    @classmethod
    def code(cls, word: str) -> str | None:
        """A digest of the file that a class of the user's own is from, which a recipe names by this word."""
        return _code[cls] if cls in _code else user_code.digest(word)

    @classmethod
    def _sort(cls) -> type["Declared"]:
        """The class that stands for all of its sort."""
        return next(base for base in cls.__mro__ if "room" in vars(base) and issubclass(base, Declared))

    @classmethod
    def _unknown(cls, word: str) -> str:
        close = difflib.get_close_matches(word, cls.kinds(), n=1)
        hint = f"did you mean {close[0]}? There" if close else "there"
        *others, last = cls.declared_words()
        return (
            f"there is no {cls.what} {word!r}: {hint} are {', '.join(others)} and {last}, or your own as module:Class"
        )

    @classmethod
    def _users(cls, word: str) -> type[Self]:
        sort = cls._sort()
        users_class = user_code.find(word, f"{cls.what} {word}", cls.word_key, sort)
        _users[sort, word] = users_class
        _code[users_class] = user_code.digest(word)
        return cast(type[Self], users_class)


_shipped: dict[type[Declared], dict[str, type[Declared]]] = {}  # what each room declares, once it was looked through
_code: dict[type[Declared], str | None] = {}  # of the user's own: the digest of the file that it was imported from
_users: dict[tuple[type[Declared], str], type[Declared]] = {}  # classes of the user's own, once they were named


def _declared(sort: type[Declared]) -> dict[str, type[Declared]]:
    if sort in _shipped:
        return _shipped[sort]
    package = importlib.import_module(sort.room)
    classes: dict[str, type[Declared]] = {}
    for place in pkgutil.iter_modules(package.__path__, f"{package.__name__}."):
        module = importlib.import_module(place.name)
        for value in vars(module).values():
            if _is_declaration(value, sort) and value.__module__ == module.__name__:
                classes[value.declared_word()] = value
    _shipped[sort] = dict(sorted(classes.items()))
    return _shipped[sort]


def _is_declaration(value: Any, sort: type[Declared]) -> bool:
    return isinstance(value, type) and issubclass(value, sort) and not inspect.isabstract(value)
