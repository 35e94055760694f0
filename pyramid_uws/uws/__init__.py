"""Pure values of UWS: phases, instants, ids, limits, filters. Imports neither ZODB nor Pyramid."""
