"""Webhook subscriptions and the secrets that sign what is sent to them."""

from django.db import transaction
from django.utils import timezone

from dojo_integration.sandbox import events, moments
from dojo_integration.sandbox.api import Json, Refusal, Request, invalid, not_found
from dojo_integration.sandbox.models import Secret, Subscription

# One that signs, and one to take its place.
MOST_SECRETS = 2


def list_events(request: Request) -> list[Json]:
    return [{"model": "PaymentIntent", "events": list(events.ALL)}]


def list_all(request: Request) -> list[Json]:
    return [_shown(row) for row in Subscription.objects.filter(account=request.account).order_by("created_at")]


@transaction.atomic
def subscribe(request: Request) -> Json:
    wanted, url = request.body["events"], request.body["url"]
    _check_events(wanted)
    _check_address_is_free(request, url)
    made = Subscription.objects.create(account=request.account, url=url, events=wanted)
    Secret.objects.create(subscription=made, is_active=True)
    return _shown(made)


@transaction.atomic
def update(request: Request) -> Json:
    row = _found(request)
    if (wanted := request.body.get("events")) is not None:
        _check_events(wanted)
        row.events = wanted
    if (url := request.body.get("url")) is not None and url != row.url:
        _check_address_is_free(request, url)
        row.url = url
    row.updated_at = timezone.now()
    row.save()
    return _shown(row)


def delete(request: Request) -> None:
    _found(request).delete()


def secrets(request: Request) -> Json:
    row = _found(request)
    return {"id": row.pk, "secrets": _shown(row)["secrets"]}


@transaction.atomic
def new_secret(request: Request) -> Json:
    row = _found(request)
    if row.secrets.count() >= MOST_SECRETS:
        raise Refusal(409, f"A subscription has at most {MOST_SECRETS} secrets: delete one first.")
    Secret.objects.create(subscription=row)
    return secrets(request)


def activate_secret(request: Request) -> None:
    secret = _secret(request)
    secret.is_active = True
    secret.save(update_fields=["is_active"])


def delete_secret(request: Request) -> None:
    _secret(request).delete()


def _found(request: Request) -> Subscription:
    row = Subscription.objects.filter(pk=request.named["subscriptionId"], account=request.account).first()
    if row is None:
        raise not_found("subscription")
    return row


def _secret(request: Request) -> Secret:
    secret = _found(request).secrets.filter(pk=request.named["secretId"]).first()
    if secret is None:
        raise not_found("secret")
    return secret


def _check_events(wanted: list[str]) -> None:
    if not wanted:
        raise invalid("Events", "At least one event is needed.")
    if unknown := [name for name in wanted if name not in events.ALL]:
        raise invalid("Events", f"There is no event “{unknown[0][:100]}”.")


def _check_address_is_free(request: Request, url: str) -> None:
    if Subscription.objects.filter(account=request.account, url=url).exists():
        raise Refusal(409, "There is a subscription for this address.")


def _shown(row: Subscription) -> Json:
    return {
        "id": row.pk,
        "accountId": row.account_id,
        "events": row.events,
        "url": row.url,
        "secrets": [
            {
                "id": secret.pk,
                "value": secret.value,
                "createdAt": moments.written(secret.created_at),
                "isActive": secret.is_active,
            }
            for secret in row.secrets.order_by("created_at")
        ],
        "createdAt": moments.written(row.created_at),
        "updatedAt": moments.written(row.updated_at),
    }
