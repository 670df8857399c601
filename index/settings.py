"""Settings of the index, from the environment or `.env`. Built once at each entry point and passed down."""

from pathlib import Path
from typing import Literal

from pydantic import Field
from pydantic_settings import BaseSettings, SettingsConfigDict

PACKAGED_MODEL = "packaged all-MiniLM-L6-v2"
Precision = Literal["fastest", "float32", "bfloat16"]
SHIPPED_READER = "shipped"
NO_READER = "none"


class IndexSettings(BaseSettings):
    """What the index needs to know. Every field is the environment variable `FOOTNOTE_<NAME>`."""

    model_config = SettingsConfigDict(env_prefix="FOOTNOTE_", env_file=".env", extra="ignore", frozen=True)

    data_dir: Path = Field(
        Path("data"), description="Folder of the index and databases. One process owns it at a time."
    )
    embed_model: str = Field(
        PACKAGED_MODEL,
        description="Embedding model: any sentence-transformers name or folder. The default ships as a package.",
    )
    embed_precision: Precision = Field(
        "fastest",
        description="Numbers that the embedding model computes with. `fastest` is bfloat16 where the processor multiplies "
        "it in hardware. Vectors of both can be compared (cosine above .999).",
    )
    reader: str = Field(
        SHIPPED_READER,
        description="Model that reads passages with the question. `none` goes without; a folder holds other weights.",
    )
    max_article_bytes: int = Field(
        5_000_000, gt=0, description="Largest article that is read, in bytes of its text in UTF-8."
    )
    passage_tokens: int = Field(
        200,
        ge=16,
        description="Length of a passage in tokens of the embedding model, at most. Never more than the model reads.",
    )
    keep_versions_days: int = Field(
        30, ge=0, description="Days for which an article's old versions can still be opened from a citation."
    )
    remembered_embeddings: int = Field(
        100_000,
        ge=0,
        description="Vectors kept so that a text that comes back need not be embedded again: 1.6 KB each. 0 keeps none.",
    )
    fusion: Literal["fused", "dense", "lexical"] = Field(
        "fused", description="How passages are ranked. `dense` and `lexical` are for comparison."
    )
