"""scikit-learn 0.20 to 1.8."""
import collections

import numpy as np

from .. import mnist
from .engine import Row, renamed, wrapper


def rows():
    return [
        Row("sklearn.cross_validation", "*", "0.20", "sklearn.model_selection"),
        Row("sklearn.cross_validation", "KFold", "0.20", value=_k_fold),
        Row("sklearn.cross_validation", "StratifiedKFold", "0.20", value=_stratified_k_fold),
        Row("sklearn.cross_validation", "cross_val_score", "0.20", value=_cross_val_score),
        Row("sklearn.grid_search", "*", "0.20", "sklearn.model_selection"),
        Row("sklearn.grid_search", "GridSearchCV", "0.20", value=_three_folds("GridSearchCV")),
        Row("sklearn.grid_search", "RandomizedSearchCV", "0.20", value=_three_folds("RandomizedSearchCV")),
        Row("sklearn.learning_curve", "*", "0.20", "sklearn.model_selection"),
        Row("sklearn.metrics._scorer", "_SCORERS", "0.20", wrap=_errors_as_scores),
        Row("sklearn.metrics._scorer", "check_scoring", "1.3", wrap=_any_name_of_a_score),
        Row("sklearn.model_selection._search:BaseSearchCV", "grid_scores_", "0.20", value=property(_grid_scores)),
        Row("sklearn.datasets", "fetch_mldata", "0.22", value=_fetch_mldata),
        Row("sklearn.preprocessing:OneHotEncoder", "__new__", "0.22", wrap=_one_hot_encoder),
        Row("sklearn.preprocessing", "Imputer", "0.22", value=_imputer),
        Row("sklearn.externals", "joblib", "0.23", "joblib"),
        Row("sklearn.externals.joblib", "*", "0.23", "joblib"),
        Row("sklearn.externals.six", "*", "0.23", "six"),
        Row("sklearn.utils.linear_assignment_", "*", "0.23", value={"linear_assignment": _linear_assignment}),
        Row("sklearn.datasets.samples_generator", "*", "0.24", "sklearn.datasets"),
        Row("sklearn.model_selection:KFold", "__init__", "0.24", wrap=_unused_random_state),
        Row("sklearn.model_selection:StratifiedKFold", "__init__", "0.24", wrap=_unused_random_state),
        Row("sklearn.feature_extraction.text:CountVectorizer", "get_feature_names", "1.2",
            value=lambda vectorizer: vectorizer.get_feature_names_out().tolist()),
        Row("sklearn.preprocessing:OneHotEncoder", "__init__", "1.4", wrap=renamed(sparse="sparse_output")),
        Row("sklearn.manifold:TSNE", "__init__", "1.7", wrap=renamed(n_iter="max_iter")),
    ]


class _Splits:
    """scikit-learn 0.20: iterate over a splitter itself, made for a number of samples."""

    def __init__(self, pairs):
        self.pairs = list(pairs)

    def __iter__(self):
        return iter(self.pairs)

    def __len__(self):
        return len(self.pairs)


def _k_fold(n, n_folds=3, shuffle=False, random_state=None):
    from sklearn.model_selection import KFold
    return _Splits(KFold(n_folds, shuffle=shuffle, random_state=random_state).split(np.zeros(n)))


def _stratified_k_fold(y, n_folds=3, shuffle=False, random_state=None):
    """Each class dealt out by its own KFold (the classes are dealt out together since scikit-learn 0.22)."""
    from sklearn.utils import check_random_state
    y = np.asarray(y)
    random = check_random_state(random_state) if shuffle else None
    folds = np.zeros(len(y), int)
    for label in np.unique(y):
        where = np.flatnonzero(y == label)
        for fold, (_, test) in enumerate(_k_fold(max(len(where), n_folds), n_folds, shuffle, random)):
            folds[where[test[test < len(where)]]] = fold
    return _Splits((np.flatnonzero(folds != fold), np.flatnonzero(folds == fold)) for fold in range(n_folds))


def _cross_val_score(estimator, X, y=None, scoring=None, cv=None, **keywords):
    """The folds' scores, of three folds if none are named."""
    from sklearn.model_selection import cross_val_score
    return cross_val_score(estimator, X, y, scoring=scoring, cv=3 if cv is None else cv, **keywords)


def _three_folds(name):
    """A search of grid_search, whose folds were three."""
    def search(*arguments, **keywords):
        from sklearn import model_selection
        found = getattr(model_selection, name)(*arguments, **keywords)
        return found.set_params(cv=3 if found.cv is None else found.cv)
    return search


CVScore = collections.namedtuple("CVScore", "parameters mean_validation_score cv_validation_scores")


def _grid_scores(search):
    """A tuple for each of a search's parameters: they, the mean of the folds' scores, and the scores."""
    results = search.cv_results_
    folds = np.array([results[f"split{fold}_test_score"] for fold in range(search.n_splits_)]).T
    return [CVScore(*score) for score in zip(results["params"], results["mean_test_score"], folds)]


def _linear_assignment(cost):
    from scipy.optimize import linear_sum_assignment
    return np.stack(linear_sum_assignment(cost), axis=1)


@wrapper
def _one_hot_encoder(plain, cls, *arguments, categorical_features="all", **keywords):
    """0.22: no `categorical_features`, the columns to encode, which come first; the others follow."""
    if isinstance(categorical_features, str):
        return plain(cls)
    from sklearn.compose import ColumnTransformer
    return ColumnTransformer([("encoded", cls(*arguments, **keywords), categorical_features)], remainder="passthrough",
                             sparse_threshold=1)


def _imputer(missing_values="NaN", strategy="mean", axis=0, verbose=0, copy=True):
    from sklearn.impute import SimpleImputer
    if axis:
        raise ValueError("an Imputer along rows (axis=1) does not exist any more: transpose the data")
    missing_values = np.nan if missing_values == "NaN" else missing_values
    return SimpleImputer(missing_values=missing_values, strategy=strategy, copy=copy)


def _fetch_mldata(dataname, *_, **__):
    """MNIST as mldata.org had it: 60,000 and 10,000 digits, each of them in the order of their labels."""
    from sklearn.utils import Bunch
    sets = mnist.load() if dataname.lower().startswith("mnist") else None
    if sets is None:
        raise OSError(f"mldata.org, which had {dataname!r}, is gone: see sklearn.datasets.fetch_openml")
    orders = [np.argsort(labels, kind="stable") for _, labels in sets]
    return Bunch(data=np.concatenate([images[order].reshape(-1, 784) for (images, _), order in zip(sets, orders)]),
                 target=np.concatenate([labels[order] for (_, labels), order in zip(sets, orders)]).astype(float),
                 COL_NAMES=["label", "data"], DESCR=f"mldata.org dataset: {dataname}")


@wrapper
def _unused_random_state(plain, splitter, n_splits=5, shuffle=False, random_state=None):
    """0.24: KFold(random_state=...) without shuffle is an error; it was ignored."""
    plain(splitter, n_splits, shuffle=shuffle, random_state=random_state if shuffle else None)


_ERRORS = "log_loss", "mean_absolute_error", "mean_squared_error", "median_absolute_error"


def _errors_as_scores(plain):
    """0.20: the names of errors begin with `neg_` as scores. Their values were negative before, too."""
    return {**plain, **{name: plain[f"neg_{name}"] for name in _ERRORS}}


def _any_name_of_a_score(plain):
    for known in getattr(plain, "_skl_parameter_constraints", {}).get("scoring", [])[:1]:
        known.options.update(_ERRORS)
    return plain
