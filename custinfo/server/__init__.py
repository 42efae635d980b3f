"""The page server: one standalone Voilà server whose whole configuration stands in code (`custinfo serve`)."""

import sys

# jsonschema takes it along where it is installed, for formats that no schema here uses: two seconds of every start
sys.modules.setdefault("rfc3987_syntax", None)  # type: ignore[arg-type]
