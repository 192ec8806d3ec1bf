"""Who may have a request, and who should: eligibility, ranking, policy and reserved capacity.

The public face lies in modules, because this file is imported before the apps are loaded: ``values``,
``search.find_candidates``, ``eligibility.explain_provider``, ``policy.rank_candidates``,
``capacity.reserve`` and ``capacity.release``, ``coverage.refresh_coverage``.
"""
