"""What Python 3.10 took away from Theano 1.0.5 and Keras 2.3.1."""
import collections
import collections.abc

AFTER_IMPORT = {}

# Keras 2.3.1 asks `collections` for the abstract classes that Python 3.10 left only in
# `collections.abc`.
for _name in ("Container", "Iterable", "Mapping", "Sequence"):
    if not hasattr(collections, _name):
        setattr(collections, _name, getattr(collections.abc, _name))
