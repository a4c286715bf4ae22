"""The signature of a target in a run of which earlier versions may have made a part."""

from collections.abc import Sequence

from sdrrl_data.pipeline.tables import Tables
from sdrrl_data.run import Manifest, provenance


def signature_of(signature: str, before: Manifest | None, tag: str, tables: Tables, sources: Sequence[str]) -> str:
    """A target's signature, which names all versions of sdrrl-data that made its rows.

    Args:
        signature: the signature if this version makes all rows.
        before: the run's manifest so far.
        tag: of the target.
        tables: of the run.
        sources: the names of those that the target is made from.
    """
    if before is None:
        return signature
    has_parts, has_missing = _progress(tables, sources)
    if not has_parts:
        return signature
    earlier_signature = before.signatures.get(tag)
    if earlier_signature and provenance.same_settings(earlier_signature, signature):
        signatures = [earlier_signature, signature] if has_missing else [earlier_signature]
        return provenance.with_versions(signature if has_missing else earlier_signature, signatures)
    return provenance.with_versions(signature, [*before.signatures.values(), signature])


def _progress(tables: Tables, sources: Sequence[str]) -> tuple[bool, bool]:
    """Whether some rows of these tables were made before and stay, and whether some parts are missing."""
    steps = [table for table in sources if table in tables.jobs]
    missing = sum(len(tables.missing(table)) for table in steps)
    used_again = any(tables.jobs[table].earlier for table in steps)
    return used_again or sum(len(tables.fingerprints[table]) for table in steps) > missing, missing > 0
