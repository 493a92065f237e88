//! The `standstill` program: see [`standstill::cli`].

fn main() {}
