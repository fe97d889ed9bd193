"""What `make judges` installed: GitHub's GraphQL schema, and a parser of SOQL.

Belongs here: finding and using them. Does not: what they judge.
"""

import json
import os
import subprocess
import threading
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


@cache
def fault_of_soql(query: str) -> str | None:
    """What the parser does not understand of a SOQL query; None where it does."""
    with _TURN:
        parser = _soql_parser()
        parser.stdin.write(json.dumps(query) + "\n")
        parser.stdin.flush()
        return json.loads(parser.stdout.readline())


_TURN = threading.Lock()
_PARSE_EACH_LINE = """
const { parseQuery } = require("@jetstreamapp/soql-parser-js");
require("readline").createInterface({ input: process.stdin }).on("line", (line) => {
  let fault = null;
  try { parseQuery(JSON.parse(line)); } catch (error) { fault = String(error.message); }
  console.log(JSON.stringify(fault));
});
"""


@cache
def _soql_parser() -> subprocess.Popen[str]:
    """One process for all queries of this one; it ends when its input does."""
    return subprocess.Popen(
        ["node", "-e", _PARSE_EACH_LINE], cwd=PACKAGES.parent, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    )
