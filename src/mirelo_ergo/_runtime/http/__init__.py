"""The one place that knows httpx and httpcore: moving to a successor touches this folder and nothing else.

Requests go to a transport directly, never through `httpx.Client`: no redirects, no cookies, no default headers and no
log line with a pre-signed query. The two colours stand side by side here and nowhere else.
"""
