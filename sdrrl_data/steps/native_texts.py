"""Native texts: what people wrote in the target language, read from files and datasets."""

from collections.abc import Sequence
from itertools import chain

import polars as pl

from sdrrl_data.errors import UserError
from sdrrl_data.languages import Language
from sdrrl_data.recipe import NativeConfig, NativeTextsConfig
from sdrrl_data.run import SOURCE_ID
from sdrrl_data.sources import native_texts
from sdrrl_data.sources.native_texts import NativeText
from sdrrl_data.sources.turns import NotUnderstood
from sdrrl_data.steps.collected import Collected
from sdrrl_data.steps.magpie import RECALL
from sdrrl_data.steps.schemas import Schema
from sdrrl_data.steps.seed_columns import MissingColumn, SourceColumns, refuse_other_columns
from sdrrl_data.steps.seed_ids import hashed
from sdrrl_data.steps.seeds import StoredSeeds
from sdrrl_data.text.near_duplicates import NearDuplicates
from sdrrl_data.text.paragraphs import beginning
from sdrrl_data.text.words import words

SCHEMA: Schema = {"id": pl.String, "text": pl.String, "source": pl.String, SOURCE_ID: pl.String}

NATIVE_TEXTS, TEXT_TRANSLATIONS = "texts", "text_translations"  # the tables of native texts, before those of all runs

DUPLICATE = "the same text stands in an earlier row"


def stored(settings: NativeConfig, tgt: Language, limit: int | None) -> StoredSeeds:
    """Read the texts in the order of their sources, each text once.

    A text that is too short, or a near copy of an earlier one, is set aside. Of one that is too long, the paragraphs
    are taken that fit, if the settings say so. Nothing else is changed: each is as it stands in its source.

    Args:
        settings: where the texts are, and which are taken.
        tgt: their language.
        limit: how many to read; None for all.

    Returns:
        Rows as in `SCHEMA`: `id` is a hash of the text, `source` the place, such as "texts.jsonl:12", `source_id` the
        row's id in the source, if any. A row that is set aside has this place as its id.

    Raises:
        MissingColumn: a source lacks the column that the settings name, or any with a usual name of a text.
        UserError: a source cannot be read, or has no text.
    """
    collected = _CollectedTexts(settings, tgt, limit)
    columns = []
    for number, source in enumerate(settings.texts):
        if collected.full:
            break
        key = f"seeds.texts.{number}" if len(settings.texts) > 1 else "seeds.texts"
        columns.append(_read(source, collected, key))
    return StoredSeeds(collected.rows(), collected.set_aside(), columns)


class _CollectedTexts(Collected):
    """The texts that were read so far."""

    def __init__(self, settings: NativeConfig, tgt: Language, limit: int | None) -> None:
        super().__init__(limit)
        self._settings = settings
        self._tag = tgt.tag
        self._ids: set[int] = set()
        self._earlier = NearDuplicates(tgt.tag, settings.near_copies, RECALL, min_words=0)
        self._rows: list[tuple[str, str, str, str | None]] = []

    def add(self, place: str, read: NativeText) -> None:
        """Add a text.

        Raises:
            NotUnderstood: it is too short or too long, or was added before.
        """
        text = self._fitting(read.text)
        id = hashed(text)
        if int(id, 16) in self._ids:
            raise NotUnderstood(DUPLICATE)
        if original_id := self._earlier.duplicate_of(id, text):
            raise NotUnderstood(f"near copy of {original_id}")
        self._ids.add(int(id, 16))
        self._rows.append((id, text, place, read.source_id))
        self._count()

    def _fitting(self, text: str) -> str:
        number = len(words(text, self._tag))
        if number < self._settings.shortest:
            raise NotUnderstood(f"the text has {number} words, fewer than {self._settings.shortest}")
        longest = self._settings.longest
        if number > longest and self._settings.too_long == "set_aside":
            raise NotUnderstood(f"the text has {number} words, more than {longest}")
        fitting = text if number <= longest else beginning(text, self._tag, longest)
        if fitting is None:
            raise NotUnderstood(f"the first paragraph has more than {longest} words")
        return fitting

    def _taken(self) -> pl.DataFrame:
        rows, self._rows = pl.DataFrame(self._rows, schema=SCHEMA, orient="row"), []
        return rows


def _read(settings: NativeTextsConfig, collected: _CollectedTexts, key: str) -> SourceColumns:
    source = native_texts.open_texts(settings)
    if source.columns:
        _check_columns(settings, source.columns, key)
    count_before, refused_before = collected.count, len(collected.refused)
    taken: dict[str, dict[str, None]] = {}
    columns: dict[str, None] = {}  # of all rows
    for row, text in native_texts.texts_of(source.rows, settings.fields):
        if isinstance(row.content, dict):
            columns |= dict.fromkeys(row.content)
        place = f"{source.name}:{row.number}"
        try:
            if isinstance(text, NotUnderstood):
                raise text
            for part, column in text.taken.items():
                taken.setdefault(part, {})[column] = None
            collected.add(place, text)
        except NotUnderstood as problem:
            collected.put_aside(place, problem, row)
        if collected.full:
            break
    if columns:
        _check_columns(settings, list(columns), key)
    reason = collected.first_refused(since=refused_before)
    if collected.count == count_before:
        why = reason or "it has no rows"
        raise UserError(f"seeds {settings.source}: there is no text in it that can be taken ({why})")
    by_part = {part: list(names) for part, names in taken.items()}
    return SourceColumns(
        source.name,
        collected.count - count_before,
        len(collected.refused) - refused_before,
        by_part,
        [name for name in columns if name not in chain(*by_part.values())],
        (),
        key,
        "native text",
        source.separator,
        reason,
    )


def _check_columns(settings: NativeTextsConfig, columns: Sequence[str], key: str) -> None:
    """Refuse a source without the columns that the settings name, or without any that may hold a text."""
    refuse_other_columns(settings, columns, key)
    if native_texts.text_column(columns, settings.fields) is None:
        raise MissingColumn(
            f"seeds {settings.source}: no column has a usual name of a text, it has {', '.join(map(repr, columns))}",
            columns,
            f"name one with --set {key}.fields.text=NAME",
        )
