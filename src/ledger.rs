//! Ledgers: all records of one kind for an area and period.
