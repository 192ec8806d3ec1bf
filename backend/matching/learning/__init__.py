"""Learning how likely providers accept and win: fitting, calibrating, judging, and the artifact that is served."""
