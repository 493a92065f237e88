//! From jobs to figures and ledgers of periods.
