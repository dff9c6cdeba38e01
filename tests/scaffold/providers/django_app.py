import sys
from wsgiref.simple_server import make_server

import django
from django.conf import settings

settings.configure(ROOT_URLCONF=__name__, SECRET_KEY="only a test", ALLOWED_HOSTS=["*"])
django.setup()

from django.core.wsgi import get_wsgi_application  # noqa: E402  # Django wants its settings first
from django.http import JsonResponse  # noqa: E402
from django.urls import path  # noqa: E402
from product_api_states import PRODUCTS, states  # noqa: E402


def read(request, product):
    found = PRODUCTS.get(product)
    return JsonResponse(found or {"error": "no product"}, status=200 if found else 404)


urlpatterns = [path("products/<str:product>", read), *states]

if __name__ == "__main__":
    make_server("127.0.0.1", int(sys.argv[1]), get_wsgi_application()).serve_forever()
