"""Records of a form into and out of the formats of the world: bytes in, bytes out. No files, no store, no screen.

parsed = exchange.rows.read(form, data, "answers.xlsx")          # records, and what is wrong with the file
rejected = exchange.rows.error_file(parsed, reasons)             # the refused rows, with a reason at each cell
content = exchange.EXPORTS["sav"].write(form, records, "en", labels=True, sees=lambda level: level >= 2)
"""

from custinfo.exchange import rows
from custinfo.exchange.exports import EXPORTS, Export, export
from custinfo.exchange.faults import Fault, place_text
from custinfo.exchange.parsed import Parsed, ParsedRecord
from custinfo.exchange.records import StoredRecord, left_out

__all__ = [
    "EXPORTS", "Export", "Fault", "Parsed", "ParsedRecord", "StoredRecord", "export", "left_out", "place_text",
    "rows",
]  # fmt: skip
