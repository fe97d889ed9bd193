"""What `make judges` installed: GitHub's GraphQL schema, and a parser of SOQL.

Belongs here: finding and using them. Does not: what they judge.
"""

import os
from functools import cache

from graphql import DocumentNode, GraphQLSchema, build_ast_schema, parse, validate

from okr_pipeline_tests.docs.documents import ROOT

PACKAGES = ROOT / "okr_pipeline_tests" / "judges" / "node_modules"
LACKING = "The judges that npm has are not there. Run make judges."


def are_there() -> bool:
    """Whether there is anything to judge by. Under CI there must be."""
    return PACKAGES.is_dir() or bool(os.environ.get("CI"))


@cache
def github_schema() -> GraphQLSchema:
    """GitHub's own, read once: it takes seconds."""
    text = (PACKAGES / "@octokit" / "graphql-schema" / "schema.graphql").read_text()
    return build_ast_schema(parse(text, no_location=True), assume_valid=True, assume_valid_sdl=True)


def faults_of_query(document: DocumentNode) -> list[str]:
    """What GitHub's schema does not allow of a GraphQL query."""
    return [error.message for error in validate(github_schema(), document)]
