"""The models and settings behind an answer, stored with it, so that feedback on it can be understood later."""

from importlib.metadata import version

from index.extras import DISTRIBUTION
from index.stores.store import Index
from service.schemas.api import AskResponse
from service.settings import Settings


def provenance_of(response: AskResponse, index: Index, settings: Settings) -> dict[str, str | bool | None]:
    """Return the models and settings behind an answer. No API keys, and no addresses, which may hold a password."""
    return {
        "version": version(DISTRIBUTION),
        "fingerprint": index.catalog.fact("fingerprint"),
        "reader": index.reader.name if index.reader else None,
        "refusals": settings.refusals,
        "answerer": response.answerer,
        "degraded": response.degraded,
        "llm_provider": settings.llm_provider,
        "llm_model": settings.llm_model,
    }
