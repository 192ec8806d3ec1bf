"""Our own past leads once more: what other terms, another model or another policy would have made of them.

Every first decision on a lead is made anew from what it stored: the candidates, the features that ranking saw, how
busy each was.  ``replaying.replay`` reads, remakes and judges; ``report.ReplayReport`` is what it found.
"""
