"""Text files as shop owners have them: UTF-8 with or without a mark, UTF-16 of Windows, GBK of older programs."""

from __future__ import annotations

import codecs
import csv
import io
from pathlib import Path

from adapters.errors import BadDataset

MAX_TEXT = 256 << 20
_MARKS = ((codecs.BOM_UTF8, "utf-8-sig"), (codecs.BOM_UTF16_LE, "utf-16"), (codecs.BOM_UTF16_BE, "utf-16"))


def decode(data: bytes, name: str) -> str:
    """Text of unknown encoding; raises `BadDataset` when it is none of those in use."""
    for mark, encoding in _MARKS:
        if data.startswith(mark):
            return data.decode(encoding, errors="replace")
    for encoding in ("utf-8", "gb18030"):
        try:
            text = data.decode(encoding)
        except UnicodeDecodeError:
            continue
        if "\x00" not in text:
            return text
    raise BadDataset(f"{name} is no text in UTF-8, UTF-16 or GBK", next_step="Save it as UTF-8.")


def read_text(path: Path) -> str:
    """The whole of a text file with line feeds as line ends; raises `BadDataset`."""
    try:
        if path.stat().st_size > MAX_TEXT:
            raise BadDataset(f"{path.name} is over {MAX_TEXT >> 20} MB", next_step="Split it into smaller files.")
        data = path.read_bytes()
    except OSError as e:
        raise BadDataset(f"{path}: {e.strerror}", next_step="Check the path and its permissions.") from e
    return decode(data, path.name).replace("\r\n", "\n").replace("\r", "\n")


def read_table(path: Path) -> list[dict[str, str]]:
    """Rows of a CSV or TSV file by column name, in lower case and without blanks around; raises `BadDataset`."""
    text = read_text(path)
    first = text.split("\n", 1)[0]
    delimiter = max(",\t;", key=first.count)
    reader = csv.reader(io.StringIO(text), delimiter=delimiter)
    try:
        rows = [row for row in reader if any(cell.strip() for cell in row)]
    except csv.Error as e:
        raise BadDataset(f"{path.name} is no table: {e}", next_step="Save it as CSV (UTF-8) again.") from e
    if not rows:
        return []
    names = [name.strip().strip("\ufeff").lower() for name in rows[0]]
    return [{n: v.strip() for n, v in zip(names, row, strict=False)} for row in rows[1:]]
