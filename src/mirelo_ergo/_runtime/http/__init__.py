"""All of HTTP. Moving to another HTTP library changes this folder only.

    blocking, asynchronous      the two I/Os: sync and async clients differ only in how they wait
    exchange                    one attempt at a request, to the API or to an external URL
    answers, bodies, encodings  reading answers, sending bodies, unpacking
    connections, http11         the connection pool, and HTTP/1.1 on one connection (parsed by h11)
    preconnect                  the next submit's connection, opened in advance
    dialing, proxies, tls       opening a connection
    network                     sockets whose every wait has a time limit
    transports, low_level       the parts that need httpx: a user's transport or client, the generated client

Redirects are not followed, and there are no cookies, no default headers and no log lines with pre-signed queries.
"""
