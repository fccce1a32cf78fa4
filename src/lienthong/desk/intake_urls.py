"""Addresses of intake at the counter, of the courier's bags and of the offline counter."""

from django.urls import path

from lienthong.desk import intake_bag_views, intake_receipt, intake_views, offline_views

intake_patterns = [
    path("quay/intake", intake_views.start, name="intakes"),
    path("quay/intake/who", intake_views.who, name="intake_who"),
    path("quay/intake/begin", intake_views.begin, name="intake_begin"),
    path("quay/intake/<uuid:intake>", intake_views.intake, name="intake"),
    path("quay/intake/<uuid:intake>/person", intake_views.person, name="intake_person"),
    path("quay/intake/<uuid:intake>/files/<uuid:file>", intake_views.file, name="intake_file"),
    path("quay/receipts/<str:code>", intake_receipt.receipt, name="intake_receipt"),
    path("quay/receipts/<str:code>/qr.svg", intake_receipt.qr, name="intake_qr"),
    path("quay/bags", intake_bag_views.listed, name="bags"),
    path("quay/bags/pack", intake_bag_views.pack, name="pack_bag"),
    path("quay/bags/<str:number>", intake_bag_views.one, name="bag"),
    path("quay/bags/<str:number>/qr.svg", intake_bag_views.qr, name="bag_qr"),
    path("quay/bags/<str:number>/hand-over", intake_bag_views.hand_over, name="hand_bag"),
    path("quay/bags/<str:number>/open", intake_bag_views.opened, name="open_bag"),
    path("quay/offline", offline_views.page, name="offline"),
    path("quay/offline/worker.js", offline_views.worker, name="offline_worker"),
    path("quay/offline/kit.json", offline_views.kit, name="offline_kit"),
    path("quay/offline/series", offline_views.reserve, name="reserve_numbers"),
    path("quay/offline/slips", offline_views.slips, name="slips"),
    path("quay/offline/take", offline_views.take, name="take_slip"),
    path("quay/offline/slips/<str:number>/<str:digest>", offline_views.settle, name="settle_slip"),
]
