"""The pages of a venue: floor, tables, orders, stations."""

from django.urls import path

from orders.views import floor, order_page, paying, stations, taking_off

urlpatterns = [
    path("<slug:venue>/", floor.venue_home, name="venue_home"),
    path("<slug:venue>/floor", floor.floor, name="floor"),
    path("<slug:venue>/tables/<slug:code>", order_page.table, name="table"),
    path("<slug:venue>/tables/<slug:code>/seat", floor.seat, name="seat"),
    path("<slug:venue>/parties/<slug:party_id>/clear", floor.clear, name="clear"),
    path("<slug:venue>/tabs/new", order_page.new_tab, name="new_tab"),
    path("<slug:venue>/orders/<slug:order_id>", order_page.order, name="order"),
    path("<slug:venue>/orders/<slug:order_id>/accept", floor.accept, name="accept"),
    path("<slug:venue>/orders/<slug:order_id>/hand-over", order_page.hand_over, name="hand_over"),
    path("<slug:venue>/orders/<slug:order_id>/pay", paying.pay, name="pay"),
    path("<slug:venue>/menu", order_page.menu, name="menu"),
    path("<slug:venue>/operations", order_page.operations, name="operations"),
    path("<slug:venue>/products/<int:product_id>/sold-out", order_page.sold_out, name="sold_out"),
    path("<slug:venue>/lines/<slug:line_id>/off", taking_off.take_off, name="take_off"),
    path("<slug:venue>/stations", stations.stations, name="stations"),
    path("<slug:venue>/stations/<slug:code>", stations.station, name="station"),
    path("<slug:venue>/stations/<slug:code>/acknowledge", stations.acknowledge, name="acknowledge"),
    path("<slug:venue>/stations/<slug:code>/rounds/<int:round_id>/bump", stations.bump, name="bump"),
    path(
        "<slug:venue>/stations/<slug:code>/orders/<slug:order_id>/seen", stations.seen_allergies, name="seen_allergies"
    ),
    path("<slug:venue>/lines/<slug:line_id>/tap", stations.tap_line, name="tap_line"),
    path("<slug:venue>/lines/<slug:line_id>/recall", stations.recall, name="recall"),
    path("<slug:venue>/lines/<slug:line_id>/seen", stations.seen_struck, name="seen_struck"),
]
