"""Pictures of every page, by a browser; for those who change how pages look."""
