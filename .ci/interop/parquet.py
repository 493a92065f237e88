"""Writes a FOCUS export as Parquet: numbers, instants and maps as types of their own."""

import csv
import datetime
import decimal
import json
import sys

import pyarrow
import pyarrow.parquet

source, kind, target = sys.argv[1:]
decimal.getcontext().prec = 60
with open(source, newline="") as file:
    rows = list(csv.reader(file))
header, rows = rows[0], rows[1:]
number = pyarrow.decimal128(38, 18) if kind == "decimal" else pyarrow.float64()


def null(cell):
    return None if cell in ("", "NULL") else cell


def instant(cell):
    text = null(cell)
    if text is None:
        return None
    at = datetime.datetime.fromisoformat(text.replace("Z", "+00:00"))
    return at.replace(tzinfo=datetime.timezone.utc)


def numeric(cell):
    text = null(cell)
    if text is None:
        return None
    return decimal.Decimal(text) if kind == "decimal" else float(text)


def mapping(cell):
    text = null(cell)
    return None if text is None else [(key, str(value)) for key, value in json.loads(text).items()]


columns = []
for at, name in enumerate(header):
    cells = [row[at] for row in rows]
    if name.endswith(("PeriodStart", "PeriodEnd")):
        unit = "ms" if kind == "double" else "us"
        array = pyarrow.array([instant(cell) for cell in cells], pyarrow.timestamp(unit, "UTC"))
    elif name.endswith(("Cost", "Quantity", "UnitPrice")):
        array = pyarrow.array([numeric(cell) for cell in cells], number)
    elif name in ("SkuPriceDetails", "Tags"):
        of = pyarrow.map_(pyarrow.string(), pyarrow.string())
        array = pyarrow.array([mapping(cell) for cell in cells], of)
    else:
        array = pyarrow.array([null(cell) for cell in cells], pyarrow.string())
    columns.append(array)
table = pyarrow.Table.from_arrays(columns, header)
packed = "zstd" if kind == "decimal" else "snappy"
pyarrow.parquet.write_table(table, target, compression=packed, row_group_size=3)
