from django.apps import AppConfig


class FloorplanConfig(AppConfig):
    name = "floorplan"
    verbose_name = "Floor plan"
    default_auto_field = "django.db.models.BigAutoField"
