"""The Hugging Face Hub: whether it can be reached, who is logged in, what is in its cache."""

from collections.abc import Iterator

from sdrrl_data.doctor.check import Check
from sdrrl_data.models import hub_errors

TIMEOUT = 10.0  # seconds


def checks() -> Iterator[Check]:
    """Reachability, login, cache."""
    from huggingface_hub import constants

    if constants.HF_HUB_OFFLINE:
        yield Check("Hub", "ok", "HF_HUB_OFFLINE is set: only what is in the cache is used")
    else:
        yield from _online()
    yield _cache()


def _online() -> Iterator[Check]:
    from huggingface_hub import HfApi, constants, get_session, get_token

    try:
        get_session().head(constants.ENDPOINT, timeout=TIMEOUT)
    except hub_errors.raised():
        remedy = "check the network and HTTPS_PROXY; what is in the cache can be used with HF_HUB_OFFLINE=1"
        yield Check("Hub", "broken", f"{constants.ENDPOINT} cannot be reached", remedy)
        return
    yield Check("Hub", "ok", f"{constants.ENDPOINT} can be reached")
    if get_token() is None:
        yield Check("login", "missing", "nobody is logged in: no push, no gated models", "hf auth login")
        return
    try:
        yield Check("login", "ok", str(HfApi().whoami()["name"]))
    except hub_errors.raised():
        yield Check("login", "broken", "the Hub does not accept the token", "hf auth login, or set HF_TOKEN anew")


def _cache() -> Check:
    """The models and datasets that can be used without the Hub."""
    from huggingface_hub import CacheNotFound, scan_cache_dir

    try:
        cache = scan_cache_dir()
    except CacheNotFound:
        return Check("cache", "ok", "empty")
    count = {kind: sum(repo.repo_type == kind for repo in cache.repos) for kind in ("model", "dataset")}
    says = f"{count['model']} models and {count['dataset']} datasets, {cache.size_on_disk / 1e9:.1f} GB"
    names = sorted(f"{repo.repo_id} ({repo.size_on_disk_str})" for repo in cache.repos)
    return Check("cache", "ok", f"{says}: {', '.join(names)}" if names else says)
