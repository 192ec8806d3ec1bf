"""What another policy would have brought, judged from the log of the one that ran.

A *slate* is what one decision offers: several candidates at once.  What an offer brings (it is accepted; it wins) is
taken not to depend on the others of its slate, so that the value of a slate is the sum over its offers and each offer
is weighed by itself: target's probability of making it over the log's.  Three estimates of the same value:

* **inverse propensity** (Horvitz and Thompson, "A generalization of sampling without replacement from a finite
  universe", 1952): Σ w·r.  Unbiased, and wild where weights are large.
* **self-normalised** (Swaminathan and Joachims, "The self-normalized estimator for counterfactual learning", 2015):
  Σ w·r / Σ w, times how many offers the target makes.  Tamer, with a bias that vanishes.
* **doubly robust** (Dudík, Langford and Li, "Doubly robust policy evaluation and learning", 2011):
  Σ π·q + Σ w·(r − q), with q what a model predicts.  Right when either the propensities or the model are; the
  better the model, the tighter.

What the log could never have made (propensity 0) no estimate can know: ``Evaluation`` says how much of the target that
is, and how far the value could lie off in the worst case.
"""

from backend.matching.off_policy.evaluation import (
    Estimate,
    Evaluation,
    TooFewLeads,
    evaluate,
)
from backend.matching.off_policy.slates import WEIGHT_MAX, Slate, SlateSums, sum_up

__all__ = [
    "WEIGHT_MAX",
    "Estimate",
    "Evaluation",
    "Slate",
    "SlateSums",
    "TooFewLeads",
    "evaluate",
    "sum_up",
]
