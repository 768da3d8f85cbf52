"""Dojo's credentials: made, replaced, revoked; only hashes are kept."""

from io import StringIO

import pytest
from django.core.management import call_command
from django.core.management.base import CommandError

from dojo_integration.auth import NotAuthenticated, venue_of
from dojo_integration.models import RestCredential, hash_secret
from dojo_integration.services.credentials import ensure_credential, issue_credential, revoke_credential
from pos.errors import NotFound, NotPermitted
from pos.models import AuditEntry
from pos.permissions import Actor
from tests.capabilities.roads import basic
from tests.factories import RestCredentialFactory, VenueFactory, WorkingVenue


def opens(username: str, secret: str) -> bool:
    try:
        venue_of(basic(username, secret))
    except NotAuthenticated:
        return False
    return True


def test_a_new_password_leaves_the_one_before_and_ends_older_ones(uk: WorkingVenue) -> None:
    # when
    first, second, third = (issue_credential(actor=uk.by_manager) for _ in range(3))
    # then
    name = first.credential.username
    assert [opens(name, issued.secret) for issued in (first, second, third)] == [False, True, True]
    assert len({first.secret, second.secret, third.secret}) == 3
    # 256 bits, of which only the hash is kept
    assert len(third.secret) == 43
    assert third.secret not in str(RestCredential.objects.values())
    assert AuditEntry.objects.filter(act="issue_rest_credential").count() == 3


def test_a_revoked_password_is_refused_for_good(uk: WorkingVenue) -> None:
    issued = issue_credential(actor=uk.by_manager)
    name = issued.credential.username
    revoked = revoke_credential(actor=uk.by_manager, credential_id=issued.credential.pk)
    assert not opens(name, issued.secret)
    assert revoke_credential(actor=uk.by_manager, credential_id=issued.credential.pk).revoked_at == revoked.revoked_at
    assert AuditEntry.objects.filter(act="revoke_rest_credential").count() == 1


def test_only_a_manager_of_that_venue(uk: WorkingVenue, irish: WorkingVenue) -> None:
    theirs = RestCredentialFactory(venue=irish.venue)
    for actor in (uk.by_waiter, uk.by_supervisor):
        with pytest.raises(NotPermitted):
            issue_credential(actor=actor)
    with pytest.raises(NotFound):
        revoke_credential(actor=uk.by_manager, credential_id=theirs.pk)
    assert RestCredential.objects.filter(revoked_at=None).get() == theirs


def test_the_first_start_makes_a_password_and_the_next_does_not(uk: WorkingVenue) -> None:
    actor = Actor.system(uk.venue)
    made = ensure_credential(actor=actor)
    assert made is not None
    assert opens(made.credential.username, made.secret)
    assert ensure_credential(actor=actor) is None
    assert RestCredential.objects.count() == 1


def test_the_environments_password_is_taken_beside_the_ones_there_are(uk: WorkingVenue, settings) -> None:
    made = issue_credential(actor=Actor.system(uk.venue))
    settings.EPOS_REST_USERNAME, settings.EPOS_REST_PASSWORD = "dojo", "from the environment"
    for _ in range(2):
        assert ensure_credential(actor=Actor.system(uk.venue)) is None
    assert opens("dojo", "from the environment")
    assert opens(made.credential.username, made.secret)
    assert RestCredential.objects.count() == 2
    # and a changed environment replaces the oldest
    settings.EPOS_REST_PASSWORD = "changed"
    ensure_credential(actor=Actor.system(uk.venue))
    assert opens("dojo", "changed")
    assert opens("dojo", "from the environment")
    assert not opens(made.credential.username, made.secret)
    # and back again: the row of old is good once more
    settings.EPOS_REST_PASSWORD = "from the environment"
    ensure_credential(actor=Actor.system(uk.venue))
    assert opens("dojo", "from the environment")


def test_the_hash_is_compared_whole(uk: WorkingVenue) -> None:
    RestCredentialFactory(venue=uk.venue, username="dojo", secret_hash=hash_secret("right"))
    assert opens("dojo", "right")
    assert not opens("dojo", hash_secret("right"))


def command(**options: object) -> str:
    out = StringIO()
    call_command("rest_credential", stdout=out, **options)
    return out.getvalue()


def test_the_command_tells_a_password_once(uk: WorkingVenue) -> None:
    told = command()
    name, secret = (line.split()[-1] for line in told.splitlines()[1:])
    assert opens(name, secret)
    assert secret not in command()
    newer = command(new=True, venue=uk.venue.slug).split()[-1]
    assert opens(name, newer)
    listed = command(list=True)
    assert listed.count(name) == 2
    assert secret not in listed
    first = int(listed.split()[0])
    assert "refused from now on" in command(revoke=first)
    assert not opens(name, secret)
    assert opens(name, newer)


def test_the_command_says_what_is_not_there(db: None) -> None:
    with pytest.raises(CommandError, match="no venue yet"):
        command()
    VenueFactory(slug="here")
    with pytest.raises(CommandError, match="nowhere"):
        command(venue="nowhere")
    with pytest.raises(CommandError, match="does not exist"):
        command(revoke=5)


def test_the_first_start_tells_the_password_and_the_next_start_nothing(uk: WorkingVenue) -> None:
    first, second = StringIO(), StringIO()
    call_command("prepare", stdout=first)
    call_command("prepare", stdout=second)
    name, secret = (line.split()[-1] for line in first.getvalue().splitlines()[-2:])
    assert opens(name, secret)
    assert "password" not in second.getvalue()
