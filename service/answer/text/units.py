"""How units, currencies and large numbers are written, from the Unicode CLDR (https://cldr.unicode.org) by way of babel."""

import re
from functools import cache

from babel import Locale
from babel.numbers import get_currency_name
from babel.units import format_unit

_PREFIXES = {"tera": ("T", 1e12), "giga": ("G", 1e9), "mega": ("M", 1e6), "kilo": ("k", 1e3), "hecto": ("h", 1e2)}
_PREFIXES |= {
    "deci": ("d", 1e-1),
    "centi": ("c", 1e-2),
    "milli": ("m", 1e-3),
    "micro": ("μ", 1e-6),
    "nano": ("n", 1e-9),
}
# What is a whole number of a smaller unit. A month is no number of days.
_MULTIPLES = {"minute": ("second", 60.0), "hour": ("second", 3600.0), "day": ("second", 86_400.0)}
_MULTIPLES |= {"week": ("second", 604_800.0), "year": ("month", 12.0), "tonne": ("gram", 1e6), "percent": ("%", 1.0)}
_MULTIPLES |= {"square-centimeter": ("square-meter", 1e-4), "square-kilometer": ("square-meter", 1e6)}
_MULTIPLES |= {"hectare": ("square-meter", 1e4), "cubic-meter": ("liter", 1e3), "cubic-centimeter": ("liter", 1e-3)}
# Abbreviations of one letter that are units; the others of CLDR ("c" for cups) more often are not.
_LETTERS = frozenset("mgtlLhsWVAJN%°")
# Symbols that CLDR has in its narrowest form alone, next to letters that mean something else in a text.
_SYMBOLS = {"h": ("second", 3600.0), "s": ("second", 1.0)}
_PERIODS = "second minute hour day week month year".split()
PERIOD_ADVERBS = {"hourly": "hour", "daily": "day", "weekly": "week", "monthly": "month", "quarterly": "quarter"}
PERIOD_ADVERBS |= {"yearly": "year", "annually": "year", "annum": "year"}
"""How often something happens, in a word, each with its period."""
# The inch, as "in 2023" is written; the picometre, as "11 pm" is; currencies, as "40% won" is.
_NO_UNITS = frozenset("in pm won real rand".split())

_COMMON = "USD EUR GBP JPY CHF INR CNY SEK NOK DKK PLN CZK HUF ZAR ILS TRY KRW CAD AUD NZD SGD HKD BRL MXN".split()
"""Currencies whose codes are read. Codes of others are words, too ("ALL", "TOP"); of "dollars", the first here is meant."""
_OWN_LOCALES = {"SEK": "sv", "PLN": "pl", "CZK": "cs", "HUF": "hu", "TRY": "tr", "BRL": "pt"}
_MORE_SIGNS = {"US$": "USD", "C$": "CAD", "S$": "SGD", "Rs": "INR", "Fr": "CHF", "元": "CNY"}
# Short forms of large numbers that stand in English texts, too, and the languages that they come from.
_SHORT_SCALES = ("de", "it", "nl", "fr")

_DIFFER = 1e12

LETTERS = re.compile(r"[^\W\d_]+")
"""A word of letters alone."""


@cache
def known_units() -> dict[str, tuple[str, float]]:
    """Return how units are spelled, each with its base unit and how many of that it is: "km" is 1,000 of "meter"."""
    found: dict[str, tuple[str, float]] = {}
    for unit in map(str, Locale("en").unit_display_names):
        name = unit.partition("-")[2]
        for spelling in _spellings(unit):
            for key, base in _prefixed(spelling, name):
                found.setdefault(key, base)
    found |= {"%": ("%", 1.0), "pct": ("%", 1.0)} | _SYMBOLS
    for key, base in list(found.items()):
        if key.endswith("²"):
            found |= {f"sq {key[:-1]}": base, f"sq{key[:-1]}": base}
        elif key.endswith("b") and base[0] == "bit":
            found |= {f"{key}it": base, f"{key}ps": ("bit-per-second", base[1])}
    return {
        key: base
        for key, base in found.items()
        if key not in _NO_UNITS and (len(key) > 1 or key in "%°" or key in _LETTERS)
    }


def _spellings(unit: str) -> list[str]:
    spelled = [format_unit(n, unit, length="long", locale=locale) for locale in ("en", "en_GB") for n in (1, 2)]
    written = [
        *spelled,
        *(format_unit(n, unit, length="short", locale=locale) for locale in ("en", "en_GB") for n in (1, 2)),
    ]
    return list(dict.fromkeys(re.sub(r"^[12]\s?", "", text).strip() for text in written))


def _prefixed(spelling: str, name: str) -> list[tuple[str, tuple[str, float]]]:
    """Return a unit as it is spelled, and with each of the prefixes of the metric system where it has one of them."""
    prefix = next((prefix for prefix in _PREFIXES if name.startswith(prefix) and len(name) > len(prefix) + 2), None)
    base, factor = _MULTIPLES.get(name, (name, 1.0))
    if prefix is None:
        return [(spelling, (base, factor))]
    base, letter = name.removeprefix(prefix), _PREFIXES[prefix][0]
    spelled_out = spelling.casefold().startswith(prefix)
    rest = spelling[len(prefix if spelled_out else letter) :]
    further = {other: (sign, times) for other, (sign, times) in _PREFIXES.items()} | {"": ("", 1.0)}
    return [((other if spelled_out else sign) + rest, (base, times)) for other, (sign, times) in further.items()]


@cache
def known_times() -> dict[str, tuple[str, float]]:
    """Return the units of time among `known_units`."""
    return {name: base for name, base in known_units().items() if base[0] in ("second", "month")}


@cache
def known_periods() -> dict[str, str]:
    """Return how the time is written in which something happens once ("a year", "/s", "daily"), each with its unit."""
    spelled = {form.casefold(): period for period in _PERIODS for form in _spellings(f"duration-{period}")}
    return spelled | PERIOD_ADVERBS | {"s": "second", "h": "hour"}


@cache
def known_currencies() -> dict[str, str]:
    """Return how currencies are written (signs, codes, names in lower case), each with its code."""
    found = dict(_MORE_SIGNS)
    for code in _COMMON:
        symbols = (Locale(locale).currency_symbols[code] for locale in ("en", _OWN_LOCALES.get(code, "en")))
        names = [get_currency_name(code, count, locale="en").lower() for count in (1, 2)]
        for written in (code, *symbols, *names, *(name.split()[-1] for name in names)):
            found.setdefault(written, code)
    found |= {code.lower(): code for code in ("USD", "EUR", "GBP")}
    return {name: code for name, code in found.items() if name not in _NO_UNITS}


@cache
def known_scales() -> dict[str, float]:
    """Return words and short forms of large numbers: "million", "bn", "Mio"."""
    found = {"hundred": 1e2, "k": 1e3, "m": 1e6, "mn": 1e6, "b": 1e9, "bn": 1e9, "tn": 1e12}
    for locale, length in (("en", "long"), *((locale, "short") for locale in _SHORT_SCALES)):
        for forms in Locale(locale).compact_decimal_formats[length].values():
            for size, pattern in forms.items():
                # Beyond, the languages differ: a German "Billion" is a trillion.
                if (word := LETTERS.search(pattern.pattern)) and (locale == "en" or float(size) < _DIFFER):
                    digits = pattern.pattern.count("0")
                    found.setdefault(word.group().lower(), float(size) / 10 ** (digits - 1))
    return found
