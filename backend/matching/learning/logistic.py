"""Logistic regression fitted around weights that experts set: data moves them as far as it must.

The weights w of P(y=1 | x) = 1 / (1 + e^(−x·w)) are the mode of their posterior under a normal prior around the
experts' weights m: they minimise

    −Σ s_i · log P(y_i | x_i, w) + Σ (w_j − m_j)² / (2 σ_j²).

The sum is convex and smooth; Newton's method with step halving finds its one minimum (Bishop, "Pattern Recognition
and Machine Learning", 2006, §4.3.3 and §4.5.1).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

__all__ = ["Fit", "FitFailed", "fit_around", "log_loss_of", "sigmoid"]

Vector = NDArray[np.float64]

STEPS_MAX = 50
_TOLERANCE = 1e-9


class FitFailed(ValueError):
    """Cannot fit …: the data are no numbers, or their shapes do not fit each other."""


@dataclass(frozen=True, slots=True)
class Fit:
    """``weights`` one for each column; ``deviations`` how sure they are: standard deviations of their posterior."""

    weights: Vector
    deviations: Vector


def fit_around(
    features: Vector, outcomes: Vector, *, prior: Vector, prior_sd: Vector, importance: Vector | None = None
) -> Fit:
    """Fit weights around ``prior`` (normal, standard deviations ``prior_sd``).

    ``features`` has one row per example and one column per weight (a constant column for the base), ``outcomes`` 0 or
    1 per row, ``importance`` what each row counts (1 each when None).  Without rows the prior comes back.

    Raises: FitFailed when shapes do not fit, something is no finite number, or a deviation is not positive.
    """
    importance = np.ones(len(outcomes)) if importance is None else importance
    _refuse_bad(features, outcomes, importance, prior, prior_sd)
    posterior = _Posterior(features, outcomes, importance, prior, 1 / prior_sd**2)
    weights: Vector = prior.astype(np.float64, copy=True)
    for _step in range(STEPS_MAX):
        step = np.linalg.solve(posterior.hessian(weights), posterior.gradient(weights)).astype(np.float64)
        weights = posterior.walk(weights, step)
        if np.max(np.abs(step)) < _TOLERANCE:
            break
    return Fit(weights, np.sqrt(np.diag(np.linalg.inv(posterior.hessian(weights)))).astype(np.float64))


def sigmoid(log_odds: Vector) -> Vector:
    """Return probabilities of log-odds, without overflow at either end."""
    return np.asarray(np.exp(-np.logaddexp(0.0, -log_odds)))


def log_loss_of(log_odds: Vector, outcomes: Vector, importance: Vector | None = None) -> float:
    """Return the mean −log probability of what happened, in nats; 0 of nothing."""
    weights = np.ones(len(outcomes)) if importance is None else importance
    if not weights.sum():
        return 0.0
    losses = np.logaddexp(0.0, np.where(outcomes > 0, -log_odds, log_odds))
    return float((weights * losses).sum() / weights.sum())


@dataclass(frozen=True, slots=True)
class _Posterior:
    """What is minimised: the negative logarithm of the posterior, up to a constant."""

    features: Vector
    outcomes: Vector
    importance: Vector
    prior: Vector
    precision: Vector

    def height(self, weights: Vector) -> float:
        losses = log_loss_of(self.features @ weights, self.outcomes, self.importance) * self.importance.sum()
        return float(losses + (self.precision * (weights - self.prior) ** 2).sum() / 2)

    def gradient(self, weights: Vector) -> Vector:
        excess = sigmoid(self.features @ weights) - self.outcomes
        return self.features.T @ (self.importance * excess) + self.precision * (weights - self.prior)

    def hessian(self, weights: Vector) -> Vector:
        probability = sigmoid(self.features @ weights)
        curvature = self.importance * probability * (1 - probability)
        return (self.features * curvature[:, None]).T @ self.features + np.diag(self.precision)

    def walk(self, weights: Vector, step: Vector) -> Vector:
        """Take Newton's step, or the first half, quarter … of it that does not lead uphill."""
        here, length = self.height(weights), 1.0
        while length > _TOLERANCE and self.height(weights - length * step) > here:
            length /= 2
        return weights - length * step


def _refuse_bad(
    features: Vector, outcomes: Vector, importance: Vector, prior: Vector, prior_sd: Vector
) -> None:
    rows = len(outcomes)
    if features.shape != (rows, len(prior)) or importance.shape != (rows,) or prior_sd.shape != prior.shape:
        raise FitFailed(
            f"Cannot fit {len(prior)} weights to {rows} outcomes and features of shape {features.shape}."
        )
    if not all(np.isfinite(values).all() for values in (features, outcomes, importance, prior, prior_sd)):
        raise FitFailed("Cannot fit: something is no finite number.")
    if not (prior_sd > 0).all() or (importance < 0).any():
        raise FitFailed(
            "Cannot fit: deviations must be positive, and no example may count less than nothing."
        )
