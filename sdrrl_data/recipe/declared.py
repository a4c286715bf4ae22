"""Classes that a recipe names by a word. They are in the modules of a room, or in the user's code."""

import importlib
import inspect
import pkgutil
from typing import Any, ClassVar, Self, cast

from sdrrl_data.errors import RecipeError
from sdrrl_data.recipe import user_code
from sdrrl_data.suggestions import instead, listed


class Declared:
    """A class that a recipe names: by the word that it declares, or as `module:Class` if the user wrote it.

    To find the classes of a room, every module in it is imported, when a recipe is read or a list is requested. The
    room is named in a string because it is on a higher floor: nothing else here imports it.
    """

    what: ClassVar[str]  # the word for a class of this sort in messages: "scorer"
    extra: ClassVar[str | None] = None  # the extra that it needs: pip install 'sdrrl-data[EXTRA]'
    room: ClassVar[str]  # the package whose modules have the classes: "sdrrl_data.scoring"
    word_key: ClassVar[str] = "kind"  # the recipe's key that has the word

    @classmethod
    def declared_word(cls) -> str:
        """The word by which a recipe names this class."""
        raise NotImplementedError

    @classmethod
    def kinds(cls) -> dict[str, type[Self]]:
        """All classes of its room by their words, sorted by word."""
        return cast(dict[str, type[Self]], _declared(cls._sort()))

    @classmethod
    def named(cls, word: str) -> type[Self]:
        """The class that a recipe names; the user's code is imported.

        Raises:
            RecipeError: there is no such class.
        """
        if known := cls.kinds().get(word):
            return known
        if user_code.NAME.fullmatch(word):
            return cls._users(word)
        raise RecipeError(cls._unknown(word))

    @classmethod
    def named_in_validation(cls, word: str) -> type[Self]:
        """The same as `named`, for a pydantic validator: an unknown word is then reported as a mistake in the recipe.

        Raises:
            ValueError: no class has this word.
            RecipeError: the word names the user's code, which has no such class.
        """
        if not user_code.NAME.fullmatch(word) and word not in cls.kinds():
            raise ValueError(cls._unknown(word))
        return cls.named(word)

    @classmethod
    def loaded(cls, word: str) -> type[Self] | None:
        """The same as `named`, but without importing the user's code: its classes only if they were named before."""
        return cls.kinds().get(word) or cast(type[Self] | None, _users.get((cls._sort(), word)))

    @classmethod
    def recipe_words(cls) -> list[str]:
        """The forms in which a recipe can name this class."""
        return [cls.declared_word()]

    @classmethod
    def declared_words(cls) -> list[str]:
        """The forms in which a recipe can name the classes of its room."""
        return [word for kind in cls.kinds().values() for word in kind.recipe_words()]

    @classmethod
    def summary(cls) -> str:
        """One line about this class."""
        return (inspect.getdoc(cls) or "").partition("\n\n")[0].replace("\n", " ")

    @classmethod
    def code(cls, word: str) -> str | None:
        """A digest of the file of a user's class, which a recipe names by this word."""
        return _code[cls] if cls in _code else user_code.digest(word)

    @classmethod
    def _sort(cls) -> type["Declared"]:
        """The base class of its sort."""
        return next(base for base in cls.__mro__ if "room" in vars(base) and issubclass(base, Declared))

    @classmethod
    def _unknown(cls, word: str) -> str:
        words = cls.declared_words()
        otherwise = f"choose from {listed(words)}, or name your own as module:Class"
        return f"there is no {cls.what} {word!r}: {instead(word, words, otherwise=otherwise)}"

    @classmethod
    def _users(cls, word: str) -> type[Self]:
        sort = cls._sort()
        users_class = user_code.find(word, f"{cls.what} {word}", cls.word_key, sort)
        _users[sort, word] = users_class
        _code[users_class] = user_code.digest(word)
        return cast(type[Self], users_class)


_shipped: dict[type[Declared], dict[str, type[Declared]]] = {}  # the classes of each room whose modules were imported
_code: dict[type[Declared], str | None] = {}  # user's class -> the digest of the file that it was imported from
_users: dict[tuple[type[Declared], str], type[Declared]] = {}  # the user's classes that were named before


def _declared(sort: type[Declared]) -> dict[str, type[Declared]]:
    if sort in _shipped:
        return _shipped[sort]
    package = importlib.import_module(sort.room)
    classes: dict[str, type[Declared]] = {}
    for module_info in pkgutil.iter_modules(package.__path__, f"{package.__name__}."):
        module = importlib.import_module(module_info.name)
        for value in vars(module).values():
            if _is_declaration(value, sort) and value.__module__ == module.__name__:
                classes[value.declared_word()] = value
    _shipped[sort] = dict(sorted(classes.items()))
    return _shipped[sort]


def _is_declaration(value: Any, sort: type[Declared]) -> bool:
    return isinstance(value, type) and issubclass(value, sort) and not inspect.isabstract(value)
