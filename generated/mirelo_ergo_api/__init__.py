"""Machine-written clients, one package per service; `make generate` writes them."""
