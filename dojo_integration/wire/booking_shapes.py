"""Parties and reservations as Dojo reads them, described: see wire/shapes.py."""

from rest_framework import serializers

from dojo_integration.wire.shapes import AnswerSerializer, MoneyOut, PageOut


class DepositOut(AnswerSerializer):
    totalAmount = MoneyOut(help_text="How much it was.")
    description = serializers.CharField(required=False, help_text="What it was for.")
    paymentIntentIds = serializers.ListField(
        child=serializers.CharField(), help_text="The payments that it was made by; some may have been given back."
    )


class PartyOut(AnswerSerializer):
    id = serializers.CharField(help_text="Our id of the party.")
    status = serializers.CharField(help_text="How far they are, in anybody's words.")
    startTime = serializers.DateTimeField(help_text="When they sat down.")
    tableIds = serializers.ListField(child=serializers.CharField(), min_length=1, help_text="Where they sit, or sat.")
    name = serializers.CharField(required=False, help_text="Who they are, mostly the lead guest.")
    covers = serializers.IntegerField(required=False, min_value=1, help_text="How many they are.")
    expectedEndTime = serializers.DateTimeField(required=False, help_text="When they should leave.")
    endTime = serializers.DateTimeField(required=False, help_text="When they left.")
    hostNotes = serializers.CharField(required=False, help_text="For staff only.")
    guestRequests = serializers.CharField(required=False, help_text="In the guests' own words.")
    reservationId = serializers.CharField(required=False, help_text="The booking they came for.")
    deposit = DepositOut(required=False, help_text="What was paid to secure the booking.")


class PartiesPageOut(PageOut):
    data = PartyOut(many=True, help_text="Newest first.")  # type: ignore[assignment]


class ReservationOut(AnswerSerializer):
    id = serializers.CharField(help_text="Our id of the reservation.")
    name = serializers.CharField(help_text="Who booked.")
    covers = serializers.IntegerField(help_text="How many are expected.")
    startTime = serializers.DateTimeField(help_text="When they are expected.")
    endTime = serializers.DateTimeField(help_text="When they should leave.")
    tableIds = serializers.ListField(
        child=serializers.CharField(), help_text="Where they will sit; empty while nobody has said."
    )
    hostNotes = serializers.CharField(required=False, help_text="For staff only.")
    guestRequests = serializers.CharField(required=False, help_text="In the guests' own words.")


class ReservationsPageOut(PageOut):
    data = ReservationOut(many=True, help_text="Newest first.")  # type: ignore[assignment]
