"""The few fields that people type before they are in."""

from django import forms

from pos.services.tills import NAME_LENGTH


class LoginForm(forms.Form):
    login = forms.CharField(max_length=40, strip=True)
    password = forms.CharField(max_length=200, strip=False)


class TillForm(forms.Form):
    name = forms.CharField(max_length=NAME_LENGTH, strip=True)


class PinForm(forms.Form):
    person = forms.IntegerField(min_value=1, max_value=2**31 - 1)
    pin = forms.RegexField(r"^\d{4,8}$")


class VenueForm(forms.Form):
    venue = forms.SlugField(max_length=40)
