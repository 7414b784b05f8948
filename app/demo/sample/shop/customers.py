from shop.models import Address, Customer, Membership

CUSTOMERS = {
    customer.id: customer
    for customer in (
        Customer("c-1001", "Ines Duarte", Address("Rua Nova 3", "Porto", "PT"), Membership("gold", 4120), "LC-2209-1001"),
        Customer("c-1002", "Tom Baker", Address("High Street 12", "Leeds", "GB"), Membership("silver", 380), "LC-2211-1002"),
        Customer("c-1003", "Noor Haddad", Address("Lange Gang 8", "Utrecht", "NL")),
        Customer("c-1004", "Mia Keller", Address("Seeweg 41", "Konstanz", "DE"), Membership("silver", 925), "LC-2301-1004"),
        Customer("c-1005", "Luca Ferri", Address("Via Dante 5", "Torino", "IT"), Membership("gold", 7045), "LC-2302-1005"),
        Customer("c-1006", "Anouk Petit", Address("Rue Basse 17", "Lyon", "FR")),
        Customer("c-1007", "Jonas Lind", Address("Storgatan 2", "Lund", "SE"), Membership("basic", 15), "LC-2304-1007"),
        Customer("c-1008", "Ewa Nowak", Address("Polna 9", "Gdynia", "PL")),
        Customer("c-1009", "Sam Okoye", Address("Quay Road 30", "Cork", "IE"), Membership("silver", 610), "LC-2306-1009"),
        Customer("c-1010", "Heidi Frei", Address("Dorfgasse 6", "Chur", "CH"), Membership("gold", 2980), "LC-2307-1010"),
        Customer("c-1011", "Pavel Dvorak", Address("Luzna 22", "Brno", "CZ")),
        Customer("c-1012", "Marta Ruiz", Address("Calle Sol 14", "Cadiz", "ES"), Membership("basic", 90), "LC-2310-1012"),
    )
}


def find_customer(customer_id: str) -> Customer | None:
    return CUSTOMERS.get(customer_id)


def greeting(customer: Customer) -> str:
    first_name = customer.name.split()[0]
    if customer.membership is None:
        return f"Thank you, {first_name}!"
    return f"Thank you, {first_name}! You are a {customer.membership.level} member."
