"""Articles that nobody wrote: words as frequent as in English, in sentences and articles of varied lengths.

The words and their frequencies are wordfreq's. The same seed and number give the same articles.
"""

import json
from collections.abc import Iterator
from datetime import date, timedelta
from functools import cache
from pathlib import Path
from random import Random

_WORDS = 20_000
_NAMES = 2_000
# Half of all news articles are shorter than 400 words; a few are ten times as long.
_MIDDLE_ARTICLE, _SPREAD = 380, 0.7
_SHORTEST, _LONGEST = 40, 5_000
_PARAGRAPH_SENTENCES = (1, 6)
_PUBLISHERS = 40
_FIRST_DAY = date(2020, 1, 1)


def write_synthetic(path: Path, count: int, *, seed: int = 1) -> None:
    """Write so many articles to a `.jsonl` file."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("w", encoding="utf-8") as file:
        for row in synthetic_articles(count, seed=seed):
            file.write(json.dumps(row, ensure_ascii=False) + "\n")


def synthetic_articles(count: int, *, seed: int = 1) -> Iterator[dict[str, object]]:
    """Yield articles as rows of a `.jsonl` file: id, title, text, publisher, published."""
    chance = Random(seed)
    names = chance.sample(_words()[0][500:], _NAMES)
    for number in range(count):
        yield {
            "id": f"synthetic-{seed}-{number}",
            "title": " ".join(_sentence_words(chance, names, chance.randint(4, 12))).capitalize(),
            "text": _text(chance, names),
            "publisher": f"{names[number % _PUBLISHERS].capitalize()} News",
            "published": (_FIRST_DAY + timedelta(days=chance.randrange(2_000))).isoformat(),
        }


def synthetic_questions(count: int, *, seed: int = 1) -> list[str]:
    """Return questions of four to twelve words."""
    chance = Random(f"questions {seed}")
    names = Random(seed).sample(_words()[0][500:], _NAMES)
    lengths = (chance.randint(4, 12) for _ in range(count))
    return [f"What about {' '.join(_sentence_words(chance, names, length))}?" for length in lengths]


def _text(chance: Random, names: list[str]) -> str:
    wanted = min(max(int(chance.lognormvariate(0, _SPREAD) * _MIDDLE_ARTICLE), _SHORTEST), _LONGEST)
    paragraphs = []
    while wanted > 0:
        sentences = [_sentence(chance, names) for _ in range(chance.randint(*_PARAGRAPH_SENTENCES))]
        wanted -= sum(sentence.count(" ") + 1 for sentence in sentences)
        paragraphs.append(" ".join(sentences))
    return "\n\n".join(paragraphs)


def _sentence(chance: Random, names: list[str]) -> str:
    length = min(max(int(chance.gauss(19, 8)), 4), 60)
    words = _sentence_words(chance, names, length)
    words[0] = words[0].capitalize()
    if length > 14:
        words[length // 2] += ","
    return " ".join(words) + "."


def _sentence_words(chance: Random, names: list[str], length: int) -> list[str]:
    """Return words, among them a name now and then, or a number."""
    common, cumulative = _words()
    words = chance.choices(common, cum_weights=cumulative, k=length)
    if chance.random() < 0.6:
        words[chance.randrange(length)] = chance.choice(names).capitalize()
    if chance.random() < 0.2:
        words[chance.randrange(length)] = f"{chance.randrange(1, 10_000):,}"
    return words


@cache
def _words() -> tuple[list[str], list[float]]:
    """Return the most frequent words of English with their summed frequencies."""
    from wordfreq import top_n_list, word_frequency

    words = [word for word in top_n_list("en", _WORDS) if word.isascii() and word.isalpha()]
    summed, total = [], 0.0
    for word in words:
        total += word_frequency(word, "en")
        summed.append(total)
    return words, summed
