"""Which language a question is in. Without a language model only English is read."""

import re
import unicodedata
from collections.abc import Sequence

from wordfreq import zipf_frequency

from index.ingest.segmentation import display_text
from index.records import Hit
from index.settings import PACKAGED_MODEL

_NAMES = {"de": "German", "fr": "French", "es": "Spanish", "it": "Italian", "pt": "Portuguese", "nl": "Dutch"}
_WORD = re.compile(r"[^\W\d_]+(?:['’][^\W\d_]+)*")
# Questions in English lie above this; the other languages' lists of words are only opened below it.
_ENGLISH = 4.5
# By so much the words are commoner in another language. Of 5,747 English questions none came above 1.2.
_MARGIN = 1.5
_OTHER_SCRIPT = "a language in another script"


def foreign_language(text: str) -> str | None:
    """Return the name of the language that a text is in, or None for English and where its words do not tell.

    Told by the mean Zipf frequency of its words (https://github.com/rspeer/wordfreq), without those that are names.
    """
    if _in_another_script(text):
        return _OTHER_SCRIPT
    words = _plain_words(text)
    english = _commonness(words, "en")
    if not words or english >= _ENGLISH:
        return None
    commonness, language = max((_commonness(words, language), language) for language in _NAMES)
    return _NAMES[language] if commonness > english + _MARGIN else None


def unread_language(question: str, hits: Sequence[Hit], *, embed_model: str) -> str | None:
    """Return the language of a question that is not English, unless the best of its hits is in the same one.

    The embedding model that ships cannot tell words of another script apart: any passage in that script seems near.
    """
    language = foreign_language(question)
    if language is None or not hits or (language == _OTHER_SCRIPT and embed_model == PACKAGED_MODEL):
        return language
    told = foreign_language(display_text(hits[0].passage.text, hits[0].passage.article.format))
    return None if told == language else language


def _plain_words(text: str) -> list[str]:
    words = [match.group() for match in _WORD.finditer(text)]
    return [word.lower() for at, word in enumerate(words) if at == 0 or word[0].islower()]


def _commonness(words: list[str], language: str) -> float:
    return sum(zipf_frequency(word, language, wordlist="small") for word in words) / max(len(words), 1)


def _in_another_script(text: str) -> bool:
    letters = [letter for letter in text if letter.isalpha()]
    latin = sum(unicodedata.name(letter, "").startswith("LATIN") for letter in letters)
    return latin < len(letters) / 2
