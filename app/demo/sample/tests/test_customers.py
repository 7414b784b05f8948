from shop.customers import find_customer, greeting


def test_finds_by_id():
    assert find_customer("c-1001").name == "Ines Duarte"
    assert find_customer("c-0") is None


def test_members_are_greeted_as_members(gold):
    assert greeting(gold) == "Thank you, Ines! You are a gold member."


def test_everybody_is_greeted():
    assert greeting(find_customer("c-1003")) == "Thank you, Noor!"
