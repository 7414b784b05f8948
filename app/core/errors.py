"""Every fault of Autofix. A fault is an exception; a refusal is a value (`app.core.model.Stop`).

AutofixError
├── PolicyError              a policy file that cannot be trusted; automation is off until it is mended
├── BadInput                 an input that cannot be worked with; the message says what to do
├── StoreUnavailable         the database took nothing; the same call may succeed later
└── ClientError              an outside system did not do what was asked
    ├── Unauthorized         the credentials were refused (401)
    ├── NotFound             no such thing, or not for these credentials (404, 410)
    ├── Refused              the request is understood and refused for good (403, other 4xx, a GraphQL error)
    │   └── Moved            it is elsewhere now (3xx): redirects are never followed
    ├── RateLimited          asked too often; `retry_after` seconds are known or guessed
    ├── Unavailable          no usable answer: time-out, connection error, 5xx
    └── Malformed            an answer that does not have the documented shape
"""

from __future__ import annotations


class AutofixError(Exception):
    """The root of all faults raised on purpose."""


class PolicyError(AutofixError):
    """The policy file cannot be trusted as it stands."""


class BadInput(AutofixError):
    """An input that cannot be worked with; the message is one or two sentences that say what to do."""


class StoreUnavailable(AutofixError):
    """The database took nothing; the same call may succeed later."""


class ClientError(AutofixError):
    """An outside system did not do what was asked."""


class Unauthorized(ClientError):
    """The credentials were refused."""


class NotFound(ClientError):
    """There is no such thing, or not for these credentials."""


class Refused(ClientError):
    """The request was understood and refused; asking again changes nothing."""


class Moved(Refused):
    """What was asked for is elsewhere now, and may belong to somebody else there."""


class RateLimited(ClientError):
    """Asked too often; try again after `retry_after` seconds."""

    def __init__(self, message: str, retry_after: float) -> None:
        super().__init__(message)
        self.retry_after = retry_after


class Unavailable(ClientError):
    """No usable answer came: a time-out, a broken connection, or a server error."""


class Malformed(ClientError):
    """An answer came that does not have the documented shape."""


TRANSIENT = (RateLimited, Unavailable)
