"""inference.sh: tasks of two apps, one of them mmaudio, on its own port."""
