import pytest

from custinfo.classification.duplicates import contacts
from custinfo.classification.duplicates.addresses import address


@pytest.mark.parametrize(
    "written",
    [
        "科技路十二号创新大厦B座五楼",
        "广东省深圳市南山区科技路12号创新大厦b座5楼",
        "南山区創新大廈5樓B座，科技路12號",
        "科技路１２号　创新大厦Ｂ座５层",
    ],
)
def test_an_address_is_the_same_in_another_order_script_and_numeral(written):
    assert address(written) == address("深圳市南山区科技路12号创新大厦B座5楼")
    assert address(written).street == "kejilu12"


def test_a_road_is_not_cut_by_the_words_in_it():
    assert address("科苑路15号").street == "keyuanlu15"
    assert address("花园路3号").street == "huayuanlu3"
    assert address("人民路").street == ""
    assert address("一百零三号楼").words == ("103",)
    assert address("6 Tullaroop Street, St James").street == "6tullaroop"


@pytest.mark.parametrize("text", ["", "  ", "，。", "\n"])
def test_no_address_has_no_words(text):
    assert address(text).words == () and address(text).street == ""


@pytest.mark.parametrize(
    ("written", "number"),
    [
        ("13800138000", "+8613800138000"),
        ("+86 138-0013-8000", "+8613800138000"),
        ("0086 138 0013 8000", "+8613800138000"),
        ("0755-82345678", "+8675582345678"),
        ("（0755）82345678转801", "+8675582345678"),
        ("0755-82345678-801", "+8675582345678"),
        ("010-62345678", "+861062345678"),
        ("+852 2345 6789", "+85223456789"),
        ("86012345", "86012345"),
        ("12", ""),
        ("", ""),
    ],
)
def test_a_telephone_number_in_one_writing(written, number):
    assert contacts.phone(written) == number


def test_codes_and_days_in_one_writing():
    assert contacts.code(" 91440300ma5dktwx8x ") == contacts.code("９１４４０３００MA5DKTWX8X") == "91440300MA5DKTWX8X"
    assert contacts.code("无") == ""
    assert contacts.valid_identity_number("11010519491231002X")
    assert not contacts.valid_identity_number("110105194912310021")
    assert not contacts.valid_identity_number("11010519490231002X")
    assert contacts.birth_date("2000-02-29") == contacts.birth_date("2000年02月29日") == "20000229"
    assert contacts.birth_date("1990") == "1990"
    assert contacts.birth_date("2001-02-29") == contacts.birth_date("x") == ""
