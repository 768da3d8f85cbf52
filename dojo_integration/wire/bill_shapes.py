"""A bill as a card machine prints it, described: see wire/shapes.py."""

from rest_framework import serializers

from dojo_integration.wire.shapes import AnswerSerializer, OrderOut


class MerchantNameOut(AnswerSerializer):
    name = serializers.CharField()


class MerchantAddressOut(AnswerSerializer):
    addressLines = serializers.ListField(child=serializers.CharField())
    postcode = serializers.CharField(allow_blank=True)


class MerchantPhoneNumberOut(AnswerSerializer):
    phoneNumber = serializers.CharField()


class MerchantEmailAddressOut(AnswerSerializer):
    emailAddress = serializers.CharField()


class TextOut(AnswerSerializer):
    value = serializers.CharField()
    size = serializers.ChoiceField(choices=["Body", "Header2"])
    align = serializers.ChoiceField(choices=["Left", "Center"])
    bold = serializers.BooleanField()


class HorizontalLineOut(AnswerSerializer):
    line = serializers.ChoiceField(choices=["Single"])


class UrlOut(AnswerSerializer):
    """Each switch is there twice: the two contracts spell it differently."""

    url = serializers.CharField()
    showQr = serializers.BooleanField()
    showQR = serializers.BooleanField()
    showUrl = serializers.BooleanField()
    showURL = serializers.BooleanField()


class TaxNumberOut(AnswerSerializer):
    name = serializers.CharField()
    number = serializers.CharField()


class BillLineOut(AnswerSerializer):
    """One line, with the one content that its lineType names."""

    lineType = serializers.ChoiceField(
        choices=[
            "MerchantName",
            "MerchantAddress",
            "MerchantPhoneNumber",
            "MerchantEmailAddress",
            "Text",
            "HorizontalLine",
            "URL",
            "TaxNumber",
        ]
    )
    merchantName = MerchantNameOut(required=False)
    merchantAddress = MerchantAddressOut(required=False)
    merchantPhoneNumber = MerchantPhoneNumberOut(required=False)
    merchantEmailAddress = MerchantEmailAddressOut(required=False)
    text = TextOut(required=False)
    horizontalLine = HorizontalLineOut(required=False)
    url = UrlOut(required=False)
    taxNumber = TaxNumberOut(required=False)


class BillSectionOut(AnswerSerializer):
    lines = BillLineOut(many=True)


class BillOut(AnswerSerializer):
    header = BillSectionOut(help_text="Who the guests are paying, and for which table.")
    order = OrderOut(help_text="What a card machine prints between the two.")
    footer = BillSectionOut(help_text="Service, VAT, what is paid and what is left.")
