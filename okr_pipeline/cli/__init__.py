"""The `okr` command: what each use case asks for and how its answer is printed.

Belongs here: arguments, tables, exit codes. Does not: any work. Commands import what they need when they run, so that
`okr --help` is instant and reading commands load neither dagster nor great_expectations.
"""

from okr_pipeline.cli.main import main

__all__ = ["main"]
