"""The Pixazo gateway for Mirelo models: requests, jobs, results, callbacks, the two client faces."""
