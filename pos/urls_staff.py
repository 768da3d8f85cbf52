"""The way in, for every venue."""

from django.urls import path

from pos import views

urlpatterns = [
    path("", views.home, name="home"),
    path("<slug:venue>/login", views.login, name="login"),
    path("<slug:venue>/till", views.name_till, name="name_till"),
    path("<slug:venue>/switch", views.switch, name="switch_user"),
    path("<slug:venue>/logout", views.logout, name="logout"),
]
