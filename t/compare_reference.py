#!/usr/bin/env python3
"""Values that t/test_rank_test.c is held against, by SciPy; its output is stored:
python3 t/compare_reference.py >t/compare_reference.scipy-values"""
import sys

import numpy as np
import scipy
from scipy import stats

random = np.random.default_rng(7)


def text(values):
    return " ".join(f"{v:.15g}" for v in values)


def put(kind, numbers, a, b):
    print(f"{kind} {text(numbers)} ; {text(a)} ; {text(b)}")


def exact_with_ties(a, b):
    """All ways to deal the values, by the distance of U from its mean."""
    a, b = np.asarray(a, float), np.asarray(b, float)

    def distance(x, y, axis=-1):
        both = np.concatenate([x, y], axis=axis)
        ranks = stats.rankdata(both, axis=axis)
        n = x.shape[axis]
        sums = np.take(ranks, range(n), axis=axis).sum(axis=axis)
        return np.abs(sums - n * (both.shape[axis] + 1) / 2)

    return stats.permutation_test((b, a), distance, vectorized=True, n_resamples=np.inf, alternative="greater").pvalue


print(f"# {' '.join(sys.argv)}: SciPy {scipy.__version__}, NumPy {np.__version__}")
for na, nb, shift in ((4, 5, 1), (5, 5, 2), (10, 10, 0.6), (10, 10, 3), (7, 12, 0), (20, 25, 0.8)):
    a, b = random.normal(size=na).round(6), (random.normal(size=nb) + shift).round(6)
    u, p = stats.mannwhitneyu(b, a, alternative="two-sided", method="exact")
    put("exact", (u, p), a, b)
for na, nb, levels in ((4, 4, 3), (5, 6, 4), (8, 8, 2), (10, 9, 5), (3, 7, 2)):
    a, b = random.integers(0, levels, na), random.integers(0, levels, nb) + (1 if levels > 3 else 0)
    u = stats.mannwhitneyu(b, a, alternative="two-sided", method="asymptotic").statistic
    put("exact", (u, exact_with_ties(a, b)), a, b)
for na, nb, levels in ((40, 30, 0), (60, 60, 12), (29, 28, 4)):
    a = random.integers(0, levels, na) if levels else random.normal(size=na).round(6)
    b = random.integers(0, levels, nb) + 1 if levels else (random.normal(size=nb) + 0.4).round(6)
    u, p = stats.mannwhitneyu(b, a, alternative="two-sided", method="asymptotic", use_continuity=True)
    put("normal", (u, p), a, b)
for kind, center in (("median", np.median), ("mean", np.mean)):
    for na, nb, shift in ((5, 5, 1), (10, 10, 0.5), (12, 9, 0), (25, 25, 2)):
        a, b = random.normal(size=na).round(6), (random.normal(size=nb) + shift).round(6)
        found = stats.bootstrap(
            (b, a), lambda x, y, axis=-1: center(x, axis=axis) - center(y, axis=axis), paired=False, vectorized=True,
            n_resamples=99999, method="percentile", confidence_level=0.95, random_state=random)
        low, high = found.confidence_interval
        put(kind, (low, high, found.standard_error), a, b)
