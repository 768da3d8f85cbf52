from django.apps import AppConfig


class SandboxConfig(AppConfig):
    name = "dojo_integration.sandbox"
    label = "sandbox"
    verbose_name = "Dojo sandbox"
    default_auto_field = "django.db.models.BigAutoField"
