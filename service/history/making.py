"""What an answer was made with, noted beside it, so that what people say of it can be understood later."""

from importlib.metadata import version

from index.extras import DISTRIBUTION
from index.stores.store import Index
from service.schemas.api import AskResponse
from service.settings import Settings


def made_with(response: AskResponse, index: Index, settings: Settings) -> dict[str, str | bool | None]:
    """Return the models and settings behind an answer. No keys, and no addresses: these may hold a password."""
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
