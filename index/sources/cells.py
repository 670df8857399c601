"""Formats the value of a cell as it is shown in a workbook, for usual number formats (ECMA-376, 18.8.31)."""

import re
from datetime import date, datetime, time, timedelta
from decimal import Decimal

# Text in quotes or behind a backslash, a currency such as [$€-407], blanks of a width: what stands around the digits.
_AROUND = r'(?:"[^"]*"|\\.|\[\$[^\]]*\]|_.|[ $€£¥()+-])*'
_NUMBER = re.compile(rf"({_AROUND})([#0,]*[#0])(?:\.(0+))?(,*)(%?)({_AROUND})")
_COLOUR = re.compile(r"\[(?:[A-Za-z]+|Color ?\d+)\]|\*.", re.IGNORECASE)
_QUOTED = re.compile(r'"([^"]*)"|\\(.)|\[\$([^\[\]-]*+)[^\[\]]*\]|_.')


def shown(value: object, number_format: str) -> str:
    """Return a value on one line. Days are written as in ISO 8601, numbers without a usual format as they are."""
    if value is None or (number_format.strip() == ";;;"):
        return ""
    if isinstance(value, bool):
        return "TRUE" if value else "FALSE"
    if isinstance(value, (int, float)):
        return _number(value, number_format)
    if isinstance(value, datetime):
        return value.date().isoformat() if value.time() == time() else value.isoformat(" ", "minutes")
    if isinstance(value, date):
        return value.isoformat()
    if isinstance(value, time):
        return value.isoformat("minutes" if not value.second else "seconds")
    if isinstance(value, timedelta):
        return _duration(value)
    return " ".join(str(value).split())


def _duration(value: timedelta) -> str:
    minutes, seconds = divmod(round(value.total_seconds()), 60)
    return f"{minutes // 60}:{minutes % 60:02}" + (f":{seconds:02}" if seconds else "")


def _number(value: float, number_format: str) -> str:
    sections = _COLOUR.sub("", number_format).split(";")
    negative = value < 0 and len(sections) > 1 and bool(sections[1])
    usual = _NUMBER.fullmatch(sections[1] if negative else sections[0])
    if not usual:
        return _plain(value)
    before, digits, decimals, thousands, percent, behind = usual.groups()
    # Each comma at the end leaves out three digits.
    number = (Decimal(repr(value)) * (100 if percent else 1)).scaleb(-3 * len(thousands))
    written = f"{abs(number) if negative else number:{',' if ',' in digits else ''}.{len(decimals or '')}f}"
    whole, point, rest = written.partition(".")
    padded = whole.zfill(digits.count("0")) if "," not in digits and not whole.startswith("-") else whole
    return f"{_literal(before)}{padded}{point}{rest}{percent}{_literal(behind)}".strip()


def _literal(around: str) -> str:
    return _QUOTED.sub(lambda match: match[1] or match[2] or match[3] or "", around)


def _plain(value: float) -> str:
    """Return a number as a workbook shows it in the general format: at most 11 digits, no exponent where it can be."""
    if isinstance(value, int) or value.is_integer():
        return str(int(value))
    return f"{value:.11g}" if abs(value) < 1e-4 else f"{Decimal(f'{value:.11g}'):f}"
