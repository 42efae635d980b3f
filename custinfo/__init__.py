"""custinfo: know your customers. See docs/architecture.md for what stands where."""

import sys

# A checker of international web addresses that jsonschema loads when it can: two seconds at each start, never used here
sys.modules.setdefault("rfc3987_syntax", None)  # type: ignore[arg-type]
