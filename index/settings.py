"""Settings of the index, from the environment or a settings file. Built once at each entry point and passed down."""

from pathlib import Path
from typing import Literal

from pydantic import AliasChoices, Field, SecretStr, ValidationInfo, field_validator
from pydantic_settings import BaseSettings, SettingsConfigDict

PACKAGED_MODEL = "packaged all-MiniLM-L6-v2"
Precision = Literal["fastest", "float32", "bfloat16"]
SHIPPED_READER = "shipped"
NO_READER = "none"
SHIPPED_SUPPORT_MODEL = "shipped"
NO_SUPPORT_MODEL = "none"
NO_RERANKER = "none"


class IndexSettings(BaseSettings):
    """The settings of the index. Every field is the environment variable `FOOTNOTE_<NAME>`."""

    model_config = SettingsConfigDict(env_prefix="FOOTNOTE_", extra="ignore", frozen=True, populate_by_name=True)

    data_dir: Path = Field(
        Path("data"), description="Folder of the index and databases. One process owns it at a time."
    )
    database_url: SecretStr | None = Field(
        None,
        description="Address of a PostgreSQL database (14 or later), `postgresql://USER:PASSWORD@HOST/DATABASE`, that holds "
        "articles, keys, conversations and feedback in place of files. Needs the extra `postgres` and `FOOTNOTE_CHROMA_URL`. "
        "Default: files in the data folder.",
    )
    chroma_url: str | None = Field(
        None,
        description="Address of a Chroma server (`chroma run`) that holds the vectors. It asks for no password: keep it on a "
        "private address. Default: a folder in the data folder.",
    )
    chroma_token: SecretStr | None = Field(
        None, description="Bearer token for a proxy in front of that server, where it wants one."
    )
    chroma_headers: dict[str, SecretStr] = Field(
        {}, description='Further headers for such a proxy: JSON such as `{"X-Api-Key": "…"}`.'
    )
    ingest: Literal["local", "ray"] = Field(
        "local",
        description="Where files are read, cut and embedded: in this process, or by workers of Ray (extra `scale`), on this "
        "machine or on the cluster that `RAY_ADDRESS` names.",
    )
    ingest_workers: int | None = Field(
        None,
        ge=1,
        description="Workers of Ray; each takes a core and up to 0.8 GB of memory. Default: the cores of this machine.",
    )

    @field_validator("chroma_url")
    @classmethod
    def _chroma_address(cls, address: str | None) -> str | None:
        if address is not None and not address.lower().startswith(("http://", "https://")):
            raise ValueError("an address begins with http:// or https://")
        return address

    embed_model: str = Field(
        PACKAGED_MODEL,
        description="Embedding model: any sentence-transformers name or folder, or the name at the server of "
        "`FOOTNOTE_EMBED_BASE_URL`. The default ships as a package.",
    )
    embed_base_url: str | None = Field(
        None,
        description="Address of a server with OpenAI's embeddings API, with `/v1`. It then embeds all articles and "
        "questions, so their texts go there. Default: the model runs here.",
    )
    embed_api_key: SecretStr | None = Field(None, description="Key for that server, where it wants one.")
    embed_timeout_seconds: float = Field(30.0, gt=0, description="Longest wait for one answer of that server.")
    embed_question_prompt: str | None = Field(
        None,
        description="Text put before each question that is embedded, such as `query: ` for E5. Default: what the model's "
        "folder says itself; for a server, nothing.",
    )
    embed_passage_prompt: str | None = Field(
        None,
        description="Text put before each passage that is embedded, such as `passage: ` for E5. Default: as for questions. A "
        "change of either needs `footnote index --rebuild`.",
    )

    @field_validator("embed_base_url")
    @classmethod
    def _named_at_a_server(cls, address: str | None, told: ValidationInfo) -> str | None:
        if address is not None and not address.lower().startswith(("http://", "https://")):
            raise ValueError("an address begins with http:// or https://")
        if address is not None and told.data.get("embed_model") == PACKAGED_MODEL:
            raise ValueError("FOOTNOTE_EMBED_MODEL must name the model at that server")
        return address

    precision: Precision = Field(
        "fastest",
        # The second is an older name, from when the reader had its own choice. It still works.
        validation_alias=AliasChoices("FOOTNOTE_PRECISION", "FOOTNOTE_EMBED_PRECISION"),
        description="Numbers that the embedding model and the reader compute with. `fastest` is bfloat16 where the processor "
        "multiplies it well (AMX), else float32; `footnote status` says which. Vectors of both can be compared (cosine above "
        ".999).",
    )
    reader: str = Field(
        SHIPPED_READER,
        description="Model that reads passages with the question. `none` goes without; a folder holds other weights.",
    )
    support_model: str = Field(
        SHIPPED_SUPPORT_MODEL,
        description="Model that reads whether passages support a sentence of a language model, in addition to the rules. "
        "`none` leaves it to similarity and the rules, which let more false sentences pass; a folder holds other weights.",
    )
    reranker: str = Field(
        NO_RERANKER,
        description="Cross-encoder that puts the best passages into order: any sentence-transformers name or folder. `none` "
        "goes without; none ships.",
    )
    reranked_passages: int = Field(20, ge=1, le=100, description="Passages that the reranker puts into order.")
    max_article_bytes: int = Field(
        5_000_000, gt=0, description="Largest article that is read, in bytes of its text in UTF-8."
    )
    max_file_bytes: int = Field(
        100_000_000, gt=0, description="Largest page, PDF or document that is read, in bytes, also once unpacked."
    )
    max_file_seconds: float = Field(
        120.0,
        gt=0,
        description="Longest processor time that is spent on reading one file. Small files have less: 15 seconds, and one "
        "more for every 20 KB. By the clock, four times that.",
    )
    max_file_memory_bytes: int = Field(
        2_000_000_000,
        ge=500_000_000,
        description="Most memory that the process takes which reads files, in bytes (on Linux).",
    )
    max_pdf_pages: int = Field(5_000, gt=0, description="Most pages of a PDF that is read.")
    keep_originals: bool = Field(
        True,
        description="Keep copies of PDFs and pictures in the data folder, so that the page can show them as they are. They "
        "take as much space as these files.",
    )
    ocr_pages: int = Field(
        500,
        ge=0,
        description="Most pages of one file whose pictures are read by text recognition (extra `ocr`). 0 recognises none.",
    )
    ocr_seconds: float = Field(
        3_600.0,
        gt=0,
        description="Longest time, by the clock, for recognising one file. Each page has the time of a large file.",
    )
    ocr_pixels: int = Field(60_000_000, gt=0, description="Most pixels of a picture whose text is recognised.")
    source_seconds: float = Field(
        600.0,
        gt=0,
        description="Longest processor time for listing a remote source, and for fetching a part of it. By the clock, four "
        "times that.",
    )
    source_max_bytes: int = Field(
        4_000_000_000, gt=0, description="Most bytes that a remote source may send at once, such as a Git repository."
    )
    follow_links: bool = Field(
        False,
        description="Whether symbolic links that lead out of a folder are followed when it is indexed.",
    )
    fetch_private: bool = Field(
        False,
        description="Whether addresses to index may lead to this machine or into private networks too.",
    )
    fetch_timeout_seconds: float = Field(30.0, gt=0, description="Longest wait for a page that is fetched.")
    fetch_max_bytes: int = Field(20_000_000, gt=0, description="Largest page, feed or file that is fetched, in bytes.")
    fetch_max_pages: int = Field(
        1_000, gt=0, description="Most pages that are fetched of one feed or sitemap in a run."
    )
    fetch_pause_seconds: float = Field(
        1.0, ge=0, description="Pause between two requests to the same site. A longer one in its robots.txt counts."
    )
    fetch_user_agent: str = Field(
        "Footnote (reads articles for question answering)",
        description="What Footnote calls itself to sites; add an address where its operator can be reached.",
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
    remembered_scan_pages: int = Field(
        20_000,
        ge=0,
        description="Pages whose recognised text is kept, so that it need not be recognised again: about 10 KB each. Those "
        "not used for as long as old versions are kept are removed. 0 keeps none.",
    )
    fusion: Literal["fused", "dense", "lexical"] = Field(
        "fused", description="How passages are ranked. `dense` and `lexical` are for comparison."
    )
