"""Invented companies and what clerks make of them: several records of one company, spoilt in the ways that occur.

Seeded. A record is a `Party`; beside it stands the number of the company that it truly is. Branches and sister
companies (same trade name, other business; same trade name and business, other town) are companies of their own.
"""

import random
from collections.abc import Callable, Iterator

from custinfo.classification.duplicates.party import Party
from custinfo.domain import codelists, identifiers

TRADE = "宏鑫瑞恒锦盛荣嘉祥泰昌隆庆裕茂铭卓博启弘诚德润丰益凯佳晟旭骏翔景宇和聚汇源坤亿优安达辰朗睿金华兴美天海龙东方新远大明光正信立中建国联合创科力强伟通顺利福康宝星云山江河林森木石玉珠兰雅思维智慧同乐百万千里飞腾跃升"
BUSINESS = [
    "科技",
    "贸易",
    "实业",
    "电子",
    "食品",
    "餐饮管理",
    "物流",
    "机械",
    "服饰",
    "建材",
    "装饰工程",
    "化工",
    "医药",
    "广告",
    "文化传播",
    "网络科技",
    "信息技术",
    "商贸",
    "五金制品",
    "塑胶制品",
    "包装材料",
    "印刷",
    "家具",
    "汽车配件",
    "农业发展",
    "环保科技",
    "新能源",
    "教育咨询",
    "物业管理",
    "建筑工程",
    "电气设备",
    "生物科技",
    "供应链管理",
    "国际贸易",
    "进出口",
    "投资",
    "房地产开发",
    "酒店管理",
    "园林绿化",
    "模具",
    "钓具",
    "香精",
    "窗饰",
]
FORMS = ["有限公司"] * 12 + ["有限责任公司"] * 3 + ["股份有限公司"] * 2 + ["厂", "经营部", "商行"]
ROADS = [
    "人民",
    "解放",
    "建设",
    "中山",
    "新华",
    "和平",
    "文化",
    "胜利",
    "光明",
    "科技",
    "创业",
    "工业",
    "迎宾",
    "滨河",
    "长江",
    "黄河",
    "朝阳",
    "东风",
    "友谊",
    "学府",
    "振兴",
    "富民",
    "松柏",
    "梅林",
    "滨海",
    "银湖",
]
BUILDINGS = ["创新大厦", "商务中心", "科技园", "财富广场", "国贸大厦", "产业园", "金融中心", "软件园", "时代广场", ""]
SAME_SOUND = [
    "宏弘红鸿洪", "鑫新欣心馨", "瑞睿锐", "恒衡横", "盛胜圣", "嘉佳家加", "祥翔详", "昌长", "隆龙", "裕玉誉宇育",
    "达大", "诚成城程", "德得", "丰峰锋风", "益亿易意义",
    "晟圣", "辰晨宸臣", "源元园原", "汇慧惠会", "安庵", "华桦骅", "兴星", "天添", "海嗨", "东冬", "远苑", "正政",
    "立力利丽", "中忠", "建健", "联莲", "创闯", "科柯",
    "康糠", "宝保", "云芸", "江姜", "林霖琳", "雅亚", "智志致", "同童", "百柏", "飞菲", "腾藤", "升生声", "福富",
    "明铭名", "博伯", "启起企", "凯楷", "金津今",
]  # fmt: skip
TRADITIONAL = str.maketrans(
    "汇华兴东远联创科强伟顺宝云龙飞腾贸业电机设备气国际发展实广传网络术医药农环规财务装饰",
    "匯華興東遠聯創科強偉順寶雲龍飛騰貿業電機設備氣國際發展實廣傳網絡術醫藥農環規財務裝飾",
)
_SOUNDS = {character: group.replace(character, "") for group in SAME_SOUND for character in group}
DEPARTMENTS = ["92", "91", "91", "91", "93"]


class Maker:
    """Makes companies and records of them; the same seed makes the same."""

    def __init__(self, seed: int) -> None:
        self.random = random.Random(seed)
        rows = codelists.load("region").rows
        self.counties = [row for row in rows if row.level == "county" and not row.code.startswith(("71", "81", "82"))]
        self.by_code = {row.code: row for row in rows}
        self.towns = self.random.sample(self.counties, 400)

    def records(self, count: int) -> Iterator[tuple[Party, int]]:
        """So many records, in no order that tells anything, each with the number of its company."""
        made: list[tuple[Party, int]] = []
        company, firm = 0, self._firm()
        while len(made) < count:
            company += 1
            firm = self._relative(firm) if self.random.random() < 0.15 else self._firm()
            for copy in range(self._copies()):
                made.append((firm if copy == 0 and self.random.random() < 0.7 else self._spoilt(firm), company))
        made = made[:count]
        self.random.shuffle(made)
        for place, (party, truth) in enumerate(made):
            yield self._with(party, id=f"C{place:07d}"), truth

    def _copies(self) -> int:
        return self.random.choices([1, 2, 3, 4], [60, 25, 10, 5])[0]

    def _firm(self) -> Party:
        town = self.random.choice(self.towns)
        prefecture = self.by_code[town.parent]
        city = (
            prefecture
            if not prefecture.name.startswith(("市辖", "省直", "自治区直", "县"))
            else self.by_code[town.code[:2] + "0000"]
        )
        trade = "".join(self.random.choices(TRADE, k=self.random.choice([2, 2, 2, 3, 4])))
        head = self.random.choice(
            [city.name, city.name, self.by_code[town.code[:2] + "0000"].name + city.name, town.name, ""]
        )
        name = head + trade + self.random.choice(BUSINESS) + self.random.choice(FORMS)
        return Party(
            id="",
            kind="enterprise",
            name=name,
            credit_code=self._code(town.code) if self.random.random() < 0.9 else "",
            phones=(self._phone(),),
            address=self._address(city.name, town.name),
            region=town.code,
        )

    def _relative(self, firm: Party) -> Party:
        """A branch at another address, a sister at the same one, or a namesake in another town."""
        what = self.random.choice(["branch", "sister", "namesake"])
        other = self._firm()
        if what == "branch":
            place = self.by_code[other.region].name
            return self._with(
                firm,
                name=f"{firm.name}{place}分公司",
                credit_code=other.credit_code,
                address=other.address,
                region=other.region,
            )
        business = next((word for word in BUSINESS if word in firm.name), "")
        if what == "sister":
            name = firm.name.replace(business, self.random.choice([word for word in BUSINESS if word != business]))
            phones = firm.phones if self.random.random() < 0.6 else other.phones
            return self._with(firm, name=name, credit_code=other.credit_code, phones=phones)
        heads = (
            self.by_code[firm.region[:2] + "0000"].name,
            self.by_code[firm.region].name,
            self.by_code[self.by_code[firm.region].parent].name,
        )
        name = firm.name
        for head in heads:
            name = name.replace(head, "")
        return self._with(other, name=self.by_code[other.region].name + name)

    def _code(self, area: str) -> str:
        body = "".join(self.random.choices("0123456789ABCDEFGHJKLMNPQRTUWXY", k=8))
        first = self.random.choice(DEPARTMENTS) + area + body + identifiers.organisation_check_character(body)
        return first + identifiers.credit_code_check_character(first)

    def _phone(self) -> str:
        if self.random.random() < 0.6:
            return "1" + self.random.choice("35789") + "".join(self.random.choices("0123456789", k=9))
        return f"0{self.random.randint(311, 899)}-{self.random.randint(20000000, 88999999)}"

    def _address(self, city: str, town: str) -> str:
        road = (
            self.random.choice(ROADS)
            + self.random.choice(["", "", "东", "西", "一", "二"])
            + self.random.choice(["路", "路", "大道", "街"])
        )
        building = self.random.choice(BUILDINGS)
        floor = f"{building}{self.random.randint(1, 30)}楼" if building else ""
        return f"{city}{town}{road}{self.random.randint(1, 900)}号{floor}"

    def _spoilt(self, firm: Party) -> Party:
        """One to four things happen to the record."""
        for spoil in self.random.sample(self._spoilings(), self.random.choice([1, 1, 2, 2, 3, 4])):
            firm = spoil(firm)
        return firm

    def _spoilings(self) -> list[Callable[[Party], Party]]:
        return [
            self._same_sound, self._traditional, self._other_form, self._without_region, self._short,
            self._full_width, self._letter, self._brackets,
            self._no_code, self._no_code, self._wrong_code, self._other_phone, self._phone_written, self._no_phone,
            self._no_address, self._swapped, self._short_address,
            self._numerals, self._moved, self._coarse_region,
        ]  # fmt: skip

    @staticmethod
    def _with(party: Party, **changes: object) -> Party:
        return Party(**{**{name: getattr(party, name) for name in Party.__dataclass_fields__}, **changes})

    def _same_sound(self, firm: Party) -> Party:
        places = [place for place, character in enumerate(firm.name) if character in _SOUNDS]
        if not places:
            return firm
        place = self.random.choice(places)
        return self._with(
            firm, name=firm.name[:place] + self.random.choice(_SOUNDS[firm.name[place]]) + firm.name[place + 1 :]
        )

    def _traditional(self, firm: Party) -> Party:
        return self._with(firm, name=firm.name.translate(TRADITIONAL), address=firm.address.translate(TRADITIONAL))

    def _other_form(self, firm: Party) -> Party:
        for form in ("有限责任公司", "股份有限公司", "有限公司"):
            if firm.name.endswith(form):
                return self._with(
                    firm,
                    name=firm.name.removesuffix(form) + self.random.choice(["有限公司", "有限责任公司", "公司", ""]),
                )
        return firm

    def _heads(self, firm: Party) -> list[str]:
        code = firm.region.ljust(6, "0")
        return [self.by_code[c].name for c in (code[:2] + "0000", code[:4] + "00", code) if c in self.by_code]

    def _without_region(self, firm: Party) -> Party:
        name = firm.name
        for head in self._heads(firm):
            name = name.removeprefix(head)
        return self._with(firm, name=name)

    def _short(self, firm: Party) -> Party:
        name = self._other_form(firm).name
        if name.endswith("分公司"):
            return firm
        name = name.removesuffix("有限责任公司").removesuffix("有限公司").removesuffix("公司")
        if self.random.random() < 0.5:
            for word in sorted(BUSINESS, key=len, reverse=True):
                name = name.removesuffix(word)
        return self._with(firm, name=name)

    def _full_width(self, firm: Party) -> Party:
        code = "".join(chr(ord(c) + 0xFEE0) for c in firm.credit_code)
        return self._with(
            firm, credit_code=code if self.random.random() < 0.5 else firm.credit_code.lower(), name=f" {firm.name} "
        )

    def _letter(self, firm: Party) -> Party:
        """A character that looks or means something else, one left out, or two the wrong way round, after the head."""
        place = self.random.randrange(max(0, len(firm.name) - 9), max(1, len(firm.name) - 4))
        kind = self.random.choice(["other", "missing", "turned"])
        name = firm.name
        if kind == "other":
            name = name[:place] + self.random.choice(TRADE) + name[place + 1 :]
        elif kind == "missing":
            name = name[:place] + name[place + 1 :]
        else:
            name = name[:place] + name[place : place + 2][::-1] + name[place + 2 :]
        return self._with(firm, name=name)

    def _brackets(self, firm: Party) -> Party:
        for head in self._heads(firm):
            if firm.name.startswith(head) and firm.name.endswith("有限公司"):
                town = head.removesuffix("市").removesuffix("省")
                return self._with(
                    firm, name=firm.name.removeprefix(head).removesuffix("有限公司") + f"（{town}）有限公司"
                )
        return firm

    def _no_code(self, firm: Party) -> Party:
        return self._with(firm, credit_code="")

    def _wrong_code(self, firm: Party) -> Party:
        if not firm.credit_code:
            return firm
        place = self.random.randrange(2, 17)
        code = firm.credit_code
        if self.random.random() < 0.5:
            return self._with(firm, credit_code=code[:place] + self.random.choice("0123456789") + code[place + 1 :])
        return self._with(firm, credit_code=code[:place] + code[place : place + 2][::-1] + code[place + 2 :])

    def _other_phone(self, firm: Party) -> Party:
        return self._with(firm, phones=(self._phone(),))

    def _phone_written(self, firm: Party) -> Party:
        if not firm.phones:
            return firm
        number = firm.phones[0]
        written = (
            f"+86 {number[:3]} {number[3:7]} {number[7:]}" if number.startswith("1") else f"({number.replace('-', ')')}"
        )
        return self._with(firm, phones=(written, self._phone()))

    def _no_phone(self, firm: Party) -> Party:
        return self._with(firm, phones=())

    def _no_address(self, firm: Party) -> Party:
        return self._with(firm, address="")

    def _swapped(self, firm: Party) -> Party:
        road, number, rest = firm.address.partition("号")
        return self._with(firm, address=f"{rest}，{road}{number}" if rest else firm.address)

    def _short_address(self, firm: Party) -> Party:
        address = firm.address
        for head in self._heads(firm):
            address = address.removeprefix(head)
        return self._with(firm, address=address.partition("号")[0] + "号" if self.random.random() < 0.5 else address)

    def _numerals(self, firm: Party) -> Party:
        road, number, rest = firm.address.rpartition("楼")
        tens = "一二三四五六七八九"
        if number and road[-1:].isdigit() and not road[-2:].isdigit() and road[-1] != "0":
            return self._with(firm, address=road[:-1] + tens[int(road[-1]) - 1] + number + rest)
        return firm

    def _moved(self, firm: Party) -> Party:
        heads = self._heads(firm)
        return self._with(firm, address=self._address(heads[-2] if len(heads) > 1 else "", heads[-1] if heads else ""))

    def _coarse_region(self, firm: Party) -> Party:
        return self._with(firm, region=self.random.choice([firm.region[:4] + "00", ""]))
