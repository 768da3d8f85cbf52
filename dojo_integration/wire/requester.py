"""Who stood at the card machine, as the REST road's headers say: hints for our log, never a reason to refuse."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class RequesterHeader:
    """A header, and where its text goes in pos.permissions.Requester."""

    name: str
    attribute: str
    length: int
    meaning: str
    example: str


REQUESTER_HEADERS = (
    RequesterHeader("waiter-id", "waiter_id", 60, "What the waiter typed on the card machine.", "42"),
    RequesterHeader("dojo-requesting-product", "product", 60, "Which of Dojo's products is asking.", "Order&Pay"),
    RequesterHeader("device-id", "device_id", 120, "The card machine, or another device.", "tm_0123"),
    RequesterHeader("device-type", "device_type", 120, "What kind of device it is.", "Dojo Terminal"),
)
