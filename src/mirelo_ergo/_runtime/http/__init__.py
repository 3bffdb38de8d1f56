"""The one place that speaks HTTP. Moving to another library touches this folder and nothing else.

    blocking, asynchronous      the two I/Os: all in which the sync and the async client differ is how they wait
    exchange                    one attempt at a request, to the API or to a URL that somebody else gave us
    answers, bodies, encodings  what is read, what is sent, what is unpacked
    connections, http11         which connection a request gets, and how it speaks (h11 reads)
    dialing, proxies, tls       how a connection comes to be
    network                     sockets whose every wait ends in time
    transports, low_level       what needs httpx: a transport or client of the user's, the generated client

No redirects, no cookies, no default headers, and no log line with a pre-signed query.
"""
