"""Who may ask: the accounts that the sandbox knows, each by its key."""

from hashlib import sha256

from django.db import transaction

from dojo_integration.sandbox.models import Account, Terminal

# The card machines of a new account, by the name on their back and whether anybody has switched them on.
TERMINALS = (("DESK0001", "Available"), ("DESK0002", "Available"), ("DESK0003", "Offline"))

# The desk's own key, whose account is there whenever it is asked for.
_own_keys: set[str] = set()


def own(key: str) -> None:
    """Know the key that this installation has made up for itself."""
    _own_keys.add(key)


def open_own() -> None:
    """Have the own key's account."""
    for key in _own_keys:
        open_account(key)


def own_account() -> Account:
    """The desk's own account; the first of them where there are several."""
    return open_account(sorted(_own_keys)[0])


def account_of_key(key: str) -> Account | None:
    """The key's account, None for a stranger's."""
    found = Account.objects.filter(api_key=key).first()
    return found or (open_account(key) if key in _own_keys else None)


@transaction.atomic
def open_account(key: str) -> Account:
    """The account of that key, with its card machines; made where there is none."""
    # The same after everything was forgotten: a socket that is open stays the account's.
    made = f"acc_sandbox_{sha256(key.encode()).hexdigest()[:16]}"
    account, is_new = Account.objects.get_or_create(api_key=key, defaults={"id": made})
    if is_new:
        Terminal.objects.bulk_create(Terminal(account=account, tid=tid, status=status) for tid, status in TERMINALS)
    return account
