"""Names of companies taken apart: where, what it is called, what it does, its legal form, and which branch.

    深圳市 恒达 科技 (集团) 股份有限公司 广州分公司
    place  trade business          form    branch

The trade name (字号) tells companies of one business and town apart; companies of one trade name in different
businesses are sisters, and a branch is not its parent: these must not be taken for one another.
"""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import NamedTuple

from custinfo.classification.duplicates import places
from custinfo.classification.duplicates.readings import (
    COMPOUND_SURNAMES,
    SURNAME_READINGS,
    is_han,
    plain,
    sound,
)

FORMS: Mapping[str, str] = {
    "股份有限责任公司": "shares", "股份有限公司": "shares", "有限责任公司": "limited", "有限公司": "limited",
    "股份公司": "shares",
    "责任公司": "limited", "合伙企业": "partnership", "个人独资企业": "sole", "普通合伙": "partnership",
    "有限合伙": "partnership",
    "特殊普通合伙": "partnership", "专业合作社": "cooperative", "农民专业合作社": "cooperative",
    "合作社": "cooperative",
    "供销社": "cooperative", "总公司": "company", "公司": "company", "总厂": "works", "工厂": "works", "厂": "works",
    "事务所": "office", "研究院": "institute", "研究所": "institute", "设计院": "institute", "医院": "hospital",
    "诊所": "hospital",
    "学校": "school", "中学": "school", "小学": "school", "幼儿园": "school", "大学": "school", "学院": "school",
    "中心": "centre", "工作室": "studio", "商行": "shop", "商店": "shop", "经营部": "shop", "经销部": "shop",
    "批发部": "shop",
    "门市部": "shop", "服务部": "shop", "商贸行": "shop", "车行": "shop", "店": "shop", "行": "shop", "馆": "shop",
    "坊": "shop",
    "铺": "shop", "超市": "shop", "农场": "farm", "协会": "association", "商会": "association", "基金会": "association",
    "个体工商户": "sole", "个体户": "sole",
}  # fmt: skip
"""The end of a name → its legal form, as coarse as people remember it. 有限公司 and 有限责任公司 are the same."""

LATIN_FORMS: Mapping[str, str] = {
    "coltd": "limited", "companylimited": "limited", "companyltd": "limited", "ltd": "limited", "limited": "limited",
    "inc": "shares", "incorporated": "shares", "corp": "shares", "corporation": "shares", "plc": "shares",
    "ag": "shares",
    "llc": "limited", "gmbh": "limited", "llp": "partnership", "lp": "partnership", "co": "company",
    "company": "company",
}  # fmt: skip

BUSINESSES = (
    "科技 技术 信息 网络 软件 电子 电器 电气 电力 电缆 机电 机械 机床 设备 仪器 仪表 自动化 智能 数码 通信 通讯 光电 "
    "半导体 集成电路 贸易 商贸  "
    "国际贸易 进出口 外贸 实业 工业 工贸 商业 商务 投资 控股 资产 资本 基金 金融 融资 租赁 担保 保险 置业 地产 "
    "房地产 物业 建设 建筑 建材 建工  "
    "工程 装饰 装修 装潢 园林 绿化 景观 市政 路桥 水利 消防 安防 门窗 家具 家居 家私 家电 家政 酒店 宾馆 餐饮 饮食 "
    "食品 饮料 酒业 茶业 茶叶 粮油  "
    "粮食 面粉 米业 肉食 肉食品 水产 海产 果业 果蔬 蔬菜 农业 农产品 农资 农牧 牧业 养殖 生态养殖 生态农业 种植 种业 "
    "饲料 林业 木业 竹业 苗木 花卉  "
    "渔业 乳业 糖业 盐业 烟草 纺织 服装 服饰 制衣 针织 印染 鞋业 皮革 箱包 家纺 布业 化工 化学 涂料 塑料 塑胶 橡胶 "
    "橡塑 材料 新材料 复合材料  "
    "钢铁 钢材 钢构 金属 有色金属 铝业 铜业 五金 模具 铸造 锻造 轴承 阀门 泵业 矿业 煤业 煤炭 能源 新能源 石油 石化 "
    "燃气 热力 环保 环境 节能  "
    "水务 医药 药业 制药 医疗 医疗器械 器械 生物 生物科技 健康 保健 养老 美容 美发 化妆品 日化 日用品 百货 商场 超市 "
    "连锁 零售 批发 文具 办公  "
    "办公用品 纸业 印刷 包装 印务 广告 传媒 文化 文化传播 传播 影视 影业 出版 图书 教育 培训 咨询 管理 企业管理 "
    "企业服务 人力资源 劳务 劳务派遣 物流 运输 货运 客运  "
    "快递 速递 仓储 供应链 供应链管理 航运 船舶 航空 汽车 汽贸 汽修 汽车销售 汽车服务 汽配 摩托车 车业 交通 旅游 "
    "旅行社 会展 展览 体育 健身 娱乐 玩具 珠宝 首饰 钟表 眼镜  "
    "工艺品 礼品 陶瓷 玻璃 水泥 石材 灯饰 照明 卫浴 洁具 厨具 厨卫 不锈钢 电梯 空调 制冷 暖通 电池 电源 电机 电动车 "
    "线缆 元器件 精密  "
    "制造 加工 生产 销售 营销 服务 维修 安装 检测 设计 创意 开发 发展 产业 企业 集团 电子商务 信息技术 信息科技 "
    "网络科技 电子科技  "
    "环保科技 农业科技 医疗科技 智能科技 会计 税务 律师 商标 知识产权 鞋 鲜花 小吃 快餐 火锅 烧烤 面馆 饭店 酒楼 "
    "餐厅 便利 便民 副食 烟酒 水果 理发 洗衣 药房 大药房 药店 书店"
)
_BUSINESSES = frozenset(BUSINESSES.split())
_EMPTY_WORDS = ("集团", "企业", "发展", "控股")
"""Said or left out at will: 恒达科技发展 is 恒达科技."""

LATIN_BUSINESSES: Mapping[str, str] = {
    "technology": "科技", "technologies": "科技", "tech": "科技", "trading": "贸易", "trade": "贸易",
    "industrial": "实业",
    "industry": "实业", "industries": "实业", "electronics": "电子", "electronic": "电子", "electric": "电气",
    "electrical": "电气",
    "machinery": "机械", "equipment": "设备", "software": "软件", "network": "网络", "information": "信息",
    "food": "食品",
    "foods": "食品", "catering": "餐饮", "logistics": "物流", "transport": "运输", "garment": "服装",
    "clothing": "服装",
    "apparel": "服装", "textile": "纺织", "textiles": "纺织", "chemical": "化工", "chemicals": "化工",
    "pharmaceutical": "医药",
    "pharmaceuticals": "医药", "medical": "医疗", "construction": "建筑", "engineering": "工程", "decoration": "装饰",
    "furniture": "家具", "hardware": "五金", "metal": "金属", "metals": "金属", "steel": "钢铁", "plastic": "塑料",
    "plastics": "塑料",
    "packaging": "包装", "printing": "印刷", "advertising": "广告", "media": "传媒", "culture": "文化",
    "education": "教育",
    "consulting": "咨询", "investment": "投资", "energy": "能源", "environmental": "环保", "automobile": "汽车",
    "auto": "汽车",
    "travel": "旅游", "hotel": "酒店", "property": "物业", "agriculture": "农业", "agricultural": "农业",
    "materials": "材料",
    "group": "集团", "holdings": "控股", "development": "发展", "international": "国际", "import": "进出口",
    "export": "进出口",
}  # fmt: skip

_BRANCH = re.compile(
    r"(分公司|子公司|分店|分厂|分行|支行|支公司|分部|分社|分校|分院|分所|办事处|代表处|联络处|营业部|营业厅|营业所|门店|专卖店|加盟店|"
    r"旗舰店|直营店|项目部|维修站|服务站|加油站|工作站|经销处|销售处|销售部|事业部|第?[0-9一二三四五六七八九十]+[分门]?[店厂部])$"
)
_SHOP_OF_A_CHAIN = re.compile(r"[((]([^()]{1,12}(?:店|厂|部|处|所|站|分公司|分校|校区))[))]$")
_FORMER = re.compile(r"[((](?:原|曾用名|原名|曾用)[::]?[^()]*[))]")
_DROPPED = re.compile(r"[\s·.,,。、;;:'\"“”‘’!?&/\\|_*#+\-—–~]+")
_LATIN = re.compile(r"[a-z0-9]+")
_WHOLE_FORM = re.compile("(?:有限|责任|股份|总)?公司")
_ENDS_WITH_BRANCH = frozenset("司店厂行部社校院所处厅站)")


def _by_last_character(endings: Iterable[str]) -> Mapping[str, tuple[str, ...]]:
    """Endings by their last character, the longest first."""
    found: dict[str, list[str]] = {}
    for ending in sorted(endings, key=lambda ending: (-len(ending), ending)):
        found.setdefault(ending[-1], []).append(ending)
    return {last: tuple(those) for last, those in found.items()}


_FORM_ENDS = _by_last_character(FORMS)
_BUSINESS_ENDS = _by_last_character(_BUSINESSES)


class CompanyName(NamedTuple):
    """A name's parts, plain (`readings.plain`); a part that it does not have is empty.

    `places`: short names of the regions in it. `core`: trade and business without words that are said or left out at
    will. `trade` is never empty while the name says anything: a name that is all place and business is called by these.
    """

    places: tuple[str, ...]
    trade: str
    business: str
    form: str
    branch: str

    @property
    def core(self) -> str:
        """Trade name and business, as they follow one another."""
        return self.trade + self.business


def company(name: str) -> CompanyName:
    """The parts of `name`, Chinese or in Latin letters."""
    text = plain(name)
    if text.isascii():
        return _latin(text)
    if "(" in text and ("原" in text or "曾" in text):
        text = _FORMER.sub("", text)
    text, branch = _without_branch(_DROPPED.sub("", text))
    found: list[str] = []
    if "(" in text or ")" in text:
        text, inner = _without_brackets(text)
        found = [places.short_name(word) for word in inner if word in places.places()]
    text, form = _without_form(text)
    text, around = _without_places(text)
    trade, business = _trade_and_business(text)
    if not trade:
        trade, business = business, ""
    if not trade:  # nothing but a place and a form: the place is what it is called
        trade = "".join(around) or text or form
    return CompanyName(tuple(dict.fromkeys([*around, *found])), trade, business, form, branch)


def _without_branch(text: str) -> tuple[str, str]:
    """The parent's name, and the branch as it is compared: where or which number, and what kind."""
    if text[-1:] not in _ENDS_WITH_BRANCH or (text.endswith("限公司") and text.count("公司") == 1):
        return _without_note(text), ""
    chain = _SHOP_OF_A_CHAIN.search(text) if text.endswith(")") else None
    if chain and chain.start() >= 2:
        return text[: chain.start()], _branch(chain[1])
    whole = _WHOLE_FORM.search(text, 2)
    if whole and text[whole.start() - 1] not in "分子支":
        rest = text[whole.end() :].strip("()")
        return (text[: whole.end()], _branch(rest)) if _BRANCH.search(rest) else (_without_note(text), "")
    kind = _BRANCH.search(text)
    if not kind or kind.start() < 2:
        return text, ""
    before = text[: kind.start()].rstrip("()")
    where = places.tail(before)
    if where and len(before) - len(where) >= 2:
        return before[: -len(where)].rstrip("("), _branch(where + kind[0])
    return before, _branch(kind[0])


def _without_note(text: str) -> str:
    """`text` without what somebody wrote behind the legal form, unless that is in brackets: 恒达有限公司张三."""
    end = text.rfind("限公司") + len("限公司")
    return text[:end] if end > len("有限公司") and text[end : end + 1] not in ("(", "") else text


def _branch(text: str) -> str:
    kind = _BRANCH.search(text)
    where = text[: kind.start()] if kind else text
    return places.short_name(where.strip("()")) + (kind[0] if kind else "")


def _without_brackets(text: str) -> tuple[str, list[str]]:
    """`text` with what stands in brackets taken out, and that; brackets that are not closed are dropped."""
    inner: list[str] = []

    def take(found: re.Match[str]) -> str:
        inner.append(found[1])
        return "" if found[1] in places.places() or found[1] in _EMPTY_WORDS or found[1] in FORMS else found[1]

    text = re.sub(r"\(([^()]*)\)", take, text)
    return text.replace("(", "").replace(")", ""), inner


def _without_form(text: str) -> tuple[str, str]:
    for end in _FORM_ENDS.get(text[-1:], ()):
        # One character alone may belong to a trade name: 恒达行 keeps two, 恒行 keeps all
        if text.endswith(end) and len(text) - len(end) >= 2:
            return text[: -len(end)], FORMS[end]
    return text, ""


def _without_places(text: str) -> tuple[str, list[str]]:
    """Regions at the head, from the province down, and one at the end; something of two characters is left."""
    found: list[str] = []
    while (head := places.head(text)) and len(text) - len(head) >= 2:
        found.append(places.short_name(head))
        text = text[len(head) :]
    if (last := places.tail(text)) and len(text) - len(last) >= 2:
        found.append(places.short_name(last))
        text = text[: -len(last)]
    return text, found


def _trade_and_business(text: str) -> tuple[str, str]:
    """Words of business are taken from the end while a trade name of two characters is left."""
    business = ""
    while word := _business_at_end(text):
        text = text[: -len(word)]
        if word not in _EMPTY_WORDS:
            business = word + business
    return text, business


def _business_at_end(text: str) -> str:
    for word in _BUSINESS_ENDS.get(text[-1:], ()):
        if text.endswith(word) and (len(text) - len(word) >= 2 or text == word):
            return word
    return ""


def _latin(text: str) -> CompanyName:
    """A name in Latin letters: the words, without places, businesses and legal form, run together."""
    words = _LATIN.findall(text.replace("'", "").replace(".", "" if "co.,ltd" in text.replace(" ", "") else " "))
    words, form = _without_latin_form(list(words))
    trade, business, found = [], [], []
    for place, word in enumerate(words):
        if word in LATIN_BUSINESSES and place > 0:
            business.append(LATIN_BUSINESSES[word])
        elif word in places.places():
            found.append(places.short_name(word))
        else:
            trade.append(word)
    kept = "".join(word for word in business if word not in _EMPTY_WORDS)
    return CompanyName(tuple(dict.fromkeys(found)), "".join(trade or words), kept, form, "")


def _without_latin_form(words: list[str]) -> tuple[list[str], str]:
    for count in (2, 1):
        end = "".join(words[-count:])
        if len(words) > count and end in LATIN_FORMS:
            return words[:-count], LATIN_FORMS[end]
    return words, ""


@dataclass(frozen=True)
class PersonName:
    """A person's name by its sounds. `given` is all that is not the surname; either may be empty."""

    surname: str
    given: str
    text: str


def person(name: str) -> PersonName:
    """The parts of a person's name. Chinese: the surname comes first, by the table of compound surnames; in Latin
    letters it comes last, or before a comma. `text` is the plain name itself, without spaces, for equality.
    """
    text = plain(name).strip()
    if not any(map(is_han, text)):
        last, comma, first = text.partition(",")
        words = _LATIN.findall(f"{first} {last}" if comma else text)
        return PersonName(words[-1] if words else "", "".join(words[:-1]), "".join(words))
    text = "".join(character for character in text if character.isalnum())
    for length in (4, 2):
        if len(text) > length and text[:length] in COMPOUND_SURNAMES:
            return PersonName(COMPOUND_SURNAMES[text[:length]], sound(text[length:]), text)
    return PersonName(SURNAME_READINGS.get(text[:1], sound(text[:1])), sound(text[1:]), text)
