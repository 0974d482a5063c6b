"""The database itself: the embedded server, the upgrade, its checks and its tuning. No marks are read here."""
