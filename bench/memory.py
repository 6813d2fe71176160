"""Memory of a server that sees ever new documents: its resident size as they come."""

import os
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from graphql import parse
from graphql.execution.values import VariableValues
from strawberry.schema.schema import validate_document

import server
from execution.documents import Documents
from execution.plan import Planner, converter

DOCUMENTS = 100_000
EVERY = 10_000
PAGE = os.sysconf("SC_PAGE_SIZE")
TEXT = (Path(__file__).parent / "operations" / "Q3.graphql").read_text()


def resident_mib() -> float:
    """Resident memory of this process in MiB."""
    return int(Path("/proc/self/statm").read_text().split()[1]) * PAGE / 2**20


def main() -> None:
    """Parses, validates, keeps and plans distinct documents, as a server does with each."""
    schema = server.graphql_schema()
    documents, planner = Documents(), Planner(schema._schema, converter(schema))
    for number in range(1, DOCUMENTS + 1):
        text = TEXT.replace("query Q3", f"query Q{number}")
        document = parse(text)
        assert not validate_document(schema._schema, document, ())
        known = documents.keep(text, document)
        operation = known.operation(schema._schema, None)
        assert operation is not None
        operation.plan(VariableValues({}, {}), planner)
        if number % EVERY == 0 or number == 1_000:
            print(f"{number:7,} documents seen, {len(documents):4} kept, {resident_mib():6.0f} MiB")


if __name__ == "__main__":
    main()
