"""sync.so: lip-sync generations, assets, batches and projects."""
