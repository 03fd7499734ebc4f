"""scikit-learn, NumPy and pandas fit the steps of preprocessing on the same training rows, equal to 1e-6 on all rows."""

import json

import numpy as np
import pandas as pd
from common import folder, near
from sklearn.impute import SimpleImputer
from sklearn.preprocessing import (
    KBinsDiscretizer,
    OneHotEncoder,
    OrdinalEncoder,
    QuantileTransformer,
    RobustScaler,
    StandardScaler,
)

BOUND = 1e-6


def imputer(settings):
    wanted = settings.get("with", "mean")
    flag = settings.get("flag", False)
    if isinstance(wanted, dict):
        return SimpleImputer(strategy="constant", fill_value=wanted["constant"], add_indicator=flag)
    return SimpleImputer(strategy={"mode": "most_frequent"}.get(wanted, wanted), add_indicator=flag)


def clip(settings, train, rows):
    low, high = settings.get("low"), settings.get("high")
    if "quantiles" in settings:
        low, high = np.quantile(train, settings["quantiles"])
    return np.clip(train, low, high), np.clip(rows, low, high)


def piecewise(count, train, rows):
    """Gorishniy, Rubachev & Babenko 2022, equation 1."""
    edges = np.unique(np.quantile(train, np.linspace(0, 1, count + 1)))
    shares = (rows - edges[:-1]) / (edges[1:] - edges[:-1])
    low, high = np.zeros(len(edges) - 1), np.ones(len(edges) - 1)
    low[0], high[-1] = -np.inf, np.inf
    return np.clip(shares, low, high)


def quantile(settings, train, rows):
    count = min(settings.get("quantiles", 1000), len(train))
    output = settings.get("output", "normal")
    transformer = QuantileTransformer(n_quantiles=count, output_distribution=output, subsample=None).fit(train)
    if count == len(train):
        # A quantile for each row is that row. NumPy's percentiles miss it by a rounding of 1e-14, and then numbers that
        # are equal no longer count as equal.
        transformer.quantiles_ = np.sort(train, axis=0)
    return transformer.transform(train), transformer.transform(rows)


def fitted(transformer, train, rows):
    transformer.fit(train)
    return transformer.transform(train), transformer.transform(rows)


def first_place(rows):
    """Our places start at 1."""
    return rows + 1


def unseen_first(transformer, train, rows):
    """Our rows of zeros and a one begin with the place for names that are rare or unseen."""
    transformer.fit(train)
    hot = transformer.transform(rows).toarray()
    rare = transformer.infrequent_categories_[0] if transformer.min_frequency else None
    names = len(transformer.categories_[0]) - (0 if rare is None else len(rare))
    known = hot[:, :names]
    return np.hstack([1 - known.sum(axis=1, keepdims=True), known])


def date_parts(settings, rows):
    """A part that goes round has a start and a length; the year has none."""
    when = pd.to_datetime(pd.Series(rows[:, 0].astype(str))).dt
    parts = {
        "year": (when.year, None, None),
        "month": (when.month, 1, 12),
        "day": (when.day, 1, when.days_in_month),
        "weekday": (when.weekday, 0, 7),
        "hour": (when.hour, 0, 24),
        "minute": (when.minute, 0, 60),
        "day_of_year": (when.dayofyear, 1, 365 + when.is_leap_year),
    }
    columns = []
    for number, start, length in map(parts.get, settings["parts"]):
        if start is None or not settings.get("cyclic", False):
            columns.append(number)
        else:
            angle = 2 * np.pi * (number - start) / length
            columns += [np.sin(angle), np.cos(angle)]
    return np.stack(columns, axis=1).astype(float)


def apply(step, train, rows):
    """A step fitted to the training rows: what becomes of them, and of all rows."""
    name, settings = (step, {}) if isinstance(step, str) else next(iter(step.items()))
    if name == "impute":
        return fitted(imputer(settings), train, rows)
    if name == "standardise":
        return fitted(StandardScaler(), train, rows)
    if name == "robust":
        return fitted(RobustScaler(), train, rows)
    if name == "log1p":
        return np.log1p(train), np.log1p(rows)
    if name == "clip":
        return clip(settings, train, rows)
    if name == "quantile":
        return quantile(settings, train, rows)
    if name == "bins":
        by = {"quantile": "quantile", "width": "uniform"}[settings.get("by", "quantile")]
        bins = KBinsDiscretizer(
            n_bins=settings["count"], encode="ordinal", strategy=by, quantile_method="linear", subsample=None
        )
        train, rows = fitted(bins, train, rows)
        return first_place(train), first_place(rows)
    if name == "piecewise_linear":
        return train, piecewise(settings["count"], train, rows)
    if name == "date_parts":
        return date_parts(settings, train), date_parts(settings, rows)
    if name == "category" and settings.get("min_rows", 1) == 1:
        encoder = OrdinalEncoder(handle_unknown="use_encoded_value", unknown_value=-1)
        train, rows = fitted(encoder, train, rows)
        return first_place(train), first_place(rows)
    raise AssertionError(f"no counterpart of {name}")


def expected(case):
    steps, train = case["steps"], case["train"]
    if isinstance(case["column"][0], str):
        rows = np.array(case["column"], dtype=object).reshape(-1, 1)
    else:
        rows = np.array([np.nan if x is None else x for x in case["column"]]).reshape(-1, 1)
    rows_of_train = rows[:train]
    if steps[-1] == "one_hot" and rows.dtype == object:
        rare = steps[0]["category"]["min_rows"] if isinstance(steps[0], dict) else None
        encoder = OneHotEncoder(handle_unknown="infrequent_if_exist" if rare else "ignore", min_frequency=rare)
        return unseen_first(encoder, rows_of_train, rows)
    for step in steps:
        if step == "one_hot":
            hot = np.zeros((len(rows), int(rows_of_train.max()) + 1))
            hot[np.arange(len(rows)), rows[:, 0].astype(int)] = 1
            return hot
        rows_of_train, rows = apply(step, rows_of_train, rows)
    return rows


for path in sorted(folder().glob("*.json")):
    case = json.loads(path.read_text())
    found = np.array(case["encoded"]["data"]).reshape(case["encoded"]["shape"])
    near(case["name"], found, expected(case), BOUND)
