from pos.models.audit import Approval, AuditEntry
from pos.models.people import Membership, Role, Staff, Till
from pos.models.venue import Country, Currency, ServiceKind, Venue, VenueSlugValidator

__all__ = [
    "Approval",
    "AuditEntry",
    "Country",
    "Currency",
    "Membership",
    "Role",
    "ServiceKind",
    "Staff",
    "Till",
    "Venue",
    "VenueSlugValidator",
]
