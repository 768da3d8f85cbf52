"""What can go wrong, in types: both roads and every screen turn these into their own words.

PosError
├── NotFound            the thing does not exist in this venue (never: the database is down)
├── InvalidRequest      the request itself is wrong; ``field`` names where
├── Conflict            right request, wrong moment; nothing was changed
│   ├── Locked          a card machine has the bill
│   └── OrderClosed     the order ended meanwhile; names the party's next one
├── NotPermitted        this person may not do this here
│   └── ApprovalRequired  … without a supervisor's approval
└── Busy                the row was held too long; trying again is safe
"""

from datetime import datetime
from typing import Any, ClassVar


class PosError(Exception):
    code: ClassVar[str] = "error"

    def __init__(self, message: str, **data: Any) -> None:
        super().__init__(message)
        self.message = message
        self.data = data


class NotFound(PosError):
    code = "not_found"


class InvalidRequest(PosError):
    code = "invalid_request"

    def __init__(self, message: str, *, field: str = "", **data: Any) -> None:
        super().__init__(message, field=field, **data)
        self.field = field


class Conflict(PosError):
    code = "conflict"


class Locked(Conflict):
    code = "locked"

    def __init__(self, message: str, *, by: str, until: datetime) -> None:
        super().__init__(message, by=by, until=until.isoformat())


class OrderClosed(Conflict):
    code = "order_closed"

    def __init__(self, message: str, *, next_order: str | None) -> None:
        super().__init__(message, next_order=next_order)


class NotPermitted(PosError):
    code = "not_permitted"


class ApprovalRequired(NotPermitted):
    code = "approval_required"


class Busy(PosError):
    code = "busy"
