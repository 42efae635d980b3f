"""What a definition of a report is, byte for byte: what the manager approves, and what an issue is checked against."""

import json

from custinfo.domain import report_definitions
from custinfo.reports import known, parameters


def content(name: str) -> bytes:
    """The definition of a report with its parameters and the hash of its notebook, as canonical JSON.

    Raises NotFound, SiteFault when the notebook is not the one that was reviewed.
    """
    definition = report_definitions.named(name)
    plain = {
        "name": name,
        "definition": dict(definition.table),
        "parameters": list(parameters.names(name)),
        "notebook_sha256": known.digest(known.check(name)),
    }
    return json.dumps(plain, ensure_ascii=False, sort_keys=True, indent=1).encode()
