"""pandas 0.24 to 2.3."""
import datetime

import numpy as np

from ..helpers import say
from .engine import Row, default, positional, wrapper


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
        Row("pandas", "concat read_csv read_table", "2.0", wrap=positional()),
        Row("pandas:DataFrame", "drop dropna fillna sort_values", "2.0", wrap=positional()),
        Row("pandas", "read_csv read_table", "2.0", wrap=_read_csv),
        Row("pandas", "get_dummies", "2.0", wrap=default("dtype", 7, np.uint8)),  # bool
        Row("pandas:DataFrame", "corr cov mean median std var", "2.0", wrap=_of_numbers),
        Row("pandas.core.groupby:DataFrameGroupBy", "mean median std var", "2.0", wrap=_of_numbers),
        Row("pandas.core.strings.accessor:StringMethods", "replace", "2.0", wrap=_replace),
        Row("pandas", "__version__", "3.0", wrap=_say_of_3),
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


@wrapper
def _read_csv(plain, *arguments, squeeze=False, error_bad_lines=True, **keywords):
    """2.0: no `squeeze`, another word for lines that are left out."""
    if not error_bad_lines:
        keywords["on_bad_lines"] = "warn"
    table = plain(*arguments, **keywords)
    return table.squeeze("columns") if squeeze else table


@wrapper
def _of_numbers(plain, *arguments, **keywords):
    """2.0: a column of text is an error; it was left out."""
    try:
        return plain(*arguments, **keywords)
    except (TypeError, ValueError):
        return plain(*arguments, **{**keywords, "numeric_only": True})


@wrapper
def _replace(plain, strings, pat, repl, n=-1, case=None, flags=0, regex=None):
    """2.0: a pattern is text; it was a regular expression, unless it was one character."""
    if regex is None:
        regex = not isinstance(pat, str) or len(pat) > 1
    return plain(strings, pat, repl, n, case, flags, regex)


def _say_of_3(version):
    """3.0: tables are copied, dates counted and text held in other ways, which can't be given back name by name."""
    if int(version.partition(".")[0]) >= 3:
        say(f"pandas {version} answers otherwise than before 3.0, some of it without an error: table[\"a\"][rows] = 0 "
            "changes nothing, dates count microseconds. pip install \"pandas<3\" gives what the script expects.")
    return version
