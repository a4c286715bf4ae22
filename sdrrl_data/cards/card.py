"""The text of the card: what a dataset is, how it was made, what was dropped, and what its licence allows."""

from collections.abc import Mapping, Sequence
from itertools import chain

from sdrrl_data.cards import configs, licences, meanings
from sdrrl_data.cards.examples import LONGEST, examples
from sdrrl_data.cards.head import head
from sdrrl_data.cards.markdown import environment, join_names, line
from sdrrl_data.cards.runs import DescribedRun, described_runs, title
from sdrrl_data.protocols import Ingredient
from sdrrl_data.recipe import Score, known_scores, of_both_texts
from sdrrl_data.run import Manifest, Run
from sdrrl_data.run.dataset import TRANSFER_SET

PICTURE = "scores.png"  # in the folder of each target


def write(
    manifest: Manifest,
    run: Run,
    others: Sequence[Manifest] = (),
    licence: str | None = None,
    controls: Mapping[str, Sequence[str]] | None = None,
    stated_licence: str | None = None,
) -> str:
    """The card as Markdown with a YAML head, as if there were none yet.

    The same runs give the same card: it has no date, and of a path only the last name.

    Args:
        manifest: of the run, with its counts.
        run: has the transfer sets; the examples are taken from them.
        others: manifests of other runs, whose targets are in the same repository. What only their rows can tell is
            left out.
        licence: of the dataset, if the publisher chose one.
        controls: target -> names of its controls that are published too.
        stated_licence: the one in the card that is there, for a dataset of which nothing else is known.
    """
    runs = described_runs([manifest, *others])
    manifests = [described.manifest for described in runs]
    loaded = configs.configs(run, manifests, controls or {})
    ingredients = list(dict.fromkeys(part for each in manifests for part in each.ingredients))
    terms = licences.combined(ingredients, licence, stated_licence)

    def named(role: str) -> str:
        return join_names(list(dict.fromkeys(line(part.name) for part in ingredients if part.role == role)))

    def shown(tag: str) -> list[tuple[str, str]]:
        return list(examples(run.dataset(f"{tag}/transfer_set").read_each, manifest.recipe["src"], tag))

    template = environment().get_template("dataset.md.jinja")
    return template.render(
        head=head(title(runs), manifests, loaded, terms),
        title=title(runs),
        runs=runs,
        this_run=next(described for described in runs if described.manifest is manifest),
        learning=[described for described in runs if not described.native()],
        targets=[target for described in runs for target in described.targets],
        signatures=[signature for each in manifests for signature in each.signatures.values()],
        configs=loaded,
        about=lambda config: _about(config, runs),
        left_out=_left_out_of_all(manifests),
        scores=_scores(manifests),
        kinds=meanings.KINDS,
        rejected_kinds=meanings.REJECTED,
        examples=shown,
        longest=LONGEST,
        picture=PICTURE,
        ingredients=ingredients,
        only_for=lambda part: _only_for(part, manifests),
        named=named,
        licence_of=lambda part: ", ".join(licences.of(part)),
        terms=terms,
    )


def _about(config: configs.DatasetConfig, runs: Sequence[DescribedRun]) -> str:
    """What a config holds."""
    names = [(run.src.name, target.name) for run in runs for target in run.targets if target.tag == config.target]
    if about := meanings.BESIDE.get(config.dataset):
        return f"{about} of `{config.target}`"
    if config.dataset != TRANSFER_SET:
        return f"a control of `{config.target}`: {meanings.CONTROLS.get(config.dataset, 'see its rows')}"
    return f"the transfer set of {join_names(names[0])}" if names else "the rows of every target"


def _only_for(part: Ingredient, manifests: Sequence[Manifest]) -> list[str]:
    """The tags of the targets whose rows an ingredient is behind; empty if it is behind all of them."""
    tags = [tag for manifest in manifests for tag in manifest.targets_of(part)]
    return tags if len(tags) < sum(len(manifest.signatures) for manifest in manifests) else []


def _left_out_of_all(manifests: Sequence[Manifest]) -> list[str]:
    """The tags of the targets that have test rows, but not in the config `all`."""
    agreeing = configs.agreeing(manifests)
    rows = {tag: target.rows for manifest in manifests for tag, target in manifest.counts.targets.items()}
    return [tag for tag, count in rows.items() if count["test"] and tag not in agreeing]


def _scores(manifests: Sequence[Manifest]) -> list[Score]:
    """Each score that a filter uses, once for both languages."""
    explained: dict[str, Score] = {}
    for manifest in manifests:
        declared = known_scores(manifest.recipe["scorers"])
        filters = dict.fromkeys(chain(*(manifest.target_recipe(tag)["thresholds"] for tag in manifest.counts.targets)))
        for filter in filters:
            score = of_both_texts(filter)
            unknown = Score(score, says="what a scorer of its maker's own gives", misses="unknown")
            meant = declared.get(score, unknown)
            explained.setdefault(meant.name, meant)
    return list(explained.values())
