from django.apps import AppConfig


class DojoIntegrationConfig(AppConfig):
    name = "dojo_integration"
    verbose_name = "Dojo integration"
    default_auto_field = "django.db.models.BigAutoField"
