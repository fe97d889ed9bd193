"""The use cases: each joins the rooms into one thing a user wants done, and is called by assets and commands alike.

Belongs here: open a project, observe a source, score, raise alerts, write the scorecard, tell the status, explain.
Does not: how any of these is computed, stored, drawn or scheduled.
"""
