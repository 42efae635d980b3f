"""What the tests of erasure share: a planted customer, people who agree, and a look at every byte that a site holds."""

import struct
from datetime import date

from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes

from custinfo.actions import approvals, batches, lake, retention
from custinfo.domain.people import SERVICE, Role
from tests import factories

PLANTED = "钟离暮雪"
PHONE = "0755-08887777"
CARD = factories.CARD | {
    factories.NAME: f"{PLANTED}工作室",
    factories.CREDIT_CODE: factories.code_for(90777),
    factories.PHONE: PHONE,
    "/data/people/contact_name": PLANTED,
}
WORDS = (PLANTED, PHONE, CARD[factories.CREDIT_CODE])
PAGE, RESERVED = 4096, 80
SALES = """customer,line_no,kind,date,product,quantity,amount
{number},SECRET-LINE-1,sale,2026-10-05,螺栓,10,1234.50
{number},SECRET-LINE-2,payment,2026-10-20,,,1234.50
"""


class Staff:
    """Those who enter, agree and carry out."""

    def __init__(self, store):
        self.researcher = factories.account(store, login_name="wei")
        self.administrator = factories.account(store, Role.INFORMATION_ADMINISTRATOR, login_name="xu")
        self.manager = factories.account(store, Role.MANAGER, login_name="ren")


def agree(store, staff, plan_id):
    """Both steps of the approval of a plan."""
    case = approvals.of(store, retention.KIND, plan_id)
    for person in (staff.administrator, staff.manager):
        approvals.decide(store, person, case.case_id, "approve", case.sha256, password=factories.PASSWORD)
    return case.case_id


def sold(store, tmp_path, number, name="sales.csv"):
    """A sale, paid for, of the customer of that number; published."""
    file = tmp_path / name
    file.write_text(SALES.format(number=number), "utf-8")
    batches.import_sales(store, SERVICE, file, source="ERP", lawful_basis="contract", errors=tmp_path)
    lake.publish(store, SERVICE)


def decrypted(site):
    """Every page of the store's file and of its write-ahead log as SQLCipher decrypts them, free ones too."""
    key = site.secret("store")
    found = []
    content = site.database.read_bytes()
    found += [_page(key, content[at : at + PAGE], at == 0) for at in range(0, len(content), PAGE)]
    log = site.database.with_name(site.database.name + "-wal")
    frames = log.read_bytes()[32:] if log.exists() else b""
    for at in range(0, len(frames) - PAGE, PAGE + 24):
        (number,) = struct.unpack(">I", frames[at : at + 4])
        found.append(_page(key, frames[at + 24 : at + 24 + PAGE], number == 1))
    return b"".join(found)


def _page(key, page, first):
    ciphertext = page[16 if first else 0 : PAGE - RESERVED]
    iv = page[PAGE - RESERVED : PAGE - RESERVED + 16]
    decryptor = Cipher(algorithms.AES(key), modes.CBC(iv)).decryptor()
    return decryptor.update(ciphertext) + decryptor.finalize()


def files_with(folder, words):
    """The files below a folder that hold one of the words as it stands."""
    found = []
    for path in folder.rglob("*"):
        if path.is_file() and any(word.encode() in path.read_bytes() for word in words):
            found.append(path)
    return found


def lake_texts(site):
    """Every value of every Parquet file below the lake, listed by a version or not."""
    import pyarrow.parquet as pq

    values = set()
    for path in site.lake.rglob("*.parquet*"):
        for row in pq.read_table(path).to_pylist():
            values |= {str(value) for value in row.values()}
    return values


def long_ago(monkeypatch, today=date(2035, 1, 2)):
    """Years later, when everything of today is due."""
    monkeypatch.setattr(retention, "today", lambda store: today)
