"""`python -m okr_pipeline.cli` is `okr`."""

from okr_pipeline.cli.main import main

main()
