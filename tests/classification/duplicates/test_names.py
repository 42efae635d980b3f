import pytest

from custinfo.classification.duplicates.names import company, person
from custinfo.classification.duplicates.readings import alike, plain, sound


@pytest.mark.parametrize(
    ("name", "places", "trade", "business", "form", "branch"),
    [
        ("深圳市恒达科技有限公司", ("深圳",), "恒达", "科技", "limited", ""),
        ("广东省深圳市恒达新材料科技有限责任公司", ("广东", "深圳"), "恒达", "新材料科技", "limited", ""),
        ("深圳市恆達科技（集團）股份有限公司", ("深圳",), "恒达", "科技", "shares", ""),
        ("恒达科技（深圳）有限公司", ("深圳",), "恒达", "科技", "limited", ""),
        ("恒达科技深圳有限公司", ("深圳",), "恒达", "科技", "limited", ""),
        ("深圳恒达", ("深圳",), "恒达", "", "", ""),
        ("恒达科技发展有限公司", (), "恒达", "科技", "limited", ""),
        ("佛山市顺德区宏鑫五金厂", ("佛山", "顺德"), "宏鑫", "五金", "works", ""),
        ("义乌市宏鑫饰品经营部（个体工商户）", ("义乌",), "宏鑫饰品", "", "shop", ""),
        ("深圳市恒达科技有限公司广州分公司", ("深圳",), "恒达", "科技", "limited", "广州分公司"),
        ("恒达科技广州办事处", (), "恒达", "科技", "", "广州办事处"),
        ("海底捞火锅（万达广场店）", (), "海底捞", "火锅", "", "万达广场店"),
        ("宏鑫餐饮有限公司第二分店", (), "宏鑫", "餐饮", "limited", "第二分店"),
        ("深圳市恒达电子有限公司（原深圳市大恒电子厂）", ("深圳",), "恒达", "电子", "limited", ""),
        ("深圳市恒达科技有限公司 联系人张三", ("深圳",), "恒达", "科技", "limited", ""),
        ("Shenzhen Hengda Technology Co., Ltd.", ("深圳",), "hengda", "科技", "limited", ""),
        ("HENGDA TRADING (SHENZHEN) CO LTD", ("深圳",), "hengda", "贸易", "limited", ""),
    ],
)
def test_a_company_name_is_taken_apart(name, places, trade, business, form, branch):
    found = company(name)
    assert (found.places, found.trade, found.business, found.form, found.branch) == (
        places,
        trade,
        business,
        form,
        branch,
    )


@pytest.mark.parametrize(
    "name", ["北京食品有限公司", "北京", "有限公司", "厂", "恒", "科技", "（）恒达", "）（恒达", "A", "上海市上海"]
)
def test_whatever_says_anything_has_a_trade_name(name):
    assert company(name).trade


@pytest.mark.parametrize("name", ["", "  ", "（）", "···"])
def test_nothing_has_none(name):
    assert company(name).core == ""


def test_a_branch_is_not_its_parent_and_not_another_branch():
    names = ["恒达科技有限公司", "恒达科技有限公司广州分公司", "恒达科技有限公司上海分公司"]
    assert len({company(name).branch for name in names}) == 3
    assert company("恒达科技有限公司广州市分公司").branch == company(names[1]).branch


def test_the_same_name_in_another_script_width_or_sound():
    assert company("深圳市恆達電子有限公司").core == company("深圳市恒达电子有限公司").core
    assert plain("ＡＢＣ１２３") == "abc123"
    assert sound(company("宏鑫科技").core) == sound(company("鸿欣科技").core) == "hongxinkeji"
    assert sound(company("Hengda Technology").trade) == sound(company("恒达科技").trade)
    assert alike(sound("张成")) == alike(sound("章晨"))


@pytest.mark.parametrize(
    ("name", "surname", "given"),
    [
        ("单雄信", "shan", "xiongxin"),
        ("仇英", "qiu", "ying"),
        ("曾國藩", "zeng", "guofan"),
        ("查良镛", "zha", "liangyong"),
        ("区志强", "ou", "zhiqiang"),
        ("欧阳 修", "ouyang", "xiu"),
        ("诸葛亮", "zhuge", "liang"),
        ("Mary Smith", "smith", "mary"),
        ("Smith, Mary Ann", "smith", "maryann"),
        ("smith,", "smith", ""),
        ("", "", ""),
    ],
)
def test_a_person_has_a_surname_by_its_own_reading(name, surname, given):
    found = person(name)
    assert (found.surname, found.given) == (surname, given)
