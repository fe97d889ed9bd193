"""Alembic migrations, run by `versions` on a connection that it hands over, in one transaction."""
