from django.contrib.admin.apps import AdminConfig


class BackOfficeConfig(AdminConfig):
    """Django's admin app, with our site in the place of its own."""

    default_site = "pos.back_office.site.VenueAdminSite"
