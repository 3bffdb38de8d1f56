"""The Pixazo gateway: a queue for Mirelo's models, on its own port."""
