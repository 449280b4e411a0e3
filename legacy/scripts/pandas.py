"""pandas 0.24 to 3.0."""
import datetime
import functools

import numpy as np

from .engine import Row


def rows():
    both = "pandas:DataFrame", "pandas:Series"
    return [
        Row("pandas.tools", "*", "0.24", value={}),
        Row("pandas.tools.plotting", "*", "0.24", "pandas.plotting"),
        *[Row(owner, "ix", "1.0", value=property(_Ix)) for owner in both],
        *[Row(owner, "as_matrix", "1.0", value=_as_matrix) for owner in both],
        *[Row(owner, "append", "2.0", value=_append) for owner in both],
        *[Row(owner, "iteritems", "2.0", f"{owner}.items") for owner in both],
        Row("pandas", "np", "2.0", "numpy"),
        Row("pandas", "datetime", "2.0", value=datetime.datetime),
        Row("pandas", "read_csv", "2.0", wrap=_read_csv),
        Row("pandas", "get_dummies", "2.0", wrap=_get_dummies),
        Row("pandas", "options", "3.0", wrap=_text_as_objects),
    ]


class _Ix:
    """`table.ix[...]`: labels; positions along an axis whose labels are no whole numbers."""

    def __init__(self, table):
        self.table = table

    def of(self, key):
        """`iloc` or `loc`, and what to ask it for."""
        keys = key if isinstance(key, tuple) else (key,)
        every = [isinstance(part, slice) and part == slice(None) for part in keys]
        position = [index.dtype.kind != "i" and _whole(part) for index, part in zip(self.table.axes, keys)]
        if any(position) and all(entire or whole for entire, whole in zip(every, position)):
            return self.table.iloc, key
        keys = tuple(index[part] if whole else part for index, part, whole in zip(self.table.axes, keys, position))
        return self.table.loc, keys if isinstance(key, tuple) else keys[0]

    def __getitem__(self, key):
        where, key = self.of(key)
        return where[key]

    def __setitem__(self, key, value):
        where, key = self.of(key)
        where[key] = value


def _whole(key):
    """Whether a key is of whole numbers."""
    ends = [end for end in (key.start, key.stop) if end is not None] if isinstance(key, slice) else key
    return np.asarray(ends).dtype.kind == "i"


def _as_matrix(table, columns=None):
    return (table if columns is None else table[columns]).values


def _append(table, other, ignore_index=False, *_, **__):
    """A table with another's rows, or with one row, below its own."""
    import pandas
    if isinstance(other, dict):
        other = pandas.Series(other)
    if table.ndim == 2 and isinstance(other, pandas.Series):
        other = other.to_frame().T.infer_objects()
    others = other if isinstance(other, list) else [other]
    return pandas.concat([table, *others], ignore_index=ignore_index)


def _read_csv(plain):
    """2.0 and 3.0: no `squeeze`, no function that reads dates, another word for lines that are left out."""
    @functools.wraps(plain)
    def read_csv(*arguments, squeeze=False, date_parser=None, error_bad_lines=True, **keywords):
        if not error_bad_lines:
            keywords["on_bad_lines"] = "warn"
        if date_parser and isinstance(keywords.get("parse_dates"), list):
            keywords["converters"] = {**dict.fromkeys(keywords.pop("parse_dates"), date_parser),
                                      **keywords.get("converters", {})}
        table = plain(*arguments, **keywords)
        return table.squeeze("columns") if squeeze else table
    return read_csv


def _get_dummies(plain):
    """2.0: indicators are truth values; they were bytes."""
    return functools.wraps(plain)(lambda *arguments, **keywords: plain(*arguments, **{"dtype": np.uint8, **keywords}))


def _text_as_objects(plain):
    """3.0: text has a type of its own."""
    if hasattr(plain.future, "infer_string"):
        plain.future.infer_string = False
    return plain
