"""A second set of invented companies, of another shape: so that nothing is tuned to the first one alone.

Trade names are drawn from all common characters instead of a hundred, businesses from words that are mostly in no list of
ours, agents' telephones are shared by many, codes are often missing, and records are spoilt more often and more.
"""

from collections.abc import Callable

from custinfo.classification.duplicates.party import Party
from tests.classification.duplicates.corrupted_companies import FORMS, Maker

UNLISTED = [
    "竹编",
    "滑雪场",
    "古籍修复",
    "卤味",
    "烘焙坊",
    "水产冷冻",
    "农机租赁",
    "幕墙",
    "密封件",
    "玩偶",
    "假发",
    "刀剪",
    "油漆",
    "机房运维",
    "宠物用品",
    "考古勘探",
]
LISTED = ["科技", "贸易", "食品", "机械", "物流", "建材", "服饰", "广告"]
COPIES, HOW_OFTEN = [1, 2, 3, 4, 5, 6], [45, 25, 12, 9, 6, 3]


class OtherMaker(Maker):
    """As `Maker`, of the other shape."""

    def __init__(self, seed: int) -> None:
        super().__init__(seed)
        # The first level of GB 2312: 3,755 common characters
        self.characters = [
            bytes([row, cell]).decode("gb2312") for row in range(0xB0, 0xD7) for cell in range(0xA1, 0xFA)
        ]
        self.agents = [self._phone() for _ in range(20)]

    def _copies(self) -> int:
        return self.random.choices(COPIES, HOW_OFTEN)[0]

    def _firm(self) -> Party:
        firm = super()._firm()
        trade = "".join(self.random.choices(self.characters, k=self.random.choice([2, 2, 3, 3, 4])))
        business = self.random.choice(UNLISTED if self.random.random() < 0.6 else LISTED)
        town = self.by_code[firm.region]
        head = self.random.choice([town.name, self.by_code[firm.region[:2] + "0000"].name, "", ""])
        phone = self.random.choice(self.agents) if self.random.random() < 0.02 else firm.phones[0]
        code = firm.credit_code if self.random.random() < 0.7 else ""
        name = head + trade + business + self.random.choice(FORMS)
        return self._with(firm, name=name, phones=(phone,), credit_code=code)

    def _spoilt(self, firm: Party) -> Party:
        for spoil in self.random.sample(self._spoilings(), self.random.choice([1, 2, 3, 3, 4])):
            firm = spoil(firm)
        return firm

    def _spoilings(self) -> list[Callable[[Party], Party]]:
        return [*super()._spoilings(), self._person_behind, self._extension]

    def _person_behind(self, firm: Party) -> Party:
        return self._with(firm, name=f"{firm.name} 联系人{self.random.choice('张王李赵')}经理")

    def _extension(self, firm: Party) -> Party:
        return self._with(firm, phones=tuple(f"{number}转{self.random.randint(1, 99)}" for number in firm.phones))
