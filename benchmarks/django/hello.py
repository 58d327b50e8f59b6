"""
The wait scenario for Django, run by "benchmarks/server wait --django": GET /hello behind three middlewares that wait 50 ms each.
HELLO_MIDDLEWARE says whether they are asynchronous ("async") or block ("sync").
"""

import asyncio
import os
import time

from django.conf import settings
from django.core.asgi import get_asgi_application
from django.http import HttpResponse
from django.urls import path
from django.utils.decorators import async_only_middleware, sync_only_middleware

WAIT = 0.05


@async_only_middleware
def async_wait(get_response):
    async def middleware(request):
        await asyncio.sleep(WAIT)
        return await get_response(request)

    return middleware


@sync_only_middleware
def sync_wait(get_response):
    def middleware(request):
        time.sleep(WAIT)
        return get_response(request)

    return middleware


async def hello_async(request):
    return HttpResponse("Hello", content_type="text/plain")


def hello_sync(request):
    return HttpResponse("Hello", content_type="text/plain")


MODE = os.environ["HELLO_MIDDLEWARE"]

settings.configure(
    ALLOWED_HOSTS=["*"],
    LOGGING_CONFIG=None,
    MIDDLEWARE=[f"{__name__}.{MODE}_wait"] * 3,
    ROOT_URLCONF=__name__,
    SECRET_KEY="not secret",
)

urlpatterns = [path("hello", {"async": hello_async, "sync": hello_sync}[MODE])]

application = get_asgi_application()
