"""The one HTTP client: every connector that speaks HTTP does so through it, within its caps, and nothing else may.

Belongs here: sending, waiting, trying again, logging in, reading bodies, budgets. Does not: what is asked for, paging,
rows (each connector).

The only importer of httpx; see docs/decisions/0016-httpx-over-sockets-of-our-own.md.
"""
