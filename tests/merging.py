"""What the tests of duplicates and merges share: two customers that are one, and who decides on them."""

from custinfo.actions import entities
from custinfo.domain.people import Role
from tests import factories

NAME, CODE, PHONE = factories.NAME, factories.CREDIT_CODE, factories.PHONE
ADDRESS, SHORT = "/data/place/address", "/data/basic/short_name"
TWIN = factories.CARD | {
    NAME: "深圳市宏远电子科技股份有限公司", CODE: factories.code_for(90011), ADDRESS: "科技南路 1 号 3 楼", SHORT: "宏远",
    PHONE: "0755-08880009",
}  # fmt: skip
PERSON = {
    "/data/basic/name": "单秀英",
    "/data/basic/birth_year": "1980",
    "/data/place/province": "440000",
    "/data/place/prefecture": "440300",
    "/data/place/address": "深南大道 8 号 2 栋 301",
    "/data/place/phone": "13800138000",
}


class World:
    """Two enterprises that are one, entered by a researcher, and a supervisor of the same department."""

    def __init__(self, store):
        self.store = store
        self.researcher = factories.account(store, login_name="lin")
        self.supervisor = factories.account(store, Role.SUPERVISOR, login_name="zhao")
        self.stays = factories.card(store, self.researcher, key="one")
        self.goes = factories.card(store, self.researcher, TWIN, key="two")

    def seen(self, *numbers):
        """The versions of these customers now; of both, survivor first, when none is named."""
        given = numbers or (self.stays.customer_number, self.goes.customer_number)
        return tuple(entities.by_number(self.store, "customers", one)["version"] for one in given)

    def answers(self, customer_id):
        """The answers of a customer's newest card, by ref."""
        from custinfo.xforms.refs import flat

        return flat(entities.content(self.store, entities.current(self.store, customer_id)), "/data")


def person(store, actor, answers=PERSON, *, key):
    """A submitted card of an individual; gives its receipt."""
    return factories.submit(store, actor, factories.draft_of(store, actor, "individual_card", answers), key)
