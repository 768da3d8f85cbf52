"""The secrets of webhooks: added, retired, sealed; never one too many."""

import pytest

from dojo_integration.models import WebhookSecret
from dojo_integration.services.webhook_secrets import add_webhook_secret, retire_webhook_secret
from pos.errors import InvalidRequest, NotFound, NotPermitted
from pos.models import AuditEntry
from tests.factories import WebhookSecretFactory, WorkingVenue


def add(shop: WorkingVenue, secret: str, secret_id: str, subscription_id: str = "sub-1") -> WebhookSecret:
    return add_webhook_secret(
        actor=shop.by_manager, secret=secret, subscription_id=subscription_id, secret_id=secret_id
    )


def good(shop: WorkingVenue) -> list[tuple[str, str]]:
    rows = WebhookSecret.objects.filter(venue=shop.venue, retired_at__isnull=True).order_by("pk")
    return [(row.secret_id, row.secret.reveal()) for row in rows]


def test_a_secret_is_sealed_and_told_to_nobody(uk: WorkingVenue) -> None:
    # when
    row = add(uk, "whsec_1", "secret-1")
    # then
    assert good(uk) == [("secret-1", "whsec_1")]
    assert "whsec_1" not in f"{row!r}{row.secret!r}{row.secret.token}"
    entry = AuditEntry.objects.get()
    assert (entry.act, entry.detail) == (
        "add_webhook_secret", {"secret_id": "secret-1", "subscription_id": "sub-1"},
    )  # fmt: skip


def test_the_same_secret_again_is_the_same_row_also_when_it_was_retired(uk: WorkingVenue) -> None:
    # given
    row = add(uk, "whsec_1", "secret-1")
    retire_webhook_secret(actor=uk.by_manager, webhook_secret_id=row.pk)
    assert (good(uk), WebhookSecret.objects.get().secret.reveal()) == ([], "")
    # when
    again = [add(uk, "whsec_1", "secret-1") for _ in range(2)]
    # then
    assert {one.pk for one in again} == {row.pk}
    assert good(uk) == [("secret-1", "whsec_1")]


def test_two_are_good_while_one_replaces_the_other_and_never_more_than_three(
    uk: WorkingVenue, irish: WorkingVenue
) -> None:
    # given
    theirs = WebhookSecretFactory(venue=irish.venue)
    # when
    for number in range(5):
        add(uk, f"whsec_{number}", f"secret-{number}", f"sub-{number % 2}")
    # then: the newest stay
    assert good(uk) == [(f"secret-{number}", f"whsec_{number}") for number in (2, 3, 4)]
    theirs.refresh_from_db()
    assert theirs.retired_at is None


def test_retiring_twice_is_once(uk: WorkingVenue) -> None:
    row = add(uk, "whsec_1", "secret-1")
    first, second = (retire_webhook_secret(actor=uk.by_manager, webhook_secret_id=row.pk) for _ in range(2))
    assert first.retired_at == second.retired_at is not None
    assert AuditEntry.objects.filter(act="retire_webhook_secret").count() == 1


def test_another_venues_secret_does_not_exist(uk: WorkingVenue, irish: WorkingVenue) -> None:
    theirs = add(irish, "whsec_1", "secret-1")
    with pytest.raises(NotFound):
        retire_webhook_secret(actor=uk.by_manager, webhook_secret_id=theirs.pk)
    assert good(irish) == [("secret-1", "whsec_1")]


@pytest.mark.parametrize("who", ["by_waiter", "by_supervisor"])
def test_only_a_manager_may(uk: WorkingVenue, who: str) -> None:
    # given
    row = add(uk, "whsec_1", "secret-1")
    actor = getattr(uk, who)
    # when / then
    with pytest.raises(NotPermitted):
        add_webhook_secret(actor=actor, secret="mine", subscription_id="sub-1", secret_id="secret-2")
    with pytest.raises(NotPermitted):
        retire_webhook_secret(actor=actor, webhook_secret_id=row.pk)
    assert good(uk) == [("secret-1", "whsec_1")]


@pytest.mark.parametrize(
    ("field", "value"),
    [("secret", ""), ("secret", "x" * 501), ("secret_id", ""), ("secret_id", "x" * 121), ("subscription_id", "a\0b")],
)
def test_what_cannot_be_a_secret_is_named(uk: WorkingVenue, field: str, value: str) -> None:
    with pytest.raises(InvalidRequest) as refused:
        add_webhook_secret(
            actor=uk.by_manager, **{"secret": "s", "subscription_id": "sub-1", "secret_id": "secret-1", field: value}
        )
    assert (refused.value.field, good(uk)) == (field, [])
