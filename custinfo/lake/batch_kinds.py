"""The kinds of batches: which columns a file has, what each must be, how a row is told from others, where it goes.

A kind of batch is declared here once. Its reading (`row_rules`), its table (`schema`) and the words for its columns
(`locale/*/lake.toml`: `column.<name>`) follow.
"""

import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass

from custinfo.domain.messages import text


@dataclass(frozen=True)
class Column:
    """A column of a file: `name` is its English heading, `aliases` are others.

    `value` names what a cell must be (`row_rules`), `target` the column of the lake's table that keeps it, "" for none.
    A file without an `optional` column is taken. A cell may be blank in rows of the kinds `blank`; None: in all rows.
    """

    name: str
    aliases: tuple[str, ...]
    value: str
    target: str
    optional: bool = False
    blank: frozenset[str] | None = frozenset()


@dataclass(frozen=True)
class BatchKind:
    """A kind of batch. `row_id` is the column whose values no two rows of a file share, and by which a later batch
    from the same source replaces or cancels a row. Without a column `kind` every row is of `fixed_kind`.
    """

    name: str
    table: str
    row_id: str
    columns: tuple[Column, ...]
    kinds: Mapping[str, str]
    fixed_kind: str = ""

    def expected(self, language: str) -> str:
        """The headings that a file must have, in words."""
        return ", ".join(text(f"lake.column.{column.name}", language) for column in self.columns if not column.optional)

    def by_heading(self) -> dict[str, Column]:
        """Each way to write a heading, as `heading` gives it."""
        return {heading(name): column for column in self.columns for name in (column.name, *column.aliases)}


def heading(written: str) -> str:
    """A heading in the form in which headings are compared: no case, no full-width brackets, no spaces."""
    return unicodedata.normalize("NFKC", written).replace(" ", "").casefold()


def _named(pairs: Mapping[str, str]) -> dict[str, str]:
    """Kinds by their English and their Chinese name."""
    return {name: english for english, chinese in pairs.items() for name in (english, chinese)}


_ANY = None
_PAYMENTS = frozenset({"payment"})

_CUSTOMER = Column("customer", ("客户编号",), "customer", "customer_key")
_LINE_NO = Column("line_no", ("单据行号",), "row_id", "line_no")
_DAY = Column("date", ("日期",), "past_day", "occurred_on")
_AMOUNT = Column("amount", ("金额(元)", "金额"), "amount", "amount_fen")
_CURRENCY = Column("currency", ("币种", "货币"), "yuan_only", "", optional=True, blank=_ANY)
_STATE = Column("state", ("状态", "单据状态"), "state", "", optional=True, blank=_ANY)
_PRODUCT = Column("product", ("品名",), "text", "product")
_QUANTITY = Column("quantity", ("数量",), "quantity", "quantity")
_KIND = Column("kind", ("类型",), "kind", "kind")
_OF_PROFIT = (
    Column("cost", ("成本(元)", "成本"), "further_amount", "cost_fen", optional=True, blank=_ANY),
    Column("product_line", ("产品线",), "text", "product_line", optional=True, blank=_ANY),
    Column("area", ("销售区域",), "text", "area", optional=True, blank=_ANY),
    Column("channel", ("销售渠道", "渠道"), "text", "channel", optional=True, blank=_ANY),
)

_EVENT = (_CUSTOMER, Column("event_id", ("事件编号",), "row_id", "event_id"), _KIND,
          Column("time", ("时间",), "past_moment", "occurred_at"))  # fmt: skip
_EVENT_PRODUCT = Column("product", ("品名",), "text", "product", optional=True, blank=_ANY)
_RATING = Column("rating", ("评分",), "rating", "rating", optional=True, blank=_ANY)
_PAGE = Column("page", ("页面",), "page", "page", optional=True, blank=_ANY)

SALES = BatchKind(
    "sales", "sales", "line_no",
    (
        _CUSTOMER, _LINE_NO, _KIND, _DAY,
        Column("product", ("品名",), "text", "product", blank=_PAYMENTS),
        Column("quantity", ("数量",), "quantity", "quantity", blank=_PAYMENTS),
        _AMOUNT, *_OF_PROFIT, _CURRENCY, _STATE,
    ),
    _named({"sale": "销售", "payment": "收款", "return": "退货"}),
)  # fmt: skip
PAYMENTS = BatchKind(
    "payments", "sales", "line_no", (_CUSTOMER, _LINE_NO, _DAY, _AMOUNT, _CURRENCY, _STATE), {}, "payment"
)
RETURNS = BatchKind(
    "returns", "sales", "line_no",
    (_CUSTOMER, _LINE_NO, _DAY, _PRODUCT, _QUANTITY, _AMOUNT, *_OF_PROFIT, _CURRENCY, _STATE), {}, "return",
)  # fmt: skip
ORDERS = BatchKind(
    "orders", "orders", "order_no",
    (
        _CUSTOMER, Column("order_no", ("订单号",), "row_id", "order_no"), _DAY,
        Column("ordered", ("订货金额(元)", "订货金额"), "amount", "amount_fen"),
        Column("delivered", ("已交货金额(元)", "已交货金额"), "further_amount", "delivered_fen"),
        Column("invoiced", ("已入账金额(元)", "已入账金额", "已开票金额"), "further_amount", "invoiced_fen"),
        _CURRENCY, _STATE,
    ),
    {}, "order",
)  # fmt: skip
SERVICE_EVENTS = BatchKind(
    "service_events", "service_events", "event_id", (*_EVENT, _EVENT_PRODUCT, _RATING, _STATE),
    _named({
        "enquiry": "咨询", "visit": "拜访", "return_visit": "回访", "delivery": "送货", "installation": "安装",
        "training": "培训", "maintenance": "保养", "repair": "维修", "complaint": "投诉", "other": "其他",
    }),
)  # fmt: skip
WEB_EVENTS = BatchKind(
    "web_events", "web_events", "event_id", (*_EVENT, _EVENT_PRODUCT, _PAGE, _RATING, _STATE),
    _named({
        "login": "登录", "view": "浏览", "click": "点击", "search": "搜索", "favourite": "收藏", "cart": "加购",
        "order": "下单", "review": "评价",
    }),
)  # fmt: skip

KINDS: Mapping[str, BatchKind] = {
    kind.name: kind for kind in (SALES, PAYMENTS, RETURNS, ORDERS, SERVICE_EVENTS, WEB_EVENTS)
}
