//! Snippets: what they are given, what stops them, and what is left of them.

mod fuzz;
mod hostile;
mod remains;
mod snippets;
mod surroundings;
mod turns;
mod typescript;
