"""Removes secrets and personal data from recorded text and locals before they are written anywhere public.

Every placeholder is deterministic and of the same kind as what it replaces, so that scrubbed values still work:
an e-mail address stays one, a card number stays digits. All patterns run in linear time. Names alone tell which
fields are personal, so free text about a person can still pass: it is for the reader of a pull request to see.
"""

from __future__ import annotations

import re
from collections.abc import Mapping

from pydantic import JsonValue

FILTERED = "[Filtered]"
_SECRET_NAME = re.compile(
    r"(?i)(?:pass(?:word|wd|phrase)|secret|token|api_?key|apikey|access_?key|private_?key|authorization|credential|cookie"
    r"|session_?id|csrf|\bcvv\b|\bcvc\b|\bpin\b|\biban\b|\bssn\b)"
)
# Fields that hold personal data by their name alone, and what stands in their place.
_PERSONAL = {
    **dict.fromkeys(("first_name", "given_name", "forename"), "Alex"),
    **dict.fromkeys(("last_name", "family_name", "surname"), "Example"),
    **dict.fromkeys(("full_name", "real_name", "display_name", "card_holder", "recipient"), "Alex Example"),
    **dict.fromkeys(
        ("street", "street_address", "address_line", "address_line1", "address_line2"), "1 Example Street"
    ),
    **dict.fromkeys(("city", "town", "birthplace"), "Exampleton"),
    **dict.fromkeys(("zip", "zip_code", "zipcode", "postcode", "postal_code"), "00000"),
    **dict.fromkeys(("phone", "phone_number", "mobile", "telephone", "fax"), "+1 555 0100"),
    **dict.fromkeys(("birthday", "birth_date", "date_of_birth", "dob"), "2000-01-01"),
}
# `name` is personal only where it stands with such a field, or belongs to one of these.
_PERSON = re.compile(
    r"(?i)(?:customer|user|person|people|contact|member|patient|employee|author|owner|guest|buyer|client|student)s?"
)
_PERSON_CALL = re.compile(r"\b([A-Z][A-Za-z]{2,40})\(")
_MOST = 100_000
_PATTERNS: tuple[tuple[re.Pattern[str], str], ...] = (
    (re.compile(r"-----BEGIN [A-Z ]{1,40}-----[^-]{0,20000}(?:-----END [A-Z ]{1,40}-----)?"), "REMOVED-KEY"),
    (re.compile(r"\beyJ[\w-]{8,5000}\.[\w-]{4,5000}(?:\.[\w-]{0,5000})?"), "removed-jwt"),
    (re.compile(r"\b(?:gh[opsur]_\w{20,255}|github_pat_\w{20,255}|glpat-[\w-]{16,64})"), "removed-token"),
    (re.compile(r"\b(?:[srp]k|tok|whsec|rk)_(?:live|test|prod)?_?[A-Za-z0-9]{8,255}"), "removed-token"),
    (re.compile(r"\b(?:AKIA|ASIA)[A-Z0-9]{12,32}\b"), "removed-key-id"),
    (re.compile(r"\bxox[abeoprs]-[\w-]{8,255}"), "removed-token"),
    (re.compile(r"(?i)\b(?:bearer|basic) [\w.~+/=-]{8,4000}"), "removed-credentials"),
    (
        re.compile(r"(?i)(\b(?:password|passwd|secret|token|api_?key|signature)=)[^\s&'\"]{1,4000}"),
        r"\1removed",
    ),
    (re.compile(r"(://)[^\s/@:'\"]{1,255}:[^\s/@'\"]{1,255}(@)"), r"\1user:removed\2"),
    (
        re.compile(r"(?<![\w.+-])[\w.+-]{1,64}@[A-Za-z0-9](?:[A-Za-z0-9-]{0,62}\.){1,8}[A-Za-z]{2,24}\b"),
        "person@example.com",
    ),
)
_DIGITS = re.compile(r"(?<![\d.])\d(?:[ -]?\d){12,18}(?![\d.])")
_ADDRESS = re.compile(r"(?<![\d.])(?:\d{1,3}\.){3}\d{1,3}(?![\d.])")
_ADDRESS_6 = re.compile(r"(?<![\w:])(?:[0-9a-fA-F]{1,4}:){7}[0-9a-fA-F]{1,4}(?![\w:])")
_REPR_STRING = re.compile(r"\A(b?)(['\"])(.*)\2\Z", re.DOTALL)
_NUMBER = re.compile(r"-?\d{1,40}(?:\.\d{1,40})?")
_QUOTED = re.compile(r"'[^'\\]+'|\"[^\"\\]+\"")
_REPR_FIELD = re.compile(r"(\w{1,80})(=|': |\": )(b?)('[^'\\]{0,2000}'|\"[^\"\\]{0,2000}\")")


def scrub_text(text: str) -> str:
    """`text` without tokens, keys, e-mail addresses, card numbers and IP addresses."""
    text = text[:_MOST]
    for pattern, placeholder in _PATTERNS:
        text = pattern.sub(placeholder, text)
    text = _DIGITS.sub(_card, text)
    text = _ADDRESS.sub(_address, text)
    return _ADDRESS_6.sub("2001:db8:0:0:0:0:0:1", text)


def scrub_variables(variables: Mapping[str, JsonValue]) -> dict[str, JsonValue]:
    """The same variables with every value scrubbed; secret and personal ones are replaced by their name."""
    return {name: scrub_value(name, value) for name, value in variables.items()}


def scrub_value(name: str, value: JsonValue, *, of_person: bool = False) -> JsonValue:
    """One recorded value: a `repr()` string, or a container of such. `of_person` tells that it describes somebody."""
    if _is_secret(name) and not isinstance(value, bool | None):
        return _removed(value)
    match value:
        case dict():
            about = of_person or _about_person(name, value)
            return {key: scrub_value(key, inner, of_person=about) for key, inner in value.items()}
        case list():
            about = of_person or _PERSON.fullmatch(name) is not None
            return [scrub_value("", inner, of_person=about) for inner in value]
        case str():
            return _scrub_repr(name, value[:_MOST], of_person=of_person)
        case _:
            return value


def _scrub_repr(name: str, value: str, *, of_person: bool) -> str:
    """A `repr()` string: the named fields inside it, and itself if its own name is personal."""
    if value == FILTERED:
        return "'removed'"
    placeholder = _personal(name, of_person=of_person)
    if placeholder is not None and (found := _REPR_STRING.match(value)) and found[3]:
        return f"{found[1]}{found[2]}{placeholder}{found[2]}"
    about = of_person or any(_PERSON.fullmatch(call) for call in _PERSON_CALL.findall(value))

    def replace(match: re.Match[str]) -> str:
        return _field(match, of_person=about)

    return scrub_text(_REPR_FIELD.sub(replace, value))


def _about_person(name: str, fields: Mapping[str, JsonValue]) -> bool:
    return _PERSON.fullmatch(name) is not None or any(_personal(key) is not None for key in fields)


def _personal(name: str, *, of_person: bool = False) -> str | None:
    """What stands in place of a personal field; None if the name is not that of one."""
    plain = re.sub(r"(?<=[a-z])(?=[A-Z])", "_", name.replace("-", "_")).lower()
    return _PERSONAL.get(plain) or ("Alex Example" if of_person and plain == "name" else None)


def _is_secret(name: str) -> bool:
    return _SECRET_NAME.search(name.replace("-", "_")) is not None


def _removed(value: JsonValue) -> JsonValue:
    """A placeholder of the same kind; None, empty values and containers keep their form."""
    match value:
        case dict():
            return {key: _removed(inner) for key, inner in value.items()}
        case list():
            return [_removed(inner) for inner in value]
        case str():
            found = _REPR_STRING.match(value)
            if found is not None:
                return f"{found[1]}{found[2]}{'removed' if found[3] else ''}{found[2]}"
            if value == FILTERED:
                return "'removed'"
            return "1" if _NUMBER.fullmatch(value) else _QUOTED.sub("'removed'", value)
        case _:
            return value


def _field(match: re.Match[str], *, of_person: bool) -> str:
    placeholder = "removed" if _is_secret(match[1]) else _personal(match[1], of_person=of_person)
    if placeholder is None or len(match[4]) == len("''"):
        return match[0]
    return f"{match[1]}{match[2]}{match[3]}{match[4][0]}{placeholder}{match[4][0]}"


def _card(match: re.Match[str]) -> str:
    digits = [int(one) for one in match[0] if one.isdigit()]
    doubled = [one if at % 2 == 0 else one * 2 - 9 * (one > 4) for at, one in enumerate(reversed(digits))]  # noqa: PLR2004
    if sum(doubled) % 10:
        return match[0]
    placeholder = iter("4000000000000000000"[: len(digits)])
    return "".join(next(placeholder) if one.isdigit() else one for one in match[0])


def _address(match: re.Match[str]) -> str:
    parts = [int(one) for one in match[0].split(".")]
    harmless = parts[0] in {0, 127} or max(parts) > 255  # noqa: PLR2004
    return match[0] if harmless else "192.0.2.1"
